"""Which quanta and datasets go together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from lsst.daf.butler import DimensionGroup

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand, KeyFilter
from workbench.graph.joins.relation import Relation, find_rows, unique_keys

__all__ = ["Pairs", "are_distinct", "single_producers"]


class Pairs:
    """Pairs data IDs of quanta with data IDs of datasets, each two once.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What the rows of all joins must pass.
    """

    def __init__(self, joins: Joins, filters: Sequence[KeyFilter]):
        self._joins = joins
        self._filters = filters
        # The data IDs are kept with the pairs, so that ids stay taken.
        self._known: dict[tuple[int, int], tuple[Rows, Rows, DataIds, DataIds]] = {}

    def of(self, left: DataIds, right: DataIds) -> tuple[Rows, Rows]:
        """Pair data IDs of two groups that go together.

        Parameters
        ----------
        left, right : `~workbench.graph.joins.data_ids.DataIds`
            Quanta and datasets.

        Returns
        -------
        left_rows, right_rows : `numpy.ndarray` of `numpy.int64`
            Sorted by left, then right; no pair twice.
        """
        key = (id(left), id(right))
        if key not in self._known:
            self._known[key] = (*self._find(left, right), left, right)
        return self._known[key][:2]

    def keep(self, left: DataIds, right: DataIds, joined: Relation) -> tuple[Rows, Rows]:
        """Pair data IDs by the rows of a join.

        Parameters
        ----------
        left, right : `~workbench.graph.joins.data_ids.DataIds`
            Quanta and datasets.
        joined : `~workbench.graph.joins.relation.Relation`
            With the required dimensions of both.

        Returns
        -------
        left_rows, right_rows : `numpy.ndarray` of `numpy.int64`
            As `of` gives them, and will give them again.
        """
        left_rows = find_rows(left.keys, joined.keys(list(left.group.required)))
        right_rows = find_rows(right.keys, joined.keys(list(right.group.required)))
        hit = (left_rows >= 0) & (right_rows >= 0)
        if not hit.all():
            left_rows, right_rows = left_rows[hit], right_rows[hit]
        pairs = _sort(left_rows, right_rows, len(right))
        self._known[id(left), id(right)] = (*pairs, left, right)
        return pairs

    def narrow(self, left: DataIds, mask: Mask) -> DataIds:
        """Return some of the data IDs, paired as all of them are.

        Parameters
        ----------
        left : `~workbench.graph.joins.data_ids.DataIds`
            Quanta.
        mask : `numpy.ndarray` of `bool`
            Which of them.

        Returns
        -------
        data_ids : `~workbench.graph.joins.data_ids.DataIds`
            In the same order.
        """
        narrowed = left.take(mask)
        place = np.cumsum(mask) - 1
        for first, second in [key for key in self._known if key[0] == id(left)]:
            left_rows, right_rows, _, right = self._known[first, second]
            hit = mask[left_rows]
            self._known[id(narrowed), second] = (place[left_rows[hit]], right_rows[hit], narrowed, right)
        return narrowed

    def knows(self, left: DataIds, right: DataIds) -> bool:
        """Tell whether two groups are paired without a join.

        Parameters
        ----------
        left, right : `~workbench.graph.joins.data_ids.DataIds`
            Quanta and datasets.

        Returns
        -------
        known : `bool`
            They were paired before, or one has all dimensions of the other.
        """
        nested = right.group <= left.group or left.group <= right.group
        return (id(left), id(right)) in self._known or nested

    def _find(self, left: DataIds, right: DataIds) -> tuple[Rows, Rows]:
        if left is right:
            every = np.arange(len(left))
            return every, every
        if not (len(left) and len(right)):
            # Regions that only the stock builder could join need not be joined.
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing
        if right.group <= left.group and are_distinct(right):
            rows = find_rows(right.keys, left.relation.keys(list(right.group.required)))
            hit = rows >= 0
            return (np.arange(len(left)), rows) if hit.all() else (np.flatnonzero(hit), rows[hit])
        if left.group <= right.group and are_distinct(left):
            rows = find_rows(left.keys, right.relation.keys(list(left.group.required)))
            right_rows = np.flatnonzero(rows >= 0)
            return _sort(rows[right_rows], right_rows, len(right))
        union = left.group.union(right.group)
        operands = [JoinOperand.of_data_ids(left), JoinOperand.of_data_ids(right)]
        if (relation := self._single_relation(union, left, right, operands)) is not None:
            return self.keep(left, right, relation)
        return self.keep(left, right, self._joins.natural_join(union, operands, self._filters))

    def _single_relation(
        self, union: DimensionGroup, left: DataIds, right: DataIds, operands: Sequence[JoinOperand]
    ) -> Relation | None:
        """Return the one relation that pairs two groups, where there is one and nothing else to agree on."""
        if self._filters:
            return None
        required = set(left.group.required) & set(right.group.required)
        if not left.group.names & right.group.names <= union.universe.conform(required).names:
            return None
        relations = self._joins.relations(union, operands)
        if len(relations) != 1 or not {*left.group.required, *right.group.required} <= relations[0].names:
            return None
        return relations[0]


def are_distinct(data_ids: DataIds) -> bool:
    """Tell whether no data ID occurs twice.

    Parameters
    ----------
    data_ids : `~workbench.graph.joins.data_ids.DataIds`
        Sorted.

    Returns
    -------
    distinct : `bool`
        Only calibrations repeat data IDs.
    """
    keys = data_ids.keys
    return bool((keys[1:] > keys[:-1]).all())


def _sort(left: Rows, right: Rows, n_right: int) -> tuple[Rows, Rows]:
    keys = left * max(n_right, 1) + right
    ordered = unique_keys(keys)
    if ordered is keys:
        return left, right
    first = ordered // max(n_right, 1)
    return first, ordered - first * max(n_right, 1)


def single_producers(label: str, name: str, makers: Rows, made: Rows, n_datasets: int) -> Rows:
    """Return the row of the one quantum that makes each dataset.

    Parameters
    ----------
    label, name : `str`
        Task label and dataset type name, for the message.
    makers, made : `numpy.ndarray` of `numpy.int64`
        Rows of quanta and of the datasets that they make.
    n_datasets : `int`
        Number of datasets.

    Returns
    -------
    rows : `numpy.ndarray` of `numpy.int64`, shape (n_datasets,)
        -1 where there is none.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if several quanta would make one dataset.
    """
    times = np.bincount(made, minlength=n_datasets)
    if (times > 1).any():
        raise GraphBuildError(
            f"{int((times > 1).sum())} datasets of {name} would each be made by several quanta of {label}: "
            "the dataset type lacks a dimension of the task. Correct the pipeline's connections."
        )
    rows = np.full(n_datasets, -1, dtype=np.int64)
    rows[made] = makers
    return rows
