"""Notes: who said what about which data."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.cli.data_ids import parse_data_ids, parse_target
from workbench.cli.place import Place
from workbench.cli.printing import cut, print_facts, print_json, print_objects, print_rows, to_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.annotations import Note, Severity

__all__ = [
    "add",
    "extend_vocabulary",
    "print_history",
    "print_inherited",
    "print_notes",
    "print_vocabulary",
    "retract",
    "supersede",
]


def add(
    place: Place,
    targets: Sequence[str],
    text: str,
    *,
    flag: str | None = None,
    tags: tuple[str, ...] = (),
    links: tuple[str, ...] = (),
    author: str | None = None,
    bot: bool = False,
    as_json: bool = False,
) -> None:
    """Write a note.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    targets : `~collections.abc.Sequence` [ `str` ]
        As `~workbench.cli.data_ids.parse_target` reads them.
    text : `str`
        The note.
    flag : `str`, optional
        From the vocabulary.
    tags, links : `tuple` [ `str`, ... ], optional
        Free tags, and URLs.
    author : `str`, optional
        Who says it.
    bot : `bool`, optional
        Whether a program says it.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        about = [parse_target(bench, target) for target in targets]
        note = bench.annotations.add(about, text, flag=flag, tags=tags, links=links, author=author, bot=bot)
    _print_note(note, as_json=as_json)


def supersede(
    place: Place,
    note_id: str,
    *,
    reason: str,
    text: str | None = None,
    flag: str | None = None,
    no_flag: bool = False,
    tags: tuple[str, ...] = (),
    links: tuple[str, ...] = (),
    targets: tuple[str, ...] = (),
    author: str | None = None,
    bot: bool = False,
    as_json: bool = False,
) -> None:
    """Replace a note by another revision.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    note_id : `str`
        The note.
    reason : `str`
        Why.
    text, flag : `str`, optional
        New text and flag.
    no_flag : `bool`, optional
        Take the flag off.
    tags, links, targets : `tuple` [ `str`, ... ], optional
        In place of those there are; empty keeps them.
    author : `str`, optional
        Who does so.
    bot : `bool`, optional
        Whether a program does so.
    as_json : `bool`, optional
        Print one object.
    """
    from workbench.annotations import KEEP

    with place.work() as bench:
        note = bench.annotations.supersede(
            note_id,
            reason=reason,
            text=KEEP if text is None else text,
            flag=None if no_flag else KEEP if flag is None else flag,
            tags=tags or KEEP,
            links=links or KEEP,
            targets=[parse_target(bench, target) for target in targets] if targets else KEEP,
            author=author,
            bot=bot,
        )
    _print_note(note, as_json=as_json)


def retract(
    place: Place,
    note_id: str,
    reason: str,
    *,
    author: str | None = None,
    bot: bool = False,
    as_json: bool = False,
) -> None:
    """Take a note back.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    note_id : `str`
        The note.
    reason : `str`
        Why.
    author : `str`, optional
        Who does so.
    bot : `bool`, optional
        Whether a program does so.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        bench.annotations.retract(note_id, reason, author=author, bot=bot)
    facts = {"note": note_id, "retracted": True, "reason": reason}
    print_facts(facts, as_json=as_json)


def print_notes(
    place: Place,
    target: str | None,
    *,
    flag: str | None = None,
    severity: Severity | None = None,
    author: str | None = None,
    tag: str | None = None,
    limit: int = 100,
    as_json: bool = False,
) -> None:
    """Print the current notes.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    target : `str` or `None`
        Only those about this.
    flag, severity, author, tag : `str`, optional
        Only those with these.
    limit : `int`, optional
        At most so many aligned rows.
    as_json : `bool`, optional
        Print JSON, all rows.
    """
    with place.look() as bench:
        about = None if target is None else parse_target(bench, target)
        found = bench.annotations.find(target=about, flag=flag, severity=severity, author=author, tag=tag)
    shown = [
        "note_id",
        "time",
        "author",
        "bot",
        "flag",
        "severity",
        "tags",
        "links",
        "label",
        "exists",
        "text",
    ]
    _print_rows(found, shown, limit=limit, as_json=as_json)


def print_history(place: Place, note_id: str, *, as_json: bool = False) -> None:
    """Print all revisions of a note.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    note_id : `str`
        The note.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        found = bench.annotations.history(note_id)
    shown = ["revision", "time", "author", "bot", "flag", "label", "text", "reason", "retracted"]
    _print_rows(found, shown, as_json=as_json)


def print_inherited(
    place: Place, dataset: str, words: tuple[str, ...], *, run: str | None = None, as_json: bool = False
) -> None:
    """Print the notes that concern an output through what it is made of.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    dataset : `str`
        UUID or dataset type.
    words : `tuple` [ `str`, ... ]
        Data IDs, where ``dataset`` is a type.
    run : `str`, optional
        RUN collection of the dataset.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        if _is_uuid(dataset):
            found = bench.provenance.notes(uuid.UUID(dataset))
        else:
            asked = parse_data_ids(bench, words)
            found = bench.provenance.notes(dataset_type=dataset, data_id=asked or None, run=run)
    shown = ["distance", "time", "author", "flag", "severity", "label", "exists", "text"]
    _print_rows(found, shown, as_json=as_json)


def print_vocabulary(place: Place, *, as_json: bool = False) -> None:
    """Print the flags with their severities.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        flags = bench.annotations.vocabulary()
    rows = [{"flag": flag, "severity": severity} for flag, severity in flags.items()]
    print_objects(rows, ["flag", "severity"], as_json=as_json)


def extend_vocabulary(
    place: Place,
    flag: str,
    severity: Severity,
    meaning: str,
    *,
    author: str | None = None,
    as_json: bool = False,
) -> None:
    """Add a flag to the vocabulary.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    flag : `str`
        The flag.
    severity : `str`
        "never use" or "needs follow-up".
    meaning : `str`
        When to use it.
    author : `str`, optional
        Who adds it.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        bench.annotations.extend_vocabulary(flag, severity, meaning, author=author)
    facts = {"flag": flag, "severity": severity, "meaning": meaning}
    print_facts(facts, as_json=as_json)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _print_note(note: Note, *, as_json: bool) -> None:
    facts = {
        "note": str(note.note_id),
        "revision": note.revision,
        "author": note.author,
        "bot": note.bot,
        "flag": note.flag,
        "severity": note.severity,
        "targets": len(note.targets),
        "text": note.text,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts({**facts, "text": cut(note.text)})


def _print_rows(found: pa.Table, shown: Sequence[str], *, limit: int | None = None, as_json: bool) -> None:
    """Print rows of notes, in which tags and links are JSON texts."""
    rows = to_rows(found if as_json or limit is None else found.slice(0, limit))
    for row in rows:
        for name in ("tags", "links"):
            row[name] = json.loads(str(row[name]))
    if as_json:
        print_json(rows)
        return
    print_rows(shown, [[cut(row[name]) for name in shown] for row in rows], schema=found.schema)
    if len(rows) < found.num_rows:
        print(f"... and {found.num_rows - len(rows)} more rows")
