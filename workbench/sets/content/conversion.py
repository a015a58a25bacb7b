"""From one dimension group to another, along the Butler's relations."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import AmbiguousRelationError
from workbench.sets.content.canonical import REASON, merge_rows
from workbench.snapshot import AnyRelations, conform, key_names

__all__ = ["convert_rows", "describe", "expand_rows", "is_natural", "project_rows", "relate_rows"]


def describe(group: DimensionGroup) -> str:
    """Return a dimension group as people write it.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Any dimension group.

    Returns
    -------
    text : `str`
        Required dimensions without governors that others imply, in
        parentheses where there are several: ``visit``, ``(detector, visit)``.
    """
    governed = {
        governor for name in group.required for governor in group.universe[name].required.names - {name}
    }
    names = [name for name in group.required if name not in governed] or list(group.required)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def project_rows(table: pa.Table, group: DimensionGroup) -> pa.Table:
    """Keep some of the key columns, merging rows that become equal.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of a finer set.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions to keep.

    Returns
    -------
    table : `pyarrow.Table`
        Keys and joined reasons; free columns do not survive.
    """
    return merge_rows(table.select([*key_names(group), REASON]), group)


def convert_rows(
    table: pa.Table, group: DimensionGroup, target: str, relations: AnyRelations | None
) -> tuple[pa.Table, DimensionGroup]:
    """Exchange exposure for visit, or visit for exposure.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of the set.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set; has one of the two.
    target : `str`
        ``visit`` or ``exposure``.
    relations : `workbench.snapshot.AnyRelations` or `None`
        Holds ``visit_definition``.

    Returns
    -------
    table : `pyarrow.Table`
        Rows of the new set.  An exposure gives every visit that it is a part
        of, a visit all its exposures; an exposure of no visit, or a visit
        without exposures, gives no row.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the new set.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised if the set has neither dimension, or without relations.
    """
    source = "exposure" if target == "visit" else "visit"
    names = key_names(group)
    if source not in names or target in names:
        raise AmbiguousRelationError(
            f"A set of {describe(group)} cannot become one of {target}s: it has no dimension {source!r} to "
            f"convert.  Use .project(...) to leave dimensions out and .expand(...) to add some."
        )
    if relations is None:
        raise AmbiguousRelationError(_no_relations(describe(group), target))
    found = conform(group.universe, [*(name for name in names if name != source), target])
    pairs = pl.DataFrame(pl.from_arrow(relations.exposures_with_visits(table, source)))
    rows = pl.DataFrame(pl.from_arrow(table.select([*names, REASON])))
    joined = rows.join(pairs, on=["instrument", source]).drop(source)
    return merge_rows(joined.to_arrow(), found), found


def expand_rows(
    table: pa.Table, group: DimensionGroup, target: DimensionGroup, relations: AnyRelations | None
) -> pa.Table:
    """Add dimensions to a set, along the Butler's relations.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of the set.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.
    target : `lsst.daf.butler.DimensionGroup`
        Dimensions wanted, those of the set among them.
    relations : `workbench.snapshot.AnyRelations` or `None`
        Says what belongs together.

    Returns
    -------
    table : `pyarrow.Table`
        Keys and reasons of the finer set.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised without relations, or if they do not reach so far.

    Notes
    -----
    A visit has the detectors of its ``visit_detector_region`` records, or all
    where there are none; an exposure has all detectors.  Everything else is
    what the Butler joins: shared and implied dimensions, ``visit_definition``,
    overlap on the sky and in time.  So a (patch, visit) pair has those of the
    visit's detectors that overlap the patch.
    """
    have = set(key_names(group))
    more = set(key_names(target)) - have
    on_sky_only = len(target.spatial) == 1
    if relations is None:
        raise AmbiguousRelationError(_no_relations(describe(group), ", ".join(sorted(more))))
    rows = pl.DataFrame(pl.from_arrow(table.select([*key_names(group), REASON])))
    if more == {"detector"} and "visit" in have and on_sky_only:
        pairs = pl.DataFrame(pl.from_arrow(relations.visits_with_detectors(merge_visits(table))))
        joined = rows.join(pairs, on=["instrument", "visit"]).to_arrow()
    elif more == {"detector"} and "exposure" in have:
        instruments = [str(name) for name in table["instrument"].unique().to_pylist()]
        pairs = pl.DataFrame(pl.from_arrow(relations.detectors_of(instruments)))
        joined = rows.join(pairs, on="instrument").to_arrow()
    else:
        joined = relate_rows(table, group, target, relations)
    return merge_rows(joined, target)


def relate_rows(
    table: pa.Table,
    group: DimensionGroup,
    target: DimensionGroup,
    relations: AnyRelations | None,
    more: Iterable[str] = (),
) -> pa.Table:
    """Join a set to more dimensions, as a query of the Butler does.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of the set.
    group, target : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set, and those wanted.
    relations : `workbench.snapshot.AnyRelations` or `None`
        Says what belongs together.
    more : `~collections.abc.Iterable` [ `str` ], optional
        Dimensions of the target whose values are wanted, implied or not.

    Returns
    -------
    table : `pyarrow.Table`
        Keys over the target, those of the set, the dimensions asked for, and
        the reason; in no order.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised without relations, or if they do not reach so far.
    """
    if relations is None:
        raise AmbiguousRelationError(_no_relations(describe(group), describe(target)))
    found = relations.related(table, group, target, more)
    if found is None:
        raise AmbiguousRelationError(
            f"The relations of this set do not lead from {describe(group)} to {describe(target)}, but to "
            "detectors only.  Attach those of a repository with .with_relations(bench.sets.relations)."
        )
    names = [*key_names(group)]
    rows = pl.DataFrame(pl.from_arrow(table.select([*names, REASON])))
    others = pl.DataFrame(pl.from_arrow(found))
    joined = rows.join(others, on=names) if names else rows.join(others, how="cross")
    schema = found.schema.append(pa.field(REASON, pa.string()))
    return joined.select(schema.names).to_arrow().cast(schema)


def is_natural(left: DimensionGroup, right: DimensionGroup) -> bool:
    """Tell whether rows of two dimension groups join by their keys alone.

    Parameters
    ----------
    left, right : `lsst.daf.butler.DimensionGroup`
        Dimensions of two sets.

    Returns
    -------
    natural : `bool`
        False where rows that agree in their keys may still not belong
        together: of exposures and visits (``visit_definition``), of visits
        and nights (implied), of visits and tracts (overlap).
    """
    both = left | right
    if not {*left.required, *right.required} <= set(both.required):
        return False
    universe = both.universe
    for name in both.elements:
        if universe[name].defines_relationships and name not in {*left.elements, *right.elements}:
            return False
    return _meet(left, right, both, "spatial") and _meet(left, right, both, "temporal")


def _meet(left: DimensionGroup, right: DimensionGroup, both: DimensionGroup, kind: str) -> bool:
    """Tell whether one of two groups already holds the overlaps of both."""

    def choose(group: DimensionGroup) -> dict[str, object]:
        families = group.spatial if kind == "spatial" else group.temporal
        return {family.name: family.choose(group) for family in families}

    ends = choose(both)
    return len(ends) < 2 or ends in (choose(left), choose(right))


def merge_visits(table: pa.Table) -> pa.Table:
    """Return the visits of some rows, each once.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows with instrument and visit.

    Returns
    -------
    visits : `pyarrow.Table`
        Columns instrument and visit.
    """
    return table.select(["instrument", "visit"]).group_by(["instrument", "visit"]).aggregate([])


def _no_relations(source: str, target: str) -> str:
    return (
        f"This set carries no relations, which say how {source} and {target} belong together.  Attach them "
        "with .with_relations(bench.sets.relations), or make the set with a bench or a Butler."
    )
