"""Groups as lanes, as an ipywidget."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import traitlets

from workbench.bench import Bench
from workbench.errors import WorkbenchError
from workbench.faults import describe_error
from workbench.groupings import Grouping, GroupingCheck
from workbench.session.content.content import VisitContent, make_rows
from workbench.session.content.rows import VisitRows
from workbench.session.groups.regrouping import Regrouping
from workbench.sets import DataIdSet
from workbench.ui.views.modules import read_module
from workbench.ui.widgets.membership import Member, move_members, read_members
from workbench.ui.widgets.visits import VisitWidget

__all__ = ["GroupLanes"]


class GroupLanes(VisitWidget):
    """Groups as lanes, whose members are dragged from one to another.

    ``value`` says in which groups each member is: a mapping from the values
    of its data ID, such as ``("HSC", 96954)``, to a tuple of group keys, such
    as ``("fold0",)``; empty for no group.  It can be set too, for all members
    or some.  ``grouping`` is the same as a grouping, to be saved with
    ``bench.group(name, grouping.parent, wb.by_table(grouping.relation))``.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository; it stays open as long as the widget is used.
    grouping : `~workbench.groupings.Grouping` or `str`
        The groups to begin with, or their label.
    where : `str`, optional
        Expression that limits the visits that are shown.
    selection : `~collections.abc.Iterable`, optional
        Keys of visits to begin with.
    value : `~collections.abc.Mapping`, optional
        Groups of members to begin with, where they differ from ``grouping``.
    **options : `object`
        As for `VisitWidget`: ``theme``, ``link``, ``title``.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping.
    workbench.errors.ExpressionError
        Raised if ``where`` is wrong, also when it is set later.
    """

    _esm = read_module("lanes", "anywidget")
    _title = "Groups"

    request = traitlets.Unicode().tag(sync=True)
    error = traitlets.Unicode(help="why the last move was not made; empty if it was")

    def __init__(
        self,
        bench: Bench,
        grouping: Grouping | str,
        *,
        where: str = "",
        selection: Iterable[Sequence[Any]] | DataIdSet = (),
        value: Mapping[Member, Sequence[str]] | None = None,
        **options: Any,
    ):
        self._regrouping = Regrouping(bench)
        self._regrouping.begin(bench.groupings.load(grouping) if isinstance(grouping, str) else grouping)
        super().__init__(bench, where=where, selection=selection, value=value, **options)
        self._regrouping.param.watch(lambda *_: self._refresh(), "revision")
        self._refresh()

    @property
    def grouping(self) -> Grouping:
        """The groups as they are now (`~workbench.groupings.Grouping`)."""
        found = self._regrouping.grouping
        assert found is not None
        return found

    @property
    def check(self) -> GroupingCheck:
        """What holds of them, as ``bench.groupings.check`` says (`~workbench.groupings.GroupingCheck`)."""
        found = self._regrouping.check
        assert found is not None
        return found

    def move(self, members: Any, to: str | None, *, of: str | None = None) -> None:
        """Put members into another group, as the browser does; undo takes it back.

        Parameters
        ----------
        members : `pyarrow.Table`, or rows
            As for `~workbench.groupings.Grouping.move`.
        to : `str` or `None`
            Key of the group; `None` for no group.
        of : `str`, optional
            Key of the one group that they leave.
        """
        table = members if isinstance(members, pa.Table) else pa.Table.from_pylist(list(members))
        self._regrouping.move(table, to, of=of)

    def to_groups(self) -> str:
        """Return the Python that makes the groups.

        Returns
        -------
        code : `str`
            Lines that end with ``grouping``.
        """
        now = self._regrouping.current
        return "" if now is None else now.python

    def _make_content(self) -> VisitContent:
        return make_rows(self._rows)

    def _read_rows(self, where: str) -> VisitRows:
        before, self._regrouping.trials.where = self._regrouping.trials.where, where
        try:
            shown = self._regrouping.shown
        except WorkbenchError:
            self._regrouping.trials.where = before
            raise
        assert shown is not None
        return shown.rows

    def _show(self, rows: VisitRows) -> None:
        super()._show(rows)
        self.detail = self._regrouping.to_wire()

    def _refresh(self) -> None:
        self.detail = self._regrouping.to_wire()
        self.value = read_members(self.grouping)

    @traitlets.observe("request")
    def _answer(self, change: Mapping[str, Any]) -> None:
        try:
            self._regrouping.answer(change["new"])
            self.error = ""
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            self.error = describe_error(error)
            self._regrouping.revision += 1  # the browser is told again what holds

    @traitlets.validate("value")
    def _validate_value(self, proposal: Mapping[str, Any]) -> object:
        return move_members(self._regrouping, proposal["value"])

    @traitlets.observe("state")
    def _read_state(self, change: Mapping[str, Any]) -> None:
        """The chosen group and the order are the browser's own."""

    @traitlets.observe("value")
    def _write_state(self, change: Mapping[str, Any]) -> None:
        """What is where goes to the browser as members, not as state."""

    @property
    def group(self) -> str:
        """The group that was chosen last in the browser (`str`)."""
        return str(json.loads(self.state).get("group", ""))
