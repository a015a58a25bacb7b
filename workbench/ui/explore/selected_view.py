"""The panel below the linked views: what is done with the visits that are selected."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from workbench.session.content.cells import count_text
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.curation.draft import Source
from workbench.session.desk.desk import Desk
from workbench.session.steps import Step
from workbench.ui.elements.pieces import button, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose

__all__ = ["SelectedView"]


class SelectedView:
    """Hand the selection on: to the set, or to the notes.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Tells what was done.
    selection : `~workbench.session.content.selection.SharedSelection`
        What is selected.
    curation : `~workbench.session.curation.curation.Curation`
        The set.
    note_on_it : `~collections.abc.Callable`
        Turns to the notes on the selection.
    """

    def __init__(
        self, desk: Desk, selection: SharedSelection, curation: Curation, note_on_it: Callable[[], None]
    ):
        self.desk = desk
        self.selection = selection
        self.curation = curation
        self.summary = Prose(styles={"flex": "1 1 100%"})
        self.reason = pn.widgets.TextInput(
            name="Reason for the edit", placeholder="trailed", margin=0, styles={"flex": "1 1 220px"}
        )
        self.begin = button("Make it the set", primary=True)
        self.take_in = button("Take it into the set")
        self.leave_out = button("Leave it out of the set")
        self.note = button("Note on it")
        self.begin.on_click(lambda _: self._begin())
        self.take_in.on_click(lambda _: self._edit(included=True))
        self.leave_out.on_click(lambda _: self._edit(included=False))
        self.note.on_click(lambda _: note_on_it())
        selection.param.watch(lambda *_: self.show(), "revision")
        curation.param.watch(lambda *_: self.show(), "revision")
        self.view = panel(
            "With the selection",
            self.summary,
            row(self.reason, self.take_in, self.leave_out, self.begin, self.note),
        )
        self.show()

    def show(self) -> None:
        """Say what is selected, and how the set stands."""
        keys = self.selection.to_keys()
        for pressed in (self.begin, self.take_in, self.leave_out, self.note):
            pressed.disabled = not keys
        if not keys:
            text = "Nothing is selected: mark visits in any of the views above."
            if self.selection.detectors:
                text = "Detectors alone are selected: select visits too."
        else:
            what = "visit" if len(keys[0]) == 2 else "detector of a visit"
            counted = count_text(len(keys), what) if what == "visit" else f"{len(keys):,} detectors of visits"
            text = f"{counted} selected."
        size = self.curation.size
        told = f"{text} The set: {size}." if size else text
        self.summary.object = text_html(told, css="sentence", role="status")

    def _open(self) -> None:
        """Read what a set is made of, which who only looks around does not wait for."""
        if not self.curation.visits.rows:
            self.curation.refresh()

    def _begin(self) -> None:
        self._open()
        selection = self.selection
        if selection.where and not selection.detectors:
            self.curation.choose(selection.where)
        else:
            rows = self.desk.act("", lambda: selection.to_set(self.desk.bench))
            if rows is None:
                return
            source = Source("the selection", rows, selection.to_expression())
            self.curation.begin(source, "the selection as the set")
        self._tell("The selection is the set now")

    def _edit(self, *, included: bool) -> None:
        self._open()
        keys = self.selection.to_keys()
        self.curation.edit(keys, included=included, reason=typed(self.reason))
        self._tell("Taken in" if included else "Left out")

    def _tell(self, what: str) -> None:
        if self.curation.error:
            self.desk.tell(self.curation.error, "error")
        else:
            told = f"{what}: {self.curation.size} in the set. Undo and save in {Step.CHOOSE}."
            self.desk.tell(told, "done")
