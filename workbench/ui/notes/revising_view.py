"""Several notes revised at once, with a preview of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import panel as pn

from workbench.session.content.cells import count_text
from workbench.session.content.column_view import ColumnView
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.session.notes.wording import KnownNote, Wording
from workbench.ui.elements.pieces import button, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable
from workbench.ui.notes.note_form import flag_options

__all__ = ["RevisingView"]

_CHANGES = {"set the flag": "flag", "add a tag": "add", "remove a tag": "remove", "add a link": "link"}
_ANY = "any"


class RevisingView:
    """Change the flag, tags or links of all notes that are shown, or of some.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    noting : `~workbench.session.notes.noting.Noting`
        The notes.
    """

    def __init__(self, desk: Desk, noting: Noting):
        self.desk = desk
        self.noting = noting
        self._planned: Sequence[KnownNote] = ()
        self._change: Callable[[Wording], Wording] | None = None
        self.which = pn.widgets.Select(name="Of the notes with flag", margin=0, width=210)
        self.who = pn.widgets.TextInput(name="by author (all if empty)", margin=0, width=170)
        self.what = pn.widgets.Select(name="do this", options=_CHANGES, margin=0, width=140)
        self.flag = pn.widgets.Select(name="Flag from now on", margin=0, width=210)
        self.word = pn.widgets.TextInput(
            name="Tag or link", margin=0, visible=False, styles={"flex": "1 1 140px"}
        )
        self.reason = pn.widgets.TextInput(
            name="Reason for changing them",
            placeholder="vocabulary tidied",
            margin=0,
            styles={"flex": "1 1 180px"},
        )
        self.preview = button("Preview the changes")
        self.write = button("Write the revisions", primary=True, disabled=True)
        self.promise = Prose()
        self.changes = DataTable(caption="What would change", height_limit=300, visible=False)
        self.what.param.watch(lambda *_: self._show_fields(), "value")
        self.preview.on_click(lambda _: self._prepare())
        self.write.on_click(lambda _: self._write())
        for field in (self.which, self.who, self.what, self.flag, self.word):
            field.param.watch(lambda *_: self._forget(), "value")
        noting.param.watch(lambda *_: self.show(), "revision")
        self.view = panel(
            "Revise several notes",
            row(self.which, self.who),
            row(self.what, self.flag, self.word),
            row(self.reason),
            row(self.preview, self.write),
            self.promise,
            self.changes,
        )
        self.show()

    def show(self) -> None:
        """Offer the flags that there are."""
        used = sorted({note.wording.flag for note in self.noting.notes})
        options = {_ANY: _ANY, **{flag or "no flag": flag for flag in used}}
        self.which.param.update(options=options, value=self.which.value if self.which.value in used else _ANY)
        flags = flag_options(self.noting)
        if flags != self.flag.options:
            self.flag.param.update(options=flags, value=self.flag.value or "")
        self._forget()

    def _show_fields(self) -> None:
        self.flag.visible = self.what.value == "flag"
        self.word.visible = not self.flag.visible

    def _make_change(self) -> Callable[[Wording], Wording]:
        flag, word, what = self.flag.value or "", typed(self.word), self.what.value

        def change(words: Wording) -> Wording:
            match what:
                case "flag":
                    return dataclasses.replace(words, flag=flag)
                case "add":
                    return dataclasses.replace(words, tags=tuple(dict.fromkeys([*words.tags, word])))
                case "remove":
                    return dataclasses.replace(words, tags=tuple(tag for tag in words.tags if tag != word))
            return dataclasses.replace(words, links=tuple(dict.fromkeys([*words.links, word])))

        return change

    def _prepare(self) -> None:
        if self.what.value != "flag" and not typed(self.word):
            self.desk.tell("Write the tag or the link first.", "error")
            return
        who = typed(self.who)
        change = self._make_change()
        self._planned = [
            note
            for note in self.noting.notes
            if (self.which.value in {_ANY, note.wording.flag})
            and (not who or note.author == who)
            and change(note.wording) != note.wording
        ]
        self._change = change
        promised = (
            f"Will be written: a revision of {count_text(len(self._planned), 'note')}, all or none."
            if self._planned
            else "No note would change: none is shown above to which this applies."
        )
        self.promise.object = text_html(promised, css="sentence", role="status")
        columns = [
            ColumnView("text", wide=True),
            ColumnView("before", wide=True),
            ColumnView("after", wide=True),
            ColumnView("author", "by"),
        ]
        cells = [
            [note.wording.text, _show(note.wording), _show(change(note.wording)), note.author]
            for note in self._planned
        ]
        self.changes.fill(columns, cells)
        self.changes.visible = bool(cells)
        self.write.disabled = not cells

    def _write(self) -> None:
        if self._change is not None and self._planned:
            self.noting.change_all(self._planned, self._change, typed(self.reason))

    def _forget(self) -> None:
        self._planned, self._change = (), None
        self.write.disabled = True
        self.changes.visible = False
        self.promise.object = ""


def _show(words: Wording) -> str:
    return "; ".join([words.flag or "no flag", *words.tags, *words.links])
