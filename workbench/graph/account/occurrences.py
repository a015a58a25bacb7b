"""Sightings: where the tasks of a graph see a data ID, as quanta or as inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.errors import UnknownNameError
from workbench.graph.account.causes import Causes
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT
from workbench.graph.closure.closure import Stage
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.relation import Relation

__all__ = ["Occurrence", "DataId", "check_dimensions", "find_outcomes", "find_occurrences", "match_rows"]

DataId: TypeAlias = Mapping[str, object]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
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


def check_dimensions(graph: CandidateGraph, data_ids: Sequence[DataId]) -> None:
    """Refuse data IDs with keys that the graph does not know.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Dimension values.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a key that is no dimension of the graph, or for no key.
    """
    known = sorted(frozenset[str]().union(*(task.dimensions.names for task in graph.tasks.values())))
    stray = {name for data_id in data_ids for name in data_id} - set(known)
    if stray or not data_ids:
        asked = sorted(stray) if data_ids else "an empty data ID"
        raise UnknownNameError(f"Cannot explain {asked}: the dimensions of this graph are {known}.")


def match_rows(relation: Relation, data_ids: Sequence[DataId]) -> tuple[Rows, set[int]]:
    """Return the rows that have the values of one of some data IDs.

    Parameters
    ----------
    relation : `~workbench.graph.joins.relation.Relation`
        Rows of codes.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Values of some of its dimensions.

    Returns
    -------
    rows : `numpy.ndarray`
        Row numbers, ascending.
    matched : `set` [ `int` ]
        Positions of the data IDs that some row has.
    """
    if len(data_ids) == 1:
        mask = np.ones(len(relation), dtype=np.bool_)
        for name, value in data_ids[0].items():
            known = relation.codes.encode(name, pl.Series([value], strict=False))
            mask &= (relation.columns[name] == known[0]) & (known[0] >= 0)
        rows = np.flatnonzero(mask)
        return rows, {0} if len(rows) else set()
    found = np.zeros(len(relation), dtype=np.bool_)
    matched: set[int] = set()
    positions: dict[frozenset[str], list[int]] = {}
    for position, one in enumerate(data_ids):
        positions.setdefault(frozenset(one), []).append(position)
    for names, alike in positions.items():
        have = pl.DataFrame({name: np.asarray(relation.columns[name], np.int64) for name in names})
        wanted = pl.DataFrame(
            {
                name: np.asarray(
                    relation.codes.encode(name, pl.Series([data_ids[one][name] for one in alike])), np.int64
                )
                for name in names
            }
        ).with_columns(pl.Series("asked", alike))
        pairs = have.with_row_index("row").join(wanted, on=sorted(names))
        found[pairs["row"].to_numpy()] = True
        matched.update(pairs["asked"].unique().to_list())
    return np.flatnonzero(found), matched


def find_occurrences(
    graph: CandidateGraph, data_ids: Sequence[DataId], seen: set[int] | None = None
) -> Iterator[Occurrence]:
    """Find the candidates that have one of some data IDs.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Dimension values.
    seen : `set` [ `int` ], optional
        Told the positions of the data IDs that were met.

    Yields
    ------
    occurrence : `Occurrence`
        In the order of the pipeline; where the quanta of a task do not have
        the dimensions, one for each dataset type with which they have them.
    """
    seen = set() if seen is None else seen
    for label in graph.tasks:
        ids = graph.quantum_ids[label]
        whole, parts = _divide(data_ids, ids.group.names, range(len(data_ids)))
        if whole:
            rows, matched = match_rows(ids.relation, [data_ids[one] for one in whole])
            seen.update(whole[one] for one in matched)
            if len(rows):
                yield Occurrence(label, "quantum", rows + graph.quantum_start[label])
        if not parts:
            continue
        for dataset_type in sorted(graph.tasks[label].inputs):
            if (label, dataset_type) not in graph.blocks:
                continue
            both = set(ids.group.names) | set(graph.dataset_ids[dataset_type].group.names)
            within, _ = _divide(data_ids, both, parts)
            if not within:
                continue
            names = sorted({name for one in within for name in data_ids[one]})
            relation = graph.edge_relation(dataset_type, label, names)
            rows, matched = match_rows(relation, [data_ids[one] for one in within])
            seen.update(within[one] for one in matched)
            if len(rows):
                yield Occurrence(label, dataset_type, rows + graph.blocks[label, dataset_type].start)


def _divide(
    data_ids: Sequence[DataId], names: Collection[str], chosen: Iterable[int]
) -> tuple[list[int], list[int]]:
    """Divide positions of data IDs by whether some names are all that they need."""
    within: list[int] = []
    beyond: list[int] = []
    for one in chosen:
        (within if data_ids[one].keys() <= set(names) else beyond).append(one)
    return within, beyond


def find_outcomes(causes: Causes, occurrence: Occurrence) -> tuple[npt.NDArray[np.int8], Rows, Rows]:
    """Say what became of candidates, as `~workbench.graph.account.causes.Causes` says it of one.

    Parameters
    ----------
    causes : `~workbench.graph.account.causes.Causes`
        What took each candidate of the graph.
    occurrence : `Occurrence`
        Quanta, or inputs of quanta.

    Returns
    -------
    stage : `numpy.ndarray` of `~workbench.graph.closure.closure.Stage`
        Where each ended.
    cut : `numpy.ndarray`
        Position of the constraint that cut each, where one did.
    node : `numpy.ndarray`
        Quantum that decided: itself; of an input its producer, where that
        fell, otherwise the quantum that reads it.
    """
    binding, numbers = causes.binding, occurrence.numbers
    if occurrence.is_quanta:
        return causes.stage[numbers], binding.quantum_cut[numbers].astype(np.int64), numbers
    # As `Causes.of_edge` says it: the edge's own constraint, then the producer, then the quantum.
    graph = causes.graph
    producer = graph.producer[graph.edge_dataset[numbers]]
    fell = (producer >= 0) & (causes.stage[producer] != Stage.KEPT)
    node = np.where(fell, producer, graph.edge_quantum[numbers])
    edge_cut = binding.edge_cut[numbers]
    stage = np.where(edge_cut != UNCUT, np.int8(Stage.CONSTRAINT), causes.stage[node])
    cut = np.where(edge_cut != UNCUT, edge_cut, binding.quantum_cut[node])
    return stage, cut.astype(np.int64), node
