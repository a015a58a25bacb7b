"""A set of visits being put together: a rule, lists from files, and edits by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from workbench.sets import DataIdSet

__all__ = ["Draft", "HandEdit", "History", "Key", "key_from_text", "key_text"]

Key = tuple[str, int]
"""Instrument and visit."""


def key_text(key: Key) -> str:
    """Return a visit's key as text.

    Parameters
    ----------
    key : `tuple`
        Instrument and visit.

    Returns
    -------
    text : `str`
        Such as "HSC 96954".
    """
    return f"{key[0]} {key[1]}"


def key_from_text(text: str) -> Key:
    """Return the key that `key_text` wrote.

    Parameters
    ----------
    text : `str`
        Such as "HSC 96954".

    Returns
    -------
    key : `tuple`
        Instrument and visit.
    """
    instrument, _, visit = text.rpartition(" ")
    return instrument, int(visit)


@dataclasses.dataclass(frozen=True, slots=True)
class HandEdit:
    """What somebody decided about one visit.

    Parameters
    ----------
    included : `bool`
        Whether it was taken in or left out.
    reason : `str`
        Why.
    """

    included: bool
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """What a set is made of; immutable, each change makes another.

    Parameters
    ----------
    where : `str`, optional
        The rule: an expression.  Not used where ``base`` is given.
    base : `str`, optional
        Label of a saved set to begin from.
    lists : `~collections.abc.Mapping` [ `str`, `~workbench.sets.DataIdSet` ], optional
        Exclusion lists by the name of their file.
    edits : `~collections.abc.Mapping`, optional
        Edits by hand, by instrument and visit.
    """

    where: str = ""
    base: str = ""
    lists: Mapping[str, DataIdSet] = dataclasses.field(default_factory=dict)
    edits: Mapping[Key, HandEdit] = dataclasses.field(default_factory=dict)

    def with_edit(self, key: Key, edit: HandEdit | None) -> Draft:
        """Decide about a visit by hand, or take that back.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.
        edit : `HandEdit` or `None`
            The decision; `None` leaves it to the rule and the lists again.

        Returns
        -------
        draft : `Draft`
            Another one.
        """
        edits = {other: kept for other, kept in self.edits.items() if other != key}
        if edit is not None:
            edits[key] = edit
        return dataclasses.replace(self, edits=edits)

    def with_list(self, name: str, rows: DataIdSet | None) -> Draft:
        """Add an exclusion list, or take one away.

        Parameters
        ----------
        name : `str`
            Name of its file.
        rows : `~workbench.sets.DataIdSet` or `None`
            The list; `None` removes it.

        Returns
        -------
        draft : `Draft`
            Another one.
        """
        lists = {other: kept for other, kept in self.lists.items() if other != name}
        if rows is not None:
            lists[name] = rows
        return dataclasses.replace(self, lists=lists)

    def rows(self, *, included: bool) -> list[dict[str, object]]:
        """Return the edits of one kind as rows of a table.

        Parameters
        ----------
        included : `bool`
            Those that take in, or those that leave out.

        Returns
        -------
        rows : `list` [ `dict` ]
            With ``instrument``, ``visit`` and ``reason``, sorted.
        """
        return [
            {"instrument": instrument, "visit": visit, "reason": edit.reason}
            for (instrument, visit), edit in sorted(self.edits.items())
            if edit.included is included
        ]


class History:
    """Drafts in the order in which they were made, with undo and redo.

    Parameters
    ----------
    first : `Draft`
        The draft to begin from.
    """

    def __init__(self, first: Draft):
        self._drafts: list[tuple[str, Draft]] = [("start", first)]
        self._position = 0

    @property
    def current(self) -> Draft:
        """The draft as it is now (`Draft`)."""
        return self._drafts[self._position][1]

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty if nothing (`str`)."""
        return self._drafts[self._position][0] if self._position else ""

    @property
    def redo_label(self) -> str:
        """What redo would do again; empty if nothing (`str`)."""
        later = self._position + 1
        return self._drafts[later][0] if later < len(self._drafts) else ""

    def record(self, label: str, draft: Draft) -> None:
        """Add a change; what was undone before is forgotten.

        Parameters
        ----------
        label : `str`
            The change in a few words.
        draft : `Draft`
            What it led to.
        """
        self._drafts = [*self._drafts[: self._position + 1], (label, draft)]
        self._position += 1

    def undo(self) -> Draft:
        """Go back by one change, if there is one.

        Returns
        -------
        draft : `Draft`
            The current one afterwards.
        """
        self._position = max(0, self._position - 1)
        return self.current

    def redo(self) -> Draft:
        """Go forward by one change, if there is one.

        Returns
        -------
        draft : `Draft`
            The current one afterwards.
        """
        self._position = min(len(self._drafts) - 1, self._position + 1)
        return self.current
