"""The page of linked views: brush in one, and all show it."""

from __future__ import annotations

import json
from typing import Any

import panel as pn

from workbench.ui.desk import Desk
from workbench.ui.pieces import button, code, panel, row, side_by_side, typed
from workbench.ui.prose import Prose
from workbench.ui.views.camera import FocalPlane, list_detector_columns
from workbench.ui.views.component import FocalPlaneView, HistogramView, PointsView, SkyView, TableView
from workbench.ui.views.content import (
    Content,
    Patches,
    make_colours,
    make_detail,
    make_detectors,
    make_focal_plane,
    make_sky,
    make_table,
)
from workbench.ui.views.rows import VisitRows
from workbench.ui.views.selection import Selection

__all__ = ["ExploreView"]

_TITLES = {
    "table": "Visits",
    "sky": "Sky",
    "timeline": "Nights",
    "plane": "Focal plane",
    "scatter": "Scatter",
    "first": "Histogram",
    "second": "Histogram",
}


class ExploreView:
    """Sky, nights, focal plane, histograms, scatter and table of one selection.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    selection : `~workbench.ui.views.selection.Selection`
        What is selected.
    *below : `panel.viewable.Viewable`
        Shown below the views of the selection.
    """

    def __init__(self, desk: Desk, selection: Selection, *below: pn.viewable.Viewable):
        self.desk = desk
        self.selection = selection
        self.rows = VisitRows()
        self._patches: Patches | None = None
        self._plane = FocalPlane()
        self._columns: list[tuple[str, str]] = []
        self._receiving = False
        self.where = pn.widgets.TextInput(
            name="show only visits for which (an expression; Enter applies, empty shows all)",
            placeholder="band = 'i' AND metrics.psf_fwhm < 0.9",
            margin=0,
            styles={"flex": "1 1 340px"},
        )
        self.apply = button("Show")
        self.error = Prose(visible=False)
        self.table, self.sky, self.timeline = TableView(), SkyView(), PointsView()
        self.plane, self.scatter = FocalPlaneView(), PointsView()
        self.first, self.second = HistogramView(), HistogramView()
        self._views = {name: getattr(self, name) for name in _TITLES}
        for view in self._views.values():
            view.param.watch(self._receive, "brush")
        self.plane.param.watch(lambda *_: self._colour_detectors(), "state")
        self.where.param.watch(lambda *_: self.read(), "value")
        self.apply.on_click(lambda _: self.read())
        selection.param.watch(lambda *_: self._push(), "revision")
        desk.param.watch(lambda *_: self._paint(), "theme")
        self.view = pn.Column(
            panel("Explore", row(self.where, self.apply), self.error),
            side_by_side([self.sky, self.timeline], [520, 520]),
            side_by_side([self.first, self.second], [420, 420]),
            side_by_side([self.scatter, self.plane], [420, 420]),
            self.table,
            *below,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._paint()

    def refresh(self) -> None:
        """Read everything again, if it was read before."""
        if self._patches is not None:
            self._patches = None
            self.read()

    def open(self) -> None:
        """Read when the page is shown for the first time."""
        if self._patches is None:
            self.read()

    def read(self) -> None:
        """Read the visits that satisfy the expression, and show them."""
        bench, where = self.desk.bench, typed(self.where)
        rows, error = self.desk.attempt(lambda: VisitRows.read(bench, where))
        self.error.param.update(object=code(error, "error"), visible=bool(error))
        if rows is None:
            return
        if self._patches is None:
            self._patches = self.desk.act("", lambda: Patches.read(bench))
            self._plane = self.desk.act("", lambda: FocalPlane.read(bench, rows)) or FocalPlane()
            self._columns = self.desk.act("", lambda: list_detector_columns(bench)) or []
        self.rows = rows
        self.selection.detector_keys = self._plane.keys
        with pn.io.hold():
            # In one message: a selection that came later would undo what the user does meanwhile.
            self._show()
            self.selection.show(rows)
        condition = f", {where!r}" if where else ""
        self.desk.hint = f'bench.query("visit"{condition})'

    def _show(self) -> None:
        if self._patches is None:
            return
        measured = self.rows.metric_names or list(self.rows.columns)
        contents = {
            "table": make_table(self.rows),
            "sky": make_sky(self.rows, self._patches),
            "timeline": Content(options={"x": "night", "y": "visit.seq_num", "fixed": True, "height": 340}),
            "plane": make_focal_plane(self._plane, self._columns),
            "scatter": Content(options={"x": measured[0], "y": measured[min(1, len(measured) - 1)]}),
            "first": Content(options={"column": measured[0]}),
            "second": Content(options={"column": measured[-1]}),
        }
        for name, content in contents.items():
            self._views[name].content = content.to_wire(
                self.rows, title=_TITLES[name], link=f"explore-{id(self)}"
            )

    def _paint(self) -> None:
        for view in self._views.values():
            view.colours = make_colours(self.desk.palette)

    def _receive(self, event: Any) -> None:
        if not event.new:
            return
        self._receiving = True
        try:
            taken = self.selection.receive(event.new)
        finally:
            self._receiving = False
        if taken and not self.desk.busy:
            self.desk.hint = self.selection.to_python()

    def _push(self) -> None:
        """Tell all views, and read what the selection alone shows."""
        if self._patches is None:
            return
        told = self.selection.to_wire()
        for view in self._views.values():
            view.selected = told
        bench = self.desk.bench
        detail, _ = self.desk.attempt(lambda: make_detail(bench, self.selection))
        if detail is not None:
            self.sky.detail = detail
        self._colour_detectors()

    def _colour_detectors(self) -> None:
        if not self._columns:
            return
        column = json.loads(self.plane.state).get("column") or self._columns[0][0]
        keys = self.selection.keys or self.rows.keys
        bench, labels = self.desk.bench, dict(self._columns)
        detail, _ = self.desk.attempt(lambda: make_detectors(bench, self._plane, keys, column, labels))
        if detail is not None:
            self.plane.detail = detail
