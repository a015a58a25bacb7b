"""Conditions of a campaign: evaluated anew where what they speak of has changed.

An expression is resolved to data IDs when it is stated.  Values of extension
tables and dimension records change; so each preview evaluates its conditions
as they are then, and a commit checks that they still say the same.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Sequence

import polars as pl

from workbench.campaigns.definition.constraining import StatedConstraint
from workbench.campaigns.definition.statement import list_constraints
from workbench.errors import FenceChangedError
from workbench.graph import Constraint, Mode, Preview, ResolvedConstraint, Scope, resolve_expression
from workbench.registry import Registry
from workbench.snapshot.reads import Fence, Reads
from workbench.snapshot.take import list_elements

__all__ = ["list_changed_conditions", "read_state", "require_conditions", "restate"]


def read_state(registry: Registry, stated: Iterable[StatedConstraint]) -> str:
    """Digest the state of what the conditions of a campaign may speak of.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    stated : `~collections.abc.Iterable` [ `~workbench.campaigns.definition.constraining.StatedConstraint` ]
        The constraints.

    Returns
    -------
    state : `str`
        Of extension tables and of the records of their dimensions; empty
        where there is no condition.
    """
    conditions = [item for one in stated if one.constraint.where for item in one.resolved]
    groups = [group for item in conditions for group, _ in item.forms]
    if not groups:
        return ""
    names = dict.fromkeys(element for group in groups for element in group.elements)
    reads = Reads((), (), elements=list_elements(registry.universe, names))
    parts = dict(Fence.read(registry.butler, reads).parts)
    text = json.dumps([registry.last_rows(), parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def restate(registry: Registry, one: StatedConstraint) -> StatedConstraint:
    """Evaluate a condition as it is now.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    one : `~workbench.campaigns.definition.constraining.StatedConstraint`
        A constraint; by a set, which never changes, or by an expression.

    Returns
    -------
    constraint : `~workbench.campaigns.definition.constraining.StatedConstraint`
        The same, for the same tasks.
    """
    if not one.constraint.where:
        return one
    now = {item.name: item.forms for item in resolve_expression(registry, one.constraint, frozenset())}
    resolved = tuple(dataclasses.replace(item, forms=now.get(item.name, item.forms)) for item in one.resolved)
    return dataclasses.replace(one, resolved=resolved)


def list_changed_conditions(registry: Registry, preview: Preview) -> list[str]:
    """Say which conditions select other data IDs than when a preview was made.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    preview : `~workbench.graph.Preview`
        A preview of a campaign.

    Returns
    -------
    changes : `list` [ `str` ]
        A phrase for each.
    """
    bound = [item for item in preview.binding.constraints if not item.is_set and not item.of_grouping]
    changes: dict[str, None] = {}
    for said in list_constraints(preview.request.metadata):
        if not said.get("where"):
            continue
        constraint = Constraint(
            str(said["name"]), Mode(said["mode"]), Scope(said["scope"]), where=str(said["where"])
        )
        for now in resolve_expression(registry, constraint, frozenset()):
            for item in bound:
                if item.name == now.name and (phrase := _compare(item, now)):
                    changes[phrase] = None
    return list(changes)


def require_conditions(registry: Registry, preview: Preview) -> None:
    """Refuse a preview whose conditions have come to select other data IDs.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    preview : `~workbench.graph.Preview`
        A preview of a campaign.

    Raises
    ------
    workbench.errors.FenceChangedError
        Raised with the conditions.
    """
    registry.refresh()
    if changes := list_changed_conditions(registry, preview):
        raise FenceChangedError(
            f"What the conditions select has changed since the preview of {preview.request.output!r}: "
            f"{'; '.join(changes)}. Make the preview again and look at it."
        )


def _compare(before: ResolvedConstraint, now: ResolvedConstraint) -> str:
    if len(before.forms) != len(now.forms):
        return f"what {now.name} speaks of"
    for (_, first), (_, second) in zip(before.forms, now.forms, strict=True):
        names: Sequence[str] = second.columns
        if set(first.columns) != set(names):
            return f"what {now.name} speaks of"
        gained, lost = _n_without(second, first.select(names)), _n_without(first.select(names), second)
        if gained or lost:
            return f"the data IDs of {now.name} ({gained} more, {lost} fewer)"
    return ""


def _n_without(frame: pl.DataFrame, other: pl.DataFrame) -> int:
    """Count the rows that another frame has not."""
    return frame.join(other, on=frame.columns, how="anti", nulls_equal=True).height if frame.width else 0
