"""Pages of which one is shown."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import param
from panel.custom import JSComponent
from panel.viewable import Viewable

from workbench.ui.elements.design import dress
from workbench.ui.elements.steps import Steps

__all__ = ["Arrival", "PageTurner"]


class Arrival(JSComponent):
    """The last of a page: says when the page is drawn.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    arrived = param.Boolean(default=False, doc="whether it is drawn; set by the browser")

    _esm = """
export default {
  render({ model }) {
    if (!model.arrived) requestAnimationFrame(() => { model.arrived = true; });
    const nothing = document.createElement("span");
    nothing.hidden = true;
    return nothing;
  },
};
"""

    def __init__(self, **params: Any):
        super().__init__(**{"margin": 0, "height": 0, **params})


class PageTurner:
    """Shows the page that a row of tabs names.

    A page becomes part of the document when it is first turned to: a browser
    does not wait for what it does not show.

    Parameters
    ----------
    tabs : `~workbench.ui.elements.steps.Steps`
        Says which page is shown.
    pages : `~collections.abc.Sequence` [ `panel.viewable.Viewable` ]
        In the order of the tabs.
    prepare : `~collections.abc.Callable`, optional
        Called before a page is shown: what it changes then is part of the
        page when the browser first sees it.
    """

    def __init__(
        self,
        tabs: Steps,
        pages: Sequence[Viewable],
        prepare: Callable[[], None] = lambda: None,
    ):
        self._tabs = tabs
        self._prepare = prepare
        self._pages = list(pages)
        self._arrivals = [Arrival() for _ in pages]
        self._frames = [pn.Column(sizing_mode="stretch_width", margin=0, visible=False) for _ in pages]
        self.view = pn.Column(*self._frames, sizing_mode="stretch_width", margin=0)
        tabs.param.watch(lambda *_: self._turn(), "active")
        self._turn()

    def on_turn(self, number: int, call: Callable[[], Any]) -> None:
        """Do something each time that a page is turned to, as soon as it is drawn.

        What changes a widget that is on its way to the browser, and not yet
        drawn, is lost on Bokeh.

        Parameters
        ----------
        number : `int`
            The page.
        call : `~collections.abc.Callable`
            What to do; may be a coroutine function.
        """
        arrival = self._arrivals[number]

        def turned(_: object) -> Any:
            return call() if arrival.arrived and self._tabs.active == number else None

        async def turned_later(_: object) -> None:
            if arrival.arrived and self._tabs.active == number:
                await call()

        watcher = turned_later if inspect.iscoroutinefunction(call) else turned
        arrival.param.watch(watcher, "arrived")
        self._tabs.param.watch(watcher, "active")

    def _turn(self) -> None:
        self._prepare()
        for number, (frame, page) in enumerate(zip(self._frames, self._pages, strict=True)):
            frame.visible = is_shown = number == self._tabs.active
            # A figure wants to know its width when it comes: the frame is there before it.
            if is_shown and not len(frame):
                dress(page)
                frame.extend([page, self._arrivals[number]])
