"""Declarations as they are recorded in the database, and the tables that follow them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import sqlalchemy as sa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import DeclarationError, UnknownTableError
from workbench.names import quote
from workbench.registry.database import clock
from workbench.registry.database.engine import Database
from workbench.registry.tables.alteration import alter_table
from workbench.registry.tables.declaration import TableDeclaration, find_name_fault
from workbench.registry.tables.physical import PhysicalTable
from workbench.registry.tables.renames import RENAMES, TABLE

__all__ = ["Declarations"]


class Declarations:
    """The declared tables of one database.

    Every version of a declaration stays recorded; the newest one holds.

    Parameters
    ----------
    database : `~workbench.registry.database.engine.Database`
        Where the tables are.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of their dimensions.
    """

    def __init__(self, database: Database, universe: DimensionUniverse):
        self._database = database
        self._universe = universe

    def read(self) -> dict[str, TableDeclaration]:
        """Read the declarations that hold; never writes.

        Returns
        -------
        declarations : `dict` [`str`, `~workbench.registry.TableDeclaration`]
            By name of the table; empty where nothing was ever written.
        """
        recorded = self._database.schema.declaration
        # In order of version, so that the newest stays.
        query = sa.select(recorded.c.name, recorded.c.body).order_by(recorded.c.name, recorded.c.version)
        with self._database.reading() as connection:
            if connection is None:
                return {}
            return {name: TableDeclaration.from_json(body) for name, body in connection.execute(query)}

    def holds(self, declaration: TableDeclaration) -> bool:
        """Tell whether a table exists as it is declared; never writes.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it should hold.

        Returns
        -------
        holds : `bool`
            False where the table is to be made or extended.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if a table of this name holds something else.
        """
        declaration.check_dimensions(self._universe)
        stored = self.read().get(declaration.name)
        if stored is None:
            return False
        asked, there = declaration.without_docs(), stored.without_docs()
        if asked == there:
            return True
        _check_extends(asked, there)
        return False

    def write(self, declaration: TableDeclaration) -> None:
        """Make a table, or extend it by new columns, with its record; writes.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it should hold; a later version may add nullable columns.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if a table of this name holds something else.
        """
        with self._database.writing() as connection:
            # Asked again: another process may have written it since.
            if self.holds(declaration):
                return
            stored = self.read().get(declaration.name)
            physical = self._make(declaration)
            if stored is None:
                # What an earlier release let in is still read.
                if fault := find_name_fault(declaration.name, self._universe):
                    raise DeclarationError(f"A table cannot be called {quote(declaration.name)}: {fault}.")
                physical.create(connection)
            else:
                alter_table(connection, self._make(stored), physical, rename={}, allow_data_loss=False)
            self._record(connection, declaration)

    def migrate(
        self, declaration: TableDeclaration, *, rename: Mapping[str, str], allow_data_loss: bool
    ) -> None:
        """Bring a table and its rows to a later version; writes.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it shall hold.
        rename : `~collections.abc.Mapping` [ `str`, `str` ]
            New name by old name of columns that keep their values.
        allow_data_loss : `bool`
            Whether values may be lost.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is no table of this name.
        workbench.errors.DeclarationError
            Raised if one version cannot become the other, or would lose data.
        """
        declaration.check_dimensions(self._universe)
        with self._database.writing() as connection:
            stored = self.read().get(declaration.name)
            if stored is None:
                raise UnknownTableError(
                    f"There is no table {declaration.name!r} to migrate: declare it, which makes it."
                )
            alter_table(
                connection,
                self._make(stored),
                self._make(declaration),
                rename=rename,
                allow_data_loss=allow_data_loss,
            )
            self._record(connection, declaration)

    def history(self, name: str) -> list[tuple[TableDeclaration, float]]:
        """Read all versions of a declaration; never writes.

        Parameters
        ----------
        name : `str`
            Name of the table.

        Returns
        -------
        versions : `list` [ `tuple` [ `~workbench.registry.TableDeclaration`, `float` ] ]
            Oldest first, each with the time of its record (MJD TAI).
        """
        recorded = self._database.schema.declaration
        query = sa.select(recorded.c.body, recorded.c.recorded).where(recorded.c.name == name)
        with self._database.reading() as connection:
            if connection is None:
                return []
            rows = connection.execute(query.order_by(recorded.c.version)).all()
        return [(TableDeclaration.from_json(body), time) for body, time in rows]

    def _make(self, declaration: TableDeclaration) -> PhysicalTable:
        return PhysicalTable.make(declaration, self._universe, self._database.naming)

    def _record(self, connection: sa.Connection, declaration: TableDeclaration) -> None:
        connection.execute(
            sa.insert(self._database.schema.declaration).values(
                name=declaration.name,
                version=declaration.version,
                body=declaration.to_json(),
                recorded=clock.now(),
            )
        )

    def drop(self, declaration: TableDeclaration) -> None:
        """Drop a table with all of its rows and declarations; writes.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            The table.
        """
        recorded = self._database.schema.declaration
        with self._database.writing() as connection:
            self._make(declaration).drop(connection)
            connection.execute(sa.delete(recorded).where(recorded.c.name == declaration.name))
            if renames := self.read().get(RENAMES.name):
                # Another table may be declared by its names.
                told = self._make(renames).table
                gone = (told.c.kind == TABLE, told.c.name == declaration.name)
                connection.execute(sa.delete(told).where(*gone))


def _check_extends(asked: TableDeclaration, there: TableDeclaration) -> None:
    """Check that the difference is a later version with more nullable columns or dimensions."""
    names = {column.name for column in there.columns}
    added = [column for column in asked.columns if column.name not in names]
    shared = tuple(column for column in asked.columns if column.name in names)
    dimensions = asked.dimensions
    if there.nullable_dimensions:
        dimensions = tuple(name for name in asked.dimensions if name in there.dimensions)
    as_before = dataclasses.replace(asked, columns=shared, dimensions=dimensions, version=there.version)
    if asked.version > there.version and as_before == there and all(column.nullable for column in added):
        return
    fields = [
        field.name
        for field in dataclasses.fields(asked)
        if getattr(asked, field.name) != getattr(there, field.name)
    ]
    differences = "; ".join(
        f"{name} is {getattr(there, name)!r}, not {getattr(asked, name)!r}" for name in fields
    )
    raise DeclarationError(
        f"Table {asked.name!r} exists with another declaration: {differences}. Declare it as it is, "
        "with a higher version and more nullable columns, or under another name; any other change is a "
        "migration."
    )
