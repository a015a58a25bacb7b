"""The set that is being put together, and what each visit owes to what."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import param
import pyarrow as pa

from workbench.query import Selection
from workbench.sets import DataIdSet
from workbench.ui.desk import Desk
from workbench.ui.draft import Draft, HandEdit, History, Key
from workbench.ui.visits import Visits

__all__ = ["Curation", "Verdict"]

_KEYS = ["instrument", "visit"]
_FIELDS: list[pa.Field[Any]] = [
    pa.field("instrument", pa.string()),
    pa.field("visit", pa.int64()),
    pa.field("reason", pa.string()),
]
_ROWS = pa.schema(_FIELDS)


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a visit is in, and why.

    Parameters
    ----------
    included : `bool`
        Whether it is in.
    why : `str`
        What decided: empty where the rule took it in.
    by_hand : `bool`
        Whether a person decided about it.
    """

    included: bool
    why: str
    by_hand: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class _Resolved:
    """A draft made out against the repository."""

    rows: DataIdSet
    selected: frozenset[Key]
    listed: Mapping[Key, str]
    selection: Selection | None


class Curation(param.Parameterized):
    """A set of visits under construction, with undo; all by calls of the bench.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    **params : `object`
        Values of the parameters.
    """

    revision = param.Integer(default=0, doc="counts the changes")
    error = param.String(doc="what is wrong with the rule")

    def __init__(self, desk: Desk, **params: Any):
        super().__init__(**params)
        self.desk = desk
        self.history = History(Draft())
        self.saved: DataIdSet | None = None
        self.visits = Visits()
        self._resolved: _Resolved | None = None

    @property
    def draft(self) -> Draft:
        """The draft as it is now (`~workbench.ui.draft.Draft`)."""
        return self.history.current

    @property
    def rows(self) -> DataIdSet | None:
        """The set that the draft gives (`~workbench.sets.DataIdSet` or `None`)."""
        if self.saved is not None:
            return self.saved
        return self._resolved.rows if self._resolved else None

    @property
    def selection(self) -> Selection | None:
        """What the rule selected (`~workbench.query.Selection` or `None`)."""
        return self._resolved.selection if self._resolved else None

    def refresh(self) -> None:
        """Read visits, metrics and patches again and make the draft out anew."""
        visits = self.desk.act("", lambda: Visits.read(self.desk.bench))
        if visits is not None:
            self.visits = visits
        self._settle(self.draft)
        self.revision += 1

    def choose(self, where: str) -> None:
        """Select visits by an expression.

        Parameters
        ----------
        where : `str`
            The rule; empty for all visits.
        """
        if where == self.draft.where and not self.draft.base and not self.error:
            return
        self._change(f"rule: {where or 'all visits'}", dataclasses.replace(self.draft, where=where, base=""))

    def load(self, label: str) -> None:
        """Begin from a saved set.

        Parameters
        ----------
        label : `str`
            "name" or "name@3".
        """
        self._change(f"load {label}", Draft(base=label))

    def read_list(self, name: str, content: bytes, instrument: str) -> None:
        """Leave out what an uploaded list names.

        Parameters
        ----------
        name : `str`
            Name of the file.
        content : `bytes`
            What it holds.
        instrument : `str`
            Instrument, where the file has no such column.
        """
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / Path(name).name
            path.write_bytes(content)
            self._read_list(Path(name).name, path, instrument)

    def read_path(self, path: str, instrument: str) -> None:
        """Leave out what a list on the server's disk names.

        Parameters
        ----------
        path : `str`
            The file.
        instrument : `str`
            Instrument, where the file has no such column.
        """
        self._read_list(path, Path(path).expanduser(), instrument)

    def drop_list(self, name: str) -> None:
        """No longer leave out what a list names.

        Parameters
        ----------
        name : `str`
            Name of its file.
        """
        self._change(f"without {name}", self.draft.with_list(name, None))

    def toggle(self, key: Key, reason: str) -> None:
        """Take a visit in that is out, or leave out one that is in.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.
        reason : `str`
            Why.
        """
        verdict = self.verdict(key)
        if key in self.draft.edits:
            self._change(f"visit {key[1]} as the rule says", self.draft.with_edit(key, None))
            return
        done = "leave out" if verdict.included else "take in"
        edit = HandEdit(not verdict.included, reason)
        self._change(f"{done} visit {key[1]}", self.draft.with_edit(key, edit))

    def undo(self) -> None:
        """Take the last change back."""
        if self._settle(self.history.undo()):
            self.revision += 1
        else:
            self.history.redo()

    def redo(self) -> None:
        """Make the last change that was taken back again."""
        if self._settle(self.history.redo()):
            self.revision += 1
        else:
            self.history.undo()

    def save(self, name: str, reason: str) -> DataIdSet | None:
        """Save the set as the next version of a name.

        Parameters
        ----------
        name : `str`
            Lower-case name.
        reason : `str`
            Why.

        Returns
        -------
        saved : `~workbench.sets.DataIdSet` or `None`
            With name and version; `None` if it failed.
        """
        rows = self.rows
        if rows is None:
            return None
        hint = f"{self.to_python()}\nvisits = bench.save(visits, {name!r}, reason={reason!r})"
        saved = self.desk.act(hint, lambda: self.desk.bench.save(rows, name, reason=reason))
        if saved is not None:
            self.saved = saved
            self.revision += 1
            self.desk.n_saved += 1
        return saved

    def verdict(self, key: Key) -> Verdict:
        """Return whether a visit is in, and why.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.

        Returns
        -------
        verdict : `Verdict`
            The decision by hand goes before the lists, those before the rule.
        """
        edit = self.draft.edits.get(key)
        if edit is not None:
            return Verdict(edit.included, f"by hand: {edit.reason or 'no reason given'}", by_hand=True)
        resolved = self._resolved
        if resolved is None or key not in resolved.selected:
            origin = f"set {self.draft.base}" if self.draft.base else "rule"
            return Verdict(False, f"not in the {origin}")
        if key in resolved.listed:
            return Verdict(False, resolved.listed[key])
        return Verdict(True, "")

    def to_python(self) -> str:
        """Return the Python that makes the set.

        Returns
        -------
        code : `str`
            A few lines that end with ``visits``.
        """
        draft = self.draft
        begin = f"bench.load({draft.base!r})" if draft.base else f'bench.select("visit", {draft.where!r})'
        lines = [f"visits = {begin}"]
        instrument = next(iter(self.visits.instruments), "")
        lines += [
            f"visits -= bench.read_set({name!r}, instrument={instrument!r}, role='exclude')"
            for name in draft.lists
        ]
        if taken := draft.rows(included=True):
            lines.append(f"visits |= bench.make_set(pd.DataFrame({taken!r}), dimensions=['visit'])")
        if left := draft.rows(included=False):
            lines.append(
                f"visits -= bench.make_set(pd.DataFrame({left!r}), dimensions=['visit'], role='exclude')"
            )
        if draft.edits:
            lines.insert(0, "import pandas as pd")
        return "\n".join(lines)

    def _read_list(self, name: str, path: Path, instrument: str) -> None:
        hint = f"bench.read_set({name!r}, instrument={instrument!r}, role='exclude')"
        read = self.desk.bench.read_set
        rows = self.desk.act(hint, lambda: read(path, instrument=instrument or None, role="exclude"))
        if rows is not None:
            self._change(f"leave out {name}", self.draft.with_list(name, rows))

    def _change(self, label: str, draft: Draft) -> None:
        if self._settle(draft):
            self.history.record(label, draft)
            self.desk.hint = self.to_python()
            self.revision += 1

    def _settle(self, draft: Draft) -> bool:
        """Make a draft out; the old one stays if that fails."""
        resolved, error = self.desk.attempt(lambda: self._resolve(draft))
        self.error = error
        if resolved is None:
            return False
        self._resolved, self.saved = resolved, None
        if draft.base and not draft.lists and not draft.edits:
            self.saved = resolved.rows
        return True

    def _resolve(self, draft: Draft) -> _Resolved:
        bench = self.desk.bench
        selection = None if draft.base else bench.selection("visit", draft.where)
        rows = bench.load(draft.base) if draft.base else bench.select("visit", draft.where)
        selected = frozenset(_iter_keys(rows.table))
        listed: dict[Key, str] = {}
        for name, excluded in draft.lists.items():
            rows -= excluded
            visits = excluded.to_visits()
            reasons = visits.table["reason"].to_pylist()
            listed |= {
                key: f"{Path(name).name}: {reason or 'listed'}"
                for key, reason in zip(_iter_keys(visits.table), reasons, strict=True)
            }
        if taken := draft.rows(included=True):
            rows |= bench.make_set(pa.Table.from_pylist(taken, schema=_ROWS), dimensions=["visit"])
        if left := draft.rows(included=False):
            table = pa.Table.from_pylist(left, schema=_ROWS)
            rows -= bench.make_set(table, dimensions=["visit"], role="exclude")
        return _Resolved(rows, selected, listed, selection)


def _iter_keys(table: pa.Table) -> list[Key]:
    columns = (table[name].to_pylist() for name in _KEYS)
    return list(zip(*columns, strict=True))
