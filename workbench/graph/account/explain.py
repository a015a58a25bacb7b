"""Explanations: why a data ID is in a graph, why not, and what it feeds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from workbench.graph.account.occurrences import (
    DataId,
    Occurrence,
    check_dimensions,
    find_occurrences,
    find_outcomes,
)
from workbench.graph.account.remedies import find_remedies
from workbench.graph.account.tables import PreviewTables
from workbench.graph.closure.binding import UNCUT
from workbench.graph.closure.closure import Stage
from workbench.graph.constraints.constraint import ResolvedConstraint, tell_reasons
from workbench.presentation import presented
from workbench.sets import describe_data_ids, merge_data_ids

__all__ = [
    "EXPLANATION_SCHEMA",
    "FEEDS_SCHEMA",
    "Explanation",
    "describe_absent",
    "explain_data_ids",
    "tell_reasons_of_all",
]

_EXPLANATION: dict[str, pa.DataType] = {
    "task": pa.string(),
    "seen_as": pa.string(),
    "candidates": pa.int64(),
    "kept": pa.int64(),
    "dropped_at": pa.string(),
    "reason": pa.string(),
}
EXPLANATION_SCHEMA = pa.schema(_EXPLANATION)
"""Columns of `Explanation.table`: ``seen_as`` is "quantum" or the dataset type
through which the task reads the data ID."""


_MOST_ABSENT = 5
"""Data IDs of which it is said why they are no candidates: each takes questions to the Butler."""

_FEEDS: dict[str, pa.DataType] = {"task": pa.string(), "quanta": pa.int64()}
FEEDS_SCHEMA = pa.schema(_FEEDS)
"""Columns of `Explanation.feeds`."""


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """What becomes of one data ID, or of several together.

    Parameters
    ----------
    data_ids : `tuple` [ `~collections.abc.Mapping`, ... ]
        What was asked.
    table : `pyarrow.Table`
        One row a task, with `EXPLANATION_SCHEMA`, in pipeline order.
    sentences : `tuple` [ `str`, ... ]
        The same in words.
    feeds : `pyarrow.Table`
        Kept quanta that its data reach: ``task``, ``quanta``.
    """

    data_ids: tuple[DataId, ...]
    table: pa.Table
    sentences: tuple[str, ...]
    feeds: pa.Table

    @property
    def data_id(self) -> DataId:
        """What was asked; of several, the values by dimension (`~collections.abc.Mapping`)."""
        return merge_data_ids(self.data_ids)

    @property
    def included(self) -> bool:
        """Whether any kept quantum has or reads the data ID (`bool`)."""
        return any(row["kept"] for row in self.table.to_pylist())

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def explain_data_ids(preview: PreviewTables, data_ids: Sequence[DataId]) -> Explanation:
    """Explain what becomes of data IDs in a preview, of several together.

    Parameters
    ----------
    preview : `~workbench.graph.account.tables.PreviewTables`
        The preview.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Dimension values.

    Returns
    -------
    explanation : `Explanation`
        Sentences and tables.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a key that is no dimension of the graph.
    """
    graph = preview.graph
    check_dimensions(graph, data_ids)
    reached = np.zeros(graph.n_quanta, dtype=np.bool_)
    seen: set[int] = set()
    occurrences = list(find_occurrences(graph, data_ids, seen))
    absent = [one for position, one in enumerate(data_ids) if position not in seen]
    rows = [_explain_sighting(preview, occurrence, reached) for occurrence in occurrences]
    table = pa.Table.from_pylist(rows, schema=EXPLANATION_SCHEMA)
    feeds = _feeds(preview, reached)
    sentences = _sentences(preview, data_ids, occurrences, rows, feeds)
    return Explanation(tuple(data_ids), table, (*describe_absent(preview, absent), *sentences), feeds)


def describe_absent(preview: PreviewTables, data_ids: Sequence[DataId]) -> Iterator[str]:
    """Say why data IDs are no candidates at all.

    Parameters
    ----------
    preview : `~workbench.graph.account.tables.PreviewTables`
        The preview.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Data IDs that no candidate has.

    Yields
    ------
    sentence : `str`
        One for each of the first few, and how many more there are.
    """
    for data_id in data_ids[:_MOST_ABSENT]:
        name = ", ".join(f"{key} {value}" for key, value in data_id.items())
        yield f"{name} is no candidate. {preview.absence.describe(data_id)}"
    if (n_more := len(data_ids) - _MOST_ABSENT) > 0:
        yield f"{n_more:,} more are no candidates; ask about them by themselves."


def tell_reasons_of_all(
    constraints: Sequence[ResolvedConstraint], fallen: Sequence[str], data_ids: Sequence[DataId]
) -> tuple[str, ...]:
    """Say what the sets of constraints say of data IDs.

    Parameters
    ----------
    constraints : `~collections.abc.Sequence` [ `~workbench.graph.ResolvedConstraint` ]
        The constraints.
    fallen : `~collections.abc.Sequence` [ `str` ]
        Names of those that took something.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Dimension values.

    Returns
    -------
    reasons : `tuple` [ `str`, ... ]
        Sentences, each once, of the first few data IDs.
    """
    told = (one for data_id in data_ids[:_MOST_ABSENT] for one in tell_reasons(constraints, fallen, data_id))
    return tuple(dict.fromkeys(told))


def _explain_sighting(
    preview: PreviewTables, occurrence: Occurrence, reached: npt.NDArray[np.bool_]
) -> dict[str, object]:
    stages, cuts, nodes = find_outcomes(preview.causes, occurrence)
    kept = stages == Stage.KEPT
    reached[nodes[kept]] = True
    stage = reason = ""
    if not kept.all():
        # What most fell by; the first of these tells for all.
        fell, causes = np.flatnonzero(~kept), preview.causes
        cut = np.where(stages[fell] == Stage.CONSTRAINT, cuts[fell], -1) + 1
        kinds = cut * len(Stage) + stages[fell]
        most = int(np.bincount(kinds).argmax())
        end = Stage(most % len(Stage))
        stage = end.name.lower()
        first = int(nodes[fell[(kinds == most).argmax()]])
        by_constraint = end is Stage.CONSTRAINT
        reason = causes.name_constraint(most // len(Stage) - 1) if by_constraint else causes.of_quantum(first)
    return {
        "task": occurrence.task,
        "seen_as": occurrence.seen_as,
        "candidates": len(kept),
        "kept": int(kept.sum()),
        "dropped_at": stage,
        "reason": reason,
    }


def _feeds(preview: PreviewTables, reached: npt.NDArray[np.bool_]) -> pa.Table:
    """Follow kept edges forward from the kept quanta that have the data ID."""
    graph = preview.graph
    kept = preview.stage == Stage.KEPT
    uncut = (preview.binding.edge_cut == UNCUT) & kept[graph.edge_quantum]
    fed = reached.copy()
    for label in graph.tasks:
        edges = graph.edge_span(label)
        producer = graph.edge_producer[edges]
        live = uncut[edges] & (producer >= 0) & fed[producer]
        fed[graph.edge_quantum[edges][live]] = True
    rows = [
        {"task": label, "quanta": int(fed[graph.span(label)].sum())}
        for label in graph.tasks
        if fed[graph.span(label)].any()
    ]
    return pa.Table.from_pylist(rows, schema=FEEDS_SCHEMA)


def _sentences(
    preview: PreviewTables,
    data_ids: Sequence[DataId],
    occurrences: Sequence[Occurrence],
    rows: list[dict[str, object]],
    feeds: pa.Table,
) -> tuple[str, ...]:
    sentences = []
    if len(data_ids) > 1:
        sentences.append(f"Of {describe_data_ids(data_ids)} together:")
    for row in rows:
        as_what = "quanta" if row["seen_as"] == "quantum" else f"{row['seen_as']} inputs"
        text = f"{row['task']}: {row['kept']} of {row['candidates']} {as_what} kept"
        if row["kept"] != row["candidates"]:
            text += f"; the rest dropped at stage {row['dropped_at']} ({row['reason']})"
        sentences.append(text + ".")
    if feeds.num_rows:
        reach = ", ".join(f"{row['quanta']} {row['task']}" for row in feeds.to_pylist())
        sentences.append(f"{'Its' if len(data_ids) == 1 else 'Their'} data reach {reach}.")
    if any(row["kept"] != row["candidates"] for row in rows):
        fallen = [str(row["reason"]) for row in rows]
        sentences += tell_reasons_of_all(preview.binding.constraints, fallen, data_ids)
        remedies, advice = find_remedies(preview, data_ids, occurrences)
        sentences += [*dict.fromkeys(one.sentence for one in remedies)] + ([advice] if advice else [])
    return tuple(sentences)
