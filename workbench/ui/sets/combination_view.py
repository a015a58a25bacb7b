"""Saved sets combined: a chart of their intersections, and its table."""

from __future__ import annotations

import panel as pn

from workbench.session.content.column_view import ColumnView
from workbench.session.curation.combination import MOST_SETS, Combination, Members, describe
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import button, code, name_step, panel, row, side_by_side, text_html
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.elements.upset import UpsetChart

__all__ = ["CombinationView"]

_COLUMNS = [
    ColumnView("rows", align="right"),
    ColumnView("state", mark="state"),
    ColumnView("where", "which rows", wide=True),
]


class CombinationView:
    """Choose saved sets, see what they share, and take rows by a click.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    curation : `~workbench.session.curation.curation.Curation`
        The set that the rows are taken into.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self.combination = Combination(desk, curation)
        self.sets = pn.widgets.MultiSelect(
            name=f"Saved sets (2 to {MOST_SETS}; Ctrl or Shift for several)", size=6, margin=0, width=280
        )
        self.compare = button("Compare", primary=True)
        self.union = button("Take all", disabled=True)
        self.every = button("Take what is in every set", disabled=True)
        self.one = button("Take what is in one set alone", disabled=True)
        self.undo = button("Undo", disabled=True)
        self.summary = Prose(text_html("Choose saved sets and compare them.", css="muted"))
        self.chart = UpsetChart(title="Rows by the sets that hold them", visible=False)
        self.table = DataTable(
            caption="Rows by the sets that hold them, as a table", action="Take", visible=False
        )
        combination = self.combination
        self.compare.on_click(lambda _: self._compare())
        self.union.on_click(lambda _: combination.take(combination.with_any()))
        self.every.on_click(lambda _: combination.take(combination.with_every()))
        self.one.on_click(lambda _: combination.take(combination.with_one()))
        self.undo.on_click(lambda _: curation.undo())
        self.chart.on_bar(self._toggle)
        self.table.on_row(lambda key: self._toggle(int(key.rpartition(" ")[2]) - 1))
        combination.param.watch(lambda *_: self.show(), "revision")
        curation.param.watch(lambda *_: self.show(), "revision")
        desk.param.watch(lambda *_: self.list_sets(), "n_saved")
        self._left = panel(
            "",
            Prose(text_html("Click a bar to take its rows; another one to add its own.", css="muted")),
            self.chart,
        )
        self._right = panel("Which rows are in which sets", self.table)
        self._drawn = side_by_side([self._left, self._right], [460, 460])
        self._drawn.visible = False
        self.view = pn.Column(
            panel(
                "Combine saved sets",
                row(self.sets, self.compare, self.union, self.every, self.one, self.undo),
                self.summary,
            ),
            self._drawn,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def list_sets(self) -> None:
        """List the saved sets again; the newest comes first."""
        labels = self.desk.saved_labels()
        kept = [label for label in self.sets.value if label in labels]
        self.sets.param.update(options=labels, value=kept)

    def show(self) -> None:
        """Show the comparison, and which of its rows are taken."""
        name_step(self.undo, "Undo", self.curation.history.undo_label)
        combination = self.combination
        counts = combination.counts
        for visible in (self._drawn, self.chart, self.table):
            visible.visible = bool(combination.labels)
        if not combination.labels:
            self.union.disabled = self.every.disabled = self.one.disabled = True
            if combination.error:
                self.summary.object = code(combination.error, "error")
            return
        taken = combination.taken
        unit = "rows"
        bars = [
            (members, n_rows, describe(combination.labels, [members]), members in taken)
            for members, n_rows in counts.items()
        ]
        self.chart.fill(list(zip(combination.labels, combination.sizes, strict=True)), bars, unit)
        self.table.fill(
            _COLUMNS,
            [[f"{n_rows:,}", "in" if on else "", text] for _, n_rows, text, on in bars],
            keys=[f"intersection {n}" for n in range(1, len(bars) + 1)],
            states=["in" if on else "" for *_, on in bars],
            actions=["Drop" if on else "Take" for *_, on in bars],
        )
        self.union.disabled = not counts
        self.every.disabled = not combination.with_every()
        self.one.disabled = not combination.with_one()
        self.summary.object = text_html(self._sentence(taken), css="sentence", role="status")

    def _compare(self) -> None:
        if error := self.combination.compare(self.sets.value):
            self.combination.forget(error)

    def _sentence(self, taken: frozenset[Members]) -> str:
        combination = self.combination
        total = sum(combination.counts.values())
        shared = sum(combination.counts[members] for members in combination.with_every())
        text = (
            f"{len(combination.labels)} sets hold {total:,} different rows in {len(combination.counts)} "
            f"intersections; {shared:,} are in every set."
        )
        if not taken:
            return f"{text} None of it is taken."
        n_taken = sum(combination.counts[members] for members in taken if members in combination.counts)
        return f"{text} {n_taken:,} are taken into the set."

    def _toggle(self, index: int) -> None:
        self.combination.toggle(list(self.combination.counts)[index])
