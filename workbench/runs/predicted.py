"""What a predicted graph file says of its run: quanta, what they leave, and by which UUIDs."""

from __future__ import annotations

import functools
import itertools
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lsst.daf.butler import DatasetRef, QuantumBackedButler
from lsst.pipe.base.automatic_connection_constants import (
    LOG_OUTPUT_CONNECTION_NAME,
    METADATA_OUTPUT_CONNECTION_NAME,
)
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphComponents

from workbench.errors import RunError
from workbench.graph import opening_graph
from workbench.presentation import presented

__all__ = ["PredictedQuantum", "PredictedRun", "check_graph_file", "find_stored", "read_output_run"]

_N_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PredictedQuantum:
    """A quantum, and what it leaves whether it succeeds or fails.

    Parameters
    ----------
    label : `str`
        Label of its task.
    values : `tuple`
        Its required data ID values.
    metadata : `lsst.daf.butler.DatasetRef`
        Written where it succeeds.
    log : `lsst.daf.butler.DatasetRef` or `None`
        Written by each attempt whose process lives; `None` for a task
        without one.
    """

    label: str
    values: tuple[object, ...]
    metadata: DatasetRef
    log: DatasetRef | None


@presented
@dataclass(frozen=True, slots=True)
class PredictedRun:
    """The quanta of a graph file, by their UUIDs.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    run : `str`
        Output RUN collection.
    pipeline : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Its tasks, which are not imported.
    quanta : `~collections.abc.Mapping` [ `uuid.UUID`, `PredictedQuantum` ]
        All but init quanta.
    edges : `tuple`
        Pairs of UUIDs of quanta, the second of which reads from the first.
    output_ids : `frozenset` [ `uuid.UUID` ]
        UUIDs of all outputs, those of init quanta included.
    """

    path: Path
    run: str
    pipeline: PipelineGraph
    quanta: Mapping[uuid.UUID, PredictedQuantum]
    edges: tuple[tuple[uuid.UUID, uuid.UUID], ...]
    output_ids: frozenset[uuid.UUID]

    @classmethod
    def read(cls, path: Path) -> PredictedRun:
        """Read a predicted graph file.

        Parameters
        ----------
        path : `pathlib.Path`
            The file.

        Returns
        -------
        predicted : `PredictedRun`
            What it says.

        Raises
        ------
        workbench.errors.RunError
            Raised if there is no such file.
        workbench.errors.GraphFileError
            Raised if it is none.
        """
        check_graph_file(path)
        with opening_graph(path) as reader:
            reader.read_thin_graph()
            reader.read_dimension_data()
            reader.read_quantum_datasets()
            reader.read_init_quanta()
            components = reader.components
        all_quanta = itertools.chain(components.init_quanta.root, components.quantum_datasets.values())
        return cls(
            path,
            components.header.output_run,
            components.pipeline_graph,
            dict(_iter_quanta(components)),
            tuple((before, after) for before, after in components.thin_graph.edges),
            frozenset(itertools.chain.from_iterable(one.iter_output_dataset_ids() for one in all_quanta)),
        )

    def make_butler(self, repo: str, inputs: Iterable[uuid.UUID] = ()) -> QuantumBackedButler:
        """Make a butler that looks into the datastore without the registry.

        Parameters
        ----------
        repo : `str`
            Root or label of the Butler repository.
        inputs : `~collections.abc.Iterable` [ `uuid.UUID` ], optional
            Datasets that will be read.

        Returns
        -------
        butler : `lsst.daf.butler.QuantumBackedButler`
            To be closed.
        """
        return QuantumBackedButler.from_predicted(
            repo,
            predicted_inputs=inputs,
            predicted_outputs=(),
            dimensions=self.pipeline.universe,
            datastore_records={},
            dataset_types={node.name: node.dataset_type for node in self.pipeline.dataset_types.values()},
        )


def check_graph_file(path: Path) -> None:
    """Refuse a graph file that does not exist.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.RunError
        Raised if it does not exist.
    """
    if not path.is_file():
        raise RunError(f"There is no graph file {path}. Commit the campaign first, or check the path.")


def read_output_run(path: Path) -> str:
    """Read the name of a graph's output RUN collection.

    Parameters
    ----------
    path : `pathlib.Path`
        A predicted graph file.

    Returns
    -------
    run : `str`
        The collection.
    """
    with opening_graph(path) as reader:
        return str(reader.header.output_run)


def find_stored(
    butler: QuantumBackedButler, refs: Iterable[tuple[uuid.UUID, DatasetRef | None]]
) -> set[uuid.UUID]:
    """Find the quanta whose dataset is in the datastore.

    Parameters
    ----------
    butler : `lsst.daf.butler.QuantumBackedButler`
        Of `PredictedRun.make_butler`.
    refs : `~collections.abc.Iterable`
        A quantum and one of its datasets, if it has that.

    Returns
    -------
    found : `set` [ `uuid.UUID` ]
        Of the quanta.
    """
    found: set[uuid.UUID] = set()
    rest = ((quantum, ref) for quantum, ref in refs if ref is not None)
    while some := list(itertools.islice(rest, _N_AT_ONCE)):
        stored = butler.stored_many([ref for _, ref in some])
        found |= {quantum for quantum, ref in some if stored[ref]}
    return found


def _iter_quanta(
    components: PredictedQuantumGraphComponents,
) -> Iterator[tuple[uuid.UUID, PredictedQuantum]]:
    tasks = components.pipeline_graph.tasks
    n_required = functools.cache(lambda label: len(tasks[label].dimensions.required))
    for quantum, found in components.quantum_datasets.items():
        (metadata,) = found.outputs[METADATA_OUTPUT_CONNECTION_NAME]
        logs = found.outputs.get(LOG_OUTPUT_CONNECTION_NAME, ())
        yield (
            quantum,
            PredictedQuantum(
                found.task_label,
                tuple(found.data_coordinate[: n_required(found.task_label)]),
                components.make_dataset_ref(metadata),
                next(map(components.make_dataset_ref, logs), None),
            ),
        )
