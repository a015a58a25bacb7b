"""What notes say, as it is read and written in the application."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping

from workbench.annotations import TargetLike
from workbench.bench import Bench

__all__ = ["KnownNote", "Wording", "WrittenNote", "changed_arguments", "find_notes"]


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """What a note says.

    Parameters
    ----------
    text : `str`
        The text.
    flag : `str`, optional
        A word of the vocabulary; none if empty.
    tags, links : `tuple` [ `str`, ... ], optional
        Free words, and addresses of pages.
    """

    text: str
    flag: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    def arguments(self) -> str:
        """Return the wording as arguments of Python.

        Returns
        -------
        arguments : `str`
            Each begins with a comma; what is empty is left out.
        """
        given = {"flag": self.flag, "tags": list(self.tags), "links": list(self.links)}
        return "".join(f", {name}={value!r}" for name, value in given.items() if value)


@dataclasses.dataclass(frozen=True, slots=True)
class KnownNote:
    """A note as it was read.

    Parameters
    ----------
    note_id : `str`
        Its UUID.
    revision : `int`
        Its revision.
    wording : `Wording`
        What it says.
    severity : `str`
        What its flag asks for; empty without one.
    author : `str`
        Who wrote this revision.
    bot : `bool`
        Whether that is a program.
    time : `float`
        When (MJD TAI).
    targets : `tuple` [ `str`, ... ]
        What it is about, among what was asked for.
    """

    note_id: str
    revision: int
    wording: Wording
    severity: str
    author: str
    bot: bool
    time: float
    targets: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenNote:
    """A note before it is written.

    Parameters
    ----------
    wording : `Wording`
        What it says.
    severity : `str`
        What its flag asks for; empty without one.
    targets : `tuple` [ `str`, ... ]
        What it will be about.
    """

    wording: Wording
    severity: str
    targets: tuple[str, ...]


def find_notes(bench: Bench, targets: Iterable[TargetLike]) -> list[KnownNote]:
    """Find the current notes on targets; nothing is written.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    targets : `~collections.abc.Iterable` [ `TargetLike` ]
        Data IDs, datasets, collections, sets.

    Returns
    -------
    notes : `list` [ `KnownNote` ]
        Oldest first, each once.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if a target does not exist.
    """
    found: dict[str, KnownNote] = {}
    for target in targets:
        for row in bench.annotations.find(target).to_pylist():
            note = found.get(row["note_id"])
            if note is None:
                found[row["note_id"]] = _read(row)
            elif row["label"] not in note.targets:
                found[row["note_id"]] = dataclasses.replace(note, targets=(*note.targets, row["label"]))
    return sorted(found.values(), key=lambda note: note.time)


def _read(row: Mapping[str, object]) -> KnownNote:
    tags, links = (tuple(json.loads(str(row[name]))) for name in ("tags", "links"))
    return KnownNote(
        note_id=str(row["note_id"]),
        revision=int(str(row["revision"])),
        wording=Wording(str(row["text"]), str(row["flag"] or ""), tags, links),
        severity=str(row["severity"] or ""),
        author=str(row["author"]),
        bot=bool(row["bot"]),
        time=float(str(row["time"])),
        targets=(str(row["label"]),),
    )


def changed_arguments(before: Wording, after: Wording) -> str:
    """Return what a revision changes as arguments of Python.

    Parameters
    ----------
    before, after : `Wording`
        What the note says, and shall say.

    Returns
    -------
    arguments : `str`
        Each begins with a comma; only what changes is named.
    """
    given = {
        "text": (before.text, after.text, repr(after.text)),
        "flag": (before.flag, after.flag, repr(after.flag or None)),
        "tags": (before.tags, after.tags, repr(list(after.tags))),
        "links": (before.links, after.links, repr(list(after.links))),
    }
    return "".join(f", {name}={code}" for name, (old, new, code) in given.items() if old != new)
