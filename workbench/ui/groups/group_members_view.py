"""The members of one group as a table."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import polars as pl

from workbench.groupings import GROUP_KEY, ORDINAL, ROLE
from workbench.session.content.cells import count_text
from workbench.session.groups.regrouping import Regrouping
from workbench.ui.elements.pieces import panel, row, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable

__all__ = ["GroupMembersView"]

_PAGE = 12
_MOST_OFFERED = 500
_OUTSIDE = "in no group"


class GroupMembersView:
    """A chooser of groups, and a table of the members of the chosen one.

    Parameters
    ----------
    regrouping : `~workbench.session.groups.regrouping.Regrouping`
        The groups.
    """

    def __init__(self, regrouping: Regrouping):
        self.regrouping = regrouping
        self.key = ""
        self._callbacks: list[Callable[[str], None]] = []
        self._filling = False
        self.group = pn.widgets.Select(name="Group", margin=0, width=220)
        self.sentence = Prose()
        self.table = DataTable(
            caption="Members of the group", page_size=_PAGE, pager=True, empty="No members"
        )
        self.pages = TablePages(self.table)
        self.group.param.watch(lambda *_: self._pick(), "value")
        self.view = panel("Members", row(self.group), self.sentence, self.table)

    def on_choose(self, callback: Callable[[str], None]) -> None:
        """Call a function with the group that was chosen.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes its key.
        """
        self._callbacks.append(callback)

    def choose(self, key: str) -> None:
        """Show another group.

        Parameters
        ----------
        key : `str`
            Its key; one that does not exist is none.
        """
        if key in self.regrouping.lane_keys and key != self.key:
            self.key = key
            self.show()

    def show(self) -> None:
        """Show the members as they are now."""
        keys = self.regrouping.lane_keys
        if self.key not in keys and self.key != _OUTSIDE:
            self.key = next(iter(keys), "")
        lanes = self.regrouping.lanes
        if lanes is None:
            return
        options = list(dict.fromkeys([*keys[:_MOST_OFFERED], self.key]))
        if lanes.has_outside and _OUTSIDE not in keys:
            options.append(_OUTSIDE)
        self._filling = True
        self.group.param.update(options=[key for key in options if key], value=self.key)
        self._filling = False
        inside = pl.col(GROUP_KEY).is_null() if self.key == _OUTSIDE else pl.col(GROUP_KEY) == self.key
        rows = lanes.members.filter(inside)
        more = [name for name in (ROLE, ORDINAL) if rows[name].count()]
        table = lanes.describe_rows(rows).select([*lanes.grouping.key_names, "band", "night", *more])
        empty = [name for name in ("band", "night") if not table[name].count()]
        self.pages.show(table.drop(empty).to_arrow())
        bands = table["band"].drop_nulls().value_counts(sort=True).sort("band").rows()
        by_band = ", ".join(f"{band} {number:,}" for band, number in bands)
        told = f"{self.key}: {count_text(len(rows), 'member')}{f', by band {by_band}' if by_band else ''}."
        self.sentence.object = text_html(told, css="sentence", role="status")

    def _pick(self) -> None:
        if self._filling:
            return
        self.key = self.group.value or ""
        self.show()
        for tell in self._callbacks:
            tell(self.key)
