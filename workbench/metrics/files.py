"""Measured values in files: CSV, ECSV, Parquet."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import astropy.io.ascii
import astropy.table
import astropy.table.meta
import pyarrow as pa
import pyarrow.csv as pacsv
import yaml
from astropy.utils.exceptions import AstropyWarning

from workbench.errors import MetricsError
from workbench.metrics.measurements import Measurements, to_measured_table
from workbench.metrics.settling import parse_fields
from workbench.metrics.units import with_unit
from workbench.rendering import UNIT
from workbench.sets.files.bounded import read_bounded, read_parquet_table, split_lines

__all__ = ["read_metrics_file"]

_BLOCK = 64 * 2**20
"""Bytes of CSV read at once: the longest row that can be read."""


def read_metrics_file(path: str | Path) -> Measurements:
    """Read measured values from a file.

    Parameters
    ----------
    path : `str` or `pathlib.Path`
        A file ending in .csv, .ecsv, .parquet or .parq.

    Returns
    -------
    measurements : `Measurements`
        Columns as the file has them.  Units are those of ECSV's header, of
        Parquet's field metadata (``unit``) or of the header that astropy
        keeps in Parquet; CSV has none.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if the file cannot be read, or is in no such format.
    """
    where = Path(path)
    reader = _READERS.get(where.suffix.lower())
    if reader is None:
        raise MetricsError(
            f"{where} is no table that can be read: a file ends in {', '.join(sorted(_READERS))}."
        )
    try:
        table = reader(where)
    except OSError as error:
        raise MetricsError(f"{where} cannot be read: {error.strerror or error}.") from error
    names = table.column_names
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise MetricsError(f"{where} has several columns called {', '.join(map(repr, repeated))}.")
    return Measurements(table, str(where))


def _read_csv(path: Path) -> pa.Table:
    """Read all fields as text, and then columns of numbers or truth values as such.

    Arrow's own inference would make dates of text and the number 7 of '007'.
    """
    content = _read_bytes(path)
    if not content.strip(b"\xef\xbb\xbf \r\n\t"):
        raise MetricsError(f"{path} is empty: a CSV file starts with a line of column names.")
    read = pacsv.ReadOptions(block_size=_BLOCK)
    parse = pacsv.ParseOptions(newlines_in_values=True)
    try:
        with pacsv.open_csv(io.BytesIO(content), read, parse) as first:
            names = list(first.schema.names)
        convert = pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        )
        table = pacsv.read_csv(io.BytesIO(content), read, parse, convert)
    except (pa.ArrowException, UnicodeDecodeError, KeyError) as error:
        raise MetricsError(f"{path} is not readable CSV: {error}") from error
    columns = [parse_fields(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=[name.strip() for name in names])


def _read_bytes(path: Path) -> bytes:
    try:
        return read_bounded(path)
    except ValueError as error:
        raise MetricsError(str(error)) from error


def _read_ecsv(path: Path) -> pa.Table:
    try:
        text = _read_bytes(path).decode("utf-8-sig")
        # As lines: a single line of text would be taken for the name of a file.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # of types that the standard does not name
            lines = [line.rstrip("\r\n") for line in split_lines(text)]
            table = astropy.io.ascii.read(lines, format="ecsv", guess=False)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        yaml.YAMLError,
        astropy.table.meta.YamlParseError,
        csv.Error,
    ) as error:
        # astropy's reader raises what its YAML and its converters raise.
        raise MetricsError(f"{path} is not a readable ECSV table: {error}") from error
    if not isinstance(table, astropy.table.Table):
        raise MetricsError(f"{path} is not a plain ECSV table.")
    return to_measured_table(table, str(path))


def _read_parquet(path: Path) -> pa.Table:
    try:
        table = read_parquet_table(path)
        units = _read_astropy_units(table.schema.metadata or {})
        kept = table.column_names
    except (
        pa.ArrowException,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        yaml.YAMLError,
        astropy.table.meta.YamlParseError,
    ) as error:
        raise MetricsError(f"{path} cannot be read as Parquet: {error}") from error
    table = table.replace_schema_metadata(None)
    if len(set(kept)) != len(kept):
        return table
    fields = [
        with_unit(field, units[field.name]) if field.name in units and not _tells_unit(field) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def _tells_unit(field: pa.Field[Any]) -> bool:
    return UNIT in (field.metadata or {})


def _read_astropy_units(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    """Read the units out of the header that astropy keeps in a Parquet file."""
    text = metadata.get(b"table_meta_yaml")
    if text is None:
        return {}
    header = astropy.table.meta.get_header_from_yaml(text.decode().split("\n"))
    columns = header.get("datatype", ()) if isinstance(header, Mapping) else ()
    return {
        str(column["name"]): str(column["unit"])
        for column in columns
        if isinstance(column, Mapping) and column.get("unit") is not None
    }


_READERS: Mapping[str, Callable[[Path], pa.Table]] = {
    ".csv": _read_csv,
    ".ecsv": _read_ecsv,
    ".parq": _read_parquet,
    ".parquet": _read_parquet,
}
