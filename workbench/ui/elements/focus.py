"""The focus of the keyboard, given back to what was disabled for a while."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from panel.custom import JSComponent

__all__ = ["FocusKeeper"]


class FocusKeeper(JSComponent):
    """Nothing to be seen; while it is on a page, a button that is enabled again has the focus that it had.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    _esm = (Path(__file__).parent / "focus.js").read_text(encoding="utf-8")

    def __init__(self, **params: Any):
        super().__init__(**{"margin": 0, "height": 0, **params})
