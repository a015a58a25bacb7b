"""The stock components of a predicted quantum graph, as columns and back.

For graphs that the stock builder finishes, and for comparing with it: this
takes Python time for every quantum.
"""

from __future__ import annotations

import collections
import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import (
    DimensionDataAttacher,
    DimensionGroup,
    DimensionRecordSet,
    SerializableDimensionData,
)
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import (
    PredictedDatasetModel,
    PredictedQuantumDatasetsModel,
    PredictedQuantumGraphComponents,
)

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import (
    DatasetColumns,
    DatastoreColumns,
    EdgeColumns,
    GraphColumns,
    QuantumColumns,
    Uuids,
    data_id_schema,
)
from workbench.graph.file.member_text import iter_dimension_text
from workbench.graph.file.quantum_text import iter_spans, quantum_texts
from workbench.snapshot.records import store_records

__all__ = ["columns_from_components", "components_from_columns"]


def columns_from_components(components: PredictedQuantumGraphComponents) -> GraphColumns:
    """Put complete stock components into columns.

    Parameters
    ----------
    components : `lsst.pipe.base.quantum_graph.PredictedQuantumGraphComponents`
        As `lsst.pipe.base.quantum_graph_builder.QuantumGraphBuilder.finish`
        makes them; not modified, header and init quanta are shared.

    Returns
    -------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        The same graph.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if the dimension data is missing.
    """
    pipeline_graph = components.pipeline_graph
    by_task: dict[str, list[PredictedQuantumDatasetsModel]] = {label: [] for label in pipeline_graph.tasks}
    for quantum in components.quantum_datasets.values():
        by_task[quantum.task_label].append(quantum)
    datasets = _Datasets(pipeline_graph)
    for quantum in components.quantum_datasets.values():
        for models in quantum.inputs.values():
            datasets.add(models)
        for models in quantum.outputs.values():
            datasets.add(models, made=True)
    datasets.number()
    quanta: dict[str, QuantumColumns] = {}
    inputs: dict[tuple[str, str], EdgeColumns] = {}
    outputs: dict[tuple[str, str], EdgeColumns] = {}
    for label, task in pipeline_graph.tasks.items():
        if not by_task[label]:
            continue
        by_task[label].sort(key=lambda quantum: _order(quantum.data_coordinate))
        quanta[label] = QuantumColumns(
            _frame(task.dimensions, [quantum.data_coordinate for quantum in by_task[label]]),
            _pack(quantum.quantum_id for quantum in by_task[label]),
        )
        for read in task.iter_all_inputs():
            inputs[label, read.connection_name] = datasets.edges(
                read.parent_dataset_type_name,
                [quantum.inputs[read.connection_name] for quantum in by_task[label]],
            )
        for write in task.iter_all_outputs():
            outputs[label, write.connection_name] = datasets.edges(
                write.parent_dataset_type_name,
                [quantum.outputs[write.connection_name] for quantum in by_task[label]],
            )
    return GraphColumns(
        header=components.header,
        pipeline_graph=pipeline_graph,
        quanta=quanta,
        datasets=datasets.to_columns(),
        inputs=inputs,
        outputs=outputs,
        init_quanta=components.init_quanta,
        dimension_records=_read_dimension_records(components.dimension_data),
        datastore_records=tuple(_read_datastore_records(components.quantum_datasets.values(), datasets)),
    )


def components_from_columns(columns: GraphColumns) -> PredictedQuantumGraphComponents:
    """Make stock components of a graph in columns.

    Parameters
    ----------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        Any finished graph.

    Returns
    -------
    components : `lsst.pipe.base.quantum_graph.PredictedQuantumGraphComponents`
        The same graph, complete, with a header and init quanta of its own.
    """
    components = PredictedQuantumGraphComponents(
        header=columns.header.model_copy(deep=True),
        pipeline_graph=columns.pipeline_graph,
        init_quanta=columns.init_quanta.model_copy(deep=True),
        dimension_data=_attach_dimension_records(columns),
    )
    for span in iter_spans(columns):
        for text in quantum_texts(columns, span):
            quantum = PredictedQuantumDatasetsModel.model_validate_json(text)
            components.quantum_datasets[quantum.quantum_id] = quantum
    components.set_thin_graph()
    components.set_header_counts()
    return components


def _attach_dimension_records(columns: GraphColumns) -> DimensionDataAttacher:
    universe = columns.pipeline_graph.universe
    data = SerializableDimensionData.model_validate_json(b"".join(iter_dimension_text(columns)))
    return DimensionDataAttacher(
        # Whole records, as the stock builder has them: others read ``records`` without asking for each.
        records=[DimensionRecordSet(one.element, one) for one in data.make_deserializers(universe)],
        dimensions=DimensionGroup.union(
            *columns.pipeline_graph.group_by_dimensions(prerequisites=True), universe=universe
        ),
    )


