"""A directory of set files, such as one in git, kept in step with the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsst.daf.butler import Butler

from workbench.errors import BadDataIdTableError, BadNameError, WorkbenchError
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.sets.data_id_set import DataIdSet
from workbench.sets.files import read_set_file
from workbench.sets.json_file import read_json, write_json
from workbench.sets.set_file import read_text, replace_file
from workbench.sets.store import SetStore
from workbench.sets.stored import check_name

__all__ = ["SyncOutcome", "sync_sets"]

STATE = ".workbench-sync.json"
"""File of the directory that lists the sets which have, or had, a file there."""

Action = Literal["in step", "imported", "exported", "conflict", "deleted", "unreadable"]


@presented
@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """What became of one set.

    Parameters
    ----------
    name : `str`
        Name of the set.
    action : `str`
        ``in step``; ``imported`` into the registry, ``exported`` to the
        directory; ``conflict``, ``deleted`` or ``unreadable``, where nothing
        was done.
    detail : `str`
        Why, or which version.
    """

    name: str
    action: Action
    detail: str

    @property
    def is_settled(self) -> bool:
        """Whether file and registry hold the same now (`bool`)."""
        return self.action in ("in step", "imported", "exported")


def sync_sets(
    store: SetStore,
    butler: Butler,
    directory: str | Path,
    names: Iterable[str] = (),
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> list[SyncOutcome]:
    """Bring a directory and the registry to the same sets; writes to both.

    Every set is a file ``NAME.json`` that tells, beside its content, the
    record digests of what it held before (``history``).  So a file knows
    whether the registry's latest version is one that it came from, also where
    several registries share a directory by way of git:

    - the latest version is in the file's history: the file is ahead, and is
      saved as the next version;
    - the file is an earlier version: the registry is ahead, and the file is
      replaced;
    - neither: both changed, and nothing is done but to report the conflict.

    A file that was deleted is reported; nothing is ever deleted here.

    Parameters
    ----------
    store : `SetStore`
        The saved sets.
    butler : `lsst.daf.butler.Butler`
        Repository that the rows of files must exist in.
    directory : `str` or `pathlib.Path`
        Where the files are; made if it does not exist.
    names : `~collections.abc.Iterable` [ `str` ], optional
        Only these sets; by default all, of either side.
    dry_run : `bool`, optional
        Say what would be done, and write nothing.
    progress : `~workbench.progress.Progress`, optional
        Told the set; may cancel between two sets.

    Returns
    -------
    outcomes : `list` [ `SyncOutcome` ]
        One a set, by name.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if a name has another form.
    workbench.errors.BadDataIdTableError
        Raised if the directory is a file, or its list of names is damaged.
    """
    where = Path(directory)
    if where.exists() and not where.is_dir():
        raise BadDataIdTableError(f"{where} is no directory; name one that holds, or shall hold, set files.")
    state = _State.read(where / STATE)
    asked = [*names]
    for name in asked:
        check_name(name)
    files = {path.stem for path in where.glob("*.json") if path.name != STATE}
    wanted = sorted(asked or {*files, *store.names(), *state.names})
    outcomes = []
    for done, name in enumerate(wanted):
        progress(f"syncing {name}", done / len(wanted))
        one = _OneSet(store, butler, where, name, dry_run)
        outcomes.append(one.sync(was_there=name in state.names))
        if outcomes[-1].is_settled and not dry_run:
            state.add(name)
    progress("syncing sets", 1.0)
    return outcomes


class _OneSet:
    """One name, in the directory and in the registry."""

    def __init__(self, store: SetStore, butler: Butler, directory: Path, name: str, dry_run: bool):
        self._store = store
        self._butler = butler
        self._path = directory / f"{name}.json"
        self._name = name
        self._dry_run = dry_run
        self._digests = store.digests(name)

    def sync(self, *, was_there: bool) -> SyncOutcome:
        if not self._path.exists():
            if not self._digests:
                return self._say("unreadable", "there is no such set, in the directory or in the registry")
            if was_there:
                return self._say(
                    "deleted",
                    f"{self._path.name} is gone, and {self._latest} is kept; take the name out of {STATE} to "
                    "write the file again",
                )
            return self._export((), "new in the registry")
        try:
            check_name(self._name)
            rows = read_set_file(self._path, self._butler)
            history = read_json(self._path).history
        except (WorkbenchError, OSError) as error:
            return self._say("unreadable", str(error).partition("\n")[0])
        return self._compare(rows, history)

    def _compare(self, rows: DataIdSet, history: tuple[str, ...]) -> SyncOutcome:
        digest = rows.record_digest
        if not self._digests:
            return self._import(rows, history, "new in the directory")
        if digest == self._digests[-1]:
            if not self._dry_run and (not history or history[-1] != digest):
                self._write(rows, history)
            return self._say("in step", self._latest)
        if self._digests[-1] in history:
            return self._import(rows, history, "changed in the directory")
        if digest in self._digests:
            return self._export(history, "changed in the registry")
        return self._say(
            "conflict",
            f"{self._path.name} and {self._latest} both changed since they were the same: compare them, and "
            "make one of them what you want",
        )

    def _import(self, rows: DataIdSet, history: tuple[str, ...], why: str) -> SyncOutcome:
        if self._dry_run:
            return self._say("imported", f"{why}: would be saved as {self._name}@{len(self._digests) + 1}")
        try:
            saved = self._store.save(
                rows,
                self._name,
                reason=f"synced from {self._path.name}",
                author=rows.provenance.author or None,
                allow_empty=True,
            )
        except BadNameError as error:
            return self._say("unreadable", str(error))
        self._write(saved, history)
        return self._say("imported", f"{why}: saved as {saved.label}")

    def _export(self, history: tuple[str, ...], why: str) -> SyncOutcome:
        if not self._dry_run:
            self._write(self._store.load(self._name), history)
        return self._say("exported", f"{why}: {self._latest}")

    def _write(self, rows: DataIdSet, history: tuple[str, ...]) -> None:
        digests = self._store.digests(self._name)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_json(rows, self._path, history=[*dict.fromkeys([*history, *digests, rows.record_digest])])

    @property
    def _latest(self) -> str:
        return f"{self._name}@{len(self._digests)}"

    def _say(self, action: Action, detail: str) -> SyncOutcome:
        return SyncOutcome(self._name, action, detail)


class _State:
    """The names that a directory has, or had, files of."""

    def __init__(self, path: Path, names: set[str]):
        self._path = path
        self.names = names

    @classmethod
    def read(cls, path: Path) -> _State:
        if not path.exists():
            return cls(path, set())
        try:
            names = json.loads(read_text(path))
        except ValueError as error:
            raise BadDataIdTableError(f"{path} is not readable JSON: {error}") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise BadDataIdTableError(f"{path} is no list of names; delete it, and sync again.")
        return cls(path, set(names))

    def add(self, name: str) -> None:
        if name not in self.names:
            self.names.add(name)
            # A name a line, so that git merges what two people add.
            lines = ",\n".join(json.dumps(name) for name in sorted(self.names))
            replace_file(self._path, f"[\n{lines}\n]\n")
