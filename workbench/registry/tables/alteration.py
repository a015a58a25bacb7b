"""A table brought to a later version of its declaration, with its rows."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping

import polars as pl
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations

from workbench.errors import DeclarationError
from workbench.registry.tables.changes import Changes, compute_changes, convert_values
from workbench.registry.tables.declaration import ROW_ID
from workbench.registry.tables.physical import PhysicalTable

__all__ = ["alter_table"]

_TYPES: Mapping[str, type[pl.DataType]] = {"int": pl.Int64, "float": pl.Float64, "bool": pl.Boolean}
_CONVERTED = "converted__"
"""What the names of columns begin with while their values are converted."""


def alter_table(
    connection: sa.Connection,
    there: PhysicalTable,
    asked: PhysicalTable,
    *,
    rename: Mapping[str, str],
    allow_data_loss: bool,
) -> None:
    """Alter a table in the transaction of a connection; writes.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Write transaction.
    there, asked : `~workbench.registry.tables.physical.PhysicalTable`
        As it is, and as it shall be.
    rename : `~collections.abc.Mapping` [ `str`, `str` ]
        New name by old name of columns that keep their values.
    allow_data_loss : `bool`
        Whether values may be lost.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if one cannot become the other, or values would be lost;
        lists them.
    """
    changes = compute_changes(there.declaration, asked.declaration, rename)
    back = {new: old for old, new in rename.items()}
    converted = _convert(connection, there, changes, back)
    losses = [*_count_losses(connection, there, asked, changes, converted, back)]
    if losses and not allow_data_loss:
        raise DeclarationError(
            f"Table {asked.declaration.name!r} was not migrated to version {asked.declaration.version}, "
            f"which would lose data: {'; '.join(losses)}. Keep them in the declaration, or say "
            "allow_data_loss=True or --allow-data-loss."
        )
    there.drop_view(connection)
    operations = Operations(MigrationContext.configure(connection))
    for index in there.table.indexes:
        index.drop(connection)
    _alter_columns(operations, there, asked, changes)
    for _, new in changes.converted:
        _store(connection, asked, new.name, converted[new.name])
    if changes.converted:
        with _batch(operations, asked) as batch:
            for _, new in changes.converted:
                batch.drop_column(new.name)
        with _batch(operations, asked) as batch:
            for _, new in changes.converted:
                batch.alter_column(_CONVERTED + new.name, new_column_name=new.name)
    if changes.tightened:
        with _batch(operations, asked) as batch:
            for column in changes.tightened:
                kind = asked.table.c[column.name].type
                batch.alter_column(column.name, nullable=False, existing_type=kind)
    for index in asked.table.indexes:
        index.create(connection)
    asked.create_view(connection)


def _batch(
    operations: Operations, physical: PhysicalTable
) -> contextlib.AbstractContextManager[BatchOperations]:
    return operations.batch_alter_table(
        physical.table.name, schema=physical.table.schema, table_kwargs={"sqlite_autoincrement": True}
    )


def _alter_columns(
    operations: Operations, there: PhysicalTable, asked: PhysicalTable, changes: Changes
) -> None:
    """Rename, drop, loosen and add columns."""
    with _batch(operations, asked) as batch:
        for before, after in changes.renamed.items():
            batch.alter_column(before, new_column_name=after, existing_type=there.table.c[before].type)
        for column in changes.dropped:
            batch.drop_column(column.name)
    with _batch(operations, asked) as batch:
        for column in changes.loosened:
            batch.alter_column(column.name, nullable=True, existing_type=asked.table.c[column.name].type)
        for column in changes.added:
            batch.add_column(sa.Column(column.name, asked.table.c[column.name].type))
        for _, new in changes.converted:
            batch.add_column(sa.Column(_CONVERTED + new.name, asked.table.c[new.name].type))
    if asked.datasets is not None:
        kinds = {column.name: column.type for column in asked.declaration.columns}
        with _batch(operations, asked) as batch:
            for column in changes.added:
                if kinds.get(column.name) == "dataset":
                    batch.create_foreign_key(
                        f"{asked.table.name}_{column.name}_fkey",
                        asked.datasets.name,
                        [column.name],
                        ["id"],
                        ondelete="CASCADE",
                        referent_schema=asked.datasets.schema,
                    )


def _convert(
    connection: sa.Connection,
    there: PhysicalTable,
    changes: Changes,
    back: Mapping[str, str],
) -> dict[str, pl.DataFrame]:
    """Read and convert the values whose type or unit changes, by new name."""
    result = {}
    for old, new in changes.converted:
        source = there.table.c[back.get(new.name, new.name)]
        query = sa.select(there.table.c[ROW_ID], source).where(source.is_not(None))
        rows = connection.execute(query).all()
        before = [str(value) if old.type in {"uuid", "dataset"} else value for _, value in rows]
        values = convert_values(pl.Series(before, dtype=_TYPES.get(old.type, pl.String)), old, new)
        result[new.name] = pl.DataFrame({ROW_ID: [row_id for row_id, _ in rows], "value": values})
    return result


def _count_losses(
    connection: sa.Connection,
    there: PhysicalTable,
    asked: PhysicalTable,
    changes: Changes,
    converted: Mapping[str, pl.DataFrame],
    back: Mapping[str, str],
) -> Iterator[str]:
    for column in changes.dropped:
        n_values = connection.execute(sa.select(sa.func.count(there.table.c[column.name]))).scalar_one()
        if n_values:
            yield f"{n_values} values of column {column.name!r}"
    for old, new in changes.converted:
        lost = converted[new.name]["value"].null_count()
        if lost:
            yield f"{lost} values of column {new.name!r} that do not survive from {old.type} to {new.type}"
    for column in changes.tightened:
        source = there.table.c[back.get(column.name, column.name)]
        empty = connection.execute(sa.select(sa.func.count()).where(source.is_(None))).scalar_one()
        if empty or (column.name in converted and converted[column.name]["value"].null_count()):
            raise DeclarationError(
                f"Column {column.name!r} of table {asked.declaration.name!r} cannot be made not nullable: "
                f"{empty} rows have no value. Give them one first."
            )
    if hidden := _count_hidden(connection, there, asked, back):
        key = ", ".join(asked.declaration.key)
        yield f"{hidden} current rows, which the key {key} takes for earlier ones of others"


def _count_hidden(
    connection: sa.Connection, there: PhysicalTable, asked: PhysicalTable, back: Mapping[str, str]
) -> int:
    if asked.declaration.current != "latest":
        return 0
    names = [back.get(name, name) for name in asked.declaration.key]
    key = [there.view.c[name] for name in names if name in there.view.c]
    distinct = sa.select(*key).distinct().subquery()
    n_keys = connection.execute(sa.select(sa.func.count()).select_from(distinct)).scalar_one()
    n_rows = connection.execute(sa.select(sa.func.count()).select_from(there.view)).scalar_one()
    return int(n_rows - n_keys)


def _store(connection: sa.Connection, physical: PhysicalTable, name: str, values: pl.DataFrame) -> None:
    """Write converted values beside the old ones."""
    target = sa.Table(
        physical.table.name,
        sa.MetaData(schema=physical.table.schema),
        sa.Column(ROW_ID, physical.table.c[ROW_ID].type, primary_key=True),
        sa.Column(_CONVERTED + name, physical.table.c[name].type),
    )
    statement = sa.update(target).where(target.c[ROW_ID] == sa.bindparam("of_row"))
    statement = statement.values({_CONVERTED + name: sa.bindparam("to_value")})
    found = values.drop_nulls().rows()
    if physical.types[name] in {"uuid", "dataset"}:
        found = [(row_id, uuid.UUID(text)) for row_id, text in found]
    if found:
        connection.execute(statement, [{"of_row": row_id, "to_value": value} for row_id, value in found])
