"""What every drawn view exchanges with the browser as an ipywidget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from workbench.session.content.content import make_colours
from workbench.session.content.palette import PALETTES
from workbench.ui.widgets.turns import InTurn

__all__ = ["DrawnWidget"]


class DrawnWidget(InTurn, anywidget.AnyWidget):
    """A view that is drawn by one of our ES modules.

    Parameters
    ----------
    *args, **kwargs : `object`
        As for any widget.
    """

    content = traitlets.Bytes().tag(sync=True)
    detail = traitlets.Bytes().tag(sync=True)
    colours = traitlets.Unicode("{}").tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)
    brush = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode("{}").tag(sync=True)

    theme = traitlets.Enum(list(PALETTES), "light", help="colours")

    @traitlets.observe("theme")
    def _paint(self, change: Mapping[str, Any]) -> None:
        self.colours = make_colours(PALETTES[change["new"]])
