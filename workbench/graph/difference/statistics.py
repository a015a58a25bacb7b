"""Statistics of a finished graph: inputs of quanta, coverage of patches, cost."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.columns.schemas import COST_SCHEMA, COVERAGE_SCHEMA, INPUTS_SCHEMA, to_plain_arrow

__all__ = ["count_coverage", "count_inputs", "estimate_cost"]

_PATCH = ("skymap", "tract", "patch")
_VISIT = ("instrument", "visit")
_SECONDS_PER_HOUR = 3600.0


def count_inputs(columns: GraphColumns) -> pa.Table:
    """Count the inputs that the quanta of each task have of each type.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.

    Returns
    -------
    inputs : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.INPUTS_SCHEMA`, one row a connection,
        tasks in the order of the pipeline.  Quanta without any input of a
        connection count as 0.
    """
    rows = []
    for label, quanta in columns.quanta.items():
        for connection, edges in columns.edges_of(label, columns.inputs).items():
            if not len(quanta):
                continue
            number = np.bincount(edges.quantum_row, minlength=len(quanta))
            rows.append(
                {
                    "task": label,
                    "connection": connection,
                    "dataset_type": edges.dataset_type,
                    "quanta": len(quanta),
                    "inputs": len(edges),
                    "min": int(number.min()),
                    "median": float(np.median(number)),
                    "max": int(number.max()),
                }
            )
    return pa.Table.from_pylist(rows, schema=INPUTS_SCHEMA)


def count_coverage(columns: GraphColumns) -> pa.Table:
    """Count the visits that are combined in each patch and band.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.

    Returns
    -------
    coverage : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.COVERAGE_SCHEMA`, sorted: for each task
        that has quanta of patches and reads data of visits, the number of
        distinct visits among these inputs.  ``band`` is null where the
        task's quanta have none.

    Notes
    -----
    Only direct inputs count: a task that measures a coadd reads no visit.
    """
    parts = [_cover_task(columns, label) for label in columns.quanta]
    found = [part for part in parts if part is not None]
    if not found:
        return COVERAGE_SCHEMA.empty_table()
    return to_plain_arrow(pl.concat(found)).cast(COVERAGE_SCHEMA)


def estimate_cost(n_quanta: Mapping[str, int], costs: Mapping[str, float]) -> pa.Table:
    """Estimate what running the quanta of each task costs.

    Parameters
    ----------
    n_quanta : `~collections.abc.Mapping` [ `str`, `int` ]
        Number of quanta by task label.
    costs : `~collections.abc.Mapping` [ `str`, `float` ]
        CPU seconds of one quantum, by task label; tasks may be left out.

    Returns
    -------
    estimate : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.COST_SCHEMA`: one row a task, in the
        order of ``n_quanta``, with CPU seconds a quantum and CPU hours in
        all; null where no cost was given.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for costs of tasks that the graph does not have, or which are
        no number from 0 upwards.
    """
    if stray := sorted(costs.keys() - n_quanta.keys()):
        raise UnknownNameError(
            f"Costs are given for {stray}, but the tasks of this graph are {list(n_quanta)}."
        )
    if wrong := {label: cost for label, cost in costs.items() if not (cost >= 0 and math.isfinite(cost))}:
        raise UnknownNameError(
            f"The costs {wrong} are no CPU seconds of a quantum: give numbers from 0 upwards."
        )
    rows = [
        {
            "task": label,
            "quanta": number,
            "cpu_seconds": costs.get(label),
            "cpu_hours": None if label not in costs else number * costs[label] / _SECONDS_PER_HOUR,
        }
        for label, number in n_quanta.items()
    ]
    return pa.Table.from_pylist(rows, schema=COST_SCHEMA)


def _cover_task(columns: GraphColumns, label: str) -> pl.DataFrame | None:
    quanta = columns.quanta[label].data_ids
    if not set(_PATCH) <= set(quanta.columns) or "visit" in quanta.columns:
        return None
    keys = [*_PATCH, "band"]
    places = quanta.select(
        *_PATCH, pl.col("band") if "band" in quanta.columns else pl.lit(None, dtype=pl.String).alias("band")
    )
    seen = []
    for edges in columns.edges_of(label, columns.inputs).values():
        datasets = columns.datasets.get(edges.dataset_type)
        if datasets is not None and set(_VISIT) <= set(datasets.data_ids.columns):
            visits = datasets.data_ids.select(_VISIT)[edges.dataset_row]
            seen.append(pl.concat([places[edges.quantum_row], visits], how="horizontal"))
    if not seen:
        return None
    counted = pl.concat(seen).unique().group_by(keys).agg(pl.len().cast(pl.Int64).alias("visits"))
    return (
        places.unique()
        .join(counted, on=keys, how="left", nulls_equal=True)
        .sort(keys)
        .select(pl.lit(label).alias("task"), *keys, pl.col("visits").fill_null(0))
    )
