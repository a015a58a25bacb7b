"""Commands on extension tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from workbench.cli.naming import add_naming
from workbench.cli.output.printing import print_facts, print_json, print_objects, print_rows, print_table
from workbench.cli.words.arguments import as_json, limit, repository
from workbench.cli.words.pairs import read_pairs
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import OperationCancelledError, UnknownNameError
from workbench.rendering import time_field

if TYPE_CHECKING:
    from workbench.registry import ExtensionTable

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
def list_tables(repo: Repository, internal: bool, as_json: bool) -> None:
    """List the extension tables.

    Writes nothing.
    """
    with repo.reading() as bench:
        print_table(bench.tables.list(internal=internal), as_json=as_json)


@tables.command()
@repository
@table_name
@as_json
def show(repo: Repository, name: str, as_json: bool) -> None:
    """Show the columns of a TABLE: types, units, what they are.

    Writes nothing.
    """
    with repo.reading() as bench:
        declaration = bench.tables.find(name).declaration
        elements = [bench.butler.dimensions.dimensions[name] for name in declaration.dimensions]
    nullable = declaration.nullable_dimensions
    dimensions = [
        {
            "column": element.name,
            "type": "dimension",
            "unit": "",
            "nullable": nullable,
            "doc": element.documentation.partition("\n")[0],
        }
        for element in elements
    ]
    columns = [
        {"column": c.name, "type": c.type, "unit": c.unit, "nullable": c.nullable, "doc": c.doc}
        for c in declaration.columns
    ]
    facts = {
        "table": declaration.name,
        "version": declaration.version,
        "key": ", ".join(declaration.key),
        "current": declaration.current,
        "doc": declaration.doc or None,
    }
    if as_json:
        print_json({**facts, "columns": [*dimensions, *columns]})
        return
    print_facts(facts)
    print()
    every = [*dimensions, *columns]
    print_rows([*every[0]], [[*row.values()] for row in every])


@tables.command()
@repository
@table_name
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Only such rows; may be repeated.")
@click.option("--history", "every", is_flag=True, help="Also rows that are no longer current.")
@limit(20)
@as_json
def rows(repo: Repository, name: str, where: tuple[str, ...], every: bool, limit: int, as_json: bool) -> None:
    """Show the current rows of a TABLE.

    Writes nothing.
    """
    with repo.reading() as bench:
        table = bench.tables.find(name)
        print_table(
            table.read(current=not every, where=_parse_conditions(table, where)), as_json=as_json, limit=limit
        )


@tables.command()
@repository
@table_name
@as_json
def history(repo: Repository, name: str, as_json: bool) -> None:
    """List the versions of a TABLE's declaration.

    Writes nothing.
    """
    with repo.reading() as bench:
        found = bench.registry.declarations(name)
    rows = [
        {"version": d.version, "recorded": time, "key": ", ".join(d.key),
         "columns": ", ".join(column.name for column in d.columns), "doc": d.doc}
        for d, time in found
    ]  # fmt: skip
    import pyarrow as pa

    schema = pa.schema([time_field("recorded")])
    print_objects(rows, ["version", "recorded", "key", "columns", "doc"], as_json=as_json, schema=schema)


@tables.command(epilog=DECLARATION_NOTES)
@repository
@yaml_file
def declare(repo: Repository, file: str) -> None:
    """Make the table that a YAML FILE declares.

    Writes to the workbench's tables; a table that is there is left as it is.
    """
    with repo.writing() as bench:
        _print_table_facts(bench.tables.declare(file))


@tables.command(epilog=DECLARATION_NOTES)
@repository
@yaml_file
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", help="This column keeps its values; may be repeated."
)
@click.option("--allow-data-loss", is_flag=True, help="Values may be lost; without it, they are listed.")
def migrate(repo: Repository, file: str, rename: tuple[str, ...], allow_data_loss: bool) -> None:
    """Bring a table to the later version in a YAML FILE.

    Its rows come with it: columns are added, renamed, dropped, converted to another type or unit.
    All or nothing is written.
    """
    names = read_pairs(rename, "--rename OLD=NEW")
    with repo.writing() as bench:
        _print_table_facts(bench.tables.migrate(file, rename=names, allow_data_loss=allow_data_loss))


add_naming(tables, "table", lambda bench: bench.tables, stays="Its rows and its history stay")


@tables.command()
@repository
@table_name
@rows_file
def insert(repo: Repository, name: str, file: str) -> None:
    """Append the rows of FILE (CSV, ECSV, Parquet).

    All or none of them are written.
    """
    _write_rows(repo, name, file, upsert=False)


@tables.command()
@repository
@table_name
@rows_file
def upsert(repo: Repository, name: str, file: str) -> None:
    """Write the rows of FILE that say something new.

    By key: a row that differs from the current one replaces it, which stays in the history. All or
    none of them are written.
    """
    _write_rows(repo, name, file, upsert=True)


@tables.command()
@repository
@table_name
@click.argument("where", nargs=-1, required=True, metavar="COLUMN=VALUE...")
@yes
def delete(repo: Repository, name: str, where: tuple[str, ...], yes: bool) -> None:
    """Take current rows away; they stay in the history.

    Writes to the workbench's tables.
    """
    with repo.writing() as bench:
        table = bench.tables.find_own(name)
        conditions = _parse_conditions(table, where)
        _require_word(f"{table.count(where=conditions)} rows of {name} would be deleted.", name, yes=yes)
        print_facts({"table": name, "rows deleted": table.delete(conditions)})


@tables.command()
@repository
@table_name
@yes
def drop(repo: Repository, name: str, yes: bool) -> None:
    """Drop a TABLE with its rows and history, for good."""
    with repo.writing() as bench:
        table = bench.tables.find_own(name)
        n_rows = table.count(current=False)
        _require_word(f"{name} would be dropped, with {n_rows} rows of its history, for good.", name, yes=yes)
        table.drop()
    print_facts({"table": name, "rows dropped": n_rows})


def _require_word(what: str, name: str, *, yes: bool) -> None:
    """Ask for a name to be typed, unless that was waived."""
    if not yes and click.prompt(f"{what} Type {name} to go on", default="", show_default=False) != name:
        raise OperationCancelledError("Nothing was changed.")


def _write_rows(repo: Repository, name: str, path: str, *, upsert: bool) -> None:
    """Write the rows of a file into a table."""
    from workbench.metrics.files import read_metrics_file

    with repo.writing() as bench:
        table = bench.tables.find_own(name)
        rows = read_metrics_file(path).table
        n_rows = table.upsert(rows) if upsert else table.append(rows)
    print_facts({"table": name, "rows read": rows.num_rows, "rows written": n_rows})


def _parse_conditions(table: ExtensionTable, where: Iterable[str]) -> dict[str, object]:
    kinds = {column.name: column.type for column in table.declaration.stored_columns}
    conditions: dict[str, object] = {}
    example = f"{table.schema.names[0]}=..."
    for name, value in read_pairs(where, example, may_be_empty=True).items():
        if name not in table.schema.names:
            raise UnknownNameError(
                f"There is no column {name!r}. The columns are {', '.join(table.schema.names)}."
            )
        conditions[name] = None if value == "NULL" else _parse_value(table, name, kinds.get(name), value)
    return conditions


def _parse_value(table: ExtensionTable, name: str, kind: str | None, value: str) -> object:
    arrow = str(table.schema.field(name).type)
    try:
        match arrow:
            case "int64":
                return int(value)
            case "double":
                return float(value)
            case "bool":
                return {"true": True, "false": False, "yes": True, "no": False}[value.lower()]
            case "string":
                return value
    except (ValueError, KeyError) as error:
        raise UnknownNameError(f"{value!r} is no value of column {name!r}, which takes {arrow}.") from error
    raise UnknownNameError(f"Column {name!r} of type {kind} cannot be compared here.")


def _print_table_facts(table: ExtensionTable) -> None:
    declaration = table.declaration
    print_facts(
        {
            "table": declaration.name,
            "version": declaration.version,
            "key": ", ".join(declaration.key),
            "columns": ", ".join(column.name for column in declaration.columns),
            "rows": table.count(),
        }
    )
