"""The group view: a saved set, a rule, and the groups as lanes."""

from __future__ import annotations

import collections
import functools
from collections.abc import Mapping
from typing import Any

import panel as pn

from workbench.groupings import Grouping, GroupingRule, best_seeing, folds
from workbench.ui.cells import show_value
from workbench.ui.curation import Curation
from workbench.ui.desk import Desk
from workbench.ui.pieces import button, panel, row, side_by_side, text_html, typed
from workbench.ui.prose import Prose
from workbench.ui.table import ColumnView, DataTable

__all__ = ["GroupView"]

_RULES = {"best seeing (deep and sharp)": "best_seeing", "folds (cross-validation)": "folds"}
_LANES = 4
_PAGE = 12


class GroupView:
    """Group a saved set by a rule and see the groups side by side.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    curation : `~workbench.ui.curation.Curation`
        The set, and what its visits are like.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self.grouping: Grouping | None = None
        self.rows = pn.widgets.Select(name="Saved set", margin=0, width=220)
        self.rule = pn.widgets.Select(name="Rule", options=_RULES, margin=0, width=240)
        self.n_folds = pn.widgets.IntInput(name="Folds", value=2, start=2, margin=0, width=80)
        self.seed = pn.widgets.IntInput(name="Seed", value=42, margin=0, width=90)
        self.fraction = pn.widgets.FloatInput(
            name="Sharpest fraction", value=0.5, start=0.01, end=1.0, step=0.05, margin=0, width=130
        )
        self.name = pn.widgets.TextInput(name="Name of the grouping", value="seeing", margin=0, width=170)
        self.make = button("Group and save", primary=True)
        self.checks = Prose(
            text_html(
                "Save a set in step 3 and group it: each group becomes a saved set of its own.", css="muted"
            )
        )
        self.titles = [Prose() for _ in range(_LANES)]
        self.balances = [Prose() for _ in range(_LANES)]
        self.tables = [
            DataTable(caption=f"Group {n + 1}", page_size=_PAGE, pager=True) for n in range(_LANES)
        ]
        self.lanes = [
            panel("", *lane, visible=False)
            for lane in zip(self.titles, self.balances, self.tables, strict=True)
        ]
        for number, table in enumerate(self.tables):
            table.on_page(functools.partial(self._turn, number))
        self.rule.param.watch(lambda *_: self._show_fields(), "value")
        self.make.on_click(lambda _: self._group())
        desk.param.watch(lambda *_: self.refresh(), "n_saved")
        self.view = pn.Column(
            panel(
                "Group a set",
                row(self.rows, self.rule, self.n_folds, self.seed, self.fraction, self.name, self.make),
                self.checks,
            ),
            side_by_side(self.lanes, [420] * _LANES),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self._show_fields()

    def refresh(self) -> None:
        """List the saved sets again; the newest comes first."""
        labels = self.desk.saved_labels()
        saved = self.curation.saved
        kept = saved.label if saved is not None else self.rows.value
        self.rows.param.update(options=labels, value=kept if kept in labels else next(iter(labels), None))

    def _show_fields(self) -> None:
        by_seeing = self.rule.value == "best_seeing"
        self.fraction.visible = by_seeing
        self.n_folds.visible = self.seed.visible = not by_seeing
        if self.name.value in {"seeing", "fold"}:
            self.name.value = "seeing" if by_seeing else "fold"

    def _rule(self) -> GroupingRule:
        if self.rule.value == "best_seeing":
            return best_seeing(fraction=self.fraction.value or 0.0)
        return folds(self.n_folds.value or 0, seed=self.seed.value or 0)

    def _group(self) -> None:
        label, name = self.rows.value, typed(self.name)
        if not label:
            self.desk.tell("There is no saved set yet: save one in step 3.")
            return
        bench = self.desk.bench
        rule = self.desk.act("", self._rule)
        if rule is None:
            return
        hint = f"grouping = bench.group({name!r}, bench.load({label!r}), wb.{rule.describe()})"
        grouping = self.desk.act(hint, lambda: bench.group(name, bench.load(label), rule), kind="write")
        if grouping is not None:
            self.grouping = grouping
            self._show()
            self.desk.n_saved += 1

    def _show(self) -> None:
        grouping = self.grouping
        if grouping is None:
            return
        check = grouping.check()
        disjoint = "no visit is in two groups" if check.disjoint else "some visits are in several groups"
        covering = "every visit is in a group" if check.covering else "some visits are in no group"
        more = (
            f" The first {_LANES} of {len(grouping.keys)} are shown." if len(grouping.keys) > _LANES else ""
        )
        self.checks.object = text_html(
            f"{grouping.label} of {grouping.parent.label} by {grouping.rule}: {len(grouping.keys)} groups of "
            f"{check.smallest} to {check.largest} visits; {disjoint}, {covering}.{more}",
            css="sentence",
            role="status",
        )
        for number, lane in enumerate(self.lanes):
            lane.visible = number < len(grouping.keys)
            if lane.visible:
                self._show_lane(number, grouping.keys[number])

    def _show_lane(self, number: int, key: str) -> None:
        assert self.grouping is not None
        rows = self.grouping[key]
        bands = collections.Counter(self._visit(data_id).get("band") or "?" for data_id in rows.data_ids())
        self.titles[number].object = text_html(f"{key}: {len(rows)} visits, saved as {rows.label}", tag="h2")
        balance = ", ".join(f"{band}: {count}" for band, count in sorted(bands.items()))
        self.balances[number].object = text_html(f"By band: {balance}", css="muted")
        self._turn(number, 0)

    def _turn(self, number: int, page: int) -> None:
        assert self.grouping is not None
        rows = self.grouping[self.grouping.keys[number]]
        columns = [
            ColumnView("visit", align="right"),
            ColumnView("band"),
            ColumnView("day_obs", "night", align="right"),
            ColumnView("psf_fwhm", "PSF FWHM (″)", align="right"),
        ]
        data_ids = rows.keys.slice(page * _PAGE, _PAGE).to_pylist()
        cells = [[show_value(self._visit(item).get(column.name)) for column in columns] for item in data_ids]
        self.tables[number].fill(columns, cells, total=len(rows), page=page)

    def _visit(self, data_id: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.curation.visits.rows.get((data_id["instrument"], data_id["visit"]), data_id)
