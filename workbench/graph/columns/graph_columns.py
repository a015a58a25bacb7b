"""The columnar form of a finished predicted quantum graph.

The builder makes it and the writer writes it.  It is content, not process:
what was pruned and why is elsewhere.  `GraphColumns` says what must hold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import HeaderModel, PredictedInitQuantaModel

from workbench.errors import GraphBuildError
from workbench.graph.columns.check import iter_problems
from workbench.graph.columns.parts import (
    DatasetColumns,
    DatastoreColumns,
    EdgeColumns,
    Mask,
    QuantumColumns,
    Rows,
    Uuids,
    data_id_schema,
)
from workbench.presentation import presented

__all__ = [
    "DatasetColumns",
    "DatastoreColumns",
    "EdgeColumns",
    "GraphColumns",
    "Mask",
    "QuantumColumns",
    "Rows",
    "Uuids",
    "data_id_schema",
]


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GraphColumns:
    """A finished predicted quantum graph in columns.

    Parameters
    ----------
    header : `lsst.pipe.base.quantum_graph.HeaderModel`
        Inputs, output, output RUN, user, command, metadata.  The counts in it
        are not read: the writer fills in its own copy.
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved; may hold tasks without quanta.
    quanta : `~collections.abc.Mapping` [ `str`, `QuantumColumns` ]
        By task label, in the order of the pipeline; tasks without quanta may
        be left out.
    datasets : `~collections.abc.Mapping` [ `str`, `DatasetColumns` ]
        By dataset type name; only datasets that an edge names, and no
        datasets of init quanta.
    inputs, outputs : `~collections.abc.Mapping`
        `EdgeColumns` by task label and connection name.  Every connection of
        a task with quanta is there, in the order of
        `lsst.pipe.base.pipeline_graph.TaskNode.iter_all_inputs` and
        ``iter_all_outputs``, even if it has no edges.
    init_quanta : `lsst.pipe.base.quantum_graph.PredictedInitQuantaModel`
        The first has the label "" and holds ``packages``; there is one for
        each task with quanta.
    dimension_records : `~collections.abc.Mapping` [ `str`, `pyarrow.Table` ]
        By element, without skypix, join elements included: only the records
        that a data ID of the graph needs, sorted by key, with the schema of
        `workbench.snapshot.schemas.stored_schema`.
    datastore_records : `tuple` [ `DatastoreColumns`, ... ], optional
        Records of existing inputs.  A quantum carries those of its inputs.

    Notes
    -----
    Equal inputs give equal columns except for minted UUIDs: rows are sorted
    by data ID, edges by row; `~workbench.graph.columns.digest` digests them.
    Instances are not to be modified; they may be shared between threads.
    """

    header: HeaderModel
    pipeline_graph: PipelineGraph
    quanta: Mapping[str, QuantumColumns]
    datasets: Mapping[str, DatasetColumns]
    inputs: Mapping[tuple[str, str], EdgeColumns]
    outputs: Mapping[tuple[str, str], EdgeColumns]
    init_quanta: PredictedInitQuantaModel
    dimension_records: Mapping[str, pa.Table]
    datastore_records: tuple[DatastoreColumns, ...] = ()

    @property
    def n_quanta(self) -> int:
        """Number of quanta, init quanta not counted (`int`)."""
        return sum(map(len, self.quanta.values()))

    @property
    def n_quanta_by_task(self) -> dict[str, int]:
        """Number of quanta of every task of the pipeline, in its order (`dict`)."""
        return {label: len(self.quanta.get(label, ())) for label in self.pipeline_graph.tasks}

    @property
    def n_datasets(self) -> int:
        """Number of distinct datasets, those of init quanta counted (`int`)."""
        init = {found for quantum in self.init_quanta.root for found in quantum.iter_dataset_ids()}
        return sum(map(len, self.datasets.values())) + len(init)

    def edges_of(self, label: str, side: Mapping[tuple[str, str], EdgeColumns]) -> dict[str, EdgeColumns]:
        """Return one side of a task by connection.

        Parameters
        ----------
        label : `str`
            Task label.
        side : `~collections.abc.Mapping`
            Either ``inputs`` or ``outputs``.

        Returns
        -------
        edges : `dict` [ `str`, `EdgeColumns` ]
            By connection name.
        """
        return {connection: edges for (task, connection), edges in side.items() if task == label}

    def producers(self) -> dict[str, Rows]:
        """Return which quantum makes each dataset.

        Returns
        -------
        producers : `dict` [ `str`, `numpy.ndarray` of `numpy.int64` ]
            By dataset type, a row of the columns of the task that makes it;
            -1 for datasets that exist already.
        """
        found = {name: np.full(len(columns), -1, dtype=np.int64) for name, columns in self.datasets.items()}
        for edges in self.outputs.values():
            if len(edges):  # hooks may leave nothing of a type
                found[edges.dataset_type][edges.dataset_row] = edges.quantum_row
        return found

    def check(self) -> None:
        """Refuse columns that contradict each other.

        Refused are quanta, datasets and edges that do not fit; an edge whose
        two ends disagree in a dimension that both have; and an input that
        neither exists nor is made in the graph.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised with everything that is wrong.
        """
        if problems := list(iter_problems(self)):
            raise GraphBuildError(
                "These columns are no quantum graph: "
                + "; ".join(problems)
                + ". This is a defect of what built them; nothing was written."
            )
