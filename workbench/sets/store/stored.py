"""How sets are laid out in extension tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup, DimensionUniverse

from workbench.errors import BadNameError, MissingTableError
from workbench.names import LONGEST_NAME, check_name, quote
from workbench.registry import Column, Registry, TableDeclaration
from workbench.registry.tables.kept import last_version
from workbench.sets.content.canonical import REASON, arrange_rows, make_schema
from workbench.snapshot import conform, key_names

__all__ = [
    "VERSIONS",
    "free_types",
    "from_stored_rows",
    "last_number",
    "read_stored_rows",
    "rows_declaration",
    "split_label",
    "to_stored_rows",
]

ROWS_PREFIX = "set_rows_"
"""What the names of tables of rows begin with."""

VERSIONS = TableDeclaration(
    name="set_versions",
    columns=(
        Column("name", "str", doc="name of the set", nullable=False),
        Column("version", "int", doc="1, 2, 3, ... of this name", nullable=False),
        Column("dimensions", "json", doc="required dimensions in universe order", nullable=False),
        Column("role", "str", doc="include or exclude", nullable=False),
        Column("n_rows", "int", doc="number of data IDs", nullable=False),
        Column("author", "str", doc="who saved it", nullable=False),
        Column("time", "time", doc="when it was saved (MJD TAI)", nullable=False),
        Column("reason", "str", doc="why it was saved", nullable=False),
        Column("source", "str", doc="what it was read from"),
        Column("rule", "str", doc="the expression that made it"),
        Column("parents", "json", doc="labels of the sets that it was made from"),
        Column("note", "str", doc="anything else, such as rows dropped on reading"),
        Column("free_columns", "json", doc="types of columns beside keys and reason, by name"),
        Column("key_digest", "str", doc="SHA-256 of the keys", nullable=False),
        Column("record_digest", "str", doc="SHA-256 of keys, role, reasons and free columns", nullable=False),
        Column("operations", "json", doc="the steps that made it of its parents: operator, operands"),
    ),
    key=("name", "version"),
    version=2,
    doc="Versions of persistent data ID sets; rows are only ever added.",
    visible=False,
)

_FREE_TYPES: Mapping[str, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "bool": pa.bool_(),
}
_LONGEST_TABLE_NAME = 40
"""PostgreSQL cuts identifiers at 63 characters, indexes and views included."""


def split_label(label: str) -> tuple[str, int | None]:
    """Split ``name@version``.

    Parameters
    ----------
    label : `str`
        ``name`` or ``name@version``.

    Returns
    -------
    name : `str`
        The name.
    version : `int` or `None`
        The version; `None` for the latest.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if the label has another form.
    """
    name, at, text = label.partition("@")
    # What an earlier release saved may have a longer name.
    check_name(name[:LONGEST_NAME])
    if at and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadNameError(
            f"{quote(text)} is no version: write {name[:LONGEST_NAME]}@1, or the name alone for the latest."
        )
    return name, int(text) if at else None


def read_stored_rows(
    registry: Registry, row: Mapping[str, object], columns: Sequence[str] | None = None
) -> pa.Table:
    """Read the rows of a version; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where the sets are kept.
    row : `~collections.abc.Mapping`
        The version, as a row of `VERSIONS`.
    columns : `~collections.abc.Sequence` [ `str` ], optional
        Only these.

    Returns
    -------
    rows : `pyarrow.Table`
        As many as the version has.

    Raises
    ------
    workbench.errors.MissingTableError
        Raised if they are not there any more.
    """
    group = conform(registry.universe, json.loads(str(row["dimensions"])))
    where = {"set_name": row["name"], "set_version": row["version"]}
    rows = registry.table(rows_declaration(group).name).read(where=where, columns=columns)
    if rows.num_rows != row["n_rows"]:
        raise MissingTableError(
            f"Of the {row['n_rows']:,} rows of {row['name']}@{row['version']}, {rows.num_rows:,} are there: "
            "their table was dropped and made again, or changed by hand. Restore it from a backup, or save "
            "the set as a new version."
        )
    return rows


def last_number(registry: Registry, latest: Mapping[str, object] | None, name: str) -> int:
    """Return the number of the latest version of a set; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where the sets are kept.
    latest : `~collections.abc.Mapping` or `None`
        Its row of `VERSIONS`, if there is one.
    name : `str`
        Name that rows are kept under.

    Returns
    -------
    number : `int`
        0 for a new set, of which no row is kept either.
    """
    if latest is not None:
        return int(str(latest["version"]))
    return last_version(registry, ROWS_PREFIX, {"set_name": name}, "set_version")


def rows_declaration(group: DimensionGroup) -> TableDeclaration:
    """Return the declaration of the table for sets of a dimension group.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the sets.

    Returns
    -------
    declaration : `workbench.registry.TableDeclaration`
        A table with real dimension columns, so that sets join in SQL.
    """
    names = key_names(group)
    text = "_".join(names) or "empty"
    if len(text) > _LONGEST_TABLE_NAME:
        text = hashlib.sha256(text.encode()).hexdigest()[:16]
    return TableDeclaration(
        name=f"{ROWS_PREFIX}{text}",
        columns=(
            Column("set_name", "str", doc="name of the set", nullable=False),
            Column("set_version", "int", doc="version of the set", nullable=False),
            Column(REASON, "str", doc="why the data ID is in the set"),
            Column("free", "json", doc="values of free columns, by name"),
        ),
        dimensions=names,
        key=("set_name", "set_version", *names),
        doc=f"Rows of data ID sets over {', '.join(names) or 'no dimensions'}.",
        visible=False,
    )


def free_types(schema: pa.Schema, names: Sequence[str]) -> dict[str, str]:
    """Return the types of free columns, for storage.

    Parameters
    ----------
    schema : `pyarrow.Schema`
        Schema of a set.
    names : `~collections.abc.Sequence` [ `str` ]
        Its free columns.

    Returns
    -------
    types : `dict` [ `str`, `str` ]
        ``int``, ``float``, ``str`` or ``bool``, by name.
    """
    texts = {data_type: text for text, data_type in _FREE_TYPES.items()}
    return {name: texts[schema.field(name).type] for name in names}


def to_stored_rows(table: pa.Table, free: Sequence[str], name: str, version: int) -> pa.Table:
    """Lay out the rows of a set for its table.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows of the set.
    free : `~collections.abc.Sequence` [ `str` ]
        Its free columns.
    name : `str`
        Name that it is saved under.
    version : `int`
        Version that it is saved as.

    Returns
    -------
    rows : `pyarrow.Table`
        Columns of `rows_declaration`.
    """
    n_rows = table.num_rows
    stored = table.drop_columns(list(free)) if free else table
    stored = stored.append_column("set_name", pa.array([name] * n_rows, pa.string()))
    stored = stored.append_column("set_version", pa.array([version] * n_rows, pa.int64()))
    if not free:
        return stored
    texts = [json.dumps(row, ensure_ascii=False) for row in table.select(list(free)).to_pylist()]
    return stored.append_column("free", pa.array(texts, pa.string()))


def from_stored_rows(
    universe: DimensionUniverse, stored: pa.Table, dimensions: Sequence[str], free: Mapping[str, str]
) -> tuple[pa.Table, DimensionGroup]:
    """Read the rows of a set from its table.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    stored : `pyarrow.Table`
        Columns of `rows_declaration`.
    dimensions : `~collections.abc.Sequence` [ `str` ]
        Required dimensions.
    free : `~collections.abc.Mapping` [ `str`, `str` ]
        Types of free columns, by name.

    Returns
    -------
    table : `pyarrow.Table`
        Rows of the set.
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.
    """
    group = conform(universe, dimensions)
    schema = make_schema(group, {name: _FREE_TYPES[text] for name, text in free.items()})
    columns = {name: stored[name] for name in [*key_names(group), REASON]}
    if free:
        values = pl.Series(pl.from_arrow(stored["free"])).to_list()
        rows = [json.loads(text) for text in values]
        for name in free:
            columns[name] = pa.chunked_array([pa.array([r[name] for r in rows], schema.field(name).type)])
    table = pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)
    return arrange_rows(table, group), group
