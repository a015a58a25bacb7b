"""What must hold of a graph in columns, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.graph.columns.parts import DatasetColumns, EdgeColumns, Mask, QuantumColumns
from workbench.graph.tasks.overrides import overridden_hooks

__all__ = ["Checked", "iter_problems"]


class Checked(Protocol):
    """What is checked of `~workbench.graph.columns.graph_columns.GraphColumns`."""

    @property
    def pipeline_graph(self) -> PipelineGraph:
        """The pipeline (`lsst.pipe.base.pipeline_graph.PipelineGraph`)."""

    @property
    def quanta(self) -> Mapping[str, QuantumColumns]:
        """Quanta by task label (`~collections.abc.Mapping`)."""

    @property
    def datasets(self) -> Mapping[str, DatasetColumns]:
        """Datasets by dataset type (`~collections.abc.Mapping`)."""

    @property
    def inputs(self) -> Mapping[tuple[str, str], EdgeColumns]:
        """Edges to inputs by task label and connection (`~collections.abc.Mapping`)."""

    @property
    def outputs(self) -> Mapping[tuple[str, str], EdgeColumns]:
        """Edges to outputs by task label and connection (`~collections.abc.Mapping`)."""


def iter_problems(columns: Checked) -> Iterator[str]:
    """Tell what contradicts itself in the columns of a graph.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        Any graph.

    Yields
    ------
    problem : `str`
        One sentence without its full stop; none for a graph that is right.

    Notes
    -----
    Whole columns are compared: a graph of 10^7 edges takes about a second.
    """
    if unknown := columns.quanta.keys() - columns.pipeline_graph.tasks.keys():
        yield f"the pipeline has no tasks {sorted(unknown)}"
        return
    for label, quanta in columns.quanta.items():
        yield from _check_ids(f"quanta of {label}", quanta)
        yield from _check_connections(columns, label)
    for name, datasets in columns.datasets.items():
        yield from _check_ids(f"datasets of {name}", datasets)
        if len(datasets.run) != len(datasets) or not _within(datasets.run, len(datasets.runs)):
            yield f"runs of {name} do not fit its datasets"
    made = {name: np.zeros(len(datasets), dtype=np.bool_) for name, datasets in columns.datasets.items()}
    read = {name: np.zeros(len(datasets), dtype=np.bool_) for name, datasets in columns.datasets.items()}
    data_ids = _DataIds()
    for side, mark in ((columns.inputs, read), (columns.outputs, made)):
        for (label, connection), edges in side.items():
            problems = list(_check_rows(columns, f"{label}.{connection}", label, edges))
            yield from problems
            if problems or not len(edges):
                continue
            mark[edges.dataset_type][edges.dataset_row] = True
            if not _is_free(columns.pipeline_graph.tasks[label], edges.dataset_type):
                quanta, datasets = columns.quanta[label], columns.datasets[edges.dataset_type]
                yield from data_ids.compare(f"{label}.{connection}", edges, quanta, datasets)
    for name, datasets in columns.datasets.items():
        if not (used := read[name] | made[name]).all():
            yield f"{int((~used).sum())} datasets of {name} have no edge"
        if (lost := read[name] & ~made[name] & ~_exists(datasets)).any():
            yield (
                f"{int(lost.sum())} datasets of {name} are read, but neither exist nor are made by "
                f"a quantum, such as {_show(datasets.data_ids, int(np.flatnonzero(lost)[0]))}"
            )


def _exists(datasets: DatasetColumns) -> Mask:
    """Tell which datasets exist; an ID of zeros is of nothing."""
    known: Mask = np.asarray(datasets.uuids.any(axis=1))
    return known if datasets.exists is None else known & datasets.exists


def _check_ids(what: str, columns: QuantumColumns | DatasetColumns) -> Iterator[str]:
    if columns.uuids.shape != (len(columns), 16) or columns.uuids.dtype != np.uint8:
        yield f"UUIDs of the {what} are not 16 bytes each"
    if columns.data_ids.width and columns.data_ids.height != len(columns):
        yield f"there are {columns.data_ids.height} data IDs and {len(columns)} UUIDs of the {what}"


def _check_connections(columns: Checked, label: str) -> Iterator[str]:
    node = columns.pipeline_graph.tasks[label]
    for word, side, stock in (
        ("inputs", columns.inputs, node.iter_all_inputs()),
        ("outputs", columns.outputs, node.iter_all_outputs()),
    ):
        wanted = [edge.connection_name for edge in stock]
        if (found := [connection for task, connection in side if task == label]) != wanted and len(
            columns.quanta[label]
        ):
            yield f"{label} has the {word} {found}, not {wanted}"


def _check_rows(columns: Checked, what: str, label: str, edges: EdgeColumns) -> Iterator[str]:
    name = edges.dataset_type
    if name not in columns.datasets or label not in columns.quanta:
        if len(edges):
            yield f"{what} has edges, but no quanta or no {name}"
        return
    n_datasets = len(columns.datasets[name])
    if len(edges.quantum_row) != len(edges.dataset_row):
        yield f"edges of {what} have {len(edges.quantum_row)} quanta and {len(edges.dataset_row)} datasets"
        return
    if not _within(edges.quantum_row, len(columns.quanta[label])) or not _within(
        edges.dataset_row, n_datasets
    ):
        yield f"edges of {what} name rows that do not exist"
        return
    key = edges.quantum_row * max(n_datasets, 1) + edges.dataset_row
    if len(key) > 1 and not (key[1:] > key[:-1]).all():
        yield f"edges of {what} are not sorted, or not distinct"


def _is_free(task: TaskNode, dataset_type: str) -> bool:
    """Tell whether a task may pair its quanta with datasets of any data ID.

    A lookup function finds what it likes, and ``adjust_all_quanta`` moves
    datasets between quanta.  Of a class that is not imported, nothing of this
    is known.
    """
    if not task.is_imported or overridden_hooks(task).adjust_all_quanta:
        return True
    return any(
        edge.parent_dataset_type_name == dataset_type
        and task.get_lookup_function(edge.connection_name) is not None
        for edge in task.prerequisite_inputs.values()
    )


class _DataIds:
    """Compares the data IDs of the two ends of edges, by a hash of what they share."""

    def __init__(self) -> None:
        # Frames are shared by tasks and dataset types; kept, so that ids stay taken.
        self._hashes: dict[tuple[int, tuple[str, ...]], tuple[npt.NDArray[np.uint64], pl.DataFrame]] = {}

    def compare(
        self, what: str, edges: EdgeColumns, quanta: QuantumColumns, datasets: DatasetColumns
    ) -> Iterator[str]:
        known = set(datasets.data_ids.columns)
        shared = tuple(name for name in quanta.data_ids.columns if name in known)
        if not shared:
            return
        left, right = self._hash(quanta.data_ids, shared), self._hash(datasets.data_ids, shared)
        wrong = left[edges.quantum_row] != right[edges.dataset_row]
        if not wrong.any():
            return
        first = int(np.flatnonzero(wrong)[0])
        one = _show(quanta.data_ids, int(edges.quantum_row[first]))
        other = _show(datasets.data_ids, int(edges.dataset_row[first]))
        differ = [name for name in shared if one[name] != other[name]]
        yield (
            f"{int(wrong.sum())} of {len(edges)} edges of {what} join a quantum with a "
            f"{edges.dataset_type} of another {' and '.join(differ)}, the first {one} with {other}"
        )

    def _hash(self, frame: pl.DataFrame, names: tuple[str, ...]) -> npt.NDArray[np.uint64]:
        key = (id(frame), names)
        if key not in self._hashes:
            self._hashes[key] = (frame.select(names).hash_rows(seed=0).to_numpy(), frame)
        return self._hashes[key][0]


def _show(data_ids: pl.DataFrame, row: int) -> Mapping[str, Any]:
    return data_ids.row(row, named=True) if data_ids.width else {}


def _within(values: npt.NDArray[Any], length: int) -> bool:
    return not len(values) or (int(values.min()) >= 0 and int(values.max()) < length)
