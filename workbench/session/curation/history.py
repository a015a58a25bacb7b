"""Undo and redo, with a label for each change."""

from __future__ import annotations

from typing import Generic, TypeVar

__all__ = ["History"]

T = TypeVar("T")


class History(Generic[T]):
    """States in the order in which they were made, with undo and redo.

    Parameters
    ----------
    first : `object`
        The state to begin from.
    """

    def __init__(self, first: T):
        self._states: list[tuple[str, T]] = [("start", first)]
        self._position = 0

    @property
    def current(self) -> T:
        """The state as it is now (`object`)."""
        return self._states[self._position][1]

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty if nothing (`str`)."""
        return self._states[self._position][0] if self._position else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again; empty if nothing (`str`)."""
        later = self._position + 1
        return self._states[later][0] if later < len(self._states) else ""

    def record(self, label: str, state: T) -> None:
        """Add a change; what was undone before is forgotten.

        Parameters
        ----------
        label : `str`
            The change in a few words.
        state : `object`
            What it led to.
        """
        self._states = [*self._states[: self._position + 1], (label, state)]
        self._position += 1

    def undo(self) -> T:
        """Go back by one change, if there is one.

        Returns
        -------
        state : `object`
            The current one afterwards.
        """
        self._position = max(0, self._position - 1)
        return self.current

    def redo(self) -> T:
        """Go forward by one change, if there is one.

        Returns
        -------
        state : `object`
            The current one afterwards.
        """
        self._position = min(len(self._states) - 1, self._position + 1)
        return self.current
