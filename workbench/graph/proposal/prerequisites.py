"""Prerequisite inputs: found in bulk where a query could, deferred to hooks where not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import polars as pl
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode
from lsst.pipe.base.prerequisite_helpers import PrerequisiteFinder, PrerequisiteInfo

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import StockOnlyError
from workbench.graph.proposal.calibrations import Calibrations, match_ranges

__all__ = ["PrerequisiteSearch", "match_calibrations", "read_searches", "times_of"]


@dataclasses.dataclass(frozen=True, eq=False)
class PrerequisiteSearch:
    """How one prerequisite connection of a task is looked up.

    Parameters
    ----------
    label : `str`
        Task label.
    connection : `str`
        Connection name.
    dataset_type : `str`
        Dataset type name.
    finder : `lsst.pipe.base.prerequisite_helpers.PrerequisiteFinder`
        The stock helper.
    info : `lsst.pipe.base.prerequisite_helpers.PrerequisiteInfo`
        The stock helper of the task.
    deferred : `str`
        Why it takes Python for each quantum; empty where it does not.
    """

    label: str
    connection: str
    dataset_type: str
    finder: PrerequisiteFinder
    info: PrerequisiteInfo
    deferred: str


def read_searches(pipeline_graph: PipelineGraph) -> Iterator[PrerequisiteSearch]:
    """Read how prerequisites are looked up.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.

    Yields
    ------
    search : `PrerequisiteSearch`
        One for each prerequisite connection.

    Notes
    -----
    What is deferred is what the stock ``AllDimensionsQuantumGraphBuilder``
    leaves to its base class, but for pixels of the sky of a task without
    regions: those are all that there are.
    """
    for label, task in pipeline_graph.tasks.items():
        info = PrerequisiteInfo(task, pipeline_graph)
        for connection, finder in info.finders.items():
            name = finder.dataset_type_node.name
            yield PrerequisiteSearch(label, connection, name, finder, info, _why_deferred(task, info, finder))


def _why_deferred(task: TaskNode, info: PrerequisiteInfo, finder: PrerequisiteFinder) -> str:
    if finder.lookup_function is not None:
        return "lookup function"
    if finder.dataset_skypix or finder.dataset_other_spatial:
        if info.bounds.spatial_connections:
            return "spatial bounds connections"
        if not task.dimensions.spatial and finder.dataset_other_spatial:
            return "spatial datasets of a task without regions"
    if finder.dataset_has_timespan:
        # The stock builder asks for spatial connections here too.
        if info.bounds.spatial_connections:
            return "temporal bounds connections"
        if not task.dimensions.temporal:
            return "validity ranges of a task without times"
    return ""


def times_of(joins: Joins, quanta: DataIds, calibrations: DataIds) -> tuple[Rows, Rows, Mask]:
    """Return the timespans of quanta.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the records.
    quanta : `~workbench.graph.joins.data_ids.DataIds`
        Data IDs with a temporal dimension.
    calibrations : `~workbench.graph.joins.data_ids.DataIds`
        What they are joined to.

    Returns
    -------
    begin, end : `numpy.ndarray` of `numpy.int64`
        TAI nanoseconds.
    known : `numpy.ndarray` of `bool`
        Whether there is a timespan.

    Raises
    ------
    workbench.graph.joins.operands.StockOnlyError
        Raised if the dimensions have no temporal element, or several
        families of them.
    """
    union = quanta.group.union(calibrations.group)
    families = list(union.temporal)
    if len(families) != 1:
        raise StockOnlyError("validity ranges without a time of observation")
    element = union.universe[families[0].choose(union).name]
    if not set(element.required.names) <= set(quanta.group.names):
        raise StockOnlyError(f"validity ranges joined to the {element.name} of the calibration")
    records = joins.snapshot.stored_records(element.name)
    rows = joins.record_rows(element.name, quanta.relation)
    known = rows >= 0
    bounds = []
    for name in ("timespan_begin", "timespan_end"):
        column = records[name]
        if column.null_count:
            known &= ~np.asarray(column.is_null())[np.maximum(rows, 0)] if len(records) else False
        values = pl.Series(column, dtype=pl.Int64).fill_null(0).to_numpy()
        bounds.append(values[np.maximum(rows, 0)] if len(values) else np.zeros(len(rows), dtype=np.int64))
    return bounds[0], bounds[1], known


def match_calibrations(
    joins: Joins, quanta: DataIds, calibrations: Calibrations, pairs: tuple[Rows, Rows], what: str
) -> tuple[Rows, Rows]:
    """Pair quanta with the calibrations that are valid for them.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the records.
    quanta : `~workbench.graph.joins.data_ids.DataIds`
        Data IDs of a task.
    calibrations : `~workbench.graph.proposal.calibrations.Calibrations`
        What is certified.
    pairs : `tuple`
        Rows of quanta and of ``calibrations.distinct`` that go together.
    what : `str`
        Names the lookup in messages.

    Returns
    -------
    quantum_rows, dataset_rows : `numpy.ndarray` of `numpy.int64`
        Sorted by quantum, then dataset.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if a lookup is ambiguous.
    """
    left, right = pairs
    if not quanta.group.union(calibrations.distinct.group).temporal:
        return _match_any_time(calibrations, left, right, what)
    begin, end, known = times_of(joins, quanta, calibrations.distinct)
    timed = known[left]
    left, right = left[timed], right[timed]
    quantum_rows, dataset_rows = match_ranges(calibrations, left, right, begin[left], end[left], what)
    order = np.lexsort((dataset_rows, quantum_rows))
    return quantum_rows[order], dataset_rows[order]


def _match_any_time(calibrations: Calibrations, left: Rows, right: Rows, what: str) -> tuple[Rows, Rows]:
    """Match where nothing has a time, so that every validity range will do."""
    always = np.full(len(left), np.iinfo(np.int64).min), np.full(len(left), np.iinfo(np.int64).max)
    try:
        quantum_rows, dataset_rows = match_ranges(calibrations, left, right, *always, what)
    except GraphBuildError as error:
        raise StockOnlyError("several validity ranges where nothing has a time") from error
    order = np.lexsort((dataset_rows, quantum_rows))
    return quantum_rows[order], dataset_rows[order]
