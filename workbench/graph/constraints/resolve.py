"""Resolving constraints: from expressions and sets to tables of keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import polars as pl
from lsst.daf.butler import DimensionGroup

from workbench.errors import BindingError
from workbench.graph.constraints.constraint import Constraint, ResolvedConstraint, Scope
from workbench.query import Term, read_terms, select, tell_many
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import conform, key_names

__all__ = ["resolve_expression", "resolve_set"]

_SEPARATE = 30
"""Conditions on the same dimensions that are told apart: each is read, bound and counted by itself."""


def resolve_set(constraint: Constraint, rows: DataIdSet, labels: frozenset[str]) -> ResolvedConstraint:
    """Resolve a constraint by a set.

    Parameters
    ----------
    constraint : `Constraint`
        As the user stated it.
    rows : `~workbench.sets.DataIdSet`
        The set.
    labels : `frozenset` [ `str` ]
        Labels of the tasks in scope.

    Returns
    -------
    resolved : `ResolvedConstraint`
        With the set converted between exposures and visits as a second form.
    """
    forms = [(rows.dimensions, _keys(rows))]
    links = None
    for source, target in (("exposure", "visit"), ("visit", "exposure")):
        if source in rows.key_names and target not in rows.key_names:
            # One relation serves both: without the source, it is the set over the target.
            links = _keys(rows.expand(target))
            group = conform(rows.dimensions.universe, [target, *(set(rows.key_names) - {source})])
            names = list(key_names(group))
            forms.append((group, links.select(names).unique().sort(names)))
    resolved = _resolved(constraint, _name_set(constraint.name, rows), labels, forms)
    return dataclasses.replace(resolved, links=links)


def _name_set(name: str, rows: DataIdSet) -> str:
    """Name a set in previews; where flags of notes made it, its rule says which (design, "Annotations")."""
    rule = rows.provenance.rule
    return f"{name} ({rule})" if "annotations." in rule and rule not in name else name


def resolve_expression(
    registry: Registry, constraint: Constraint, labels: frozenset[str]
) -> tuple[ResolvedConstraint, ...]:
    """Resolve a constraint by an expression, conjunct by conjunct.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    constraint : `Constraint`
        As the user stated it.
    labels : `frozenset` [ `str` ]
        Labels of the tasks in scope.

    Returns
    -------
    resolved : `tuple` [ `ResolvedConstraint`, ... ]
        One for each conjunct; where more than `_SEPARATE` of them speak of the
        same dimensions, and bind alike, one for all of these.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is wrong.
    workbench.errors.BindingError
        Raised if a conjunct leaves open which data IDs it speaks of.

    Notes
    -----
    Governors are those of the whole expression: ``visit = 5`` beside
    ``instrument = 'HSC'`` is of that instrument alone.
    """
    resolved = []
    for term in _join_many(read_terms(registry, constraint.where)):
        if term.dimensions is None:
            raise BindingError(
                f"{term.text!r} leaves open whether it speaks of visits, exposures or something "
                "else. Select a "
                f'set first, such as bench.select("visit", "{term.text}"), or by the command '
                "'workbench select', and constrain by that."
            )
        if not term.dimensions.names:
            raise BindingError(
                f"{term.text!r} speaks of no dimension, so that there is nothing to constrain."
            )
        found = select(registry, term.dimensions.required, term.where)
        keys = pl.DataFrame(pl.from_arrow(found.keys))
        one = _resolved(constraint, term.text, labels, [(term.dimensions, keys)])
        resolved.append(dataclasses.replace(one, notes=found.notes))
    return tuple(resolved)


def _join_many(terms: Sequence[Term]) -> list[Term]:
    """Make one condition of those on the same dimensions, where there are too many to be told apart."""
    alike: dict[DimensionGroup | None, list[Term]] = {}
    for term in terms:
        alike.setdefault(term.dimensions, []).append(term)
    joined = []
    for dimensions, some in alike.items():
        if dimensions is None or len(some) <= _SEPARATE:
            joined += some
            continue
        beside = list(dict.fromkeys(text for one in some for text in one.beside))
        name = tell_many([one.text for one in some])
        joined.append(Term(name, dimensions, tuple(beside), " AND ".join(one.operand for one in some)))
    return joined


def _resolved(
    constraint: Constraint,
    name: str,
    labels: frozenset[str],
    forms: list[tuple[DimensionGroup, pl.DataFrame]],
) -> ResolvedConstraint:
    return ResolvedConstraint(
        name=name,
        mode=constraint.mode,
        scope=constraint.scope,
        tasks=labels if constraint.scope is not Scope.DATASET_TYPE else frozenset(),
        dataset_type=constraint.dataset_type,
        forms=tuple(forms),
        is_set=not constraint.where,
    )


def _keys(rows: DataIdSet) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(rows.keys))
