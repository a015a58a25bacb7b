"""What goes into a natural join: rows that hold to relations, and filters."""

from __future__ import annotations

import dataclasses

from lsst.daf.butler import DimensionGroup

from workbench.graph.codes import Keys
from workbench.graph.data_ids import DataIds
from workbench.graph.relation import Relation, member

__all__ = ["KeyFilter", "Operand", "StockOnlyError"]


class StockOnlyError(Exception):
    """Raised for dimensions that only the stock builder can join."""


@dataclasses.dataclass(frozen=True, eq=False)
class Operand:
    """What goes into a natural join, and the relations that it holds to already.

    Parameters
    ----------
    relation : `~workbench.graph.relation.Relation`
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
    def of_datasets(cls, relation: Relation, group: DimensionGroup) -> Operand:
        """Make an operand of what a dataset search finds.

        Parameters
        ----------
        relation : `~workbench.graph.relation.Relation`
            Required dimensions.
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions of the dataset type.

        Returns
        -------
        operand : `Operand`
            It satisfies relationships between required dimensions alone, as
            in the Butler's queries.
        """
        required = frozenset(group.required)
        universe = group.universe
        satisfied = {name for name in group.elements if universe[name].minimal_group.names <= required}
        return cls(relation, group, frozenset(satisfied))

    @classmethod
    def of_data_ids(cls, data_ids: DataIds) -> Operand:
        """Make an operand of data IDs that came out of a join.

        Parameters
        ----------
        data_ids : `~workbench.graph.data_ids.DataIds`
            Quanta or datasets.

        Returns
        -------
        operand : `Operand`
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
        relation : `~workbench.graph.relation.Relation`
            Rows; without all of the dimensions, all pass.

        Returns
        -------
        relation : `~workbench.graph.relation.Relation`
            Those that do.
        """
        if not relation.names.issuperset(self.names):
            return relation
        return relation.take(member(self.keys, relation.keys(self.names)) == self.inside)
