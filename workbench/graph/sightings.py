"""Sightings: where the tasks of a graph see a data ID, as quanta or as inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.errors import UnknownNameError
from workbench.graph.binding import UNCUT
from workbench.graph.blame import Blame
from workbench.graph.candidates import CandidateGraph
from workbench.graph.closure import Stage
from workbench.graph.columns import Rows
from workbench.graph.relation import Relation

__all__ = ["Sighting", "check_dimensions", "data_id_text", "find_fates", "find_sightings", "match_rows"]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """The candidates of one task that have a data ID.

    Parameters
    ----------
    task : `str`
        Task label.
    seen_as : `str`
        "quantum", or the dataset type through which the task reads it.
    numbers : `numpy.ndarray`
        Numbers of quanta, or of input edges.
    """

    task: str
    seen_as: str
    numbers: Rows

    @property
    def is_quanta(self) -> bool:
        """Whether the numbers are of quanta (`bool`)."""
        return self.seen_as == "quantum"


def check_dimensions(graph: CandidateGraph, data_id: Mapping[str, object]) -> None:
    """Refuse a data ID with keys that the graph does not know.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.CandidateGraph`
        The candidates.
    data_id : `~collections.abc.Mapping`
        Dimension values.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a key that is no dimension of the graph, or for no key.
    """
    known = sorted(frozenset[str]().union(*(task.dimensions.names for task in graph.tasks.values())))
    if not data_id or (stray := set(data_id) - set(known)):
        asked = sorted(stray) if data_id else "an empty data ID"
        raise UnknownNameError(f"Cannot explain {asked}: the dimensions of this graph are {known}.")


def match_rows(relation: Relation, data_id: Mapping[str, object]) -> Rows:
    """Return the rows that have the values of a data ID.

    Parameters
    ----------
    relation : `~workbench.graph.relation.Relation`
        Rows of codes.
    data_id : `~collections.abc.Mapping`
        Values of some of its dimensions.

    Returns
    -------
    rows : `numpy.ndarray`
        Row numbers, ascending.
    """
    mask = np.ones(len(relation), dtype=np.bool_)
    for name, value in data_id.items():
        known = relation.codes.encode(name, pl.Series([value], strict=False))
        mask &= (relation.columns[name] == known[0]) & (known[0] >= 0)
    return np.flatnonzero(mask)


def find_sightings(graph: CandidateGraph, data_id: Mapping[str, object]) -> Iterator[Sighting]:
    """Find the candidates that have a data ID.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.CandidateGraph`
        The candidates.
    data_id : `~collections.abc.Mapping`
        Dimension values.

    Yields
    ------
    sighting : `Sighting`
        In the order of the pipeline; where the quanta of a task do not have
        the dimensions, one for each dataset type with which they have them.
    """
    for label in graph.tasks:
        ids = graph.quantum_ids[label]
        if set(data_id) <= set(ids.group.names):
            nodes = match_rows(ids.relation, data_id) + graph.quantum_start[label]
            if len(nodes):
                yield Sighting(label, "quantum", nodes)
            continue
        for dataset_type in sorted(graph.tasks[label].inputs):
            if (label, dataset_type) not in graph.blocks:
                continue
            both = set(ids.group.names) | set(graph.dataset_ids[dataset_type].group.names)
            if not set(data_id) <= both:
                continue
            relation = graph.edge_relation(dataset_type, label, list(data_id))
            edges = match_rows(relation, data_id) + graph.blocks[label, dataset_type].start
            if len(edges):
                yield Sighting(label, dataset_type, edges)


def find_fates(blame: Blame, sighting: Sighting) -> tuple[npt.NDArray[np.int8], Rows, Rows]:
    """Say what became of candidates, as `~workbench.graph.blame.Blame` says it of one.

    Parameters
    ----------
    blame : `~workbench.graph.blame.Blame`
        What took each candidate of the graph.
    sighting : `Sighting`
        Quanta, or inputs of quanta.

    Returns
    -------
    stage : `numpy.ndarray` of `~workbench.graph.closure.Stage`
        Where each ended.
    cut : `numpy.ndarray`
        Position of the constraint that cut each, where one did.
    node : `numpy.ndarray`
        Quantum that decided: itself; of an input its producer, where that
        fell, otherwise the quantum that reads it.
    """
    binding, numbers = blame.binding, sighting.numbers
    if sighting.is_quanta:
        return blame.stage[numbers], binding.quantum_cut[numbers].astype(np.int64), numbers
    # As `Blame.of_edge` says it: the edge's own constraint, then the producer, then the quantum.
    graph = blame.graph
    producer = graph.producer[graph.edge_dataset[numbers]]
    fell = (producer >= 0) & (blame.stage[producer] != Stage.KEPT)
    node = np.where(fell, producer, graph.edge_quantum[numbers])
    edge_cut = binding.edge_cut[numbers]
    stage = np.where(edge_cut != UNCUT, np.int8(Stage.CONSTRAINT), blame.stage[node])
    cut = np.where(edge_cut != UNCUT, edge_cut, binding.quantum_cut[node])
    return stage, cut.astype(np.int64), node


def data_id_text(data_id: Mapping[str, object]) -> str:
    """Return a data ID as people write it.

    Parameters
    ----------
    data_id : `~collections.abc.Mapping`
        Dimension values.

    Returns
    -------
    text : `str`
        Such as "visit=96954, detector=4".
    """
    return ", ".join(f"{name}={value}" for name, value in data_id.items())
