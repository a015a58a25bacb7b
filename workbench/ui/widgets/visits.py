"""Views of visits as ipywidgets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.session.content import camera
from workbench.session.content.content import (
    Patches,
    VisitContent,
    make_colours,
    make_detail,
    make_detectors,
    make_focal_plane,
    make_rows,
    make_sky,
    make_table,
)
from workbench.session.content.palette import PALETTES
from workbench.session.content.rows import VisitRows
from workbench.session.content.selection import SharedSelection
from workbench.sets import DataIdSet
from workbench.ui.views.modules import read_module
from workbench.ui.widgets.drawn import DrawnWidget
from workbench.ui.widgets.traits import Keys, close_ends, open_ends

__all__ = ["FocalPlane", "Histogram", "Scatter", "SkyPlot", "Timeline", "VisitTable", "VisitWidget"]


class VisitWidget(DrawnWidget):
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

    selection = Keys(help="(instrument, visit) of each that is selected")
    where = traitlets.Unicode(help="expression that limits what is shown")
    value = traitlets.Any(None, allow_none=True, help="what this view alone says")

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
        self._selection = SharedSelection()
        self._rows = VisitRows()
        self._is_told = False
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        self.where = where
        if not where:
            self._show(self._read_rows(""))
        self.selection = selection
        if value is not None:
            self.value = value

    @property
    def rows(self) -> VisitRows:
        """The visits that are shown (`~workbench.session.content.rows.VisitRows`)."""
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

    def _read_rows(self, where: str) -> VisitRows:
        """Read what is shown."""
        return VisitRows.read(self.bench, where)

    def _make_content(self) -> VisitContent:
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

    @traitlets.validate("where")
    def _read_where(self, proposal: Mapping[str, Any]) -> str:
        where = str(proposal["value"])
        # Before the trait changes: what is wrong leaves everything as it is.
        if where != self.where:
            self._show(self._read_rows(where))
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
        self.value = close_ends(json.loads(change["new"]).get("value"))

    @traitlets.validate("value")
    def _validate_value(self, proposal: Mapping[str, Any]) -> object:
        return close_ends(proposal["value"])

    @traitlets.observe("value")
    def _write_state(self, change: Mapping[str, Any]) -> None:
        state = json.loads(self.state)
        if close_ends(state.get("value")) != change["new"]:
            self.state = json.dumps({**state, "value": open_ends(change["new"])})


class VisitTable(VisitWidget):
    """Visits in a table: sort, page, and select by a box in each row.

    ``value`` is the row that was marked last, such as "HSC 96954".
    """

    _esm = read_module("visit_table", "anywidget")

    def _make_content(self) -> VisitContent:
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

    def _make_content(self) -> VisitContent:
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

    def _make_content(self) -> VisitContent:
        x, y = (_known(self._rows, name, place) for place, name in enumerate(self._axes))
        return make_rows(self._rows, x=x, y=y)


class Timeline(VisitWidget):
    """Visits by night and sequence number, with a box that keeps what is inside.

    ``value`` is the box: ``((first night, last night), (low, high))``, nights
    as MJD of the evening, or `None`.
    """

    _esm = read_module("points", "anywidget")
    _title = "Nights"

    def _make_content(self) -> VisitContent:
        return make_rows(self._rows, x="night", y="visit.seq_num", fixed=True)


class SkyPlot(VisitWidget):
    """Visits, detectors, patches and tracts on the sky.

    ``value`` is the drawn area: ``((ra, dec), ...)`` of its corners in
    degrees, or `None`; it keeps the visits whose centre is inside.
    """

    _esm = read_module("sky", "anywidget")
    _title = "Sky"

    def _make_content(self) -> VisitContent:
        self._selection.detector_keys = camera.DetectorOutlines.read(self.bench, self._rows).keys
        columns, sky = make_rows(self._rows), make_sky(self._rows, Patches.read(self.bench))
        return VisitContent(
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

    def _make_content(self) -> VisitContent:
        self._plane = camera.DetectorOutlines.read(self.bench, self._rows)
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


def _known(rows: VisitRows, name: str, place: int) -> str:
    """Return a column that there is: the one asked for, or a measured one."""
    names = rows.metric_names or list(rows.columns)
    return name if name in rows.columns or not names else names[min(place, len(names) - 1)]
