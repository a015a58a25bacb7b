"""The candidate graph: every quantum that the inputs allow, as integer columns.

`CandidateGraph` is what constraints are applied to.  Nodes are numbered; data
IDs are kept in one polars frame a task or dataset type, so that a constraint
becomes a join and a mask.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.daf.butler import DimensionGroup
from lsst.pipe.base.pipeline_graph import PipelineGraph

__all__ = ["CandidateGraph", "DatasetTypeShape", "TaskShape"]


@dataclasses.dataclass(frozen=True, slots=True)
class TaskShape:
    """What the closure must know about a task of the pipeline.

    Parameters
    ----------
    label : `str`
        Task label.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the task's quanta.
    minimum : `~collections.abc.Mapping` [ `str`, `int` ]
        Least number of datasets of each regular input dataset type without
        which a quantum has no work to do.
    inputs : `frozenset` [ `str` ]
        Dataset types read, prerequisites included.
    upstream : `frozenset` [ `str` ]
        Labels of all tasks that this one depends on, however indirectly.
    downstream : `frozenset` [ `str` ]
        Labels of all tasks that depend on this one, however indirectly.
    """

    label: str
    dimensions: DimensionGroup
    minimum: Mapping[str, int]
    inputs: frozenset[str]
    upstream: frozenset[str]
    downstream: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class DatasetTypeShape:
    """What the binding must know about a dataset type of the pipeline.

    Parameters
    ----------
    name : `str`
        Dataset type name, never a component.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the datasets.
    producer : `str` or `None`
        Label of the task that makes it; `None` for overall inputs.
    """

    name: str
    dimensions: DimensionGroup
    producer: str | None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class CandidateGraph:
    """Quanta, datasets and input edges before any constraint.

    Parameters
    ----------
    tasks : `~collections.abc.Mapping` [ `str`, `TaskShape` ]
        Tasks by label in topological order.
    dataset_types : `~collections.abc.Mapping` [ `str`, `DatasetTypeShape` ]
        Dataset types by name.
    quantum_task : `numpy.ndarray`, shape (n_quanta,)
        Index into ``tasks`` of each quantum.  Quanta are numbered task by
        task in topological order.
    quanta : `~collections.abc.Mapping` [ `str`, `polars.DataFrame` ]
        By task label, the data IDs (all dimensions, implied ones included)
        with the quantum's number in column ``node``.
    datasets : `~collections.abc.Mapping` [ `str`, `polars.DataFrame` ]
        By dataset type, the data IDs with the dataset's number in ``node``.
    producer : `numpy.ndarray`, shape (n_datasets,)
        Number of the quantum that makes each dataset, or -1.
    exists : `numpy.ndarray`, shape (n_datasets,)
        Whether the dataset was found in the input collections.
    edge_dataset, edge_quantum : `numpy.ndarray`, shape (n_edges,)
        The two ends of every input edge.
    edge_type : `numpy.ndarray`, shape (n_edges,)
        Index into ``dataset_types`` of the edge's dataset.
    """

    tasks: Mapping[str, TaskShape]
    dataset_types: Mapping[str, DatasetTypeShape]
    quantum_task: npt.NDArray[np.int64]
    quanta: Mapping[str, pl.DataFrame]
    datasets: Mapping[str, pl.DataFrame]
    producer: npt.NDArray[np.int64]
    exists: npt.NDArray[np.bool_]
    edge_dataset: npt.NDArray[np.int64]
    edge_quantum: npt.NDArray[np.int64]
    edge_type: npt.NDArray[np.int64]

    @property
    def n_quanta(self) -> int:
        """Number of quanta (`int`)."""
        return len(self.quantum_task)

    @property
    def n_edges(self) -> int:
        """Number of input edges (`int`)."""
        return len(self.edge_dataset)

    @property
    def labels(self) -> Sequence[str]:
        """Task labels in topological order (`~collections.abc.Sequence`)."""
        return list(self.tasks)

    def nodes_of(self, label: str) -> npt.NDArray[np.int64]:
        """Return the numbers of a task's quanta.

        Parameters
        ----------
        label : `str`
            Task label.

        Returns
        -------
        nodes : `numpy.ndarray`
            Quantum numbers, ascending.
        """
        return np.flatnonzero(self.quantum_task == self.labels.index(label))

    def edge_producer(self) -> npt.NDArray[np.int64]:
        """Return, for each input edge, the quantum that makes its dataset.

        Returns
        -------
        producer : `numpy.ndarray`, shape (n_edges,)
            Quantum numbers; -1 for overall inputs.
        """
        return self.producer[self.edge_dataset]

    def edges_between(self, dataset_type: str, label: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the edges of one type into one task.

        Parameters
        ----------
        dataset_type : `str`
            Dataset type name.
        label : `str`
            Task label.

        Returns
        -------
        edges : `numpy.ndarray`
            Edge numbers, ascending.
        """
        type_index = list(self.dataset_types).index(dataset_type)
        task_index = self.labels.index(label)
        return np.flatnonzero(
            (self.edge_type == type_index) & (self.quantum_task[self.edge_quantum] == task_index)
        )

    def edge_data_ids(self, dataset_type: str, label: str) -> pl.DataFrame:
        """Return the data IDs of the edges of one type into one task.

        Parameters
        ----------
        dataset_type : `str`
            Dataset type name.
        label : `str`
            Task label.

        Returns
        -------
        frame : `polars.DataFrame`
            The union of the data IDs of both ends, with the edge's number in
            column ``node``.
        """
        edges = self.edges_between(dataset_type, label)
        frame = pl.DataFrame(
            {"node": edges, "dataset": self.edge_dataset[edges], "quantum": self.edge_quantum[edges]}
        )
        frame = frame.join(self.quanta[label].rename({"node": "quantum"}), on="quantum", how="left")
        datasets = self.datasets[dataset_type].rename({"node": "dataset"})
        fresh = [name for name in datasets.columns if name == "dataset" or name not in frame.columns]
        return frame.join(datasets.select(fresh), on="dataset", how="left").drop("dataset", "quantum")


def read_task_shapes(pipeline_graph: PipelineGraph) -> dict[str, TaskShape]:
    """Read what the closure needs from a resolved pipeline graph.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved and sorted.

    Returns
    -------
    shapes : `dict` [ `str`, `TaskShape` ]
        By task label, in topological order.
    """
    upstream: dict[str, set[str]] = {}
    shapes: dict[str, TaskShape] = {}
    for label, node in pipeline_graph.tasks.items():
        producers = (pipeline_graph.producer_of(name) for name in _input_types(node.inputs))
        parents = {producer.label for producer in producers if producer is not None}
        upstream[label] = parents.union(*(upstream[parent] for parent in parents))
    for label, node in pipeline_graph.tasks.items():
        connections = node.get_connections()
        minimum: dict[str, int] = {}
        for edge in node.inputs.values():
            name = edge.parent_dataset_type_name
            least = getattr(connections, edge.connection_name).minimum
            minimum[name] = max(least, minimum.get(name, 0))
        shapes[label] = TaskShape(
            label=label,
            dimensions=node.dimensions,
            minimum=minimum,
            inputs=_input_types(node.inputs) | _input_types(node.prerequisite_inputs),
            upstream=frozenset(upstream[label]),
            downstream=frozenset(other for other, above in upstream.items() if label in above),
        )
    return shapes


def _input_types(edges: Mapping[str, object]) -> frozenset[str]:
    return frozenset(edge.parent_dataset_type_name for edge in edges.values())  # type: ignore[attr-defined]
