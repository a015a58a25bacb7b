"""A provenance graph file as frames of quanta, datasets and input edges."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from astropy.time import Time
from lsst.daf.butler import DataCoordinate
from lsst.pipe.base import QuantumAttemptStatus, QuantumSuccessCaveats, TaskMetadata
from lsst.pipe.base.quantum_graph import (
    ProvenanceQuantumGraph,
    ProvenanceQuantumGraphReader,
    ProvenanceQuantumInfo,
)
from lsst.resources import ResourcePath

from workbench.presentation import presented
from workbench.provenance.tables import PROV_DATASET, PROV_INPUT, PROV_QUANTUM, make_schema
from workbench.registry import TableDeclaration

__all__ = ["UNUSED_INPUTS", "ProvenanceFrames", "read_provenance_graph"]

UNUSED_INPUTS = "unused_inputs"
"""Key of a task's own metadata: UUIDs of inputs that it was given and left out.

``run-qbb`` records which outputs were written, but not which inputs were
read, so a task that selects among its inputs at run time has to say so.
"""

_METADATA_ADDRESS = 3
"""Position of the metadata block among the addresses of a node (FORMAT_VERSION 1)."""

_N_METADATA_AT_ONCE = 5000


@presented
@dataclass(frozen=True, slots=True)
class ProvenanceFrames:
    """The content of one provenance graph.

    Parameters
    ----------
    run : `str`
        Output RUN collection of the graph.
    quanta, datasets, inputs : `pyarrow.Table`
        The columns of the tables ``prov_quantum``, ``prov_dataset`` and
        ``prov_input`` but for the commit.
    """

    run: str
    quanta: pa.Table
    datasets: pa.Table
    inputs: pa.Table


def read_provenance_graph(path: str | Path | ResourcePath) -> ProvenanceFrames:
    """Read a provenance graph file with the stock reader.

    Parameters
    ----------
    path : `str`, `pathlib.Path` or `lsst.resources.ResourcePath`
        The file that ``butler aggregate-graph`` wrote, or the URI of the
        ``run_provenance`` dataset that ``butler ingest-graph`` made of it.

    Returns
    -------
    frames : `ProvenanceFrames`
        Quanta, datasets and input edges; init quanta and their datasets are
        left out.
    """
    with ProvenanceQuantumGraphReader.open(str(path)) as reader:
        # Whole blocks first, then metadata in the order of the file: a seek
        # between reads of two members goes astray on Python 3.12.1 and 3.13.0
        # (CPython gh-127847), and a seek backward reads the file anew.
        reader.read_datasets()
        reader.read_quanta()
        graph = reader.graph
        quantum_ids = [
            quantum for by_data_id in graph.quanta_by_task.values() for quantum in by_data_id.values()
        ]
        rows = reader.address_reader.rows
        quantum_ids.sort(key=lambda quantum: rows[quantum].addresses[_METADATA_ADDRESS].offset)
        hosts: dict[uuid.UUID, str] = {}
        unused: dict[uuid.UUID, frozenset[str]] = {}
        for begin in range(0, len(quantum_ids), _N_METADATA_AT_ONCE):
            block = quantum_ids[begin : begin + _N_METADATA_AT_ONCE]
            for quantum, attempts in reader.fetch_metadata(block).items():
                if attempts and attempts[-1] is not None:
                    info: ProvenanceQuantumInfo = graph.bipartite_xgraph.nodes[quantum]
                    hosts[quantum] = _read_host(attempts[-1])
                    unused[quantum] = _read_unused(attempts[-1], info["task_label"])
    return ProvenanceFrames(
        run=graph.header.output_run,
        quanta=_make_quanta(graph, quantum_ids, hosts),
        datasets=_make_datasets(graph, frozenset(quantum_ids)),
        inputs=_make_inputs(graph, quantum_ids, unused),
    )


def _graph_schema(declaration: TableDeclaration) -> pa.Schema:
    """Make the schema of a table's rows as far as a graph knows them: it does not know its commit."""
    return pa.schema([field for field in make_schema(declaration) if field.name != "commit_id"])


def _read_host(metadata: TaskMetadata) -> str:
    return str(metadata["quantum"]["nodeName"]) if "quantum.nodeName" in metadata else ""


def _read_unused(metadata: TaskMetadata, task: str) -> frozenset[str]:
    key = f"{task}.{UNUSED_INPUTS}"
    return frozenset(metadata.getArray(key)) if key in metadata else frozenset()


