"""The notes view: read what was said about the selection, say something, revise, take back."""

from __future__ import annotations

import functools
from collections.abc import Callable

import panel as pn

from workbench.rendering import render_time
from workbench.session.content.cells import count_text, show_value
from workbench.session.content.column_view import ColumnView
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.session.notes.targets import NoteTargets, aim_at_selection, aim_at_text, aim_at_visits
from workbench.session.notes.wording import KnownNote
from workbench.ui.elements.pieces import button, code, name_step, panel, row, side_by_side, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.notes.note_form import NoteForm
from workbench.ui.notes.revising_view import RevisingView
from workbench.ui.notes.vocabulary_view import VocabularyView

__all__ = ["NotesView"]

_PAGE = 12
_NOTES = [
    ColumnView("flag", mark="state", wide=True),
    ColumnView("text", wide=True),
    ColumnView("about", wide=True),
    ColumnView("tags", wide=True),
    ColumnView("links", wide=True),
    ColumnView("author", "by"),
    ColumnView("time", "when (TAI)", wide=True),
    ColumnView("revisions", mark="open"),
]
_HISTORY = [
    ColumnView("revision", align="right"),
    ColumnView("did"),
    ColumnView("author", "by"),
    ColumnView("time", "when (TAI)"),
    ColumnView("flag"),
    ColumnView("text", wide=True),
    ColumnView("reason", wide=True),
    ColumnView("targets", align="right"),
]
STATES = {"never use": "out", "needs follow-up": "part"}
"""How rows of the two severities look."""


