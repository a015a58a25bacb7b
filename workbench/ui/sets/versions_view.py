"""The versions of a set: who saved them and why, what changed, and an earlier one again."""

from __future__ import annotations

import collections
import json

import panel as pn

from workbench.rendering import render_time
from workbench.session.content.cells import show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.curation.curation import Curation
from workbench.session.curation.version_changes import VersionChanges
from workbench.session.desk.desk import Desk
from workbench.ui.elements.pieces import button, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable

__all__ = ["VersionsView"]

_VERSIONS = [
    ColumnView("version", align="right"),
    ColumnView("n_rows", "rows", align="right"),
    ColumnView("role"),
    ColumnView("dimensions", "over", wide=True),
    ColumnView("time", "saved (TAI)"),
    ColumnView("author", "by"),
    ColumnView("reason", wide=True),
    ColumnView("rule", "made by", wide=True),
    ColumnView("key_digest", "digest", mark="code", help="first digits of the key digest"),
]
_STATES = {"added": "in", "removed": "out", "still out": "out", "reason": "part"}


class VersionsView:
    """All versions of a saved set, and the difference of two.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set that may begin from a version.
    edits : `bool`, optional
        Whether the view offers that; where the set is not shown, it does not.
    """

    def __init__(self, desk: Desk, curation: Curation, *, edits: bool = True):
        self.desk = desk
        self.curation = curation
        self._followed = ""
        self.name = pn.widgets.Select(name="Saved set", margin=0, width=220)
        self.before = pn.widgets.Select(name="What changed from", margin=0, width=160)
        self.after = pn.widgets.Select(name="to", margin=0, width=160)
        self.compare = button("Compare", primary=True)
        self.summary = Prose()
        self.versions = DataTable(
            caption="Versions, newest first",
            action="Edit" if edits else "",
            page_size=12,
            pager=True,
            empty="No set is saved",
        )
        note = "Edit begins from a version: saving makes the next one."
        self.changes = DataTable(
            caption="What changed between the two versions", page_size=20, pager=True, empty="Nothing changed"
        )
        self.why = pn.widgets.TextInput(
            name="Reason for restoring it",
            placeholder="the cut was too hard",
            margin=0,
            styles={"flex": "1 1 260px"},
        )
        self.version = pn.widgets.Select(name="Make an earlier version the latest again", margin=0, width=260)
        self.restore = button("Restore")
        self._pages = TablePages(self.changes, state=lambda change: _STATES[str(change["change"])])
        self.compared = VersionChanges(desk)
        self._changes = panel("", self.summary, self.changes, visible=False)
        self.name.param.watch(lambda *_: self._show(), "value")
        self.compare.on_click(lambda _: self._compare())
        self.compared.param.watch(lambda *_: self._show_changes(), "revision")
        self.restore.on_click(lambda _: self._restore())
        self.versions.on_row(self.curation.load)
        self.versions.on_page(lambda _: None)
        desk.param.watch(lambda *_: self.list_sets(), "n_saved")
        self.view = pn.Column(
            panel(
                "Versions",
                row(self.name, self.before, self.after, self.compare),
                Prose(text_html(note, css="muted"), visible=edits),
                self.versions,
                row(self.version, self.why, self.restore),
            ),
            self._changes,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def list_sets(self) -> None:
        """List the saved sets again, and the versions of the chosen one."""
        sets, _ = self.desk.attempt(self.desk.bench.sets.list)
        names = [] if sets is None else sorted({str(name) for name in sets["name"].to_pylist()})
        last = self.curation.last_name
        kept = self.name.value if self.name.value in names else None
        if last in names and last != self._followed:
            # What was saved last is looked at next, until another one is chosen here.
            kept = self._followed = last
        value = kept or next(iter(names), None)
        same = value == self.name.value
        self.name.param.update(options=names, value=value)
        if same:
            self._show()

    def _show(self) -> None:
        name = self.name.value
        history, _ = self.desk.attempt(lambda: self.desk.bench.sets.history(name)) if name else (None, "")
        rows = [] if history is None else history.to_pylist()[::-1]
        cells = [
            [
                render_time(item["time"])
                if column.name == "time"
                else item["key_digest"][:8]
                if column.name == "key_digest"
                else ", ".join(json.loads(item["dimensions"]))
                if column.name == "dimensions"
                else show_value(item[column.name])
                for column in _VERSIONS
            ]
            for item in rows
        ]
        labels = [f"{name}@{item['version']}" for item in rows]
        self.versions.fill(_VERSIONS, cells, keys=labels)
        for select, value in (
            (self.before, labels[1:2]),
            (self.after, labels[:1]),
            (self.version, labels[1:2]),
        ):
            # What others save meanwhile leaves what is compared here as it is.
            kept = self._changes.visible and select.value in labels
            chosen = select.value if kept else next(iter([*value, *labels]), None)
            select.param.update(options=labels, value=chosen)
        self.restore.disabled = len(labels) < 2
        self._changes.visible = self._changes.visible and self.compared.after in labels

    def _compare(self) -> None:
        if not self.compared.compare(self.before.value or "", self.after.value or ""):
            self.compared.forget()

    def _show_changes(self) -> None:
        before, after, changes = self.compared.before, self.compared.after, self.compared.changes
        if changes is None:
            self._changes.visible = False
            return
        counts = collections.Counter(changes["change"].to_pylist())
        self.summary.object = text_html(
            f"From {before} to {after}: {counts['added']:,} rows gained, {counts['removed']:,} lost, "
            f"the reason of {counts['reason'] + counts['still out']:,} changed.",
            css="sentence",
            role="status",
        )
        self._pages.show(changes)
        self._changes.visible = True
        if self.before.value != before or self.after.value != after:
            self.name.value = after.partition("@")[0]
            self.before.value, self.after.value = before, after

    def _restore(self) -> None:
        label, reason, desk = self.version.value, typed(self.why), self.desk
        if not reason:
            desk.tell("Say why it is restored: the reason is kept with the new version.", "error")
            return
        hint = f"restored = bench.sets.restore({label!r}, reason={reason!r}{desk.author_argument})"
        restored = desk.act(
            hint, lambda: desk.bench.sets.restore(label, reason=reason, author=desk.author), kind="write"
        )
        if restored is not None:
            desk.n_saved += 1
            desk.tell(f"{label} is the latest version again, as {restored.label}.", "done")
