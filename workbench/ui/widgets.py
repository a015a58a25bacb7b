"""The views as ipywidgets, for a user's own cells.

Each shows the visits of a bench, and has traits to observe, set and link:

- ``selection``: keys (instrument, visit) of what is selected, however it was;
- ``where``: an expression that limits what is shown;
- ``value``: what this view alone says, such as the cut of a histogram.

Views with the same ``link`` share their selection in the page at once; others
are linked by ``traitlets.link`` or ``ipywidgets.jslink``, as any widget.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from workbench.bench import Bench
from workbench.sets import DataIdSet
from workbench.ui.palette import PALETTES
from workbench.ui.views import camera
from workbench.ui.views.browsing import Asked, RecordPages
from workbench.ui.views.content import (
    Content,
    Patches,
    make_colours,
    make_detail,
    make_detectors,
    make_focal_plane,
    make_rows,
    make_sky,
    make_table,
)
from workbench.ui.views.modules import read_module
from workbench.ui.views.rows import VisitRows
from workbench.ui.views.selection import Selection

__all__ = [
    "DimensionBrowser",
    "FocalPlane",
    "Histogram",
    "Scatter",
    "SkyPlot",
    "Timeline",
    "VisitTable",
    "VisitWidget",
]


class VisitWidget(anywidget.AnyWidget):
    """What every view of visits has.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    where : `str`, optional
        Expression that limits the visits.
    selection : `~collections.abc.Iterable`, optional
        Keys to begin with: instrument and visit of each, or a set of visits.
    value : `object`, optional
        What the view says to begin with.
    theme : `str`, optional
        ``light`` or ``dark``.
    link : `str`, optional
        Views with the same link share their selection in the page.
    title : `str`, optional
        Heading.
    **options : `object`
        What the kind of view takes besides, and traits of any widget, such
        as ``layout``.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if ``where`` is wrong, also when it is set later; what was
        shown before stays.
    """

    content = traitlets.Bytes().tag(sync=True)
    detail = traitlets.Bytes().tag(sync=True)
    colours = traitlets.Unicode("{}").tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    brush = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("{}").tag(sync=True)

    selection = traitlets.Tuple(help="(instrument, visit) of each that is selected")
    where = traitlets.Unicode(help="expression that limits what is shown")
    value = traitlets.Any(None, allow_none=True, help="what this view alone says")
    theme = traitlets.Enum(list(PALETTES), "light", help="colours")

    _title = "Visits"

    def __init__(
        self,
        bench: Bench,
        *,
        where: str = "",
        selection: Iterable[Sequence[Any]] | DataIdSet = (),
        value: object = None,
        theme: str = "light",
        link: str = "",
        title: str = "",
        **options: Any,
    ):
        self.bench = bench
        self._link = link
        self._heading = title or self._title
        self._selection = Selection()
        self._rows = VisitRows()
        self._is_told = False
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        self.where = where
        if not where:
            self._show(VisitRows.read(bench))
        self.selection = _to_keys(selection)
        if value is not None:
            self.value = value

    @property
    def rows(self) -> VisitRows:
        """The visits that are shown (`~workbench.ui.views.rows.VisitRows`)."""
        return self._rows

    def to_set(self) -> DataIdSet:
        """Make a set of the selection; nothing is saved.

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            Of visits; of visits and detectors where some are chosen.
        """
        return self._selection.to_set(self.bench)

    def to_python(self) -> str:
        """Return the Python that selects the same.

        Returns
        -------
        code : `str`
            A query where cuts say it all, otherwise the keys.
        """
        return self._selection.to_python()

    def _make_content(self) -> Content:
        """Return what the view is given for its rows; each kind has its own."""
        return make_rows(self._rows)

    def _show(self, rows: VisitRows) -> None:
        self._rows = rows
        self._selection.show(rows)
        self.content = self._make_content().to_wire(
            rows, title=self._heading, link=self._link, reports_all=True
        )
        self._push()

    def _push(self) -> None:
        self.selected = self._selection.to_wire()
        self._refine()

    def _refine(self) -> None:
        """Send what the selection alone shows."""

    @traitlets.validate("selection")
    def _validate_selection(self, proposal: Mapping[str, Any]) -> tuple[Any, ...]:
        return _to_keys(proposal["value"])

    @traitlets.validate("where")
    def _read_where(self, proposal: Mapping[str, Any]) -> str:
        where = str(proposal["value"])
        # Before the trait changes: what is wrong leaves everything as it is.
        if where != self.where:
            self._show(VisitRows.read(self.bench, where))
        return where

    @traitlets.observe("selection")
    def _select(self, change: Mapping[str, Any]) -> None:
        if not self._is_told:
            self._selection.select(change["new"])
            self._push()

    @traitlets.observe("brush")
    def _receive(self, change: Mapping[str, Any]) -> None:
        if not self._selection.receive(change["new"]):
            return
        self._is_told = True
        try:
            self.selection = self._selection.keys
        finally:
            self._is_told = False
        self._push()

    @traitlets.observe("state")
    def _read_state(self, change: Mapping[str, Any]) -> None:
        self.value = _close(json.loads(change["new"]).get("value"))

    @traitlets.validate("value")
    def _validate_value(self, proposal: Mapping[str, Any]) -> object:
        return _close(proposal["value"])

    @traitlets.observe("value")
    def _write_state(self, change: Mapping[str, Any]) -> None:
        state = json.loads(self.state)
        if _close(state.get("value")) != change["new"]:
            self.state = json.dumps({**state, "value": _open(change["new"])})

    @traitlets.observe("theme")
    def _paint(self, change: Mapping[str, Any]) -> None:
        self.colours = make_colours(PALETTES[change["new"]])


class VisitTable(VisitWidget):
    """Visits in a table: sort, page, and select by a box in each row.

    ``value`` is the row that was marked last, such as "HSC 96954".
    """

    _esm = read_module("visit_table", "anywidget")

    def _make_content(self) -> Content:
        return make_table(self._rows)


class Histogram(VisitWidget):
    """A histogram with a cut that is dragged or typed.

    ``value`` is the cut: ``((low, high),)``, or `None`.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    column : `str`, optional
        Such as ``metrics.psf_fwhm``; the first measured one by default.
    **options : `object`
        As for `VisitWidget`.
    """

    _esm = read_module("histogram", "anywidget")
    _title = "Histogram"

    def __init__(self, bench: Bench, column: str = "", **options: Any):
        self._column = column
        super().__init__(bench, **options)

    def _make_content(self) -> Content:
        return make_rows(self._rows, column=_known(self._rows, self._column, 0))


class Scatter(VisitWidget):
    """Any column against any other, with a box that keeps what is inside.

    ``value`` is the box: ``((x low, x high), (y low, y high))``, or `None`.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    x, y : `str`, optional
        Such as ``metrics.psf_fwhm``.
    **options : `object`
        As for `VisitWidget`.
    """

    _esm = read_module("points", "anywidget")
    _title = "Scatter"

    def __init__(self, bench: Bench, x: str = "", y: str = "", **options: Any):
        self._axes = (x, y)
        super().__init__(bench, **options)

    def _make_content(self) -> Content:
        x, y = (_known(self._rows, name, place) for place, name in enumerate(self._axes))
        return make_rows(self._rows, x=x, y=y)


class Timeline(VisitWidget):
    """Visits by night and sequence number, with a box that keeps what is inside.

    ``value`` is the box: ``((first night, last night), (low, high))``, nights
    as MJD of the evening, or `None`.
    """

    _esm = read_module("points", "anywidget")
    _title = "Nights"

    def _make_content(self) -> Content:
        return make_rows(self._rows, x="night", y="visit.seq_num", fixed=True)


class SkyPlot(VisitWidget):
    """Visits, detectors, patches and tracts on the sky.

    ``value`` is the drawn area: ``((ra, dec), ...)`` of its corners in
    degrees, or `None`; it keeps the visits whose centre is inside.
    """

    _esm = read_module("sky", "anywidget")
    _title = "Sky"

    def _make_content(self) -> Content:
        self._selection.detector_keys = camera.FocalPlane.read(self.bench, self._rows).keys
        columns, sky = make_rows(self._rows), make_sky(self._rows, Patches.read(self.bench))
        return Content(
            {**columns.arrays, **sky.arrays},
            {**columns.notes, **sky.notes},
            {**columns.options, **sky.options},
        )

    def _refine(self) -> None:
        self.detail = make_detail(self.bench, self._selection)


class FocalPlane(VisitWidget):
    """Detectors where they lie, coloured by a value over the selected visits.

    ``value`` is what was chosen: ``((instrument, detector), ...)``.
    """

    _esm = read_module("focal_plane", "anywidget")
    _title = "Focal plane"

    def _make_content(self) -> Content:
        self._plane = camera.FocalPlane.read(self.bench, self._rows)
        self._columns = camera.list_detector_columns(self.bench)
        self._selection.detector_keys = self._plane.keys
        return make_focal_plane(self._plane, self._columns)

    def _refine(self) -> None:
        column = json.loads(self.state).get("column") or self._columns[0][0]
        keys = self._selection.keys or self._rows.keys
        self.detail = make_detectors(self.bench, self._plane, keys, column, dict(self._columns))

    @traitlets.observe("state")
    def _recolour(self, change: Mapping[str, Any]) -> None:
        if json.loads(change["old"]).get("column") != json.loads(change["new"]).get("column"):
            self._refine()


class DimensionBrowser(anywidget.AnyWidget):
    """Records of any dimension element, page by page from the database.

    ``selection`` are the keys of the marked records (values of the required
    dimensions; for visits instrument and visit, as in the other views);
    ``where`` the expression that is applied; ``value`` the data ID of the
    record that was asked about last, or `None`.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    element : `str`, optional
        Dimension element to begin with.
    where : `str`, optional
        Expression to begin with.
    theme : `str`, optional
        ``light`` or ``dark``.
    **options : `object`
        Traits of any widget, such as ``layout``.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if ``where`` is wrong, also when it is set later.
    """

    _esm = read_module("browser", "anywidget")

    content = traitlets.Bytes().tag(sync=True)
    detail = traitlets.Bytes().tag(sync=True)
    colours = traitlets.Unicode("{}").tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("{}").tag(sync=True)

    element = traitlets.Unicode(help="dimension element")
    selection = traitlets.Tuple(help="keys of the marked records")
    where = traitlets.Unicode(help="expression that is applied")
    value = traitlets.Dict(None, allow_none=True, help="data ID of the record that was asked about")
    theme = traitlets.Enum(list(PALETTES), "light", help="colours")

    def __init__(
        self, bench: Bench, element: str = "visit", where: str = "", *, theme: str = "light", **options: Any
    ):
        self.bench = bench
        self._pages = RecordPages(bench)
        self._pages.refresh()
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        self._show(Asked(element=element))
        self.where = where

    def _show(self, asked: Asked) -> None:
        self.content = self._pages.read(asked)
        shown = self._pages.shown
        self.set_trait("element", shown.element)
        self.set_trait("where", shown.where)
        self.set_trait("selection", self._pages.marked_keys())

    @traitlets.observe("state")
    def _answer(self, change: Mapping[str, Any]) -> None:
        asked, shown = Asked.from_json(change["new"]), self._pages.shown
        if asked.draft is not None or asked.picked:
            self.detail = self._pages.refine(asked)
            if asked.picked:
                self.value = self._pages.to_data_id(asked.element, asked.picked)
        elif asked.page_key() != shown.page_key():
            self._show(asked)
        if asked.marked != shown.marked and asked.draft is None:
            self._pages.mark(asked.marked)
            self.selection = self._pages.marked_keys()

    @traitlets.validate("where")
    def _apply(self, proposal: Mapping[str, Any]) -> str:
        where, shown = str(proposal["value"]).strip(), self._pages.shown
        if where != shown.where:
            self.bench.count(shown.element, where)
            self.content = self._pages.read(dataclasses.replace(shown, where=where, page=0))
        return where

    @traitlets.observe("element")
    def _turn_to(self, change: Mapping[str, Any]) -> None:
        if change["new"] != self._pages.shown.element:
            self._show(Asked(element=change["new"]))

    @traitlets.observe("selection")
    def _mark(self, change: Mapping[str, Any]) -> None:
        if change["new"] != self._pages.marked_keys():
            self._pages.mark([" ".join(map(str, key)) for key in change["new"]])
            self.content = self._pages.read(self._pages.shown)

    @traitlets.observe("theme")
    def _paint(self, change: Mapping[str, Any]) -> None:
        self.colours = make_colours(PALETTES[change["new"]])


def _known(rows: VisitRows, name: str, place: int) -> str:
    """Return a column that there is: the one asked for, or a measured one."""
    names = rows.metric_names or list(rows.columns)
    return name if name in rows.columns or not names else names[min(place, len(names) - 1)]


def _to_keys(given: Any) -> tuple[tuple[str, int], ...]:
    """Accept keys in any form: pairs, a set of visits, a frame with their columns."""
    if isinstance(given, DataIdSet):
        given = given.table
    if hasattr(given, "columns") and not isinstance(given, Mapping):
        given = zip(*(_as_list(given[name]) for name in ("instrument", "visit")), strict=True)
    return tuple(sorted({(str(instrument), int(visit)) for instrument, visit in given}))


def _as_list(column: Any) -> list[Any]:
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column)


def _close(value: Any) -> Any:
    """Make tuples of lists, which traits compare; an open end of a range is infinite."""
    if not isinstance(value, list | tuple):
        return value
    if len(value) == 2 and (value[0] is None or value[1] is None):
        return (-math.inf if value[0] is None else value[0], math.inf if value[1] is None else value[1])
    return tuple(_close(item) for item in value)


def _open(value: Any) -> Any:
    """Make lists for JSON, which knows no infinity."""
    if isinstance(value, tuple):
        return [_open(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value
