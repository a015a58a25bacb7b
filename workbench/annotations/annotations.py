"""Notes: add, supersede, retract, find."""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from workbench.annotations.note import Note, check_text, make_tombstones
from workbench.annotations.reading import find_notes, read_history, read_target
from workbench.annotations.tables import declare_annotations
from workbench.annotations.targets import TargetLike, resolve_targets
from workbench.annotations.vocabulary import CURATED_FLAGS, Severity, extend_vocabulary, read_vocabulary
from workbench.arguments import checked
from workbench.errors import AnnotationError, NoteChangedError, UnknownNameError
from workbench.presentation import presented
from workbench.registry import ExtensionTable, Registry
from workbench.sets.content.provenance import current_author, current_time

__all__ = ["KEEP", "Annotations"]


class _Keep(enum.Enum):
    KEEP = "keep"

    def __repr__(self) -> str:
        return self.name


KEEP = _Keep.KEEP
"""Leave this part of a note as it is."""


@checked
@presented
class Annotations:
    """The annotations of a repository.

    Rows are only ever added: a note that is superseded or retracted stays in
    its history.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry
        self._table: ExtensionTable | None = None

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def vocabulary(self) -> dict[str, Severity]:
        """Read the flags that notes may carry here; writes nothing.

        Returns
        -------
        vocabulary : `dict` [ `str`, `str` ]
            Severity by flag: "never use" or "needs follow-up".
        """
        return read_vocabulary(self._registry)

    def extend_vocabulary(
        self, flag: str, severity: Severity, meaning: str, *, author: str | None = None
    ) -> dict[str, Severity]:
        """Add a flag to the repository's vocabulary; writes.

        Parameters
        ----------
        flag : `str`
            Matches ``[a-z][a-z0-9_-]*``.
        severity : `str`
            "never use" or "needs follow-up".
        meaning : `str`
            When to use the flag.
        author : `str`, optional
            Who adds it; by default the login name.

        Returns
        -------
        vocabulary : `dict` [ `str`, `str` ]
            Severity by flag, the new one included.

        Raises
        ------
        workbench.errors.AnnotationError
            Raised if the flag exists with another severity, or is incomplete.
        """
        return extend_vocabulary(
            self._registry, flag, severity, meaning, author=current_author() if author is None else author
        )

    def prepare(self) -> None:
        """Make the table if there is none, so that a ``where`` can name it; may write."""
        declare_annotations(self._registry)

    def add(
        self,
        targets: TargetLike | Iterable[TargetLike],
        text: str,
        *,
        flag: str | None = None,
        tags: Sequence[str] = (),
        links: Sequence[str] = (),
        author: str | None = None,
        bot: bool = False,
    ) -> Note:
        """Say something about data IDs, datasets or collections; writes.

        Parameters
        ----------
        targets : `TargetLike` or iterable of them
            Data IDs (mappings), datasets (`~lsst.daf.butler.DatasetRef` or
            UUID), names of collections, or a `~workbench.sets.DataIdSet`.
        text : `str`
            What is to say.
        flag : `str`, optional
            A word of the vocabulary.
        tags, links : `~collections.abc.Sequence` [ `str` ], optional
            Free words and URLs.
        author : `str`, optional
            Who says it; by default the login name.
        bot : `bool`, optional
            Whether a program says it.

        Returns
        -------
        note : `Note`
            The note.

        Raises
        ------
        workbench.errors.AnnotationError
            Raised if the note is incomplete or the flag is unknown.
        workbench.errors.UnknownDataIdError
            Raised if a data ID or dataset does not exist.
        workbench.errors.UnknownNameError
            Raised if a collection or dimension does not exist.
        """
        note = Note(
            text=text,
            targets=tuple(resolve_targets(self._registry.butler, targets)),
            author=current_author() if author is None else author,
            time=current_time(),
            flag=flag,
            severity=self._judge(flag),
            tags=tuple(tags),
            links=tuple(links),
            bot=bot,
        )
        self._append(note.to_rows())
        return note

    def supersede(
        self,
        note_id: uuid.UUID | str,
        *,
        reason: str,
        text: str | _Keep = KEEP,
        targets: TargetLike | Iterable[TargetLike] | _Keep = KEEP,
        flag: str | _Keep | None = KEEP,
        tags: Sequence[str] | _Keep = KEEP,
        links: Sequence[str] | _Keep = KEEP,
        author: str | None = None,
        bot: bool = False,
        revision: int | None = None,
    ) -> Note:
        """Replace a note by another revision; writes.

        Parameters
        ----------
        note_id : `uuid.UUID` or `str`
            The note.
        reason : `str`
            Why.
        text, targets, flag, tags, links : optional
            As in `add`; what is not given stays as it is.
        author : `str`, optional
            Who does so; by default the login name.
        bot : `bool`, optional
            Whether a program does so.
        revision : `int`, optional
            Revision that was read; by default the current one, whichever.

        Returns
        -------
        note : `Note`
            The new revision.

        Raises
        ------
        workbench.errors.NoteChangedError
            Raised if the note has another revision than the one given.
        workbench.errors.UnknownNameError
            Raised if there is no such note.
        workbench.errors.AnnotationError
            Raised if the note was retracted, if a bot would override a
            person, or if the new revision is incomplete.
        """
        new_targets = () if targets is KEEP else tuple(resolve_targets(self._registry.butler, targets))
        with self._registry.transaction():
            rows, current = self._read_current(note_id, bot, revision)
            first = rows[0]
            dimensions = declare_annotations(self._registry).declaration.dimensions
            new_flag = first["flag"] if flag is KEEP else flag
            note = Note(
                text=first["text"] if text is KEEP else text,
                targets=new_targets or tuple(read_target(row, dimensions) for row in rows),
                author=current_author() if author is None else author,
                time=current_time(),
                flag=new_flag,
                severity=self._judge(new_flag),
                tags=tuple(json.loads(first["tags"]) if tags is KEEP else tags),
                links=tuple(json.loads(first["links"]) if links is KEEP else links),
                bot=bot,
                note_id=uuid.UUID(first["note_id"]),
                revision=current + 1,
                reason=_check_reason(reason),
            )
            new_rows = note.to_rows()
            # Targets are numbered anew; numbers that are left over end here.
            left = [row for row in rows if row["target"] >= len(new_rows)]
            new_rows += make_tombstones(
                left, revision=note.revision, author=note.author, bot=bot, time=note.time, reason=reason
            )
            self._append(new_rows)
        return note

    def retract(
        self,
        note_id: uuid.UUID | str,
        reason: str,
        *,
        author: str | None = None,
        bot: bool = False,
        revision: int | None = None,
    ) -> None:
        """Take a note back; writes.

        Parameters
        ----------
        note_id : `uuid.UUID` or `str`
            The note.
        reason : `str`
            Why.
        author : `str`, optional
            Who does so; by default the login name.
        bot : `bool`, optional
            Whether a program does so.
        revision : `int`, optional
            Revision that was read; by default the current one, whichever.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such note.
        workbench.errors.NoteChangedError
            Raised if the note has another revision than the one given.
        workbench.errors.AnnotationError
            Raised if it was retracted already, or a bot would override a
            person.
        """
        with self._registry.transaction():
            rows, current = self._read_current(note_id, bot, revision)
            self._append(
                make_tombstones(
                    rows,
                    revision=current + 1,
                    author=current_author() if author is None else author,
                    bot=bot,
                    time=current_time(),
                    reason=_check_reason(reason),
                )
            )

    def find(
        self,
        target: TargetLike | Iterable[TargetLike] | None = None,
        *,
        flag: str | Sequence[str] | None = None,
        severity: Severity | None = None,
        author: str | None = None,
        tag: str | None = None,
    ) -> pa.Table:
        """Find notes that are current; writes nothing.

        Parameters
        ----------
        target : `TargetLike` or iterable of them, optional
            Only notes on this dataset or collection, or on a data ID that is
            this one, a part of it, or a whole that it is a part of; of
            several, on one of them.
        flag, severity, author, tag : optional
            Only notes with these.

        Returns
        -------
        notes : `pyarrow.Table`
            One row a target of a note, oldest first; ``exists`` says what the
            Butler has now of a dataset ("stored", "registered" without its
            file, "gone") or a collection ("present", "gone", "replaced").

        Raises
        ------
        workbench.errors.UnknownDataIdError
            Raised if the target does not exist.
        """
        flags = [flag] if isinstance(flag, str) else list(flag or ())
        known = self.vocabulary()
        if unknown := [name for name in flags if name not in known]:
            raise UnknownNameError(f"There is no flag {unknown[0]!r}; the flags are {', '.join(known)}.")
        return find_notes(self._registry, target=target, flag=flag, severity=severity, author=author, tag=tag)

    def history(self, note_id: uuid.UUID | str) -> pa.Table:
        """Read all revisions of a note; writes nothing.

        Parameters
        ----------
        note_id : `uuid.UUID` or `str`
            The note.

        Returns
        -------
        revisions : `pyarrow.Table`
            One row a target and revision, oldest first; those with
            ``retracted`` took the note off the target.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is no such note.
        """
        return read_history(self._registry, note_id)

    def _judge(self, flag: str | None) -> Severity | None:
        """Look up what a flag asks for."""
        if flag is None:
            return None
        if flag in CURATED_FLAGS:
            return CURATED_FLAGS[flag]  # no repository can redefine it
        vocabulary = self.vocabulary()
        if flag not in vocabulary:
            raise AnnotationError(
                f"The flag {flag!r} is not in the vocabulary: {', '.join(vocabulary)}. "
                "Use one of these, or add it with extend_vocabulary."
            )
        return vocabulary[flag]

    def _append(self, rows: list[dict[str, object]]) -> None:
        names = {name for row in rows for name in row}
        dimensions = [name for name in self._registry.universe.dimensions.names if name in names]
        # Kept, since looking it up takes longer than writing a note: columns are never taken away.
        if self._table is None or not set(dimensions) <= set(self._table.declaration.dimensions):
            self._table = declare_annotations(self._registry, dimensions)
        self._table.append(rows)

    def _read_current(
        self, note_id: uuid.UUID | str, bot: bool, expected: int | None
    ) -> tuple[list[dict[str, Any]], int]:
        """Read the rows that a change is about to replace, and the number of their revision."""
        history = self.history(note_id).to_pylist()
        revision = max(row["revision"] for row in history)
        rows = [row for row in history if row["revision"] == revision and not row["retracted"]]
        if not rows:
            last = history[-1]
            raise AnnotationError(
                f"The note {note_id} was retracted by {last['author']} ({last['reason']}); add a new one."
            )
        if expected not in {None, revision}:
            raise NoteChangedError(
                f"The note {note_id} was changed by {rows[0]['author']} since you read its revision "
                f"{expected}: it is at revision {revision} now. Read that first."
            )
        if bot and not rows[0]["bot"]:
            raise AnnotationError(
                f"The note {note_id} is of {rows[0]['author']}, a person, and a bot never overrides "
                "a person. Add a note of the bot's own."
            )
        return sorted(rows, key=lambda row: int(row["target"])), revision


def _check_reason(reason: str) -> str:
    check_text(reason)
    if not reason.strip():
        raise AnnotationError("Superseding or retracting a note needs a reason: say why.")
    return reason
