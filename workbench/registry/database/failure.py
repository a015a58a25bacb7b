"""What a database driver's error means, in a sentence."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from workbench.errors import (
    ConnectionFailedError,
    MissingTableError,
    NotARepositoryError,
    ReadOnlyError,
    RepositoryLockedError,
    StorageError,
    WorkbenchError,
)

__all__ = ["NEVER_MADE_AGAIN", "WITHOUT_BACKUP", "explained"]

NEVER_MADE_AGAIN = ("declaration", "alembic_version")
"""Fixed tables without which nobody can tell what the others hold."""

WITHOUT_BACKUP = (
    "If there is none, the Butler's own data are unharmed, and --sidecar DIRECTORY keeps new tables of the "
    "workbench elsewhere, empty ones; these here stay as they are."
)

# SQLSTATE classes: 08 connection, 28 authorization, 3D no such database, 53 resources, 57P shutdown.
_CONNECTION_STATES = ("08", "28", "3D", "53", "57P")
_LOCK_STATES = ("55P03", "40P01")
_PERMISSION_STATES = ("42501", "25006")
_STORAGE_STATES = ("53100", "53200", "58030")  # disk full, out of memory, I/O error

_AGAIN = "'workbench doctor --recreate' make it again, empty."

_NO_TABLE_STATE = "42P01"
_NO_TABLE = re.compile(r"no such table: (\S+)")


@contextlib.contextmanager
def explained(database: str) -> Iterator[None]:
    """Turn errors of the driver into errors that say what to do.

    Parameters
    ----------
    database : `str`
        How messages name the database; holds no password.

    Yields
    ------
    `None`
        While the block runs.

    Raises
    ------
    workbench.errors.RepositoryLockedError
        Raised if another writer held the database for too long.
    workbench.errors.ConnectionFailedError
        Raised if the database does not answer.
    workbench.errors.ReadOnlyError
        Raised if the database refuses to be written.
    workbench.errors.NotARepositoryError
        Raised if the file is no database.
    workbench.errors.StorageError
        Raised if the disk is full or fails, or the file is damaged.
    workbench.errors.MissingTableError
        Raised if a table is not there.
    """
    try:
        yield
    except sa.exc.DBAPIError as error:
        meaning = _interpret_sqlite(error, database) or _interpret_postgresql(error, database)
        if meaning is None:
            raise
        raise meaning from error


def _interpret_sqlite(error: sa.exc.DBAPIError, database: str) -> WorkbenchError | None:
    if not isinstance(error.orig, sqlite3.Error):
        return None
    code = getattr(error.orig, "sqlite_errorcode", 0)
    match code & 0xFF:  # the low byte is the primary result code
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return RepositoryLockedError(
                f"The database {database} is locked by another writer. "
                "Wait until that program has finished, or end it, and try again."
            )
        case sqlite3.SQLITE_READONLY if code != sqlite3.SQLITE_READONLY:
            # A writer was killed; only an open that may write can put its half-done change back.
            return ConnectionFailedError(
                f"The database {database} was left in the middle of a write. "
                "Open it once with write permission to recover it."
            )
        case sqlite3.SQLITE_READONLY:
            return ReadOnlyError(
                f"The database {database} cannot be written. "
                "Ask for write permission, or open with sidecar=, or --sidecar, a directory of yours."
            )
        case sqlite3.SQLITE_CANTOPEN:
            return ConnectionFailedError(
                f"The database {database} cannot be opened. Check that it exists and may be read."
            )
        case sqlite3.SQLITE_NOTADB:
            return NotARepositoryError(f"The file {database} is no SQLite database.")
        case sqlite3.SQLITE_FULL:
            return StorageError(
                f"The disk of the database {database} is full. Nothing of this was written, and what was "
                "stored before is unharmed. Make room and try again."
            )
        case sqlite3.SQLITE_IOERR:
            return StorageError(
                f"The disk of the database {database} failed to read or write. Nothing of this was written. "
                "Check the disk, its quota and the network file system, and try again."
            )
        case sqlite3.SQLITE_CORRUPT:
            return StorageError(
                f"The database {database} is damaged. Write nothing more to it: restore it from a backup, or "
                "save what can be read by 'sqlite3 FILE .recover'."
            )
        case sqlite3.SQLITE_ERROR if (match := _NO_TABLE.search(str(error.orig))) is not None:
            return _describe_missing(database, match[1].removeprefix("main."))
    return None


def _interpret_postgresql(error: sa.exc.DBAPIError, database: str) -> WorkbenchError | None:
    if isinstance(error.orig, sqlite3.Error):
        return None
    state: str | None = getattr(error.orig, "sqlstate", None)
    reason = str(error.orig).strip().splitlines()
    if state is None:
        # Drivers give no SQLSTATE when there is no server to give one.
        if not isinstance(error, sa.exc.OperationalError):
            return None
    elif state in _LOCK_STATES:
        return RepositoryLockedError(
            f"The database {database} is locked by another writer. "
            "Wait until that program has finished, or end it, and try again."
        )
    elif state in _PERMISSION_STATES:
        return ReadOnlyError(
            f"The database {database} cannot be written: {reason[0]}. "
            "Ask for the privilege, or open with sidecar=, or --sidecar, a directory of yours."
        )
    elif state in _STORAGE_STATES:
        return StorageError(
            f"The server of the database {database} has no room: {reason[0]}. Nothing of this was written. "
            "Ask its administrator to make room, and try again."
        )
    elif state == _NO_TABLE_STATE:
        return _describe_missing(database, reason[0])
    elif not state.startswith(_CONNECTION_STATES):
        return None
    return ConnectionFailedError(
        f"The database {database} does not answer: {reason[0] if reason else 'no reason given'}. "
        "Check the server, the network and your credentials (db-auth.yaml)."
    )


def _describe_missing(database: str, table: str) -> MissingTableError:
    is_made_again = not any(name in table for name in NEVER_MADE_AGAIN)
    return MissingTableError(
        f"A table is gone from the database {database} ({table}): somebody dropped it by hand, or the "
        "database was restored in part. 'workbench doctor' says which, and what was lost. Restore it from a "
        f"backup{', or have ' + _AGAIN if is_made_again else '. ' + WITHOUT_BACKUP}"
    )
