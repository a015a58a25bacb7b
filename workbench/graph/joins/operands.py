"""What goes into a natural join: rows that hold to relations, and filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import polars as pl
from lsst.daf.butler import DimensionGroup

from workbench.graph.columns.graph_columns import Mask
from workbench.graph.constraints.grouped import EXPOSURE
from workbench.graph.joins.codes import Codes, Keys, StockOnlyError
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import Relation, member

__all__ = ["GroupMembers", "KeyFilter", "JoinOperand", "StockOnlyError"]


@dataclasses.dataclass(frozen=True, eq=False)
class JoinOperand:
    """What goes into a natural join, and the relations that it holds to already.

    Parameters
    ----------
    relation : `~workbench.graph.joins.relation.Relation`
        Its rows.
    group : `lsst.daf.butler.DimensionGroup`
        Its dimensions.
    satisfied : `frozenset` [ `str` ]
        Elements whose relationships its rows have.
    """

    relation: Relation
    group: DimensionGroup
    satisfied: frozenset[str]

    @classmethod
    def of_datasets(cls, relation: Relation, group: DimensionGroup) -> JoinOperand:
        """Make an operand of what a dataset search finds.

        Parameters
        ----------
        relation : `~workbench.graph.joins.relation.Relation`
            Required dimensions.
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions of the dataset type.

        Returns
        -------
        operand : `JoinOperand`
            It satisfies relationships between required dimensions alone, as
            in the Butler's queries.
        """
        required = frozenset(group.required)
        universe = group.universe
        satisfied = {name for name in group.elements if universe[name].minimal_group.names <= required}
        return cls(relation, group, frozenset(satisfied))

    @classmethod
    def of_data_ids(cls, data_ids: DataIds) -> JoinOperand:
        """Make an operand of data IDs that came out of a join.

        Parameters
        ----------
        data_ids : `~workbench.graph.joins.data_ids.DataIds`
            Quanta or datasets.

        Returns
        -------
        operand : `JoinOperand`
            It satisfies all relationships between its dimensions.
        """
        return cls(data_ids.relation, data_ids.group, frozenset(data_ids.group.elements))


@dataclasses.dataclass(frozen=True, eq=False)
class KeyFilter:
    """Data IDs that rows of a join must have, or must not have.

    Parameters
    ----------
    names : `tuple` [ `str`, ... ]
        Dimensions of the keys.
    keys : `numpy.ndarray` of `numpy.int64`
        Rising, none twice.
    inside : `bool`, optional
        Whether rows must be among the keys, or must not.
    """

    names: tuple[str, ...]
    keys: Keys
    inside: bool = True

    def apply(self, relation: Relation) -> Relation:
        """Return the rows that pass.

        Parameters
        ----------
        relation : `~workbench.graph.joins.relation.Relation`
            Rows; without all of the dimensions, all pass.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Those that do.
        """
        if not relation.names.issuperset(self.names):
            return relation
        return relation.take(self.mask(relation))

    def mask(self, relation: Relation) -> Mask:
        """Tell which rows pass.

        Parameters
        ----------
        relation : `~workbench.graph.joins.relation.Relation`
            Rows; without all of the dimensions, all pass.

        Returns
        -------
        mask : `numpy.ndarray` of `bool`
            One a row.
        """
        if not relation.names.issuperset(self.names):
            return np.ones(len(relation), dtype=np.bool_)
        passed: Mask = member(self.keys, relation.keys(self.names)) == self.inside
        return passed


class GroupMembers:
    """Data ID tables that say who is in which ``group``.

    Parameters
    ----------
    codes : `~workbench.graph.joins.codes.Codes`
        What the codes mean.
    tables : `~collections.abc.Iterable` [ `polars.DataFrame` ]
        Required dimensions, one row a member.
    """

    def __init__(self, codes: Codes, tables: Iterable[pl.DataFrame]):
        self._relations = [
            Relation(codes, {name: codes.encode(name, table[name]) for name in table.columns}, table.height)
            for table in tables
        ]

    def of(self, group: DimensionGroup) -> list[Relation]:
        """Return what a join of some dimensions must agree with.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions.

        Returns
        -------
        relations : `list` [ `~workbench.graph.joins.relation.Relation` ]
            None where exposures say themselves which group each is in.
        """
        if EXPOSURE in group.names:
            return []
        return [table for table in self._relations if table.names <= group.names]