class _Datasets:
    """The datasets of a graph, gathered model by model and then numbered."""

    def __init__(self, pipeline_graph: PipelineGraph):
        self._dimensions = {name: node.dimensions for name, node in pipeline_graph.dataset_types.items()}
        self._models: dict[str, dict[uuid.UUID, PredictedDatasetModel]] = collections.defaultdict(dict)
        self._made: set[uuid.UUID] = set()
        self.rows: dict[str, dict[uuid.UUID, int]] = {}

    def add(self, models: Iterable[PredictedDatasetModel], *, made: bool = False) -> None:
        for model in models:
            self._models[model.dataset_type_name][model.dataset_id] = model
            if made:
                self._made.add(model.dataset_id)

    def number(self) -> None:
        for name, models in self._models.items():
            ordered = sorted(
                models.values(),
                key=lambda model: (_order(model.data_coordinate), model.run, model.dataset_id.bytes),
            )
            self._models[name] = {model.dataset_id: model for model in ordered}
            self.rows[name] = {dataset_id: row for row, dataset_id in enumerate(self._models[name])}

    def find(self, dataset_id: uuid.UUID) -> tuple[str, int] | None:
        """Return dataset type and row, or `None` for a dataset of an init quantum."""
        for name, rows in self.rows.items():
            if (row := rows.get(dataset_id)) is not None:
                return name, row
        return None

    def edges(self, name: str, by_quantum: Sequence[Sequence[PredictedDatasetModel]]) -> EdgeColumns:
        rows = self.rows.get(name, {})
        pairs = sorted(
            (quantum, rows[model.dataset_id]) for quantum, models in enumerate(by_quantum) for model in models
        )
        array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return EdgeColumns(name, np.ascontiguousarray(array[:, 0]), np.ascontiguousarray(array[:, 1]))

    def to_columns(self) -> dict[str, DatasetColumns]:
        columns = {}
        for name in self._dimensions:
            if not (models := list(self._models.get(name, {}).values())):
                continue
            runs = tuple(sorted({model.run for model in models}))
            code = {run: position for position, run in enumerate(runs)}
            columns[name] = DatasetColumns(
                _frame(self._dimensions[name], [model.data_coordinate for model in models]),
                _pack(model.dataset_id for model in models),
                np.array([code[model.run] for model in models], dtype=np.int32),
                runs,
                # The stock builder leaves in no input that is neither there nor made.
                np.array([model.dataset_id not in self._made for model in models], dtype=np.bool_),
            )
        return columns


def _order(data_coordinate: Sequence[Any]) -> list[tuple[bool, Any]]:
    """Sort nulls last, wherever implied values are missing."""
    return [(value is None, value) for value in data_coordinate]


def _frame(dimensions: DimensionGroup, rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    schema = data_id_schema(dimensions)
    return pl.DataFrame([list(row) for row in rows] if schema else [], schema=schema, orient="row")


def _pack(ids: Iterable[uuid.UUID]) -> Uuids:
    return np.frombuffer(b"".join(found.bytes for found in ids), dtype=np.uint8).reshape(-1, 16)


def _read_dimension_records(attacher: DimensionDataAttacher | None) -> dict[str, pa.Table]:
    if attacher is None:
        raise GraphBuildError(
            "These components have no dimension data, so they cannot be written or run. Read the whole "
            "graph (read_execution_quanta), or build it again."
        )
    tables = {}
    for element_name, record_set in attacher.records.items():
        element = record_set.element
        if element_name in element.universe.skypix_dimensions.names:
            continue
        records = {record.dataId.required_values: record for record in record_set}
        if (waiting := attacher.deserializers.get(element_name)) is not None:
            records = {record.dataId.required_values: record for record in waiting} | records
        tables[element_name] = store_records(element, [records[key] for key in sorted(records)])
    return tables


@dataclasses.dataclass(slots=True)
class _Gathered:
    rows: list[int] = dataclasses.field(default_factory=list)
    records: list[Mapping[str, Any]] = dataclasses.field(default_factory=list)


def _read_datastore_records(
    quanta: Iterable[PredictedQuantumDatasetsModel], datasets: _Datasets
) -> list[DatastoreColumns]:
    found: dict[tuple[str, str, str, str], _Gathered] = collections.defaultdict(_Gathered)
    seen: set[tuple[str, str, str, str]] = set()
    for quantum in quanta:
        for datastore, data in quantum.datastore_records.items():
            for record_class, by_dataset in data.records.items():
                for hexed, by_table in by_dataset.items():
                    for table, records in by_table.items():
                        if (datastore, record_class, table, hexed) in seen:
                            continue
                        seen.add((datastore, record_class, table, hexed))
                        if (place := datasets.find(uuid.UUID(hexed))) is None:
                            continue
                        gathered = found[datastore, record_class, table, place[0]]
                        gathered.rows += [place[1]] * len(records)
                        gathered.records += records
    columns = []
    for key in sorted(found):
        rows = np.array(found[key].rows, dtype=np.int64)
        order = np.argsort(rows, kind="stable")
        frame = pl.DataFrame([dict(record) for record in found[key].records], infer_schema_length=None)
        columns.append(DatastoreColumns(*key, rows[order], frame[order]))
    return columns
