"""Where our tables live: beside the Butler's, or in a sidecar database."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Literal

import platformdirs
import sqlalchemy as sa
from lsst.daf.butler import Config
from lsst.daf.butler.registry import RegistryConfig

from workbench.registry.database.engine import Database
from workbench.registry.database.location import Location
from workbench.registry.database.naming import Naming
from workbench.registry.database.permission import may_write_butler, may_write_tables

__all__ = ["SIDECAR_VARIABLE", "Home", "choose_home"]

SIDECAR_VARIABLE = "WORKBENCH_SIDECAR_DIR"
"""Environment variable with the directory below which sidecars are."""

_SIDECAR_FILE = "workbench.sqlite3"
_FILE_SUFFIXES = {".sqlite3", ".sqlite", ".db"}


@dataclasses.dataclass(frozen=True, slots=True)
class Home:
    """The database of our tables, and the directory of our files.

    Parameters
    ----------
    place : `str`
        ``beside`` the Butler's tables, or ``sidecar``.
    database : `~workbench.registry.database.engine.Database`
        Where our tables are, or will be.
    storage_dir : `pathlib.Path`
        Where graph files go; may not exist yet.
    butler_writeable : `bool`
        Whether the Butler's own tables could be written.
    """

    place: Literal["beside", "sidecar"]
    database: Database
    storage_dir: Path
    butler_writeable: bool


def choose_home(location: Location, *, sidecar: str | os.PathLike[str] | None, read_only: bool) -> Home:
    """Choose where our tables live; writes nothing.

    A sidecar is chosen when asked for, and where the Butler's database cannot
    be written by us; it stays in use if that can be written later, unless
    there are tables beside the Butler's by then.  A read-only open of a
    repository that cannot be written shows the tables that others keep beside
    it, unless there is a sidecar of ours.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository.
    sidecar : `str` or path, optional
        Directory or SQLite file of the sidecar, or URL of its database.
    read_only : `bool`
        Whether nothing will be written.

    Returns
    -------
    home : `Home`
        Where our tables live.

    Raises
    ------
    workbench.errors.ConnectionFailedError
        Raised if the Butler's database does not answer.
    """
    beside = _make_beside(location, read_only)
    butler_writeable = not read_only and beside is not None and may_write_butler(beside, location.namespace)
    if beside is not None and sidecar is None:
        ours = may_write_tables(beside)
        has_sidecar = _default_sidecar(location).exists()
        # What was saved while the repository could not be written stays in view afterwards.
        if has_sidecar if ours else read_only and not has_sidecar:
            with beside.reading() as connection:
                ours = connection is not None
        if ours:
            return Home("beside", beside, _storage_beside(location), butler_writeable)
    database, storage_dir = _make_sidecar(location, sidecar, read_only)
    return Home("sidecar", database, storage_dir, butler_writeable)


def _make_beside(location: Location, read_only: bool) -> Database | None:
    if location.url is None:
        return None
    if location.sqlite_file is not None:
        return Database(location.url, Naming.for_sqlite(beside=True), read_only=read_only)
    return Database(location.url, Naming.for_postgresql(location.namespace, beside=True))


def _storage_beside(location: Location) -> Path:
    if location.root is not None and os.access(location.root, os.W_OK):
        return location.root / "workbench"
    return _default_sidecar(location).parent / "storage"


def _identify(location: Location) -> str:
    """Return what tells repositories apart in names: symbolic links do not matter."""
    identity = str(location.root.resolve()) if location.root is not None else location.uri
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _default_sidecar(location: Location) -> Path:
    parent = os.environ.get(SIDECAR_VARIABLE) or platformdirs.user_data_dir("campaign-workbench")
    return Path(parent) / _identify(location) / _SIDECAR_FILE


def _make_sidecar(
    location: Location, sidecar: str | os.PathLike[str] | None, read_only: bool
) -> tuple[Database, Path]:
    text = "" if sidecar is None else os.fspath(sidecar)
    if "://" in text and not text.startswith("sqlite:"):
        url = RegistryConfig(Config({"registry": {"db": text}})).connectionString
        # One database may be the sidecar of several repositories.
        naming = Naming.for_postgresql(_identify(location))
        return Database(url, naming), _default_sidecar(location).parent / "storage"
    file = _default_sidecar(location) if not text else _find_sidecar_file(location, text)
    url = sa.URL.create("sqlite", database=str(file))
    database = Database(url, Naming.for_sqlite(), create_file=True, read_only=read_only)
    return database, file.parent / "storage"


def _find_sidecar_file(location: Location, text: str) -> Path:
    path = Path(sa.make_url(text).database or "") if text.startswith("sqlite:") else Path(text)
    path = path.expanduser().absolute()
    if path.suffix in _FILE_SUFFIXES or path.is_file():
        return path
    return path / _identify(location) / _SIDECAR_FILE
