"""Many rows into a table at once, as each database takes them fastest."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from workbench.registry.tables.physical import PhysicalTable

__all__ = ["insert_rows"]

_ROWS_PER_BATCH = 50_000
_ROWS_WORTH_ANALYZING = 10_000
"""Without statistics both databases plan joins with a table that has grown as if it were small."""


def insert_rows(connection: sa.Connection, physical: PhysicalTable, rows: pa.Table) -> None:
    """Insert rows in their order; writes.

    SQLAlchemy binds every value of every row by itself, which takes three
    times as long as the insertion: rows go to the driver directly.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Write transaction.
    physical : `~workbench.registry.tables.physical.PhysicalTable`
        The table.
    rows : `pyarrow.Table`
        Columns of the table, in their Arrow types.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    for batch in rows.to_batches(max_chunksize=_ROWS_PER_BATCH):
        columns = [batch.column(name).to_pylist() for name in rows.column_names]
        if is_sqlite:
            for index, name in enumerate(rows.column_names):
                if physical.types[name] in {"uuid", "dataset"}:
                    # The Butler's form of a UUID on SQLite: 32 digits without hyphens.
                    columns[index] = [None if v is None else uuid.UUID(v).hex for v in columns[index]]
            _insert_rows(connection, physical.table, rows.column_names, columns)
        else:
            _copy_rows(connection, physical.table, rows.column_names, columns)
    if rows.num_rows >= _ROWS_WORTH_ANALYZING:
        name = connection.dialect.identifier_preparer.format_table(physical.table)
        connection.exec_driver_sql(f"ANALYZE {name}")


def _insert_rows(
    connection: sa.Connection, table: sa.Table, names: list[str], columns: list[list[object]]
) -> None:
    statement = sa.insert(table).compile(connection, column_keys=names)
    by_name = dict(zip(names, columns, strict=True))
    assert isinstance(statement, sa.sql.compiler.SQLCompiler), "an INSERT compiles to SQL"
    ordered = [by_name[name] for name in statement.positiontup or ()]
    connection.exec_driver_sql(str(statement), [*zip(*ordered, strict=True)])


def _copy_rows(
    connection: sa.Connection, table: sa.Table, names: list[str], columns: list[list[object]]
) -> None:
    preparer = connection.dialect.identifier_preparer
    quoted = ", ".join(preparer.quote(name) for name in names)
    statement = f"COPY {preparer.format_table(table)} ({quoted}) FROM STDIN"
    driver = connection.dialect.dbapi
    assert driver is not None, "an engine that is connected has a driver"
    cursor: Any = connection.connection.cursor()
    with contextlib.closing(cursor):
        try:
            with cursor.copy(statement) as copy:
                for row in zip(*columns, strict=True):
                    copy.write_row(row)
        except driver.Error as error:
            # Past SQLAlchemy, so it must be made one of its errors here.
            raise sa.exc.DBAPIError.instance(statement, None, error, driver.Error) from error
