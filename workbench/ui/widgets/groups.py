"""The whole view of groups as an ipywidget: rules, lanes, sky and nights, balance, and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from workbench.bench import Bench
from workbench.errors import WorkbenchError
from workbench.groupings import Grouping, GroupingCheck
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.sets import DataIdSet
from workbench.ui.groups.group_view import GroupView
from workbench.ui.widgets.hosted import HostedWidget
from workbench.ui.widgets.membership import move_members, read_members
from workbench.ui.widgets.traits import Keys

__all__ = ["GroupEditor"]


class GroupEditor(HostedWidget):
    """Group a saved set by a rule, move members by hand, see what holds, and save the next version.

    ``value`` says in which groups each member is, as for
    `~workbench.ui.widgets.GroupLanes`, ``selection`` are the visits that are
    selected, and ``version`` is the label of the version that holds just
    these groups, such as "fold@1"; empty while there is none.  Each may be
    set: other groups are moves that undo takes back, a label opens the
    version.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    grouping : `~workbench.groupings.Grouping` or `str`, optional
        The groups to begin with, or their label; by default there are none
        before a rule is tried.
    selection : `~collections.abc.Iterable`, optional
        Keys of visits to begin with.
    **options : `object`
        As for `~workbench.ui.widgets.hosted.HostedWidget`.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping.
    """

    value: Any = traitlets.Dict(help="group keys of each member, by the values of its data ID")
    selection = Keys(help="(instrument, visit) of each that is selected")
    version = traitlets.Unicode(help="label of the version that holds just these groups")

    def __init__(
        self,
        bench: Bench,
        grouping: Grouping | str | None = None,
        *,
        selection: Iterable[Sequence[Any]] | DataIdSet = (),
        **options: Any,
    ):
        super().__init__(bench, **options)
        self.curation = Curation(self.desk)
        self._selection = SharedSelection()
        self._view = GroupView(self.desk, self.curation, self._selection)
        self._view.refresh()
        self._regrouping = self._view.regrouping
        self._regrouping.param.watch(lambda *_: self._tell(), "revision")
        self._selection.param.watch(lambda *_: self._tell_selection(), "revision")
        if grouping is not None:
            self._regrouping.begin(bench.groupings.load(grouping) if isinstance(grouping, str) else grouping)
        self.selection = selection
        self._host(self._view.view)

    @property
    def grouping(self) -> Grouping | None:
        """The groups as they are now; `None` before there are any (`~workbench.groupings.Grouping`)."""
        return self._regrouping.grouping

    @property
    def check(self) -> GroupingCheck | None:
        """What holds of them, as ``bench.groupings.check`` says (`~workbench.groupings.GroupingCheck`)."""
        return self._regrouping.check

    def to_python(self) -> str:
        """Return the Python that makes the groups.

        Returns
        -------
        code : `str`
            Lines that end with ``grouping``; empty before there are any.
        """
        now = self._regrouping.current
        return "" if now is None else now.python

    def _tell(self) -> None:
        grouping, saved = self._regrouping.grouping, self._regrouping.saved
        with self._telling():
            self.value = {} if grouping is None else read_members(grouping)
            self.version = "" if saved is None else saved.label

    def _tell_selection(self) -> None:
        with self._telling():
            self.selection = self._selection.keys

    @traitlets.validate("value")
    def _move(self, proposal: Mapping[str, Any]) -> dict[Any, Any]:
        value: dict[Any, Any] = proposal["value"]
        return value if self._is_telling else move_members(self._regrouping, value)

    @traitlets.observe("selection")
    def _select(self, change: Mapping[str, Any]) -> None:
        if not self._is_telling:
            self._selection.select(change["new"])

    @traitlets.observe("version")
    def _open(self, change: Mapping[str, Any]) -> None:
        if self._is_telling or not change["new"]:
            return
        try:
            self._regrouping.take(self._regrouping.trials.open(change["new"]))
        except WorkbenchError as error:
            self._tell()
            raise traitlets.TraitError(f"version cannot be set: {error}") from error
