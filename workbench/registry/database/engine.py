"""Our own engine on the database of our tables: short connections, one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from workbench.errors import ConnectionFailedError
from workbench.registry.database import migration
from workbench.registry.database.failure import explained
from workbench.registry.database.naming import Naming
from workbench.registry.database.schema import Schema

__all__ = ["LOCK_TIMEOUT", "Database"]

LOCK_TIMEOUT = 20.0
"""How long to wait for another writer, in s: eight that write without a pause keep one out for seconds.

(The Butler itself waits 300 s on SQLite.)
"""

_CONNECT_TIMEOUT = 10
"""How long to wait for a PostgreSQL server to answer, in s."""


class Database:
    """Where our tables are, and the transactions on them.

    No connection is held between calls, so nothing of ours stands in the way
    of the Butler or of another process.  A thread that is inside `writing`
    gets the same connection from an inner `reading` or `writing`.

    Parameters
    ----------
    url : `sqlalchemy.URL`
        The database.
    naming : `~workbench.registry.database.naming.Naming`
        How our tables are named there.
    create_file : `bool`, optional
        Whether the first write may create the SQLite file (a sidecar's).
    read_only : `bool`, optional
        Whether a SQLite file is opened without write access.
    """

    def __init__(self, url: sa.URL, naming: Naming, *, create_file: bool = False, read_only: bool = False):
        self.url = url
        self.naming = naming
        self.schema = Schema(naming)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._create_file = create_file
        self._active = threading.local()
        self._reader = self._make_engine(mode="ro" if read_only else "rw", begin="BEGIN")
        self._writer = self._make_engine(mode="rwc" if create_file else "rw", begin="BEGIN IMMEDIATE")

    def __str__(self) -> str:
        return str(self.path) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    @property
    def path(self) -> Path:
        """The file of a SQLite database (`pathlib.Path`)."""
        return Path(self.url.database or "")

    def _make_engine(self, *, mode: str, begin: str) -> sa.Engine:
        if not self.is_sqlite:
            # By name: which driver "postgresql" means depends on the release of SQLAlchemy.
            return sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                poolclass=sa.NullPool,
                connect_args={"connect_timeout": _CONNECT_TIMEOUT},
            )
        target = f"file:{urllib.parse.quote(str(self.path))}?mode={mode}"

        def connect() -> sqlite3.Connection:
            # isolation_level None: sqlite3 must not begin transactions by its own rules.
            return sqlite3.connect(
                target, uri=True, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )

        engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
        sa.event.listen(engine, "connect", _enforce_foreign_keys)
        sa.event.listen(engine, "begin", _make_begin(begin))
        return engine

    @property
    def is_writing(self) -> bool:
        """Whether this thread is inside `writing` (`bool`)."""
        return getattr(self._active, "connection", None) is not None

    @contextlib.contextmanager
    def connecting(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads, whether our tables exist or not.

        Yields
        ------
        connection : `sqlalchemy.Connection`
            One snapshot of the database.

        Raises
        ------
        workbench.errors.ConnectionFailedError
            Raised if the database does not answer.
        workbench.errors.RepositoryLockedError
            Raised if another writer keeps readers out.
        """
        with explained(str(self)), self._reader.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection | None]:
        """Open a transaction that reads our tables; never writes.

        Yields
        ------
        connection : `sqlalchemy.Connection` or `None`
            One snapshot of the database; `None` where nothing was ever
            written, so there are no tables to read.

        Raises
        ------
        workbench.errors.NewerSchemaError
            Raised if a newer release wrote the tables.
        workbench.errors.MissingTableError
            Raised if the record of their release is gone.
        """
        if self.is_writing:
            yield self._active.connection
        elif self._create_file and not self.path.exists():
            yield None
        else:
            with self.connecting() as connection:
                revision = migration.read_revision(connection, self.schema)
                if revision is None:
                    migration.check_nothing_there(connection, self.schema)
                yield None if revision is None else connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a write transaction on our tables, creating or migrating them.

        The transaction excludes other writers of our tables from its
        beginning.  Inside another one of the same thread it is a savepoint.

        Yields
        ------
        connection : `sqlalchemy.Connection`
            Committed at the end, rolled back on any exception.

        Raises
        ------
        workbench.errors.RepositoryLockedError
            Raised if another writer does not finish in time.
        workbench.errors.NewerSchemaError
            Raised if a newer release wrote the tables.
        """
        if self.is_writing:
            with explained(str(self)), self._active.connection.begin_nested():
                yield self._active.connection
            return
        if self._create_file:
            self._make_directory()
        with explained(str(self)), self._writer.begin() as connection:
            if not self.is_sqlite:
                self._exclude_writers(connection)
            revision = migration.read_revision(connection, self.schema)
            if revision is None:
                migration.check_nothing_there(connection, self.schema)
            if revision != migration.head_revision():
                migration.upgrade(connection, self.naming)
            self._active.connection = connection
            try:
                yield connection
            finally:
                self._active.connection = None

    def probe_write_lock(self) -> None:
        """Check that a SQLite database could be written now; writes nothing.

        Raises
        ------
        workbench.errors.RepositoryLockedError
            Raised if another writer holds it.
        """
        with explained(str(self)), self._writer.connect() as connection, connection.begin() as transaction:
            transaction.rollback()

    def _make_directory(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConnectionFailedError(
                f"The sidecar's directory {self.path.parent} cannot be made: {error.strerror}. "
                "Name another one with sidecar=, --sidecar or WORKBENCH_SIDECAR_DIR."
            ) from error

    def _exclude_writers(self, connection: sa.Connection) -> None:
        # An advisory lock and not a table lock: at the first write there is no table yet.
        key = int.from_bytes(hashlib.sha256(str(self.naming.schema).encode()).digest()[:8], signed=True)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(LOCK_TIMEOUT * 1000)}")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _enforce_foreign_keys(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001
    connection.execute("PRAGMA foreign_keys = ON")


def _make_begin(statement: str) -> Callable[[sa.Connection], None]:
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin
