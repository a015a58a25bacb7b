"""Relations between dimensions as columns of codes, and their natural join."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.codes import CodeColumn, Codes, Keys

__all__ = ["Relation", "find_rows", "join", "member", "unique_keys"]

_DENSE = 1 << 22
"""Spaces of keys up to which a table of all of them is always cheap."""


@dataclasses.dataclass(frozen=True, eq=False)
class Relation:
    """Rows of codes over some dimensions.

    Parameters
    ----------
    codes : `~workbench.graph.joins.codes.Codes`
        What the codes mean.
    columns : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` of `numpy.int32` ]
        Codes by dimension, all of one length.
    n_rows : `int`
        That length; relations without columns have rows too.
    """

    codes: Codes
    columns: Mapping[str, CodeColumn]
    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Names of the dimensions (`frozenset`)."""
        return frozenset(self.columns)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> Relation:
        """Return some of the rows.

        Parameters
        ----------
        rows : `numpy.ndarray`
            Row numbers, or a mask.

        Returns
        -------
        relation : `Relation`
            In the order of ``rows``.
        """
        n_rows = int(rows.sum()) if rows.dtype == np.bool_ else len(rows)
        return Relation(self.codes, {name: column[rows] for name, column in self.columns.items()}, n_rows)

    def select(self, names: Iterable[str]) -> Relation:
        """Return some of the columns.

        Parameters
        ----------
        names : `~collections.abc.Iterable` [ `str` ]
            Names of dimensions.

        Returns
        -------
        relation : `Relation`
            Of the same rows.
        """
        return Relation(self.codes, {name: self.columns[name] for name in names}, self.n_rows)

    def keys(self, names: Sequence[str]) -> Keys:
        """Return the key of each row.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Dimensions that make the key.

        Returns
        -------
        keys : `numpy.ndarray` of `numpy.int64`, shape (n_rows,)
            See `~workbench.graph.joins.codes.Codes.pack`.
        """
        return self.codes.pack(names, self.columns, self.n_rows)

    def distinct(self, names: Sequence[str]) -> Relation:
        """Project to some columns, without repeats.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Names of dimensions.

        Returns
        -------
        relation : `Relation`
            Sorted.
        """
        keys = unique_keys(self.keys(names)) if self.n_rows else np.empty(0, dtype=np.int64)
        return Relation(self.codes, self.codes.unpack(names, keys), len(keys))


def unique_keys(keys: Keys) -> Keys:
    """Return keys sorted and without repeats.

    Parameters
    ----------
    keys : `numpy.ndarray` of `numpy.int64`
        Any keys.

    Returns
    -------
    unique : `numpy.ndarray` of `numpy.int64`
        Rising; the same array where it was so already.
    """
    if len(keys) < 2:
        return keys
    steps = np.diff(keys)
    if (steps > 0).all():
        return keys
    if not (steps >= 0).all():
        keys = np.sort(keys)
    fresh = np.empty(len(keys), dtype=np.bool_)
    fresh[0] = True
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return keys[fresh]


def find_rows(sorted_keys: Keys, wanted: Keys) -> Rows:
    """Find keys among sorted, distinct ones.

    Parameters
    ----------
    sorted_keys : `numpy.ndarray` of `numpy.int64`
        Rising, no key twice.
    wanted : `numpy.ndarray` of `numpy.int64`
        Any keys.

    Returns
    -------
    rows : `numpy.ndarray` of `numpy.int64`, the shape of ``wanted``
        Place of each, or -1.
    """
    if not len(sorted_keys) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int64)
    if len(sorted_keys) == len(wanted) and np.array_equal(sorted_keys, wanted):
        return np.arange(len(wanted))
    space = int(sorted_keys[-1]) + 1
    if space <= max(_DENSE, 8 * len(wanted)) and space <= 64 * (len(wanted) + len(sorted_keys)):
        table = np.full(space, -1, dtype=np.int64)
        table[sorted_keys] = np.arange(len(sorted_keys))
        if int(wanted.max()) < space and int(wanted.min()) >= 0:
            return table[wanted]
        inside = (wanted >= 0) & (wanted < space)
        return np.where(inside, table[np.where(inside, wanted, 0)], -1)
    places = np.searchsorted(sorted_keys, wanted)
    places[places == len(sorted_keys)] = 0
    return np.where(sorted_keys[places] == wanted, places, -1)


def member(sorted_keys: Keys, wanted: Keys) -> npt.NDArray[np.bool_]:
    """Tell which keys are among sorted, distinct ones.

    Parameters
    ----------
    sorted_keys : `numpy.ndarray` of `numpy.int64`
        Rising, no key twice.
    wanted : `numpy.ndarray` of `numpy.int64`
        Any keys.

    Returns
    -------
    found : `numpy.ndarray` of `bool`, the shape of ``wanted``
        Whether each is there.
    """
    return find_rows(sorted_keys, wanted) >= 0


def join(left: Relation, right: Relation) -> Relation:
    """Join two relations on all dimensions that both have.

    Parameters
    ----------
    left, right : `Relation`
        With the same codes.

    Returns
    -------
    joined : `Relation`
        Columns of both; every pair where nothing is shared.  Rows in which a
        shared column is -1 match nothing, as nulls do in SQL.
    """
    shared = [name for name in right.columns if name in left.names]
    first, second = _match(left, right, shared)
    columns = {name: column if first is None else column[first] for name, column in left.columns.items()}
    for name, column in right.columns.items():
        if name not in left.names:
            columns[name] = column[second]
    return Relation(left.codes, columns, left.n_rows if first is None else len(first))


def _match(left: Relation, right: Relation, shared: Sequence[str]) -> tuple[Rows | None, Rows]:
    """Return rows that go together; the first is `None` where it would be all of them in order."""
    if not shared:
        return (
            np.repeat(np.arange(left.n_rows), right.n_rows),
            np.tile(np.arange(right.n_rows), left.n_rows),
        )
    left_rows = _without_nulls(left, shared)
    right_rows = _without_nulls(right, shared)
    if left_rows is not None or right_rows is not None:
        first, second = _match(
            left if left_rows is None else left.take(left_rows),
            right if right_rows is None else right.take(right_rows),
            shared,
        )
        if left_rows is not None:
            first = left_rows if first is None else left_rows[first]
        return first, second if right_rows is None else right_rows[second]
    left_keys, right_keys = left.keys(shared), right.keys(shared)
    order: Rows | None = None
    if not (right_keys[1:] >= right_keys[:-1]).all():
        order = np.argsort(right_keys, kind="stable")
        right_keys = right_keys[order]
    if (right_keys[1:] > right_keys[:-1]).all():
        second = find_rows(right_keys, left_keys)
        hit = second >= 0
        if hit.all():
            return None, second if order is None else order[second]
        first = np.flatnonzero(hit)
        second = second[first]
        return first, second if order is None else order[second]
    heads = np.flatnonzero(np.concatenate(([True], right_keys[1:] != right_keys[:-1])))
    places = find_rows(right_keys[heads], left_keys)
    counts = np.diff(np.append(heads, len(right_keys)))
    repeats = np.where(places >= 0, counts[np.maximum(places, 0)], 0)
    first = np.repeat(np.arange(left.n_rows), repeats)
    ends = np.cumsum(repeats)
    within = np.arange(len(first)) - np.repeat(ends - repeats, repeats)
    second = np.repeat(heads[np.maximum(places, 0)], repeats) + within
    return first, second if order is None else order[second]


def _without_nulls(relation: Relation, names: Sequence[str]) -> Rows | None:
    mask: npt.NDArray[np.bool_] | None = None
    for name in names:
        null = relation.columns[name] < 0
        if null.any():
            mask = ~null if mask is None else mask & ~null
    return None if mask is None else np.flatnonzero(mask)
