"""Who is combined with whom, and how deep it gets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumDatasetsModel

from workbench.errors import GraphBuildError
from workbench.graph import opening_graph

__all__ = ["COVERAGE_SCHEMA", "PAIR_SCHEMA", "make_coverage", "make_pairs"]

_PAIR: dict[str, pa.DataType] = {
    "task": pa.string(),
    "skymap": pa.string(),
    "tract": pa.int64(),
    "patch": pa.int64(),
    "band": pa.string(),
    "instrument": pa.string(),
    "visit": pa.int64(),
}
PAIR_SCHEMA = pa.schema(_PAIR)
"""A visit that a task takes into a patch and band."""

_COVERAGE: dict[str, pa.DataType] = {
    "task": pa.string(),
    "skymap": pa.string(),
    "tract": pa.int64(),
    "patch": pa.int64(),
    "band": pa.string(),
    "n_visits": pa.int64(),
    "n_measured": pa.int64(),
    "depth": pa.float64(),
}
COVERAGE_SCHEMA = pa.schema(_COVERAGE)
"""Visits of a patch and band; ``depth`` in mag of the ``n_measured`` visits that have one."""

_CELL = ["task", "skymap", "tract", "patch", "band"]


def make_pairs(graph: str | Path) -> pa.Table:
    """List the visits that each task of a graph takes into each patch and band.

    Parameters
    ----------
    graph : `str` or `pathlib.Path`
        A predicted graph file.

    Returns
    -------
    pairs : `pyarrow.Table`
        Rows of `PAIR_SCHEMA`, sorted, for the tasks whose quanta have a patch
        and a band but no visit, and take inputs that have a visit.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if there is no graph file.
    """
    path = Path(graph)
    if not path.is_file():
        raise GraphBuildError(f"There is no graph file {path}. Commit the campaign first, or check the path.")
    with opening_graph(path) as reader:
        reader.read_quantum_datasets()
        components = reader.components
    rows = list(_iter_pairs(components.pipeline_graph, components.quantum_datasets.values()))
    pairs = pl.DataFrame(pa.Table.from_pylist(rows, schema=PAIR_SCHEMA)).unique().sort(PAIR_SCHEMA.names)
    return pairs.to_arrow().cast(PAIR_SCHEMA)


def make_coverage(pairs: pa.Table, metrics: pa.Table | None = None) -> pa.Table:
    """Count visits by patch and band, and combine their depths.

    Parameters
    ----------
    pairs : `pyarrow.Table`
        As made by `make_pairs`.
    metrics : `pyarrow.Table`, optional
        Columns ``instrument``, ``visit`` and ``m5``, the 5-sigma depth of a
        visit in mag.

    Returns
    -------
    coverage : `pyarrow.Table`
        Rows of `COVERAGE_SCHEMA`, sorted.  The depth is that of an average by
        inverse variance of the visits with an ``m5``, as if each covered the
        whole patch: 1.25 log10 of the sum of 10^(0.8 m5).
    """
    visits = pl.DataFrame(pairs)
    if metrics is None:
        visits = visits.with_columns(pl.lit(None, pl.Float64).alias("m5"))
    else:
        measured = pl.DataFrame(metrics.select(["instrument", "visit", "m5"]))
        visits = visits.join(measured, on=["instrument", "visit"], how="left")
    n_measured = pl.col("m5").is_not_null().sum()
    information = (10.0 ** (0.8 * pl.col("m5"))).sum()
    coverage = visits.group_by(_CELL).agg(
        pl.len().alias("n_visits"),
        n_measured.alias("n_measured"),
        pl.when(n_measured > 0).then(1.25 * information.log10()).alias("depth"),
    )
    return coverage.sort(_CELL).to_arrow().select(COVERAGE_SCHEMA.names).cast(COVERAGE_SCHEMA)


def _iter_pairs(
    pipeline: PipelineGraph, quanta: Iterable[PredictedQuantumDatasetsModel]
) -> Iterator[dict[str, object]]:
    for quantum in quanta:
        dimensions = pipeline.tasks[quantum.task_label].dimensions
        if not {"patch", "band"} <= dimensions.names or "visit" in dimensions:
            continue
        cell = dict(zip(dimensions.data_coordinate_keys, quantum.data_coordinate, strict=True))
        for dataset in itertools.chain.from_iterable(quantum.inputs.values()):
            keys = pipeline.dataset_types[dataset.dataset_type_name].dimensions.data_coordinate_keys
            if "visit" in keys:
                visit = dict(zip(keys, dataset.data_coordinate, strict=True))
                row = {**visit, **cell, "task": quantum.task_label}
                yield {name: row[name] for name in PAIR_SCHEMA.names}
