"""Commands on extension tables."""

from __future__ import annotations

import click

from workbench.cli import scripts_tables
from workbench.cli.arguments import as_json, limit, repository
from workbench.cli.place import Place
from workbench.cli.shapes import Group

__all__ = ["tables"]

DECLARATION_NOTES = """\b
A declaration, such as log.yaml:
  name: exposure_log
  dimensions: [instrument, exposure]
  columns:
    seeing: {type: float, unit: arcsec, doc: As guessed.}
    remark: str
"""

yaml_file = click.argument("file", type=click.Path(exists=True, dir_okay=False))
rows_file = click.argument("file", type=click.Path(exists=True, dir_okay=False))
table_name = click.argument("name", metavar="TABLE")
yes = click.option("--yes", is_flag=True, help="Do not ask for the name to be typed.")


@click.group(cls=Group)
def tables() -> None:
    """Declare tables of your own, fill and change them."""


@tables.command("list")
@repository
@click.option("--all", "internal", is_flag=True, help="Also those that the workbench keeps for itself.")
@as_json
def list_tables(place: Place, internal: bool, as_json: bool) -> None:
    """List the extension tables.

    Writes nothing.
    """
    scripts_tables.print_tables(place, internal=internal, as_json=as_json)


@tables.command()
@repository
@table_name
@as_json
def show(place: Place, name: str, as_json: bool) -> None:
    """Show the columns of a TABLE: types, units, what they are.

    Writes nothing.
    """
    scripts_tables.print_columns(place, name, as_json=as_json)


@tables.command()
@repository
@table_name
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only such rows; may be repeated.")
@click.option("--history", "every", is_flag=True, help="Also rows that are no longer current.")
@limit(20)
@as_json
def rows(place: Place, name: str, where: tuple[str, ...], every: bool, limit: int, as_json: bool) -> None:
    """Show the current rows of a TABLE.

    Writes nothing.
    """
    scripts_tables.print_table_rows(place, name, where=where, every=every, limit=limit, as_json=as_json)


@tables.command()
@repository
@table_name
@as_json
def history(place: Place, name: str, as_json: bool) -> None:
    """List the versions of a TABLE's declaration.

    Writes nothing.
    """
    scripts_tables.print_versions(place, name, as_json=as_json)


@tables.command(epilog=DECLARATION_NOTES)
@repository
@yaml_file
def declare(place: Place, file: str) -> None:
    """Make the table that a YAML FILE declares.

    Writes to the workbench's tables; a table that is there is left as it is.
    """
    scripts_tables.declare_table(place, file)


@tables.command(epilog=DECLARATION_NOTES)
@repository
@yaml_file
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", help="This column keeps its values; may be repeated."
)
@click.option("--allow-data-loss", is_flag=True, help="Values may be lost; without it, they are listed.")
def migrate(place: Place, file: str, rename: tuple[str, ...], allow_data_loss: bool) -> None:
    """Bring a table to the later version in a YAML FILE.

    Its rows come with it: columns are added, renamed, dropped, converted to another type or unit.
    All or nothing is written.
    """
    scripts_tables.migrate_table(place, file, rename=rename, allow_data_loss=allow_data_loss)


@tables.command()
@repository
@table_name
@rows_file
def insert(place: Place, name: str, file: str) -> None:
    """Append the rows of FILE (CSV, ECSV, Parquet).

    All or none of them are written.
    """
    scripts_tables.write_rows(place, name, file, upsert=False)


@tables.command()
@repository
@table_name
@rows_file
def upsert(place: Place, name: str, file: str) -> None:
    """Write the rows of FILE that say something new.

    By key: a row that differs from the current one replaces it, which stays in the history. All or
    none of them are written.
    """
    scripts_tables.write_rows(place, name, file, upsert=True)


@tables.command()
@repository
@table_name
@click.argument("where", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@yes
def delete(place: Place, name: str, where: tuple[str, ...], yes: bool) -> None:
    """Take current rows away; they stay in the history.

    Writes to the workbench's tables.
    """
    scripts_tables.delete_rows(place, name, where, confirm=None if yes else _ask)


@tables.command()
@repository
@table_name
@yes
def drop(place: Place, name: str, yes: bool) -> None:
    """Drop a TABLE with its rows and history, for good."""
    scripts_tables.drop_table(place, name, confirm=None if yes else _ask)


def _ask(what: str, name: str) -> bool:
    """Ask for a name to be typed."""
    return bool(click.prompt(f"{what} Type {name} to go on", default="", show_default=False) == name)
