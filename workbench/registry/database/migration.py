"""Bring our fixed tables to the newest revision, or say that they are newer."""

from __future__ import annotations

import functools
import threading

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from workbench.errors import MissingTableError, NewerSchemaError
from workbench.registry.database.failure import WITHOUT_BACKUP
from workbench.registry.database.naming import Naming
from workbench.registry.database.schema import Schema

__all__ = ["check_nothing_there", "head_revision", "known_revisions", "read_revision", "upgrade"]

# Alembic's `context` and `op` are module globals: one upgrade at a time in a process.
_ONE_AT_A_TIME = threading.Lock()


def _make_config() -> Config:
    config = Config()
    config.set_main_option("script_location", "workbench.registry:migrations")
    config.set_main_option("path_separator", "os")
    return config


@functools.cache
def known_revisions() -> frozenset[str]:
    """Return the revisions that this release knows.

    Returns
    -------
    revisions : `frozenset` [ `str` ]
        Their identifiers.
    """
    return frozenset(
        script.revision for script in ScriptDirectory.from_config(_make_config()).walk_revisions()
    )


@functools.cache
def head_revision() -> str:
    """Return the revision that this release writes.

    Returns
    -------
    revision : `str`
        Its identifier.
    """
    head = ScriptDirectory.from_config(_make_config()).get_current_head()
    assert head is not None, "the package holds at least one revision"
    return head


def read_revision(connection: sa.Connection, schema: Schema) -> str | None:
    """Read at which revision our tables are; never writes.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Connection to the database of our tables.
    schema : `~workbench.registry.database.schema.Schema`
        The tables.

    Returns
    -------
    revision : `str` or `None`
        `None` where nothing was ever written.

    Raises
    ------
    workbench.errors.NewerSchemaError
        Raised if a newer release wrote the tables.
    """
    if not sa.inspect(connection).has_table(schema.version.name, schema=schema.version.schema):
        return None
    revision: str | None = connection.execute(sa.select(schema.version.c.version_num)).scalar()
    if revision is not None and revision not in known_revisions():
        raise NewerSchemaError(
            f"The workbench tables are at revision {revision!r}, and this release knows up to "
            f"{head_revision()!r}: a newer campaign-workbench wrote them. Upgrade to open the repository."
        )
    return revision


def check_nothing_there(connection: sa.Connection, schema: Schema) -> None:
    """Refuse to take tables for none where some are, without the record of their release; never writes.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Connection to the database of our tables.
    schema : `~workbench.registry.database.schema.Schema`
        The tables.

    Raises
    ------
    workbench.errors.MissingTableError
        Raised if there are.
    """
    there = set(sa.inspect(connection).get_table_names(schema=schema.version.schema))
    if found := sorted({table.name for table in schema.metadata.tables.values()} & there):
        raise MissingTableError(
            f"The table {schema.version.name}, which says which release wrote the workbench's tables, is "
            f"gone, and {', '.join(found)} are there. Restore the database from a backup. {WITHOUT_BACKUP}"
        )


def upgrade(connection: sa.Connection, naming: Naming) -> None:
    """Create or migrate our tables inside the connection's transaction; writes.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Connection that has begun a transaction and holds the writers' lock.
    naming : `~workbench.registry.database.naming.Naming`
        How the tables are named there.
    """
    config = _make_config()
    config.attributes["connection"] = connection
    config.attributes["naming"] = naming
    # Asked first: "if not exists" needs the privilege to create even where it exists.
    if naming.schema is not None and not sa.inspect(connection).has_schema(naming.schema):
        connection.execute(sa.schema.CreateSchema(naming.schema))
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")
