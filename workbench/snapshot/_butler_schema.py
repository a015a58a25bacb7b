"""The Butler's own tables: where they are, what they are called, how they encode.

The only module of this package that knows private names of ``lsst.daf.butler``.
What it says was checked against the manager versions in `_CHECKED`, which a
repository names in its ``butler_attributes``; for any other, everything is
read through the public interface.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from lsst.daf.butler import Butler, DimensionElement
from lsst.daf.butler.direct_butler import DirectButler
from lsst.daf.butler.direct_query_driver import DirectQueryDriver
from lsst.daf.butler.direct_query_driver._sql_column_visitor import SqlColumnVisitor
from lsst.daf.butler.queries import DataCoordinateQueryResults, DimensionRecordQueryResults

from workbench.registry.database.failure import explained

__all__ = [
    "ButlerTables",
    "UnreadableTablesError",
    "opening_tables",
    "read_query_rows",
]

_CHECKED: Mapping[str, tuple[str, frozenset[tuple[int, int]]]] = {
    "attributes": ("DefaultButlerAttributeManager", frozenset({(1, 0)})),
    "collections": ("SynthIntKeyCollectionManager", frozenset({(2, 0)})),
    "datasets": ("ByDimensionsDatasetRecordStorageManagerUUID", frozenset({(1, 0), (2, 0)})),
    "dimensions": ("StaticDimensionRecordStorageManager", frozenset({(6, 0)})),
}
"""Managers by what they manage, with major and minor versions of their tables; patches change nothing."""

_SQLITE_TIMEOUT = 30.0
"""How long to wait for a writer that is committing, in s."""


class UnreadableTablesError(Exception):
    """The tables cannot be read directly; the message says why, in a few words."""


@dataclasses.dataclass(frozen=True, slots=True)
class ButlerTables:
    """The tables of one repository, in a transaction that reads.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Sees one state of the database.
    namespace : `str` or `None`
        Schema of the tables on PostgreSQL.
    """

    connection: sa.Connection
    namespace: str | None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite (`bool`)."""
        return self.connection.dialect.name == "sqlite"

    def table(self, name: str, *columns: str) -> sa.TableClause:
        """Refer to a table.

        Parameters
        ----------
        name : `str`
            Its name.
        *columns : `str`
            Names of the columns that are used.

        Returns
        -------
        table : `sqlalchemy.TableClause`
            Without types: values come as the driver gives them.
        """
        return sa.table(name, *(sa.column(column) for column in columns), schema=self.namespace)

    @property
    def collections(self) -> sa.TableClause:
        """Collections (`sqlalchemy.TableClause`)."""
        return self.table("collection", "collection_id", "name", "type")

    @property
    def chains(self) -> sa.TableClause:
        """Children of chains (`sqlalchemy.TableClause`)."""
        return self.table("collection_chain", "parent", "position", "child")

    @property
    def dataset_types(self) -> sa.TableClause:
        """Dataset types, and the tables of their datasets (`sqlalchemy.TableClause`)."""
        return self.table(
            "dataset_type",
            "id",
            "name",
            "storage_class",
            "dimensions_key",
            "tag_association_table",
            "calibration_association_table",
        )

    @property
    def dimension_groups(self) -> sa.TableClause:
        """Required dimensions by the key of their group (`sqlalchemy.TableClause`)."""
        return self.table("dimension_graph_definition", "dimension_graph_id", "dimension_name")

    @property
    def datasets(self) -> sa.TableClause:
        """Datasets with their runs (`sqlalchemy.TableClause`)."""
        return self.table("dataset", "id", "run_id")

    def timespan_columns(self) -> tuple[str, ...]:
        """Return the columns that hold a timespan.

        Returns
        -------
        names : `tuple` [ `str`, ... ]
            One range of int8 on PostgreSQL, two integers on SQLite.
        """
        return ("timespan_begin", "timespan_end") if self.is_sqlite else ("timespan",)

    def element(self, element: DimensionElement) -> tuple[sa.TableClause, dict[str, str]]:
        """Refer to the records of an element.

        Parameters
        ----------
        element : `~lsst.daf.butler.DimensionElement`
            An element with records of its own.

        Returns
        -------
        table : `sqlalchemy.TableClause`
            Its table.
        columns : `dict` [ `str`, `str` ]
            Column of each field but the timespan: a dimension's own key is
            called ``id`` or ``name``.
        """
        columns = dict(zip(element.required.names, element.schema.required.names, strict=True))
        columns |= {name: name for name in element.implied.names}
        columns |= {spec.name: spec.name for spec in element.schema.remainder if spec.type != "timespan"}
        times = self.timespan_columns() if element.temporal is not None else ()
        return self.table(element.name, *columns.values(), *times), columns

    def pixels(self, element: DimensionElement) -> tuple[sa.TableClause, list[sa.ColumnElement[bool]]]:
        """Refer to the common pixels of an element.

        Parameters
        ----------
        element : `~lsst.daf.butler.DimensionElement`
            A spatial element.

        Returns
        -------
        table : `sqlalchemy.TableClause`
            Keys of the element, and ``skypix_index``.
        where : `list` [ `sqlalchemy.ColumnElement` ]
            What holds for pixels of the common pixelization.
        """
        names = [*element.required.names, "skypix_system", "skypix_level", "skypix_index"]
        table = self.table(f"{element.name}_skypix_overlap", *names)
        common = element.universe.commonSkyPix
        return table, [
            table.c.skypix_system == common.system.name,
            table.c.skypix_level == common.level,
        ]


