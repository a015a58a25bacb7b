"""What was done in a session, in order, as the Python that does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Literal

from workbench.registry.database.clock import now

__all__ = ["Entry", "EntryKind", "SessionLog", "Subject"]

EntryKind = Literal["look", "change", "write"]
"""Looking at something, changing what is being put together, or writing to the repository."""


Subject = Literal["set", "grouping"]
"""What is being put together; changes of one do not stand for changes of the other."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One action.

    Parameters
    ----------
    kind : `str`
        A ``change`` makes the set anew, so that a later one stands for it; a
        ``write`` ends with the one statement that writes.
    python : `str`
        Lines that do it.
    time : `float`
        When it was done, MJD TAI in days.
    checks : `~collections.abc.Mapping` [ `str`, `str` ]
        Key digest that a variable has after it.
    subject : `str`
        What a ``change`` makes: the set, or a grouping.
    """

    kind: EntryKind
    python: str
    time: float
    checks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    subject: Subject = "set"


class SessionLog:
    """The actions of one session, and the files that were dropped in it."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._uploads: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Sequence[Entry]:
        """All actions, oldest first (`~collections.abc.Sequence` [ `Entry` ])."""
        return tuple(self._entries)

    @property
    def uploads(self) -> Mapping[str, bytes]:
        """Content of the dropped files by name (`~collections.abc.Mapping`)."""
        return dict(self._uploads)

    def clear(self) -> None:
        """Forget what was done so far, such as what opening the application looked at."""
        self._entries.clear()

    def record(self, kind: EntryKind, python: str, subject: Subject = "set") -> None:
        """Add an action that was done.

        Parameters
        ----------
        kind : `str`
            As for `Entry`.
        python : `str`
            Lines that do it.
        subject : `str`, optional
            What a change makes.
        """
        self._entries.append(Entry(kind, python, now(), subject=subject))

    def check(self, variable: str, digest: str) -> None:
        """Say what the last action gave.

        Parameters
        ----------
        variable : `str`
            Name of a set in the Python.
        digest : `str`
            Its key digest.
        """
        last = self._entries[-1]
        self._entries[-1] = dataclasses.replace(last, checks={**last.checks, variable: digest})

    def keep_upload(self, name: str, content: bytes) -> str:
        """Keep a dropped file, so that the session can be done again without it.

        Parameters
        ----------
        name : `str`
            Its name.
        content : `bytes`
            What it holds.

        Returns
        -------
        kept : `str`
            Name that it is kept under: with a number where another file of
            this name was dropped before.
        """
        path = PurePath(name)
        kept, number = path.name, 1
        while self._uploads.get(kept, content) != content:
            number += 1
            kept = f"{path.stem}-{number}{path.suffix}"
        self._uploads[kept] = content
        return kept

    def to_replay(self) -> Sequence[Entry]:
        """Return the actions that a replay needs.

        Returns
        -------
        entries : `~collections.abc.Sequence` [ `Entry` ]
            Without changes that a later one stands for before anything was
            done with them, and without looks that were repeated.
        """
        kept: list[Entry] = []
        for entry in self._entries:
            if entry.kind == "look":
                if any(other.python == entry.python for other in _since_write(kept)):
                    continue
            else:
                # The change that is still the last one, but for looks and for changes of something else.
                others = (n for n in range(len(kept) - 1, -1, -1) if not _leaves_alone(kept[n], entry))
                tail = next(others, None)
                if entry.kind == "change" and tail is not None and kept[tail].kind == "change":
                    del kept[tail]
            kept.append(entry)
        return kept


def _leaves_alone(earlier: Entry, entry: Entry) -> bool:
    return earlier.kind == "look" or (earlier.kind == "change" and earlier.subject != entry.subject)


def _since_write(entries: Sequence[Entry]) -> Sequence[Entry]:
    last = max((n for n, entry in enumerate(entries) if entry.kind == "write"), default=-1)
    return entries[last + 1 :]
