"""Parquet, for large sets."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow.parquet as pq

from workbench.errors import BadDataIdTableError
from workbench.sets.content.set_content import SetContent
from workbench.sets.files.bounded import read_parquet_table
from workbench.sets.files.json_file import load_json
from workbench.sets.files.set_file import SetFile, declare_content, replace_file

__all__ = ["read_parquet", "write_parquet"]

_MOST_ROWS = 2_000_000
"""A row takes some 600 bytes while it is checked against the repository."""

_META_KEY = b"workbench"
"""Where our own Parquet files keep dimensions, role and provenance."""


def read_parquet(path: Path) -> SetFile:
    """Read a Parquet file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    content : `SetFile`
        Its content; what it declares if it is one of ours.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is no Parquet, or too large.
    """
    try:
        table = read_parquet_table(path, most_rows=_MOST_ROWS)
    except ValueError as error:
        raise BadDataIdTableError(str(error)) from error
    try:
        declaration = load_json((table.schema.metadata or {}).get(_META_KEY, b"{}").decode())
    except ValueError as error:
        raise BadDataIdTableError(
            f"What {path} says of itself, beside its rows, is not readable JSON: {error}. Write it again, or "
            "take the columns alone."
        ) from error
    plain = table.replace_schema_metadata(None)
    return SetFile.from_declaration(declaration, plain, None, str(path))


def write_parquet(rows: SetContent, path: Path) -> None:
    """Write all that a set holds as Parquet; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file, which is replaced.
    """
    stream = io.BytesIO()
    metadata = {_META_KEY: json.dumps(declare_content(rows))}
    pq.write_table(rows.table.replace_schema_metadata(metadata), stream)
    replace_file(path, stream.getvalue())
