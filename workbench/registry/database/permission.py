"""What we may write in the database of a Butler's registry; asked, never tried."""

from __future__ import annotations

import os

import sqlalchemy as sa

from workbench.registry.database.engine import Database

__all__ = ["may_write_butler", "may_write_tables"]


def may_write_tables(database: Database) -> bool:
    """Ask whether our tables can be made and written beside the Butler's.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        The Butler's database, with our naming in it.

    Returns
    -------
    permitted : `bool`
        On SQLite, whether file and directory can be written; on PostgreSQL,
        whether our schema can be created, or is there for us to use.
    """
    if database.is_sqlite:
        return _may_write_file(database)
    name = database.naming.schema
    with database.connecting() as connection:
        if _is_standby(connection):
            return False
        exists = sa.text("SELECT count(*) FROM pg_namespace WHERE nspname = :name")
        if not connection.execute(exists, {"name": name}).scalar_one():
            may_create = "SELECT has_database_privilege(current_database(), 'CREATE')"
            return bool(connection.execute(sa.text(may_create)).scalar_one())
        may_use = sa.text(
            "SELECT has_schema_privilege(:name, 'USAGE') AND has_schema_privilege(:name, 'CREATE')"
        )
        if not connection.execute(may_use, {"name": name}).scalar_one():
            return False
        may_insert = sa.text(
            "SELECT coalesce(bool_and(has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE')), true)"
            " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = :name AND c.relkind = 'r'"
        )
        return bool(connection.execute(may_insert, {"name": name}).scalar_one())


def may_write_butler(database: Database, namespace: str | None) -> bool:
    """Ask whether the Butler itself could write.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        The Butler's database.
    namespace : `str`, optional
        Schema of the Butler's tables on PostgreSQL.

    Returns
    -------
    permitted : `bool`
        On SQLite, whether file and directory can be written; on PostgreSQL,
        whether rows may be added to the table of collections.
    """
    if database.is_sqlite:
        return _may_write_file(database)
    table = f'"{namespace}".collection' if namespace else "collection"
    query = sa.text("SELECT coalesce(has_table_privilege(to_regclass(:table), 'INSERT'), false)")
    with database.connecting() as connection:
        return not _is_standby(connection) and bool(connection.execute(query, {"table": table}).scalar_one())


def _may_write_file(database: Database) -> bool:
    # SQLite keeps its rollback journal beside the file, so the directory counts too.
    return all(os.access(path, os.W_OK) for path in (database.path, database.path.parent))


def _is_standby(connection: sa.Connection) -> bool:
    return bool(connection.execute(sa.text("SELECT pg_is_in_recovery()")).scalar_one())
