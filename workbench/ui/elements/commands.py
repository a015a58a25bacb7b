"""Commands to be copied into a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

__all__ = ["Commands"]

_HERE = Path(__file__).parent


class Commands(JSComponent):
    """Commands in fixed width, each with a button that copies it.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    commands = param.List(doc="pairs of what a command does, and its text")

    _esm = (_HERE / "commands.js").read_text(encoding="utf-8")
    _stylesheets = [  # noqa: RUF012 - Panel reads a class attribute
        (_HERE / "files" / "transfer.css").read_text(encoding="utf-8"),
        (_HERE / "commands.css").read_text(encoding="utf-8"),
    ]

    def __init__(self, **params: Any):
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
