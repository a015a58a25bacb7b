"""A chart of the intersections of sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from workbench.ui.elements.modules import read_component

__all__ = ["UpsetChart"]

_HERE = Path(__file__).parent


class UpsetChart(JSComponent):
    """Bars of intersections above a matrix of dots, a button each.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    title = param.String(default="Intersections")
    unit = param.String(default="rows")
    sets = param.List()
    bars = param.List()
    revision = param.Integer(default=0)

    _esm = read_component(_HERE / "upset.js")
    _stylesheets = [(_HERE / "upset.css").read_text(encoding="utf-8")]  # noqa: RUF012 - Panel reads a class attribute

    def __init__(self, **params: Any):
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._callbacks: list[Callable[[int], None]] = []
        self.on_msg(self._receive)

    def fill(
        self,
        sets: Sequence[tuple[str, int]],
        bars: Sequence[tuple[Sequence[bool], int, str, bool]],
        unit: str,
    ) -> None:
        """Draw other sets.

        Parameters
        ----------
        sets : `~collections.abc.Sequence`
            Label and number of rows of each set.
        bars : `~collections.abc.Sequence`
            Which sets hold the rows, how many rows, the same in words, and
            whether they are taken.
        unit : `str`
            What is counted.
        """
        self.param.update(
            sets=[{"label": label, "n_rows": n_rows} for label, n_rows in sets],
            bars=[
                {"members": list(members), "n_rows": n_rows, "label": label, "taken": taken}
                for members, n_rows, label, taken in bars
            ],
            unit=unit,
        )
        self.revision += 1

    def on_bar(self, callback: Callable[[int], None]) -> None:
        """Call a function with the number of a bar that was clicked.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the number, counted from 0.
        """
        self._callbacks.append(callback)

    def _receive(self, event: Any) -> None:
        for tell in self._callbacks:
            tell(int(event.data["index"]))
