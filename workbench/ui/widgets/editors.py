"""The editors of sets and of notes as ipywidgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import Source
from workbench.session.curation.keys import iter_visits
from workbench.session.notes.targets import NoteTargets, aim_at_rows
from workbench.sets import DataIdSet
from workbench.ui.notes.notes_view import NotesView
from workbench.ui.sets.set_view import SetView
from workbench.ui.widgets.hosted import HostedWidget
from workbench.ui.widgets.traits import Keys

__all__ = ["NoteEditor", "SetEditor"]


class SetEditor(HostedWidget):
    """A set as rules, hand edits and reasons, with its versions.

    ``selection`` are the visits that are in the set, ``where`` is its rule,
    and ``value`` the label of the version that holds just this set, such as
    "cosmos-i@3"; empty while there is none.  Each may be set: other visits
    or another rule are an edit that undo takes back, a label loads the
    version.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    where : `str`, optional
        Rule to begin with; all visits by default.
    value : `str`, optional
        Version to begin from instead.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.
    """

    selection = Keys(help="(instrument, visit) of each that is in the set")
    where = traitlets.Unicode(help="the rule")
    value = traitlets.Unicode(help="label of the version that holds just this set")

    def __init__(self, bench: Bench, where: str = "", *, value: str = "", **options: Any):
        super().__init__(bench, **options)
        self.curation = Curation(self.desk)
        self._view = SetView(self.desk, self.curation, SharedSelection())
        self._view.refresh()
        self.curation.param.watch(lambda *_: self._tell(), "revision")
        self._tell()
        self.where = where
        if value:
            self.value = value
        self._host(self._view.view)

    @property
    def rows(self) -> DataIdSet | None:
        """The set as it is now; `None` if its rule is wrong (`~workbench.sets.DataIdSet`)."""
        return self.curation.rows

    def to_python(self) -> str:
        """Return the Python that makes the set.

        Returns
        -------
        code : `str`
            Lines of which the last gives ``visits``.
        """
        return self.curation.to_python()

    def _tell(self) -> None:
        rows, saved = self.curation.rows, self.curation.saved
        with self._telling():
            self.selection = () if rows is None else tuple(iter_visits(rows.table))
            self.where = self.curation.draft.where
            self.value = "" if saved is None else saved.label

    @traitlets.observe("where")
    def _choose(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            self.curation.choose(str(change["new"]).strip())
            if self.curation.error:
                raise traitlets.TraitError(self.curation.error)

    @traitlets.observe("selection")
    def _begin(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            keys = [{"instrument": instrument, "visit": visit} for instrument, visit in change["new"]]
            rows = self.bench.make_set(keys, dimensions=["visit"])
            code = f"bench.make_set({keys!r}, dimensions=['visit'])"
            self.curation.begin(Source("the visits of a cell", rows, code), "visits of a cell")

    @traitlets.observe("value")
    def _load(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling and change["new"]:
            self.curation.load(change["new"])
            self._complain("value", self.curation.error)


class NoteEditor(HostedWidget):
    """Notes on visits: read, written, revised, taken back.

    ``selection`` are the visits that the notes are about, ``where`` is an
    expression that chooses them, and ``value`` the identifiers of the notes
    that there are.  ``selection`` and ``where`` may be set.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    where : `str`, optional
        Expression that chooses the visits to begin with.
    selection : `~collections.abc.Iterable`, optional
        Keys to begin with: instrument and visit of each, or a set of visits.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.
    """

    selection = Keys(help="(instrument, visit) of each that the notes are about")
    where = traitlets.Unicode(help="expression that chooses the visits")
    value = traitlets.Tuple(help="identifiers of the notes")

    def __init__(
        self,
        bench: Bench,
        where: str = "",
        *,
        selection: Iterable[Sequence[Any]] | DataIdSet = (),
        **options: Any,
    ):
        super().__init__(bench, **options)
        self.curation = Curation(self.desk)
        self.curation.refresh()
        self._view = NotesView(self.desk, self.curation)
        self.noting = self._view.noting
        self.noting.param.watch(lambda *_: self._tell(), "revision")
        self.selection = selection
        if where:
            self.where = where
        self._host(self._view.view)

    def refresh(self) -> None:
        """Read the notes again; in a notebook this also happens by itself every two seconds."""
        self.noting.read_again()

    def _tell(self) -> None:
        with self._telling():
            self.selection = _visits_of(self.noting.aim)
            self.value = tuple(note.note_id for note in self.noting.notes)

    @traitlets.observe("selection")
    def _aim(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling and change["new"]:
            keys = [{"instrument": instrument, "visit": visit} for instrument, visit in change["new"]]
            code = f"bench.make_set({keys!r}, dimensions=['visit'])"
            self._aim_at(self.bench.make_set(keys, dimensions=["visit"]), code)
            with self._telling():
                self.where = ""

    @traitlets.observe("where")
    def _aim_by_rule(self, change: Mapping[str, Any]) -> None:
        where = str(change["new"])
        if not self._is_telling and where:
            self._aim_at(self.bench.select("visit", where), f'bench.select("visit", {where!r})')

    def _aim_at(self, rows: DataIdSet, code: str) -> None:
        self.noting.take_aim(lambda: aim_at_rows(rows, code))
        self._complain("selection", self.noting.aim_error)


def _visits_of(aim: NoteTargets) -> tuple[tuple[str, int], ...]:
    """Return the visits among the targets of notes."""
    found: set[tuple[str, int]] = set()
    for target in aim.targets:
        if isinstance(target, DataIdSet) and "visit" in target.key_names:
            found.update(iter_visits(target.table))
        elif isinstance(target, Mapping) and {"instrument", "visit"} <= set(target):
            found.add((str(target["instrument"]), int(str(target["visit"]))))
    return tuple(sorted(found))
