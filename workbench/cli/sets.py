"""Commands on saved sets."""

from __future__ import annotations

import dataclasses
import functools
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.browse import split_names
from workbench.cli.naming import add_naming
from workbench.cli.output.printing import (
    print_facts,
    print_json,
    print_objects,
    print_table,
    to_keys,
    to_rows,
)
from workbench.cli.output.terminal import reporting
from workbench.cli.select import read_operand, set_facts
from workbench.cli.words.arguments import as_json, limit, repository, with_save
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import (
    DeclarationError,
    ReasonRequiredError,
    SyncError,
    UnknownNameError,
    WorkbenchError,
)
from workbench.names import check_name, quote
from workbench.rendering import render_time

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.bench import Bench
    from workbench.sets import DataIdSet, Role

__all__ = ["sets"]

OPERATIONS: Mapping[str, Callable[[DataIdSet, DataIdSet], DataIdSet]] = {
    "union": operator.or_,
    "intersection": operator.and_,
    "difference": operator.sub,
    "xor": operator.xor,
}
"""What sets are combined by."""
_KEYS = (
    "name",
    "reason",
    "dimensions",
    "where",
    "file",
    *OPERATIONS,
    "exclude",
    "role",
    "instrument",
    "allow_empty",
)
_SOURCES = ("where", "file", *OPERATIONS)


@click.group(cls=Group)
def sets() -> None:
    """List, show, compare saved sets; read and write files."""


@sets.command("list")
@repository
@as_json
def list_sets(repo: Repository, as_json: bool) -> None:
    """List all versions of all saved sets.

    Writes nothing.
    """
    with repo.reading() as bench:
        _print_versions(bench.sets.list(), as_json=as_json)


@sets.command()
@repository
@click.argument("set_label", metavar="SET")
@limit(20)
@as_json
def show(repo: Repository, set_label: str, limit: int, as_json: bool) -> None:
    """Show one version of a saved SET, with its rows and reasons.

    SET is a name, for the latest version, or name@3. Writes nothing.
    """
    with repo.reading() as bench:
        rows = bench.load(set_label)
    made = rows.provenance
    facts = {
        **set_facts(rows),
        "author": made.author,
        "time (TAI)": made.time if as_json else render_time(made.time),
        "source": made.source or None,
        "parents": ", ".join(made.parents) or None,
        "note": made.note or None,
    }
    if as_json:
        named = to_keys({name.partition(" (")[0]: value for name, value in facts.items()})
        print_json({**named, "data_ids": to_rows(rows.table)})
        return
    print_facts(facts)
    print()
    print_table(rows.table, limit=limit)


@sets.command()
@repository
@click.argument("name")
@as_json
def history(repo: Repository, name: str, as_json: bool) -> None:
    """List the versions of a set: who saved them, when, why.

    Writes nothing.
    """
    with repo.reading() as bench:
        bench.load(name)  # an unknown name is an error, not an empty table
        _print_versions(bench.sets.history(name), as_json=as_json)


DIFF_NOTES = """\b
Example:
  workbench sets diff demo-repo cosmos-i@1 cosmos-i@2
"""


@sets.command(epilog=DIFF_NOTES)
@repository
@click.argument("before")
@click.argument("after")
@as_json
def diff(repo: Repository, before: str, after: str, as_json: bool) -> None:
    """Tell what the set AFTER changed from the set BEFORE."""
    with repo.reading() as bench:
        print_table(bench.sets.diff(before, after), as_json=as_json)


RESTORE_NOTES = """\b
Example:
  workbench sets restore demo-repo cosmos-i@1 --reason "the cut was too sharp"
"""


@sets.command(epilog=RESTORE_NOTES)
@repository
@click.argument("version")
@click.option("--reason", required=True, help="Why it is restored.")
@as_json
def restore(repo: Repository, version: str, reason: str, as_json: bool) -> None:
    """Save an earlier VERSION (name@1) of a set as its latest.

    What was saved since stays. Writes to the workbench's tables.
    """
    with repo.writing() as bench:
        rows = bench.sets.restore(version, reason=reason)
    _print_facts({**set_facts(rows), "parents": ", ".join(rows.provenance.parents)}, as_json=as_json)


