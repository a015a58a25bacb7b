"""A directory of set files, such as one in git, kept in step with the registry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lsst.daf.butler import Butler

from workbench.errors import BadDataIdTableError, BadNameError, WorkbenchError
from workbench.names import check_name, quote
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry import scratch
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.origin import Origin
from workbench.sets.content.provenance import SetProvenance, current_author
from workbench.sets.files.json_file import read_json, write_json
from workbench.sets.files.set_files import read_set_file
from workbench.sets.files.sync_state import STATE, SyncState
from workbench.sets.files.words import read_words
from workbench.sets.store.kept import KeptSets

__all__ = ["STATE", "SyncOutcome", "sync_sets"]

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
    store: KeptSets,
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

    A file that somebody edited stays as they wrote it, byte for byte; that it
    is the latest version is noted in `STATE`, which belongs into git too.  Who
    edited it, and why, is what git says of the last commit of the file, where
    that is in git; otherwise what the file says.

    A file that was deleted is reported; nothing is ever deleted here.

    Parameters
    ----------
    store : `~workbench.sets.store.kept.KeptSets`
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
    if "\0" in str(where):
        raise BadDataIdTableError(f"{quote(str(where))} is no name of a directory: it has a NUL in it.")
    if where.exists() and not where.is_dir():
        raise BadDataIdTableError(f"{where} is no directory; name one that holds, or shall hold, set files.")
    if not dry_run:
        scratch.sweep(where)
    state = SyncState.read(where / STATE)
    asked = [*names]
    for name in asked:
        check_name(name)
    files = {path.stem for path in where.glob("*.json") if path.name != STATE}
    wanted = sorted(asked or {*files, *store.names(), *state.names})
    outcomes = []
    for done, name in enumerate(wanted):
        progress(f"syncing {name}", done / len(wanted))
        one = _OneSet(store, butler, where, name, state, dry_run)
        outcomes.append(one.sync())
        if outcomes[-1].is_settled and not dry_run:
            one.settle()
    progress("syncing sets", 1.0)
    return outcomes


class _OneSet:
    """One name, in the directory and in the registry."""

    def __init__(
        self, store: KeptSets, butler: Butler, directory: Path, name: str, state: SyncState, dry_run: bool
    ):
        self._store = store
        self._butler = butler
        self._path = directory / f"{name}.json"
        self._name = name
        self._state = state
        self._dry_run = dry_run
        # What is no text, as a file system may have it, cannot be asked for in a database.
        known = name.isprintable() and bool(store.digests(name))
        self._versions = store.history(name).to_pylist() if known else []
        self._digests = [str(row["record_digest"]) for row in self._versions]

    def sync(self) -> SyncOutcome:
        try:
            check_name(self._name)
        except BadNameError as error:
            renamed = f"; 'workbench sets rename' gives it another: {self._latest}" if self._versions else ""
            return self._say("unreadable", f"{str(error).partition('.  ')[0]}{renamed}")
        try:
            is_there = self._path.exists()
            if not is_there and self._path.is_symlink():
                return self._say("unreadable", f"{self._path.name} is a link that leads to no file")
            if not is_there:
                return self._sync_without_file()
            rows = read_set_file(self._path, self._butler)
            history = read_json(self._path).history
        except OSError as error:
            return self._say("unreadable", f"{error.strerror or error}: {error.filename or self._path}")
        except WorkbenchError as error:
            return self._say("unreadable", str(error).partition("\n")[0])
        return self._compare(rows, history)

    def _sync_without_file(self) -> SyncOutcome:
        if not self._versions:
            return self._say("unreadable", "there is no such set, in the directory or in the registry")
        if self._name in self._state.names:
            return self._say(
                "deleted",
                f"{self._path.name} is gone, and {self._latest} is kept; take the name out of {STATE} to "
                "write the file again",
            )
        return self._export((), "new in the registry")

    def _compare(self, rows: DataIdSet, history: tuple[str, ...]) -> SyncOutcome:
        digest = rows.record_digest
        # What the file says of itself, unless its rows were changed by hand since.
        is_told = bool(history) and history[-1] == digest
        if not self._versions:
            return self._import(rows, "new in the directory", is_told=is_told or not history)
        latest = self._digests[-1]
        known = {*history, *self._state.digests(self._name)}
        if digest == latest:
            return self._compare_words(rows, history) if is_told else self._say("in step", self._latest)
        if latest in history:
            return self._import(rows, "changed in the directory", is_told=is_told)
        if digest in self._digests and not (latest in known and read_words(self._path)):
            return self._export(history, "changed in the registry")
        if latest in known:
            return self._import(rows, "changed in the directory", is_told=is_told)
        return self._say(
            "conflict",
            f"{self._path.name} and {self._latest} both changed since they were the same: compare them, and "
            "make one of them what you want",
        )

    def _compare_words(self, rows: DataIdSet, history: tuple[str, ...]) -> SyncOutcome:
        """Compare who saved the same rows, and why; a file of an earlier release does not say."""
        told, last = rows.provenance, self._versions[-1]
        said = [
            (row["reason"], row["author"])
            for row in self._versions
            if row["record_digest"] == self._digests[-1]
        ]
        if not told.reason or (told.reason, told.author) == (last["reason"], last["author"]):
            return self._say("in step", self._latest)
        if (told.reason, told.author) in said:
            return self._export(history, "reason or author changed in the registry")
        return self._import(rows, "reason or author changed in the directory", is_told=True)

    def _import(self, rows: DataIdSet, why: str, *, is_told: bool) -> SyncOutcome:
        if self._dry_run:
            return self._say("imported", f"{why}: would be saved as {self._name}@{len(self._digests) + 1}")
        told = rows.provenance
        last = self._versions[-1] if self._versions else None
        if last is not None and (told.reason, told.author) != (last["reason"], last["author"]):
            # Somebody wrote their own words above the rows.
            is_told = is_told or not any(
                (told.reason, told.author) == (row["reason"], row["author"]) for row in self._versions
            )
        words = None if is_told and told.reason else read_words(self._path)
        author = words.author if words else told.author or current_author()
        reason = (
            words.reason if words else told.reason if is_told else ""
        ) or f"synced from {self._path.name}"
        if last is not None and not is_told:
            rows = self._tell_change(rows, reason, author)
        try:
            saved = self._store.save(rows, self._name, reason=reason, author=author, allow_empty=True)
        except BadNameError as error:
            return self._say("unreadable", str(error))
        return self._say("imported", f"{why}: saved as {saved.label}")

    def _tell_change(self, rows: DataIdSet, reason: str, author: str) -> DataIdSet:
        """Say of rows that were changed by hand what was changed of the latest version."""
        before = self._store.load(self._name)
        if before.dimensions != rows.dimensions or before.role != rows.role:
            return rows
        told = SetProvenance.now(author=author, source=self._path.name)
        gone = (before - rows).with_reason(reason)
        new = rows - before
        steps = Origin("", (before,))
        for operator, change in (("-", gone), ("|", new)):
            if len(change):
                leaf = replace(change, provenance=told, name=None, version=None, origin=None)
                steps = Origin(operator, (before if not steps.operator else steps, leaf), steps.depth + 1)
        return replace(rows.with_provenance(replace(told, note=rows.provenance.note)), origin=steps)

    def _export(self, history: tuple[str, ...], why: str) -> SyncOutcome:
        if not self._dry_run:
            rows = self._store.load(self._name)
            digests = [*history, *self._state.digests(self._name), *self._digests]
            # Each once, at its last place: the end is what the file holds.
            kept = [*dict.fromkeys(reversed([*digests, rows.record_digest]))][::-1]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_json(rows, self._path, history=kept)
        return self._say("exported", f"{why}: {self._latest}")

    def settle(self) -> None:
        """Remember that file and registry hold the same now, where the file itself does not tell."""
        digest = self._store.digests(self._name)[-1]
        told = read_json(self._path).history
        self._state.add(self._name, None if digest in told else digest)

    @property
    def _latest(self) -> str:
        return f"{self._name}@{len(self._digests)}"

    def _say(self, action: Action, detail: str) -> SyncOutcome:
        shown = self._name if self._name.isprintable() else quote(self._name)
        return SyncOutcome(shown, action, detail)
