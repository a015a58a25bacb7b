"""Frames in canonical form: the same rows always give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["digest_frame", "find_first", "make_names", "rank_frame", "sort_frame"]


def make_names(names: Sequence[str], codes: Any) -> pa.DictionaryArray[Any, Any]:
    """Make a column of names that repeat.

    Parameters
    ----------
    names : `~collections.abc.Sequence` [ `str` ]
        Distinct names.
    codes : array-like of `int`
        Position of each row's name.

    Returns
    -------
    column : `pyarrow.DictionaryArray`
        With the names that occur, sorted, so that equal columns have equal
        dictionaries.
    """
    positions = np.asarray(codes, np.int64)
    used = np.unique(positions)
    ordered = sorted(used.tolist(), key=lambda position: names[position])
    lookup = np.zeros(len(names), np.int32)
    lookup[ordered] = np.arange(len(ordered), dtype=np.int32)
    dictionary = pa.array([names[position] for position in ordered], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(lookup[positions], pa.int32()), dictionary)


def sort_frame(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Sort a frame into one chunk.

    Parameters
    ----------
    table : `pyarrow.Table`
        Any frame.
    keys : `~collections.abc.Sequence` [ `str` ]
        Columns to sort by, without nulls; strings sort by their bytes, and
        names as `make_names` orders them.

    Returns
    -------
    table : `pyarrow.Table`
        The same rows; without keys, in the same order.
    """
    if keys and table.num_rows > 1:
        frame = pl.DataFrame(pl.from_arrow(_decode_names(table.select(list(keys)))))
        order = frame.select(pl.arg_sort_by(list(keys))).to_series().to_numpy()
        if np.any(order[1:] < order[:-1]):
            table = table.take(pa.array(order))
    return table.combine_chunks()


def _decode_names(table: pa.Table) -> pa.Table:
    for position, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            names: list[Any] = table[position].chunks
            codes = pa.chunked_array([chunk.indices for chunk in names], pa.int32())
            table = table.set_column(position, field.name, codes)
    return table


def find_first(table: pa.Table, keys: Sequence[str], rank: str) -> pa.Table:
    """Keep the row of the lowest rank for each key.

    Parameters
    ----------
    table : `pyarrow.Table`
        Any frame.
    keys : `~collections.abc.Sequence` [ `str` ]
        What identifies a data ID; without keys, all rows are one.
    rank : `str`
        Column that says where in the search a row was found.

    Returns
    -------
    table : `pyarrow.Table`
        At most one row a key, in the order of the keys.
    """
    ordered = sort_frame(table, [*keys, rank])
    if ordered.num_rows < 2 or not keys:
        return ordered.slice(0, 1)
    if pc.count_distinct(ordered[rank]).as_py() == 1:
        return ordered
    frame = pl.DataFrame(pl.from_arrow(ordered.select(list(keys))))
    changed = frame.select(pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in keys))
    first = changed.to_series().fill_null(value=True).to_numpy()
    return ordered.filter(pa.array(first)).combine_chunks()


def rank_frame(table: pa.Table, order: Sequence[str]) -> pa.Table:
    """Keep the rows of some collections, with the position of each.

    Parameters
    ----------
    table : `pyarrow.Table`
        Frame with a column ``collection`` of names.
    order : `~collections.abc.Sequence` [ `str` ]
        Collections in the order of a search.

    Returns
    -------
    ranked : `pyarrow.Table`
        With a column ``rank`` of int32, 0 for the first collection.
    """
    positions = {name: position for position, name in enumerate(order)}
    ranks = []
    columns: list[Any] = table["collection"].chunks
    for names in columns:
        lookup = np.array([positions.get(name, -1) for name in names.dictionary.to_pylist()], np.int32)
        ranks.append(pa.array(lookup[names.indices.to_numpy(zero_copy_only=False)], pa.int32()))
    ranked = table.append_column("rank", pa.chunked_array(ranks, pa.int32()))
    return (
        ranked.filter(pc.field("rank") >= 0)
        if pc.any(pc.less(ranked["rank"], pa.scalar(0))).as_py()
        else ranked
    )


def digest_frame(table: pa.Table) -> str:
    """Digest the content of a frame.

    Parameters
    ----------
    table : `pyarrow.Table`
        Any frame of integers, floats, booleans, strings, bytes and names.

    Returns
    -------
    digest : `str`
        SHA-256 in hex over column names, types, nulls and values; it depends
        on the order of rows, never on chunks, offsets or what is under nulls.
    """
    digest = hashlib.sha256(f"frame {table.num_rows}\n".encode())
    for field, column in zip(table.schema, table.unify_dictionaries().columns, strict=True):
        digest.update(f"{field.name}\t{field.type}\n".encode())
        missing = column.is_null().to_numpy()
        digest.update(np.packbits(missing).tobytes() if missing.any() else b"")
        # What is below a null is no part of the content.
        chunks: list[Any] = [_fill(chunk) for chunk in column.chunks] if missing.any() else column.chunks
        if pa.types.is_dictionary(field.type):
            dictionary = chunks[0].dictionary if chunks else pa.array([], pa.string())
            _digest_values(digest, [dictionary])
            chunks = [chunk.indices for chunk in chunks]
        _digest_values(digest, chunks)
    return digest.hexdigest()


def _fill(array: pa.Array[Any]) -> pa.Array[Any]:
    blank: Any = b"" if pa.types.is_binary(array.type) else "" if pa.types.is_string(array.type) else 0
    return pc.fill_null(array, pa.scalar(blank).cast(array.type))


def _digest_values(digest: Any, chunks: Sequence[pa.Array[Any]]) -> None:
    for array in chunks:
        kind = array.type
        if pa.types.is_string(kind) or pa.types.is_binary(kind):
            digest.update(np.ascontiguousarray(np.diff(_offsets(array)), "<i4"))
        elif pa.types.is_fixed_size_binary(kind):
            begin, end = (row * kind.byte_width for row in (array.offset, array.offset + len(array)))
            digest.update(_view(array.buffers()[1])[begin:end] if len(array) else b"")
        else:
            digest.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)))
    for array in chunks:
        if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
            offsets, data = _offsets(array), array.buffers()[2]
            digest.update(_view(data)[offsets[0] : offsets[-1]] if len(array) else b"")


def _offsets(array: pa.Array[Any]) -> Any:
    if not len(array):
        return np.zeros(1, np.int32)
    return np.frombuffer(_view(array.buffers()[1]), np.int32)[array.offset : array.offset + len(array) + 1]


def _view(buffer: pa.Buffer | None) -> memoryview:
    return memoryview(b"") if buffer is None else memoryview(buffer)