def _make_quanta(
    graph: ProvenanceQuantumGraph, quantum_ids: Sequence[uuid.UUID], hosts: Mapping[uuid.UUID, str]
) -> pa.Table:
    nodes = graph.bipartite_xgraph.nodes
    infos: list[ProvenanceQuantumInfo] = [nodes[quantum] for quantum in quantum_ids]
    usages = [info["resource_usage"] for info in infos]
    return pa.table(
        {
            "quantum_id": [str(quantum) for quantum in quantum_ids],
            "task": [info["task_label"] for info in infos],
            "data_id": [_to_json(info["data_id"]) for info in infos],
            "status": [info["status"].name.lower() for info in infos],
            "caveats": [_name_caveats(info["caveats"]) for info in infos],
            "exception": [
                None if (e := info["exception"]) is None else f"{e.type_name}: {e.message}" for info in infos
            ],
            "n_attempts": [len(info["attempts"]) for info in infos],
            "host": [hosts.get(quantum) or None for quantum in quantum_ids],
            "started": _to_mjd([None if usage is None else usage.start for usage in usages]),
            "ended": _to_mjd([None if usage is None else usage.end for usage in usages]),
            "cpu_time": [None if usage is None else usage.run_time_cpu for usage in usages],
            "memory": [None if usage is None else usage.memory for usage in usages],
        },
        schema=_graph_schema(PROV_QUANTUM),
    )


def _make_datasets(graph: ProvenanceQuantumGraph, quantum_ids: frozenset[uuid.UUID]) -> pa.Table:
    xgraph = graph.bipartite_xgraph
    rows = []
    for dataset, info in xgraph.nodes(data=True):
        if "dataset_type_name" not in info:
            continue
        producer = next(iter(xgraph.pred[dataset]), None)
        if producer is not None and producer not in quantum_ids:
            continue  # made by an init quantum
        edge = {} if producer is None else xgraph.edges[producer, dataset]
        rows.append(
            {
                "dataset_id": str(dataset),
                "dataset_type": info["dataset_type_name"],
                "data_id": _to_json(info["data_id"]),
                "run": info["run"],
                "producer": None if producer is None else str(producer),
                "connection": edge["pipeline_edges"][0].connection_name if edge else None,
                "produced": info["produced"],
            }
        )
    return pa.Table.from_pylist(rows, schema=_graph_schema(PROV_DATASET))


def _make_inputs(
    graph: ProvenanceQuantumGraph,
    quantum_ids: Sequence[uuid.UUID],
    unused: Mapping[uuid.UUID, frozenset[str]],
) -> pa.Table:
    rows: list[dict[str, object]] = []
    for quantum in quantum_ids:
        rows.extend(_iter_inputs(graph, quantum, unused.get(quantum, frozenset())))
    return pa.Table.from_pylist(rows, schema=_graph_schema(PROV_INPUT))


def _iter_inputs(
    graph: ProvenanceQuantumGraph, quantum: uuid.UUID, unused: frozenset[str]
) -> Iterator[dict[str, object]]:
    xgraph = graph.bipartite_xgraph
    info: ProvenanceQuantumInfo = xgraph.nodes[quantum]
    for dataset, edge in xgraph.pred[quantum].items():
        available = bool(xgraph.nodes[dataset]["produced"])
        for pipeline_edge in edge["pipeline_edges"]:
            yield {
                "quantum_id": str(quantum),
                "dataset_id": str(dataset),
                "connection": pipeline_edge.connection_name,
                "available": available,
                "used": _judge_use(info, available and str(dataset) not in unused),
            }


def _judge_use(info: ProvenanceQuantumInfo, given: bool) -> bool | None:
    """Judge whether outputs were made with an input.

    ``run-qbb`` gives a quantum all predicted inputs that exist and writes no
    outputs of one that found no work.
    """
    match info["status"]:
        case QuantumAttemptStatus.SUCCESSFUL | QuantumAttemptStatus.ABORTED_SUCCESS:
            caveats = info["caveats"] or QuantumSuccessCaveats.NO_CAVEATS
            return given and not caveats & QuantumSuccessCaveats.ALL_OUTPUTS_MISSING
        case QuantumAttemptStatus.BLOCKED:
            return False
        case _:
            return None if given else False


def _name_caveats(caveats: QuantumSuccessCaveats | None) -> str:
    return "|".join(flag.name.lower() for flag in caveats or () if flag.name is not None)


def _to_json(data_id: DataCoordinate) -> str:
    return json.dumps(dict(data_id.mapping))


def _to_mjd(times: Sequence[object]) -> list[float | None]:
    """Convert UTC times to MJD TAI in one call; the middleware writes Python's UTC datetimes."""
    known = [time for time in times if time is not None]
    converted = iter(Time(known, format="datetime", scale="utc").tai.mjd.tolist() if known else [])
    return [None if time is None else next(converted) for time in times]
