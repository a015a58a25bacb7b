"""Notes that concern a dataset through what it was made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DataIdValue

from workbench.errors import UnknownNameError
from workbench.provenance.lineage import UNREACHED, Lineage
from workbench.sets import describe_data_ids

__all__ = ["find_dataset", "inherit_notes"]


def inherit_notes(
    notes: pa.Table,
    dimensions: tuple[str, ...],
    lineage: Lineage,
    datasets: pl.DataFrame,
    dataset_ids: Sequence[str],
) -> pa.Table:
    """Select the notes that concern a dataset, or one of several, and say how far off they are.

    Parameters
    ----------
    notes : `pyarrow.Table`
        Current notes.
    dimensions : `tuple` [ `str`, ... ]
        The dimension columns of ``notes``.
    lineage : `Lineage`
        What ran.
    datasets : `polars.DataFrame`
        Rows of ``prov_dataset``, one a dataset.
    dataset_ids : `~collections.abc.Sequence` [ `str` ]
        The datasets, which are in ``lineage``.

    Returns
    -------
    inherited : `pyarrow.Table`
        The notes on the dataset and all datasets that it depends on, on the
        RUN collections that those are in, and on data IDs that the dataset
        contains (a bad visit does not concern the coadd that left it out);
        with a column ``distance``, the number of quanta between
        (0 is the dataset itself), nearest first.
    """
    rows = notes.to_pylist()
    nearest: list[int | None] = [None] * len(rows)
    for dataset_id in dataset_ids:
        found = _measure_notes(rows, dimensions, lineage, datasets, dataset_id)
        both = zip(nearest, found, strict=True)
        nearest = [min((one for one in pair if one is not None), default=None) for pair in both]
    column = pa.array(nearest, pa.int64())
    inherited = notes.append_column("distance", column).filter(column.is_valid())
    return inherited.sort_by([("distance", "ascending"), ("row_id", "ascending")])


def _measure_notes(
    rows: Sequence[Mapping[str, Any]],
    dimensions: tuple[str, ...],
    lineage: Lineage,
    datasets: pl.DataFrame,
    dataset_id: str,
) -> list[int | None]:
    """Measure how far notes are upstream of a dataset; `None` for those that do not concern it."""
    upstream = lineage.measure_upstream(lineage.find(dataset_id))
    near = lineage.nodes.select("id", pl.Series("distance", upstream)).filter(pl.col("distance") != UNREACHED)
    by_dataset = dict(near.iter_rows())
    runs = (
        datasets.join(near, left_on="dataset_id", right_on="id").group_by("run").agg(pl.col("distance").min())
    )
    by_run = dict(runs.iter_rows())
    reaches = _Containment(lineage, lineage.find(dataset_id))
    distances: list[int | None] = []
    for row in rows:
        match row["kind"]:
            case "dataset":
                distances.append(by_dataset.get(row["dataset_id"]))
            case "collection":
                distances.append(by_run.get(row["collection"]))
            case _:
                data_id = {name: row[name] for name in dimensions if row[name] is not None}
                distances.append(reaches.measure(tuple(data_id.items())))
    return distances


def find_dataset(
    datasets: pl.DataFrame, dataset_type: str | None, data_id: Mapping[str, DataIdValue], run: str | None
) -> str:
    """Find the newest dataset of a type and data ID.

    Parameters
    ----------
    datasets : `polars.DataFrame`
        Rows of ``prov_dataset``, oldest commit first.
    dataset_type : `str` or `None`
        Its type.
    data_id : `~collections.abc.Mapping`
        Its required dimensions, or as many as tell it from others.
    run : `str` or `None`
        Its RUN collection, or any.

    Returns
    -------
    dataset_id : `str`
        UUID.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is none, or if several data IDs fit.
    """
    of_type = datasets.filter(pl.col("dataset_type") == (dataset_type or ""))
    if run is not None:
        of_type = of_type.filter(pl.col("run") == run)
    fits = pl.Series(
        [json.loads(text).items() >= data_id.items() for text in of_type["data_id"]], dtype=pl.Boolean
    )
    found = of_type.filter(fits)
    asked = " ".join([str(dataset_type), *([describe_data_ids([data_id])] if data_id else [])]) + (
        f" in {run}" if run else ""
    )
    if found.is_empty():
        known = ", ".join(sorted(datasets["dataset_type"].unique())) or "none"
        raise UnknownNameError(
            f"No graph that was committed has the dataset {asked}; their dataset types are {known}."
        )
    if found["data_id"].n_unique() > 1:
        raise UnknownNameError(
            f"{found['data_id'].n_unique()} datasets are {asked}, among them "
            f"{describe_data_ids([json.loads(found['data_id'][0])])}; "
            "name all required dimensions."
        )
    return str(found["dataset_id"][-1])


class _Containment:
    """Asks how far a node is from data IDs that it contains, each one once."""

    def __init__(self, lineage: Lineage, node: npt.NDArray[np.bool_]):
        self._lineage = lineage
        self._node = node
        self._known: dict[tuple[tuple[str, int | str], ...], int | None] = {}

    def measure(self, data_id: tuple[tuple[str, int | str], ...]) -> int | None:
        """Return the distance, or `None` if the data ID is not contained."""
        if data_id not in self._known:
            distance = int(self._lineage.measure_containment([dict(data_id)])[self._node][0])
            self._known[data_id] = None if distance == UNREACHED else distance
        return self._known[data_id]
