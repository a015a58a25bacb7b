"""Keeping a set: its name, what it is for, why; what others saved meanwhile; a file of it."""

from __future__ import annotations

import panel as pn

from workbench.session.content.cells import show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.curation.curation import Curation
from workbench.session.curation.saving import Saving
from workbench.session.curation.set_files import FORMATS, SetFiles
from workbench.session.desk.desk import Desk
from workbench.ui.elements.files.transfer import Download
from workbench.ui.elements.pieces import button, code, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["SavingView"]

_ROLES = {"include": "include", "exclude": "exclude"}
_LONGEST = 200
"""Changes of others that are listed."""


class SavingView:
    """Save the set with a reason, or download it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    files : `~workbench.session.curation.set_files.SetFiles`
        Writes it as a file.
    """

    def __init__(self, desk: Desk, curation: Curation, files: SetFiles):
        self.desk = desk
        self.curation = curation
        self.saving = Saving(desk, curation)
        self.name = pn.widgets.TextInput(name="Name", placeholder="cosmos-i", margin=0, width=180)
        self.role = pn.widgets.Select(name="What it is for", options=_ROLES, margin=0, width=110)
        self.why = pn.widgets.TextInput(
            name="Reason (kept with the version)",
            placeholder="seeing cut, bad list of 2026-05-02",
            margin=0,
            styles={"flex": "1 1 260px"},
        )
        self.save = button("Save", primary=True)
        self.format = pn.widgets.Select(name="As a file", options=list(FORMATS), margin=0, width=190)
        self.download = Download("Download", lambda: files.write(self.format.value))
        self.problem, self.saved = Prose(visible=False), Prose()
        self.others = Prose()
        self.changes = DataTable(caption="What others changed meanwhile")
        self.take_in = button("Take their changes in here")
        self.knowingly = button("Save mine as the next version")
        self._meanwhile = panel(
            "Saved meanwhile by others",
            self.others,
            self.changes,
            row(self.take_in, self.knowingly),
            visible=False,
        )
        self.save.on_click(lambda _: self._save(knowingly=False))
        self.knowingly.on_click(lambda _: self._save(knowingly=True))
        self.take_in.on_click(lambda _: self.saving.take_in())
        self.role.param.watch(lambda *_: curation.set_role(self.role.value), "value")
        curation.param.watch(lambda *_: self.show(), ["revision", "error"])
        desk.param.watch(lambda *_: self.saving.look(), "n_saved")
        self.saving.param.watch(lambda *_: self._show_meanwhile(), "revision")
        self.saving.param.watch(lambda *_: self._show_problem(), "problem")
        self.view = pn.Column(
            panel(
                "Save",
                row(self.name, self.role, self.why, self.save, self.format, self.download),
                self.problem,
                self.saved,
            ),
            self._meanwhile,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def show(self) -> None:
        """Show whether the set is saved."""
        saved, rows = self.curation.saved, self.curation.rows
        if rows is not None and self.role.value != rows.role:
            self.role.value = rows.role
        if self.curation.error and not self.curation.by_hand:
            size = self.curation.size
            text = f"What was entered last was not taken. A save would be of the one before: {size}."
            self.saved.object = text_html(text, css="sentence out", role="status")
            return
        if saved is None:
            self.saved.object = text_html("Not saved yet: only a saved set can be committed.", css="muted")
            return
        self.saved.object = (
            f'<p class="sentence" role="status">Saved as <code>{saved.label}</code>: {self.curation.size}, '
            f"key digest <code>{saved.key_digest}</code></p>"
        )

    def _save(self, *, knowingly: bool) -> None:
        name = self.saving.set_name if knowingly else typed(self.name)
        self.saving.save(name, typed(self.why), knowingly=knowingly)

    def _show_problem(self) -> None:
        problem = self.saving.problem
        self.problem.param.update(object=code(problem, "error"), visible=bool(problem))

    def _show_meanwhile(self) -> None:
        saving = self.saving
        self._meanwhile.visible = bool(saving.newer)
        if not saving.newer:
            return
        versions = "; ".join(
            f"{saving.set_name}@{item['version']} by {item['author']}, {item['n_rows']:,} rows, "
            f"because: {item['reason']}"
            for item in saving.newer
        )
        known = self.curation.known_version(saving.set_name)
        since = (
            f"Since {saving.set_name}@{known}, which you began from:"
            if known
            else "There are versions already:"
        )
        self.others.object = text_html(
            f"{since} {versions}. Nothing of it is overwritten: yours would become "
            f"{saving.set_name}@{saving.newer[-1]['version'] + 1} beside it.",
            css="sentence",
            role="status",
        )
        keys = [
            name
            for name in ("instrument", "visit", "detector")
            if saving.changes and name in saving.changes[0]
        ]
        columns = [
            *(ColumnView(name, align="left" if name == "instrument" else "right") for name in keys),
            ColumnView("change", mark="state"),
            ColumnView("reason_before", "reason before", wide=True),
            ColumnView("reason_after", "reason after", wide=True),
            ColumnView("author_after", "by"),
        ]
        shown = saving.changes[:_LONGEST]
        cells = [[show_value(change[column.name]) for column in columns] for change in shown]
        self.changes.fill(columns, cells)
        self.changes.visible = bool(cells)
        self.take_in.disabled = not saving.changes
