"""From one dimension group to another, along the Butler's relations."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import AmbiguousRelationError
from workbench.sets.canonical import REASON, merge_rows
from workbench.snapshot import Relations, conform, key_names

__all__ = ["convert_rows", "describe", "expand_rows", "project_rows"]


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
    table: pa.Table, group: DimensionGroup, target: str, relations: Relations | None
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
    relations : `workbench.snapshot.Relations` or `None`
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
    pairs = pl.DataFrame(pl.from_arrow(relations.visit_definition))
    rows = pl.DataFrame(pl.from_arrow(table.select([*names, REASON])))
    joined = rows.join(pairs, on=["instrument", source]).drop(source)
    return merge_rows(joined.to_arrow(), found), found


def expand_rows(
    table: pa.Table, group: DimensionGroup, target: DimensionGroup, relations: Relations | None
) -> pa.Table:
    """Add detectors to a set of visits or of exposures.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of the set.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.
    target : `lsst.daf.butler.DimensionGroup`
        Dimensions wanted, those of the set among them.
    relations : `workbench.snapshot.Relations` or `None`
        Says which detectors there are.

    Returns
    -------
    table : `pyarrow.Table`
        Keys and reasons of the finer set.

    Raises
    ------
    workbench.errors.AmbiguousRelationError
        Raised if another dimension than detector would be added, or without
        relations.
    """
    have = set(key_names(group))
    if set(key_names(target)) - have != {"detector"} or not have & {"visit", "exposure"}:
        raise AmbiguousRelationError(
            f"There is no relation that a set carries from {describe(group)} to {describe(target)}: sets "
            "expand by detector only.  Select the finer data IDs with a query and use in_set('NAME')."
        )
    if relations is None:
        raise AmbiguousRelationError(_no_relations(describe(group), "detector"))
    rows = pl.DataFrame(pl.from_arrow(table.select([*key_names(group), REASON])))
    if "visit" in have:
        pairs = pl.DataFrame(pl.from_arrow(relations.visits_with_detectors(merge_visits(table))))
        joined = rows.join(pairs, on=["instrument", "visit"])
    else:
        joined = rows.join(pl.DataFrame(pl.from_arrow(relations.detector)), on="instrument")
    return merge_rows(joined.to_arrow(), target)


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
        "with .with_relations(Relations.read(butler)), or read the set with a Butler."
    )
