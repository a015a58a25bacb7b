"""Who is in the set and who is out: a table, the sky, edits by hand down to detectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel as pn

from workbench.session.content.cells import show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.content.content import make_colours, make_membership, make_whys
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.curation.keys import VisitKey, key_from_text, key_text, parse_keys
from workbench.session.curation.verdicts import Verdict
from workbench.session.curation.visits import Visits
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import button, code, name_step, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.views.component import MembershipView

__all__ = ["MembersView"]

_PAGE = 20
_MOST_EXPLAINED = 500
_COLUMNS = [
    ColumnView("visit", align="right"),
    ColumnView("state", mark="state"),
    ColumnView("detectors", "det.", mark="open", help="Open a visit to decide about single detectors"),
    ColumnView("why", "why", wide=True),
    ColumnView("band"),
    ColumnView("day_obs", "night", align="right"),
    ColumnView("exposure_time", "exp. (s)", align="right"),
]
_DETECTOR_COLUMNS = [
    ColumnView("detector", align="right"),
    ColumnView("name"),
    ColumnView("state", mark="state"),
    ColumnView("why", wide=True),
]
_METRIC_LABELS = {
    "psf_fwhm": "FWHM (″)",
    "transparency": "transp.",
    "sky_background": "sky (e/px)",
    "m5": "depth (mag)",
}
_FILTERS = {
    "all visits": ("in", "part", "out"),
    "in the set": ("in", "part"),
    "excluded": ("out",),
    "partly in": ("part",),
}


class MembersView:
    """The visits of the draft; each can be taken in or left out by hand.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Theme and messages.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self._sort, self._descending, self._page = "visit", False, 0
        self._verdicts: Mapping[VisitKey, Verdict] = {}
        self._opened: VisitKey | None = None
        self._make_widgets()
        self.sky = MembershipView(colours=make_colours(desk.palette))
        self.marked = SharedSelection()
        self._drawn: Visits | None = None
        self.sky.param.watch(self._toggle_on_sky, "brush")
        self.table.on_row(self._toggle)
        self.table.on_cell(lambda key, _: self._open(key_from_text(key)))
        self.table.on_sort(self._order)
        self.table.on_page(self._turn)
        self.detectors.on_row(self._toggle_detector)
        curation.param.watch(lambda *_: self.show(), "revision")
        curation.param.watch(lambda *_: self._complain(curation.error if curation.by_hand else ""), "error")
        desk.param.watch(lambda *_: self.sky.param.update(colours=make_colours(desk.palette)), "theme")
        members = panel(
            "",
            self.summary,
            row(self.show_only, self.reason, self.undo, self.redo),
            row(self.numbers, self.leave_out, self.take_in),
            self.refused,
            self.table,
        )
        self._panel = panel("", row(self.opened, self.close), self.detectors, visible=False)
        self.view = pn.Column(
            side_by_side([members, self.sky], [865, 360]),
            self._panel,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def _make_widgets(self) -> None:
        self.summary = Prose()
        self.show_only = pn.widgets.Select(name="Show", options=list(_FILTERS), margin=0, width=120)
        self.reason = pn.widgets.TextInput(
            name="Reason for the next edits by hand",
            placeholder="trailed",
            margin=0,
            styles={"flex": "1 1 180px"},
        )
        self.undo, self.redo = button("Undo", disabled=True), button("Redo", disabled=True)
        self.numbers = pn.widgets.TextInput(
            name="Visits by number, with a detector after a dot",
            placeholder="96954, 96980.4",
            margin=0,
            styles={"flex": "1 1 240px"},
        )
        self.refused = Prose(visible=False)
        self.leave_out, self.take_in = button("Leave these out"), button("Take these in")
        self.table = DataTable(
            caption="Visits: in or out, and why",
            action="Toggle",
            sortable=True,
            pager=True,
            page_size=_PAGE,
            empty="No visits",
        )
        self.opened = Prose(styles={"flex": "1 1 200px"})
        self.close = button("Close")
        self.detectors = DataTable(
            caption="Detectors of the visit: in or out, and why", action="Toggle", height_limit=340
        )
        self.show_only.param.watch(lambda *_: self._turn(0), "value")
        self.undo.on_click(lambda _: self.curation.undo())
        self.redo.on_click(lambda _: self.curation.redo())
        self.leave_out.on_click(lambda _: self._edit(included=False))
        self.take_in.on_click(lambda _: self._edit(included=True))
        self.close.on_click(lambda _: self._open(None))

    def show(self) -> None:
        """Show the set as it is now."""
        self._complain("")
        curation = self.curation
        verdicts = curation.verdicts
        self._verdicts = {key: verdicts.of_visit(key) for key in curation.visits.rows}
        # First: who reads the sentence may go on to them at once.
        history = curation.history
        for shown, name, label in (
            (self.undo, "Undo", history.undo_label),
            (self.redo, "Redo", history.redo_label),
        ):
            name_step(shown, name, label)
        self._show_summary()
        self._turn(self._page)
        self._show_sky()
        self._show_detectors()

    def _show_summary(self) -> None:
        verdicts = self._verdicts.values()
        n_in = sum(verdict.included for verdict in verdicts)
        n_part = sum(verdict.partial for verdict in verdicts)
        by_hand = sum(verdict.by_hand for verdict in verdicts)
        n_out = len(verdicts) - n_in
        taken = text_html(f"{n_in:,} of {len(verdicts):,} visits are in the set", tag="span", css="in")
        left = text_html(f"{n_out:,} {'is' if n_out == 1 else 'are'} excluded", tag="span", css="out")
        part = f" ({n_part:,} of them in part)" if n_part else ""
        rest = f"; {by_hand} decided by hand." if by_hand else "; none decided by hand."
        size = f" It holds {self.curation.size}." if self.curation.of_detectors else ""
        self.summary.object = f'<p class="sentence" role="status">{taken}{part}, {left}{rest}{size}</p>'

    def _show_sky(self) -> None:
        visits, verdicts = self.curation.visits, self._verdicts
        # Which part of a rule dropped a visit is looked up one by one: not for a whole survey.
        in_detail = len(verdicts) <= _MOST_EXPLAINED
        whys = {key: self._why(key) if in_detail else verdict.why for key, verdict in verdicts.items()}
        with pn.io.hold():
            if self._drawn is not visits:
                self._drawn = visits
                content = make_membership(visits.shown, visits.patches)
                self.sky.content = content.to_wire(
                    visits.shown, title="On the sky", link=f"members-{id(self)}"
                )
                self.marked.show(visits.shown)
            self.sky.detail = make_whys(visits.shown, whys)
            self._mark()

    def _mark(self) -> None:
        """Mark what is in the set, if that is not what the sky shows already."""
        inside = {key for key, verdict in self._verdicts.items() if verdict.included}
        if inside != set(self.marked.keys):
            self.marked.select(inside)
        self.sky.selected = self.marked.to_wire()

    def _toggle_on_sky(self, event: Any) -> None:
        if not event.new or not self.marked.receive(event.new):
            return
        marked = set(self.marked.keys)
        clicked = [key for key, verdict in self._verdicts.items() if verdict.included is not (key in marked)]
        for key in clicked:
            self.curation.toggle(key, typed(self.reason))
        self._mark()  # what could not be done is not shown as if it were

    def _why(self, key: VisitKey) -> str:
        verdict = self._verdicts[key]
        selection = self.curation.selection
        if verdict.included or verdict.by_hand or selection is None or verdict.why != "not in the rule":
            return verdict.why
        data_id = {"instrument": key[0], "visit": key[1]}
        why = selection.why_not(data_id).partition(" was ")[2] or verdict.why
        return " ".join([why, *self.curation.desk.bench.sets.recount(selection.where, data_id)])

    def _turn(self, page: int) -> None:
        wanted = _FILTERS[self.show_only.value]
        curation, verdicts = self.curation, self._verdicts
        keys = [key for key, verdict in verdicts.items() if verdict.state in wanted]
        keys.sort(key=self._rank, reverse=self._descending)
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
                "state": verdicts[key].state,
                "why": self._why(key),
                "detectors": self._count(key),
            }
            cells.append([show_value(values.get(column.name)) for column in columns])
        self.table.param.update(
            sort=self._sort,
            descending=self._descending,
            selected="" if self._opened is None else key_text(self._opened),
        )
        self.table.fill(
            columns,
            cells,
            keys=[key_text(key) for key in shown],
            states=[verdicts[key].state for key in shown],
            actions=[
                "Undo" if key in curation.draft.edits else "Exclude" if verdicts[key].included else "Include"
                for key in shown
            ],
            total=len(keys),
            page=self._page,
        )

    def _count(self, key: VisitKey) -> str:
        n_detectors = len(self.curation.visits.detectors.get(key[0], ()))
        verdict = self._verdicts[key]
        n_in = verdict.n_in if verdict.partial else n_detectors if verdict.included else 0
        return f"{n_in}/{n_detectors}"

    def _rank(self, key: VisitKey) -> tuple[bool, Any, VisitKey]:
        verdict = self._verdicts[key]
        given = {"state": verdict.state, "why": verdict.why, "detectors": verdict.n_in or verdict.included}
        value = given.get(self._sort, self.curation.visits.rows[key].get(self._sort))
        return (value is None, value if value is not None else 0, key)

    def _order(self, column: str) -> None:
        self._descending = not self._descending if column == self._sort else False
        self._sort = column
        self._turn(0)

    def _toggle(self, key: str) -> None:
        self.curation.toggle(key_from_text(key), typed(self.reason))

    def _edit(self, *, included: bool) -> None:
        keys, error = self.desk.attempt(
            lambda: parse_keys(typed(self.numbers), self.curation.visits.instruments)
        )
        visits = self.curation.visits
        unknown = [
            key
            for key in keys or ()
            if key[:2] not in visits.rows
            or (len(key) == 3 and key[2] not in visits.detectors.get(key[0], {}))
        ]
        if unknown:
            named = ", ".join(f"{key[0]} {'.'.join(map(str, key[1:]))}" for key in unknown[:5])
            more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
            error = f"No visit, or detector of one, of the repository is {named}{more}. Nothing was changed."
        elif keys == []:
            error = "Write the numbers of the visits first, such as 96954, or 96954.4 for a detector."
        elif keys is not None:
            self.curation.edit(keys, included=included, reason=typed(self.reason))
            return
        self._complain(error)

    def _complain(self, error: str) -> None:
        self.refused.param.update(object=code(error, "error"), visible=bool(error))

    def _open(self, key: VisitKey | None) -> None:
        self._opened = key
        self._show_detectors()
        self._turn(self._page)

    def _show_detectors(self) -> None:
        key = self._opened
        self._panel.visible = key is not None
        if key is None:
            return
        names = self.curation.visits.detectors.get(key[0], {})
        verdicts = self.curation.verdicts
        inside = verdicts.detectors_in(key)
        self.opened.object = text_html(
            f"Detectors of {key_text(key)}: {len(inside)} of {len(names)} are in", tag="h2"
        )
        cells = [
            [str(n), name, "in" if n in inside else "out", verdicts.why_detector((*key, n))]
            for n, name in names.items()
        ]
        self.detectors.fill(
            _DETECTOR_COLUMNS,
            cells,
            keys=[f"detector {n}" for n in names],
            states=[cell[2] for cell in cells],
            actions=[
                "Undo" if (*key, n) in self.curation.draft.edits else "Exclude" if n in inside else "Include"
                for n in names
            ],
        )

    def _toggle_detector(self, key: str) -> None:
        if self._opened is not None:
            self.curation.toggle((*self._opened, int(key.rpartition(" ")[2])), typed(self.reason))
