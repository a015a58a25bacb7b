"""The tree of collections as an ipywidget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.session.content.collection_tree import make_tree, make_types
from workbench.session.content.content import make_colours
from workbench.session.content.palette import PALETTES
from workbench.ui.views.modules import read_module
from workbench.ui.widgets.drawn import DrawnWidget

__all__ = ["CollectionTree"]


class CollectionTree(DrawnWidget):
    """Collections as a tree, with the datasets of the chosen one.

    ``value`` is the name of the chosen collection; empty for none.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    value : `str`, optional
        Collection to begin with.
    theme : `str`, optional
        ``light`` or ``dark``.
    **options : `object`
        Traits of any widget, such as ``layout``.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such collection, also when ``value`` is set later.
    """

    _esm = read_module("collections", "anywidget")

    value = traitlets.Unicode(help="name of the chosen collection")

    def __init__(self, bench: Bench, value: str = "", *, theme: str = "light", **options: Any):
        self.bench = bench
        super().__init__(**options)
        self.theme = theme
        self.colours = make_colours(PALETTES[theme])
        self.refresh()
        self.detail = make_types(bench, "")
        self.value = value

    def refresh(self) -> None:
        """Read the collections again."""
        self.content = make_tree(self.bench)

    @traitlets.validate("value")
    def _read(self, proposal: Mapping[str, Any]) -> str:
        name = str(proposal["value"])
        if name != self.value:
            self.detail = make_types(self.bench, name)
        return name

    @traitlets.observe("value")
    def _write_state(self, change: Mapping[str, Any]) -> None:
        state = json.loads(self.state)
        if state.get("collection", "") != change["new"]:
            self.state = json.dumps({**state, "collection": change["new"]})

    @traitlets.observe("state")
    def _read_state(self, change: Mapping[str, Any]) -> None:
        self.value = json.loads(change["new"]).get("collection", "")
