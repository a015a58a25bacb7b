"""Queries on somebody else's database, as Arrow tables."""

from __future__ import annotations

import contextlib
import decimal
import sqlite3
import urllib.parse
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from workbench.errors import ConnectionFailedError, ForeignQueryError, MissingTableError, ReadOnlyError
from workbench.progress import Progress, silent
from workbench.registry.database.failure import explained

__all__ = ["name_database", "read_sql"]

_ROWS_PER_BATCH = 50_000
_CONNECT_TIMEOUT = 10
"""How long to wait for a server to answer, in s."""
_SHORTEST_SECRET = 4
"""Letters from which on an option of a URL is hidden in messages."""


def name_database(url: str) -> str:
    """Name a database without its secrets.

    Parameters
    ----------
    url : `str`
        SQLAlchemy URL.

    Returns
    -------
    name : `str`
        Backend, host and database; no user, no password and no options,
        among which a password may be as well.

    Raises
    ------
    workbench.errors.ConnectionFailedError
        Raised if it is no URL.
    """
    return _name(_parse(url))


def read_sql(url: str, query: str, *, progress: Progress = silent) -> pa.Table:
    """Read the rows of a query on any database; writes nothing.

    The transaction is read-only where the database knows such a thing
    (PostgreSQL, SQLite), and is rolled back in any case.  Rows are fetched
    in batches.

    Parameters
    ----------
    url : `str`
        SQLAlchemy URL; the driver must be installed.  It may hold a
        password, which no message repeats.
    query : `str`
        One statement that returns rows, in the database's own SQL.
    progress : `~workbench.progress.Progress`, optional
        Told the number of rows read; may cancel.

    Returns
    -------
    table : `pyarrow.Table`
        The columns of the query.  Decimals become floats, UUIDs text.

    Raises
    ------
    workbench.errors.ConnectionFailedError
        Raised if the URL is none, the driver is missing, or the database
        does not answer.
    workbench.errors.ForeignQueryError
        Raised if the query fails, returns no rows by its nature, has two
        columns of one name, or a column of values that have no common type.
    """
    parsed = _parse(url)
    name = _name(parsed)
    _check_text(query, name)
    try:
        with explained(name), _connect(parsed) as connection:
            _check_single(connection, query, name)
            options = connection.execution_options(
                # Past every interpretation of ':' and '%': the query is the database's own SQL.
                stream_results=True,
                no_parameters=True,
            )
            with contextlib.closing(options.exec_driver_sql(query)) as result:
                return _gather(
                    _check_columns(result, name), result.partitions(_ROWS_PER_BATCH), name, progress
                )
    except (ReadOnlyError, MissingTableError) as error:
        # What these say is of our own tables.
        raise ForeignQueryError(
            f"The query on {name} failed: {_read_reason(error.__cause__)}. Nothing was written there: an "
            "import only reads, so write a SELECT of tables that are there, and that you may read."
        ) from None
    except ConnectionFailedError as error:
        raise ConnectionFailedError(_hide(str(error), parsed)) from None
    except sa.exc.SQLAlchemyError as error:
        # SQLAlchemy's own text repeats parameters and links; the driver's first line says what is wrong.
        raise ForeignQueryError(
            f"The query on {name} failed: {_hide(_read_reason(error), parsed)}."
        ) from None


