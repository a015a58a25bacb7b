"""JSON text of columns, made in bulk: one text a row, never one object a row.

The text of a row is what `json.loads` and pydantic read back as the row's
values.  Nulls, and floats that JSON has no word for, become ``null``.  All of
it is quickest on some thousand rows at a time, which stay in the cache.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.graph.columns.graph_columns import Uuids

__all__ = ["concat_texts", "join_groups", "list_texts", "object_texts", "uuid_texts", "value_texts"]

_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2").view(np.uint16)
# Digits of a UUID, in their groups: first digit, place in the text, how many.
_GROUPS = ((0, 0, 8), (8, 9, 4), (12, 14, 4), (16, 19, 4), (20, 24, 12))
_NEEDS_ESCAPE = r'["\\\x00-\x1f]'


def concat_texts(*parts: pl.Series | str, n: int) -> pl.Series:
    """Concatenate texts row by row.

    Parameters
    ----------
    *parts : `polars.Series` or `str`
        Series of ``n`` texts, or one text for every row.
    n : `int`
        Number of rows.

    Returns
    -------
    texts : `polars.Series`, shape (n,)
        Null where a part is.
    """
    frame = pl.DataFrame({str(i): part for i, part in enumerate(parts) if isinstance(part, pl.Series)})
    if not frame.width:
        return pl.Series(["".join(map(str, parts))], dtype=pl.String).new_from_index(0, n)
    pieces = [pl.col(str(i)) if isinstance(part, pl.Series) else pl.lit(part) for i, part in enumerate(parts)]
    return frame.select(pl.concat_str(pieces).alias("text"))["text"]


def list_texts(parts: Sequence[pl.Series], n: int) -> pl.Series:
    """Return a JSON list a row.

    Parameters
    ----------
    parts : `~collections.abc.Sequence` [ `polars.Series` ]
        The members: JSON texts, ``n`` each.
    n : `int`
        Number of rows.

    Returns
    -------
    texts : `polars.Series`, shape (n,)
        Such as ``["HSC",42]``.
    """
    between = [piece for part in parts for piece in (",", part)]
    return concat_texts("[", *between[1:], "]", n=n)


def object_texts(frame: pl.DataFrame) -> pl.Series:
    """Return a JSON object a row.

    Parameters
    ----------
    frame : `polars.DataFrame`
        The values, under the object's keys.

    Returns
    -------
    texts : `polars.Series`, shape (n,)
        Such as ``{"path":"a.fits","file_size":42}``.
    """
    pieces: list[pl.Series | str] = []
    for name in frame.columns:
        pieces += [f"{',' if pieces else '{'}{json.dumps(name)}:", value_texts(frame[name])]
    return concat_texts(*pieces, "}", n=frame.height)


def value_texts(values: pl.Series) -> pl.Series:
    """Return the JSON text of each value of a column.

    Parameters
    ----------
    values : `polars.Series`
        Of integers, floats, booleans, strings or bytes; bytes become hex, as
        in the Butler's own JSON.

    Returns
    -------
    texts : `polars.Series`
        One a value, never null.
    """
    n = len(values)
    if values.dtype == pl.String:
        texts = _quote(values)
    elif values.dtype == pl.Binary:
        texts = concat_texts('"', values.bin.encode("hex"), '"', n=n)
    elif values.dtype.is_float():
        finite = values.is_finite().fill_null(value=False)
        texts = values.to_frame("value").select(pl.when(finite).then(pl.col("value").cast(pl.String)))[
            "value"
        ]
    else:
        texts = values.cast(pl.String)
    return texts.fill_null("null")


def uuid_texts(uuids: Uuids, *, before: str = "", after: str = "", dashes: bool = True) -> pl.Series:
    """Return UUIDs as text.

    Parameters
    ----------
    uuids : `numpy.ndarray` of `numpy.uint8`, shape (n, 16)
        The bytes.
    before, after : `str`, optional
        ASCII text around each, at hardly any cost.
    dashes : `bool`, optional
        Whether in the usual groups, or as 32 digits.

    Returns
    -------
    texts : `polars.Series`, shape (n,)
        In lower case, not in quotes.
    """
    n = len(uuids)
    digits = _HEX.take(uuids).view(np.uint8).reshape(n, 32)
    start, length = len(before), 36 if dashes else 32
    row = np.frombuffer(f"{before}{'-' * length}{after}".encode("ascii"), dtype=np.uint8)
    texts = np.empty((n, len(row)), dtype=np.uint8)
    texts[:] = row
    for digit, place, count in _GROUPS if dashes else ((0, 0, 32),):
        texts[:, start + place : start + place + count] = digits[:, digit : digit + count]
    offsets = np.arange(n + 1, dtype=np.int64) * len(row)
    return pl.Series(
        pa.LargeStringArray.from_buffers(n, pa.py_buffer(offsets.data), pa.py_buffer(texts.data))
    )


def join_groups(texts: pl.Series, offsets: npt.NDArray[np.int64]) -> pl.Series:
    """Join consecutive texts with commas.

    Parameters
    ----------
    texts : `polars.Series`
        Of all groups, one after another.
    offsets : `numpy.ndarray` of `numpy.int64`, shape (n_groups + 1,)
        Where each group begins, and the end of the last.

    Returns
    -------
    joined : `polars.Series`, shape (n_groups,)
        One text a group, "" for a group without members.
    """
    # Most connections have one dataset for every quantum: nothing to join.
    if len(texts) == len(offsets) - 1 and (np.diff(offsets) == 1).all():
        return texts
    views = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    return pl.Series(pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), views)).list.join(",")


def _quote(strings: pl.Series) -> pl.Series:
    if strings.str.contains(_NEEDS_ESCAPE).any():
        unique = strings.drop_nulls().unique()
        quoted = [json.dumps(value, ensure_ascii=False) for value in unique]
        return strings.replace_strict(unique, pl.Series(quoted, dtype=pl.String), default=None)
    return concat_texts('"', strings, '"', n=len(strings))
