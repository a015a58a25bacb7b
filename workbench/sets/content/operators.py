"""What ``| & - ^`` and the conversions mean for whole sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import AmbiguousRelationError, NotASetError, RoleError
from workbench.names import quote
from workbench.sets.content import algebra
from workbench.sets.content.canonical import REASON, merge_rows
from workbench.sets.content.conversion import (
    convert_rows,
    describe,
    expand_rows,
    is_natural,
    project_rows,
    relate_rows,
)
from workbench.sets.content.origin import Origin, enclose
from workbench.sets.content.provenance import SetProvenance
from workbench.snapshot import conform, key_names

if TYPE_CHECKING:
    from workbench.sets.content.data_id_set import DataIdSet

__all__ = [
    "changed",
    "converted",
    "expanded",
    "intersect",
    "joined",
    "projected",
    "require_same_group",
    "subtract",
    "unite",
]

RowOperation = Callable[[pa.Table, pa.Table, DimensionGroup], pa.Table]


def unite(left: DataIdSet, right: DataIdSet, operator: str) -> DataIdSet:
    """Combine two sets whose rows end up side by side.

    Parameters
    ----------
    left, right : `DataIdSet`
        Sets of one role, of one dimension group or of visits and exposures.
    operator : `str`
        ``|`` or ``^``.

    Returns
    -------
    data_id_set : `DataIdSet`
        Over the dimensions of the left.
    """
    _require_same_role(left, right, operator)
    other = require_same_group(left, right, operator)
    operation: RowOperation = algebra.union if operator == "|" else algebra.symmetric_difference
    return _combined(left, operation(left.table, other.table, left.dimensions), (left, operator, right))


def intersect(left: DataIdSet, right: DataIdSet) -> DataIdSet:
    """Keep the rows that both sets have.

    Parameters
    ----------
    left, right : `DataIdSet`
        Sets of one role; one may be coarser than the other.

    Returns
    -------
    data_id_set : `DataIdSet`
        Over the finer dimensions.
    """
    _require_same_role(left, right, "&")
    other = _align_exposures(left, right)
    if left.dimensions.names < other.dimensions.names:
        coarse = _lower(left, other)
        rows = algebra.intersection(other.table, coarse.table, coarse.key_names)
        return _combined(replace(other, role=left.role), rows, (left, "&", right))
    if not other.dimensions.names <= left.dimensions.names:
        raise AmbiguousRelationError(_advice(left, "&", right))
    coarse = _lower(other, left)
    rows = algebra.intersection(left.table, coarse.table, coarse.key_names)
    return _combined(left, rows, (left, "&", right))


def subtract(left: DataIdSet, right: DataIdSet) -> DataIdSet:
    """Remove the rows of a set from another.

    Parameters
    ----------
    left, right : `DataIdSet`
        Sets of any roles; one may be coarser than the other.

    Returns
    -------
    data_id_set : `DataIdSet`
        Over the finer dimensions, with the role of the left.
    """
    _require_set(left, right, "-")
    other = _align_exposures(left, right)
    mine, theirs = set(left.key_names), set(other.key_names)
    if other.dimensions.names <= left.dimensions.names:
        fine = left
    elif mine < theirs and theirs - mine == {"detector"}:
        fine = expanded(replace(left, relations=left.relations or right.relations), ("detector",))
    else:
        raise AmbiguousRelationError(_advice(left, "-", right))
    coarse = _lower(other, fine)
    rows = algebra.difference(fine.table, coarse.table, coarse.key_names)
    return _combined(fine, rows, (left, "-", right))


def joined(left: DataIdSet, right: DataIdSet) -> DataIdSet:
    """Return all data IDs over the dimensions of both sets that both agree to.

    Parameters
    ----------
    left, right : `DataIdSet`
        Sets of one role.

    Returns
    -------
    data_id_set : `DataIdSet`
        Over the union of their dimensions.
    """
    _require_same_role(left, right, "join")
    target = left.dimensions | right.dimensions
    mine, theirs = (one.table.select([*one.key_names, REASON]) for one in (left, right))
    if not is_natural(left.dimensions, right.dimensions):
        relations = left.relations or right.relations
        mine = relate_rows(mine, left.dimensions, target, relations, right.key_names)
    return _combined(left, algebra.join(mine, theirs, target), (left, "join", right), target)


def require_same_group(left: DataIdSet, right: DataIdSet, operator: str) -> DataIdSet:
    """Return the right set over the dimensions of the left.

    Parameters
    ----------
    left, right : `DataIdSet`
        Sets of one dimension group, or of visits and exposures.
    operator : `str`
        What was asked, for the message.

    Returns
    -------
    data_id_set : `DataIdSet`
        The right set, converted if need be.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised if the dimensions differ otherwise.
    """
    other = _align_exposures(left, right)
    if other.dimensions != left.dimensions:
        raise AmbiguousRelationError(_advice(left, operator, right))
    return other


def projected(rows: DataIdSet, names: Iterable[str]) -> DataIdSet:
    """Leave dimensions out of a set.

    Parameters
    ----------
    rows : `DataIdSet`
        The finer set.
    names : `~collections.abc.Iterable` [ `str` ]
        Dimensions to keep.

    Returns
    -------
    data_id_set : `DataIdSet`
        The coarser set.
    """
    group = conform(rows.dimensions.universe, names)
    if not set(key_names(group)) <= set(rows.key_names):
        raise AmbiguousRelationError(
            f"A set of {describe(rows.dimensions)} has the key columns {', '.join(rows.key_names)}, so it "
            f"cannot be projected to {describe(group)}.  Select those data IDs with a query instead."
        )
    if group == rows.dimensions:
        return rows
    return changed(rows, f".project({describe(group)})", project_rows(rows.table, group), group)


def expanded(rows: DataIdSet, names: Iterable[str]) -> DataIdSet:
    """Add dimensions to a set.

    Parameters
    ----------
    rows : `DataIdSet`
        The coarser set.
    names : `~collections.abc.Iterable` [ `str` ]
        Dimensions to add.

    Returns
    -------
    data_id_set : `DataIdSet`
        The finer set.
    """
    group = conform(rows.dimensions.universe, [*rows.key_names, *names])
    if group == rows.dimensions:
        return rows
    table = expand_rows(rows.table, rows.dimensions, group, rows.relations)
    return changed(rows, f".expand({describe(group)})", table, group)


def converted(rows: DataIdSet, target: str) -> DataIdSet:
    """Exchange exposures and visits.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    target : `str`
        ``visit`` or ``exposure``.

    Returns
    -------
    data_id_set : `DataIdSet`
        The converted set; the same one if it has the target already.
    """
    if target in rows.key_names:
        return rows
    table, group = convert_rows(rows.table, rows.dimensions, target, rows.relations)
    return changed(rows, f".to_{target}s()", table, group)


def changed(
    rows: DataIdSet, rule: str, table: pa.Table | None = None, dimensions: DimensionGroup | None = None
) -> DataIdSet:
    """Return an unsaved set that was made from one other.

    Parameters
    ----------
    rows : `DataIdSet`
        The other set.
    rule : `str`
        What was done, to append to the rule of the other.
    table : `pyarrow.Table`, optional
        The new rows; without them the same, which nobody has to look up.
    dimensions : `lsst.daf.butler.DimensionGroup`, optional
        The new dimensions.

    Returns
    -------
    data_id_set : `DataIdSet`
        With the provenance of the step.
    """
    is_copy = table is None and rows.name is None and rows.origin is None
    return replace(
        rows,
        table=rows.table if table is None else table,
        dimensions=rows.dimensions if dimensions is None else dimensions,
        provenance=SetProvenance.now(
            author=rows.provenance.author,
            source=rows.provenance.source,
            rule=_rule(rows) + rule,
            parents=_parents(rows),
            note=rows.provenance.note,
        ),
        name=None,
        version=None,
        digests={},
        origin=None if is_copy else Origin.of(rule, rows),
    )


def _combined(
    base: DataIdSet,
    table: pa.Table,
    step: tuple[DataIdSet, str, DataIdSet],
    dimensions: DimensionGroup | None = None,
) -> DataIdSet:
    left, operator, right = step
    provenance = SetProvenance.now(
        author=left.provenance.author,
        rule=f"{_rule(left)} {operator} {_rule(right)}",
        parents=tuple(dict.fromkeys(_parents(left) + _parents(right))),
        note="; ".join(dict.fromkeys(filter(None, (left.provenance.note, right.provenance.note)))),
    )
    return replace(
        base,
        table=table,
        dimensions=base.dimensions if dimensions is None else dimensions,
        provenance=provenance,
        name=None,
        version=None,
        relations=left.relations or right.relations,
        digests={},
        origin=Origin.of(operator, left, right),
    )


def _rule(rows: DataIdSet) -> str:
    if rows.name is not None:
        return rows.label
    return enclose(rows.provenance.rule or rows.provenance.source or "(unsaved)")


def _parents(rows: DataIdSet) -> tuple[str, ...]:
    return rows.provenance.parents if rows.name is None else (rows.label,)


def _require_set(left: DataIdSet, right: object, operator: str) -> None:
    if not isinstance(right, type(left)):
        raise NotASetError(
            f"{operator!r} is between sets, and {quote(right)} is none. Make one of data IDs with "
            "bench.make_set(...), or load a saved one with bench.load(name); 'workbench sets combine' takes "
            "names and files."
        )


def _require_same_role(left: DataIdSet, right: DataIdSet, operator: str) -> None:
    _require_set(left, right, operator)
    if left.role != right.role:
        raise RoleError(
            f"{left.label} is an {left.role} set and {right.label} an {right.role} set: {operator!r} between "
            "them has no meaning.  Write include - exclude, or say what is meant with .with_role(...)."
        )


def _align_exposures(left: DataIdSet, right: DataIdSet) -> DataIdSet:
    """Give the right set visits where the left has visits, or exposures."""
    for target, source in (("visit", "exposure"), ("exposure", "visit")):
        mine, theirs = set(left.key_names), set(right.key_names)
        if target in mine and source not in mine and source in theirs and target not in theirs:
            return converted(replace(right, relations=right.relations or left.relations), target)
    return right


def _lower(coarse: DataIdSet, fine: DataIdSet) -> DataIdSet:
    """Give a coarser set keys that the finer one has: of nights, the visits."""
    if set(coarse.key_names) <= set(fine.key_names):
        return coarse
    relations = fine.relations or coarse.relations
    known = relate_rows(fine.table, fine.dimensions, fine.dimensions, relations, coarse.key_names)
    rows = merge_rows(algebra.intersection(known, coarse.table, coarse.key_names), fine.dimensions)
    return replace(coarse, dimensions=fine.dimensions, table=rows)


def _advice(left: DataIdSet, operator: str, right: DataIdSet) -> str:
    mine, theirs = describe(left.dimensions), describe(right.dimensions)
    small, large = (right, left) if right.dimensions.names < left.dimensions.names else (left, right)
    more = ", ".join(repr(name) for name in large.key_names if name not in small.key_names)
    if set(small.key_names) < set(large.key_names):
        keep = ", ".join(repr(name) for name in small.key_names)
        how = (
            f"convert one of them first: .project([{keep}]) of the finer set, or .expand({more}) of the "
            "coarser one."
        )
    elif small.dimensions.names < large.dimensions.names:
        how = f"convert the coarser one first, with .expand({more})."
    else:
        how = (
            "neither set determines the other.  Bring both to the same dimensions with .project(...), "
            ".expand(...), .to_visits() or .to_exposures(), combine them with .join(...), or select the data "
            "IDs with a query and in_set('NAME')."
        )
    return f"A set of {mine} and a set of {theirs} cannot be combined by {operator!r}: {how}"
