"""The account of a preview: quanta by task, datasets, conflicts, and answers to "why?"."""

from __future__ import annotations

import ast
from typing import Any

import panel as pn

from workbench.graph import Preview
from workbench.ui.cells import show_value
from workbench.ui.desk import Desk
from workbench.ui.pages import TablePages
from workbench.ui.pieces import button, panel, row, side_by_side, text_html, typed
from workbench.ui.plan import Plan
from workbench.ui.prose import Prose
from workbench.ui.table import ColumnView, DataTable
from workbench.ui.task_graph import TaskGraphPlot

__all__ = ["AccountView", "change_text", "parse_data_id"]

_PAGE = 12
_COUNTS = [
    ColumnView("task", mark="code"),
    ColumnView("kept", "quanta kept", align="right", help="quanta in the graph"),
    ColumnView("change", "change", align="right", mark="state", help="against the preview before"),
    ColumnView("candidates", align="right", help="quanta that the inputs allow"),
    ColumnView("excluded", align="right", help="cut by a constraint"),
    ColumnView("no_inputs", "no inputs", align="right", help="their inputs are not in the input collections"),
    ColumnView("starved", align="right", help="left with too few inputs"),
    ColumnView("not_demanded", "not needed", align="right", help="no kept quantum needs them"),
    ColumnView(
        "partial_dropped",
        "dropped as partial",
        align="right",
        help="an input is missing, and partial quanta are dropped",
    ),
    ColumnView("hooks", "removed by hooks", align="right", help="removed by the task's own hooks"),
    ColumnView("added", align="right", help="added to complete inputs; among those kept"),
    ColumnView("partial", align="right", help="with inputs missing; among those kept"),
    ColumnView(
        "inputs_excluded", "inputs cut", align="right", help="inputs of kept quanta that a constraint cut"
    ),
]
_ALWAYS = {"task", "kept", "change", "candidates", "excluded"}
"""Columns that are shown even where all is zero."""


