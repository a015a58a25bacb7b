"""Saving a set whose name others may have saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import param

from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import HandEdit
from workbench.session.curation.keys import Key
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet

__all__ = ["Saving"]


class Saving(param.Parameterized):
    """Saves the set; what others saved under its name is shown first.

    Versions are only ever added, so that nothing is lost either way: the
    question is whether the next version shall hold what others changed.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    """

    revision = param.Integer(default=0, doc="counts what was found")
    problem = param.String(doc="why the last save was none; empty if it was one")

    def __init__(self, desk: Desk, curation: Curation):
        super().__init__()
        self.desk = desk
        self.curation = curation
        self.set_name = ""
        self.newer: Sequence[Mapping[str, Any]] = ()
        self.changes: Sequence[Mapping[str, Any]] = ()
        # What was wrong with the save of another set says nothing of this one.
        curation.param.watch(lambda *_: setattr(self, "problem", ""), "revision")

    def save(self, name: str, reason: str, *, knowingly: bool = False) -> DataIdSet | None:
        """Save the set, unless others saved versions of its name that were not seen here.

        Parameters
        ----------
        name : `str`
            Lower-case name.
        reason : `str`
            Why.
        knowingly : `bool`, optional
            Save it although there are such versions.

        Returns
        -------
        saved : `~workbench.sets.DataIdSet` or `None`
            `None` if there are such versions, or it failed; `problem` says
            why.
        """
        self.problem = ""
        if not reason.strip():
            self.problem = "Say why this version is saved: the reason is kept with it."
            return None
        if self.curation.rows is not None and not len(self.curation.rows):
            self.problem = "The set is empty, so there is nothing to save: take visits in first."
            return None
        if not knowingly and self._look(name):
            return None
        self._forget()
        saved = self.curation.save(name, reason)
        self.problem = self.curation.save_error
        return saved

    def take_in(self) -> None:
        """Make the changes of the others here too, as edits by hand with their reasons."""
        edits: dict[Key, HandEdit | None] = {}
        latest = self.newer[-1]
        origin = f"{self.set_name}@{latest['version']} of {latest['author']}"
        for change in self.changes:
            key: tuple[Any, ...] = tuple(
                change[name] for name in ("instrument", "visit", "detector") if name in change
            )
            # Why a visit was in before is no reason to leave it out.
            reason = change["reason_after"] or "no reason given"
            author = change["author_after"] or latest["author"]
            said = origin if author == latest["author"] else f"{origin}, in the words of {author}"
            edits[key] = HandEdit(change["change"] in {"added", "reason"}, f"{said}: {reason}")
        self.curation.merge(edits, f"take in {origin}", self.set_name, int(latest["version"]))
        self._forget()

    def look(self) -> None:
        """See whether the version that is edited here is still the latest; shows others' if not."""
        if name := self.curation.last_name:
            self._look(name)

    def _look(self, name: str) -> bool:
        known = self.curation.known_version(name)
        sets, _ = self.desk.attempt(self.desk.bench.sets.list)
        rows = [] if sets is None else [row for row in sets.to_pylist() if row["name"] == name]
        newer = [row for row in rows if row["version"] > known]
        if not newer:
            if self.set_name == name:
                self._forget()
            return False
        changes: Sequence[Mapping[str, Any]] = ()
        if known:
            before, after = f"{name}@{known}", f"{name}@{newer[-1]['version']}"
            found, _ = self.desk.attempt(lambda: self.desk.bench.sets.diff(before, after))
            changes = [] if found is None else found.to_pylist()
        self.set_name, self.newer, self.changes = name, newer, changes
        self.revision += 1
        return True

    def _forget(self) -> None:
        if self.newer:
            self.set_name, self.newer, self.changes = "", (), ()
            self.revision += 1
