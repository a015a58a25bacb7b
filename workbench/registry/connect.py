"""Open a registry, or say in a sentence why it cannot be opened."""

from __future__ import annotations

import contextlib
import os

import sqlalchemy as sa

from workbench.errors import MissingTableError, NotARepositoryError
from workbench.registry.database.engine import Database
from workbench.registry.database.forking import refuse_forked
from workbench.registry.database.home import choose_home
from workbench.registry.database.location import Location, locate
from workbench.registry.database.naming import Naming
from workbench.registry.database.opening import open_butler
from workbench.registry.registry import Registry

__all__ = ["open_registry"]

_BUTLER_TABLE = "butler_attributes"
"""Table that every Butler database has had since its schema was first versioned."""


def open_registry(
    uri: str | os.PathLike[str],
    *,
    read_only: bool = False,
    sidecar: str | os.PathLike[str] | None = None,
) -> Registry:
    """Open a Butler repository with the workbench's tables; never writes.

    Parameters
    ----------
    uri : `str` or path
        Root directory, ``butler.yaml``, label in the repository index, or
        URL of a Butler server.
    read_only : `bool`, optional
        Whether to refuse all writes.
    sidecar : `str` or path, optional
        Keep our tables apart from the Butler's: a directory, a SQLite file,
        or the URL of a database.  By default a sidecar is used only where
        the Butler's database cannot be written.

    Returns
    -------
    registry : `~workbench.registry.Registry`
        The open registry; close it, or use it in a ``with`` statement.

    Raises
    ------
    workbench.errors.NotARepositoryError
        Raised if there is no repository.
    workbench.errors.NewerSchemaError
        Raised if a newer release of the workbench or of the Butler wrote it.
    workbench.errors.RepositoryLockedError
        Raised if another writer keeps readers out.
    workbench.errors.ConnectionFailedError
        Raised if its database or server does not answer.
    workbench.errors.ForkedProcessError
        Raised in a process that was forked off one that had a repository open.
    """
    refuse_forked()
    location = locate(uri)
    _check_database(location)
    home = choose_home(location, sidecar=sidecar, read_only=read_only)
    # Says now, and not at the first use, that the tables are newer or locked; what is gone, doctor tells.
    with contextlib.suppress(MissingTableError), home.database.reading():
        pass
    return Registry(location, home, open_butler(location), read_only=read_only)


def _check_database(location: Location) -> None:
    """Ask before the Butler does: it waits for 300 s, and its errors are the driver's."""
    if location.url is None:
        return
    file = location.sqlite_file
    if file is not None and not file.exists():
        raise NotARepositoryError(
            f"{location.uri} has a butler.yaml, but its database {file} does not exist. "
            "The repository was copied in part, or its creation failed: make it again."
        )
    database = Database(location.url, Naming.for_sqlite())
    with database.connecting() as connection:
        if not sa.inspect(connection).has_table(_BUTLER_TABLE, schema=location.namespace):
            raise NotARepositoryError(
                f"The database {database} of {location.uri} holds no Butler tables"
                + (f" in schema {location.namespace!r}" if location.namespace else "")
                + ". The repository's creation failed, or butler.yaml names another database: check it."
            )