REASONS_NOTES = """\b
Examples:
  workbench sets reasons demo-repo bad
  workbench sets reasons demo-repo bad --add animals "elephant|gnat"
  workbench sets reasons demo-repo cosmos-i --rows
"""


@sets.command(epilog=REASONS_NOTES)
@repository
@click.argument("set_label", metavar="SET")
@click.option(
    "--add",
    "rule",
    nargs=2,
    metavar="WORD PATTERN",
    help="First teach the repository that a reason which matches this regular expression is about WORD.",
)
@click.option(
    "--rows",
    "by_row",
    is_flag=True,
    help="Print each reason: why a data ID is in the set, or was left out, and who said so.",
)
@as_json
def reasons(
    repo: Repository, set_label: str, rule: tuple[str, str] | None, by_row: bool, as_json: bool
) -> None:
    """Count the rows of a SET by their reasons.

    The reasons themselves stay as they were written. Writes to the workbench's tables with --add alone.
    """
    with repo.writing() if rule else repo.reading() as bench:
        rows = bench.load(set_label)
        if rule:
            bench.sets.extend_reasons(*rule)
        table = bench.sets.reasons(rows) if by_row else bench.sets.count_reasons(rows)
        print_table(table, as_json=as_json)


add_naming(
    sets,
    "set",
    lambda bench: bench.sets,
    stays="Its versions keep their numbers",
    lists="lists and of what is synced",
)

COMBINE_NOTES = """\b
Example:
  workbench sets combine demo-repo difference cosmos-i bad.ecsv --instrument HSC \\
    --save cosmos-clean --reason "without the bad list"
"""


