"""Extension tables: append rows, read the current ones or all that ever were."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import ReadOnlyError, UnknownNameError

from . import clock
from .bulk import insert_rows
from .conditions import iter_conditions
from .database import Database
from .declaration import RECORDED, ROW_ID, TableDeclaration
from .declarations import Declarations
from .physical import PhysicalTable
from .rows import Rows, conform_rows

__all__ = ["ExtensionTable"]


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
    database : `~workbench.registry.database.Database`
        Where it is.
    read_only : `bool`
        Whether writes are refused.
    exists : `bool`, optional
        Whether it is in the database; if not, it is empty, and the first
        rows make it.
    """

    def __init__(
        self,
        declaration: TableDeclaration,
        universe: DimensionUniverse,
        database: Database,
        read_only: bool,
        *,
        exists: bool = True,
    ):
        self.declaration = declaration
        self._physical = PhysicalTable.make(declaration, universe, database.naming)
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
        if table.num_rows == 0:
            return 0
        if not self._exists:
            Declarations(self._database, self._universe).write(self.declaration)
            self._exists = True
        recorded = pa.array([clock.now()] * table.num_rows, pa.float64())
        table = table.append_column(self.schema.field(RECORDED), recorded)
        with (
            contextlib.nullcontext(connection)
            if connection is not None
            else self._database.writing() as write
        ):
            insert_rows(write, self._physical, table)
        return table.num_rows

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
            rows = connection.execute(query).all()
        values: Sequence[Sequence[object]] = [*zip(*rows, strict=True)] or [() for _ in names]
        arrays = [
            pa.array(
                [None if v is None else str(v) for v in column]
                if self._physical.types[name] == "uuid"
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
            n_rows: int = connection.execute(
                query.where(*iter_conditions(source, where or {}, is_sqlite=self._database.is_sqlite))
            ).scalar_one()
        return n_rows

    def drop(self) -> None:
        """Drop the table with all of its rows and its declaration; writes.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the registry was opened read-only.
        """
        self._check_writable()
        Declarations(self._database, self._universe).drop(self.declaration)

    def _source(self, current: bool) -> sa.Table:
        return self._physical.view if current else self._physical.table

    def _check_writable(self) -> None:
        if self._read_only:
            raise ReadOnlyError(
                f"Table {self.declaration.name!r} cannot be written: the repository was opened read-only. "
                "Open it without read_only=True."
            )

    def _check_columns(self, names: Collection[str]) -> None:
        if unknown := [name for name in names if name not in self.schema.names]:
            raise UnknownNameError(
                f"Table {self.declaration.name!r} has no column {', '.join(unknown)}; "
                f"its columns are {', '.join(self.schema.names)}."
            )
