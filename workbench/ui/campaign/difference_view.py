"""The difference of two graphs: bars, depth map, and tables of tasks, inputs, coverage and quanta."""

from __future__ import annotations

import json
from typing import cast

import panel as pn
import pyarrow as pa

from workbench.graph import GraphDifference
from workbench.graph.difference.graph_difference import Change
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours
from workbench.session.content.counted import make_changes
from workbench.session.content.depth import DepthChoice, make_depth_map
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import panel, row, side_by_side
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import BarsView, DepthMapView

__all__ = ["DifferenceView"]

_PAGE = 12
_COVERAGE = [
    ColumnView("tract", align="right"),
    ColumnView("patch", align="right"),
    ColumnView("band"),
    ColumnView("before", align="right"),
    ColumnView("after", align="right"),
    ColumnView("change", align="right", mark="state"),
]


class DifferenceView:
    """What one graph has that another has not; fill it with `show`.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    """

    def __init__(self, desk: Desk):
        self.desk = desk
        self.difference: GraphDifference | None = None
        self._python = ""
        self._choice = DepthChoice()
        self._filling = False
        self.bars, self.map = BarsView(), DepthMapView()
        self.tasks = DataTable(caption="Tasks that change", pager=True, empty="No task changes")
        self.inputs = DataTable(caption="Inputs that change", pager=True, empty="No inputs change")
        self.coverage = DataTable(caption="Visits by patch", pager=True, page_size=_PAGE, empty="No patches")
        self.task = pn.widgets.Select(name="Quanta of", options=[], margin=0, width=200)
        self.change = pn.widgets.Select(name="that were", options=[], margin=0, width=150)
        self.quanta = DataTable(caption="Quanta that differ", pager=True, page_size=_PAGE, empty="None")
        self._tasks_pages, self._inputs_pages = TablePages(self.tasks), TablePages(self.inputs)
        self._coverage_pages = TablePages(
            self.coverage,
            columns=_COVERAGE,
            state=lambda patch: (
                "out"
                if str(patch["change"]).startswith("\N{MINUS SIGN}")
                else "in"
                if str(patch["change"]).startswith("+")
                else ""
            ),
        )
        self._quanta_pages = TablePages(self.quanta)
        self.map.param.watch(lambda *_: self._choose_depth(), "state")
        for select in (self.task, self.change):
            select.param.watch(lambda *_: self._choose_quanta(), "value")
        desk.param.watch(lambda *_: self._paint(), "theme")
        self.view = pn.Column(
            side_by_side(
                [self.bars, panel("Tasks, and inputs, that change", self.tasks, self.inputs)], [440, 520]
            ),
            side_by_side([self.map, panel("The same by patch", self.coverage)], [560, 400]),
            panel("Quanta gained, lost or changed", row(self.task, self.change), self.quanta),
            visible=False,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._paint()

    def show(self, difference: GraphDifference | None, python: str = "difference") -> None:
        """Show a difference, or nothing.

        Parameters
        ----------
        difference : `~workbench.graph.GraphDifference` or `None`
            The difference.
        python : `str`, optional
            Python that stands for it.
        """
        self.difference, self._python = difference, python
        self.view.visible = difference is not None
        if difference is None:
            return
        self.bars.content = make_changes(difference, "Quanta gained and lost")
        changed = difference.tasks.filter(
            [any(one[name] for name in difference.totals) for one in difference.tasks.to_pylist()]
        )
        self._tasks_pages.show(changed)
        self._inputs_pages.show(difference.inputs)
        self._choice = self._choice.within(difference)
        self._filling = True
        self._show_depth()
        labels = changed["task"].to_pylist() or difference.labels
        counts = difference.totals
        self.task.param.update(options=labels, value=labels[0])
        self.change.param.update(options=list(counts), value=max(counts, key=counts.__getitem__))
        self._list_quanta()
        self._filling = False

    def _choose_depth(self) -> None:
        asked = json.loads(self.map.state)
        if self.difference is None or "task" not in asked:
            return
        self._choice = DepthChoice(asked["task"], asked["band"]).within(self.difference)
        self._show_depth()

    def _show_depth(self) -> None:
        difference, choice = self.difference, self._choice
        if difference is None:
            return
        self.map.content = make_depth_map(difference, choice, "Visits in patches")
        if not choice.task:
            self._coverage_pages.show(pa.table({column.name: [] for column in _COVERAGE}))
            return
        table = self.desk.act(
            self._hint(f"depth({choice.task!r}, {choice.band or None!r})"),
            lambda: difference.depth(choice.task, choice.band or None),
        )
        if table is not None:
            # What changes comes first.
            rows = sorted(table.to_pylist(), key=lambda one: -abs(one["after"] - one["before"]))
            texts = [{**one, "change": _sign(one["after"] - one["before"])} for one in rows]
            columns = {name: [one[name] for one in texts] for name in (each.name for each in _COVERAGE)}
            self._coverage_pages.show(pa.table(columns))

    def _choose_quanta(self) -> None:
        if not self._filling:
            self._list_quanta()

    def _list_quanta(self) -> None:
        difference, task = self.difference, self.task.value
        if difference is None or task not in difference.labels:
            return
        change = cast("Change", self.change.value)
        (counts,) = [one for one in difference.tasks.to_pylist() if one["task"] == task]

        def read(offset: int, limit: int) -> tuple[pa.Table | None, str]:
            return self.desk.carry_out(
                self._hint(f"quanta({task!r}, {change!r}, offset={offset}, limit={limit})"),
                lambda: difference.quanta(str(task), change, offset=offset, limit=limit),
            )

        self._quanta_pages.show_read(read, counts[change])

    def _hint(self, call: str) -> str:
        """Return the Python of a look; none while a difference is shown, which has its own."""
        return "" if self._filling else f"{self._python}.{call}"

    def _paint(self) -> None:
        for view in (self.bars, self.map):
            view.colours = make_colours(self.desk.palette)


def _sign(change: int) -> str:
    return f"{change:+,}".replace("-", "\N{MINUS SIGN}") if change else "same"
