"""Which visits go into each coadd, as the tasks that make coadds read it."""

from __future__ import annotations

import uuid
from typing import Literal

import polars as pl
from lsst.daf.butler import DimensionGroup

from workbench.errors import GroupingError, UnknownNameError
from workbench.exports.putting import make_put_plan
from workbench.groupings import Grouping
from workbench.registry import Registry
from workbench.registry.plan.plan import Plan
from workbench.registry.plan.puts import PutMapping
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations, key_names, read_data_ids

__all__ = ["SelectionForm", "plan_visit_selection"]

SelectionForm = Literal["visits", "rows"]
"""What a selection dataset holds."""

_PATCH = ("skymap", "tract", "patch", "band")
_VISIT = ["instrument", "visit"]


def plan_visit_selection(
    registry: Registry,
    grouping: Grouping,
    key: str,
    run: str,
    *,
    dataset_type: str,
    form: SelectionForm = "visits",
) -> Plan:
    """Plan to put a selection of visits for each patch and band.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository; nothing is written.
    grouping : `~workbench.groupings.Grouping`
        A grouping of visits, or of visits in each patch; visits alone are
        spread over the patches that they overlap.
    key : `str`
        The group to select.
    run : `str`
        RUN collection, which must not exist.
    dataset_type : `str`
        Dataset type, such as ``goodSeeingVisits``.
    form : `str`, optional
        "visits": a mapping from the numbers of the selected visits to `True`,
        {instrument, skymap, tract, patch, band}, none where nothing is
        selected, as ``BestSeeingSelectVisitsTask`` of pipe_tasks makes it and
        ``AssembleCoaddTask`` reads it.  "rows": every visit of the parent set,
        with whether it is selected and why not, {skymap, tract, patch, band},
        as the demonstration's tasks have it.

    Returns
    -------
    plan : `~workbench.registry.plan.plan.Plan`
        One dataset a patch and band, of the storage class
        ``StructuredDataDict``.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the members are no visits, or none overlaps a patch.
    workbench.errors.UnknownNameError
        Raised if there is no such group or form.
    workbench.errors.BadNameError
        Raised if a dataset type of this name is something else.
    """
    if form not in {"visits", "rows"}:
        raise UnknownNameError(f"There is no form {form!r} of selections; there are visits and rows.")
    reason = f"not in {grouping.label}/{key}"
    selected = _spread(registry, grouping, grouping[key]).with_columns(selected=pl.lit(value=True))
    names = ("instrument", *_PATCH) if form == "visits" else _PATCH
    if form == "visits":
        cells = selected.sort("visit")
    else:
        considered = _spread(registry, grouping, grouping.parent)
        cells = considered.join(selected, on=considered.columns, how="left").sort(_VISIT)
    puts = []
    for cell in cells.sort(names, maintain_order=True).partition_by(names, maintain_order=True):
        content: dict[object, object] = {}
        if form == "visits":
            content = dict.fromkeys(cell["visit"].to_list(), True)
        else:
            content["visits"] = [
                {**visit, "selected": bool(chosen), "reason": "" if chosen else reason}
                for visit, chosen in zip(cell.select(_VISIT).to_dicts(), cell["selected"], strict=True)
            ]
        data_id = tuple((name, cell[name][0]) for name in names)
        puts.append(PutMapping(run, dataset_type, uuid.uuid4(), data_id, content))
    return make_put_plan(
        registry.butler,
        run,
        f"visits of {grouping.label}/{key}, digest {grouping.digest}",
        puts,
        dataset_type=dataset_type,
        dimensions=names,
        storage_classes=("StructuredDataDict",),
    )


def _spread(registry: Registry, grouping: Grouping, rows: DataIdSet) -> pl.DataFrame:
    """Pair visits with patches and bands."""
    if (
        not {"instrument", "visit"}
        <= set(rows.key_names)
        <= {"instrument", "visit", "skymap", "tract", "patch"}
    ):
        raise GroupingError(
            f"{grouping.label} has members of {', '.join(rows.key_names)}; a selection is of visits, in each "
            "patch or whole."
        )
    if "patch" not in rows.key_names:
        rows = rows.with_relations(RepositoryRelations(registry.uri)).expand("patch")
    if not len(rows):
        raise GroupingError(f"No visit of {rows.label} overlaps a patch of a sky map.")
    return _add_band(registry, rows.dimensions, pl.DataFrame(pl.from_arrow(rows.keys)))


def _add_band(registry: Registry, dimensions: DimensionGroup, keys: pl.DataFrame) -> pl.DataFrame:
    visits = pl.DataFrame(pl.from_arrow(read_data_ids(registry.butler, _VISIT))).select(*_VISIT, "band")
    banded = keys.join(visits, on=_VISIT, how="left")
    if len(unbanded := banded.filter(pl.col("band").is_null())):
        first = unbanded.row(0, named=True)["visit"]
        raise GroupingError(
            f"{len(unbanded)} visits have no band, so that no coadd takes them; the first is {first}."
        )
    return banded.select(*key_names(dimensions), "band")
