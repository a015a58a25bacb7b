"""Groupings as a graph has them: which tasks work by group, and which members each group may have."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

import polars as pl

from workbench.errors import GroupingError
from workbench.presentation import presented

__all__ = ["EXPOSURE", "AppliedGrouping", "TaskMembers", "Lowering", "joined_tables"]

EXPOSURE = "exposure"
"""Dimension whose records say which ``group`` each belongs to, so that no table can say otherwise."""


class Lowering(enum.Enum):
    """How a grouping becomes part of a graph."""

    EXTEND = "extend"
    """By a dynamic dimension that the repository was extended by."""

    GROUP = "group"
    """By the Butler's own dimension ``group`` and a data ID table."""

    SUFFIX = "suffix"
    """By a task and dataset types a group, whose names end in its key."""

    RUN = "run"
    """By a graph and a RUN a group."""


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class TaskMembers:
    """Tasks, and the members that they share out among groups.

    Parameters
    ----------
    labels : `frozenset` [ `str` ]
        Labels of tasks.
    members : `polars.DataFrame`
        Required dimensions, one row a member; with the group's own dimension
        where it has one.
    group : `str`, optional
        Key of the group that all of them are in; empty where the dimension
        tells.
    """

    labels: frozenset[str]
    members: pl.DataFrame
    group: str = ""


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class AppliedGrouping:
    """A grouping that is part of a graph.

    Parameters
    ----------
    label : `str`
        Name and version, such as "folds@3".
    way : `Lowering`
        How.
    tasks : `tuple` [ `str`, ... ]
        Labels of the tasks that were asked for by group.
    n_groups : `int`
        Groups that the grouping has.
    shares : `tuple` [ `TaskMembers`, ... ]
        What the groups may have.
    dimension : `str`, optional
        Dimension of the groups, where they have one.
    minimum : `int`, optional
        Least number of members that a group in the graph must have.
    """

    label: str
    way: Lowering
    tasks: tuple[str, ...]
    n_groups: int
    shares: tuple[TaskMembers, ...]
    dimension: str = ""
    minimum: int = 1


def joined_tables(groupings: Iterable[AppliedGrouping]) -> list[pl.DataFrame]:
    """Return the data ID tables that relate the dimension ``group`` to its members.

    Parameters
    ----------
    groupings : `~collections.abc.Iterable` [ `AppliedGrouping` ]
        Those of a graph.

    Returns
    -------
    tables : `list` [ `polars.DataFrame` ]
        At most one: tables of several groupings are one relation, since a
        join takes what all of its tables have.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if members have different dimensions.
    """
    chosen = [one for one in groupings if one.way is Lowering.GROUP]
    tables = [share.members for one in chosen for share in one.shares]
    if len({tuple(table.columns) for table in tables}) > 1:
        raise GroupingError(
            f"The members of {', '.join(one.label for one in chosen)} have different dimensions, so that one "
            "graph cannot have them all in the dimension 'group'. Choose another way for one of them, or "
            "make two campaigns."
        )
    return [pl.concat(tables).unique(maintain_order=True)] if tables else []
