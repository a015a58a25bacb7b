"""Which of our tables are gone, and making them again, empty."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import MissingTableError, ReadOnlyError
from workbench.registry.database.engine import Database
from workbench.registry.database.failure import NEVER_MADE_AGAIN, WITHOUT_BACKUP
from workbench.registry.tables.declarations import Declarations
from workbench.registry.tables.physical import PhysicalTable

__all__ = ["MissingTable", "Wholeness", "advise_missing", "find_missing_tables", "is_dropped"]

_CHANGED = re.compile("no such (column|table)|column .* does not exist|relation .* does not exist")
"""What SQLite and PostgreSQL say of a query on a table that has changed."""

_LOST = {
    "commit": "the record of every commit",
    "reserved_name": "the names that commits under way hold",
    "declaration": "which tables were declared, and what each of them holds",
}


@dataclass(frozen=True, slots=True)
class MissingTable:
    """A table of ours that somebody dropped by hand.

    Parameters
    ----------
    table : `str`
        Its name in the database.
    lost : `str`
        What it held.
    declared : `str` or `None`
        Name of the declaration that it followed; `None` for fixed tables.
    is_view : `bool`
        Whether it is a view, with which no row is lost.
    fixed : `str` or `None`
        What a fixed table is called on every database.
    """

    table: str
    lost: str
    declared: str | None = None
    is_view: bool = False
    fixed: str | None = None

    @property
    def is_made_again(self) -> bool:
        """Whether it can be made again, empty: the others can be read without it (`bool`)."""
        return self.fixed not in NEVER_MADE_AGAIN

    def __str__(self) -> str:
        if self.is_view:
            return f"the view {self.table} is gone ({self.lost}); no row is lost by that"
        return f"the table {self.table} is gone, and with it {self.lost}"


def advise_missing(missing: Sequence[MissingTable]) -> str:
    """Say what can be done about tables that are gone.

    Parameters
    ----------
    missing : `~collections.abc.Sequence` [ `MissingTable` ]
        One or more.

    Returns
    -------
    advice : `str`
        Sentences, of which each can be followed.
    """
    if all(one.is_view for one in missing):
        return "'workbench doctor --recreate' makes it again, with all that it showed."
    backup = "Restore the database from a backup"
    if all(one.is_made_again for one in missing):
        return f"{backup}; or, if there is none, 'workbench doctor --recreate' makes them again, empty."
    return f"{backup}: what the other tables hold cannot be told without it. {WITHOUT_BACKUP}"


def find_missing_tables(database: Database, universe: DimensionUniverse) -> list[MissingTable]:
    """Find our tables that are gone; never writes, and never fails because of them.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where the tables are.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of the dimensions of declared tables.

    Returns
    -------
    missing : `list` [ `MissingTable` ]
        Fixed tables first; empty where nothing was ever written.
    """
    if database.is_sqlite and not database.path.exists():
        return []
    schema, naming = database.schema, database.naming
    with database.connecting() as connection:
        inspector = sa.inspect(connection)
        tables = set(inspector.get_table_names(schema=naming.schema))
        views = set(inspector.get_view_names(schema=naming.schema))
    fixed = {table.name: table.name.removeprefix(naming.prefix) for table in schema.metadata.tables.values()}
    if schema.version.name not in tables and not tables & fixed.keys():
        return []
    missing = [
        MissingTable(name, _LOST.get(short, "a part of our records"), fixed=short)
        for name, short in fixed.items()
        if name not in tables
    ]
    if schema.version.name not in tables:
        lost = "the release that the other tables are of"
        missing.append(MissingTable(schema.version.name, lost, fixed="alembic_version"))
    if schema.declaration.name not in tables or schema.version.name not in tables:
        return missing
    for name, declaration in sorted(Declarations(database, universe).read().items()):
        physical = PhysicalTable.make(declaration, universe, naming)
        if physical.table.name not in tables:
            missing.append(MissingTable(physical.table.name, f"all rows of {name!r}", name))
        elif physical.view.name not in views:
            missing.append(MissingTable(physical.view.name, f"of the current rows of {name!r}", name, True))
    return missing


def is_dropped(database: Database, universe: DimensionUniverse, name: str, error: sa.exc.DBAPIError) -> bool:
    """Tell whether a query failed for another reason than that its table was migrated or dropped by us.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where the tables are.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of the dimensions of declared tables.
    name : `str`
        The declared table.
    error : `sqlalchemy.exc.DBAPIError`
        What the database said.

    Returns
    -------
    dropped : `bool`
        Whether the table, or its view, was dropped behind the back of its
        declaration, or the error is another one.
    """
    if _CHANGED.search(str(error.orig)) is None:
        return True
    return any(one.declared in {None, name} for one in find_missing_tables(database, universe))


class Wholeness:
    """Whether all of our tables are there.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where the tables are.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of the dimensions of declared tables.
    read_only : `bool`
        Whether all writes are refused.
    """

    def __init__(self, database: Database, universe: DimensionUniverse, *, read_only: bool):
        self._database = database
        self._universe = universe
        self._read_only = read_only

    def find_missing(self) -> list[MissingTable]:
        """Find our tables that are gone; never writes.

        Returns
        -------
        missing : `list` [ `MissingTable` ]
            Fixed tables first; empty where nothing was ever written.
        """
        return find_missing_tables(self._database, self._universe)

    def recreate(self) -> list[MissingTable]:
        """Make the tables that are gone again, empty; writes.

        Returns
        -------
        made : `list` [ `MissingTable` ]
            What was made.

        Raises
        ------
        workbench.errors.MissingTableError
            Raised if only a backup has what is gone; nothing was made.
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        if self._read_only:
            raise ReadOnlyError("Tables are made again only where the repository was opened to be written.")
        database, missing = self._database, self.find_missing()
        schema, naming = database.schema, database.naming
        if not all(one.is_made_again for one in missing):
            lost = "; ".join(map(str, missing))
            raise MissingTableError(
                f"In {database}, {lost}. What the other tables hold cannot be told without it, so that it is "
                f"not made again, empty: restore the database from a backup. {WITHOUT_BACKUP}"
            )
        if not missing:
            return []
        with database.writing() as connection:
            schema.metadata.create_all(connection, checkfirst=True)
            views = sa.inspect(connection).get_view_names(schema=naming.schema)
            declarations = Declarations(database, self._universe).read()
            for one in missing:
                if one.declared is None:
                    continue
                physical = PhysicalTable.make(declarations[one.declared], self._universe, naming)
                if not one.is_view:
                    # SQLite keeps the view of a table that is gone.
                    if physical.view.name in views:
                        physical.drop_view(connection)
                    physical.table.create(connection)
                physical.create_view(connection)
        return missing
