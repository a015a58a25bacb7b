"""Digests that are equal wherever the content of two sets is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

__all__ = ["compute_key_digest", "compute_record_digest"]


def compute_key_digest(table: pa.Table, names: Sequence[str]) -> str:
    """Compute the digest of a set's keys.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows in the order of their keys, each key once.
    names : `~collections.abc.Sequence` [ `str` ]
        Required dimensions in universe order.

    Returns
    -------
    digest : `str`
        SHA-256, in hexadecimal, of UTF-8 lines separated by (not ended by)
        a newline: the JSON list of the names, then one JSON list of values a
        row, such as ``["HSC",96954]``.  JSON is written without spaces, with
        characters outside ASCII as they are.
    """
    return _hash_lines(_to_json(list(names)), table.select(list(names)))


def compute_record_digest(table: pa.Table, names: Sequence[str], role: str) -> str:
    """Compute the digest of all that a set says.

    Parameters
    ----------
    table : `pyarrow.Table`
        Keys, ``reason`` and free columns, in the order of the keys.
    names : `~collections.abc.Sequence` [ `str` ]
        Required dimensions in universe order.
    role : `str`
        ``include`` or ``exclude``.

    Returns
    -------
    digest : `str`
        As `compute_key_digest`, where the first line is a JSON object with
        the dimensions, the role and the columns after the keys (``reason``,
        then free columns by name), and the rows have all those values.
        Floating point values are written as the shortest text that reads
        back as the same number.
    """
    free = sorted(name for name in table.schema.names if name not in names and name != "reason")
    columns = [*names, "reason", *free]
    header = {"dimensions": list(names), "role": role, "columns": ["reason", *free]}
    return _hash_lines(_to_json(header), table.select(columns))


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _hash_lines(header: str, table: pa.Table) -> str:
    digest = hashlib.sha256(header.encode())
    if table.num_rows:
        parts: list[pl.Series | pl.Expr] = []
        for name, column in zip(table.schema.names, table.columns, strict=True):
            parts += [pl.lit("," if parts else "["), _column_to_json(pl.Series(name, pl.from_arrow(column)))]
        if not parts:
            parts = [pl.lit("[")]
        lines = pl.select(pl.concat_str([*parts, pl.lit("]")])).to_series()
        if not table.schema.names:
            lines = pl.Series(["[]"] * table.num_rows)
        digest.update(b"\n")
        digest.update(str(lines.str.join("\n").item()).encode())
    return digest.hexdigest()


def _column_to_json(column: pl.Series) -> pl.Series:
    if column.dtype.is_integer():
        return column.cast(pl.String).fill_null("null")
    # One conversion a distinct value: instruments, filters and reasons repeat.
    distinct = column.unique()
    texts = [_to_json(value) for value in distinct.to_list()]
    return column.replace_strict(distinct, pl.Series(texts, dtype=pl.String), return_dtype=pl.String)
