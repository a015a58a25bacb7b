"""Commands on saved sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli import scripts_combine, scripts_names, scripts_sets
from workbench.cli.arguments import as_json, limit, repository, with_save
from workbench.cli.place import Place
from workbench.cli.shapes import Group

if TYPE_CHECKING:
    from workbench.sets import Role

__all__ = ["sets"]


@click.group(cls=Group)
def sets() -> None:
    """List, show, compare saved sets; read and write files."""


@sets.command("list")
@repository
@as_json
def list_sets(place: Place, as_json: bool) -> None:
    """List all versions of all saved sets.

    Writes nothing.
    """
    scripts_sets.print_sets(place, as_json=as_json)


@sets.command()
@repository
@click.argument("set_label", metavar="SET")
@limit(20)
@as_json
def show(place: Place, set_label: str, limit: int, as_json: bool) -> None:
    """Show one version of a saved SET, with its rows and reasons.

    SET is a name, for the latest version, or name@3. Writes nothing.
    """
    scripts_sets.print_set(place, set_label, limit=limit, as_json=as_json)


@sets.command()
@repository
@click.argument("name")
@as_json
def history(place: Place, name: str, as_json: bool) -> None:
    """List the versions of a set: who saved them, when, why.

    Writes nothing.
    """
    scripts_sets.print_history(place, name, as_json=as_json)


DIFF_NOTES = """\b
Example:
  workbench sets diff demo-repo cosmos-i@1 cosmos-i@2
"""


@sets.command(epilog=DIFF_NOTES)
@repository
@click.argument("before")
@click.argument("after")
@as_json
def diff(place: Place, before: str, after: str, as_json: bool) -> None:
    """Tell what the set AFTER changed from the set BEFORE."""
    scripts_sets.compare_sets(place, before, after, as_json=as_json)


RESTORE_NOTES = """\b
Example:
  workbench sets restore demo-repo cosmos-i@1 --reason "the cut was too sharp"
"""


@sets.command(epilog=RESTORE_NOTES)
@repository
@click.argument("version")
@click.option("--reason", required=True, help="Why it is restored.")
@as_json
def restore(place: Place, version: str, reason: str, as_json: bool) -> None:
    """Save an earlier VERSION (name@1) of a set as its latest.

    What was saved since stays. Writes to the workbench's tables.
    """
    scripts_sets.restore_set(place, version, reason=reason, as_json=as_json)


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
def reasons(place: Place, set_label: str, rule: tuple[str, str] | None, by_row: bool, as_json: bool) -> None:
    """Count the rows of a SET by their reasons.

    The reasons themselves stay as they were written. Writes to the workbench's tables with --add alone.
    """
    scripts_sets.print_reasons(place, set_label, rule=rule, by_row=by_row, as_json=as_json)


@sets.command()
@repository
@click.argument("name")
@click.argument("new_name")
@click.option("--reason", required=True, help="Why it is renamed.")
def rename(place: Place, name: str, new_name: str, reason: str) -> None:
    """Give the set NAME another name.

    Its versions keep their numbers, and the old name still finds them. Writes to the workbench's tables.
    """
    scripts_names.rename(place, "set", name, new_name, reason=reason)


@sets.command()
@repository
@click.argument("name")
@click.option("--reason", required=True, help="Why it is hidden, or shown again.")
@click.option("--show", is_flag=True, help="Show it again.")
def hide(place: Place, name: str, reason: str, show: bool) -> None:
    """Leave the set NAME out of lists and of what is synced.

    Nothing is deleted: it is still found by its name. Writes to the workbench's tables.
    """
    scripts_names.hide(place, "set", name, reason=reason, hidden=not show)


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
    place: Place,
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
    scripts_combine.combine_sets(
        place,
        operation,
        names,
        instrument=instrument,
        name=name,
        reason=reason,
        allow_empty=allow_empty,
        limit=limit,
        as_json=as_json,
    )


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
def make(place: Place, file: str, dry_run: bool, as_json: bool) -> None:
    """Make and save all the sets that a YAML FILE describes.

    One after the other, so that a set may name those before it. What is as it was saved last is not
    saved again. Writes to the workbench's tables.
    """
    scripts_combine.make_sets(place, file, dry_run=dry_run, as_json=as_json)


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
def sync(place: Place, directory: str, names: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Keep a DIRECTORY in step with the saved sets.

    Every set is a file NAME.json there, for git: one data ID a line. What changed on one side is brought to
    the other; what changed on both, or was deleted, or cannot be read is reported, with exit code 1,
    and left as it is. Writes to DIRECTORY and to the workbench's tables.
    """
    scripts_sets.sync_directory(place, directory, names, dry_run=dry_run, as_json=as_json)


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
    place: Place,
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
    scripts_sets.import_set(
        place,
        file,
        name=name,
        reason=reason,
        role=role,
        instrument=instrument,
        drop_unknown=drop_unknown,
        free_columns=free_columns,
        allow_empty=allow_empty,
        as_json=as_json,
    )


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
def export_set(place: Place, set_label: str, file: str, form: str) -> None:
    """Write a saved SET to FILE, which is replaced if it exists.

    Writes nothing but the file.
    """
    scripts_sets.export_set(place, set_label, file, form=form)
