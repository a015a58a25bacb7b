"""Annotations: who said what about which data."""

from __future__ import annotations

import json

from workbench.cli.data_ids import parse_target
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_rows, to_rows

__all__ = ["annotate", "print_annotations"]


def annotate(
    place: Place,
    target: str,
    text: str,
    *,
    flag: str | None = None,
    tags: tuple[str, ...] = (),
    links: tuple[str, ...] = (),
    as_json: bool = False,
) -> None:
    """Write a note.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    target : `str`
        As `~workbench.cli.data_ids.parse_target` reads it.
    text : `str`
        The note.
    flag : `str`, optional
        From the vocabulary.
    tags, links : `tuple` [ `str`, ... ], optional
        Free tags, and URLs.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        note = bench.annotate(parse_target(bench, target), text, flag=flag, tags=tags, links=links)
    facts = {"note": str(note.note_id), "author": note.author, "flag": note.flag, "text": note.text}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def print_annotations(
    place: Place, target: str | None, *, flag: str | None = None, as_json: bool = False
) -> None:
    """Print the current notes.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    target : `str` or `None`
        Only those about this.
    flag : `str`, optional
        Only those with this flag.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        about = None if target is None else parse_target(bench, target)
        rows = to_rows(bench.annotations.find(target=about, flag=flag))
    for row in rows:
        for name in ("tags", "links"):
            row[name] = json.loads(str(row[name]))
    if as_json:
        print_json(rows)
        return
    shown = ["note_id", "time", "author", "flag", "severity", "tags", "label", "text"]
    print_rows(shown, [[row[name] for name in shown] for row in rows])
