"""Pairs of intra- and extra-focal exposures, as the wavefront tasks read them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import astropy.table
import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.exports.putting import make_put_plan
from workbench.groupings import Grouping
from workbench.groupings.rule import GROUP_KEY, ROLE
from workbench.registry import Registry
from workbench.registry.plan.plan import Plan
from workbench.registry.plan.puts import PutTable
from workbench.sets.content.tables import to_astropy

__all__ = ["PAIR_TABLE", "make_pair_tables", "plan_pair_tables"]

PAIR_TABLE = "donutVisitPairTable"
"""Dataset type that ts_wep and donut_viz read: {instrument}, ``AstropyTable``."""

_ROLES = ("extra", "intra")
_STORAGE_CLASSES = ("AstropyTable", "AstropyQTable")


def make_pair_tables(grouping: Grouping) -> Mapping[str, astropy.table.Table]:
    """List the pairs of a grouping for each instrument.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        Groups of one "extra" and one "intra" visit or exposure, as
        ``pairs(focus=...)`` makes them.

    Returns
    -------
    tables : `~collections.abc.Mapping` [ `str`, `astropy.table.Table` ]
        By instrument: columns ``extra`` and ``intra`` of int64, sorted.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if a group is no such pair.
    """
    observed = [name for name in ("visit", "exposure") if name in grouping.key_names]
    if grouping.key_names != ("instrument", *observed) or len(observed) != 1:
        raise GroupingError(
            f"{grouping.label} has members of {', '.join(grouping.key_names)}; a pair table lists visits or "
            "exposures alone."
        )
    rows = pl.DataFrame(pl.from_arrow(grouping.relation))
    roles = rows.group_by(GROUP_KEY, maintain_order=True).agg(
        pl.col(ROLE).fill_null("none").sort(), pl.col("instrument").n_unique().alias("n_instruments")
    )
    for key, found, n_instruments in roles.iter_rows():
        if tuple(found) != _ROLES or n_instruments != 1:
            raise GroupingError(
                f"Group {key} of {grouping.label} has the roles {', '.join(found)}; a pair table needs one "
                "extra and one intra member of one instrument, as pairs(focus=...) gives them."
            )
    extra, intra = (
        rows.filter(pl.col(ROLE) == role).select(GROUP_KEY, "instrument", pl.col(observed[0]).alias(role))
        for role in _ROLES
    )
    both = extra.join(intra, on=[GROUP_KEY, "instrument"]).sort("instrument", *_ROLES)
    schema = pa.schema([pa.field(role, pa.int64()) for role in _ROLES])
    return {
        str(part["instrument"][0]): to_astropy(part.select(_ROLES).to_arrow().cast(schema))
        for part in both.partition_by("instrument", maintain_order=True)
    }


def plan_pair_tables(
    registry: Registry, grouping: Grouping, run: str, *, dataset_type: str = PAIR_TABLE
) -> Plan:
    """Plan to put the pair table of each instrument.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository; nothing is written.
    grouping : `~workbench.groupings.Grouping`
        The pairs.
    run : `str`
        RUN collection, which must not exist.
    dataset_type : `str`, optional
        Name of the dataset type.

    Returns
    -------
    plan : `~workbench.registry.plan.plan.Plan`
        One dataset an instrument.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if a group is no such pair.
    workbench.errors.BadNameError
        Raised if a dataset type of this name is something else.
    """
    puts = [
        PutTable(
            run,
            dataset_type,
            uuid.uuid4(),
            (("instrument", instrument),),
            tuple((name, tuple(table[name].tolist())) for name in _ROLES),
        )
        for instrument, table in make_pair_tables(grouping).items()
    ]
    return make_put_plan(
        registry.butler,
        run,
        f"pairs of {grouping.label}, digest {grouping.digest}",
        puts,
        dataset_type=dataset_type,
        dimensions=["instrument"],
        storage_classes=_STORAGE_CLASSES,
    )
