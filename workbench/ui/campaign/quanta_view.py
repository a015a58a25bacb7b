"""The quanta of a task, page by page, and what is around one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import pyarrow as pa

from workbench.graph import Stage
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours
from workbench.session.content.counted import STAGES
from workbench.session.content.graph_drawing import make_neighbourhood
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import button, panel, row, side_by_side, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import LayeredView

__all__ = ["QuantaView"]

_PAGE = 12
_ALL = "all stages"
_SIDES = {-2: "makes an input", 0: "itself", 2: "uses an output"}
_QUANTA = [
    ColumnView("side", "what it is"),
    ColumnView("task", mark="code"),
    ColumnView("data_id", "data ID", wide=True),
    ColumnView("stage", mark="state"),
    ColumnView("reason", wide=True),
]
_DATASETS = [
    ColumnView("direction"),
    ColumnView("dataset_type", "dataset type", mark="code"),
    ColumnView("data_id", "data ID", wide=True),
    ColumnView("state", mark="state"),
    ColumnView("because", wide=True),
]


class QuantaView:
    """Quanta of the chosen task by the stage where they ended, and the neighbourhood of one.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    plan : `~workbench.session.campaign.plan.CampaignPlan`
        The campaign with its preview.
    """

    def __init__(self, desk: Desk, plan: CampaignPlan):
        self.desk = desk
        self.plan = plan
        self.task = ""
        self._trail: list[tuple[str, Mapping[str, object]]] = []
        self._around: Mapping[int, tuple[str, Mapping[str, object]]] = {}
        self._rows: dict[str, Mapping[str, object]] = {}
        self._watchers: list[Callable[[], None]] = []
        self._make_list()
        self._make_around()
        desk.param.watch(lambda *_: self._paint(), "theme")
        self.view = pn.Column(
            self._list, self._near, sizing_mode="stretch_width", margin=0, styles={"gap": "14px"}
        )
        self._paint()

    def _make_list(self) -> None:
        self.title = Prose(styles={"flex": "1 1 240px"})
        self.stage = pn.widgets.Select(name="Stage", options=[_ALL], margin=0, width=230)
        self.table = DataTable(
            caption="Quanta of a task", page_size=_PAGE, pager=True, action="Around", empty="No quanta"
        )
        self._pages = TablePages(
            self.table,
            wide={"reason"},
            key=self._key_of,
            state=lambda quantum: "in" if quantum["stage"] == "kept" else "out",
        )
        self.stage.param.watch(lambda *_: self._list_quanta(), "value")
        self.table.on_row(lambda key: self.look(self.task, self._rows[key]))
        self._list = panel("", row(self.title, self.stage), self.table, visible=False)

    def _make_around(self) -> None:
        self.heading = Prose(styles={"flex": "1 1 300px"})
        self.back, self.close = button("Back", disabled=True), button("Close")
        self.drawing = LayeredView()
        self.quanta = DataTable(caption="Quanta around it", action="Go to", pager=True, page_size=_PAGE)
        self.datasets = DataTable(caption="Its datasets", pager=True, page_size=_PAGE, empty="No datasets")
        self._quanta_pages = TablePages(
            self.quanta,
            columns=_QUANTA,
            key=lambda quantum: f"{quantum['task']} {quantum['quantum']}",
            state=lambda quantum: "in" if quantum["stage"] == "kept" else "out",
        )
        self._datasets_pages = TablePages(
            self.datasets,
            columns=_DATASETS,
            state=lambda dataset: "in" if dataset["state"] == "kept" else "out",
        )
        self.quanta.on_row(lambda key: self._move(int(key.rpartition(" ")[2])))
        self.drawing.param.watch(lambda *_: self._tap(), "state")
        self.back.on_click(lambda _: self._go_back())
        self.close.on_click(lambda _: self._leave())
        tables = side_by_side(
            [panel("Quanta beside it", self.quanta), panel("What it reads and makes", self.datasets)],
            [640, 640],
        )
        self._near = pn.Column(
            panel("", row(self.heading, self.back, self.close)),
            self.drawing,
            tables,
            visible=False,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    @property
    def quantum(self) -> tuple[str, Mapping[str, object]] | None:
        """Task and data ID of the quantum whose neighbourhood is shown (`tuple` or `None`)."""
        return self._trail[-1] if self._trail else None

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call a function when another task or quantum was chosen.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes nothing.
        """
        self._watchers.append(callback)

    def clear(self) -> None:
        """Show nothing: another preview has come."""
        self.task = ""
        self._list.visible = False
        self._close()
        self._tell()

    def show(self, task: str) -> None:
        """List the quanta of a task.

        Parameters
        ----------
        task : `str`
            Task label.
        """
        preview = self.plan.preview
        if preview is None:
            return
        self.task = task
        self._close()
        found = {
            f"{STAGES[stage.name.lower()]} ({number:,})": stage
            for stage in Stage
            if (number := preview.count(task, stage=stage))
        }
        self._stages: dict[str, Stage | None] = {f"{_ALL} ({preview.count(task):,})": None, **found}
        self.title.object = text_html(f"Quanta of {task}", tag="h2")
        self._list.visible = True
        self.stage.param.update(options=list(self._stages), value=next(iter(self._stages)))
        self._list_quanta()
        self._tell()

    def look(self, task: str, data_id: Mapping[str, object], *, onward: bool = True) -> None:
        """Show what is around a quantum.

        Parameters
        ----------
        task : `str`
            Task label.
        data_id : `~collections.abc.Mapping`
            Its data ID.
        onward : `bool`, optional
            Whether the way back leads to what was shown before.
        """
        preview = self.plan.preview
        if preview is None:
            return
        around = self.desk.act(
            f"preview.neighbourhood({task!r}, {dict(data_id)!r})",
            lambda: preview.neighbourhood(task, data_id),
        )
        if around is None:
            return
        if onward:
            self._trail.append((task, data_id))
        self.back.disabled = len(self._trail) < 2
        rows = around.quanta.to_pylist()
        self._around = {one["quantum"]: (one["task"], around.data_ids[one["quantum"]]) for one in rows}
        self.heading.object = text_html(f"Around {task}", tag="h2") + text_html(
            str(around), css="sentence", role="status"
        )
        self.drawing.content = make_neighbourhood(around, "Neighbourhood")
        sides = [_SIDES.get(one["layer"], "") for one in rows]
        self._quanta_pages.show(around.quanta.append_column("side", pa.array(sides, pa.string())))
        (itself,) = [number for number, one in self._around.items() if one == (task, around.data_id)]
        mine = [one == itself for one in around.datasets["quantum"].to_pylist()]
        self._datasets_pages.show(around.datasets.filter(mine))
        self._near.visible = True
        self._tell()

    def _key_of(self, quantum: dict[str, Any]) -> str:
        preview = self.plan.preview
        assert preview is not None, "its quanta are listed"
        names = preview.graph.tasks[self.task].dimensions.required
        data_id = {name: quantum[name] for name in names}
        key = ", ".join(f"{name}={value}" for name, value in data_id.items()) or "the only one"
        self._rows[key] = data_id
        return key

    def _list_quanta(self) -> None:
        preview, task = self.plan.preview, self.task
        if preview is None or not task or self.stage.value not in self._stages:
            return
        stage = self._stages[self.stage.value]
        chosen = "" if stage is None else f", stage=Stage.{stage.name}"
        loaded = "" if stage is None else "from workbench.graph import Stage\n"

        def read(offset: int, limit: int) -> tuple[pa.Table | None, str]:
            rows, error = self.desk.carry_out(
                f"{loaded}preview.quanta({task!r}{chosen}, offset={offset}, limit={limit})",
                lambda: preview.quanta(task, stage=stage, offset=offset, limit=limit),
            )
            if rows is not None:
                self._rows.clear()
            return rows, error

        self._pages.show_read(read, preview.count(task, stage=stage))

    def _tap(self) -> None:
        value = json.loads(self.drawing.state).get("value", "")
        if value.isdigit():
            self._move(int(value))

    def _move(self, quantum: int) -> None:
        if quantum in self._around:
            self.look(*self._around[quantum])

    def _go_back(self) -> None:
        if len(self._trail) > 1:
            self._trail.pop()
            self.look(*self._trail[-1], onward=False)

    def _leave(self) -> None:
        self._close()
        self._tell()

    def _tell(self) -> None:
        for tell in self._watchers:
            tell()

    def _close(self) -> None:
        self._trail.clear()
        self._near.visible = False

    def _paint(self) -> None:
        self.drawing.colours = make_colours(self.desk.palette)
