"""The waterfall: how many candidates of each task each stage removed, in order, and what gives them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.graph.account.explain import describe_absent, tell_reasons_of_all
from workbench.graph.account.occurrences import (
    DataId,
    Occurrence,
    check_dimensions,
    find_occurrences,
    find_outcomes,
)
from workbench.graph.account.remedies import Remedy, find_remedies
from workbench.graph.account.tables import PreviewTables
from workbench.graph.closure.closure import Stage
from workbench.graph.columns.graph_columns import Rows
from workbench.presentation import presented
from workbench.query import WhyNot
from workbench.sets import describe_data_ids, merge_data_ids

__all__ = ["WATERFALL_SCHEMA", "GraphWhyNot", "explain_losses"]

_COLUMNS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "seen_as": pa.string(),
    "stage": pa.string(),
    "reason": pa.string(),
    "removed": pa.int64(),
    "left": pa.int64(),
}
WATERFALL_SCHEMA = pa.schema(_COLUMNS)
"""Columns of `GraphWhyNot.waterfall`: ``removed`` candidates fell at the stage, and ``left`` were left
after it; the first row of a task has the stage "candidates", the last one "kept"."""

_ORDER: Mapping[Stage, str] = {
    Stage.NO_INPUTS: "an input is not in the input collections",
    Stage.CONSTRAINT: "",
    Stage.STARVED: "",
    Stage.PARTIAL: "an input is missing, and partial quanta are dropped",
    Stage.NOT_DEMANDED: "no kept quantum needs it",
    Stage.SKIPPED: "it ran already, and is skipped",
    Stage.HOOK: "removed by the task's own hooks or the builder's last checks",
}
"""The stages in the order in which they remove candidates, and what they say."""


@presented
class GraphWhyNot(WhyNot):
    """Why data IDs are in a graph or not: where their candidates fell, task by task.

    Parameters
    ----------
    data_ids : `tuple` [ `~collections.abc.Mapping`, ... ]
        What was asked; empty for all data IDs.
    waterfall : `pyarrow.Table`
        With `WATERFALL_SCHEMA`; tasks in the order of the pipeline, and
        stages in the order in which they work.
    remedies : `tuple` [ `Remedy`, ... ]
        Edits that give back what constraints took from the data IDs, those of
        the first task first; of several, one for all that fell by one cause.
    absent : `str`
        Which of the data IDs are no candidates at all, and why.
    advice : `str`
        What else gives data IDs back, where no edit of a constraint does.
    reasons : `tuple` [ `str`, ... ], optional
        What the sets of these constraints say of the data ID, a sentence each.

    Attributes
    ----------
    data_ids, waterfall, remedies, absent, advice, reasons
        As given.
    """

    data_ids: tuple[DataId, ...]
    remedies: tuple[Remedy, ...]
    absent: str
    advice: str
    reasons: tuple[str, ...]

    def __new__(
        cls,
        data_ids: tuple[DataId, ...],
        waterfall: pa.Table,
        remedies: tuple[Remedy, ...],
        absent: str,
        advice: str = "",
        reasons: tuple[str, ...] = (),
    ) -> Self:
        """Make the answer (`GraphWhyNot`)."""
        first = "" if absent and not waterfall.num_rows else _describe_first(data_ids, waterfall, reasons)
        answer = super().__new__(cls, "\n".join(filter(None, [absent, first])), waterfall)
        answer.data_ids, answer.remedies, answer.absent = data_ids, remedies, absent
        answer.advice, answer.reasons = advice, reasons
        return answer

    @property
    def data_id(self) -> DataId:
        """What was asked; of several, the values by dimension (`~collections.abc.Mapping`)."""
        return merge_data_ids(self.data_ids)

    @property
    def first(self) -> dict[str, object] | None:
        """The first step that removed something, or `None` (`dict`)."""
        return _find_first(self.waterfall)

    def _shown_facts(self) -> dict[str, object]:
        return {"remedies": [str(one) for one in self.remedies] or None, "advice": self.advice or None}


def _find_first(waterfall: pa.Table) -> dict[str, object] | None:
    return next((row for row in waterfall.to_pylist() if row["removed"]), None)


def _describe_first(data_ids: Sequence[DataId], waterfall: pa.Table, reasons: Sequence[str]) -> str:
    """Say where the data IDs first fell, and why."""
    asked = describe_data_ids(data_ids) if data_ids else ""
    first, several = _find_first(waterfall), len(data_ids) > 1
    if first is None:
        kept = "are kept by every task that has them" if several else "is kept by every task that has it"
        return f"{asked} {kept}." if asked else "Every candidate is kept."
    (candidates,) = [
        row["left"]
        for row in waterfall.to_pylist()
        if row["stage"] == "candidates" and (row["task"], row["seen_as"]) == (first["task"], first["seen_as"])
    ]
    what = "quanta" if first["seen_as"] == "quantum" else f"{first['seen_as']} inputs"
    falls = "fall" if several else "falls"
    who = f"{asked} first {falls}" if asked else "Of all candidates, the first fall"
    fell = (
        f"{who} at {first['task']}: {first['removed']:,} of {candidates:,} {what}, "
        f"because of: {first['reason']}."
    )
    return " ".join([fell, *reasons])


def explain_losses(preview: PreviewTables, data_ids: Sequence[DataId], task: str | None) -> GraphWhyNot:
    """Count what each stage removed.

    Parameters
    ----------
    preview : `~workbench.graph.account.tables.PreviewTables`
        The preview.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Dimension values; empty for all candidates.
    task : `str` or `None`
        Label of the only task to look at.

    Returns
    -------
    answer : `GraphWhyNot`
        Stages and remedies.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a task or a dimension that the graph does not have.
    """
    graph = preview.graph
    if task is not None and task not in graph.tasks:
        raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {graph.labels}.")
    every: Iterable[Occurrence]
    seen: set[int] = set()
    if data_ids:
        check_dimensions(graph, data_ids)
        every = find_occurrences(graph, data_ids, seen)
    else:
        every = (Occurrence(label, "quantum", graph.nodes_of(label)) for label in graph.tasks)
    occurrences = [one for one in every if task is None or one.task == task]
    rows = [row for occurrence in occurrences for row in _steps(preview, occurrence)]
    absent = [one for position, one in enumerate(data_ids) if position not in seen or not rows]
    remedies, advice = find_remedies(preview, data_ids, occurrences) if data_ids else ((), "")
    return GraphWhyNot(
        tuple(data_ids),
        pa.Table.from_pylist(rows, schema=WATERFALL_SCHEMA),
        remedies,
        "\n".join(describe_absent(preview, absent)),
        advice,
        tell_reasons_of_all(preview.binding.constraints, [str(row["reason"]) for row in rows], data_ids),
    )


def _steps(preview: PreviewTables, occurrence: Occurrence) -> list[dict[str, object]]:
    stage, cut, node = find_outcomes(preview.causes, occurrence)
    left = len(occurrence.numbers)
    common = {"task": occurrence.task, "seen_as": occurrence.seen_as}
    rows = [{**common, "stage": "candidates", "reason": "", "removed": 0, "left": left}]
    counts = np.bincount(stage, minlength=len(Stage))
    for step, words in _ORDER.items():
        if not counts[step]:
            continue
        parts = [(words, int(counts[step]))]
        if step is Stage.CONSTRAINT:
            numbers = np.bincount(cut[stage == step])
            positions = np.flatnonzero(numbers).tolist()
            parts = [(preview.causes.name_constraint(one), int(numbers[one])) for one in positions]
        elif step is Stage.STARVED:
            parts = _starvations(preview, node[stage == step])
        for reason, removed in parts:
            left -= removed
            name = step.name.lower()
            rows.append({**common, "stage": name, "reason": reason, "removed": removed, "left": left})
    return [*rows, {**common, "stage": "kept", "reason": "", "removed": 0, "left": left}]


def _starvations(preview: PreviewTables, quanta: Rows) -> list[tuple[str, int]]:
    """Count starved quanta by the constraints that are the cause."""
    numbers, causes = preview.causes.starved
    kinds, counts = np.unique(causes[np.searchsorted(numbers, quanta)], axis=0, return_counts=True)
    parts = []
    for kind, number in zip(kinds, counts.tolist(), strict=True):
        parts.append((preview.causes.name_constraints(np.flatnonzero(kind).tolist()), number))
    return parts
