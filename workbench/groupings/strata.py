"""Strata: what they require, and sets spread over those on the sky."""

from __future__ import annotations

import dataclasses

from lsst.daf.butler import DimensionUniverse

from workbench.errors import GroupingError
from workbench.groupings.rule import GroupingRule, Rule
from workbench.sets import DataIdSet

__all__ = ["close_strata", "spread_rows"]

ON_SKY = ("skymap", "tract", "patch")


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
    known = universe.dimensions.names
    closed = [
        needed for name in by for needed in ([*universe[name].required.names] if name in known else [name])
    ]
    return dataclasses.replace(rule, by=tuple(dict.fromkeys(closed)))  # type: ignore[call-arg]


def spread_rows(rows: DataIdSet, rule: GroupingRule) -> DataIdSet:
    """Spread a set over the tracts and patches that a rule reads.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        The set.
    rule : `~workbench.groupings.GroupingRule`
        The rule.

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
    if not rows.dimensions.spatial:
        # The Butler would join every row to every patch, without a word.
        raise GroupingError(
            f"{rule.describe()} works in each {wanted[-1]}, and the Butler has no region for "
            f"{', '.join(rows.key_names)}: turn exposures into visits first, with to_visits()."
        )
    spread = rows.expand(*wanted)
    if not len(spread) and len(rows):
        raise GroupingError(
            f"{rule.describe()} works in each {wanted[-1]}, and no row of {rows.label} overlaps any."
        )
    return spread
