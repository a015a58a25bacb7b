"""A grouping: the relation, its sets, and whether it is sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.groupings.rules import GROUP
from workbench.sets import DataIdSet

__all__ = ["Grouping", "GroupingCheck"]


@dataclasses.dataclass(frozen=True, slots=True)
class GroupingCheck:
    """What holds of a grouping.

    Parameters
    ----------
    disjoint : `bool`
        No row is in two groups.
    covering : `bool`
        Every row of the parent set is in some group.
    smallest, largest : `int`
        Members of the smallest and of the largest group.
    """

    disjoint: bool
    covering: bool
    smallest: int
    largest: int


@dataclasses.dataclass(frozen=True, eq=False)
class Grouping:
    """A named, versioned relation between group keys and data IDs.

    Parameters
    ----------
    name : `str`
        Name.
    version : `int`
        Version, counted from 1.
    rule : `str`
        The rule, as a Python call.
    parent : `~workbench.sets.DataIdSet`
        The set that was grouped.
    relation : `pyarrow.Table`
        Column ``group``, the keys, and the columns that the rule read.
    sets : `~collections.abc.Mapping` [ `str`, `~workbench.sets.DataIdSet` ]
        The saved set of each group.
    """

    name: str
    version: int
    rule: str
    parent: DataIdSet
    relation: pa.Table
    sets: Mapping[str, DataIdSet]

    @property
    def label(self) -> str:
        """Name and version, such as "seeing@1" (`str`)."""
        return f"{self.name}@{self.version}"

    @property
    def keys(self) -> list[str]:
        """Group keys, sorted (`list` [ `str` ])."""
        return sorted(self.sets)

    def __getitem__(self, key: str) -> DataIdSet:
        try:
            return self.sets[key]
        except KeyError as error:
            raise UnknownNameError(
                f"No group {key!r} in {self.label}; its groups are {self.keys}."
            ) from error

    def check(self) -> GroupingCheck:
        """Check the grouping against its parent set.

        Returns
        -------
        check : `GroupingCheck`
            What holds.
        """
        names = list(self.parent.dimensions.required)
        rows = pl.DataFrame(pl.from_arrow(self.relation.select([*names, GROUP])))
        n_distinct = rows.select(names).n_unique()
        sizes = [len(rows_of) for rows_of in self.sets.values()]
        return GroupingCheck(
            disjoint=len(rows) == n_distinct,
            covering=n_distinct == len(self.parent),
            smallest=min(sizes, default=0),
            largest=max(sizes, default=0),
        )
