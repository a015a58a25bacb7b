"""Quanta by task, drawn and in a table, with the other tables of a preview."""

from __future__ import annotations

import json
from collections.abc import Callable

import panel as pn

from workbench.graph import Preview
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.content.cells import show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours
from workbench.session.content.graph_drawing import make_task_graph
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import panel, side_by_side, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import LayeredView

__all__ = ["CountsView", "change_text"]

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
    ColumnView("skipped", help="ran before, and are kept as they are"),
    ColumnView("hooks", "removed by hooks", align="right", help="removed by the task's own hooks"),
    ColumnView("added", align="right", help="added to complete inputs; among those kept"),
    ColumnView("partial", align="right", help="with inputs missing; among those kept"),
    ColumnView(
        "inputs_excluded",
        "inputs excluded",
        align="right",
        help="inputs of kept quanta that constraints took, by themselves or with what makes them",
    ),
    ColumnView("bound_by", "bound by", wide=True, help="constraints, sets and groupings that bind the task"),
]
_ALWAYS = {"task", "kept", "change", "candidates", "excluded"}
"""Columns that are shown even where all is zero."""


class CountsView:
    """The task graph and the counts table; a task is chosen in either.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its previews.
    choose : `~collections.abc.Callable`
        Called with the task that was chosen.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan, choose: Callable[[str], None]):
        self.desk = desk
        self.plan = plan
        self._tell = choose
        self._sentence = ""
        self.summary = Prose()
        self.drawing = LayeredView()
        self.counts = DataTable(caption="Quanta of each task", action="Show", pager=True)
        self.constraints = DataTable(caption="What each constraint cut", pager=True, empty="No constraints")
        self.groupings = DataTable(caption="Groupings in the graph", pager=True)
        self.accounts = DataTable(caption="What became of the rows that are named", pager=True)
        self.absent = DataTable(caption="Inputs that are in no input collection", pager=True)
        self.skipping = Prose()
        self.skipped = DataTable(caption="Skipped quanta of each task", pager=True)
        self.stale = DataTable(
            caption="Skipped, though this graph would make them differently", pager=True, page_size=_PAGE
        )
        self.datasets = DataTable(caption="Datasets by type", pager=True, page_size=_PAGE)
        self.conflicts = DataTable(
            caption="Quanta with inputs missing", pager=True, empty="No inputs are missing"
        )
        self._pages = [
            (TablePages(self.constraints, wide={"tasks"}), "constraints"),
            (TablePages(self.groupings, wide={"tasks"}), "groupings"),
            (TablePages(self.accounts, wide={"why", "first"}), "accounts"),
            (TablePages(self.absent, wide={"because"}), "absent"),
            (TablePages(self.datasets), "datasets"),
            (TablePages(self.conflicts, wide={"data_id", "because"}), "conflicts"),
        ]
        self._skipped_pages = TablePages(self.skipped)
        self._stale_pages = TablePages(self.stale, wide={"data_id"})
        self.counts.on_row(self.choose)
        self.drawing.param.watch(lambda *_: self._tap(), "state")
        plan.param.watch(lambda *_: self._mark_outdated(), "outdated")
        desk.param.watch(lambda *_: self._paint(), "theme")
        self._grouped = panel("Groupings", self.groupings, visible=False)
        self._named = panel("Rows of sets", self.accounts, visible=False)
        self._nowhere = panel("Absent inputs", self.absent, visible=False)
        self._kept = panel("Kept from before", self.skipping, self.skipped, self.stale, visible=False)
        self.view = pn.Column(
            self.drawing,
            panel("Quanta", self.summary, self.counts),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self.tables = pn.Column(
            panel("Constraints", self.constraints),
            self._grouped,
            self._named,
            self._nowhere,
            self._kept,
            side_by_side([panel("Datasets", self.datasets), panel("Conflicts", self.conflicts)], [420, 420]),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._paint()

    def show(self, preview: Preview) -> None:
        """Show a preview, and its difference to the one before.

        Parameters
        ----------
        preview : `~workbench.graph.Preview`
            The plan's preview.
        """
        self.counts.selected = ""
        self._show_counts(preview)
        self.drawing.content = make_task_graph(preview)
        for pages, name in self._pages:
            pages.show(getattr(preview, name))
        self._grouped.visible = preview.groupings.num_rows > 0
        self._named.visible = preview.accounts.num_rows > 0
        self._nowhere.visible = preview.absent.num_rows > 0
        self._show_skipping(preview)

    def _show_skipping(self, preview: Preview) -> None:
        skipping = preview.skipping
        self._kept.visible = skipping.n_skipped > 0
        if not skipping.n_skipped:
            return
        stale = skipping.table
        self.skipping.object = text_html(
            str(skipping), css="sentence out" if stale.num_rows else "sentence", role="status"
        )
        self._skipped_pages.show(skipping.counts)
        self._stale_pages.show(stale)
        self.stale.visible = stale.num_rows > 0

    def choose(self, task: str) -> None:
        """Choose a task: mark it in both, and tell.

        Parameters
        ----------
        task : `str`
            Task label.
        """
        preview = self.plan.preview
        if preview is None:
            return
        self.counts.selected = task
        self.counts.revision += 1
        self.drawing.content = make_task_graph(preview, value=task)
        self._tell(task)

    def _tap(self) -> None:
        task = json.loads(self.drawing.state).get("value", "")
        if task:
            self.choose(task)

    def _show_counts(self, preview: Preview) -> None:
        previous = self.plan.previous
        before = {} if previous is None else previous.n_quanta_by_task
        bound = preview.bound_by
        rows = [{**row, "bound_by": ", ".join(bound[row["task"]])} for row in preview.counts.to_pylist()]
        used = {name for row in rows for name, value in row.items() if value}
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
        self.counts.fill(columns, cells, keys=[item["task"] for item in rows], states=states)
        in_use = sum(1 for item in rows if item["kept"])
        total = f"{preview.n_quanta:,} quanta"
        if previous is not None:
            total += f" ({change_text(preview.n_quanta, previous.n_quanta)} against the preview before)"
        partial = f", {preview.conflicts.num_rows} with inputs missing" if preview.conflicts.num_rows else ""
        self._sentence = f"{total} in {in_use} of {len(rows)} tasks{partial}, for {preview.output_run}."
        self._sentence += "".join(f" {note[:1].upper()}{note[1:]}." for note in preview.notes)
        self._mark_outdated()

    def _mark_outdated(self) -> None:
        if self.plan.preview is not None:
            stale = (
                text_html(" These numbers are out of date.", tag="span", css="out")
                if self.plan.outdated
                else ""
            )
            said = "".join(text_html(one, tag="li") for one in self.plan.preview.warnings)
            self.summary.object = (
                f'<div class="sentence" role="status">{text_html(self._sentence, tag="span")}{stale}</div>'
                + (f'<ul class="out">{said}</ul>' if said else "")
            )

    def _paint(self) -> None:
        self.drawing.colours = make_colours(self.desk.palette)


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