@contextlib.contextmanager
def opening_tables(butler: Butler) -> Iterator[ButlerTables]:
    """Open a transaction that reads the Butler's tables.

    Inside a transaction of the Butler it is that transaction, so that what
    the Butler has written is seen; otherwise it is one of its own, which
    neither waits for writers nor ever writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.

    Yields
    ------
    tables : `ButlerTables`
        One consistent state.

    Raises
    ------
    UnreadableTablesError
        Raised if there are no tables, or if they are not those that this
        module knows.
    workbench.errors.ConnectionFailedError
        Raised if the database does not answer.
    workbench.errors.RepositoryLockedError
        Raised if a writer keeps readers out.
    """
    if not isinstance(butler, DirectButler):
        raise UnreadableTablesError("a remote Butler shows no tables")
    registry = butler._registry
    types: Any = registry._managers.datasets
    if types._renames or types._storage_class_overrides:
        raise UnreadableTablesError("the configuration overrides dataset types")
    database: Any = registry._db
    if database.isInTransaction():
        connection = database._session_connection
        # On PostgreSQL each statement of this transaction may see another state;
        # what it has locked or written itself cannot change.
        yield _check(ButlerTables(connection, database.namespace))
        return
    with explained(str(database)), contextlib.ExitStack() as stack:
        if database.dialect.name == "sqlite":
            if database.filename is None:
                raise UnreadableTablesError("the database is in memory")
            engine = _make_sqlite_engine(Path(database.filename))
            connection = stack.enter_context(engine.connect())
        elif database.dialect.name == "postgresql":
            connection = stack.enter_context(database._engine.connect())
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            raise UnreadableTablesError(f"the database is {database.dialect.name}")
        with connection.begin():
            yield _check(ButlerTables(connection, database.namespace))


def _make_sqlite_engine(path: Path) -> sa.Engine:
    # The standard library's SQLite, which the Butler uses too: a second copy of
    # SQLite in the process would drop the Butler's locks when it closes the file.
    target = f"file:{urllib.parse.quote(str(path))}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            target, uri=True, timeout=_SQLITE_TIMEOUT, isolation_level=None, check_same_thread=False
        )

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    sa.event.listen(engine, "begin", begin)
    return engine


def _check(tables: ButlerTables) -> ButlerTables:
    attributes = tables.table("butler_attributes", "name", "value")
    wanted = sa.or_(attributes.c.name.like("config:registry.managers.%"), attributes.c.name.like("version:%"))
    stored = dict(
        tables.connection.execute(sa.select(attributes.c.name, attributes.c.value).where(wanted)).all()
    )
    for what, (manager, versions) in _CHECKED.items():
        name = stored.get(f"config:registry.managers.{what}", "")
        version = stored.get(f"version:{name}", "")
        major, _, rest = version.partition(".")
        known = {(str(first), str(second)) for first, second in versions}
        if name.rpartition(".")[2] != manager or (major, rest.partition(".")[0]) not in known:
            raise UnreadableTablesError(
                f"its manager of {what} is {name.rpartition('.')[2] or 'unknown'} {version}".rstrip()
            )
    return tables


def read_query_rows(
    butler: Butler,
    results: DataCoordinateQueryResults | DimensionRecordQueryResults,
    names: Sequence[str],
    *,
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[Sequence[object]]:
    """Read rows of a query of the Butler as the database gives them.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Whose query it is.
    results : `lsst.daf.butler.queries.DataCoordinateQueryResults` or \
            `lsst.daf.butler.queries.DimensionRecordQueryResults`
        Data IDs or records, inside the context of their query.
    names : `~collections.abc.Sequence` [ `str` ]
        Dimensions whose values are wanted.
    limit : `int`, optional
        At most this many rows.
    offset : `int`, optional
        Rows before them, which the database leaves out.

    Returns
    -------
    rows : `~collections.abc.Sequence` [ `~collections.abc.Sequence` ]
        Values in the order of ``names``.  In each column of the order of
        the query, nothing comes last.

    Raises
    ------
    UnreadableTablesError
        Raised if the Butler has no database that this module knows, or
        finishes the query in Python.
    """
    driver = results._driver
    if not isinstance(driver, DirectQueryDriver):
        raise UnreadableTablesError("it is a remote Butler")
    if not names:
        raise UnreadableTablesError("there are no columns to read")
    with opening_tables(butler):
        pass  # says whether they are known
    spec = results._spec
    builder = driver.build_query(
        results._tree,
        final_columns=spec.get_result_columns(),
        order_by=spec.order_by,
        find_first_dataset=spec.find_first_dataset,
        allow_duplicate_overlaps=spec.allow_duplicate_overlaps,
    )
    if builder.postprocessing:
        raise UnreadableTablesError("the database does not decide which rows there are")
    statement, columns = builder.finish_select()
    visitor = SqlColumnVisitor(columns, driver)
    order = [visitor.expect_scalar(term).nulls_last() for term in spec.order_by]
    with driver.db.query(statement.order_by(*order).limit(limit).offset(offset or None)) as found:
        return found.columns(*names).all()
