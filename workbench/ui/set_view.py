"""The set view: which visits are in, which are out, and why."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.ui.cells import show_value
from workbench.ui.curation import Curation
from workbench.ui.desk import Desk
from workbench.ui.draft import Key, key_from_text, key_text
from workbench.ui.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.prose import Prose
from workbench.ui.sky import Mark, SkyPlot
from workbench.ui.table import ColumnView, DataTable

__all__ = ["SetView"]

_PAGE = 20
_MOST_EXPLAINED = 500
_COLUMNS = [
    ColumnView("visit", align="right"),
    ColumnView("state", mark="state"),
    ColumnView("why", "why", wide=True),
    ColumnView("band"),
    ColumnView("day_obs", "night", align="right"),
    ColumnView("exposure_time", "exp. (s)", align="right"),
]
_METRIC_LABELS = {
    "psf_fwhm": "FWHM (″)",
    "transparency": "transp.",
    "sky_background": "sky (e/px)",
    "m5": "depth (mag)",
}
_FILTERS = {"all visits": None, "in the set": True, "excluded": False}


class SetView:
    """Choose visits by rule, list and hand; see them in a table and on the sky.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Theme and messages.
    curation : `~workbench.ui.curation.Curation`
        The set.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self._sort, self._descending, self._page = "visit", False, 0
        self._make_widgets()
        self.sky = SkyPlot(desk.palette)
        self.sky.on_tap(self._toggle)
        self.table.on_row(self._toggle)
        self.table.on_sort(self._order)
        self.table.on_page(self._turn)
        curation.param.watch(lambda *_: self.show(), "revision")
        curation.param.watch(lambda *_: self._show_error(), "error")
        desk.param.watch(lambda *_: self._list_sets(), "n_saved")
        desk.param.watch(lambda *_: self.sky.paint(desk.palette), "theme")
        choose = panel(
            "Choose",
            row(self.where, self.apply, self.base),
            self.error,
            self.waterfall,
            row(self.upload, self.path, self.instrument, self.read, self.lists, self.drop),
        )
        members = panel(
            "",
            self.summary,
            row(self.show_only, self.reason, self.undo, self.redo),
            self.table,
        )
        on_sky = panel(
            "",
            Prose(
                text_html("On the sky: tap a marker to leave a visit out or take it in again.", css="muted")
            ),
            self.sky.pane,
        )
        keep = panel("Save", row(self.name, self.why, self.save), self.saved)
        self.view = pn.Column(
            choose,
            side_by_side([members, on_sky], [830, 385]),
            keep,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def _make_widgets(self) -> None:
        self.where = pn.widgets.TextInput(
            name="where: visits to take in (Enter applies; empty takes all)",
            placeholder="band = 'i' AND metrics.psf_fwhm < 0.9",
            margin=0,
            styles={"flex": "1 1 340px"},
        )
        self.apply = button("Select")
        self.base = pn.widgets.Select(name="or begin from a saved set", margin=0, width=220)
        self.error = Prose(visible=False)
        self.waterfall = DataTable(caption="What each part of the rule left", visible=False)
        self.upload = pn.widgets.FileInput(
            accept=".ecsv,.csv,.json,.parquet", margin=0, width=250, align="end"
        )
        self.path = pn.widgets.TextInput(
            name="Exclusion list: upload, or path here", placeholder="bad.ecsv", margin=0, width=250
        )
        self.instrument = pn.widgets.Select(name="its instrument", margin=0, width=110)
        self.read = button("Leave out")
        self.lists = pn.widgets.Select(name="Lists left out", options=["none"], margin=0, width=170)
        self.drop = button("Remove list", disabled=True)
        self.summary = Prose()
        self.show_only = pn.widgets.Select(name="Show", options=list(_FILTERS), margin=0, width=120)
        self.reason = pn.widgets.TextInput(
            name="Reason for the next edits by hand",
            placeholder="trailed",
            margin=0,
            styles={"flex": "1 1 180px"},
        )
        self.undo, self.redo = button("Undo", disabled=True), button("Redo", disabled=True)
        self.table = DataTable(
            caption="Visits: in or out, and why",
            action="Toggle",
            sortable=True,
            pager=True,
            page_size=_PAGE,
            empty="No visits",
        )
        self.name = pn.widgets.TextInput(name="Name", placeholder="cosmos-i", margin=0, width=200)
        self.why = pn.widgets.TextInput(
            name="Reason (kept with the version)",
            placeholder="seeing cut, bad list of 2026-05-02",
            margin=0,
            styles={"flex": "1 1 300px"},
        )
        self.save = button("Save", primary=True)
        self.saved = Prose()
        curation = self.curation
        self.where.param.watch(lambda *_: curation.choose(typed(self.where)), "enter_pressed")
        self.apply.on_click(lambda _: curation.choose(typed(self.where)))
        self.base.param.watch(self._load, "value")
        self.upload.param.watch(self._uploaded, "filename")
        self.path.param.watch(lambda *_: self._read_path(), "enter_pressed")
        self.read.on_click(lambda _: self._read_path())
        self.drop.on_click(lambda _: curation.drop_list(self.lists.value))
        self.show_only.param.watch(lambda *_: self._turn(0), "value")
        self.undo.on_click(lambda _: curation.undo())
        self.redo.on_click(lambda _: curation.redo())
        self.save.on_click(lambda _: self._save())

    def refresh(self) -> None:
        """Read the repository again."""
        self._list_sets()
        self.curation.refresh()
        instruments = self.curation.visits.instruments
        self.instrument.param.update(options=instruments, value=instruments[0] if instruments else None)

    def show(self) -> None:
        """Show the set as it is now."""
        curation = self.curation
        self._show_summary()
        self._show_waterfall()
        self._turn(self._page)
        self._show_sky()
        history = curation.history
        self.undo.param.update(
            name=f"Undo: {history.undo_label}"[:48] if history.undo_label else "Undo",
            disabled=not history.undo_label,
        )
        self.redo.param.update(
            name=f"Redo: {history.redo_label}"[:48] if history.redo_label else "Redo",
            disabled=not history.redo_label,
        )
        names = list(curation.draft.lists)
        self.lists.param.update(options=names or ["none"], value=names[-1] if names else "none")
        self.drop.disabled = not names
        self._show_saved()

    def _show_summary(self) -> None:
        verdicts = [self.curation.verdict(key) for key in self.curation.visits.rows]
        n_in = sum(verdict.included for verdict in verdicts)
        by_hand = sum(verdict.by_hand for verdict in verdicts)
        n_out = len(verdicts) - n_in
        n_lists = len(self.curation.draft.lists)
        lists = {0: "no exclusion list", 1: "1 exclusion list"}.get(n_lists, f"{n_lists} exclusion lists")
        taken = text_html(f"{n_in:,} of {len(verdicts):,} visits are in the set", tag="span", css="in")
        left = text_html(f"{n_out:,} {'is' if n_out == 1 else 'are'} excluded", tag="span", css="out")
        rest = f"; {by_hand} decided by hand, {lists}."
        self.summary.object = f'<p class="sentence" role="status">{taken}, {left}{rest}</p>'

    def _show_waterfall(self) -> None:
        selection = self.curation.selection
        shown = selection is not None and bool(self.curation.draft.where)
        if selection is not None and shown:
            stages = selection.waterfall.to_pylist()
            columns = [
                ColumnView("conjunct", "part of the rule", mark="code"),
                ColumnView("rows_before", "visits before", align="right"),
                ColumnView("rows_after", "left after it", align="right"),
                ColumnView("unknown", "not measured", align="right"),
            ]
            cells = [[show_value(stage[column.name]) for column in columns] for stage in stages]
            self.waterfall.fill(columns, cells)
        self.waterfall.visible = shown

    def _show_sky(self) -> None:
        marks = []
        # Which part of a rule dropped a visit is looked up one by one: not for a whole survey.
        tell_why = self._why if len(self.curation.visits) <= _MOST_EXPLAINED else self._short_why
        for key, row_of in self.curation.visits.rows.items():
            region = self.curation.visits.regions.get(key)
            if region is None:
                continue
            verdict = self.curation.verdict(key)
            detail = ", ".join(
                filter(None, [row_of["band"], row_of["physical_filter"], str(row_of["day_obs"])])
            )
            marks.append(Mark(key_text(key), key_text(key), region, verdict.included, tell_why(key), detail))
        self.sky.show(marks, self.curation.visits.patches)

    def _show_saved(self) -> None:
        saved = self.curation.saved
        if saved is None:
            self.saved.object = text_html("Not saved yet: only a saved set can be committed.", css="muted")
            return
        self.saved.object = (
            f'<p class="sentence" role="status">Saved as <code>{saved.label}</code>: {len(saved)} visits, '
            f"key digest <code>{saved.key_digest}</code></p>"
        )

    def _show_error(self) -> None:
        error = self.curation.error
        self.error.param.update(object=code(error, "error"), visible=bool(error))

    def _short_why(self, key: Key) -> str:
        return self.curation.verdict(key).why

    def _why(self, key: Key) -> str:
        verdict = self.curation.verdict(key)
        selection = self.curation.selection
        if verdict.included or verdict.by_hand or selection is None or verdict.why != "not in the rule":
            return verdict.why
        return selection.why_not({"instrument": key[0], "visit": key[1]}).partition(" was ")[2] or verdict.why

    def _turn(self, page: int) -> None:
        wanted = _FILTERS[self.show_only.value]
        curation = self.curation
        verdicts = {key: curation.verdict(key) for key in curation.visits.rows}
        keys = [key for key, verdict in verdicts.items() if wanted is None or verdict.included is wanted]
        keys.sort(key=lambda key: self._rank(key, verdicts[key].included), reverse=self._descending)
        self._page = min(page, max(0, (len(keys) - 1) // _PAGE))
        shown = keys[self._page * _PAGE : (self._page + 1) * _PAGE]
        metrics = [
            ColumnView(name, _METRIC_LABELS.get(name, name), align="right")
            for name in curation.visits.metric_names
        ]
        several = [ColumnView("instrument")] if len(curation.visits.instruments) > 1 else []
        columns = [*several, *_COLUMNS, *metrics]
        cells = []
        for key in shown:
            values = {
                **curation.visits.rows[key],
                "state": "in" if verdicts[key].included else "out",
                "why": self._why(key),
            }
            cells.append([show_value(values.get(column.name), column.name) for column in columns])
        self.table.param.update(sort=self._sort, descending=self._descending)
        self.table.fill(
            columns,
            cells,
            keys=[key_text(key) for key in shown],
            states=["in" if verdicts[key].included else "out" for key in shown],
            actions=[self._action(key, verdicts[key].included) for key in shown],
            total=len(keys),
            page=self._page,
        )

    def _action(self, key: Key, included: bool) -> str:
        if key in self.curation.draft.edits:
            return "Undo"
        return "Exclude" if included else "Include"

    def _rank(self, key: Key, included: bool) -> tuple[bool, Any, Key]:
        value = {
            **self.curation.visits.rows[key],
            "state": included,
            "why": self.curation.verdict(key).why,
        }.get(self._sort)
        return (value is None, value if value is not None else 0, key)

    def _order(self, column: str) -> None:
        self._descending = not self._descending if column == self._sort else False
        self._sort = column
        self._turn(0)

    def _toggle(self, key: str) -> None:
        self.curation.toggle(key_from_text(key), typed(self.reason))

    def _load(self, event: Any) -> None:
        if event.new:
            self.curation.load(event.new)

    def _uploaded(self, event: Any) -> None:
        if event.new and self.upload.value:
            self.curation.read_list(event.new, self.upload.value, self.instrument.value or "")

    def _read_path(self) -> None:
        if path := typed(self.path):
            self.curation.read_path(path, self.instrument.value or "")

    def _save(self) -> None:
        self.curation.save(typed(self.name), typed(self.why))

    def _list_sets(self) -> None:
        sets = self.desk.act("", self.desk.bench.sets)
        labels = (
            [] if sets is None else [f"{row_of['name']}@{row_of['version']}" for row_of in sets.to_pylist()]
        )
        with_none = {"": "", **{label: label for label in reversed(labels)}}
        kept = self.base.value if self.base.value in with_none else ""
        self.base.param.update(options=with_none, value=kept)
