"""Why data IDs are in or out: the answer in words, with the waterfall behind it."""

from __future__ import annotations

from typing import Self

import pyarrow as pa

from workbench.presentation import LONGEST, presented

__all__ = ["WhyNot"]


@presented
class WhyNot(str):
    """Why data IDs are in or out: the answer in words, with the waterfall behind it.

    Parameters
    ----------
    text : `str`
        Sentences; a line for each data ID that was asked about.
    waterfall : `pyarrow.Table`
        What each stage removed and left, in order.

    Attributes
    ----------
    waterfall : `pyarrow.Table`
        As given.
    """

    waterfall: pa.Table

    def __new__(cls, text: str, waterfall: pa.Table) -> Self:
        """Make the answer (`WhyNot`)."""
        answer = super().__new__(cls, text)
        answer.waterfall = waterfall
        return answer

    def __repr__(self) -> str:
        name = type(self).__name__
        text = super().__repr__()
        room = LONGEST - len(name) - 5
        return f"{name}({text if len(text) <= room else text[:room] + '...'})"

    def _shown_facts(self) -> dict[str, object]:
        return {}

    def _shown_rows(self) -> pa.Table:
        return self.waterfall
