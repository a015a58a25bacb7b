"""What the bars are given: where candidates fell, and what was gained and lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from workbench.graph import GraphDifference
from workbench.session.content.wire import pack_message

__all__ = ["STAGES", "make_changes", "make_waterfall"]

STAGES: Mapping[str, str] = {
    "kept": "kept",
    "no_inputs": "no inputs",
    "constraint": "cut by a constraint",
    "starved": "too few inputs left",
    "partial": "dropped as partial",
    "not_demanded": "not needed",
    "skipped": "ran before",
    "hook": "removed by hooks",
}
"""What people call the stages, in the order in which they work; kept first."""


def make_waterfall(waterfall: pa.Table, title: str) -> bytes:
    """Give the bars what each stage removed of each task.

    Parameters
    ----------
    waterfall : `pyarrow.Table`
        The steps.
    title : `str`
        Heading.

    Returns
    -------
    message : `bytes`
        As ``bars.js`` reads it: a bar a task, its parts in the order of the stages.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in waterfall.to_pylist():
        found.setdefault((row["task"], row["seen_as"]), []).append(row)
    rows, used = [], set()
    for (task, seen_as), steps in found.items():
        kept = steps[-1]["left"]
        fallen = [row for row in steps if row["removed"]]
        parts = [{"kind": "kept", "value": kept, "name": "kept"}]
        parts += [
            {"kind": row["stage"], "value": row["removed"], "name": row["reason"] or STAGES[row["stage"]]}
            for row in fallen
        ]
        used |= {row["stage"] for row in fallen} | ({"kept"} if kept else set())
        label = task if seen_as == "quantum" else f"{task} ({seen_as})"
        rows.append({"label": label, "parts": parts, "number": f"{kept:,} of {steps[0]['left']:,}"})
    legend = [[stage, words] for stage, words in STAGES.items() if stage in used]
    whole = sum(steps[0]["left"] for steps in found.values())
    left = sum(steps[-1]["left"] for steps in found.values())
    says = f"{left:,} of {whole:,} candidates kept, in {len({task for task, _ in found})} tasks."
    return _pack(title, says, rows, legend, both=False)


def make_changes(difference: GraphDifference, title: str) -> bytes:
    """Give the bars the quanta that each task gained and lost.

    Parameters
    ----------
    difference : `~workbench.graph.GraphDifference`
        The difference.
    title : `str`
        Heading.

    Returns
    -------
    message : `bytes`
        As ``bars.js`` reads it: losses to the left, gains and then quanta
        with other inputs to the right; only tasks that change.
    """
    rows, totals = [], {"gained": 0, "lost": 0, "changed": 0, "downstream": 0}
    for row in difference.tasks.to_pylist():
        numbers = {name: row[name] for name in totals}
        for name, number in numbers.items():
            totals[name] += number
        if any(numbers.values()):
            words = {"gained": f"+{row['gained']:,}", "lost": f"\N{MINUS SIGN}{row['lost']:,}"}
            words["changed"] = f"{row['changed']:,} changed"
            words["downstream"] = f"{row['downstream']:,} downstream"
            parts = [
                {"kind": "lost", "value": -row["lost"], "name": "lost"},
                {"kind": "kept", "value": row["gained"], "name": "gained"},
                {"kind": "changed", "value": row["changed"], "name": "with other inputs"},
                {"kind": "downstream", "value": row["downstream"], "name": "downstream of a change"},
            ]
            number = ", ".join(words[name] for name, value in numbers.items() if value)
            rows.append({"label": row["task"], "parts": parts, "number": number})
    says = (
        f"{totals['gained']:,} quanta gained, {totals['lost']:,} lost, "
        f"{totals['changed']:,} with other inputs, {totals['downstream']:,} more downstream of these."
    )
    legend = [
        [kind, words]
        for kind, name, words in (
            ("lost", "lost", "quanta lost"),
            ("kept", "gained", "quanta gained"),
            ("changed", "changed", "with other inputs"),
            ("downstream", "downstream", "downstream of a change"),
        )
        if totals[name]
    ]
    return _pack(title, says, rows, legend, both=True)


def _pack(title: str, says: str, rows: list[Any], legend: list[list[str]], *, both: bool) -> bytes:
    told = {"title": title, "says": says, "rows": rows, "legend": legend, "both": both}
    return pack_message({**told, "digest": "", "length": 0})
