"""Graphs that were committed and have not been brought back, as provenance rows."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import polars as pl
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.campaigns import Presence, find_run_presence, read_commits
from workbench.graph import opening_graph
from workbench.registry import Registry

__all__ = ["CommittedGraphs", "Frames"]

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]
"""Quanta, datasets and inputs, in the columns that a lineage is made of."""

_QUANTUM = {"commit_id": pl.String, "quantum_id": pl.String, "task": pl.String, "data_id": pl.String}
_DATASET = {
    "commit_id": pl.String,
    "dataset_id": pl.String,
    "dataset_type": pl.String,
    "data_id": pl.String,
    "run": pl.String,
    "producer": pl.String,
}
_INPUT = {
    "commit_id": pl.String,
    "quantum_id": pl.String,
    "dataset_id": pl.String,
    "available": pl.Boolean,
    "used": pl.Boolean,
}

_REMOVED = (Presence.GONE, Presence.REPLACED, Presence.WITHDRAWN)


class CommittedGraphs:
    """Reads committed graph files, each one once: they are named by their content.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository; nothing is written.
    """

    def __init__(self, registry: Registry):
        self._registry = registry
        self._known: dict[tuple[str, Path], Frames] = {}

    def read(self, ingested: Collection[str]) -> Frames:
        """Read the graphs that wait to be executed or brought back.

        Parameters
        ----------
        ingested : `~collections.abc.Collection` [ `str` ]
            Commits of which it is known what ran.

        Returns
        -------
        quanta, datasets, inputs : `polars.DataFrame`
            What will run if all goes well: every predicted input counts.
        """
        found = []
        rows = [row for row in read_commits(self._registry).to_pylist() if row["commit_id"] not in ingested]
        presence = find_run_presence(self._registry, rows)
        for row in rows:
            # What was removed will not be executed.
            if row["graph_path"] is None or presence[row["commit_id"]].presence in _REMOVED:
                continue
            key = (row["commit_id"], Path(row["graph_path"]))
            # Graph files may be cleared away; then nobody can execute them either.
            if key not in self._known and key[1].is_file():
                self._known[key] = _read_graph(*key)
            if key in self._known:
                found.append(self._known[key])
        parts = zip(*[_empty(), *found], strict=True)
        quanta, datasets, inputs = (pl.concat(part) for part in parts)
        return quanta, datasets, inputs


def _empty() -> Frames:
    return pl.DataFrame(schema=_QUANTUM), pl.DataFrame(schema=_DATASET), pl.DataFrame(schema=_INPUT)


def _read_graph(commit_id: str, path: Path) -> Frames:
    with opening_graph(path) as reader:
        reader.read_quantum_datasets()
        components = reader.components
    pipeline = components.pipeline_graph
    quanta: list[dict[str, object]] = []
    datasets: dict[object, dict[str, object]] = {}
    inputs: list[dict[str, object]] = []
    for quantum in components.quantum_datasets.values():
        quantum_id = str(quantum.quantum_id)
        names = _names_of_task(pipeline, quantum.task_label)
        quanta.append(
            {
                "commit_id": commit_id,
                "quantum_id": quantum_id,
                "task": quantum.task_label,
                "data_id": json.dumps(dict(zip(names, quantum.data_coordinate, strict=True))),
            }
        )
        for edges, producer in ((quantum.inputs, None), (quantum.outputs, quantum_id)):
            for dataset in (one for connection in edges.values() for one in connection):
                if producer is not None or dataset.dataset_id not in datasets:
                    names = _names_of_type(pipeline, dataset.dataset_type_name)
                    datasets[dataset.dataset_id] = {
                        "commit_id": commit_id,
                        "dataset_id": str(dataset.dataset_id),
                        "dataset_type": dataset.dataset_type_name,
                        "data_id": json.dumps(dict(zip(names, dataset.data_coordinate, strict=True))),
                        "run": dataset.run,
                        "producer": producer,
                    }
        inputs += [
            {
                "commit_id": commit_id,
                "quantum_id": quantum_id,
                "dataset_id": str(dataset_id),
                "available": True,
                "used": None,
            }
            for dataset_id in quantum.iter_input_dataset_ids()
        ]
    return (
        pl.DataFrame(quanta, schema=_QUANTUM),
        pl.DataFrame(list(datasets.values()), schema=_DATASET),
        pl.DataFrame(inputs, schema=_INPUT),
    )


def _names_of_task(pipeline: PipelineGraph, label: str) -> tuple[str, ...]:
    dimensions = pipeline.tasks[label].dimensions
    return (*dimensions.required, *dimensions.implied)


def _names_of_type(pipeline: PipelineGraph, name: str) -> tuple[str, ...]:
    dimensions = pipeline.dataset_types[name].dimensions
    return (*dimensions.required, *dimensions.implied)
