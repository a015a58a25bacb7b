"""Measured values in files: CSV, ECSV, Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import astropy.table.meta
import pyarrow as pa
import pyarrow.csv as pacsv
import yaml
from astropy.table.meta import YamlParseError

from workbench.errors import BadDataIdTableError, MetricsError
from workbench.metrics.measurements import Measurements, to_measured_table
from workbench.metrics.settling import parse_fields
from workbench.metrics.units import with_unit
from workbench.reading import MOST_VALUES, read_text
from workbench.registry.tables.yaml_text import check_nodes
from workbench.rendering import UNIT
from workbench.sets.files.bounded import read_parquet_table
from workbench.sets.files.delimited import split_fields
from workbench.sets.files.ecsv import parse_ecsv

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
    text = _read_text(path)
    try:
        if '"' in text or not text.strip():
            # Arrow would take all that follows a quote that is not closed for one field.
            split_fields(text, str(path))
        return _split_quickly(text.encode())
    except BadDataIdTableError as error:
        raise MetricsError(str(error)) from error
    except (pa.ArrowException, UnicodeDecodeError, KeyError) as error:
        try:
            split_fields(text, str(path))  # says the line
        except BadDataIdTableError as placed:
            raise MetricsError(str(placed)) from error
        raise MetricsError(f"{path} is not readable CSV: {error}") from error


def _split_quickly(content: bytes) -> pa.Table:
    read = pacsv.ReadOptions(block_size=_BLOCK)
    parse = pacsv.ParseOptions(newlines_in_values=True)
    with pacsv.open_csv(io.BytesIO(content), read, parse) as first:
        names = list(first.schema.names)
    convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    table = pacsv.read_csv(io.BytesIO(content), read, parse, convert)
    columns = [parse_fields(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=[name.strip() for name in names])


def _read_text(path: Path, *, most_values: int | None = None) -> str:
    try:
        return read_text(path, most_values=most_values)
    except ValueError as error:
        said = str(error).removeprefix(f"{path} ")
        raise MetricsError(f"{path} is not readable {path.suffix[1:].upper()}: it {said}") from error


def _read_ecsv(path: Path) -> pa.Table:
    try:
        table = parse_ecsv(_read_text(path, most_values=MOST_VALUES), str(path), strict=False)
    except BadDataIdTableError as error:
        raise MetricsError(str(error)) from error
    return to_measured_table(table, str(path))


def _read_parquet(path: Path) -> pa.Table:
    try:
        table = read_parquet_table(path)
    except ValueError as error:
        raise MetricsError(str(error)) from error
    units = _read_astropy_units(path, table.schema.metadata or {})
    kept = table.column_names
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


def _read_astropy_units(path: Path, metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    """Read the units out of the header that astropy keeps in a Parquet file."""
    if b"table_meta_yaml" not in metadata:
        return {}
    try:
        text = metadata[b"table_meta_yaml"].decode()
        if (root := yaml.compose(text, Loader=yaml.SafeLoader)) is not None:
            check_nodes(root)
        header = astropy.table.meta.get_header_from_yaml(text.split("\n"))
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        yaml.YAMLError,
        YamlParseError,
    ) as error:
        said = " ".join(str(error).split())[:200] or "it is no YAML"
        raise MetricsError(
            f"The header that astropy keeps in {path} cannot be read: {said}. Write the file again."
        ) from error
    columns = header.get("datatype") if isinstance(header, Mapping) else None
    return {
        str(column["name"]): str(column["unit"])
        for column in (columns if isinstance(columns, list) else ())
        if isinstance(column, Mapping) and "name" in column and column.get("unit") is not None
    }


_READERS: Mapping[str, Callable[[Path], pa.Table]] = {
    ".csv": _read_csv,
    ".ecsv": _read_ecsv,
    ".parq": _read_parquet,
    ".parquet": _read_parquet,
}
