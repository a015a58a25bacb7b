"""The logical digest of a predicted quantum graph: equal for equal inputs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.pipe.base.quantum_graph import HeaderModel, PredictedInitQuantaModel

from workbench.graph.columns.graph_columns import DatasetColumns, DatastoreColumns, GraphColumns, Rows, Uuids
from workbench.snapshot.frames import digest_frame

__all__ = ["compute_logical_digest"]


_ASKED = ("constraints", "groups", "partial", "options")
"""What of a campaign's statement is part of what a graph says; names of files and packages are not."""


def compute_logical_digest(graph: GraphColumns) -> str:
    """Digest what the graph says: equal for equal requests on an equal snapshot.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        Any finished graph.

    Returns
    -------
    digest : `str`
        SHA-256 in hex over input collections, constraints, groupings and
        options, pipeline, quanta by data ID, datasets, edges and dimension
        records and datastore records, with the dataset IDs of existing
        inputs.  It does not depend on the order of rows, on minted IDs, on
        user, command and time, nor on the number of a RUN such as
        ``u/ana/DM-1234/r2``.
    """
    digest = hashlib.sha256(b"predicted quantum graph 2\n")

    def add(*parts: object) -> None:
        digest.update(json.dumps(parts, sort_keys=True, default=str).encode() + b"\n")

    asked = {name: graph.header.metadata[name] for name in _ASKED if graph.header.metadata.get(name)}
    output_run = _unnumbered(graph.header)
    add(graph.header.inputs, graph.header.output, output_run, asked)
    digest.update(SerializedPipelineGraph.serialize(graph.pipeline_graph).model_dump_json().encode())
    ranks: dict[str, Rows] = {}
    for label in sorted(graph.quanta):
        frame = graph.quanta[label].data_ids
        order = _order(frame, len(graph.quanta[label]))
        ranks[label] = _invert(order)
        add("quanta", label, len(order), _digest_data_ids(frame, order))
    producers = graph.producers()
    places: dict[str, Rows] = {}
    for name in sorted(graph.datasets):
        columns, made = graph.datasets[name], producers[name] >= 0
        # Data IDs of calibrations occur more than once: their dataset IDs tell them apart.
        known = np.where(made[:, None], np.uint8(0), columns.uuids)
        order = _order(columns.data_ids, len(columns), known)
        places[name] = _invert(order)
        add("datasets", name, len(columns), _digest_data_ids(columns.data_ids, order))
        runs, codes = _sorted_runs(columns, graph.header.output_run)
        add(runs)
        digest.update(np.ascontiguousarray(codes[order]).tobytes())
        digest.update(np.ascontiguousarray(known[order]).tobytes())
    for direction, side in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        for task, connection in sorted(side):
            edges = side[task, connection]
            add(direction, task, connection, edges.dataset_type, len(edges))
            if len(edges):
                quanta, datasets = (
                    ranks[task][edges.quantum_row],
                    places[edges.dataset_type][edges.dataset_row],
                )
                order = np.lexsort((datasets, quanta))
                digest.update(quanta[order].tobytes())
                digest.update(datasets[order].tobytes())
    existing = _init_inputs(graph.init_quanta)
    for quantum in graph.init_quanta.root:
        for connection, found in (*quantum.inputs.items(), *quantum.outputs.items()):
            for dataset in found:
                dataset_id = str(dataset.dataset_id) if dataset.dataset_id in existing else None
                run = output_run if dataset.run == graph.header.output_run else dataset.run
                add(quantum.task_label, connection, dataset.dataset_type_name, run, dataset_id)
    for element in sorted(graph.dimension_records):
        add("records", element, digest_frame(graph.dimension_records[element]))
    for stored in sorted(graph.datastore_records, key=_datastore_key):
        rows = places[stored.dataset_type][stored.dataset_row]
        order = np.argsort(rows, kind="stable")
        add("datastore", *_datastore_key(stored), digest_frame(_plain(stored.records[order])))
        digest.update(rows[order].tobytes())
    return digest.hexdigest()


def _unnumbered(header: HeaderModel) -> str:
    """Name the output RUN; where a campaign has numbered it, the number does not count."""
    run, output = header.output_run, header.output
    return f"{output}/r" if output and re.fullmatch(rf"{re.escape(output)}/r[0-9]+", run) else run


def _order(frame: pl.DataFrame, n_rows: int, known: Uuids | None = None) -> Rows:
    """Return rows in the order of their data IDs, and of dataset IDs where these are equal."""
    columns = [frame[name].alias(f"key.{name}") for name in frame.columns]
    if known is not None:
        halves = np.ascontiguousarray(known).view(">u8").astype(np.uint64).reshape(-1, 2)
        columns += [pl.Series("id.0", halves[:, 0]), pl.Series("id.1", halves[:, 1])]
    if not columns:
        return np.arange(n_rows)
    keys = pl.DataFrame(columns)
    return keys.with_row_index("row").sort(keys.columns, nulls_last=False)["row"].to_numpy().astype(np.int64)


def _invert(order: Rows) -> Rows:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _plain(frame: pl.DataFrame) -> pa.Table:
    """Cast what polars makes to the types that digests know."""
    table = frame.to_arrow()
    return table.cast(pa.schema(pa.field(field.name, _plain_type(field.type)) for field in table.schema))


def _plain_type(found: pa.DataType) -> pa.DataType:
    # A column of nulls alone has no type of its own: checksums are often all null.
    return pa.string() if pa.types.is_large_string(found) or pa.types.is_null(found) else found


def _digest_data_ids(frame: pl.DataFrame, order: Rows) -> str:
    return digest_frame(_plain(frame[order])) if frame.width else ""


def _sorted_runs(columns: DatasetColumns, output_run: str) -> tuple[Sequence[str], npt.NDArray[np.int32]]:
    """Number the used runs by name, so that the order of ``runs`` does not count; the output RUN is first."""
    used = sorted({columns.runs[code] for code in np.unique(columns.run)} - {output_run})
    names = ["", *used]
    code = np.array([names.index(run) if run in used else 0 for run in columns.runs], dtype=np.int32)
    return names, code[columns.run] if len(columns) else columns.run


def _init_inputs(init_quanta: PredictedInitQuantaModel) -> set[Any]:
    """Return the IDs of init inputs that no init quantum makes."""
    read = {found for quantum in init_quanta.root for found in quantum.iter_input_dataset_ids()}
    return read.difference(*(quantum.iter_output_dataset_ids() for quantum in init_quanta.root))


def _datastore_key(stored: DatastoreColumns) -> tuple[str, str, str, str]:
    return stored.datastore, stored.record_class, stored.table, stored.dataset_type
