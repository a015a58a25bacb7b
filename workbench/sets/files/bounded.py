"""Files that are looked at before they are read: how large they are, and what pandas says of them."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["MOST_BYTES", "MOST_CELLS", "MOST_ROWS", "read_bounded", "read_parquet_table", "split_lines"]

MOST_BYTES = 512 * 2**20
"""Of a file of data IDs or measurements, on disk."""

MOST_ROWS = 5_000_000
"""Of a Parquet file."""

MOST_CELLS = 100_000_000
"""Rows times columns of a Parquet file."""


def read_bounded(path: Path) -> bytes:
    """Read a whole file that is not too large.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    content : `bytes`
        What it holds.

    Raises
    ------
    ValueError
        Raised with a sentence if it is no ordinary file, or larger than
        `MOST_BYTES`.
    OSError
        Raised if it cannot be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path} is no ordinary file, but a directory, a pipe or a device.")
    if found.st_size > MOST_BYTES:
        raise ValueError(
            f"{path} holds {found.st_size / 2**20:,.0f} MiB, and at most {MOST_BYTES / 2**20:,.0f} are read. "
            "Split it."
        )
    return path.read_bytes()


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
    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            n_rows, n_columns = file.metadata.num_rows, file.metadata.num_columns
            if n_rows > most_rows or n_rows * n_columns > MOST_CELLS:
                raise ValueError(
                    f"{path} holds {n_rows:,} rows of {n_columns} columns, and at most {most_rows:,} rows "
                    f"and {MOST_CELLS:,} values are read. Split it."
                )
            table = file.read()
            # Damaged names are decoded, and fail, only when they are asked for.
            list(table.schema.names)
            return _restore_index(table)
    except (pa.ArrowException, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a readable Parquet table: {error}") from error


def _restore_index(table: pa.Table) -> pa.Table:
    try:
        told = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
        levels, columns = told.get("index_columns", []), told.get("columns", [])
        names = {column.get("field_name"): column.get("name") for column in columns}
    except (ValueError, AttributeError):
        return table  # not written by pandas, whatever it says
    for level in levels:
        if isinstance(level, Mapping):
            table = _append_range(table, level)
        elif isinstance(level, str) and level in table.column_names:
            name = names.get(level)
            if name is None:
                table = table.drop_columns([level])
            elif name != level and name not in table.column_names:
                table = table.rename_columns([name if old == level else old for old in table.column_names])
    return table


def _append_range(table: pa.Table, level: Mapping[str, Any]) -> pa.Table:
    """Append an index of regular numbers, of which the file holds the ends alone."""
    name = level.get("name")
    ends = [n for n in (level.get(part) for part in ("start", "stop", "step")) if isinstance(n, int)]
    if not isinstance(name, str) or name in table.column_names or len(ends) < 3 or not ends[2]:
        return table
    values = range(ends[0], ends[1], ends[2])
    if len(values) != table.num_rows:
        return table
    return table.append_column(name, pa.array(np.arange(values.start, values.stop, values.step), pa.int64()))


def split_lines(text: str) -> list[str]:
    r"""Split text into lines, each with its end.

    Parameters
    ----------
    text : `str`
        Any text.

    Returns
    -------
    lines : `list` [ `str` ]
        Split at ``\n``, ``\r\n`` and ``\r`` alone: a comment may hold what
        `str.splitlines` takes for the end of a line, too.
    """
    return list(io.StringIO(text, newline=""))
