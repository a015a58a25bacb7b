"""Text on the page that changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Prose"]


class Prose(JSComponent):
    """Markup whose changes are announced to screen readers.

    Panel's own HTML pane sends its style sheets again with every change, and
    a notebook would ask a CDN for them.

    Parameters
    ----------
    object : `str`, optional
        HTML, made by `~workbench.ui.elements.pieces.text_html`.
    **params
        Forwarded to Panel.
    """

    object = param.String(doc="HTML, escaped by whoever made it")
    live = param.Boolean(default=True, doc="whether changes are announced")

    _esm = (Path(__file__).parent / "prose.js").read_text(encoding="utf-8")

    def __init__(self, object: str = "", **params: Any):  # noqa: A002 - Panel's name for what a pane shows
        super().__init__(object=object, **{"sizing_mode": "stretch_width", "margin": 0, **params})
