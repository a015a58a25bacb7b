"""Extension tables: list, show, declare, migrate, fill, empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from workbench.cli.pairs import read_pairs
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_objects, print_rows, print_table
from workbench.errors import DeclarationError, OperationCancelledError, UnknownNameError
from workbench.rendering import time_field

if TYPE_CHECKING:
    from workbench.bench import Bench
    from workbench.registry import ExtensionTable

__all__ = [
    "declare_table",
    "delete_rows",
    "drop_table",
    "migrate_table",
    "print_columns",
    "print_table_rows",
    "print_tables",
    "print_versions",
    "write_rows",
]

Confirm = Callable[[str, str], bool]
"""Asks for a name to be typed, after saying what would be done."""


def print_tables(place: Place, *, internal: bool = False, as_json: bool = False) -> None:
    """Print the extension tables.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    internal : `bool`, optional
        Also those that the workbench keeps for itself.
    as_json : `bool`, optional
        Print a list.
    """
    with place.look() as bench:
        print_table(bench.tables(internal=internal), as_json=as_json)


def print_columns(place: Place, name: str, *, as_json: bool = False) -> None:
    """Print what a table holds.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    name : `str`
        The table.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() as bench:
        declaration = bench.table(name).declaration
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


def print_table_rows(
    place: Place,
    name: str,
    *,
    where: tuple[str, ...] = (),
    every: bool = False,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Print rows of a table.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    name : `str`
        The table.
    where : `tuple` [ `str`, ... ], optional
        Conditions, as "column=value".
    every : `bool`, optional
        Also rows that are no longer current.
    limit : `int`, optional
        At most so many aligned rows.
    as_json : `bool`, optional
        Print a list, all rows of it.
    """
    with place.look() as bench:
        table = bench.table(name)
        print_table(
            table.read(current=not every, where=_parse_conditions(table, where)), as_json=as_json, limit=limit
        )


def print_versions(place: Place, name: str, *, as_json: bool = False) -> None:
    """Print the versions of a table's declaration.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    name : `str`
        The table.
    as_json : `bool`, optional
        Print a list.
    """
    with place.look() as bench:
        found = bench.registry.declarations(name)
    rows = [
        {"version": d.version, "recorded": time, "key": ", ".join(d.key),
         "columns": ", ".join(column.name for column in d.columns), "doc": d.doc}
        for d, time in found
    ]  # fmt: skip
    import pyarrow as pa

    schema = pa.schema([time_field("recorded")])
    print_objects(rows, ["version", "recorded", "key", "columns", "doc"], as_json=as_json, schema=schema)


def declare_table(place: Place, path: str) -> None:
    """Make the table that a file declares.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    path : `str`
        YAML file.
    """
    with place.work() as bench:
        _print_table_facts(bench.declare_table(path))


def migrate_table(
    place: Place, path: str, *, rename: Iterable[str] = (), allow_data_loss: bool = False
) -> None:
    """Bring a table to the later version that a file declares.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    path : `str`
        YAML file.
    rename : `~collections.abc.Iterable` [ `str` ], optional
        "old=new".
    allow_data_loss : `bool`, optional
        Whether values may be lost.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a renaming has another form.
    """
    names = read_pairs(rename, "--rename OLD=NEW")
    with place.work() as bench:
        _print_table_facts(bench.migrate_table(path, rename=names, allow_data_loss=allow_data_loss))


def write_rows(place: Place, name: str, path: str, *, upsert: bool) -> None:
    """Write the rows of a file into a table.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    name : `str`
        The table.
    path : `str`
        CSV, ECSV or Parquet file.
    upsert : `bool`
        Write only rows that say something new.
    """
    from workbench.metrics.files import read_metrics_file

    with place.work() as bench:
        table = _find_own(bench, name)
        rows = read_metrics_file(path).table
        n_rows = table.upsert(rows) if upsert else table.append(rows)
    print_facts({"table": name, "rows read": rows.num_rows, "rows written": n_rows})


def delete_rows(place: Place, name: str, where: tuple[str, ...], *, confirm: Confirm | None = None) -> None:
    """Take rows of a table away.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    name : `str`
        The table.
    where : `tuple` [ `str`, ... ]
        Conditions, as "column=value".
    confirm : `~collections.abc.Callable`, optional
        Asked before; `None` does not ask.

    Raises
    ------
    workbench.errors.OperationCancelledError
        Raised if the answer is no.
    """
    with place.work() as bench:
        table = _find_own(bench, name)
        conditions = _parse_conditions(table, where)
        _ask(confirm, f"{table.count(where=conditions)} rows of {name} would be deleted.", name)
        print_facts({"table": name, "rows deleted": table.delete(conditions)})


def drop_table(place: Place, name: str, *, confirm: Confirm | None = None) -> None:
    """Drop a table.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    name : `str`
        The table.
    confirm : `~collections.abc.Callable`, optional
        Asked before; `None` does not ask.

    Raises
    ------
    workbench.errors.OperationCancelledError
        Raised if the answer is no.
    """
    with place.work() as bench:
        table = _find_own(bench, name)
        n_rows = table.count(current=False)
        _ask(confirm, f"{name} would be dropped, with {n_rows} rows of its history, for good.", name)
        table.drop()
    print_facts({"table": name, "rows dropped": n_rows})


def _ask(confirm: Confirm | None, what: str, name: str) -> None:
    if confirm is not None and not confirm(what, name):
        raise OperationCancelledError("Nothing was changed.")


def _find_own(bench: Bench, name: str) -> ExtensionTable:
    """Return a table that is not the workbench's own business."""
    table = bench.table(name)
    if not table.declaration.visible or name == "annotations":
        raise DeclarationError(
            f"The table {name!r} is kept by the workbench itself, and is not changed by hand. Its own "
            "commands are 'workbench sets', 'workbench annotate' and 'workbench groups'."
        )
    return table


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
