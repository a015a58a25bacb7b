"""The waterfall: how many candidates of each task each stage removed, in order, and what gives them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.graph.closure import Stage
from workbench.graph.columns import Rows
from workbench.graph.constraints import tell_reasons
from workbench.graph.remedies import Remedy, find_advice, find_remedies
from workbench.graph.sightings import (
    Sighting,
    check_dimensions,
    data_id_text,
    find_fates,
    find_sightings,
)
from workbench.graph.tables import PreviewTables
from workbench.presentation import presented

__all__ = ["STEPS_SCHEMA", "Waterfall", "fall"]

_STEPS: dict[str, pa.DataType] = {
    "task": pa.string(),
    "seen_as": pa.string(),
    "stage": pa.string(),
    "reason": pa.string(),
    "removed": pa.int64(),
    "left": pa.int64(),
}
STEPS_SCHEMA = pa.schema(_STEPS)
"""Columns of `Waterfall.steps`: ``removed`` candidates fell at the stage, and ``left`` were left
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
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Waterfall:
    """Where candidates fell, task by task.

    Parameters
    ----------
    data_id : `~collections.abc.Mapping`
        What was asked; empty for all data IDs.
    steps : `pyarrow.Table`
        With `STEPS_SCHEMA`; tasks in the order of the pipeline, and stages
        in the order in which they work.
    remedies : `tuple` [ `Remedy`, ... ]
        Edits that give back what constraints took from the data ID, those of
        the first task first.
    absent : `str`
        Why there is no candidate at all; empty if there is one.
    advice : `str`
        What else gives the data ID back, where no edit of a constraint does.
    reasons : `tuple` [ `str`, ... ], optional
        What the sets of these constraints say of the data ID, a sentence each.
    """

    data_id: Mapping[str, object]
    steps: pa.Table
    remedies: tuple[Remedy, ...]
    absent: str
    advice: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def first(self) -> dict[str, object] | None:
        """The first step that removed something, or `None` (`dict`)."""
        return next((row for row in self.steps.to_pylist() if row["removed"]), None)

    def __str__(self) -> str:
        asked = data_id_text(self.data_id)
        if self.absent:
            return f"{asked} is no candidate. {self.absent}"
        first = self.first
        if first is None:
            return f"{asked} is kept by every task that has it." if asked else "Every candidate is kept."
        (candidates,) = [
            row["left"]
            for row in self.steps.to_pylist()
            if row["stage"] == "candidates"
            and (row["task"], row["seen_as"]) == (first["task"], first["seen_as"])
        ]
        what = "quanta" if first["seen_as"] == "quantum" else f"{first['seen_as']} inputs"
        who = f"{asked} first falls" if self.data_id else "Of all candidates, the first fall"
        fell = (
            f"{who} at {first['task']}: {first['removed']:,} of {candidates:,} {what}, "
            f"because of: {first['reason']}."
        )
        return " ".join([fell, *self.reasons])


def fall(preview: PreviewTables, data_id: Mapping[str, object], task: str | None) -> Waterfall:
    """Count what each stage removed.

    Parameters
    ----------
    preview : `~workbench.graph.tables.PreviewTables`
        The preview.
    data_id : `~collections.abc.Mapping`
        Dimension values; empty for all candidates.
    task : `str` or `None`
        Label of the only task to look at.

    Returns
    -------
    waterfall : `Waterfall`
        Steps and remedies.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a task or a dimension that the graph does not have.
    """
    graph = preview.graph
    if task is not None and task not in graph.tasks:
        raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {graph.labels}.")
    every: Iterable[Sighting]
    if data_id:
        check_dimensions(graph, data_id)
        every = find_sightings(graph, data_id)
    else:
        every = (Sighting(label, "quantum", graph.nodes_of(label)) for label in graph.tasks)
    sightings = [one for one in every if task is None or one.task == task]
    rows = [row for sighting in sightings for row in _steps(preview, sighting)]
    remedies = find_remedies(preview, data_id, sightings)
    return Waterfall(
        dict(data_id),
        pa.Table.from_pylist(rows, schema=STEPS_SCHEMA),
        remedies,
        "" if rows or not data_id else preview.absence.describe(data_id),
        find_advice(preview, sightings) if data_id and not remedies else "",
        tell_reasons(preview.binding.constraints, [str(row["reason"]) for row in rows], data_id),
    )


def _steps(preview: PreviewTables, sighting: Sighting) -> list[dict[str, object]]:
    stage, cut, node = find_fates(preview.blame, sighting)
    left = len(sighting.numbers)
    common = {"task": sighting.task, "seen_as": sighting.seen_as}
    rows = [{**common, "stage": "candidates", "reason": "", "removed": 0, "left": left}]
    counts = np.bincount(stage, minlength=len(Stage))
    for step, words in _ORDER.items():
        if not counts[step]:
            continue
        parts = [(words, int(counts[step]))]
        if step is Stage.CONSTRAINT:
            numbers = np.bincount(cut[stage == step])
            positions = np.flatnonzero(numbers).tolist()
            parts = [(preview.blame.name_constraint(one), int(numbers[one])) for one in positions]
        elif step is Stage.STARVED:
            parts = _starvations(preview, node[stage == step])
        for reason, removed in parts:
            left -= removed
            name = step.name.lower()
            rows.append({**common, "stage": name, "reason": reason, "removed": removed, "left": left})
    return [*rows, {**common, "stage": "kept", "reason": "", "removed": 0, "left": left}]


def _starvations(preview: PreviewTables, quanta: Rows) -> list[tuple[str, int]]:
    """Count starved quanta by the constraints that are the cause."""
    numbers, causes = preview.blame.starved
    kinds, counts = np.unique(causes[np.searchsorted(numbers, quanta)], axis=0, return_counts=True)
    parts = []
    for kind, number in zip(kinds, counts.tolist(), strict=True):
        parts.append((preview.blame.name_constraints(np.flatnonzero(kind).tolist()), number))
    return parts
