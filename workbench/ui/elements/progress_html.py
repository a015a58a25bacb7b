"""The status of an execution as a table with bars."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.runs import STATES, RunStatus
from workbench.ui.elements.pieces import text_html

__all__ = ["status_html"]


def status_html(status: RunStatus) -> str:
    """Return the status of an execution as HTML.

    Parameters
    ----------
    status : `~workbench.runs.RunStatus`
        Quanta by task and state.

    Returns
    -------
    markup : `str`
        A table with a row a task and one of all, each with a bar; the bar
        says nothing that the numbers beside it do not.
    """
    head = "".join(text_html(name, tag="th", scope="col") for name in ("task", "quanta", *STATES, "progress"))
    rows = [_row(str(row["task"]), row) for row in status.table.to_pylist()]
    total = _row("all tasks", {"n_quanta": status.n_quanta, **status.counts}, css="total")
    return (
        '<div class="scrolled" tabindex="0" role="region" aria-label="Status by task">'
        '<table class="status"><caption class="hidden">Quanta of each task by state</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}{total}</tbody></table></div>"
    )


def _row(task: str, counts: Mapping[str, int | str], css: str = "") -> str:
    number = int(counts["n_quanta"])
    cells = "".join(
        text_html(f"{int(counts[name]):,}", tag="td", css="right") for name in ("n_quanta", *STATES)
    )
    pieces = "".join(
        f'<i class="{state}" style="width: {100 * int(counts[state]) / max(number, 1):.3f}%"></i>'
        for state in STATES
        if counts[state]
    )
    bar = f'<td><div class="progress" aria-hidden="true">{pieces}</div></td>'
    return f'<tr class="{css}">{text_html(task, tag="th", scope="row")}{cells}{bar}</tr>'
