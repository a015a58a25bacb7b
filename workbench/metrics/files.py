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
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import yaml
from astropy.utils.exceptions import AstropyWarning

from workbench.errors import MetricsError
from workbench.rendering import UNIT

from .measurements import Measurements, to_measured_table
from .units import with_unit

__all__ = ["read_metrics_file"]

_BLOCK = 64 * 2**20
"""Bytes of CSV read at once: the longest row that can be read."""

_NO_NUMBER = pa.array(["", "nan", "null", "none", "na", "n/a"])
"""Fields of a column of numbers, in lower case, that are no value."""

_EMPTY = pa.scalar("")
_INTEGER = r"^-?(0|[1-9][0-9]*)$"
_NUMBER = r"^[+-]?((([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)|(?i:inf|infinity))$"
_LEADING_ZERO = r"^[+-]?0[0-9]"


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
            f"{where} is in no format of measured values: a file ends in {', '.join(sorted(_READERS))}."
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
    content = path.read_bytes()
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
    columns = [_parse_fields(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=[name.strip() for name in names])


def _parse_fields(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Read a column as integers, else as numbers, else as true and false, else as text."""
    fields = pc.utf8_trim_whitespace(column)
    lower = pc.utf8_lower(fields)
    absent = pc.is_in(lower, value_set=_NO_NUMBER)
    present = fields.filter(pc.invert(absent))
    if not len(present):
        return pa.chunked_array([pa.nulls(len(column))])
    if pc.any(pc.match_substring_regex(present, _LEADING_ZERO)).as_py():
        return _hide(pc.equal(column, _EMPTY), column)
    if pc.all(pc.match_substring_regex(present, _INTEGER)).as_py():
        try:
            return _hide(absent, fields).cast(pa.int64())
        except pa.ArrowException:
            return _hide(pc.equal(column, _EMPTY), column)  # a name of digits
    if pc.all(pc.match_substring_regex(present, _NUMBER)).as_py():
        return _hide(absent, fields).cast(pa.float64())
    if pc.all(pc.is_in(lower.filter(pc.invert(absent)), value_set=pa.array(["true", "false"]))).as_py():
        return _hide(absent, lower).cast(pa.bool_())
    return _hide(pc.equal(column, _EMPTY), column)


def _hide(mask: Any, column: Any) -> pa.ChunkedArray[Any]:
    hidden: pa.ChunkedArray[Any] = pc.if_else(mask, pa.scalar(None, column.type), column)
    return hidden


def _read_ecsv(path: Path) -> pa.Table:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        # As lines: a single line of text would be taken for the name of a file.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)  # of types that the standard does not name
            table = astropy.io.ascii.read(text.splitlines(), format="ecsv", guess=False)
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
        table = pq.read_table(io.BytesIO(path.read_bytes()))
        units = _read_astropy_units(table.schema.metadata or {})
        # Damaged names are decoded, and fail, only when they are asked for.
        kept = [name for name in table.column_names if not name.startswith("__index_level_")]
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
        raise MetricsError(f"{path} is not a readable Parquet table: {error}") from error
    if len(set(kept)) != len(kept):
        return table.replace_schema_metadata(None)
    table = table.select(kept).replace_schema_metadata(None)
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