class NotesView:
    """Notes on visits of the set, or on anything that is typed.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    curation : `~workbench.session.curation.curation.Curation`
        The set whose visits may be noted on.
    selection : `~workbench.session.content.selection.SharedSelection`, optional
        What is selected in the linked views.
    """

    def __init__(self, desk: Desk, curation: Curation, selection: SharedSelection | None = None):
        self.desk = desk
        self.curation = curation
        self.selection = SharedSelection() if selection is None else selection
        self.noting = Noting(desk)
        self._page = 0
        self._numbers: dict[str, int] = {}
        self._aimed = ""  # what stood in the field when aim was taken last
        self.targets = pn.widgets.TextAreaInput(
            name="About: visits, collections, others, one a line",
            placeholder="96954, 96980.4\ntract=9813, patch=3",
            rows=2,
            auto_grow=True,
            max_rows=8,
            max_length=200_000,
            margin=0,
            styles={"flex": "1 1 360px"},
        )
        self.look = button("Show notes", primary=True)
        self.from_set = {
            "in": button("Visits in the set"),
            "out": button("Visits left out"),
            "hand": button("Decided by hand"),
        }
        self.selected = button("Selected in Explore")
        self.summary = Prose(
            text_html("Choose what to see the notes on, and to write about.", css="muted"),
            styles={"flex": "1 1 300px"},
        )
        self.undo = button("Undo", disabled=True)
        self.notes = DataTable(
            caption="Notes on the selection", action="Edit", page_size=_PAGE, pager=True, empty="No notes yet"
        )
        self.others = Prose()
        self.read = button("I have read it")
        self._others = panel("Written by others meanwhile", self.others, row(self.read), visible=False)
        self.history_title = Prose(styles={"flex": "1 1 200px"})
        self.close = button("Close")
        self.history = DataTable(caption="Revisions of the note", height_limit=300)
        self._history = panel("", row(self.history_title, self.close), self.history, visible=False)
        self.form = NoteForm(desk, self.noting, self._aim_at_typed)
        self.revising = RevisingView(desk, self.noting)
        self.vocabulary = VocabularyView(desk, self.noting)
        self._connect()
        self.view = pn.Column(
            panel(
                "Notes",
                row(self.targets, self.look, *self.from_set.values(), self.selected),
                row(self.summary, self.undo, align_items="center"),
                self.notes,
            ),
            self._others,
            self._history,
            side_by_side([self.form.view, self.revising.view], [560, 420]),
            self.vocabulary.view,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )
        self.show()

    def _connect(self) -> None:
        noting = self.noting
        self.look.on_click(lambda _: self._aim_at_text())
        for which, pressed in self.from_set.items():
            pressed.on_click(functools.partial(self._aim_at_visits, which))
        self.selected.on_click(lambda _: self.aim_at_selection())
        self.undo.on_click(lambda _: noting.undo())
        self.notes.on_row(self._edit)
        self.notes.on_cell(lambda key, _: self._show_history(key))
        self.notes.on_page(self._turn)
        self.read.on_click(lambda _: noting.has_read())
        self.close.on_click(lambda _: setattr(self._history, "visible", False))
        noting.param.watch(lambda *_: self.show(), "revision")
        self.desk.param.watch(lambda *_: noting.read_again(), "n_noted")

    def show(self) -> None:
        """Show the notes as they were read last."""
        noting = self.noting
        name_step(self.undo, "Undo", noting.undo_label)
        if noting.aim.targets:
            n_never = sum(note.severity == "never use" for note in noting.notes)
            n_follow = sum(note.severity == "needs follow-up" for note in noting.notes)
            self.summary.object = text_html(
                f"{count_text(len(noting.notes), 'note')} on {noting.aim.label}: "
                f"never use {n_never:,}, needs follow-up {n_follow:,}.",
                css="sentence",
                role="status",
            )
        elif noting.aim_error:
            self.summary.object = code(noting.aim_error, "error")
        self._turn(self._page)
        self._others.visible = bool(noting.meanwhile)
        self.others.object = "".join(
            text_html(_tell(note), css="sentence", role="status") for note in noting.meanwhile
        )

    def _turn(self, page: int) -> None:
        notes = list(reversed(self.noting.notes))
        self._page = min(page, max(0, (len(notes) - 1) // _PAGE))
        shown = notes[self._page * _PAGE : (self._page + 1) * _PAGE]
        cells = [
            [
                f"{note.wording.flag} ({note.severity})" if note.wording.flag else "no flag",
                note.wording.text,
                _about(note),
                ", ".join(note.wording.tags),
                " ".join(note.wording.links),
                f"{note.author} (bot)" if note.bot else note.author,
                render_time(note.time),
                count_text(note.revision, "revision"),
            ]
            for note in shown
        ]
        # Keys are what is read aloud with each button: numbers rather than UUIDs, and a note keeps its own.
        for note in self.noting.notes:
            self._numbers.setdefault(note.note_id, len(self._numbers) + 1)
        self.notes.fill(
            _NOTES,
            cells,
            keys=[f"note {self._numbers[note.note_id]}" for note in shown],
            states=[STATES.get(note.severity, "") for note in shown],
            total=len(notes),
            page=self._page,
        )

    def _note(self, key: str) -> KnownNote:
        number = int(key.rpartition(" ")[2])
        return next(note for note in self.noting.notes if self._numbers[note.note_id] == number)

    def _edit(self, key: str) -> None:
        self.form.edit(self._note(key))

    def _aim_at_text(self) -> None:
        instruments, text = self.curation.visits.instruments, typed(self.targets)
        self._take_aim(lambda: aim_at_text(self.desk.bench, text, instruments))

    def _aim_at_typed(self) -> None:
        """Take aim at what was typed since, and not asked about: a note is on what stands there."""
        if typed(self.targets) not in {"", self._aimed}:
            self._aim_at_text()

    def aim_at_selection(self) -> None:
        """Show the notes on what is selected in the linked views, and write about that."""
        self._take_aim(lambda: aim_at_selection(self.desk.bench, self.selection))

    def _aim_at_visits(self, which: str, _: object) -> None:
        self._take_aim(lambda: aim_at_visits(self.desk.bench, self.curation, which))

    def _take_aim(self, find: Callable[[], NoteTargets]) -> None:
        self._aimed = typed(self.targets)
        self.noting.take_aim(find)

    def _show_history(self, key: str) -> None:
        note = self._note(key)
        table = self.noting.history(note.note_id)
        if table is None:
            return
        revisions: dict[int, list[dict[str, object]]] = {}
        for item in table.to_pylist():
            revisions.setdefault(int(item["revision"]), []).append(item)
        cells = []
        for number, rows in sorted(revisions.items()):
            kept = [item for item in rows if not item["retracted"]]
            first = (kept or rows)[0]
            did = "wrote" if number == 1 else "revised" if kept else "retracted"
            shown = {
                **first,
                "did": did,
                "time": render_time(float(str(first["time"]))),
                "targets": len(kept),
            }
            cells.append([show_value(shown[column.name]) for column in _HISTORY])
        self.history.fill(_HISTORY, cells)
        self.history_title.object = text_html(f"History of {key}: {_about(note)}", tag="h2")
        self._history.visible = True


def _about(note: KnownNote) -> str:
    first = "; ".join(note.targets[:2])
    more = len(note.targets) - 2
    return f"{first} and {more:,} more" if more > 0 else first


def _tell(note: KnownNote) -> str:
    flag = f" [{note.wording.flag}: {note.severity}]" if note.wording.flag else ""
    did = "wrote" if note.revision == 1 else f"made revision {note.revision}"
    return f"{note.author} {did} about {_about(note)}:{flag} {note.wording.text}"
