"""Counts of a preview: quanta by the stage where they ended, datasets by type."""

from __future__ import annotations

import collections

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.graph.account.causes import Causes
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.closure import Closure, Stage
from workbench.graph.columns.schemas import COUNTS_SCHEMA, DATASETS_SCHEMA
from workbench.graph.finish.finished import Finished

__all__ = ["count_datasets", "count_quanta", "describe_nothing"]

_ENDS = {
    "no_inputs": "lack an input that the collections do not hold",
    "excluded": "are cut by a constraint",
    "starved": "are left without inputs by constraints upstream",
    "not_demanded": "are needed by no task that is asked for",
    "partial_dropped": "would miss inputs, and are left out by the policy",
    "skipped": "ran before",
    "hooks": "have no work to do, say the tasks and the builder's last checks",
}


def count_quanta(
    graph: CandidateGraph, causes: Causes, closure: Closure, stage: npt.NDArray[np.int8]
) -> pa.Table:
    """Count the quanta of each task by the stage where they ended.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    causes : `~workbench.graph.account.causes.Causes`
        What took each candidate.
    closure : `~workbench.graph.closure.closure.Closure`
        What was kept.
    stage : `numpy.ndarray` of `~workbench.graph.closure.closure.Stage`, shape (n_quanta,)
        Where each ended.

    Returns
    -------
    counts : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.COUNTS_SCHEMA`.
    """
    kept = stage == Stage.KEPT
    rows = []
    for label in graph.tasks:
        span, edges = graph.span(label), graph.edge_span(label)
        at = np.bincount(stage[span], minlength=len(Stage))
        read = edges.start + np.flatnonzero(kept[graph.edge_quantum[edges]])
        rows.append(
            {
                "task": label,
                "candidates": span.stop - span.start,
                "no_inputs": at[Stage.NO_INPUTS],
                "excluded": at[Stage.CONSTRAINT],
                "starved": at[Stage.STARVED],
                "not_demanded": at[Stage.NOT_DEMANDED],
                "partial_dropped": at[Stage.PARTIAL],
                "skipped": at[Stage.SKIPPED],
                "hooks": at[Stage.HOOK],
                "kept": at[Stage.KEPT],
                "added": int((closure.added & kept)[span].sum()),
                "partial": int((closure.partial & kept)[span].sum()),
                "inputs_excluded": int(causes.took(read).sum()),
                "inputs_missing": int(closure.missing_edge[read].sum()),
            }
        )
    return pa.Table.from_pylist(rows, schema=COUNTS_SCHEMA)


def count_datasets(graph: CandidateGraph, finished: Finished) -> pa.Table:
    """Count the datasets of a graph by type.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    finished : `~workbench.graph.finish.finish.Finished`
        What is left of them.

    Returns
    -------
    counts : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.DATASETS_SCHEMA`.
    """
    read = np.zeros(len(graph.producer), dtype=np.bool_)
    read[graph.edge_dataset[finished.edge]] = True
    read[finished.borrowed] = True
    looked_up: dict[str, set[object]] = collections.defaultdict(set)
    for (_, name), (_, refs) in finished.found.items():
        looked_up[name].update(ref.id for ref in refs)
    rows = []
    for name in sorted(graph.dataset_ids.keys() | looked_up.keys()):
        span = graph.dataset_span(name) if name in graph.dataset_ids else slice(0, 0)
        found = len(looked_up[name]) - int(finished.borrowed[span].sum())
        number = int((read[span] | finished.made[span]).sum()) + found
        made, used = finished.made[span].any(), read[span].any()
        kind = "input" if not made else "intermediate" if used else "output"
        if number:
            rows.append({"dataset_type": name, "kind": kind, "datasets": number})
    return pa.Table.from_pylist(rows, schema=DATASETS_SCHEMA)


def describe_nothing(counts: pa.Table, constraints: pa.Table, emptied: str) -> str:
    """Say why a graph has no quanta: what emptied it, and where those of each task ended.

    Parameters
    ----------
    counts : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.COUNTS_SCHEMA`.
    constraints : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.CONSTRAINTS_SCHEMA`.
    emptied : `str`
        What `~workbench.graph.closure.emptiness.find_emptying` says.

    Returns
    -------
    text : `str`
        The cause, one line a task in the order of the pipeline, then the
        constraints that cut most.
    """
    lines = ["The graph has no quanta.", *filter(None, [emptied])]
    for row in counts.to_pylist():
        ends = [f"{row[stage]} {words}" for stage, words in _ENDS.items() if row[stage]]
        lines.append(f"  {row['task']}: {row['candidates']} candidates; " + "; ".join(ends))
    cutting = [row for row in constraints.to_pylist() if row["quanta_cut"] or row["inputs_cut"]]
    lines += [
        f"{row['mode'].capitalize()} {row['constraint']} cuts {row['quanta_cut']} quanta and "
        f"{row['inputs_cut']} inputs. Widen it, or give it to other tasks."
        for row in sorted(cutting, key=lambda row: -row["quanta_cut"])
    ]
    if not cutting:
        lines.append("No constraint cuts anything: look at the input collections, or at what ran before.")
    return "\n".join(lines)
