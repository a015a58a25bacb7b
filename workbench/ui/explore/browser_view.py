"""The dimension browser: elements, their records, collections and dataset types."""

from __future__ import annotations

import json

import panel as pn

from workbench.session.content.browsing import Asked, RecordPages
from workbench.session.content.collection_tree import make_tree, make_types
from workbench.session.content.content import make_colours
from workbench.session.content.selection import SharedSelection
from workbench.session.desk.desk import Desk
from workbench.ui.views.component import CollectionsView, RecordsView

__all__ = ["BrowserView"]


class BrowserView:
    """What there is in the repository, page by page from its database.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    selection : `~workbench.session.content.selection.SharedSelection`
        Visits that are marked here are selected there.
    """

    def __init__(self, desk: Desk, selection: SharedSelection):
        self.desk = desk
        self.selection = selection
        self.pages = RecordPages(desk.bench)
        self.records, self.collections = RecordsView(), CollectionsView()
        self.records.param.watch(lambda *_: self._answer(), "state")
        self.collections.param.watch(lambda *_: self._show_types(), "state")
        desk.param.watch(lambda *_: self._paint(), "theme")
        self.view = pn.Column(
            self.records, self.collections, sizing_mode="stretch_width", margin=0, styles={"gap": "14px"}
        )
        self._paint()

    def refresh(self) -> None:
        """Read counts, records and collections again."""
        self.desk.act("", self.pages.refresh)
        self._read(self.pages.shown)
        tree = self.desk.act("", lambda: make_tree(self.desk.bench))
        if tree is not None:
            self.collections.content = tree
        self._show_types()

    def _read(self, asked: Asked) -> None:
        content = self.desk.act("", lambda: self.pages.read(asked))
        if content is not None:
            self.records.content = content
            self.desk.hint = "" if self.pages.wrong else self.pages.hint()

    def _answer(self) -> None:
        """Answer what the browser asks for: a check, what belongs to a record, or a page."""
        asked, shown = Asked.from_json(self.records.state), self.pages.shown
        if asked.draft is not None or asked.picked:
            detail, error = self.desk.attempt(lambda: self.pages.refine(asked))
            if error:
                self.desk.tell(error, "error")
            elif detail is not None:
                self.records.detail = detail
        elif asked.page_key() != shown.page_key():
            self._read(asked)
        if asked.marked != shown.marked and asked.draft is None:
            self._mark(asked)

    def _mark(self, asked: Asked) -> None:
        self.pages.mark(asked.marked)
        if asked.element == "visit":
            self.selection.select(self.pages.marked_keys())

    def _show_types(self) -> None:
        collection = json.loads(self.collections.state).get("collection", "")
        hint = f"bench.collections.dataset_types({[collection]!r})" if collection else ""
        detail = self.desk.act(hint, lambda: make_types(self.desk.bench, collection))
        if detail is not None:
            self.collections.detail = detail

    def _paint(self) -> None:
        for view in (self.records, self.collections):
            view.colours = make_colours(self.desk.palette)
