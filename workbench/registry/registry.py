"""The embedded registry: a Butler repository with our tables."""

from __future__ import annotations

import contextlib
import functools
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from lsst.daf.butler import Butler, DimensionUniverse

from workbench.errors import ReadOnlyError, RepositoryLockedError, UnknownTableError
from workbench.presentation import presented
from workbench.registry.database.engine import Database
from workbench.registry.database.forking import refuse_forked
from workbench.registry.database.home import Home
from workbench.registry.database.location import Location
from workbench.registry.database.opening import open_butler
from workbench.registry.database.schema import Schema
from workbench.registry.journal import Journal
from workbench.registry.tables.declaration import TableDeclaration
from workbench.registry.tables.extension import ExtensionTable
from workbench.registry.tables.tables import Extensions, Tables
from workbench.registry.tables.wholeness import Wholeness

__all__ = ["Registry"]


@presented
class Registry:
    """A Butler repository, and our tables in the same database or a sidecar.

    Made by `open_registry`.  Owns the browsing Butler and closes it; holds no
    other connection between calls.  Usable from several threads where the
    Butler is not used from more than one of them at a time.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository.
    home : `~workbench.registry.database.home.Home`
        Where our tables live.
    butler : `~lsst.daf.butler.Butler`
        Read-only Butler for browsing.
    read_only : `bool`
        Whether all writes are refused.
    """

    def __init__(self, location: Location, home: Home, butler: Butler, *, read_only: bool):
        self.uri = location.uri
        self._butler = butler
        self.read_only = read_only
        self.butler_writeable = home.butler_writeable
        self.home: str = home.place
        self._location = location
        self._home = home
        self._expected: dict[str, TableDeclaration] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Registry({self.uri!r}, tables {self.home}{', read-only' if self.read_only else ''})"

    def close(self) -> None:
        """Close the browsing Butler."""
        self._butler.close()

    @property
    def butler(self) -> Butler:
        """Read-only Butler for browsing (`~lsst.daf.butler.Butler`)."""
        refuse_forked()
        return self._butler

    @property
    def universe(self) -> DimensionUniverse:
        """Dimensions of the repository (`~lsst.daf.butler.DimensionUniverse`)."""
        return self.butler.dimensions

    @property
    def schema(self) -> Schema:
        """Our fixed tables (`~workbench.registry.database.schema.Schema`)."""
        return self._database.schema

    @property
    def storage_dir(self) -> Path:
        """Directory of graph files (`pathlib.Path`); made by who first writes into it."""
        return self._home.storage_dir

    @property
    def sidecar(self) -> str | None:
        """The sidecar database, as `open_registry` takes it, without a password (`str` or `None`)."""
        return None if self.home == "beside" else str(self._database)

    def last_rows(self) -> dict[str, int]:
        """Return the number of the row that each extension table got last; never writes.

        Returns
        -------
        last_rows : `dict` [ `str`, `int` ]
            By name of the table, 0 for one without rows; one that has not
            grown means that nothing was written.  Cheap: ask every second.
        """
        with self._database.reading() as connection:
            if connection is None:
                return {}
            return {name: table.last_row(connection) for name, table in self.tables().items()}

    @functools.cached_property
    def journal(self) -> Journal:
        """The journal of commits (`~workbench.registry.journal.Journal`)."""
        return Journal(self._database, self.transaction)

    @property
    def wholeness(self) -> Wholeness:
        """Whether our tables are all there (`~workbench.registry.tables.wholeness.Wholeness`)."""
        return Wholeness(self._database, self.universe, read_only=self.read_only)

    @property
    def _database(self) -> Database:
        return self._home.database

    @property
    def location(self) -> Location:
        """Where the repository is (`~workbench.registry.database.location.Location`)."""
        return self._location

    @property
    def writeable_uri(self) -> str:
        """The repository as a script names it that writes to it; empty if only a server is known (`str`)."""
        return "" if self._location.is_served else self.uri

    def refresh(self) -> None:
        """Make the browsing Butler see what was written since; never writes."""
        self.butler.registry.refresh()

    def reopen(self) -> None:
        """Open the browsing Butler anew, as after a change of its dimensions; never writes."""
        stale, self._butler = self._butler, open_butler(self._location)
        stale.close()

    @contextlib.contextmanager
    def writeable_butler(self, **kwargs: Any) -> Iterator[Butler]:
        """Open a Butler that writes, for the length of a block.

        Our own write transaction must not be open: on SQLite both would wait.

        Parameters
        ----------
        **kwargs
            Forwarded to ``Butler.from_config`` (``run``, ``collections``).

        Yields
        ------
        butler : `~lsst.daf.butler.Butler`
            Closed at the end of the block.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the Butler cannot be written.
        workbench.errors.RepositoryLockedError
            Raised if another writer holds the database.
        """
        self.check_butler_writeable()
        butler = Butler.from_config(self.uri, writeable=True, **kwargs)
        try:
            yield butler
        finally:
            butler.close()

    def check_butler_writeable(self) -> None:
        """Check that a Butler could write here, now; never writes.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the Butler cannot be written.
        workbench.errors.RepositoryLockedError
            Raised if another writer holds the database, or our own write
            transaction is open on SQLite.
        """
        self._check_writable()
        if not self.butler_writeable:
            raise ReadOnlyError(
                f"The Butler repository {self.uri} may not be written from here "
                f"({'it is served by a Butler server' if self._location.url is None else 'no permission'}). "
                "Give script=<path>, where it is taken, for a script that somebody runs who may."
            )
        if self._location.url is not None and self._location.sqlite_file is not None:
            if self._database.is_writing and self.home == "beside":
                raise RepositoryLockedError(
                    f"The Butler cannot write {self.uri} inside a write transaction of the workbench's own "
                    "tables, which are in the same SQLite file. End the transaction first."
                )
            # The Butler would wait for 300 s without a word.
            Database(self._location.url, self._database.naming).probe_write_lock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Open a write transaction on our tables; the first creates them.

        Other writers of our tables wait from its beginning.

        Yields
        ------
        connection : `sqlalchemy.Connection`
            A savepoint inside another one; rolled back on any exception.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the repository was opened read-only.
        workbench.errors.RepositoryLockedError
            Raised if another writer does not finish in time.
        workbench.errors.NewerSchemaError
            Raised if a newer release wrote the tables.
        """
        self._check_writable()
        with self._database.writing() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection | None]:
        """Open a transaction that reads our tables; never writes.

        Yields
        ------
        connection : `sqlalchemy.Connection` or `None`
            One snapshot; `None` where nothing was ever written.
        """
        with self._database.reading() as connection:
            yield connection

    def declare(self, declaration: TableDeclaration) -> ExtensionTable:
        """Make sure that a table exists; writes if it does not.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it holds; a later version may add nullable columns.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if a table of this name holds something else.
        workbench.errors.ReadOnlyError
            Raised if it does not exist and the registry is read-only.
        """
        return self._extensions.declare(declaration, self._check_writable)

    def migrate(
        self,
        declaration: TableDeclaration,
        *,
        rename: Mapping[str, str] | None = None,
        allow_data_loss: bool = False,
    ) -> ExtensionTable:
        """Bring a table and its rows to a later version of its declaration; writes.

        Columns may be added, dropped, renamed, given another type, or a unit
        into which values are converted; the key may change, and which rows
        are current: all or nothing.  Earlier declarations stay on record.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What it shall hold, with a higher version.
        rename : `~collections.abc.Mapping` [ `str`, `str` ], optional
            New name by old name of columns that keep their values.
        allow_data_loss : `bool`, optional
            Whether columns with values may go, values that do not fit a new
            type become NULL, and current rows be hidden by a new key.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is no table of this name.
        workbench.errors.DeclarationError
            Raised if one version cannot become the other, or would lose data
            without leave; lists what.
        workbench.errors.ReadOnlyError
            Raised if the registry is read-only.
        """
        self._check_writable()
        return self._extensions.migrate(declaration, rename or {}, allow_data_loss=allow_data_loss)

    def declarations(self, name: str) -> list[tuple[TableDeclaration, float]]:
        """Read all versions of a table's declaration; never writes.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        versions : `list` [ `tuple` [ `~workbench.registry.TableDeclaration`, `float` ] ]
            Oldest first, each with the time of its record (MJD TAI).

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is none of this name; lists those there are.
        """
        return self._extensions.history(self.table(name).declaration.name)

    def table(self, name: str) -> ExtensionTable:
        """Return a declared table; never writes.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        table : `~workbench.registry.ExtensionTable`
            The table.

        Raises
        ------
        workbench.errors.UnknownTableError
            Raised if there is none of this name; lists those there are.
        """
        tables = self.tables()
        if name not in tables:
            listed = ", ".join(tables.listed())
            there = f"there are {listed}" if tables else "no table was ever declared here"
            raise UnknownTableError(f"There is no extension table {name!r}; {there}.")
        return tables[name]

    def tables(self) -> Tables:
        """Return all declared tables, and those that are expected; never writes.

        Returns
        -------
        tables : `~workbench.registry.tables.tables.Tables`
            By name; without expected tables, empty where nothing was ever
            written.
        """
        return self._extensions.find(self._expected)

    def expect(self, *declarations: TableDeclaration) -> None:
        """Name tables that count as declared and empty until they are; never writes.

        Parameters
        ----------
        *declarations : `~workbench.registry.TableDeclaration`
            What they will hold; expressions can name them from now on.
        """
        self._expected |= {declaration.name: declaration for declaration in declarations}

    @property
    def _extensions(self) -> Extensions:
        return Extensions(self._database, self.universe, read_only=self.read_only)

    def _check_writable(self) -> None:
        if self.read_only:
            what = f"The repository {self.uri} was opened read-only"
            raise ReadOnlyError(f"{what}. Open it without read_only=True or --read-only to write.")
