"""Saved sets as ipywidgets: what they share, and what changed from version to version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import traitlets

from workbench.bench import Bench
from workbench.session.curation.curation import Curation
from workbench.session.curation.keys import VisitKey, iter_visits
from workbench.sets import DataIdSet
from workbench.ui.sets.combination_view import CombinationView
from workbench.ui.sets.versions_view import VersionsView
from workbench.ui.widgets.editors import SetEditor
from workbench.ui.widgets.hosted import HostedWidget
from workbench.ui.widgets.traits import Keys

__all__ = ["SetIntersections", "SetVersions"]


class SavedSetsWidget(HostedWidget):
    """What the views of saved sets have: an editor that takes rows, or none.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    editor : `~workbench.ui.widgets.SetEditor`, optional
        Takes what is chosen here.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.
    """

    def __init__(self, bench: Bench, *, editor: SetEditor | None = None, **options: Any):
        super().__init__(bench, beside=editor, **options)
        self.curation = Curation(self.desk) if editor is None else editor.curation


class SetIntersections(SavedSetsWidget):
    """Saved sets side by side: an UpSet-like chart of the rows that just these or those hold.

    ``labels`` name the sets, and ``value`` the intersections that are taken:
    a tuple of tuples of labels, those of the sets that hold the rows.  So
    ``(("a@1", "b@1"), ("a@1",))`` takes what is in both, and what is in a@1
    alone.  Both may be set.  ``selection``, which is only read, are the
    visits that are taken.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    labels : `~collections.abc.Sequence` [ `str` ], optional
        Two to six labels of sets over the same dimensions.
    value : `~collections.abc.Iterable`, optional
        Intersections to begin with.
    editor : `~workbench.ui.widgets.SetEditor`, optional
        Begins from the rows that are taken, as one of its steps.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.

    Raises
    ------
    traitlets.TraitError
        Raised for sets that cannot be compared and intersections that have no
        rows, also when a trait is set later.
    """

    labels = traitlets.Tuple(help="labels of the sets that are compared")
    value = traitlets.Tuple(help="intersections that are taken, by the labels of the sets")
    selection = Keys(read_only=True, help="(instrument, visit) of each that is taken")

    def __init__(
        self,
        bench: Bench,
        labels: Sequence[str] = (),
        value: Iterable[Sequence[str]] = (),
        *,
        editor: SetEditor | None = None,
        **options: Any,
    ):
        super().__init__(bench, editor=editor, **options)
        self._view = CombinationView(self.desk, self.curation)
        self._view.list_sets()
        self._combination = self._view.combination
        self._combination.param.watch(lambda *_: self._tell(), "revision")
        self.curation.param.watch(lambda *_: self._tell(), "revision")
        self.labels = tuple(labels)
        self.value = tuple(value)
        self._host(self._view.view)

    @property
    def rows(self) -> DataIdSet | None:
        """What is taken; `None` for nothing (`~workbench.sets.DataIdSet`)."""
        return self.curation.rows if self._combination.taken else None

    @property
    def counts(self) -> Mapping[tuple[str, ...], int]:
        """Number of rows of each intersection, most first (`~collections.abc.Mapping`)."""
        combination = self._combination
        return {self._name(members): n_rows for members, n_rows in combination.counts.items()}

    def to_python(self) -> str:
        """Return the Python that takes the same.

        Returns
        -------
        code : `str`
            Lines of which the last gives ``visits``; empty for nothing.
        """
        return self.curation.to_python() if self._combination.taken else ""

    def _name(self, members: Sequence[bool]) -> tuple[str, ...]:
        return tuple(label for label, member in zip(self._combination.labels, members, strict=True) if member)

    def _tell(self) -> None:
        combination = self._combination
        with self._telling():
            self.labels = combination.labels
            self.value = tuple(
                self._name(members) for members in combination.counts if members in combination.taken
            )
            self.set_trait("selection", () if self.rows is None else _visits_of(self.rows.table))

    @traitlets.observe("labels")
    def _compare_chosen(self, change: Mapping[str, Any]) -> None:
        if self._is_telling or not change["new"]:
            return
        error = self._combination.compare(change["new"])
        self._view.sets.value = [
            label for label in self._combination.labels if label in self._view.sets.options
        ]
        self._tell()
        if self.labels != tuple(change["new"]):
            raise traitlets.TraitError(f"labels cannot be set: {error}")

    @traitlets.observe("value")
    def _take(self, change: Mapping[str, Any]) -> None:
        if self._is_telling:
            return
        known = {frozenset(self._name(members)): members for members in self._combination.counts}
        wanted = [frozenset(labels) for labels in change["new"]]
        unknown = [sorted(labels) for labels in wanted if labels not in known]
        if wanted and not unknown:
            self._combination.take(known[labels] for labels in wanted)
        self._tell()
        if unknown:
            raise traitlets.TraitError(f"no rows are in just {unknown}; there are {list(self.counts)}")
        if not wanted and self.value:
            raise traitlets.TraitError("value cannot be emptied: take another intersection, or undo")


class SetVersions(SavedSetsWidget):
    """The versions of a set: who saved them and why, and what changed from one to another.

    ``name`` is the set, ``value`` the labels of the two versions that are
    compared, the earlier first, empty for none; both may be set.
    ``selection``, which is only read, are the visits that came or went.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    name : `str`, optional
        Set to begin with.
    value : `~collections.abc.Sequence` [ `str` ], optional
        Two versions to begin with, such as ``("cosmos-i@1", "cosmos-i@3")``.
    editor : `~workbench.ui.widgets.SetEditor`, optional
        Begins from the version whose button *Edit* is pressed.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.

    Raises
    ------
    traitlets.TraitError
        Raised for a set or a version that there is not, also when a trait is
        set later.
    """

    name = traitlets.Unicode(help="the set")
    value = traitlets.Tuple(help="labels of the two versions that are compared")
    selection = Keys(read_only=True, help="(instrument, visit) of each that came or went")

    def __init__(
        self,
        bench: Bench,
        name: str = "",
        value: Sequence[str] = (),
        *,
        editor: SetEditor | None = None,
        **options: Any,
    ):
        super().__init__(bench, editor=editor, **options)
        self._view = VersionsView(self.desk, self.curation, edits=editor is not None)
        self._view.list_sets()
        self._compared = self._view.compared
        self._compared.param.watch(lambda *_: self._tell(), "revision")
        self._view.name.param.watch(lambda *_: self._tell(), "value")
        self._tell()
        if name:
            self.name = name
        if value:
            self.value = tuple(value)
        self._host(self._view.view)

    @property
    def changes(self) -> pa.Table | None:
        """What changed, as ``bench.sets.diff`` says; `None` before a comparison (`pyarrow.Table`)."""
        return self._compared.changes

    def _tell(self) -> None:
        changes = self.changes
        with self._telling():
            self.name = self._view.name.value or ""
            self.value = () if changes is None else (self._compared.before, self._compared.after)
            moved: tuple[VisitKey, ...] = ()
            if changes is not None:
                is_moved = [change != "reason" for change in changes["change"].to_pylist()]
                moved = _visits_of(changes.filter(pa.array(is_moved, pa.bool_())))
            self.set_trait("selection", moved)

    @traitlets.validate("name")
    def _know(self, proposal: Mapping[str, Any]) -> str:
        name, known = str(proposal["value"]), list(self._view.name.options)
        if name and name not in known:
            raise traitlets.TraitError(f"no saved set {name!r}; there are {known}")
        return name

    @traitlets.observe("name")
    def _show(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            self._view.name.value = change["new"]

    @traitlets.validate("value")
    def _know_versions(self, proposal: Mapping[str, Any]) -> tuple[str, ...]:
        labels = tuple(proposal["value"])
        if labels and (len(labels) != 2 or len({label.partition("@")[0] for label in labels}) != 1):
            raise traitlets.TraitError(
                f"value names two versions of one set, such as ('a@1', 'a@2'): {labels}"
            )
        return labels

    @traitlets.observe("value")
    def _compare_chosen(self, change: Mapping[str, Any]) -> None:
        if self._is_telling or not change["new"]:
            return
        self._compared.compare(*change["new"])
        self._tell()
        self._complain("value")


def _visits_of(table: pa.Table) -> tuple[VisitKey, ...]:
    """Return the visits of rows; none where they are of other dimensions."""
    return tuple(iter_visits(table)) if {"instrument", "visit"} <= set(table.column_names) else ()
