"""Notes on what is chosen: read, written, revised, taken back; what others wrote meanwhile is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import param
import pyarrow as pa

from workbench.annotations import Note, Severity, resolve_targets
from workbench.registry.database.clock import now
from workbench.session.content.cells import count_text
from workbench.session.desk.desk import Desk
from workbench.session.desk.log import EntryKind
from workbench.session.notes.targets import NoteTargets
from workbench.session.notes.wording import KnownNote, Wording, WrittenNote, changed_arguments, find_notes
from workbench.sets.content.provenance import current_author

__all__ = ["Noting"]


class Noting(param.Parameterized):
    """The notes on some targets, and the one that is being written.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    """

    revision = param.Integer(default=0, doc="counts the changes")

    def __init__(self, desk: Desk):
        super().__init__()
        self.desk = desk
        self.aim = NoteTargets()
        self.notes: Sequence[KnownNote] = ()
        self.pending: WrittenNote | None = None
        self.meanwhile: Sequence[KnownNote] = ()
        self.aim_error = ""
        self._undone: list[tuple[str, str, Callable[[], bool]]] = []
        self._variables: dict[str, str] = {}

    @property
    def vocabulary(self) -> Mapping[str, Severity]:
        """Severity by flag (`~collections.abc.Mapping`)."""
        return self.desk.bench.annotations.vocabulary()

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty if nothing (`str`)."""
        return self._undone[-1][0] if self._undone else ""

    def take_aim(self, find: Callable[[], NoteTargets]) -> None:
        """Choose what notes are about, and read those there are.

        Parameters
        ----------
        find : `~collections.abc.Callable`
            Returns the targets.
        """
        aim, error = self.desk.attempt(find)
        if aim is None:
            self._aim_at(NoteTargets(), (), error)  # nothing is written on what was aimed at before
            return
        found, error = self.desk.carry_out(
            aim.with_line(f"[bench.annotations.find(target) for target in {_listed(aim)}]"),
            lambda: find_notes(self.desk.bench, aim.targets),
        )
        self._aim_at(NoteTargets() if found is None else aim, found or (), error)

    def _aim_at(self, aim: NoteTargets, found: Sequence[KnownNote], error: str) -> None:
        self.aim, self.notes, self.pending, self.meanwhile = aim, found, None, ()
        self.aim_error = error
        self.revision += 1

    def read_again(self, own: Collection[str] = ()) -> None:
        """Read the notes again; what others changed since is kept as `meanwhile`.

        Parameters
        ----------
        own : `~collections.abc.Collection` [ `str` ], optional
            Notes that this session has just written itself.
        """
        if not self.aim.targets:
            return
        found, _ = self.desk.attempt(lambda: find_notes(self.desk.bench, self.aim.targets))
        if found is None:
            return
        known = {note.note_id: note.revision for note in (*self.notes, *self.meanwhile)}
        changed = [
            note for note in found if note.note_id not in own and known.get(note.note_id) != note.revision
        ]
        if [(note.note_id, note.revision) for note in found] != [
            (note.note_id, note.revision) for note in self.notes
        ]:
            self.meanwhile = [
                *(note for note in self.meanwhile if note.note_id not in {new.note_id for new in changed}),
                *changed,
            ]
            self.notes = found
            self.revision += 1

    def prepare(self, wording: Wording) -> None:
        """Make out what a new note would be; writes nothing.

        Parameters
        ----------
        wording : `Wording`
            What it says.
        """
        self.read_again()
        if not self.aim.targets:
            if not self.aim_error:
                self.desk.tell("Choose first what the note is about.", "error")
            return
        self.pending = self.desk.act("", lambda: self._make(wording))
        self.revision += 1

    def write(self) -> bool:
        """Write the note that was previewed, unless others noted something since it was.

        Returns
        -------
        written : `bool`
            False if there is something to read first: writing again then
            adds the note beside it.
        """
        pending = self.pending
        if pending is None:
            self.desk.tell("Preview the note first.")
            return False
        before = len(self.meanwhile)
        self.read_again()
        if len(self.meanwhile) > before:
            self.desk.tell(
                "Others wrote about the same meanwhile: read it below. Writing again adds yours beside it."
            )
            return False
        words = pending.wording
        variable = f"note_{len(self._variables) + 1}"
        line = (
            f"{variable} = bench.annotations.add({self.aim.python}, {words.text!r}"
            f"{words.arguments()}{self.desk.author_argument})"
        )
        annotations = self.desk.bench.annotations
        note = self.desk.act(
            self.aim.with_line(line),
            lambda: annotations.add(
                self.aim.targets,
                words.text,
                flag=words.flag or None,
                tags=words.tags,
                links=words.links,
                author=self.desk.author,
            ),
            kind="write",
        )
        if note is None:
            return False
        note_id = str(note.note_id)
        self._variables[note_id] = variable
        self._undone.append((f"note on {self.aim.label}", note_id, lambda: self._retract(note_id, "undone")))
        self._settle(f"Noted on {count_text(len(note.targets), 'target')}.", note_id)
        return True

    def revise(self, note: KnownNote, wording: Wording, reason: str) -> bool:
        """Supersede a note, unless somebody changed it since it was read.

        Parameters
        ----------
        note : `KnownNote`
            As it was read.
        wording : `Wording`
            What it shall say.
        reason : `str`
            Why.

        Returns
        -------
        written : `bool`
            False if it failed, and the user was told.
        """
        if wording == note.wording:
            self.desk.tell("Nothing of the note was changed.")
            return False
        if not self._supersede(note.note_id, wording, reason, note.revision):
            return False
        back = note.wording
        self._undone.append(
            (
                f"revision of {_short(note.wording.text)}",
                note.note_id,
                lambda: self._supersede(note.note_id, back, "undone", note.revision + 1),
            )
        )
        self._settle(f"The note has a revision {note.revision + 1} now.", note.note_id)
        return True

    def retract(self, note: KnownNote, reason: str) -> bool:
        """Take a note back, unless somebody changed it since it was read.

        Parameters
        ----------
        note : `KnownNote`
            As it was read.
        reason : `str`
            Why.

        Returns
        -------
        done : `bool`
            False if it failed, and the user was told.
        """
        if not self._retract(note.note_id, reason, note.revision):
            return False
        self._settle("The note was retracted; it stays in the history.", note.note_id)
        return True

    def change_all(
        self, notes: Sequence[KnownNote], change: Callable[[Wording], Wording], reason: str
    ) -> bool:
        """Revise several notes, all or none of them.

        Parameters
        ----------
        notes : `~collections.abc.Sequence` [ `KnownNote` ]
            As they were read.
        change : `~collections.abc.Callable`
            Makes the wording of each from the one that it has.
        reason : `str`
            Why.

        Returns
        -------
        done : `bool`
            False if it failed, and the user was told.
        """
        changes = [(note, change(note.wording)) for note in notes if change(note.wording) != note.wording]
        if not changes:
            self.desk.tell("None of these notes would change.")
            return False
        lines = [
            f"    bench.annotations.supersede({self._name(note.note_id)}, reason={reason!r}"
            f"{changed_arguments(note.wording, words)}{self.desk.author_argument})"
            for note, words in changes
        ]
        bench = self.desk.bench

        def write() -> bool:
            with bench.registry.transaction():
                for note, words in changes:
                    self._write_revision(note.note_id, words, reason, note.revision)
            return True

        hint = "\n".join(["with bench.registry.transaction():", *lines])
        if not self.desk.act(hint, write, kind="write"):
            self._show_others()
            return False
        self._settle(f"{count_text(len(changes), 'note')} revised.", *(note.note_id for note, _ in changes))
        return True

    def history(self, note_id: str) -> pa.Table | None:
        """Read all revisions of a note.

        Parameters
        ----------
        note_id : `str`
            Its UUID.

        Returns
        -------
        revisions : `pyarrow.Table` or `None`
            One row a target and revision, oldest first.
        """
        annotations = self.desk.bench.annotations
        hint = f"bench.annotations.history({self._name(note_id)})"
        # Of a note that this session wrote, a replay that writes nothing has no history.
        kind: EntryKind = "write" if note_id in self._variables else "look"
        return self.desk.act(hint, lambda: annotations.history(note_id), kind=kind)

    def extend_vocabulary(self, flag: str, severity: Severity, meaning: str) -> bool:
        """Add a flag to the repository's vocabulary.

        Parameters
        ----------
        flag, severity, meaning : `str`
            As for `~workbench.annotations.Annotations.extend_vocabulary`.

        Returns
        -------
        done : `bool`
            False if it failed, and the user was told.
        """
        annotations = self.desk.bench.annotations
        arguments = f"{flag!r}, {severity!r}, {meaning!r}{self.desk.author_argument}"
        done = self.desk.act(
            f"bench.annotations.extend_vocabulary({arguments})",
            lambda: annotations.extend_vocabulary(flag, severity, meaning, author=self.desk.author),
            kind="write",
        )
        if done is not None:
            self.revision += 1
        return done is not None

    def undo(self) -> None:
        """Take back what was written last in this session, by a retraction or another revision."""
        if self._undone:
            label, note_id, take_back = self._undone.pop()
            if take_back():
                self._settle(f"Taken back: {label}.", note_id)

    def has_read(self) -> None:
        """Say that what others wrote meanwhile was read."""
        self.meanwhile = ()
        self.revision += 1

    def _settle(self, message: str, *own: str) -> None:
        """Read again after this session has written."""
        self.pending = None
        self.read_again(own)
        self.desk.tell(message, "done")
        self.desk.n_noted += 1
        self.revision += 1

    def _show_others(self) -> None:
        """Show what changed after a refusal, and keep its message."""
        message = self.desk.message
        self.read_again()
        self.desk.tell(message, "error")

    def _make(self, wording: Wording) -> WrittenNote:
        targets = resolve_targets(self.desk.bench.butler, self.aim.targets)
        severity = self.vocabulary.get(wording.flag)
        # The note itself says what is wrong with it.
        Note(
            text=wording.text,
            targets=tuple(targets),
            author=self.desk.author or current_author(),
            time=now(),
            flag=wording.flag or None,
            severity=severity,
            tags=wording.tags,
            links=wording.links,
        )
        return WrittenNote(wording, severity or "", tuple(target.label for target in targets))

    def _supersede(self, note_id: str, words: Wording, reason: str, revision: int) -> bool:
        before = next((note.wording for note in self.notes if note.note_id == note_id), Wording(""))
        hint = (
            f"bench.annotations.supersede({self._name(note_id)}, reason={reason!r}"
            f"{changed_arguments(before, words)}{self.desk.author_argument})"
        )
        done = self.desk.act(
            hint, lambda: self._write_revision(note_id, words, reason, revision), kind="write"
        )
        if done is None:
            self._show_others()
        return done is not None

    def _write_revision(self, note_id: str, words: Wording, reason: str, revision: int) -> Note:
        return self.desk.bench.annotations.supersede(
            note_id,
            reason=reason,
            text=words.text,
            flag=words.flag or None,
            tags=words.tags,
            links=words.links,
            author=self.desk.author,
            revision=revision,
        )

    def _retract(self, note_id: str, reason: str, revision: int | None = None) -> bool:
        annotations = self.desk.bench.annotations
        hint = (
            f"bench.annotations.retract({self._name(note_id)}, reason={reason!r}{self.desk.author_argument})"
        )

        def write() -> bool:
            annotations.retract(note_id, reason, author=self.desk.author, revision=revision)
            return True

        done = self.desk.act(hint, write, kind="write")
        if done is None:
            self._show_others()
        return done is not None

    def _name(self, note_id: str) -> str:
        """Name a note in Python: one of this session has another UUID when it is written again."""
        variable = self._variables.get(note_id)
        return repr(note_id) if variable is None else f"{variable}.note_id"


def _listed(aim: NoteTargets) -> str:
    return f"[{aim.python}]" if aim.before else aim.python


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:29]}…"
