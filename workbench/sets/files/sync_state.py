"""What a directory of set files was in step with: a list of lines that git can merge."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from workbench.errors import BadDataIdTableError
from workbench.sets.files.set_file import read_text, replace_file

__all__ = ["STATE", "SyncState"]

STATE = ".workbench-sync.json"
"""File of the directory that lists the sets which have, or had, a file there."""

_MARK = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( .*)?$", re.MULTILINE)
_LINE = re.compile(r'^\s*("(?:[^"\\]|\\.)*"),?\s*$', re.MULTILINE)


class SyncState:
    """The names that a directory has, or had, files of, and what these were after edits by hand.

    Parameters
    ----------
    path : `pathlib.Path`
        The file: a JSON list of texts, each a name, or a name and a record
        digest that a file of that name held when it was in step.
    entries : `~collections.abc.Iterable` [ `str` ]
        What it lists.
    """

    def __init__(self, path: Path, entries: Iterable[str]):
        self._path = path
        # In the order of the file: the digests of a name tell in which order it changed.
        self._entries = dict.fromkeys(entries)

    @classmethod
    def read(cls, path: Path) -> SyncState:
        """Read the file of a directory; writes nothing.

        Parameters
        ----------
        path : `pathlib.Path`
            The file, which need not exist.

        Returns
        -------
        state : `SyncState`
            What it lists; both sides, where git left the marks of a merge.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised if it is no list of names.
        """
        if not path.exists():
            return cls(path, ())
        text = read_text(path, merging=True)
        if _MARK.search(text):
            return cls(path, [json.loads(line) for line in _LINE.findall(_MARK.sub("", text))])
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadDataIdTableError(f"{path} is not readable JSON: {error}") from error
        if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
            raise BadDataIdTableError(f"{path} is no list of names; delete it, and sync again.")
        return cls(path, entries)

    @property
    def names(self) -> set[str]:
        """Sets that have, or had, a file (`set` [ `str` ])."""
        return {entry.partition(" ")[0] for entry in self._entries}

    def digests(self, name: str) -> list[str]:
        """Return what a file held after edits by hand.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        digests : `list` [ `str` ]
            Record digests, oldest first.
        """
        split = [entry.partition(" ") for entry in self._entries]
        return [digest for one, _, digest in split if one == name and digest]

    def add(self, name: str, digest: str | None) -> None:
        """Note that a file is in step; writes where that is new.

        Parameters
        ----------
        name : `str`
            Name of the set.
        digest : `str` or `None`
            Record digest of what it holds, where the file does not tell.
        """
        entry = name if digest is None else f"{name} {digest}"
        if entry in self._entries or (digest is None and name in self.names):
            return
        self._entries[entry] = None
        # An entry a line, by name, so that git merges what two people add.
        lines = ",\n".join(
            json.dumps(one) for one in sorted(self._entries, key=lambda one: one.partition(" ")[0])
        )
        replace_file(self._path, f"[\n{lines}\n]\n")
