"""The set that is being put together, and what each visit owes to what."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping

import param

from workbench.query import Selection
from workbench.session.content.cells import count_text
from workbench.session.curation.draft import OPERATORS, HandEdit, Operator, Part, SetDraft, Source
from workbench.session.curation.history import History
from workbench.session.curation.keys import Key, VisitKey
from workbench.session.curation.resolution import Resolved, resolve
from workbench.session.curation.verdicts import Verdict, Verdicts
from workbench.session.curation.visits import Visits
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet, Role

__all__ = ["Curation", "saved_source"]


class Curation(param.Parameterized):
    """A set of visits under construction, with undo; all by calls of the bench.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    **params : `object`
        Values of the parameters.
    """

    revision = param.Integer(default=0, doc="counts the changes")
    error = param.String(doc="what is wrong with what was entered last")
    by_hand = param.Boolean(doc="whether that was an edit by hand, which is said beside the visits")
    refused = param.String(doc="the rule that was entered last, if it is wrong: the set is not of it")

    def __init__(self, desk: Desk, **params: object):
        super().__init__(**params)
        self.desk = desk
        self.history = History(SetDraft())
        self.visits = Visits()
        self._saved: dict[SetDraft, DataIdSet] = {}
        self._known: dict[str, int] = {}
        self._resolved: Resolved | None = None
        self._rule_error = ""
        self.save_error = ""

    @property
    def draft(self) -> SetDraft:
        """The draft as it is now (`~workbench.session.curation.draft.SetDraft`)."""
        return self.history.current

    @property
    def saved(self) -> DataIdSet | None:
        """The version that holds just this draft (`~workbench.sets.DataIdSet` or `None`)."""
        return self._saved.get(self.draft)

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

    @property
    def verdicts(self) -> Verdicts:
        """What was decided, and why (`~workbench.session.curation.verdicts.Verdicts`)."""
        return Verdicts(self.draft, self._resolved, self.visits)

    @property
    def of_detectors(self) -> bool:
        """Whether the set is of single detectors (`bool`)."""
        return self._resolved is not None and self._resolved.of_detectors

    @property
    def size(self) -> str:
        """How large the set is, in words (`str`)."""
        resolved = self._resolved
        if resolved is None:
            return ""
        visits = count_text(len(resolved.counts), "visit")
        if not resolved.of_detectors:
            return visits
        return f"{count_text(len(resolved.rows), 'detector')} of {visits}"

    def refresh(self) -> None:
        """Read visits, metrics and patches again and make the draft out anew."""
        visits = self.desk.act("", lambda: Visits.read(self.desk.bench))
        if visits is not None:
            self.visits = visits
        saved, resolved = self.saved, self._settle(self.draft)
        # A rule may select other rows than when the set was saved.
        if saved is not None and resolved is not None and resolved.rows.record_digest != saved.record_digest:
            del self._saved[self.draft]
        self.revision += 1

    def choose(self, where: str) -> None:
        """Select visits by an expression.

        Parameters
        ----------
        where : `str`
            The rule; empty for all visits.
        """
        if where == self.draft.where and self.draft.base is None:
            self.dismiss()
            return
        self._rule_error = ""
        self._change(
            f"rule: {where or 'all visits'}", dataclasses.replace(self.draft, where=where, base=None)
        )
        # It stays wrong while the set is changed in other ways, until another rule is entered.
        self._rule_error = self.error
        self.refused = where if self.error else ""

    def dismiss(self) -> None:
        """Keep the set as it is: what was entered last, and is wrong, was not meant."""
        self._rule_error = ""
        self.param.update(error="", refused="")

    def load(self, label: str) -> None:
        """Begin from a saved set.

        Parameters
        ----------
        label : `str`
            "name" or "name@3".
        """
        rows, error = self.desk.carry_out(
            f"visits = bench.load({label!r})", lambda: self.desk.bench.load(label)
        )
        if rows is None:
            self.error = error
        else:
            self.begin(saved_source(rows), f"load {rows.label}")

    def begin(self, source: Source, label: str) -> None:
        """Begin from something that was read; undo brings the draft before it back.

        Parameters
        ----------
        source : `~workbench.session.curation.draft.Source`
            The rows.
        label : `str`
            The change in a few words.
        """
        self.dismiss()
        draft = SetDraft(base=source)
        if source.rows.name is not None:
            self._saved[draft] = source.rows
            self._know(source.rows)
        self._change(label, draft)

    def apply(self, operator: Operator, source: Source) -> None:
        """Leave out what a source names, take it in, or keep only that.

        Parameters
        ----------
        operator : `str`
            One of `~workbench.session.curation.draft.OPERATORS`.
        source : `~workbench.session.curation.draft.Source`
            The rows.
        """
        part = Part(operator, source)
        self._change(part.label, self.draft.with_part(part))

    def apply_saved(self, operator: Operator, label: str) -> None:
        """Leave out what a saved set has, take it in, or keep only that.

        Parameters
        ----------
        operator : `str`
            One of `~workbench.session.curation.draft.OPERATORS`.
        label : `str`
            "name" or "name@3".
        """
        rows, error = self.desk.carry_out("", lambda: self.desk.bench.load(label))
        if rows is None:
            self.error = error
        else:
            self.apply(operator, saved_source(rows))

    def drop(self, label: str) -> None:
        """Take a part of the draft away.

        Parameters
        ----------
        label : `str`
            What the part does, in words.
        """
        self._change(f"no longer {label}", self.draft.without_part(label))

    def set_role(self, role: Role) -> None:
        """Say what the set is for.

        Parameters
        ----------
        role : `str`
            ``include`` or ``exclude``.
        """
        rows = self.rows
        if rows is not None and rows.role != role:
            self._change(f"to {role}", dataclasses.replace(self.draft, role=role))

    def toggle(self, key: Key, reason: str) -> None:
        """Take in what is out, or leave out what is in.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit, or these and detector.
        reason : `str`
            Why.
        """
        if key in self.draft.edits:
            self._change(f"{_name(key)} as the rule says", self.draft.with_edits({key: None}), by_hand=True)
            return
        included = self.verdicts.has_detector(key) if len(key) == 3 else self.verdict(key).included
        self.edit([key], included=not included, reason=reason)

    def edit(self, keys: Collection[Key], *, included: bool, reason: str) -> None:
        """Take in or leave out by hand, however many in one step.

        Parameters
        ----------
        keys : `~collections.abc.Collection` [ `Key` ]
            Visits, or detectors of visits.
        included : `bool`
            Whether to take them in.
        reason : `str`
            Why.
        """
        if keys:
            done = OPERATORS["|" if included else "-"]
            several = "" if len(keys) == 1 else f" and {len(keys) - 1} more"
            draft = self.draft.with_edits(dict.fromkeys(keys, HandEdit(included, reason)))
            self._change(f"{done} {_name(next(iter(keys)))}{several}", draft, by_hand=True)

    def merge(self, edits: Mapping[Key, HandEdit | None], label: str, name: str, version: int) -> None:
        """Make the changes of a version of others as edits by hand.

        Parameters
        ----------
        edits : `~collections.abc.Mapping`
            The changes.
        label : `str`
            The change in a few words.
        name : `str`
            Name of the set.
        version : `int`
            The version, which is known from now.
        """
        self._known[name] = version
        self._change(label, self.draft.with_edits(edits))

    def undo(self) -> None:
        """Take the last change back."""
        self._move(self.history.undo, self.history.redo)

    def redo(self) -> None:
        """Make the last change that was taken back again."""
        self._move(self.history.redo, self.history.undo)

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
            With name and version; `None` if it failed, and `save_error` says
            why.
        """
        rows, desk = self.rows, self.desk
        if rows is None:
            self.save_error = "There is no set yet: choose visits first."
            return None
        save = f"visits = bench.save(visits, {name!r}, reason={reason!r}{desk.author_argument})"
        hint = f"{self.to_python()}\n{save}"
        saved, self.save_error = desk.carry_out(
            hint, lambda: desk.bench.save(rows, name, reason=reason, author=desk.author), kind="write"
        )
        if saved is not None:
            desk.log.check("visits", saved.key_digest)
            self._saved[self.draft] = saved
            self._know(saved)
            self.revision += 1
            desk.n_saved += 1
        return saved

    def known_version(self, name: str) -> int:
        """Return the latest version of a set that was seen here.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        version : `int`
            That which was loaded or saved last in this session; 0 for none.
        """
        return self._known.get(name, 0)

    @property
    def last_name(self) -> str:
        """Name that was loaded or saved last; empty for none (`str`)."""
        return next(reversed(self._known), "")

    def _know(self, rows: DataIdSet) -> None:
        if rows.name is not None and rows.version is not None:
            # Taken out first, so that the last one is the last.
            self._known[rows.name] = max(rows.version, self._known.pop(rows.name, 0))

    def verdict(self, key: VisitKey) -> Verdict:
        """Return whether a visit is in, and why.

        Parameters
        ----------
        key : `tuple`
            Instrument and visit.

        Returns
        -------
        verdict : `~workbench.session.curation.verdicts.Verdict`
            The decision by hand goes before the parts, those before the rule.
        """
        return self.verdicts.of_visit(key)

    def to_python(self) -> str:
        """Return the Python that makes the set.

        Returns
        -------
        code : `str`
            A few lines that end with ``visits``.
        """
        return self._resolved.python if self._resolved else ""

    def _move(self, there: Callable[[], SetDraft], back: Callable[[], SetDraft]) -> None:
        self.dismiss()
        if self._settle(there()):
            self.desk.record(self.to_python(), "change")
            self.revision += 1
        else:
            back()

    def _change(self, label: str, draft: SetDraft, *, by_hand: bool = False) -> None:
        if self._settle(draft, by_hand=by_hand):
            self.history.record(label, draft)
            self.desk.record(self.to_python(), "change")
            self.revision += 1

    def _settle(self, draft: SetDraft, *, by_hand: bool = False) -> Resolved | None:
        """Make a draft out; the old one stays if that fails."""
        resolved, error = self.desk.attempt(lambda: resolve(self.desk.bench, draft))
        self.param.update(by_hand=by_hand and bool(error), error=error or self._rule_error)
        if resolved is not None:
            self._resolved = resolved
        else:
            self.desk.hint = ""  # that of the set before would stand there as if it were that of this one
        return resolved


def saved_source(rows: DataIdSet) -> Source:
    """Return a saved set as a source.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        With name and version.

    Returns
    -------
    source : `~workbench.session.curation.draft.Source`
        Loaded again by its label.
    """
    return Source(rows.label, rows, f"bench.load({rows.label!r})")


def _name(key: Key) -> str:
    return f"visit {key[1]}" if len(key) == 2 else f"detector {key[2]} of visit {key[1]}"
