"""The row of tabs along the way of a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Steps"]

_HERE = Path(__file__).parent


class Steps(JSComponent):
    """Tabs that arrow keys move along; each may carry a short note.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    title = param.String(default="Steps of a campaign", doc="what the tabs are, for screen readers")
    numbered = param.Boolean(default=True)
    labels = param.List()
    notes = param.List()
    active = param.Integer(default=0)

    _esm = (_HERE / "steps.js").read_text(encoding="utf-8")
    _stylesheets = [(_HERE / "steps.css").read_text(encoding="utf-8")]  # noqa: RUF012 - Panel reads a class attribute

    def __init__(self, **params: Any):
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
