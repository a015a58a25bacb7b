"""Rows of keys as single integers, so that set algebra is array arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Codes", "contains", "encode_rows"]

Codes = npt.NDArray[np.int64]

_LARGEST_CODE = 2**62


def encode_rows(tables: Sequence[pa.Table], names: Sequence[str]) -> list[Codes]:
    """Give every row of some tables an integer that orders as its key does.

    Parameters
    ----------
    tables : `~collections.abc.Sequence` [ `pyarrow.Table` ]
        Tables that all have the named columns, int64 or string, no nulls.
    names : `~collections.abc.Sequence` [ `str` ]
        Key columns, the most significant first.

    Returns
    -------
    codes : `list` [ `numpy.ndarray` of int64 ]
        One array a table.  Two rows, of the same table or not, have equal
        codes where their keys are equal, and smaller codes where their keys
        come first; strings order by code point.
    """
    sizes = [table.num_rows for table in tables]
    total = np.zeros(sum(sizes), np.int64)
    span = 1
    for name in names:
        digits, radix = _make_digits(pa.concat_tables([table.select([name]) for table in tables])[name])
        if span * radix > _LARGEST_CODE:
            # Mixed radix overflows: replace what there is by ranks, of which
            # there are at most as many as rows.
            total, span = _rank(total)
            digits, radix = _rank(digits)
        total = total * radix + digits
        span *= radix
    return np.split(total, np.cumsum(sizes)[:-1])


def contains(container: Codes, codes: Codes) -> npt.NDArray[np.bool_]:
    """Return which codes are in a sorted container.

    Parameters
    ----------
    container : `numpy.ndarray` of int64
        Codes in ascending order.
    codes : `numpy.ndarray` of int64
        Codes to look for, in any order.

    Returns
    -------
    mask : `numpy.ndarray` of bool
        True where the code is in the container.
    """
    if not len(container):
        return np.zeros(len(codes), bool)
    positions = np.searchsorted(container, codes)
    positions[positions == len(container)] = 0
    return np.asarray(container[positions] == codes)


def _make_digits(column: pa.ChunkedArray[Any]) -> tuple[Codes, int]:
    """Return order-preserving values from 0, and their number."""
    if not len(column):
        return np.zeros(0, np.int64), 1
    if pa.types.is_integer(column.type):
        values = column.to_numpy().astype(np.int64, copy=False)
        low, high = int(values.min()), int(values.max())
        if high - low >= _LARGEST_CODE:
            return _rank(values)
        return values - low, high - low + 1
    encoded = column.combine_chunks().dictionary_encode()
    # Arrow numbers strings as they come; ranks put the numbers in order.
    ranks = pc.rank(encoded.dictionary).to_numpy().astype(np.int64) - 1
    return ranks[encoded.indices.to_numpy(zero_copy_only=False)], len(ranks)


def _rank(values: Codes) -> tuple[Codes, int]:
    distinct, inverse = np.unique(values, return_inverse=True)
    return inverse.astype(np.int64), max(1, len(distinct))
