"""Datasets that exist: what a search finds first, by data ID."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand
from workbench.graph.joins.relation import Relation

__all__ = ["Found", "find_datasets"]


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """Existing datasets of one type.

    Parameters
    ----------
    data_ids : `~workbench.graph.joins.data_ids.DataIds`
        What a search finds first, sorted.
    table : `pyarrow.Table`
        With `~workbench.snapshot.schemas.dataset_schema`.
    row : `numpy.ndarray` of `numpy.int64`
        Row of the table for each data ID.
    """

    data_ids: DataIds
    table: pa.Table
    row: Rows


def find_datasets(joins: Joins, name: str, group: DimensionGroup) -> Found:
    """Find the datasets of an overall input.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the snapshot.
    name : `str`
        Dataset type name.
    group : `lsst.daf.butler.DimensionGroup`
        Its dimensions.

    Returns
    -------
    found : `Found`
        Those whose data IDs agree with the dimension records.
    """
    table = joins.snapshot.datasets(name)
    required = list(group.required)
    relation = joins.encode(table, required)
    if not required:
        keys = np.zeros(min(1, table.num_rows), dtype=np.int64)
        data_ids = DataIds(group, keys, Relation(joins.codes, {}, len(keys)))
        return Found(data_ids, table, np.zeros(len(keys), dtype=np.int64))
    joined = joins.natural_join(group, [JoinOperand.of_datasets(relation, group)])
    data_ids = joins.distinct(joined, group)
    packed = relation.keys(required)
    order = np.argsort(packed, kind="stable")
    return Found(data_ids, table, order[np.searchsorted(packed[order], data_ids.keys)])
