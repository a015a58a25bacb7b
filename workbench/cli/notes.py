"""Commands on notes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from workbench.cli.output.printing import cut, print_facts, print_json, print_objects, print_rows, to_rows
from workbench.cli.words.arguments import as_json, limit, repository
from workbench.cli.words.data_ids import parse_data_ids, parse_target
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.names import is_uuid

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.annotations import Note, Severity

__all__ = ["annotate"]


ANNOTATE_NOTES = """\b
Examples:
  workbench annotate add demo-repo instrument=HSC,visit=96954 "satellite trail" --flag bad
  workbench annotate list demo-repo --severity "never use"
  workbench annotate retract demo-repo NOTE "it was another visit"
"""


author = click.option("--author", metavar="NAME", help="Who says it; by default the login name.")


bot = click.option("--bot", is_flag=True, help="A program says it; it never overrides a person.")


flag = click.option("--flag", metavar="NAME", help="A word of the vocabulary, such as bad.")


@click.group(cls=Group, epilog=ANNOTATE_NOTES)
def annotate() -> None:
    """Write and read notes on data IDs, datasets and collections.

    A TARGET is a data ID (instrument=HSC,visit=96954), a saved set with its version (bad@1), a
    dataset's UUID, or a collection. Flags can be used in conditions: annotations.flag = 'bad'.
    """


@annotate.command()
@repository
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.argument("text")
@flag
@click.option("--tag", "tags", multiple=True, help="A free tag; may be repeated.")
@click.option("--link", "links", multiple=True, metavar="URL", help="A link; may be repeated.")
@author
@bot
@as_json
def add(
    repo: Repository,
    targets: tuple[str, ...],
    text: str,
    flag: str | None,
    tags: tuple[str, ...],
    links: tuple[str, ...],
    author: str | None,
    bot: bool,
    as_json: bool,
) -> None:
    """Write the note TEXT on one or more TARGETs.

    Writes to the workbench's tables; notes are superseded, never changed.
    """
    with repo.writing() as bench:
        about = [parse_target(bench, target) for target in targets]
        note = bench.annotations.add(about, text, flag=flag, tags=tags, links=links, author=author, bot=bot)
    _print_note(note, as_json=as_json)


@annotate.command()
@repository
@click.argument("note")
@click.option("--reason", required=True, help="Why.")
@click.option("--text", help="New text.")
@click.option("--flag", metavar="NAME", help="New flag.")
@click.option("--no-flag", is_flag=True, help="Take the flag off.")
@click.option("--tag", "tags", multiple=True, help="New tags, in place of all; may be repeated.")
@click.option("--link", "links", multiple=True, metavar="URL", help="New links, in place of all.")
@click.option("--on", "targets", multiple=True, metavar="TARGET", help="New targets, in place of all.")
@author
@bot
@as_json
def supersede(
    repo: Repository,
    note: str,
    reason: str,
    text: str | None,
    flag: str | None,
    no_flag: bool,
    tags: tuple[str, ...],
    links: tuple[str, ...],
    targets: tuple[str, ...],
    author: str | None,
    bot: bool,
    as_json: bool,
) -> None:
    """Replace NOTE by another revision; what is not given stays.

    Writes to the workbench's tables; the earlier revision stays in the history.
    """
    from workbench.annotations import KEEP

    with repo.writing() as bench:
        revised = bench.annotations.supersede(
            note,
            reason=reason,
            text=KEEP if text is None else text,
            flag=None if no_flag else KEEP if flag is None else flag,
            tags=tags or KEEP,
            links=links or KEEP,
            targets=[parse_target(bench, target) for target in targets] if targets else KEEP,
            author=author,
            bot=bot,
        )
    _print_note(revised, as_json=as_json)


@annotate.command()
@repository
@click.argument("note")
@click.argument("reason")
@author
@bot
@as_json
def retract(repo: Repository, note: str, reason: str, author: str | None, bot: bool, as_json: bool) -> None:
    """Take NOTE back, with a REASON.

    Writes to the workbench's tables; the note stays in its history.
    """
    with repo.writing() as bench:
        bench.annotations.retract(note, reason, author=author, bot=bot)
    facts = {"note": note, "retracted": True, "reason": reason}
    print_facts(facts, as_json=as_json)


@annotate.command("list")
@repository
@click.argument("target", required=False)
@flag
@click.option(
    "--severity",
    type=click.Choice(["never use", "needs follow-up"]),
    help="Only notes whose flag asks for this.",
)
@click.option("--author", metavar="NAME", help="Only notes of this author.")
@click.option("--tag", help="Only notes with this tag.")
@limit(100)
@as_json
def list_notes(
    repo: Repository,
    target: str | None,
    flag: str | None,
    severity: Severity | None,
    author: str | None,
    tag: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the current notes, or those about TARGET.

    Writes nothing.
    """
    with repo.reading() as bench:
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


@annotate.command()
@repository
@click.argument("note")
@as_json
def history(repo: Repository, note: str, as_json: bool) -> None:
    """List all revisions of NOTE: who wrote them, when, why.

    Writes nothing.
    """
    with repo.reading() as bench:
        found = bench.annotations.history(note)
    shown = ["revision", "time", "author", "bot", "flag", "label", "text", "reason", "retracted"]
    _print_rows(found, shown, as_json=as_json)


@annotate.command()
@repository
@click.argument("dataset")
@click.argument("data_ids", metavar="[DATA_ID]...", nargs=-1)
@click.option("--run", metavar="COLLECTION", help="RUN of the dataset; the newest by default.")
@as_json
def inherited(
    repo: Repository, dataset: str, data_ids: tuple[str, ...], run: str | None, as_json: bool
) -> None:
    """List the notes on what an output is made of.

    DATASET is a UUID, or a dataset type, of which DATA_ID (tract=3 patch=1 band=i) tells one, or several
    (patch=1,2).
    Until a run was brought back, the committed graph tells what an output is made of. Writes nothing.
    """
    with repo.reading() as bench:
        if is_uuid(dataset):
            found = bench.provenance.notes(uuid.UUID(dataset))
        else:
            asked = parse_data_ids(bench, data_ids)
            found = bench.provenance.notes(dataset_type=dataset, data_id=asked or None, run=run)
    shown = ["distance", "time", "author", "flag", "severity", "label", "exists", "text"]
    _print_rows(found, shown, as_json=as_json)


@annotate.group()
def vocabulary() -> None:
    """List the flags that notes may carry, and add to them."""


@vocabulary.command("list")
@repository
@as_json
def list_flags(repo: Repository, as_json: bool) -> None:
    """List the flags with their severity.

    Writes nothing.
    """
    with repo.reading() as bench:
        flags = bench.annotations.vocabulary()
    rows = [{"flag": flag, "severity": severity} for flag, severity in flags.items()]
    print_objects(rows, ["flag", "severity"], as_json=as_json)


@vocabulary.command()
@repository
@click.argument("flag")
@click.argument("severity", type=click.Choice(["never use", "needs follow-up"]))
@click.argument("meaning")
@author
@as_json
def extend(
    repo: Repository, flag: str, severity: Severity, meaning: str, author: str | None, as_json: bool
) -> None:
    """Add FLAG to the vocabulary, with its SEVERITY and when to use it.

    Writes to the workbench's tables.
    """
    with repo.writing() as bench:
        bench.annotations.extend_vocabulary(flag, severity, meaning, author=author)
    facts = {"flag": flag, "severity": severity, "meaning": meaning}
    print_facts(facts, as_json=as_json)


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
