"""A constraint of a campaign that is being planned: what it is stated by, and what it speaks of."""

from __future__ import annotations

import dataclasses
import enum
from typing import TypedDict

from workbench.graph import Scope
from workbench.session.steps import Step

__all__ = [
    "CURRENT",
    "EXPRESSION",
    "WHOLE_GRAPH",
    "PlannedConstraint",
    "PlannedScope",
    "Unsaved",
    "name_rows",
]


class Unsaved(enum.Enum):
    """What a constraint can be stated by besides a saved set, whose label is a `str`."""

    CURRENT = "current"
    EXPRESSION = "expression"


CURRENT = Unsaved.CURRENT
"""Stands for whatever set is being put together."""

EXPRESSION = Unsaved.EXPRESSION
"""Stands for whatever condition is written, where a set may be chosen."""


def name_rows(rows: str | Unsaved) -> str:
    """Return what a constraint is stated by as it is shown.

    Parameters
    ----------
    rows : `str` or `Unsaved`
        Label of a saved set, or what stands for another.

    Returns
    -------
    name : `str`
        Never to be read back.
    """
    match rows:
        case Unsaved.CURRENT:
            return f"the set in {Step.CHOOSE}"
        case Unsaved.EXPRESSION:
            return "an expression"
        case label:
            return label


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedScope:
    """The part of the pipeline that a constraint is to speak of.

    Parameters
    ----------
    kind : `~workbench.graph.Scope`
        What is named.
    names : `tuple` [ `str`, ... ], optional
        Tasks, as ``Campaign.constrain`` takes them, or one dataset type.
    """

    kind: Scope
    names: tuple[str, ...] = ()

    @classmethod
    def of_tasks(cls, *names: str) -> PlannedScope:
        """Return the scope of some tasks.

        Parameters
        ----------
        *names : `str`
            Labels, subsets or expressions of tasks.

        Returns
        -------
        scope : `PlannedScope`
            Those tasks alone.
        """
        return cls(Scope.TASKS, names)

    @classmethod
    def of_dataset_type(cls, name: str) -> PlannedScope:
        """Return the scope of a dataset type.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        scope : `PlannedScope`
            That dataset type alone.
        """
        return cls(Scope.DATASET_TYPE, (name,))

    def __str__(self) -> str:
        match self.kind:
            case Scope.GRAPH:
                return "the whole graph"
            case Scope.TASKS:
                return f"task{'' if len(self.names) == 1 else 's'} {', '.join(self.names)}"
            case Scope.DATASET_TYPE:
                return f"dataset type {self.names[0]}"

    def arguments(self) -> ScopeArguments:
        """Return the scope as arguments of ``Campaign.constrain``.

        Returns
        -------
        arguments : `ScopeArguments`
            ``tasks`` or ``dataset_type``, or none.
        """
        match self.kind:
            case Scope.GRAPH:
                return {}
            case Scope.TASKS:
                return {"tasks": self.names[0] if len(self.names) == 1 else list(self.names)}
            case Scope.DATASET_TYPE:
                return {"dataset_type": self.names[0]}


WHOLE_GRAPH = PlannedScope(Scope.GRAPH)
"""The scope of all tasks."""


class ScopeArguments(TypedDict, total=False):
    """The scope of a constraint, as ``Campaign.constrain`` takes it."""

    tasks: str | list[str]
    dataset_type: str


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedConstraint:
    """A constraint as the user states it.

    Parameters
    ----------
    rows : `str` or `Unsaved`
        Label of a saved set, or `CURRENT`; empty where ``where`` is given.
    mode : `str`
        ``include`` or ``exclude``.
    scope : `PlannedScope`
        What it speaks of.
    where : `str`, optional
        An expression instead of a set.
    """

    rows: str | Unsaved
    mode: str
    scope: PlannedScope
    where: str = ""

    @property
    def named(self) -> str:
        """The expression or the set, as it is shown (`str`)."""
        return self.where or name_rows(self.rows)

    def __str__(self) -> str:
        scope = "" if self.scope == WHOLE_GRAPH else f" for {self.scope}"
        return f"{self.mode} {self.named}{scope}"