class AccountView:
    """Everything that a preview says about itself.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Theme and messages.
    plan : `~workbench.ui.plan.Plan`
        The campaign with its previews.
    """

    def __init__(self, desk: Desk, plan: Plan):
        self.desk = desk
        self.plan = plan
        self._sentence = ""
        self.summary = Prose()
        self.counts = DataTable(caption="Quanta of each task", action="Show", pager=True)
        self.drawing = TaskGraphPlot(desk.palette)
        self.constraints = DataTable(caption="What each constraint cut", pager=True, empty="No constraints")
        self.datasets = DataTable(caption="Datasets by type", pager=True, page_size=_PAGE)
        self.conflicts = DataTable(
            caption="Quanta with inputs missing", pager=True, empty="No inputs are missing"
        )
        self.quanta_title = Prose()
        self.quanta = DataTable(caption="Quanta of a task", page_size=_PAGE, pager=True)
        self.data_id = pn.widgets.TextInput(
            name="Data ID, such as visit=96954 or patch=3, band='i'",
            placeholder="visit=96954",
            margin=0,
            styles={"flex": "1 1 220px"},
        )
        self.ask = button("Why?")
        self.answer = Prose()
        self.counts.on_row(self._choose_task)
        self._pages = [
            (TablePages(self.constraints, wide={"tasks"}), "constraints"),
            (TablePages(self.datasets), "datasets"),
            (TablePages(self.conflicts, wide={"data_id", "because"}), "conflicts"),
        ]
        self._quanta_pages = TablePages(
            self.quanta, wide={"reason"}, state=lambda quantum: "in" if quantum["stage"] == "kept" else "out"
        )
        self.ask.on_click(lambda _: self._explain())
        self.data_id.param.watch(lambda *_: self._explain(), "enter_pressed")
        plan.param.watch(lambda *_: self.show(), "revision")
        plan.param.watch(lambda *_: self._mark_outdated(), "outdated")
        desk.param.watch(lambda *_: self.drawing.paint(desk.palette), "theme")
        numbers = panel("Quanta", self.summary, self.counts)
        drawing = panel(
            "Tasks",
            self.drawing.pane,
        )
        self._chosen = panel("", self.quanta_title, self.quanta, visible=False)
        why = panel("Why is it in, or out?", row(self.data_id, self.ask), self.answer)
        self.view = pn.Column(
            side_by_side([numbers, drawing], [740, 430]),
            self._chosen,
            side_by_side([why, panel("Constraints", self.constraints)], [420, 520]),
            side_by_side([panel("Datasets", self.datasets), panel("Conflicts", self.conflicts)], [420, 420]),
            sizing_mode="stretch_width",
            margin=0,
            visible=False,
            styles={"gap": "14px"},
        )

    def show(self) -> None:
        """Show the preview as it is now, and its difference to the one before."""
        preview = self.plan.preview
        self.view.visible = preview is not None
        if preview is None or self.plan.campaign is None:
            return
        self._show_counts(preview)
        self.drawing.show(self.plan.campaign.pipeline_graph, preview.counts.to_pylist())
        for pages, name in self._pages:
            pages.show(getattr(preview, name))
        self._chosen.visible = False
        self.answer.object = ""

    def _show_counts(self, preview: Preview) -> None:
        previous = self.plan.previous
        before = {} if previous is None else previous.n_quanta_by_task
        rows = preview.counts.to_pylist()
        used = {name for name in preview.counts.schema.names if any(item[name] for item in rows)}
        columns = [column for column in _COUNTS if column.name in used | _ALWAYS]
        cells = [
            [
                change_text(item["kept"], before.get(item["task"]))
                if column.name == "change"
                else show_value(item[column.name])
                for column in columns
            ]
            for item in rows
        ]
        changed = [item["kept"] != before.get(item["task"], item["kept"]) for item in rows]
        states = [
            "changed" if is_changed else "partial" if item["partial"] else ""
            for item, is_changed in zip(rows, changed, strict=True)
        ]
        labels = [item["task"] for item in rows]
        self.counts.fill(columns, cells, keys=labels, states=states)
        in_use = sum(1 for item in rows if item["kept"])
        total = f"{preview.n_quanta:,} quanta"
        if previous is not None:
            total += f" ({change_text(preview.n_quanta, previous.n_quanta)} against the preview before)"
        partial = f", {preview.conflicts.num_rows} with inputs missing" if preview.conflicts.num_rows else ""
        self._sentence = f"{total} in {in_use} of {len(rows)} tasks{partial}, for {preview.output_run}."
        self._mark_outdated()

    def _mark_outdated(self) -> None:
        if self.plan.preview is not None:
            stale = (
                text_html(" These numbers are out of date.", tag="span", css="out")
                if self.plan.outdated
                else ""
            )
            self.summary.object = (
                f'<div class="sentence" role="status">{text_html(self._sentence, tag="span")}{stale}</div>'
            )

    def _choose_task(self, task: str) -> None:
        quanta = self.plan.quanta(task)
        if quanta is None:
            return
        self.counts.selected = task
        self.counts.revision += 1
        self.quanta_title.object = text_html(f"Quanta of {task}", tag="h2")
        self._chosen.visible = True
        self._quanta_pages.show(quanta)

    def _explain(self) -> None:
        text = typed(self.data_id)
        if not text:
            return
        data_id = parse_data_id(text)
        if data_id is None:
            self.answer.object = text_html(
                f"{text!r} is no data ID: write visit=96954, or patch=3, band='i'.", css="out"
            )
            return
        explanation = self.plan.explain(**data_id)
        if explanation is None:
            self.answer.object = text_html(self.desk.message, css="out")
            return
        lines = "".join(text_html(sentence, tag="li") for sentence in explanation.sentences)
        self.answer.object = f'<ul role="status">{lines}</ul>'


def change_text(now: int, before: int | None) -> str:
    """Return the difference of two counts as text.

    Parameters
    ----------
    now : `int`
        The count.
    before : `int` or `None`
        The one before; `None` if there was none.

    Returns
    -------
    text : `str`
        With its sign, "same", or empty where there is nothing to compare.
    """
    if before is None:
        return ""
    return "same" if now == before else f"{now - before:+,}".replace("-", "\N{MINUS SIGN}")


def parse_data_id(text: str) -> dict[str, Any] | None:
    """Read a data ID as people write it.

    Parameters
    ----------
    text : `str`
        Such as ``visit=96954, band='i'``; quotes may be left out.

    Returns
    -------
    data_id : `dict` or `None`
        Integers and strings by dimension; `None` if it cannot be read.
    """
    data_id: dict[str, Any] = {}
    for part in text.replace(" AND ", ",").replace(" and ", ",").split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (equals and name.isidentifier() and value):
            return None
        try:
            data_id[name] = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            data_id[name] = value
    return data_id
