"""The dimension browser as an ipywidget."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.session.content.browsing import Asked, RecordPages
from workbench.session.content.content import make_colours
from workbench.session.content.palette import PALETTES
from workbench.ui.views.modules import read_module
from workbench.ui.widgets.drawn import DrawnWidget

__all__ = ["DimensionBrowser"]


class DimensionBrowser(DrawnWidget):
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

    element = traitlets.Unicode(help="dimension element")
    selection = traitlets.Tuple(help="keys of the marked records")
    where = traitlets.Unicode(help="expression that is applied")
    value = traitlets.Dict(None, allow_none=True, help="data ID of the record that was asked about")

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
            self.bench.dimensions.count(shown.element, where)
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
