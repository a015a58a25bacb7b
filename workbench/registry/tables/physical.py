"""A declared table as it is in the database and in Arrow."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import DimensionUniverse
from lsst.daf.butler.ddl import GUID

from workbench.registry.database.naming import Naming
from workbench.registry.tables.declaration import RECORDED, ROW_ID, TableDeclaration
from workbench.rendering import time_field

__all__ = ["PhysicalTable"]

_SQL_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "int": sa.BigInteger,
    "float": sa.Double,
    "str": sa.Text,
    "bool": sa.Boolean,
    "time": sa.Double,
    "json": sa.Text,
    "uuid": GUID,  # as the Butler stores dataset UUIDs, so that the two join
    "dataset": GUID,
    "region": sa.LargeBinary,
}
_ARROW_TYPES: dict[str, pa.DataType] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "str": pa.string(),
    "bool": pa.bool_(),
    "time": pa.float64(),
    "json": pa.string(),
    "uuid": pa.string(),
    "dataset": pa.string(),
    "region": pa.binary(),
}
_DIMENSION_TYPES = {"int": "int", "string": "str"}
# SQLite counts rows only in a column of type INTEGER.
_ROW_ID_TYPE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class PhysicalTable:
    """SQL table, view of current rows, and Arrow schema of one declaration.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        What the table holds.
    table, view : `sqlalchemy.Table`
        All rows; current rows (the same columns).
    types : `dict` [`str`, `str`]
        Declared type of each column, those of dimensions included.
    schema : `pyarrow.Schema`
        Columns in Arrow: dimensions, ordinary columns, ``row_id``,
        ``recorded``; with unit and documentation as field metadata.
    datasets : `sqlalchemy.Table` or `None`
        The Butler's table of datasets, where rows refer to it.
    """

    declaration: TableDeclaration
    table: sa.Table
    view: sa.Table
    types: dict[str, str]
    schema: pa.Schema
    datasets: sa.Table | None

    @classmethod
    @functools.lru_cache(maxsize=256)  # every call of a table asks, and the answer never changes
    def make(
        cls, declaration: TableDeclaration, universe: DimensionUniverse, naming: Naming, kept: str = ""
    ) -> PhysicalTable:
        """Derive both forms of a table; touches no database.

        Parameters
        ----------
        declaration : `~workbench.registry.TableDeclaration`
            What the table holds.
        universe : `~lsst.daf.butler.DimensionUniverse`
            Types of the dimensions.
        naming : `~workbench.registry.database.naming.Naming`
            How tables are named in the database.
        kept : `str`, optional
            Name that the table was declared by at first, where it is called
            otherwise now.

        Returns
        -------
        physical : `PhysicalTable`
            Both forms.
        """
        kept = kept or declaration.name
        types: dict[str, str] = {}
        columns: list[sa.Column[object]] = [sa.Column(ROW_ID, _ROW_ID_TYPE, primary_key=True)]
        fields: list[pa.Field[Any]] = []
        for name in declaration.dimensions:
            element = universe.dimensions[name]
            types[name] = _DIMENSION_TYPES[element.primary_key.type]
            columns.append(sa.Column(name, _SQL_TYPES[types[name]], nullable=declaration.nullable_dimensions))
            fields.append(_make_field(name, types[name], "", element.documentation))
        for column in declaration.stored_columns:
            types[column.name] = column.type
            columns.append(sa.Column(column.name, _SQL_TYPES[column.type], nullable=column.nullable))
            fields.append(_make_field(column.name, column.type, column.unit, column.doc))
        columns.append(sa.Column(RECORDED, sa.Double, nullable=False))
        fields.append(_make_field(ROW_ID, "int", "", "Order in which rows were written."))
        fields.append(_make_field(RECORDED, "time", "d", "When the row was written, MJD TAI."))
        metadata = sa.MetaData(schema=naming.schema)
        table = sa.Table(
            naming.extension(kept),
            metadata,
            *columns,
            sqlite_autoincrement=True,  # row_id of a deleted row is never given again
        )
        datasets = _refer_to_datasets(declaration, table, naming)
        if declaration.key:
            key = [table.c[name] for name in declaration.key]
            sa.Index(naming.beside(table.name, "key"), *key, table.c[ROW_ID])
        view = sa.Table(naming.current(kept), metadata, *(sa.Column(c.name, c.type) for c in table.columns))
        types |= {ROW_ID: "int", RECORDED: "time"}
        return cls(declaration, table, view, types, pa.schema(fields), datasets)

    def create(self, connection: sa.Connection) -> None:
        """Create table, index and view; writes.

        Parameters
        ----------
        connection : `sqlalchemy.Connection`
            Write transaction.
        """
        self.table.create(connection)
        self.create_view(connection)

    def create_view(self, connection: sa.Connection) -> None:
        """Create the view of current rows; writes.

        Parameters
        ----------
        connection : `sqlalchemy.Connection`
            Write transaction.
        """
        rows = self._select_current().compile(connection, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"CREATE VIEW {self._quote_view(connection)} AS {rows}")

    def drop_view(self, connection: sa.Connection) -> None:
        """Drop the view of current rows; writes.

        Parameters
        ----------
        connection : `sqlalchemy.Connection`
            Write transaction.
        """
        connection.exec_driver_sql(f"DROP VIEW {self._quote_view(connection)}")

    def drop(self, connection: sa.Connection) -> None:
        """Drop view and table with all rows; writes.

        Parameters
        ----------
        connection : `sqlalchemy.Connection`
            Write transaction.
        """
        self.drop_view(connection)
        self.table.drop(connection)

    def _quote_view(self, connection: sa.Connection) -> str:
        return connection.dialect.identifier_preparer.format_table(self.view)

    def _select_current(self) -> sa.Select[tuple[object, ...]]:
        rows = sa.select(*self.table.columns)
        if self.declaration.current == "latest":
            same = self.table.alias("same")
            # GROUP BY takes NULLs for equal, as keys with nullable dimensions need it.
            newest = sa.select(sa.func.max(same.c[ROW_ID])).group_by(
                *(same.c[name] for name in self.declaration.key)
            )
            rows = rows.where(self.table.c[ROW_ID].in_(newest))
        if self.declaration.tombstone:
            rows = rows.where(
                sa.func.coalesce(self.table.c[self.declaration.tombstone], sa.false()).is_(sa.false())
            )
        return rows


def _refer_to_datasets(declaration: TableDeclaration, table: sa.Table, naming: Naming) -> sa.Table | None:
    """Make columns of datasets foreign keys; return the Butler's table that they refer to."""
    columns = [column.name for column in declaration.columns if column.type == "dataset"]
    if not columns or naming.datasets is None:
        return None
    schema, name = naming.datasets
    datasets = sa.Table(name, table.metadata, sa.Column("id", GUID, primary_key=True), schema=schema)
    for column in columns:
        table.append_constraint(
            sa.ForeignKeyConstraint(
                [column],
                [datasets.c.id],
                name=naming.beside(table.name, f"{column}_fkey"),
                ondelete="CASCADE",
            )
        )
        # Without one, each dataset that the Butler deletes scans the table.
        sa.Index(naming.beside(table.name, f"{column}_idx"), table.c[column])
    return datasets


def _make_field(name: str, kind: str, unit: str, doc: str) -> pa.Field[Any]:
    if kind == "time":
        return time_field(name, doc)
    metadata = {key: text for key, text in (("unit", unit), ("doc", doc)) if text}
    return pa.field(name, _ARROW_TYPES[kind], metadata=metadata or None)