def _read_reason(error: BaseException | None) -> str:
    """Return the driver's first line."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return reason[0].rstrip(".") if reason else type(error).__name__


def _hide(text: str, url: sa.URL) -> str:
    """Take out of a driver's message what it repeats of a URL: a password may be anywhere in it."""
    options = [value for one in url.query.values() for value in ([one] if isinstance(one, str) else one)]
    for secret in sorted(filter(None, [url.password, *options]), key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text


def _check_text(query: str, name: str) -> None:
    """Refuse what is no text for a database."""
    if "\0" in query or any("\ud800" <= letter <= "\udfff" for letter in query):
        raise ForeignQueryError(f"The query on {name} has bytes that are no text; write it anew.")


def _check_single(connection: sa.Connection, query: str, name: str) -> None:
    """Refuse several statements at once, of which one could end the transaction that only reads."""
    if connection.dialect.name != "postgresql":
        return
    parser = getattr(connection.connection.driver_connection, "pgconn", None)
    if parser is not None:
        # Prepared, and not executed: the server takes one statement only.
        answer = parser.prepare(b"", query.encode())
        fault = answer.error_message.decode(errors="replace").strip().partition("\n")[0]
    else:
        fault = "it is more than one statement" if ";" in query.strip().rstrip(";") else ""
    if fault:
        raise ForeignQueryError(f"The query on {name} failed: {fault.removeprefix('ERROR:').strip()}.")


def _check_columns(result: sa.CursorResult[tuple[object, ...]], name: str) -> list[str]:
    if not result.returns_rows:
        raise ForeignQueryError(f"The query on {name} returns no rows; write a SELECT.")
    columns = list(result.keys())
    if repeated := sorted({column for column in columns if columns.count(column) > 1}):
        raise ForeignQueryError(
            f"The query on {name} has several columns {', '.join(map(repr, repeated))}; rename them with AS."
        )
    return columns


def _parse(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        if "@" in (parsed.host or ""):
            # The rest of a password would be taken for a part of the host, and shown.
            raise ConnectionFailedError(
                "The database URL has several @. One of a user or a password is written %40, and / is %2F."
            )
        return parsed
    except (sa.exc.ArgumentError, ValueError):
        # Without its cause, which repeats the text and so a password in it.
        raise ConnectionFailedError(
            "The database URL cannot be read; write one like postgresql+psycopg://host/database or "
            "sqlite:////path/to/file.db."
        ) from None


def _name(url: sa.URL) -> str:
    host = "" if url.host is None else url.host + (f":{url.port}" if url.port else "")
    return f"{url.get_backend_name()}://{host}/{url.database or ''}"


@contextlib.contextmanager
def _connect(url: sa.URL) -> Iterator[sa.Connection]:
    """Open a connection in a transaction that is rolled back."""
    try:
        engine = _make_engine(url)
    except (ImportError, sa.exc.NoSuchModuleError) as error:
        raise ConnectionFailedError(
            f"There is no driver for {_name(url)} here ({error}); install it, or name one that is installed."
        ) from error
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(postgresql_readonly=True)
        with connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()


def _make_engine(url: sa.URL) -> sa.Engine:
    match url.get_backend_name():
        case "sqlite":
            if not url.database:
                raise ConnectionFailedError(f"{url} names no file. Write one like sqlite:////data/consdb.db.")
            path = Path(url.database)
            if not path.is_file():
                raise ConnectionFailedError(f"There is no SQLite file {path}. Check the path in the URL.")
            target = f"file:{urllib.parse.quote(str(path))}?mode=ro"
            return sa.create_engine(
                "sqlite://",
                creator=lambda: _open_sqlite(target),
                poolclass=sa.NullPool,
            )
        case "postgresql" if "+" not in url.drivername:
            # As for our own tables: which driver "postgresql" means depends on SQLAlchemy's release.
            url = url.set(drivername="postgresql+psycopg")
    options = {"connect_timeout": _CONNECT_TIMEOUT} if url.get_backend_name() == "postgresql" else {}
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args=options)


def _open_sqlite(target: str) -> sqlite3.Connection:
    connection = sqlite3.connect(target, uri=True, check_same_thread=False)
    # That the file is opened to be read does not keep a statement from attaching, and so making, another.
    refused = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_DENY if action in refused else sqlite3.SQLITE_OK
    )
    return connection


def _gather(
    columns: Sequence[str],
    batches: Iterator[Sequence[sa.Row[tuple[object, ...]]]],
    name: str,
    progress: Progress,
) -> pa.Table:
    tables = []
    n_rows = 0
    for batch in batches:
        n_rows += len(batch)
        arrays = [
            _make_array(values, column, name)
            for column, values in zip(columns, zip(*batch, strict=True), strict=True)
        ]
        tables.append(pa.Table.from_arrays(arrays, names=list(columns)))
        progress(f"read {n_rows:,} rows")
    if not tables:
        return pa.table({column: pa.nulls(0) for column in columns})
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise ForeignQueryError(
            f"A column of the query on {name} changes its type between rows ({error}); CAST it to one type."
        ) from error


def _make_array(values: Sequence[object], column: str, name: str) -> pa.Array[Any]:
    plain: list[Any] = [_make_plain(value) for value in values]
    try:
        array: pa.Array[Any] = pa.array(plain, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        kinds = sorted({type(value).__name__ for value in plain if value is not None})
        raise ForeignQueryError(
            f"Column {column!r} of the query on {name} has values of types {', '.join(kinds)}, which no one "
            "type holds; CAST it."
        ) from error
    return array


def _make_plain(value: object) -> object:
    match value:
        case decimal.Decimal():
            return float(value)
        case uuid.UUID():
            return str(value)
    return value
