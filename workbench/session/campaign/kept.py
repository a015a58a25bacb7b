"""The last previews of a session, to be compared with each other."""

from __future__ import annotations

import dataclasses

from workbench.graph import Preview
from workbench.registry.database.clock import now
from workbench.rendering import render_time

__all__ = ["KeptPreview", "keep_preview"]

_MOST = 6
"""Previews that are kept: each holds a graph in memory."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class KeptPreview:
    """A preview, and what it was.

    Parameters
    ----------
    number : `int`
        Number in the session, from 1.
    made : `float`
        When, MJD TAI in days.
    changed : `str`
        What differed from the one before, in words.
    preview : `~workbench.graph.Preview`
        The preview.
    python : `str`
        Lines that make it again; they end with ``preview``.
    """

    number: int
    made: float
    changed: str
    preview: Preview
    python: str

    @property
    def label(self) -> str:
        """Name of the preview for people (`str`)."""
        counted = f"{self.preview.n_quanta:,} quanta"
        return f"preview {self.number}, {render_time(self.made)[11:]} TAI, {counted}: {self.changed}"


def keep_preview(
    kept: tuple[KeptPreview, ...], preview: Preview, changed: str, python: str
) -> tuple[KeptPreview, ...]:
    """Keep one more preview, and forget the oldest beyond six.

    Parameters
    ----------
    kept : `tuple` [ `KeptPreview`, ... ]
        Those before, oldest first.
    preview : `~workbench.graph.Preview`
        The new one.
    changed : `str`
        What differs from the last one.
    python : `str`
        Lines that make it.

    Returns
    -------
    kept : `tuple` [ `KeptPreview`, ... ]
        With the new one at the end.
    """
    number = kept[-1].number + 1 if kept else 1
    return (*kept, KeptPreview(number, now(), changed, preview, python))[-_MOST:]
