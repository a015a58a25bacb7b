"""The page of linked views: brush in one, and all show it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import panel as pn

from workbench.progress import Progress
from workbench.session.content.camera import DetectorOutlines, list_detector_columns
from workbench.session.content.content import (
    Patches,
    VisitContent,
    make_colours,
    make_detail,
    make_detectors,
    make_focal_plane,
    make_sky,
    make_table,
)
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.session.desk.desk import Desk
from workbench.session.desk.latest_work import LatestWork
from workbench.ui.elements.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.work_bar import WorkBar
from workbench.ui.views.component import FocalPlaneView, HistogramView, PointsView, SkyView, TableView

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
_READING = "Reading of the visits"


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What was read, and what each view is sent of it."""

    rows: VisitRows
    where: str
    patches: Patches
    plane: DetectorOutlines
    columns: Sequence[tuple[str, str]]
    contents: Mapping[str, bytes]


class ExploreView:
    """Sky, nights, focal plane, histograms, scatter and table of one selection.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    selection : `~workbench.session.content.selection.SharedSelection`
        What is selected.
    *below : `panel.viewable.Viewable`
        Shown below the views of the selection.
    """

    def __init__(self, desk: Desk, selection: SharedSelection, *below: pn.viewable.Viewable):
        self.desk = desk
        self.selection = selection
        self.rows = VisitRows()
        self._patches: Patches | None = None
        self._plane = DetectorOutlines()
        self._columns: Sequence[tuple[str, str]] = ()
        self._receiving = False
        self.where = pn.widgets.TextInput(
            name="show only visits for which (an expression; Enter applies, empty shows all)",
            placeholder="band = 'i' AND metrics.psf_fwhm < 0.9",
            margin=0,
            styles={"flex": "1 1 340px"},
        )
        self.apply = button("Show")
        self.work = WorkBar(desk, _READING)
        self.reading: LatestWork[_Read] = LatestWork(desk, _READING, self._take)
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
            panel("Explore", row(self.where, self.apply, self.work.cancel), self.work.state, self.error),
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
            self._begin(again=True)

    def open(self) -> None:
        """Read when the page is shown for the first time, or after that was cancelled."""
        if self._patches is None and not self.reading.is_working:
            self._begin(again=True)

    def read(self) -> None:
        """Read the visits that satisfy the expression, and show them."""
        self._begin(again=False)

    def _begin(self, *, again: bool) -> None:
        where = typed(self.where)
        self.reading.begin(lambda progress: self._read(where, progress, again=again), asked=(where, again))

    def _read(self, where: str, progress: Progress, *, again: bool) -> _Read:
        """Read what is to be shown; changes nothing, and may be done in a thread."""
        bench, patches, plane, columns = self.desk.bench, self._patches, self._plane, self._columns
        rows = VisitRows.read(bench, where, progress=progress)
        if again or patches is None:
            patches = Patches.read(bench, progress=progress)
            progress("reading detectors")
            plane, columns = DetectorOutlines.read(bench, rows), list_detector_columns(bench)
        progress("drawing")
        measured = rows.metric_names or list(rows.columns)
        contents = {
            "table": make_table(rows),
            "sky": make_sky(rows, patches),
            "timeline": VisitContent(
                options={"x": "night", "y": "visit.seq_num", "fixed": True, "height": 340}
            ),
            "plane": make_focal_plane(plane, columns),
            "scatter": VisitContent(options={"x": measured[0], "y": measured[min(1, len(measured) - 1)]}),
            "first": VisitContent(options={"column": measured[0]}),
            "second": VisitContent(options={"column": measured[-1]}),
        }
        link = f"explore-{id(self)}"
        sent = {
            name: content.to_wire(rows, title=_TITLES[name], link=link) for name, content in contents.items()
        }
        return _Read(rows, where, patches, plane, columns, sent)

    def _take(self, read: _Read | None, error: str) -> None:
        if error:
            of = f"those for which {self.rows.where}" if self.rows.where else "all"
            still = f"The views still show the visits of before: {of}." if self._patches is not None else ""
            self.error.object = code(error, "error") + text_html(still, css="sentence out")
            self.desk.hint = ""
        self.error.visible = bool(error)
        if read is None:
            return
        self.rows, self._patches, self._plane, self._columns = (
            read.rows,
            read.patches,
            read.plane,
            read.columns,
        )
        self.selection.detector_keys = self._plane.keys
        with pn.io.hold():
            # In one message: a selection that came later would undo what the user does meanwhile.
            for name, content in read.contents.items():
                self._views[name].content = content
            self.selection.show(read.rows)
        condition = f", {read.where!r}" if read.where else ""
        self.desk.hint = f'bench.query("visit"{condition})'

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
