"""The flags that notes may carry, and new ones."""

from __future__ import annotations

from typing import get_args

import panel as pn

from workbench.annotations import CURATED_FLAGS, Severity
from workbench.session.content.column_view import ColumnView
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.ui.elements.pieces import button, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["VocabularyView"]

_STATES = {"never use": "out", "needs follow-up": "part"}


class VocabularyView:
    """List the vocabulary with its two severities, and add a flag.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    noting : `~workbench.session.notes.noting.Noting`
        The vocabulary.
    """

    def __init__(self, desk: Desk, noting: Noting):
        self.desk = desk
        self.noting = noting
        self.toggle = button("Show the flags")
        self.flag = pn.widgets.TextInput(name="Flag to add", placeholder="crosstalk", margin=0, width=150)
        self.severity = pn.widgets.Select(
            name="What it asks for", options=list(get_args(Severity)), margin=0, width=160
        )
        self.meaning = pn.widgets.TextInput(
            name="When to use it",
            placeholder="ghosts of bright stars in other amplifiers",
            margin=0,
            styles={"flex": "1 1 240px"},
        )
        self.add = button("Add the flag")
        self.table = DataTable(caption="Flags and what they ask for", height_limit=320)
        self._fields = row(self.flag, self.severity, self.meaning, self.add, visible=False)
        self.table.visible = False
        self.toggle.on_click(lambda _: self._turn())
        self.add.on_click(lambda _: self._add())
        noting.param.watch(lambda *_: self.show(), "revision")
        self.view = panel(
            "Vocabulary",
            row(
                Prose(
                    text_html(
                        "A flag says never use, or needs follow-up. It constrains no graph by itself: a "
                        "campaign's constraint does, such as NOT annotations.flag = 'bad'.",
                        css="muted",
                    ),
                    styles={"flex": "1 1 300px"},
                ),
                self.toggle,
            ),
            self._fields,
            self.table,
        )
        self.show()

    def show(self) -> None:
        """List the flags again."""
        columns = [
            ColumnView("flag", mark="state"),
            ColumnView("severity", "asks for"),
            ColumnView("origin", "of"),
        ]
        rows = sorted(self.noting.vocabulary.items(), key=lambda item: (item[1] != "never use", item[0]))
        cells = [
            [flag, severity, "every repository" if flag in CURATED_FLAGS else "this repository"]
            for flag, severity in rows
        ]
        self.table.fill(columns, cells, states=[_STATES[severity] for _, severity in rows])

    def _turn(self) -> None:
        self.table.visible = self._fields.visible = not self.table.visible
        self.toggle.name = "Hide the flags" if self.table.visible else "Show the flags"

    def _add(self) -> None:
        flag = typed(self.flag)
        if self.noting.extend_vocabulary(flag, self.severity.value, typed(self.meaning)):
            self.desk.tell(f"Notes may carry the flag {flag!r} now.", "done")
            for field in (self.flag, self.meaning):
                field.param.update(value="", value_input="")
