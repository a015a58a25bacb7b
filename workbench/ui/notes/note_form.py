"""The form in which a note is written or revised."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from workbench.session.content.cells import count_text
from workbench.session.content.column_view import ColumnView
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.session.notes.wording import KnownNote, Wording
from workbench.ui.elements.pieces import button, panel, row, text_html, typed
from workbench.ui.elements.prose import Prose
from workbench.ui.elements.tables.table import DataTable

__all__ = ["NoteForm", "flag_options"]

_PAGE = 10


class NoteForm:
    """Write a note with a preview of what it will be about, or revise one.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Messages.
    noting : `~workbench.session.notes.noting.Noting`
        The notes.
    aim : `~collections.abc.Callable`
        Called before a note is previewed: takes aim at what was typed since.
    """

    def __init__(self, desk: Desk, noting: Noting, aim: Callable[[], None] = lambda: None):
        self.desk = desk
        self.noting = noting
        self._aim = aim
        self.edited: KnownNote | None = None
        self._page = 0
        self._make_widgets()
        self.title = Prose(text_html("Write a note", tag="h2"), live=False)
        self._new = row(self.preview, self.write)
        self._old = row(self.reason, self.revise, self.retract, self.as_new, self.stop, visible=False)
        self.view = panel(
            "",
            self.title,
            self.text,
            row(self.flag, self.tags, self.links),
            self._new,
            self._old,
            self.promise,
            self.targets,
        )
        noting.param.watch(lambda *_: self.show(), "revision")

    def _make_widgets(self) -> None:
        self.text = pn.widgets.TextAreaInput(
            name="Text",
            placeholder="satellite trail across the middle row",
            rows=2,
            margin=0,
            sizing_mode="stretch_width",
        )
        self.flag = pn.widgets.Select(name="Flag", options=flag_options(self.noting), margin=0, width=210)
        self.tags = pn.widgets.TextInput(
            name="Tags, separated by commas",
            placeholder="trail, night-report",
            margin=0,
            styles={"flex": "1 1 150px"},
        )
        self.links = pn.widgets.TextInput(
            name="Links, separated by spaces",
            placeholder="https://example.org/DM-1234",
            margin=0,
            styles={"flex": "1 1 190px"},
        )
        self.preview = button("Preview the note")
        self.write = button("Write it", primary=True, disabled=True)
        self.reason = pn.widgets.TextInput(
            name="Reason for the change", placeholder="looked again", margin=0, styles={"flex": "1 1 180px"}
        )
        self.revise, self.retract = button("Save the revision", primary=True), button("Retract")
        self.as_new, self.stop = button("Add as a note of its own"), button("Stop editing")
        self.promise = Prose()
        self.targets = DataTable(
            caption="What the note will be about", page_size=_PAGE, pager=True, visible=False
        )
        self.preview.on_click(lambda _: self._prepare())
        self.write.on_click(lambda _: self._write())
        self.revise.on_click(lambda _: self._revise())
        self.retract.on_click(lambda _: self._retract())
        self.as_new.on_click(lambda _: self._as_new())
        self.stop.on_click(lambda _: self.edit(None))
        self.targets.on_page(self._turn)
        for field in (self.text, self.tags, self.links):
            field.param.watch(lambda *_: self._forget(), "value_input")
        self.flag.param.watch(lambda *_: self._forget(), "value")

    def wording(self) -> Wording:
        """Return what stands in the form.

        Returns
        -------
        wording : `~workbench.session.notes.wording.Wording`
            As it was typed.
        """
        tags = tuple(dict.fromkeys(tag.strip() for tag in typed(self.tags).split(",") if tag.strip()))
        return Wording(typed(self.text), self.flag.value or "", tags, tuple(typed(self.links).split()))

    def edit(self, note: KnownNote | None) -> None:
        """Put a note into the form.

        Parameters
        ----------
        note : `~workbench.session.notes.wording.KnownNote` or `None`
            The note; `None` for a new one.
        """
        self.edited = note
        words = Wording("") if note is None else note.wording
        for field, text in (
            (self.text, words.text),
            (self.tags, ", ".join(words.tags)),
            (self.links, " ".join(words.links)),
            (self.reason, ""),
        ):
            field.param.update(value=text, value_input=text)
        self.flag.value = words.flag
        self._show_mode()

    def show(self) -> None:
        """Show what would be written."""
        options = flag_options(self.noting)
        if options != self.flag.options:
            self.flag.param.update(options=options, value=self.flag.value)
        pending = self.noting.pending
        self.write.disabled = pending is None
        self.targets.visible = pending is not None
        if pending is None:
            self.promise.object = ""
            return
        flag = (
            f"with the flag {pending.wording.flag} ({pending.severity})"
            if pending.severity
            else "without a flag"
        )
        self.promise.object = text_html(
            f"Will be written: one note on {count_text(len(pending.targets), 'target')}, "
            f"{flag}. Nothing that others wrote is changed.",
            css="sentence",
            role="status",
        )
        self._turn(0)

    def _show_mode(self) -> None:
        note = self.edited
        self._new.visible, self._old.visible = note is None, note is not None
        title = "Write a note" if note is None else f"Revise revision {note.revision} by {note.author}"
        self.title.object = text_html(title, tag="h2")

    def _turn(self, page: int) -> None:
        pending = self.noting.pending
        if pending is not None:
            shown = pending.targets[page * _PAGE : (page + 1) * _PAGE]
            notes = [
                str(sum(target in note.targets for note in self.noting.notes) or "none") for target in shown
            ]
            columns = [ColumnView("target", wide=True), ColumnView("notes", "notes on it now", align="right")]
            cells = [[target, n] for target, n in zip(shown, notes, strict=True)]
            self.targets.fill(columns, cells, total=len(pending.targets), page=page)

    def _forget(self) -> None:
        """What was previewed is no longer what stands in the form."""
        if self.noting.pending is not None and self.noting.pending.wording != self.wording():
            self.noting.pending = None
            self.show()

    def _prepare(self) -> None:
        self._aim()
        self.noting.prepare(self.wording())

    def _write(self) -> None:
        if self.noting.write():
            self.edit(None)

    def _revise(self) -> None:
        if self.edited is not None:
            if self.noting.revise(self.edited, self.wording(), typed(self.reason)):
                self.edit(None)
            else:
                self._follow()

    def _retract(self) -> None:
        if self.edited is not None:
            if self.noting.retract(self.edited, typed(self.reason)):
                self.edit(None)
            else:
                self._follow()

    def _follow(self) -> None:
        """After a refusal: what is typed stays, and stands against the revision that is shown now."""
        note = self.edited
        if note is not None:
            same = (item for item in self.noting.notes if item.note_id == note.note_id)
            self.edited = next(same, note)
            self._show_mode()

    def _as_new(self) -> None:
        self.edited = None
        self._show_mode()
        self.noting.prepare(self.wording())


def flag_options(noting: Noting) -> dict[str, str]:
    """Return the flags as a choice.

    Parameters
    ----------
    noting : `~workbench.session.notes.noting.Noting`
        Reads the vocabulary.

    Returns
    -------
    options : `dict` [ `str`, `str` ]
        Flag by what is shown, those that say "never use" first.
    """
    flags = sorted(noting.vocabulary.items(), key=lambda item: (item[1] != "never use", item[0]))
    return {"no flag": "", **{f"{flag} ({severity})": flag for flag, severity in flags}}
