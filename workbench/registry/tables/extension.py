"""Extension tables: append rows, read the current ones or all that ever were."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import DeclarationError, ReadOnlyError, UnknownNameError
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.registry.database import clock
from workbench.registry.database.conditions import iter_conditions
from workbench.registry.database.engine import Database
from workbench.registry.tables.bulk import insert_rows
from workbench.registry.tables.declaration import RECORDED, ROW_ID, TableDeclaration
from workbench.registry.tables.declarations import Declarations
from workbench.registry.tables.merging import find_changes
from workbench.registry.tables.physical import PhysicalTable
from workbench.registry.tables.rows import Rows, check_datasets, conform_rows, name_columns
from workbench.registry.tables.wholeness import is_dropped

__all__ = ["ExtensionTable"]

_ROWS_AT_ONCE = 50_000  # between two reports of progress


@presented
class ExtensionTable:
    """A declared table in the database.

    It holds no connection: each call opens its own, or takes part in the
    transaction that the thread is in.  Rows are only ever added.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        What the table holds.
    universe : `~lsst.daf.butler.DimensionUniverse`
        Types of its dimensions.
    database : `~workbench.registry.database.engine.Database`
        Where it is.
    read_only : `bool`
        Whether writes are refused.
    exists : `bool`, optional
        Whether it is in the database; if not, the first rows make it.
    kept : `str`, optional
        Name that it was declared by at first, where it has another now.
    """

    def __init__(
        self,
        declaration: TableDeclaration,
        universe: DimensionUniverse,
        database: Database,
        read_only: bool,
        *,
        exists: bool = True,
        kept: str = "",
    ):
        self.declaration = declaration
        self._kept = declaration.called(kept or declaration.name)
        self._physical = PhysicalTable.make(declaration, universe, database.naming, kept)
        self._universe = universe
        self._database = database
        self._read_only = read_only
        self._exists = exists

    def __repr__(self) -> str:
        return f"ExtensionTable({self.declaration.name!r}, {', '.join(self.declaration.column_names)})"

    @property
    def schema(self) -> pa.Schema:
        """Columns of what `read` returns (`pyarrow.Schema`)."""
        return self._physical.schema

    def append(self, rows: Rows, connection: sa.Connection | None = None) -> int:
        """Append rows, all or none of them; writes.

        Where the latest row of a key is the current one, this updates it.

        Parameters
        ----------
        rows : `pyarrow.Table` or sequence of mappings
            Nullable columns may be left out.  In mappings a time may be an
            `astropy.time.Time`, JSON any value that has a JSON form, a UUID
            a `uuid.UUID`.
        connection : `sqlalchemy.Connection`, optional
            Write transaction to take part in; by default that of this
            thread, or a new one.

        Returns
        -------
        n_rows : `int`
            Number of rows written.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if columns or rows do not fit; lists them.
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        self._check_writable()
        table = conform_rows(rows, self._physical)
        if table.num_rows:
            with self._writing(connection) as write:
                self._insert(write, table)
        return table.num_rows

    def upsert(
        self,
        rows: Rows,
        connection: sa.Connection | None = None,
        *,
        beside: Collection[str] = (),
        progress: Progress = silent,
    ) -> int:
        """Append the rows that say something new, all or none of them; writes.

        A row whose key has no current row is added.  One whose key has is
        added where a column differs, and is the current one from then on; the
        earlier row stays in the history.  Columns that are left out keep the
        values that they have.  Doing the same again writes nothing.

        Parameters
        ----------
        rows : `pyarrow.Table` or sequence of mappings
            As in `append`, one row a key.
        connection : `sqlalchemy.Connection`, optional
            As in `append`.
        beside : collection of `str`, optional
            Columns in which alone a row says nothing new, such as who wrote
            it.
        progress : `~workbench.progress.Progress`, optional
            Told the stage and the fraction of the rows; it may cancel, which
            leaves the table as it was.

        Returns
        -------
        n_rows : `int`
            Number of rows written.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if columns or rows do not fit, or if all rows of this
            table are current, so that none replaces another.
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        self._check_writable()
        self._check_replaces("upsert rows of")
        declaration = self.declaration
        table = conform_rows(rows, self._physical, partial=True)
        if not table.num_rows:
            return 0
        with self._writing(connection) as write:
            progress("comparing with current rows")
            # The key column that tells most rows apart leaves the fewest to read.
            values = {name: table[name].unique() for name in declaration.key}
            finest = max(values, key=lambda name: len(values[name]))
            current = self.read(where={finest: values[finest]}, columns=declaration.column_names)
            changes = find_changes(table, current, declaration.key, name_columns(rows), beside)
            # New rows must be whole; the changes of others are.
            changes = conform_rows(changes, self._physical)
            if changes.num_rows:
                self._insert(write, changes, progress)
        return changes.num_rows

    def delete(self, where: Mapping[str, object], connection: sa.Connection | None = None) -> int:
        """Take current rows away; writes.

        They stay in the history: each gets a successor with the tombstone
        set, which hides it.

        Parameters
        ----------
        where : `~collections.abc.Mapping`
            As in `read`; empty for all current rows.
        connection : `sqlalchemy.Connection`, optional
            As in `append`.

        Returns
        -------
        n_rows : `int`
            Number of rows that are no longer current.

        Raises
        ------
        workbench.errors.DeclarationError
            Raised if the table has no tombstone.
        workbench.errors.UnknownNameError
            Raised if a column does not exist.
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        self._check_writable()
        self._check_replaces("delete rows of")
        declaration = self.declaration
        if not declaration.tombstone:
            raise DeclarationError(
                f"Rows of table {declaration.name!r} cannot be deleted: its declaration names no tombstone, "
                "a bool column that marks a row as gone. Migrate it to a version that has one."
            )
        with self._writing(connection) as write:
            rows = self.read(where=where, columns=declaration.column_names)
            index = rows.schema.get_field_index(declaration.tombstone)
            gone = pa.array([True] * rows.num_rows, pa.bool_())
            rows = rows.set_column(index, rows.schema.field(index), gone)
            if rows.num_rows:
                self._insert(write, rows)
        return rows.num_rows

    @contextlib.contextmanager
    def _writing(self, connection: sa.Connection | None) -> Iterator[sa.Connection]:
        """Open a write transaction in which the table exists."""
        with (
            contextlib.nullcontext(connection)
            if connection is not None
            else self._database.writing() as write
        ):
            makes = not self._exists
            if makes:
                Declarations(self._database, self._universe).write(self._kept)
                self._exists = True
            try:
                yield write
            except BaseException:
                self._exists = not makes  # the table goes with the transaction
                raise

    def _insert(self, connection: sa.Connection, table: pa.Table, progress: Progress = silent) -> None:
        check_datasets(connection, self._physical, table, is_sqlite=self._database.is_sqlite)
        recorded = pa.array([clock.now()] * table.num_rows, pa.float64())
        stamped = table.append_column(self.schema.field(RECORDED), recorded)
        for begin in range(0, stamped.num_rows, _ROWS_AT_ONCE):
            progress("writing rows", begin / stamped.num_rows)
            insert_rows(connection, self._physical, stamped.slice(begin, _ROWS_AT_ONCE))
        progress("writing rows", 1.0)

    def read(
        self,
        *,
        current: bool = True,
        where: Mapping[str, object] | None = None,
        columns: Sequence[str] | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Read rows in the order in which they were written; never writes.

        Parameters
        ----------
        current : `bool`, optional
            Whether to read the current rows only, or the whole history.
        where : `~collections.abc.Mapping`, optional
            Value that a column must have, or a collection of values of which
            it must have one; `None` asks for NULL.
        columns : sequence of `str`, optional
            Columns to read; by default all.
        limit : `int`, optional
            Largest number of rows.

        Returns
        -------
        table : `pyarrow.Table`
            Rows in `schema`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if a column does not exist.
        """
        names = [*self.schema.names] if columns is None else [*columns]
        source = self._source(current)
        self._check_columns([*names, *(where or {})])
        query = sa.select(*(source.c[name] for name in names)).order_by(source.c[ROW_ID]).limit(limit)
        schema = pa.schema([self.schema.field(name) for name in names])
        with self._database.reading() as connection:
            if connection is None or not self._exists:
                return schema.empty_table()
            query = query.where(*iter_conditions(source, where or {}, is_sqlite=self._database.is_sqlite))
            rows = self._execute(connection, query).all()
        values: Sequence[Sequence[object]] = [*zip(*rows, strict=True)] or [() for _ in names]
        arrays = [
            pa.array(
                [None if v is None else str(v) for v in column]
                if self._physical.types[name] in {"uuid", "dataset"}
                else column,
                field.type,
            )
            for name, field, column in zip(names, schema, values, strict=True)
        ]
        return pa.table(arrays, schema=schema)

    def count(self, *, current: bool = True, where: Mapping[str, object] | None = None) -> int:
        """Count rows; never writes.

        Parameters
        ----------
        current : `bool`, optional
            Whether to count the current rows only, or the whole history.
        where : `~collections.abc.Mapping`, optional
            As in `read`.

        Returns
        -------
        n_rows : `int`
            Number of rows.
        """
        source = self._source(current)
        self._check_columns(where or {})
        query = sa.select(sa.func.count()).select_from(source)
        with self._database.reading() as connection:
            if connection is None or not self._exists:
                return 0
            query = query.where(*iter_conditions(source, where or {}, is_sqlite=self._database.is_sqlite))
            n_rows: int = self._execute(connection, query).scalar_one()
        return n_rows

    def last_row(self, connection: sa.Connection) -> int:
        """Return the number of the row that was written last; never writes.

        Parameters
        ----------
        connection : `sqlalchemy.Connection`
            Transaction to read in.

        Returns
        -------
        number : `int`
            0 where there is none.
        """
        query = sa.select(sa.func.max(self._physical.table.c[ROW_ID]))
        return (self._execute(connection, query).scalar() or 0) if self._exists else 0

    def drop(self) -> None:
        """Drop the table with all of its rows and its declaration; writes.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        self._check_writable()
        Declarations(self._database, self._universe).drop(self._kept)

    def _execute(self, connection: sa.Connection, query: sa.Select[Any]) -> sa.CursorResult[Any]:
        try:
            return connection.execute(query)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
            if is_dropped(self._database, self._universe, self._kept.name, error):
                raise
            raise DeclarationError(
                f"Table {self.declaration.name!r} is no longer at version {self.declaration.version}: it was "
                "migrated or dropped since. Ask for the table again."
            ) from error

    def _source(self, current: bool) -> sa.Table:
        return self._physical.view if current else self._physical.table

    def _check_writable(self) -> None:
        if self._read_only:
            raise ReadOnlyError(
                f"Table {self.declaration.name!r} cannot be written: the repository was opened read-only. "
                "Open it without read_only=True or --read-only."
            )

    def _check_replaces(self, what: str) -> None:
        if self.declaration.current != "latest":
            raise DeclarationError(
                f"Cannot {what} table {self.declaration.name!r}: all of its rows are current, so that no "
                "row replaces another. Append rows, or declare it with 'current: latest'."
            )

    def _check_columns(self, names: Collection[str]) -> None:
        if unknown := [name for name in names if name not in self.schema.names]:
            raise UnknownNameError(
                f"Table {self.declaration.name!r} has no column {', '.join(unknown)}; "
                f"its columns are {', '.join(self.schema.names)}."
            )
