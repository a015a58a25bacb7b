"""How evenly the members of groups are spread over strata, such as patches and bands."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import polars as pl
import pyarrow as pa

from workbench.groupings.frame import read_columns
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE
from workbench.groupings.strata import ON_SKY, close_names, join_sky
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations

__all__ = ["GroupBalance", "count_members", "read_strata"]

_COUNT = "n_members"


class Grouped(Protocol):
    """What is asked of a `~workbench.groupings.Grouping` about its strata."""

    @property
    def parent(self) -> DataIdSet:
        """The set that was grouped (`~workbench.sets.DataIdSet`)."""

    @property
    def key_names(self) -> tuple[str, ...]:
        """Dimensions of the members (`tuple` [ `str`, ... ])."""


def read_strata(
    registry: Registry, grouping: Grouped, by: Sequence[str], progress: Progress = silent
) -> pa.Table:
    """Read in which strata the rows that were grouped are.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    grouping : `~workbench.groupings.Grouping`
        The grouping; those of the same set have the same strata.
    by : `~collections.abc.Sequence` [ `str` ]
        Columns, as rules read them; with tract or patch, each row once for
        each that it overlaps.
    progress : `~workbench.progress.Progress`, optional
        Called with what is done.

    Returns
    -------
    strata : `pyarrow.Table`
        Data IDs, and the columns of the strata.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the set has no regions, or nothing of it overlaps any.
    workbench.errors.ExpressionError
        Raised if a column does not exist, or has several values for a row.
    """
    closed = close_names(by, registry.universe)
    rows = grouping.parent
    what = f"the balance by {', '.join(closed)}"
    if rows.relations is None:
        rows = rows.with_relations(RepositoryRelations(registry.uri))
    own = [name for name in closed if name not in ON_SKY or name in rows.dimensions.names]
    frame = read_columns(registry, rows, own, what, progress)
    wanted = [name for name in ON_SKY if name in (*closed, *grouping.key_names)]
    wanted = [name for name in wanted if name not in rows.dimensions.names]
    if wanted:
        frame = join_sky(registry, rows, frame, wanted, what, progress)
    return frame.replace_schema_metadata({b"by": ",".join(closed).encode()})


def count_members(relation: pa.Table, strata: pa.Table) -> GroupBalance:
    """Count the members of each group in each stratum.

    Parameters
    ----------
    relation : `pyarrow.Table`
        The relation of a grouping.
    strata : `pyarrow.Table`
        As `read_strata` returns it.

    Returns
    -------
    balance : `GroupBalance`
        Counts.
    """
    by = (strata.schema.metadata or {})[b"by"].decode().split(",")
    rows = pl.DataFrame(pl.from_arrow(relation.drop_columns([ROLE, ORDINAL])))
    names = [name for name in rows.columns if name != GROUP_KEY]
    cells = pl.DataFrame(pl.from_arrow(strata)).select(list(dict.fromkeys([*names, *by])))
    counted = (
        rows.join(cells, on=names)
        .group_by(*by, GROUP_KEY)
        .agg(pl.len().cast(pl.Int64).alias(_COUNT))
        .sort(*by, GROUP_KEY)
    )
    return GroupBalance(tuple(by), tuple(sorted(rows[GROUP_KEY].unique())), counted.to_arrow())


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class GroupBalance:
    """Members of each group in each stratum.

    Parameters
    ----------
    by : `tuple` [ `str`, ... ]
        Columns of the strata.
    keys : `tuple` [ `str`, ... ]
        Keys of all groups.
    counts : `pyarrow.Table`
        Columns of ``by``, ``group_key`` and ``n_members``; a row for each
        stratum and group that meet, sorted.
    """

    by: tuple[str, ...]
    keys: tuple[str, ...]
    counts: pa.Table

    @cached_property
    def strata(self) -> list[tuple[tuple[Any, ...], dict[str, int]]]:
        """Values of each stratum, and members of the groups that have some there (`list`)."""
        found: dict[tuple[Any, ...], dict[str, int]] = {}
        for *values, key, number in pl.DataFrame(pl.from_arrow(self.counts)).iter_rows():
            found.setdefault(tuple(values), {})[key] = number
        return list(found.items())

    @property
    def largest(self) -> tuple[tuple[Any, ...], str, int, str, int] | None:
        """Stratum where groups differ most; the fullest and the emptiest there, with numbers (`tuple`).

        `None` where there are no strata; the first of several.
        """
        best = None
        for values, numbers in self.strata:
            fullest = max(numbers, key=lambda key: numbers[key])
            emptiest = next((key for key in self.keys if key not in numbers), None)
            if emptiest is None:
                emptiest = min(numbers, key=lambda key: numbers[key])
            high, low = numbers[fullest], numbers.get(emptiest, 0)
            if best is None or high - low > best[2] - best[4]:
                best = (values, fullest, high, emptiest, low)
        return best

    def describe(self) -> str:
        """Say how even the groups are.

        Returns
        -------
        text : `str`
            A sentence that names where they differ most, and by how much.
        """
        by = ", ".join(name for name in self.by if name != "skymap")
        found = self.largest
        if found is None:
            return f"No member is in any stratum of {by}."
        values, fullest, high, emptiest, low = found
        if high == low:
            return f"All groups have the same number of members in each {by}."
        where = ", ".join(
            f"{name} {value}" for name, value in zip(self.by, values, strict=True) if name != "skymap"
        )
        return f"Largest imbalance: in {where} {fullest} has {high} and {emptiest} {low}."
