"""Constraints of a campaign: as they are stated, and resolved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns.definition.pipeline import select_labels
from workbench.errors import CampaignError, EmptySetError, UnknownNameError
from workbench.graph import (
    Constraint,
    Mode,
    ResolvedConstraint,
    Scope,
    resolve_expression,
    resolve_set,
)
from workbench.registry import Registry
from workbench.sets import DataIdSet, GivenSet, SetStore, read_given

__all__ = ["StatedConstraint", "spread_constraints", "state_constraints"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class StatedConstraint:
    """One constraint, and what it is resolved to.

    Parameters
    ----------
    constraint : `~workbench.graph.Constraint`
        As the user stated it.
    resolved : `tuple` [ `~workbench.graph.ResolvedConstraint`, ... ]
        Conjunct by conjunct.
    rows : `~workbench.sets.DataIdSet` or `None`, optional
        The set, where it is one.
    """

    constraint: Constraint
    resolved: tuple[ResolvedConstraint, ...]
    rows: DataIdSet | None = None


def state_constraints(
    registry: Registry,
    graph: PipelineGraph,
    *,
    tasks: str | Sequence[str] | None,
    dataset_type: str | None,
    where: str,
    include: GivenSet | None,
    exclude: GivenSet | None,
    allow_empty: bool,
) -> list[StatedConstraint]:
    """Read what a campaign is to be constrained by.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The pipeline.
    tasks, dataset_type, where, include, exclude, allow_empty : as they are given
        As `Campaign.constrain` takes them.

    Returns
    -------
    constraints : `list` [ `StatedConstraint` ]
        One for the expression and one a set.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if nothing, or tasks and a dataset type, are given.
    workbench.errors.UnknownNameError
        Raised for an unknown task, subset, dataset type or set.
    workbench.errors.EmptySetError, workbench.errors.ExpressionError
        Raised for an empty set, unless allowed, or a wrong expression.
    """
    where = where.strip()
    if not where and include is None and exclude is None:
        raise CampaignError("Nothing to constrain by: give where, include or exclude.")
    if tasks is not None and dataset_type is not None:
        raise CampaignError("A constraint has one scope: give tasks or dataset_type, not both.")
    named = (tasks,) if isinstance(tasks, str) else tuple(tasks or ())
    labels = select_labels(graph, named)
    scope = Scope.DATASET_TYPE if dataset_type else Scope.TASKS if named else Scope.GRAPH
    if dataset_type and dataset_type not in graph.dataset_types:
        raise UnknownNameError(
            f"No dataset type {dataset_type!r} in the pipeline; it has {sorted(graph.dataset_types)}."
        )
    found: list[StatedConstraint] = []
    if where:
        constraint = Constraint(where, Mode.INCLUDE, scope, named, dataset_type or "", where=where)
        found.append(StatedConstraint(constraint, resolve_expression(registry, constraint, labels)))
    for mode, given in ((Mode.INCLUDE, include), (Mode.EXCLUDE, exclude)):
        if given is None:
            continue
        rows = read_given(registry, given, role=mode.value)
        if not len(rows) and not allow_empty:
            raise EmptySetError(
                f"The set {rows.label} to {mode.value} is empty. If that is meant, say allow_empty=True, or "
                "'allow_empty: true' beside it in the campaign file."
            )
        constraint = Constraint(
            rows.label,
            mode,
            scope,
            named,
            dataset_type or "",
            set_label=rows.label if rows.name else "",
            key_digest=rows.key_digest,
        )
        resolved = dataclasses.replace(
            resolve_set(constraint, rows, labels), reasons=SetStore(registry).reasons(rows)
        )
        found.append(StatedConstraint(constraint, (resolved,), rows))
    return found


def spread_constraints(
    constraints: Iterable[StatedConstraint],
    tasks: Mapping[str, tuple[str, ...]],
    dataset_types: Mapping[str, tuple[str, ...]],
) -> list[StatedConstraint]:
    """Let constraints on tasks and dataset types bind their clones.

    Parameters
    ----------
    constraints : `~collections.abc.Iterable` [ `StatedConstraint` ]
        Resolved for the pipeline without the clones.
    tasks, dataset_types : `~collections.abc.Mapping` [ `str`, `tuple` [ `str`, ... ] ]
        Clones by what they are clones of.

    Returns
    -------
    constraints : `list` [ `StatedConstraint` ]
        As they were stated, and resolved for the pipeline with the clones.
    """
    spread = []
    for one in constraints:
        resolved = []
        for item in one.resolved:
            labels = frozenset(clone for label in item.tasks for clone in tasks.get(label, (label,)))
            names = dataset_types.get(item.dataset_type, (item.dataset_type,))
            resolved += [dataclasses.replace(item, tasks=labels, dataset_type=name) for name in names]
        spread.append(dataclasses.replace(one, resolved=tuple(resolved)))
    return spread
