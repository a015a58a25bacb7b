"""The candidate graph: every quantum that the inputs allow, as integer columns.

`CandidateGraph` is what constraints are applied to.  Nodes are numbered; data
IDs are codes by task or dataset type, so that a constraint becomes a lookup of
keys and a mask.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np

from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import Relation
from workbench.graph.tasks.shapes import DatasetTypeShape, TaskShape
from workbench.presentation import presented

__all__ = ["CandidateGraph"]


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class CandidateGraph:
    """Quanta, datasets and input edges before any constraint.

    Parameters
    ----------
    tasks : `~collections.abc.Mapping` [ `str`, `TaskShape` ]
        Tasks by label in topological order.
    dataset_types : `~collections.abc.Mapping` [ `str`, `DatasetTypeShape` ]
        Dataset types by name.
    quantum_ids : `~collections.abc.Mapping` [ `str`, `~workbench.graph.joins.data_ids.DataIds` ]
        Data IDs of the quanta by task label.  Quanta are numbered task by
        task, in this order.
    dataset_ids : `~collections.abc.Mapping` [ `str`, `~workbench.graph.joins.data_ids.DataIds` ]
        Data IDs of the datasets by type.  Datasets are numbered type by type,
        in this order.
    producer : `numpy.ndarray` of `numpy.int64`, shape (n_datasets,)
        Number of the quantum that makes each dataset, or -1.
    exists : `numpy.ndarray` of `bool`, shape (n_datasets,)
        Whether the dataset was found in the input collections.
    source : `numpy.ndarray` of `numpy.int64`, shape (n_datasets,)
        Row of each overall input in what the snapshot found, or -1.
    edge_dataset, edge_quantum : `numpy.ndarray`, shape (n_edges,)
        The two ends of every input edge, sorted by task, dataset type,
        quantum and dataset.
    blocks : `~collections.abc.Mapping` [ `tuple` [ `str`, `str` ], `slice` ]
        The edges of each task label and dataset type.

    Notes
    -----
    Made by `assemble`.  Tasks of the same dimensions and inputs share one
    `~workbench.graph.joins.data_ids.DataIds`.
    """

    tasks: Mapping[str, TaskShape]
    dataset_types: Mapping[str, DatasetTypeShape]
    quantum_ids: Mapping[str, DataIds]
    dataset_ids: Mapping[str, DataIds]
    producer: Rows
    exists: Mask
    source: Rows
    edge_dataset: Rows
    edge_quantum: Rows
    blocks: Mapping[tuple[str, str], slice]

    @classmethod
    def assemble(
        cls,
        tasks: Mapping[str, TaskShape],
        dataset_types: Mapping[str, DatasetTypeShape],
        quantum_ids: Mapping[str, DataIds],
        dataset_ids: Mapping[str, DataIds],
        *,
        producers: Mapping[str, Rows],
        sources: Mapping[str, Rows],
        edges: Mapping[tuple[str, str], tuple[Rows, Rows]],
    ) -> CandidateGraph:
        """Number quanta, datasets and edges.

        Parameters
        ----------
        tasks, dataset_types, quantum_ids, dataset_ids : `~collections.abc.Mapping`
            As above.
        producers : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ]
            By dataset type, the row of the producing task's quantum of each
            dataset.
        sources : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` ]
            By dataset type that no task makes, the row in the snapshot, -1
            where there is none.
        edges : `~collections.abc.Mapping`
            By task label and dataset type, rows of quanta and of datasets,
            sorted by quantum, then dataset.

        Returns
        -------
        graph : `CandidateGraph`
            With numbers in place of rows.
        """
        quantum_start = _starts(quantum_ids)
        dataset_start = _starts(dataset_ids)
        producer = np.full(sum(map(len, dataset_ids.values())), -1, dtype=np.int64)
        source = producer.copy()
        for name, ids in dataset_ids.items():
            span = slice(dataset_start[name], dataset_start[name] + len(ids))
            if name in producers:
                maker = dataset_types[name].producer
                assert maker is not None, "only what tasks make has producers"
                np.add(producers[name], quantum_start[maker], out=producer[span])
            elif name in sources:
                source[span] = sources[name]
        order = {label: place for place, label in enumerate(tasks)}
        blocks: dict[tuple[str, str], slice] = {}
        done = 0
        for label, name in sorted(edges, key=lambda block: order[block[0]]):
            blocks[label, name] = slice(done, done + len(edges[label, name][0]))
            done = blocks[label, name].stop
        # Filled in place: these are the largest arrays that there are.
        edge_dataset, edge_quantum = np.empty(done, dtype=np.int64), np.empty(done, dtype=np.int64)
        for (label, name), block in blocks.items():
            quantum_rows, dataset_rows = edges[label, name]
            np.add(quantum_rows, quantum_start[label], out=edge_quantum[block])
            np.add(dataset_rows, dataset_start[name], out=edge_dataset[block])
        return cls(
            tasks=tasks,
            dataset_types=dataset_types,
            quantum_ids=quantum_ids,
            dataset_ids=dataset_ids,
            producer=producer,
            exists=source >= 0,
            source=source,
            edge_dataset=edge_dataset,
            edge_quantum=edge_quantum,
            blocks=blocks,
        )

    @functools.cached_property
    def quantum_start(self) -> Mapping[str, int]:
        """Number of the first quantum of each task (`~collections.abc.Mapping`)."""
        return _starts(self.quantum_ids)

    @functools.cached_property
    def dataset_start(self) -> Mapping[str, int]:
        """Number of the first dataset of each type (`~collections.abc.Mapping`)."""
        return _starts(self.dataset_ids)

    @property
    def n_quanta(self) -> int:
        """Number of quanta (`int`)."""
        return sum(map(len, self.quantum_ids.values()))

    @property
    def n_edges(self) -> int:
        """Number of input edges (`int`)."""
        return len(self.edge_dataset)

    @functools.cached_property
    def labels(self) -> Sequence[str]:
        """Task labels in topological order (`~collections.abc.Sequence`)."""
        return list(self.tasks)

    def span(self, label: str) -> slice:
        """Return where the quanta of a task stand among all.

        Parameters
        ----------
        label : `str`
            Task label.

        Returns
        -------
        span : `slice`
            Of arrays over quanta.
        """
        start = self.quantum_start[label]
        return slice(start, start + len(self.quantum_ids[label]))

    def dataset_span(self, name: str) -> slice:
        """Return where the datasets of a type stand among all.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        span : `slice`
            Of arrays over datasets.
        """
        start = self.dataset_start[name]
        return slice(start, start + len(self.dataset_ids[name]))

    @functools.cached_property
    def _spans(self) -> Mapping[str, slice]:
        spans = {label: slice(0, 0) for label in self.tasks}
        for (label, _), block in self.blocks.items():
            spans[label] = slice(spans[label].start if spans[label].stop else block.start, block.stop)
        return spans

    def edge_span(self, label: str) -> slice:
        """Return where the input edges of a task stand among all.

        Parameters
        ----------
        label : `str`
            Task label.

        Returns
        -------
        span : `slice`
            Of arrays over edges.
        """
        return self._spans[label]

    def nodes_of(self, label: str) -> Rows:
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
        span = self.span(label)
        return np.arange(span.start, span.stop)

    def task_of(self, quantum: int) -> str:
        """Return the task of a quantum.

        Parameters
        ----------
        quantum : `int`
            Number of a quantum.

        Returns
        -------
        label : `str`
            Task label.
        """
        return next(label for label in self.tasks if quantum < self.span(label).stop)

    def type_of(self, dataset: int) -> str:
        """Return the type of a dataset.

        Parameters
        ----------
        dataset : `int`
            Number of a dataset.

        Returns
        -------
        name : `str`
            Dataset type name.
        """
        return next(name for name in self.dataset_ids if dataset < self.dataset_span(name).stop)

    def data_id(self, quantum: int) -> dict[str, object]:
        """Return the data ID of a quantum.

        Parameters
        ----------
        quantum : `int`
            Number of a quantum.

        Returns
        -------
        data_id : `dict` [ `str`, `object` ]
            All dimensions, implied ones included.
        """
        label = self.task_of(quantum)
        row = np.array([quantum - self.quantum_start[label]])
        frame = self.quantum_ids[label].take(row).frame
        return frame.row(0, named=True) if frame.width else {}

    @functools.cached_property
    def edge_producer(self) -> Rows:
        """For each input edge, the quantum that makes its dataset, or -1 (`numpy.ndarray`)."""
        return self.producer[self.edge_dataset]

    def edges_between(self, dataset_type: str, label: str) -> Rows:
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
        block = self.blocks.get((label, dataset_type), slice(0, 0))
        return np.arange(block.start, block.stop)

    def edge_relation(self, dataset_type: str, label: str, names: Sequence[str]) -> Relation:
        """Return dimensions of both ends of edges.

        Parameters
        ----------
        dataset_type : `str`
            Dataset type name.
        label : `str`
            Task label.
        names : `~collections.abc.Sequence` [ `str` ]
            Dimensions of the quantum or of the dataset.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            One row an edge; the quantum's value where both ends have one.
        """
        block = self.blocks[label, dataset_type]
        quanta, datasets = self.quantum_ids[label], self.dataset_ids[dataset_type]
        quantum_rows = self.edge_quantum[block] - self.quantum_start[label]
        dataset_rows = self.edge_dataset[block] - self.dataset_start[dataset_type]
        columns = {
            name: quanta.columns[name][quantum_rows]
            if name in quanta.columns
            else datasets.columns[name][dataset_rows]
            for name in names
        }
        return Relation(quanta.relation.codes, columns, len(quantum_rows))


def _starts(ids: Mapping[str, DataIds]) -> dict[str, int]:
    starts, done = {}, 0
    for name, found in ids.items():
        starts[name] = done
        done += len(found)
    return starts
