"""Absent inputs: what quanta do without because it is nowhere, counted beside excluded and missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.closure import Stage
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.columns.schemas import ABSENT_SCHEMA
from workbench.graph.joins.relation import find_rows
from workbench.graph.proposal.overall import LackingInput

__all__ = ["count_absent"]

Stages = npt.NDArray[np.int8]

_NOWHERE = "not in the input collections"
_UNMADE = "what makes it lacks an input"


def count_absent(
    graph: CandidateGraph, edge: Mask, quantum: Mask, stage: Stages, lacking: Iterable[LackingInput]
) -> pa.Table:
    """Count the inputs that quanta lack because nothing has or can make them.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    edge : `numpy.ndarray` of `bool`, shape (n_edges,)
        Inputs of the graph.
    quantum : `numpy.ndarray` of `bool`, shape (n_quanta,)
        Quanta of the graph.
    stage : `numpy.ndarray` of `~workbench.graph.closure.closure.Stage`, shape (n_quanta,)
        Where each candidate ended.
    lacking : `~collections.abc.Iterable` [ `~workbench.graph.proposal.overall.LackingInput` ]
        Inputs of which there is nothing at all.

    Returns
    -------
    absent : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.ABSENT_SCHEMA`.

    Notes
    -----
    Tasks are joined one by one, so that a quantum keeps what it has, where
    the stock builder's one join leaves out each data ID of which any input is
    lacking.  An input counts as absent where the quantum, or another of its
    inputs, has its data ID, and it does not exist.
    """
    rows: list[dict[str, object]] = [
        {
            "dataset_type": one.dataset_type,
            "task": label,
            "quanta": 0,
            "inputs": None,
            "because": _NOWHERE if label in one.tasks else _UNMADE,
        }
        for one in lacking
        for label in one.unable
        if label in graph.tasks
    ]
    for label in graph.tasks:
        if not quantum[graph.span(label)].any():
            continue
        for name in graph.tasks[label].minimum:
            if name not in graph.dataset_ids:
                continue
            unmade = _unmade(graph, label, name, quantum, stage)
            lost = _number(_lost(graph, label, name, edge, quantum), graph.n_quanta)
            for because, pairs in ((_NOWHERE, lost), (_UNMADE, unmade)):
                if len(pairs):
                    rows.append(
                        {
                            "dataset_type": name,
                            "task": label,
                            "quanta": len(np.unique(pairs % graph.n_quanta)),
                            "inputs": len(pairs),
                            "because": because,
                        }
                    )
    return pa.Table.from_pylist(rows, schema=ABSENT_SCHEMA)


def _unmade(graph: CandidateGraph, label: str, name: str, quantum: Mask, stage: Stages) -> Rows:
    """Return inputs of quanta whose producers could never run, as numbers of both."""
    block = graph.blocks.get((label, name), slice(0, 0))
    readers, makers = graph.edge_quantum[block], graph.edge_producer[block]
    never = (makers >= 0) & (stage[makers] == Stage.NO_INPUTS) & quantum[readers]
    datasets = graph.edge_dataset[block][never]
    pairs: Rows = datasets * np.int64(graph.n_quanta) + readers[never]
    return pairs


def _lost(
    graph: CandidateGraph, label: str, name: str, edge: Mask, quantum: Mask
) -> Iterator[tuple[Rows, Rows]]:
    """Yield keys of a type that a quantum or another input has, and no dataset, and the quanta."""
    ids, own = graph.dataset_ids[name], graph.quantum_ids[label]
    names = list(ids.group.required)
    if not names:
        return
    known = np.unique(ids.relation.keys(names)) if len(ids) else np.empty(0, dtype=np.int64)
    if set(names) <= set(own.group.names):
        kept = np.flatnonzero(quantum[graph.span(label)])
        keys = own.relation.keys(names)[kept]
        yield _without(known, keys, kept + graph.quantum_start[label])
        return
    for other in graph.tasks[label].minimum:
        block = graph.blocks.get((label, other), slice(0, 0))
        if other == name or other not in graph.dataset_ids or block.stop == block.start:
            continue
        wide = graph.dataset_ids[other]
        if not set(names) <= set(wide.group.names) | set(own.group.names):
            continue
        if set(names) <= set(wide.group.names):
            whole = wide.relation.keys(names)
            if (find_rows(known, whole) >= 0).all():
                continue
        read = np.flatnonzero(edge[block])
        keys = graph.edge_relation(other, label, names).take(read).keys(names)
        yield _without(known, keys, graph.edge_quantum[block][read])


def _without(known: Rows, keys: Rows, readers: Rows) -> tuple[Rows, Rows]:
    absent = find_rows(known, keys) < 0
    return keys[absent], readers[absent]


def _number(parts: Iterable[tuple[Rows, Rows]], n_quanta: int) -> Rows:
    """Return distinct pairs of keys and quanta, as numbers of both."""
    found = list(parts)
    if not found:
        return np.empty(0, dtype=np.int64)
    # Keys may need all 63 bits: numbered before they are combined with quanta.
    _, numbers = np.unique(np.concatenate([keys for keys, _ in found]), return_inverse=True)
    readers = np.concatenate([readers for _, readers in found])
    pairs: Rows = np.unique(numbers.astype(np.int64) * np.int64(n_quanta) + readers)
    return pairs
