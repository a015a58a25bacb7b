"""Init quanta: what constructing the tasks of a graph reads and writes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np
from lsst.pipe.base import automatic_connection_constants as automatic
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import (
    PredictedDatasetModel,
    PredictedInitQuantaModel,
    PredictedQuantumDatasetsModel,
)

from workbench.errors import MissingInputsError
from workbench.graph.candidates.identities import read_uuids
from workbench.graph.columns.graph_columns import Uuids
from workbench.graph.columns.uuids import UuidMint
from workbench.snapshot import Snapshot

__all__ = ["make_init_quanta"]


def make_init_quanta(
    pipeline_graph: PipelineGraph,
    labels: Sequence[str],
    skipped: Sequence[str],
    snapshot: Snapshot,
    output_run: str,
    skip_existing_in: Sequence[str],
    mint: UuidMint,
) -> PredictedInitQuantaModel:
    """Make the init quanta of a graph.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    labels : `~collections.abc.Sequence` [ `str` ]
        Tasks that have quanta.
    skipped : `~collections.abc.Sequence` [ `str` ]
        Tasks all of whose quanta ran before.
    snapshot : `~workbench.snapshot.Snapshot`
        What exists; covers the dataset types without dimensions.
    output_run : `str`
        Output RUN collection.
    skip_existing_in : `~collections.abc.Sequence` [ `str` ]
        Where outputs of skipped tasks are.
    mint : `~workbench.graph.columns.uuids.UuidMint`
        Makes IDs.

    Returns
    -------
    init_quanta : `lsst.pipe.base.quantum_graph.PredictedInitQuantaModel`
        The first is of no task and holds the packages.

    Raises
    ------
    workbench.errors.MissingInputsError
        Raised if an init-input or an init-output of a skipped task does not
        exist.
    """
    maker = _Maker(pipeline_graph, snapshot, output_run, skip_existing_in, mint)
    quanta = [
        PredictedQuantumDatasetsModel.model_construct(
            quantum_id=maker.new_id(),
            task_label="",
            outputs={
                automatic.PACKAGES_INIT_OUTPUT_NAME: [maker.output(automatic.PACKAGES_INIT_OUTPUT_NAME)]
            },
        )
    ]
    for label, task in pipeline_graph.tasks.items():
        if label in labels:
            quanta.append(
                PredictedQuantumDatasetsModel.model_construct(
                    quantum_id=maker.new_id(),
                    task_label=label,
                    inputs={
                        edge.connection_name: [maker.input(edge.parent_dataset_type_name, label)]
                        for edge in task.init.iter_all_inputs()
                    },
                    outputs={
                        edge.connection_name: [maker.output(edge.parent_dataset_type_name)]
                        for edge in task.init.iter_all_outputs()
                    },
                    datastore_records={},
                )
            )
        elif label in skipped:
            for edge in task.init.iter_all_outputs():
                maker.skip(edge.parent_dataset_type_name, label)
    return PredictedInitQuantaModel(quanta)


class _Maker:
    """Makes one model a dataset, in the order of the pipeline."""

    def __init__(
        self,
        pipeline_graph: PipelineGraph,
        snapshot: Snapshot,
        output_run: str,
        skip_existing_in: Sequence[str],
        mint: UuidMint,
    ):
        self._pipeline = pipeline_graph
        self._snapshot = snapshot
        self._output_run = output_run
        self._skip = tuple(skip_existing_in)
        self._mint = mint
        self._made: dict[str, PredictedDatasetModel] = {}

    def new_id(self) -> uuid.UUID:
        return _to_uuid(self._mint.mint(1))

    def input(self, name: str, label: str) -> PredictedDatasetModel:
        if name not in self._made:
            found = self._find(name, self._snapshot.search)
            if found is None:
                raise MissingInputsError(
                    f"The init-input {name} of task {label!r} is not in the input collections "
                    f"{list(self._snapshot.search)}. Add a collection that holds it, or the task that "
                    "makes it."
                )
            self._made[name] = found
        return self._made[name]

    def output(self, name: str) -> PredictedDatasetModel:
        if name not in self._made:
            exists = self._output_run in self._snapshot.tree.types
            found = self._find(name, [self._output_run]) if exists else None
            self._made[name] = found or PredictedDatasetModel.model_construct(
                dataset_id=self.new_id(), dataset_type_name=name, data_coordinate=[], run=self._output_run
            )
        return self._made[name]

    def skip(self, name: str, label: str) -> None:
        found = self._find(name, self._skip)
        if found is None:
            raise MissingInputsError(
                f"All quanta of task {label!r} are skipped, but its init-output {name} is not in "
                f"{list(self._skip)}. Run the task again, or name the collections of the whole run."
            )
        self._made[name] = found

    def _find(self, name: str, collections: Sequence[str]) -> PredictedDatasetModel | None:
        if name not in self._snapshot.dataset_types or name not in self._snapshot.groups:
            return None
        table = self._snapshot.existing(name, collections)
        if not len(table):
            return None
        return PredictedDatasetModel.model_construct(
            dataset_id=_to_uuid(read_uuids(table)[:1]),
            dataset_type_name=name,
            data_coordinate=[],
            run=str(table["run"][0].as_py()),
        )


def _to_uuid(uuids: Uuids) -> uuid.UUID:
    return uuid.UUID(bytes=np.ascontiguousarray(uuids[0]).tobytes())
