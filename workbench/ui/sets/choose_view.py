"""What a set begins from: a rule or a saved set, and the files and sets that change it."""

from __future__ import annotations

from typing import Any

import panel as pn

from workbench.session.content.cells import show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import OPERATORS
from workbench.session.curation.set_files import USES, SetFiles
from workbench.session.desk.desk import Desk
from workbench.ui.elements.files.transfer import DropZone
from workbench.ui.elements.pieces import button, code, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["ChooseView"]

_PARTS = [ColumnView("n", "step", align="right"), ColumnView("does", "what it does"), ColumnView("rows")]


class ChooseView:
    """Begin from a rule or a set, and leave out, take in or keep what files and sets name.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self.files = SetFiles(desk, curation)
        self._make_widgets()
        curation.param.watch(lambda *_: self.show(), "revision")
        curation.param.watch(lambda *_: self._show_error(), "error")
        curation.param.watch(self._take_back, "refused")
        desk.param.watch(lambda *_: self.list_sets(), "n_saved")
        self.files.param.watch(lambda *_: self._show_outcomes(), "outcomes")
        self.view = panel(
            "Choose",
            row(self.where, self.apply, self.base),
            self.error,
            row(self.keep),
            self.said,
            self.waterfall,
            row(self.use, self.instrument, self.path, self.read),
            self.drop,
            self.outcomes,
            row(self.operator, self.other, self.combine),
            self.parts,
        )

    def _make_widgets(self) -> None:
        curation = self.curation
        self._shown_where = ""
        self.where = pn.widgets.TextInput(
            name="where: visits to take in (Enter applies; empty takes all)",
            placeholder="band = 'i' AND metrics.psf_fwhm < 0.9",
            margin=0,
            styles={"flex": "1 1 340px"},
        )
        self.apply = button("Select")
        self.base = pn.widgets.Select(name="or begin from a saved set", margin=0, width=220)
        self.error = Prose(visible=False)
        self.keep = button("Keep the set before", visible=False)
        self.said = Prose(visible=False)
        self.waterfall = DataTable(caption="What each part of the rule left", visible=False)
        self.use = pn.widgets.Select(name="What to do with a file", options=dict(USES), margin=0, width=200)
        self.instrument = pn.widgets.Select(name="its instrument", margin=0, width=110)
        self.path = pn.widgets.TextInput(
            name="Path on the server, or drop files below",
            placeholder="bad.ecsv",
            margin=0,
            styles={"flex": "1 1 220px"},
        )
        self.read = button("Read")
        self.drop = DropZone("Drop set files here (JSON, ECSV, CSV, Parquet), or", self._dropped)
        self.outcomes = Prose()
        self.operator = pn.widgets.Select(
            name="What to do with a saved set",
            options={f"{text} its rows": sign for sign, text in OPERATORS.items()},
            margin=0,
            width=200,
        )
        self.other = pn.widgets.Select(name="which one", margin=0, width=220)
        self.combine = button("Apply")
        self.parts = DataTable(
            caption="Files and sets that change the selection, in order", action="Remove", visible=False
        )
        self.where.param.watch(lambda *_: curation.choose(typed(self.where)), "enter_pressed")
        self.keep.on_click(lambda _: curation.dismiss())
        self.apply.on_click(lambda _: curation.choose(typed(self.where)))
        self.base.param.watch(self._load, "value")
        self.path.param.watch(lambda *_: self._read(), "enter_pressed")
        self.read.on_click(lambda _: self._read())
        self.combine.on_click(lambda _: self._apply_saved())
        self.parts.on_row(curation.drop)

    def show(self) -> None:
        """Show what the set is made of now."""
        selection, draft = self.curation.selection, self.curation.draft
        if draft.where != self._shown_where:
            # The rule was changed elsewhere, or taken back; what is being typed stays.
            self._shown_where = draft.where
            self.where.param.update(value=draft.where, value_input=draft.where)
        shown = selection is not None and bool(draft.where)
        if selection is not None and shown:
            columns = [
                ColumnView("conjunct", "part of the rule", mark="code"),
                ColumnView("rows_before", "visits before", align="right"),
                ColumnView("rows_after", "left after it", align="right"),
                ColumnView("unknown", "not measured", align="right"),
            ]
            stages = selection.waterfall.to_pylist()
            self.waterfall.fill(
                columns, [[show_value(stage[column.name]) for column in columns] for stage in stages]
            )
        shown = shown and not self.curation.error
        self.waterfall.visible = shown
        notes = selection.notes if selection is not None and shown else ()
        self.said.param.update(
            object="".join(text_html(f"{note}.", css="sentence") for note in notes), visible=bool(notes)
        )
        cells = [
            [str(n), part.label, f"{len(part.source.rows):,} over {', '.join(part.source.rows.key_names)}"]
            for n, part in enumerate(draft.parts, start=1)
        ]
        self.parts.fill(_PARTS, cells, keys=[part.label for part in draft.parts])
        self.parts.visible = bool(cells)

    def list_sets(self) -> None:
        """List the saved sets again."""
        labels = self.desk.saved_labels()
        for select, options in (
            (self.base, {"": "", **{label: label for label in labels}}),
            (self.other, {label: label for label in labels}),
        ):
            kept = select.value if select.value in options else next(iter(options), None)
            select.param.update(options=options, value=kept)
        self.combine.disabled = not labels

    def refresh(self) -> None:
        """Read the repository again."""
        self.list_sets()
        instruments = self.curation.visits.instruments
        self.instrument.param.update(options=instruments, value=instruments[0] if instruments else None)

    def _load(self, event: Any) -> None:
        if event.new:
            self.curation.load(event.new)

    def _dropped(self, files: Any) -> None:
        self.files.drop(files, self.use.value, self.instrument.value or "")

    def _read(self) -> None:
        if path := typed(self.path):
            self.files.read(path, self.use.value, self.instrument.value or "")
        else:
            self.files.outcomes = [("No file", "write its path on the server first, or drop it below.", True)]

    def _apply_saved(self) -> None:
        if self.other.value:
            self.curation.apply_saved(self.operator.value, self.other.value)

    def _show_error(self) -> None:
        error = "" if self.curation.by_hand else self.curation.error
        still = f"The set is still the one before: {self.curation.size}, {self.curation.draft.origin}."
        shown = code(error, "error") + text_html(still, css="sentence out")
        self.error.param.update(object=shown if error else "", visible=bool(error))
        self.keep.visible = bool(error)
        if error:
            # What the parts of another rule left is not shown beneath the one that is wrong.
            self.waterfall.visible = self.said.visible = False

    def _take_back(self, event: Any) -> None:
        """Put the rule of the set in place of the one that was wrong; what else is typed stays."""
        if event.old and not event.new and typed(self.where) == event.old:
            where = self.curation.draft.where
            self.where.param.update(value=where, value_input=where)

    def _show_outcomes(self) -> None:
        self.outcomes.object = "".join(
            code(f"{name}: {outcome}", "error")
            if failed
            else text_html(f"{name}: {outcome}", css="sentence", role="status")
            for name, outcome, failed in self.files.outcomes
        )
