"""How evenly groups are spread over patches and bands: sentences, a heat map and tables."""

from __future__ import annotations

import numpy as np

from workbench.faults import describe_error
from workbench.groupings import GroupBalance
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours
from workbench.session.content.palette import Palette
from workbench.session.content.wire import pack_message
from workbench.session.groups.regrouping import Regrouping
from workbench.ui.elements.pieces import panel, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import HeatView

__all__ = ["WAYS", "BalanceView"]

_MOST_COLUMNS = 6
_MOST_CELLS = 100_000
_PAGE = 12
WAYS = {"band": ("band",), "patch and band": ("tract", "patch", "band")}
"""Columns of the strata in which members are counted, by what they are called."""


class BalanceView:
    """Members of each group by band, and by patch and band.

    Parameters
    ----------
    regrouping : `~workbench.session.groups.regrouping.Regrouping`
        The groups.
    """

    def __init__(self, regrouping: Regrouping):
        self.regrouping = regrouping
        self.sentences = Prose()
        self.bands = DataTable(caption="Members of each group by band", visible=False)
        self.heat = HeatView(visible=False)
        self.patches = DataTable(
            caption="Members of each group by patch and band", page_size=_PAGE, pager=True, visible=False
        )
        self.patches.on_page(self._turn)
        self._rows: list[list[str]] = []
        self._columns: list[ColumnView] = []
        self.view = panel("Balance", self.sentences, self.bands, self.heat, self.patches)

    def paint(self, palette: Palette) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        palette : `~workbench.session.content.palette.Palette`
            The theme.
        """
        self.heat.colours = make_colours(palette)

    def show(self) -> None:
        """Count again."""
        said = []
        for noun, by in WAYS.items():
            try:
                balance = self.regrouping.balance(by)
            except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
                said.append(f"By {noun}: cannot be counted. {describe_error(error)}")
                self._fill(noun, None)
                continue
            said.append(f"By {noun}: {balance.describe()}")
            self._fill(noun, balance)
        self.sentences.object = "".join(text_html(text, css="sentence", role="status") for text in said)

    def _fill(self, noun: str, balance: GroupBalance | None) -> None:
        if noun == "band":
            self.bands.visible = bool(balance and balance.strata)
            if balance is not None:
                columns, rows = _tabulate(balance, self.regrouping.lane_keys)
                self.bands.fill(columns, rows)
            return
        self.patches.visible = bool(balance and balance.strata)
        keys = self.regrouping.lane_keys
        self.heat.visible = balance is not None and 0 < len(balance.strata) * len(keys) <= _MOST_CELLS
        if balance is None:
            return
        self._columns, self._rows = _tabulate(balance, self.regrouping.lane_keys)
        self._turn(0)
        if self.heat.visible:
            self.heat.content = _make_heat(balance, keys)

    def _turn(self, page: int) -> None:
        rows = self._rows[page * _PAGE : (page + 1) * _PAGE]
        self.patches.fill(self._columns, rows, total=len(self._rows), page=page)


def _tabulate(balance: GroupBalance, keys: tuple[str, ...]) -> tuple[list[ColumnView], list[list[str]]]:
    """Lay counts out, where groups differ most first; many groups are summed up."""
    names = [name for name in balance.by if name != "skymap"]
    left = len(balance.by) - len(names)
    few = len(keys) <= _MOST_COLUMNS
    shown = list(keys) if few else ["groups with members", "fewest", "most"]
    columns = [
        *(ColumnView(name, align="left" if name == "band" else "right") for name in names),
        *(ColumnView(f"group {number}", label, align="right") for number, label in enumerate(shown)),
        ColumnView("difference", align="right"),
    ]
    rows = []
    for values, numbers in balance.strata:
        fewest = 0 if len(numbers) < len(keys) else min(numbers.values())
        most = max(numbers.values())
        told = [numbers.get(key, 0) for key in keys] if few else [len(numbers), fewest, most]
        cells = [*map(str, values[left:]), *(f"{count:,}" for count in told), f"{most - fewest:,}"]
        rows.append((most - fewest, cells))
    rows.sort(key=lambda item: -item[0])
    return columns, [cells for _, cells in rows]


def _make_heat(balance: GroupBalance, keys: tuple[str, ...]) -> bytes:
    strata = balance.strata
    counts = np.array([[numbers.get(key, 0) for _, numbers in strata] for key in keys], np.int32)
    left = balance.by.index("tract")
    labels = [" ".join(map(str, values[left:])) for values, _ in strata]
    told = {
        "title": "Members by patch and band",
        "digest": "",
        "length": 0,
        "groups": list(keys),
        "strata": labels,
    }
    return pack_message(told, {"counts": counts.ravel()}, {"counts": {"own": True}})
