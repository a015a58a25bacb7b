"""Strata: what they require, and sets spread over those on the sky."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import GroupingError
from workbench.groupings.rule import GroupingRule, Rule
from workbench.progress import Progress
from workbench.registry import Registry
from workbench.sets import DataIdSet
from workbench.snapshot import conform, key_names, take_snapshot

__all__ = ["ON_SKY", "close_names", "close_strata", "join_sky", "spread_rows"]

ON_SKY = ("skymap", "tract", "patch")
"""Dimensions over which a set is spread by its regions."""


def close_names(by: Iterable[str], universe: DimensionUniverse) -> tuple[str, ...]:
    """Write names out: a patch number means nothing without its tract and sky map.

    Parameters
    ----------
    by : `~collections.abc.Iterable` [ `str` ]
        Dimensions, and other columns.
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.

    Returns
    -------
    by : `tuple` [ `str`, ... ]
        With all that these dimensions require, each once.
    """
    known = universe.dimensions.names
    closed = [
        needed for name in by for needed in ([*universe[name].required.names] if name in known else [name])
    ]
    return tuple(dict.fromkeys(closed))


def close_strata(rule: GroupingRule, universe: DimensionUniverse) -> GroupingRule:
    """Write strata out: a patch number means nothing without its tract and sky map.

    Parameters
    ----------
    rule : `~workbench.groupings.GroupingRule`
        A rule; those with ``by`` have strata.
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.

    Returns
    -------
    rule : `~workbench.groupings.GroupingRule`
        The same, whose strata name all that their dimensions require.
    """
    by: object = getattr(rule, "by", None)
    if not isinstance(rule, Rule) or not isinstance(by, tuple):
        return rule
    return dataclasses.replace(rule, by=close_names(by, universe))  # type: ignore[call-arg]


def spread_rows(registry: Registry, rows: DataIdSet, rule: GroupingRule, progress: Progress) -> DataIdSet:
    """Spread a set over the tracts and patches that a rule reads.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written but the cache of overlaps.
    rows : `~workbench.sets.DataIdSet`
        The set.
    rule : `~workbench.groupings.GroupingRule`
        The rule.
    progress : `~workbench.progress.Progress`
        Called with what is done.

    Returns
    -------
    rows : `~workbench.sets.DataIdSet`
        The set itself, or with each row once for each tract or patch that it
        overlaps, by the Butler's own relations.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the set has no regions, or nothing of it overlaps any.
    """
    wanted = [name for name in ON_SKY if name in rule.columns and name not in rows.dimensions.names]
    if not wanted:
        return rows
    spread = join_sky(registry, rows, rows.keys, wanted, rule.describe(), progress)
    dimensions = conform(registry.universe, [*rows.dimensions.names, *wanted])
    names = list(key_names(dimensions))
    return DataIdSet.from_table(
        registry.universe,
        spread.select(names),
        names,
        rows.role,
        provenance=rows.provenance,
        relations=rows.relations,
    )


def join_sky(
    registry: Registry, rows: DataIdSet, frame: pa.Table, wanted: Sequence[str], what: str, progress: Progress
) -> pa.Table:
    """Join the rows of a set with the tracts or patches that they overlap.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written but the cache of overlaps.
    rows : `~workbench.sets.DataIdSet`
        The set.
    frame : `pyarrow.Table`
        Its keys, and perhaps more columns.
    wanted : `~collections.abc.Sequence` [ `str` ]
        Those of `ON_SKY` that the set lacks.
    what : `str`
        Who reads them, for messages.
    progress : `~workbench.progress.Progress`
        Called with what is done.

    Returns
    -------
    joined : `pyarrow.Table`
        Each row once for each tract or patch, as the Butler joins them, which
        itself takes minutes for 20,000 visits.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the set has no regions, or nothing of it overlaps any.
    """
    if not rows.dimensions.spatial:
        # The Butler would join every row to every patch, without a word.
        raise GroupingError(
            f"{what} works in each {wanted[-1]}, and the Butler has no region for "
            f"{', '.join(rows.key_names)}: turn exposures into visits first, with to_visits()."
        )
    left = pl.DataFrame(pl.from_arrow(frame))
    if len(rows.dimensions.spatial) == 1:
        (family,) = rows.dimensions.spatial
        element, place = family.choose(rows.dimensions).name, wanted[-1]
        snapshot = take_snapshot(registry, [], [], [element, place], progress=progress)
        pairs = snapshot.overlaps(element, place, progress=progress)
        progress(f"joining each {place}")
    else:
        pairs = rows.expand(*wanted).keys
    right = pl.DataFrame(pl.from_arrow(pairs))
    shared = [name for name in right.columns if name in left.columns]
    right = right.with_columns(pl.col(name).cast(left.schema[name]) for name in shared)
    spread = left.join(right, on=shared)
    if not len(spread) and len(left):
        raise GroupingError(f"{what} works in each {wanted[-1]}, and no row of {rows.label} overlaps any.")
    return spread.to_arrow()