@sets.command(epilog=COMBINE_NOTES)
@repository
@click.argument("operation", type=click.Choice(["union", "intersection", "difference", "xor"]))
@click.argument("names", nargs=-1, required=True, metavar="SET_OR_FILE...")
@click.option("--instrument", metavar="NAME", help="Instrument of the rows of files without such a column.")
@click.option("--save", "name", metavar="NAME", is_eager=True, help="Save as the next version of NAME.")
@click.option("--reason", default="", callback=with_save, help="Why it is saved; needed with --save.")
@click.option("--allow-empty", is_flag=True, help="Save also an empty set.")
@limit(20)
@as_json
def combine(
    repo: Repository,
    operation: str,
    names: tuple[str, ...],
    instrument: str | None,
    name: str | None,
    reason: str,
    allow_empty: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Unite, intersect or subtract saved sets and files.

    From left to right: a difference is the first one without all others. Writes to the workbench's
    tables with --save alone, and keeps with the set what it was made from.
    """
    with repo.writing() if name else repo.reading() as bench:
        rows = _combine(bench, operation, names, instrument)
        if name:
            rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    if as_json:
        print_json({**to_keys(set_facts(rows)), "data_ids": to_rows(rows.table)})
        return
    print_table(rows.table, limit=limit)
    print()
    print_facts(set_facts(rows))


MAKE_NOTES = """\b
The file is a list; each set has a name, a reason, and one of where, file, union,
intersection, difference or xor:
  - {name: blurred, where: "instrument = 'HSC' AND metrics.psf_fwhm > 1.0",
     role: exclude, reason: "seeing"}
  - {name: good, where: "instrument = 'HSC'", exclude: [blurred, bad.ecsv],
     reason: "all but the families"}
Also: dimensions (visit by default), instrument, allow_empty.
"""


@sets.command(epilog=MAKE_NOTES)
@repository
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Make the sets, and save none.")
@as_json
def make(repo: Repository, file: str, dry_run: bool, as_json: bool) -> None:
    """Make and save all the sets that a YAML FILE describes.

    One after the other, so that a set may name those before it. What is as it was saved last is not
    saved again. Writes to the workbench's tables.
    """
    families = _read_families(Path(file))
    made: list[dict[str, object]] = []
    with repo.reading() if dry_run else repo.writing() as bench, reporting() as progress:
        for number, family in enumerate(families):
            name = str(family["name"])
            progress(f"making {name}", number / len(families))
            try:
                rows = _make_family(bench, family, Path(file).parent)
                if not dry_run:
                    allowed = bool(family.get("allow_empty"))
                    rows = bench.save(rows, name, reason=str(family["reason"]), allow_empty=allowed)
            except WorkbenchError as error:
                saved = ", ".join(str(row["set"]) for row in made)
                error.add_note(f"This is {name!r} of {file}; saved before it: {saved or 'none'}.")
                raise
            made.append({**set_facts(rows), "set": name if dry_run else rows.label})
        progress("making sets", 1.0)
    print_objects(made, ["set", "role", "dimensions", "rows", "key digest", "rule"], as_json=as_json)


SYNC_NOTES = """\b
Example:
  workbench sets sync demo-repo exclusions/ --dry-run
"""


@sets.command(epilog=SYNC_NOTES)
@repository
@click.argument("directory", type=click.Path(file_okay=False))
@click.argument("names", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@as_json
def sync(repo: Repository, directory: str, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Keep a DIRECTORY in step with the saved sets.

    Every set is a file NAME.json there, for git: one data ID a line. What changed on one side is brought to
    the other; what changed on both, or was deleted, or cannot be read is reported, with exit code 1,
    and left as it is. Writes to DIRECTORY and to the workbench's tables.
    """
    with repo.reading() if dry_run else repo.writing() as bench, reporting() as progress:
        outcomes = bench.sets.sync(directory, names, dry_run=dry_run, progress=progress)
    rows = [dataclasses.asdict(outcome) for outcome in outcomes]
    print_objects(rows, ["name", "action", "detail"], as_json=as_json)
    if left := [outcome.name for outcome in outcomes if not outcome.is_settled]:
        raise SyncError(f"{len(left)} of {len(outcomes)} sets need a decision of yours: {', '.join(left)}.")


IMPORT_SET_NOTES = """\b
Example:
  workbench sets import demo-repo bad.ecsv --instrument HSC --role exclude \\
    --name bad --reason "bad list of 2026-05-02"
"""


@sets.command("import", epilog=IMPORT_SET_NOTES)
@repository
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--name", required=True, help="Save as the next version of this name.")
@click.option("--reason", required=True, help="Why it is saved.")
@click.option(
    "--role",
    type=click.Choice(["include", "exclude"]),
    default="include",
    show_default=True,
    help="What the set is for.",
)
@click.option(
    "--instrument", metavar="NAME", help="Instrument of the rows, where the file has no such column."
)
@click.option(
    "--drop-unknown",
    is_flag=True,
    help="Leave out rows that REPO does not have, instead of refusing the file.",
)
@click.option(
    "--keep", "free_columns", multiple=True, metavar="COLUMN", help="Keep this column; may be repeated."
)
@click.option("--allow-empty", is_flag=True, help="Save also an empty set.")
@as_json
def import_set(
    repo: Repository,
    file: str,
    name: str,
    reason: str,
    role: Role,
    instrument: str | None,
    drop_unknown: bool,
    free_columns: tuple[str, ...],
    allow_empty: bool,
    as_json: bool,
) -> None:
    """Read a set from FILE (ECSV, CSV, JSON, Parquet) and save it.

    Unknown data IDs, duplicate rows and columns that are no dimension are errors that list
    them; a column 'reason' or 'comment' becomes the reason of each row.
    Writes to the workbench's tables.
    """
    with repo.writing() as bench:
        rows = bench.read_set(
            file,
            instrument=instrument,
            role=role,
            unknown="drop" if drop_unknown else "error",
            free_columns=free_columns,
        )
        rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    _print_facts({**set_facts(rows), "note": rows.provenance.note or None}, as_json=as_json)


@sets.command("export")
@repository
@click.argument("set_label", metavar="SET")
@click.argument("file")
@click.option(
    "--form",
    type=click.Choice(["data_id_table", "excluded_visits", "set"]),
    default="data_id_table",
    show_default=True,
    help="data_id_table is ECSV for 'pipetask --data-id-table', excluded_visits ECSV with comments; "
    "set is all that the set holds, as the ending of FILE says (.json, .ecsv, .csv, .parquet).",
)
def export_set(repo: Repository, set_label: str, file: str, form: str) -> None:
    """Write a saved SET to FILE, which is replaced if it exists.

    Writes nothing but the file, and the directories on the way to it.
    """
    with repo.reading() as bench:
        rows = bench.load(set_label)
        written = bench.sets.export(rows, file, form=form)
    print_facts({"set": rows.label, "rows": len(rows), "file": str(written)})


def _print_versions(versions: pa.Table, *, as_json: bool) -> None:
    """Print the table of versions, in which lists and mappings are JSON texts."""
    rows = to_rows(versions)
    for row in rows:
        for name in ("dimensions", "parents", "free_columns", "operations"):
            row[name] = json.loads(str(row[name])) if row[name] is not None else None
    shown = ["name", "version", "role", "dimensions", "n_rows", "author", "time", "reason", "key_digest"]
    print_objects(rows, shown, as_json=as_json, schema=versions.schema)


def _print_facts(facts: dict[str, object], *, as_json: bool) -> None:
    print_facts(to_keys(facts) if as_json else facts, as_json=as_json)


def _combine(bench: Bench, operation: str, names: Sequence[str], instrument: str | None) -> DataIdSet:
    if len(names) < 2:
        raise UnknownNameError(f"The {operation} is of two sets or more; there is one: {quote(names[0])}.")
    rows = [read_operand(bench, name, instrument) for name in names]
    return functools.reduce(OPERATIONS[operation], rows)


def _make_family(bench: Bench, family: Mapping[str, object], beside: Path) -> DataIdSet:
    instrument = family.get("instrument")
    given = None if instrument is None else str(instrument)

    def find(text: object) -> str:
        return str(beside / str(text)) if (beside / str(text)).is_file() else str(text)

    operation = next((one for one in OPERATIONS if one in family), None)
    role: Role = "exclude" if family.get("role") == "exclude" else "include"
    if operation is not None:
        rows = _combine(bench, operation, [find(one) for one in _as_list(family[operation])], given)
        rows = rows.with_role(role) if "role" in family and rows.role != role else rows
    elif "file" in family:
        rows = bench.read_set(find(family["file"]), instrument=given, role=role)
    else:
        dimensions = split_names(",".join(map(str, _as_list(family.get("dimensions", "visit")))))
        rows = bench.select(dimensions, str(family["where"]), role=role)
    for one in _as_list(family.get("exclude", [])):
        rows -= read_operand(bench, find(one), given, role="exclude")
    return rows


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _read_families(path: Path) -> list[Mapping[str, object]]:
    """Read the file and check all that can be checked before anything is saved."""
    from workbench.registry.tables.yaml_text import YamlText

    try:
        content = YamlText.read(path).content
    except ValueError as error:
        raise DeclarationError(f"The sets cannot be read. {error}") from error
    families = content.get("sets") if isinstance(content, dict) and set(content) == {"sets"} else content
    if not isinstance(families, list) or not families:
        raise DeclarationError(f"{path} is no list of sets: each begins with '- name: ...'.")
    names: set[object] = set()
    for number, family in enumerate(families, 1):
        where = f"set {number} of {path}"
        if not isinstance(family, dict):
            raise DeclarationError(f"{where} is no mapping; it may have {', '.join(_KEYS)}.")
        if stray := [key for key in family if key not in _KEYS]:
            raise DeclarationError(
                f"{where} has the unknown key {quote(stray[0])}; it may have {', '.join(_KEYS)}."
            )
        check_name(family.get("name"))
        if family["name"] in names:
            raise DeclarationError(f"{where} is called {family['name']!r}, as one before it.")
        names.add(family["name"])
        for key in ("where", "file", "instrument"):
            if not isinstance(family.get(key, ""), str):
                raise DeclarationError(f"{where}: {key!r} is a text, not {quote(family[key])}.")
        if not str(family.get("reason") or "").strip():
            raise ReasonRequiredError(f"{where} has no reason: say why it is saved.")
        sources = [key for key in _SOURCES if key in family]
        if len(sources) != 1:
            raise DeclarationError(
                f"{where} needs one of {', '.join(_SOURCES)}, and has {sources or 'none'}."
            )
        if family.get("role", "include") not in ("include", "exclude"):
            raise DeclarationError(f"{where}: 'role' is include or exclude, not {quote(family['role'])}.")
        if not isinstance(family.get("allow_empty", False), bool):
            raise DeclarationError(f"{where}: 'allow_empty' is true or false.")
    return families
