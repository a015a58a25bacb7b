"""Pages of which one is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import panel as pn
from panel.viewable import Viewable

from workbench.ui.design import dress
from workbench.ui.steps import Steps

__all__ = ["PageTurner"]


class PageTurner:
    """Shows the page that a row of tabs names.

    A page becomes part of the document when it is first turned to: a browser
    does not wait for what it does not show.

    Parameters
    ----------
    tabs : `~workbench.ui.steps.Steps`
        Says which page is shown.
    pages : `~collections.abc.Sequence` [ `panel.viewable.Viewable` ]
        In the order of the tabs.
    prepare : `~collections.abc.Callable`, optional
        Called before a page is shown: what it changes then is part of the
        page when the browser first sees it.
    """

    def __init__(self, tabs: Steps, pages: Sequence[Viewable], prepare: Callable[[], None] = lambda: None):
        self._tabs = tabs
        self._prepare = prepare
        self._pages = list(pages)
        self._frames = [pn.Column(sizing_mode="stretch_width", margin=0, visible=False) for _ in pages]
        self.view = pn.Column(*self._frames, sizing_mode="stretch_width", margin=0)
        tabs.param.watch(lambda *_: self._turn(), "active")
        self._turn()

    def _turn(self) -> None:
        self._prepare()
        for number, (frame, page) in enumerate(zip(self._frames, self._pages, strict=True)):
            frame.visible = is_shown = number == self._tabs.active
            # A figure wants to know its width when it comes: the frame is there before it.
            if is_shown and not len(frame):
                dress(page)
                frame.append(page)
