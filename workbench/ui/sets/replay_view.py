"""The session as Python: what was done last, all of it, and a notebook that does it again."""

from __future__ import annotations

import re

import panel as pn

from workbench.registry.database.clock import now
from workbench.rendering import render_time
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.desk.replay import make_notebook
from workbench.ui.elements.files.transfer import Download
from workbench.ui.elements.pieces import button, code, row, text_html
from workbench.ui.elements.prose import Prose

__all__ = ["ReplayView"]

_SHOWN = 200
"""Actions that the list shows; the notebook has all."""


class ReplayView:
    """Shows the Python of every action and exports it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Keeps the log.
    curation : `~workbench.session.curation.curation.Curation`
        The set at the end.
    """

    def __init__(self, desk: Desk, curation: Curation):
        self.desk = desk
        self.curation = curation
        self.hint = Prose()
        self.toggle = button("Show the whole session")
        self.export = Download("Export this session as a notebook", self.write)
        self.listed = Prose(live=False, visible=False)
        desk.param.watch(lambda *_: self._show_hint(), "hint")
        desk.param.watch(lambda *_: self._list(), "n_logged")
        self.toggle.on_click(lambda _: self._turn())
        self.view = pn.Column(
            row(
                Prose(text_html("The same in Python", css="muted"), live=False, styles={"flex": "1 1 160px"}),
                self.toggle,
                self.export,
            ),
            self.hint,
            self.listed,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "6px"},
        )

    def write(self) -> tuple[str, bytes]:
        """Write the session as a notebook.

        Returns
        -------
        file : `tuple` [ `str`, `bytes` ]
            Name and content.
        """
        rows = self.curation.rows
        digests = {} if rows is None else {"visits": rows.key_digest}
        content = make_notebook(self.desk.log, self.desk.bench, digests)
        return f"session-{re.sub('[-:]', '', render_time(now()))}.ipynb", content

    def _show_hint(self) -> None:
        self.hint.object = code(self.desk.hint)

    def _turn(self) -> None:
        self.listed.visible = not self.listed.visible
        self.toggle.name = "Hide the session" if self.listed.visible else "Show the whole session"
        self._list()

    def _list(self) -> None:
        if not self.listed.visible:
            return
        entries = self.desk.log.entries
        earlier = (
            text_html(f"{len(entries) - _SHOWN} earlier actions are in the notebook.", css="muted")
            if len(entries) > _SHOWN
            else ""
        )
        items = "".join(
            f"<li>{text_html(f'{render_time(entry.time)[11:]} TAI: {entry.kind}', css='muted')}"
            f"{code(entry.python)}</li>"
            for entry in entries[-_SHOWN:]
        )
        first = max(0, len(entries) - _SHOWN) + 1
        self.listed.object = f'{earlier}<ol start="{first}" aria-label="Actions of this session">{items}</ol>'
