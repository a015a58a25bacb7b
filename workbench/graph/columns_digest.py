"""The logical digest of a predicted quantum graph: equal for equal inputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.pipe.base.quantum_graph import PredictedInitQuantaModel

from workbench.graph.columns import DatasetColumns, DatastoreColumns, GraphColumns
from workbench.snapshot.frames import digest_frame

__all__ = ["compute_logical_digest"]


def compute_logical_digest(graph: GraphColumns) -> str:
    """Digest what the graph says, whatever UUIDs were minted for it.

    Parameters
    ----------
    graph : `~workbench.graph.columns.GraphColumns`
        Any finished graph.

    Returns
    -------
    digest : `str`
        SHA-256 in hex over collections, metadata, pipeline, quanta,
        datasets, edges, dimension records and datastore records, with the
        dataset IDs of existing inputs; not over quantum IDs, the IDs of
        datasets made in the graph, user, command and time.
    """
    digest = hashlib.sha256(b"predicted quantum graph 1\n")

    def add(*parts: object) -> None:
        digest.update(json.dumps(parts, sort_keys=True, default=str).encode() + b"\n")

    add(graph.header.inputs, graph.header.output, graph.header.output_run, graph.header.metadata)
    digest.update(SerializedPipelineGraph.serialize(graph.pipeline_graph).model_dump_json().encode())
    for label in sorted(graph.quanta):
        add("quanta", label, len(graph.quanta[label]), _digest_data_ids(graph.quanta[label].data_ids))
    producers = graph.producers()
    for name in sorted(graph.datasets):
        columns = graph.datasets[name]
        add("datasets", name, len(columns), _digest_data_ids(columns.data_ids))
        runs, codes = _sorted_runs(columns)
        add(runs)
        digest.update(codes.tobytes())
        digest.update(columns.uuids[producers[name] < 0].tobytes())
    for direction, side in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        for task, connection in sorted(side):
            edges = side[task, connection]
            add(direction, task, connection, edges.dataset_type, len(edges))
            digest.update(edges.quantum_row.tobytes())
            digest.update(edges.dataset_row.tobytes())
    existing = _init_inputs(graph.init_quanta)
    for quantum in graph.init_quanta.root:
        for connection, datasets in (*quantum.inputs.items(), *quantum.outputs.items()):
            for dataset in datasets:
                known = str(dataset.dataset_id) if dataset.dataset_id in existing else None
                add(quantum.task_label, connection, dataset.dataset_type_name, dataset.run, known)
    for element in sorted(graph.dimension_records):
        add("records", element, digest_frame(graph.dimension_records[element]))
    for stored in sorted(graph.datastore_records, key=_datastore_key):
        add("datastore", *_datastore_key(stored), digest_frame(_plain(stored.records)))
        digest.update(stored.dataset_row.tobytes())
    return digest.hexdigest()


def _plain(frame: pl.DataFrame) -> pa.Table:
    """Cast what polars makes to the types that digests know."""
    table = frame.to_arrow()
    return table.cast(pa.schema(pa.field(field.name, _plain_type(field.type)) for field in table.schema))


def _plain_type(found: pa.DataType) -> pa.DataType:
    # A column of nulls alone has no type of its own: checksums are often all null.
    return pa.string() if pa.types.is_large_string(found) or pa.types.is_null(found) else found


def _digest_data_ids(frame: pl.DataFrame) -> str:
    return digest_frame(_plain(frame)) if frame.width else ""


def _sorted_runs(columns: DatasetColumns) -> tuple[Sequence[str], npt.NDArray[np.int32]]:
    """Number the used runs by name, so that the order of ``runs`` does not count."""
    used = sorted({columns.runs[code] for code in np.unique(columns.run)})
    code = np.array([used.index(run) if run in used else -1 for run in columns.runs], dtype=np.int32)
    return used, code[columns.run] if len(columns) else columns.run


def _init_inputs(init_quanta: PredictedInitQuantaModel) -> set[Any]:
    """Return the IDs of init inputs that no init quantum makes."""
    read = {found for quantum in init_quanta.root for found in quantum.iter_input_dataset_ids()}
    return read.difference(*(quantum.iter_output_dataset_ids() for quantum in init_quanta.root))


def _datastore_key(stored: DatastoreColumns) -> tuple[str, str, str, str]:
    return stored.datastore, stored.record_class, stored.table, stored.dataset_type
