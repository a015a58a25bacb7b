"""What a predicted graph file says of its run, and whether it ran."""

from __future__ import annotations

import itertools
from pathlib import Path

from lsst.daf.butler import QuantumBackedButler
from lsst.pipe.base.automatic_connection_constants import LOG_OUTPUT_CONNECTION_NAME
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

__all__ = ["count_attempted", "read_output_run"]

_N_LOGS_AT_ONCE = 10_000


def read_output_run(graph: Path) -> str:
    """Read the name of a graph's output RUN collection.

    Parameters
    ----------
    graph : `pathlib.Path`
        A predicted graph file.

    Returns
    -------
    run : `str`
        The collection.
    """
    with PredictedQuantumGraph.open(str(graph)) as reader:
        return reader.header.output_run


def count_attempted(repo: str, graph: Path) -> tuple[int, int]:
    """Count the quanta of a graph that left a log in the datastore; writes nothing.

    An attempt leaves a log whether it succeeds or fails, unless its process
    is killed.

    Parameters
    ----------
    repo : `str`
        Root or label of the Butler repository.
    graph : `pathlib.Path`
        A predicted graph file.

    Returns
    -------
    n_attempted, n_quanta : `int`
        Quanta with a log, and all quanta.
    """
    with PredictedQuantumGraph.open(str(graph)) as reader:
        reader.read_quantum_datasets()
        reader.read_dimension_data()
        components = reader.components
    logs = itertools.chain.from_iterable(
        quantum.outputs.get(LOG_OUTPUT_CONNECTION_NAME, ())
        for quantum in components.quantum_datasets.values()
    )
    pipeline = components.pipeline_graph
    n_attempted = 0
    with QuantumBackedButler.from_predicted(
        repo,
        predicted_inputs=(),
        predicted_outputs=(),
        dimensions=pipeline.universe,
        datastore_records={},
        dataset_types={node.name: node.dataset_type for node in pipeline.dataset_types.values()},
    ) as butler:
        while refs := [components.make_dataset_ref(log) for log in itertools.islice(logs, _N_LOGS_AT_ONCE)]:
            n_attempted += sum(butler.stored_many(refs).values())
    return n_attempted, len(components.quantum_datasets)
