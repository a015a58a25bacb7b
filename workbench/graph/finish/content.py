"""The content of a graph: finished candidates as `~workbench.graph.columns.graph_columns.GraphColumns`."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DatasetRef, DimensionElement
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import HeaderModel, PredictedInitQuantaModel

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.identities import Identities
from workbench.graph.columns.graph_columns import (
    DatasetColumns,
    DatastoreColumns,
    EdgeColumns,
    GraphColumns,
    Mask,
    QuantumColumns,
    Rows,
    data_id_schema,
)
from workbench.graph.columns.uuids import UuidMint
from workbench.graph.finish.finished import Finished
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.relation import member, unique_keys
from workbench.snapshot.schemas import stored_schema

__all__ = ["make_columns", "make_header"]


def make_header(
    inputs: Sequence[str], output: str, output_run: str, metadata: Mapping[str, object]
) -> HeaderModel:
    """Make the header of a predicted quantum graph.

    Parameters
    ----------
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections.
    output : `str`
        Output CHAINED collection.
    output_run : `str`
        Output RUN collection.
    metadata : `~collections.abc.Mapping`
        JSON-friendly values.

    Returns
    -------
    header : `lsst.pipe.base.quantum_graph.HeaderModel`
        Counts are for the writer to fill in.
    """
    return HeaderModel(
        graph_type="predicted",
        inputs=list(inputs),
        output=output,
        output_run=output_run,
        user=getpass.getuser(),
        command=" ".join(sys.argv),
        metadata=dict(metadata),
    )


def make_columns(
    graph: CandidateGraph,
    finished: Finished,
    pipeline_graph: PipelineGraph,
    joins: Joins,
    identities: Identities,
    mint: UuidMint,
    header: HeaderModel,
    init_quanta: PredictedInitQuantaModel,
    datastore_records: Sequence[DatastoreColumns] = (),
) -> GraphColumns:
    """Put finished candidates into the columns of a graph.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    finished : `~workbench.graph.finish.finish.Finished`
        What is left of them.
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the records.
    identities : `~workbench.graph.candidates.identities.Identities`
        IDs of the datasets.
    mint : `~workbench.graph.columns.uuids.UuidMint`
        Makes the IDs of the quanta.
    header : `lsst.pipe.base.quantum_graph.HeaderModel`
        See `make_header`.
    init_quanta : `lsst.pipe.base.quantum_graph.PredictedInitQuantaModel`
        Inputs and outputs of the construction of tasks.
    datastore_records : `~collections.abc.Sequence`, optional
        Records of existing inputs.

    Returns
    -------
    columns : `~workbench.graph.columns.graph_columns.GraphColumns`
        Rows and edges renumbered.
    """
    return _Content(graph, finished, pipeline_graph, joins, identities).make(
        mint, header, init_quanta, datastore_records
    )


class _Content:
    def __init__(
        self,
        graph: CandidateGraph,
        finished: Finished,
        pipeline_graph: PipelineGraph,
        joins: Joins,
        identities: Identities,
    ):
        self._graph = graph
        self._finished = finished
        self._pipeline = pipeline_graph
        self._joins = joins
        self._identities = identities
        self._frames: dict[tuple[int, bytes], pl.DataFrame] = {}
        self._used_ids: dict[int, tuple[DataIds, Mask]] = {}
        self._labels = [label for label in pipeline_graph.tasks if finished.quantum[graph.span(label)].any()]
        used = finished.made.copy()
        used[graph.edge_dataset[finished.edge]] = True
        used |= finished.borrowed
        self._used = used
        self._rows: dict[str, Rows] = {}
        self._found_rows: dict[str, dict[bytes, int]] = {}

    def make(
        self,
        mint: UuidMint,
        header: HeaderModel,
        init_quanta: PredictedInitQuantaModel,
        datastore_records: Sequence[DatastoreColumns],
    ) -> GraphColumns:
        graph, finished = self._graph, self._finished
        quanta = {}
        quantum_rows: dict[str, Rows] = {}
        for label in self._labels:
            mask = finished.quantum[graph.span(label)]
            frame = self._frame(graph.quantum_ids[label], mask)
            quanta[label] = QuantumColumns(frame, mint.mint(int(mask.sum())))
            quantum_rows[label] = np.cumsum(mask) - 1
        datasets = {}
        for name in self._pipeline.dataset_types:
            columns = self._datasets(name)
            if columns is not None and len(columns):
                datasets[name] = columns
        inputs: dict[tuple[str, str], EdgeColumns] = {}
        outputs: dict[tuple[str, str], EdgeColumns] = {}
        by_type: dict[tuple[str, str], EdgeColumns] = {}
        for label in self._labels:
            task = self._pipeline.tasks[label]
            for read in task.iter_all_inputs():
                name = read.parent_dataset_type_name
                if (label, name) not in by_type:
                    by_type[label, name] = self._input_edges(label, name, quantum_rows[label])
                inputs[label, read.connection_name] = by_type[label, name]
            for write in task.iter_all_outputs():
                outputs[label, write.connection_name] = self._output_edges(
                    label, write.parent_dataset_type_name, quantum_rows[label]
                )
        return GraphColumns(
            header=header,
            pipeline_graph=self._pipeline,
            quanta=quanta,
            datasets=datasets,
            inputs=inputs,
            outputs=outputs,
            init_quanta=init_quanta,
            dimension_records=self._dimension_records(quanta, datasets),
            datastore_records=tuple(datastore_records),
        )

    def _frame(self, ids: DataIds, mask: Mask) -> pl.DataFrame:
        """Return data IDs as values; frames that are the same are made once."""
        self._note(ids, mask)
        key = (id(ids), np.packbits(mask).tobytes() if not mask.all() else b"all")
        if key not in self._frames:
            chosen = ids if mask.all() else ids.take(mask)
            self._frames[key] = chosen.frame
        return self._frames[key]

    def _note(self, ids: DataIds, mask: Mask) -> None:
        before = self._used_ids.get(id(ids))
        self._used_ids[id(ids)] = (ids, mask if before is None else before[1] | mask)

    def _datasets(self, name: str) -> DatasetColumns | None:
        found = [refs for (_, other), (_, refs) in self._finished.found.items() if other == name]
        known = name in self._graph.dataset_ids
        if not known and not found:
            return None
        columns = None
        if known:
            mask = self._used[self._graph.dataset_span(name)]
            uuids, run, runs = self._identities.of(name)
            self._rows[name] = np.where(mask, np.cumsum(mask) - 1, -1)
            frame = self._frame(self._graph.dataset_ids[name], mask)
            columns = DatasetColumns(frame, uuids[mask], run[mask], runs, self._identities.exists(name)[mask])
        if found:
            columns = self._merge(name, columns, [ref for refs in found for ref in refs])
        return columns

    def _merge(self, name: str, columns: DatasetColumns | None, refs: Iterable[DatasetRef]) -> DatasetColumns:
        """Add datasets that lookups found quantum by quantum."""
        fresh = {ref.id.bytes: ref for ref in refs}
        group = self._pipeline.dataset_types[name].dimensions
        schema = data_id_schema(group)
        if columns is not None:
            for uuids in columns.uuids:
                fresh.pop(uuids.tobytes(), None)
        new = pl.DataFrame([ref.dataId.full_values for ref in fresh.values()], schema=schema, orient="row")
        ids = np.array([np.frombuffer(one, dtype=np.uint8) for one in fresh], dtype=np.uint8).reshape(-1, 16)
        runs = np.array([ref.run for ref in fresh.values()], dtype=object)
        exists = np.ones(len(fresh), dtype=np.bool_)
        if columns is not None:
            new = pl.concat([columns.data_ids.cast(schema), new]) if new.width else new  # type: ignore[arg-type]
            ids = np.concatenate([columns.uuids, ids])
            runs = np.concatenate([np.array(columns.runs, dtype=object)[columns.run], runs])
            assert columns.exists is not None, "datasets of the candidates tell whether they exist"
            exists = np.concatenate([columns.exists, exists])
        if new.width:
            order = (
                new.with_row_index("_row").sort([*new.columns, "_row"], nulls_last=False)["_row"].to_numpy()
            )
        else:
            order = np.arange(len(ids))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        if columns is not None:
            rows = self._rows[name]
            self._rows[name] = np.where(rows >= 0, place[np.maximum(rows, 0)], -1) if len(place) else rows
        ids = ids[order]
        self._found_rows[name] = {one.tobytes(): row for row, one in enumerate(ids)}
        names = sorted(set(runs.tolist()))
        codes = np.array([names.index(run) for run in runs[order]], dtype=np.int32)
        return DatasetColumns(new[order] if new.width else new, ids, codes, tuple(names), exists[order])

    def _input_edges(self, label: str, name: str, quantum_rows: Rows) -> EdgeColumns:
        graph = self._graph
        block = graph.blocks.get((label, name), slice(0, 0))
        chosen = self._finished.edge[block]
        quanta = quantum_rows[graph.edge_quantum[block][chosen] - graph.quantum_start[label]]
        if block.stop > block.start:
            datasets = self._rows[name][graph.edge_dataset[block][chosen] - graph.dataset_start[name]]
        else:
            datasets = np.empty(0, dtype=np.int64)
        resort = name in self._found_rows
        if (label, name) in self._finished.found:
            numbers, refs = self._finished.found[label, name]
            more = np.array([self._found_rows[name][ref.id.bytes] for ref in refs], dtype=np.int64)
            quanta = np.concatenate([quanta, quantum_rows[numbers - graph.quantum_start[label]]])
            datasets = np.concatenate([datasets, more])
        if resort:
            order = np.lexsort((datasets, quanta))
            quanta, datasets = quanta[order], datasets[order]
            fresh = np.ones(len(quanta), dtype=np.bool_)
            fresh[1:] = (np.diff(quanta) != 0) | (np.diff(datasets) != 0)
            quanta, datasets = quanta[fresh], datasets[fresh]
        return EdgeColumns(name, quanta, datasets)

    def _output_edges(self, label: str, name: str, quantum_rows: Rows) -> EdgeColumns:
        graph = self._graph
        span = graph.dataset_span(name)
        made = np.flatnonzero(self._finished.made[span])
        quanta = quantum_rows[graph.producer[span][made] - graph.quantum_start[label]]
        datasets = self._rows[name][made]
        if not (np.diff(quanta) >= 0).all():
            order = np.argsort(quanta, kind="stable")
            quanta, datasets = quanta[order], datasets[order]
        return EdgeColumns(name, quanta, datasets)

    # ---- dimension records -------------------------------------------------

    def _dimension_records(
        self, quanta: Mapping[str, QuantumColumns], datasets: Mapping[str, DatasetColumns]
    ) -> dict[str, pa.Table]:
        everything = self._pipeline.get_all_dimensions()
        for name in self._found_rows:
            everything = everything.union(self._pipeline.dataset_types[name].dimensions)
        found = {}
        for name in everything.elements:
            element = everything.universe[name]
            if name in everything.skypix:
                continue
            if not element.has_own_table:
                found[name] = self._computed_records(element, quanta, datasets)
                continue
            rows = self._record_rows(element, datasets)
            if rows is not None:
                found[name] = self._joins.snapshot.stored_records(name).take(np.flatnonzero(rows))
        return found

    @staticmethod
    def _computed_records(
        element: DimensionElement,
        quanta: Mapping[str, QuantumColumns],
        datasets: Mapping[str, DatasetColumns],
    ) -> pa.Table:
        """Return the records of a dimension that others imply: bands."""
        frames = [columns.data_ids for columns in quanta.values()]
        frames += [columns.data_ids for columns in datasets.values()]
        values = [frame[element.name].unique() for frame in frames if element.name in frame.columns]
        names = pl.concat(values).unique().drop_nulls().sort() if values else pl.Series(dtype=pl.String)
        schema = stored_schema(element)
        return pa.table({element.name: names.to_arrow().cast(schema.field(element.name).type)}, schema=schema)

    def _record_rows(self, element: DimensionElement, datasets: Mapping[str, DatasetColumns]) -> Mask | None:
        """Tell which records of an element the graph needs."""
        records = self._joins.element(element.name)
        required = list(element.required.names)
        wanted = np.zeros(len(records), dtype=np.bool_)
        held = False
        for ids, mask in self._used_ids.values():
            if element.name in ids.group.elements:
                held = True
                rows = self._joins.record_rows(element.name, ids.relation)
                rows = rows[mask & (rows >= 0)]
                wanted[rows] = True
        for name, known in self._found_rows.items():
            group = self._pipeline.dataset_types[name].dimensions
            if element.name in group.elements and known:
                held = True
                table = datasets[name].data_ids.select(required).to_arrow()
                relation = self._joins.encode(table, required)
                rows = self._joins.record_rows(element.name, relation)
                wanted[rows[rows >= 0]] = True
        if not held and element.defines_relationships:
            return self._joined_rows(element)
        return wanted if held else None

    def _joined_rows(self, element: DimensionElement) -> Mask | None:
        """Tell which records of a join element have both of their ends in one independent subgraph."""
        wanted = None
        for subgraph in self._pipeline.split_independent():
            if element.name in subgraph.get_all_dimensions(prerequisites=False).elements:
                rows = self._rows_between(element, subgraph)
                wanted = rows if wanted is None else wanted | rows
        return wanted

    def _rows_between(self, element: DimensionElement, subgraph: PipelineGraph) -> Mask:
        """Tell which records of a join element have both of their ends in a subgraph."""
        records = self._joins.element(element.name)
        wanted = np.ones(len(records), dtype=np.bool_)
        held = [one for label in subgraph.tasks for one in self._iter_held(label)]
        for name in element.required.names:
            keys = list(element.universe.dimensions[name].required.names)
            used = [ids.relation.take(rows).keys(keys) for ids, rows in held if name in ids.group.names]
            if not used:
                return np.zeros(len(records), dtype=np.bool_)
            wanted &= member(unique_keys(np.concatenate(used)), records.keys(keys))
        return wanted

    def _iter_held(self, label: str) -> Iterator[tuple[DataIds, Rows]]:
        """Yield the data IDs of a task, of what it reads and of what it makes, and which rows are used."""
        graph, finished = self._graph, self._finished
        yield graph.quantum_ids[label], np.flatnonzero(finished.quantum[graph.span(label)])
        for name in graph.tasks[label].minimum:
            if (block := graph.blocks.get((label, name))) is not None:
                read = np.unique(graph.edge_dataset[block][finished.edge[block]])
                yield graph.dataset_ids[name], read - graph.dataset_start[name]
        for name, shape in graph.dataset_types.items():
            if shape.producer == label and name in graph.dataset_ids:
                yield graph.dataset_ids[name], np.flatnonzero(finished.made[graph.dataset_span(name)])
