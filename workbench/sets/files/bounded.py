"""Parquet that is looked at before it is read: how large it gets, and what pandas says of it."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from workbench.reading import MOST_BYTES, read_bounded

__all__ = ["MOST_CELLS", "MOST_ROWS", "read_parquet_table"]

MOST_ROWS = 5_000_000
"""Of a Parquet file."""

MOST_CELLS = 100_000_000
"""Values in all columns of a Parquet file, those in lists among them."""

_MOST_FOOTER = 32 * 2**20
"""Bytes of a footer, each of which takes some ten in memory."""

_MOST_TEXT = 2 * MOST_BYTES
"""Bytes of a Parquet file, once it is unpacked."""


def read_parquet_table(path: Path, *, most_rows: int = MOST_ROWS) -> pa.Table:
    """Read a Parquet file with the index that pandas may have given it.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    most_rows : `int`, optional
        Rows at the most; the footer tells before anything else is read, since
        equal rows take next to no room in a file, and all of it in memory.

    Returns
    -------
    table : `pyarrow.Table`
        With its metadata.  The named levels of a pandas index are columns,
        whether the file has them as such or, as of regular numbers, tells
        only where they begin and end; unnamed ones only count rows and are
        left out.

    Raises
    ------
    ValueError
        Raised with a sentence if it is no Parquet, or too large.
    OSError
        Raised if it cannot be read.
    """
    content = read_bounded(path)
    footer = struct.unpack("<I", content[-8:-4])[0] if content[-4:] == b"PAR1" and len(content) > 8 else 0
    if footer > _MOST_FOOTER:
        raise ValueError(
            f"{path} has a footer of {footer / 2**20:,.0f} MiB, and at most {_MOST_FOOTER / 2**20:,.0f} are "
            "read. Write it again with fewer row groups or columns."
        )
    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            _check_size(path, file.metadata, most_rows)
            texts = {
                field.name
                for field in file.schema_arrow
                if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
            }
        # A text that is there a million times is in the file once, and so it stays until it is counted.
        with pq.ParquetFile(io.BytesIO(content), read_dictionary=sorted(texts)) as file:
            table = file.read()
            # Damaged names are decoded, and fail, only when they are asked for.
            list(table.schema.names)
            return _restore_index(path, _write_out(path, table, texts))
    except (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError) as error:
        # Arrow's own errors of damaged files are of the system's kind.
        said = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"{path} is not a readable Parquet table: {said}.") from error


def _check_size(path: Path, metadata: Any, most_rows: int) -> None:
    """Refuse what is too large by what the footer says."""
    n_rows, n_columns = metadata.num_rows, metadata.num_columns
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    n_values = n_rows * n_columns
    if n_rows <= most_rows and n_values <= MOST_CELLS:
        # Values in lists are rows of no table, and only the columns count them.
        n_values = sum(group.column(i).num_values for group in groups for i in range(n_columns))
    if n_rows > most_rows or n_values > MOST_CELLS:
        raise ValueError(
            f"{path} holds {n_rows:,} rows of {n_columns} columns, and at most {most_rows:,} rows and "
            f"{MOST_CELLS:,} values are read, of which it has {n_values:,}. Split it."
        )
    _check_text(path, sum(group.total_byte_size for group in groups))


def _check_text(path: Path, n_bytes: int) -> None:
    if n_bytes > _MOST_TEXT:
        raise ValueError(
            f"{path} holds {n_bytes / 2**20:,.0f} MiB once it is unpacked, and at most "
            f"{_MOST_TEXT / 2**20:,.0f} are read. Split it."
        )


def _write_out(path: Path, table: pa.Table, names: set[str]) -> pa.Table:
    """Write texts out that the file holds once, where that is not too much."""
    lengths = 0
    chunk: Any  # the stubs know no arrays with a dictionary
    for column in table.columns:
        for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
            if pa.types.is_string(column.type.value_type) or pa.types.is_large_string(column.type.value_type):
                each = pc.binary_length(chunk.dictionary)
                lengths += pc.sum(pc.take(each, chunk.indices)).as_py() or 0
    _check_text(path, lengths)
    fields = [
        field.with_type(field.type.value_type)
        if field.name in names and pa.types.is_dictionary(field.type)
        else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields)).replace_schema_metadata(table.schema.metadata)


def _restore_index(path: Path, table: pa.Table) -> pa.Table:
    """Make the named levels of a pandas index columns, and leave unnamed ones out."""
    try:
        told = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
        levels, columns = told.get("index_columns", []), told.get("columns", [])
        names = {str(column.get("field_name")): column.get("name") for column in columns}
        levels = [level for level in levels if isinstance(level, Mapping | str)]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return table  # not written by pandas, whatever it says
    for level in levels:
        if isinstance(level, Mapping):
            table = _append_range(path, table, level)
        elif level in table.column_names:
            name = names.get(level, level)
            if name is None:
                table = table.drop_columns([level])
            elif str(name) != level:
                table = _rename_level(path, table, level, str(name))
    return table


def _rename_level(path: Path, table: pa.Table, level: str, name: str) -> pa.Table:
    """Give a level of the index its own name, under which there may be a column already."""
    if name in table.column_names:
        _refuse_another(path, name, table[name], table[level])
        return table.drop_columns([level])
    return table.rename_columns([name if old == level else old for old in table.column_names])


def _append_range(path: Path, table: pa.Table, level: Mapping[str, Any]) -> pa.Table:
    """Append an index of regular numbers, of which the file holds the ends alone."""
    if level.get("name") is None:
        return table
    name = str(level["name"])
    ends = [n for n in (level.get(part) for part in ("start", "stop", "step")) if isinstance(n, int)]
    values = range(*ends) if len(ends) == 3 and ends[2] and all(abs(n) < 2**63 for n in ends) else range(0)
    if len(values) != table.num_rows:
        raise ValueError(
            f"{path} has lost its pandas index {name!r}: it is kept as {len(values):,} regular numbers "
            f"beside {table.num_rows:,} rows, so that nobody knows which are left. Write it again after "
            "reset_index()."
        )
    numbers = pa.array(np.arange(values.start, values.stop, values.step, dtype=np.int64))
    if name in table.column_names:
        _refuse_another(path, name, table[name], numbers)
        return table
    return table.append_column(name, numbers)


def _refuse_another(path: Path, name: str, column: Any, level: Any) -> None:
    """Refuse a column that is called as the index is, and says something else."""
    if column.to_pylist() != level.to_pylist():
        raise ValueError(
            f"{path} has a column and a pandas index that are both called {name!r}, and differ. Write it "
            "again with reset_index(drop=True), or with another name for one of them."
        )
