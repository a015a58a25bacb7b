"""Strata: what they require, and sets spread over those on the sky."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from lsst.daf.butler import DimensionUniverse

from workbench.errors import GroupingError
from workbench.groupings.rule import GroupingRule, Rule
from workbench.sets import DataIdSet

__all__ = ["ON_SKY", "close_names", "close_strata", "spread_over", "spread_rows"]

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
    return spread_over(rows, rule.columns, rule.describe())


def spread_over(rows: DataIdSet, columns: Sequence[str], what: str) -> DataIdSet:
    """Spread a set over the tracts and patches among some columns.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        The set.
    columns : `~collections.abc.Sequence` [ `str` ]
        What is to be read.
    what : `str`
        Who reads it, for messages.

    Returns
    -------
    rows : `~workbench.sets.DataIdSet`
        As `spread_rows` returns it.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the set has no regions, or nothing of it overlaps any.
    """
    wanted = [name for name in ON_SKY if name in columns and name not in rows.dimensions.names]
    if not wanted:
        return rows
    if not rows.dimensions.spatial:
        # The Butler would join every row to every patch, without a word.
        raise GroupingError(
            f"{what} works in each {wanted[-1]}, and the Butler has no region for "
            f"{', '.join(rows.key_names)}: turn exposures into visits first, with to_visits()."
        )
    spread = rows.expand(*wanted)
    if not len(spread) and len(rows):
        raise GroupingError(f"{what} works in each {wanted[-1]}, and no row of {rows.label} overlaps any.")
    return spread
