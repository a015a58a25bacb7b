"""The configuration file of a Butler repository, edited and put back."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lsst.daf.butler import ButlerConfig
from lsst.daf.butler.datastore import DatastoreConfig

from workbench.errors import ReadOnlyError
from workbench.registry.database.location import Location
from workbench.registry.scratch import replacing

__all__ = [
    "ConfigurationFile",
    "find_configuration",
    "find_writeable_configuration",
    "read_default_template",
    "restored_on_failure",
]

_FILE_DATASTORE = "lsst.daf.butler.datastores.fileDatastore.FileDatastore"


def find_configuration(location: Location) -> Path | None:
    """Find the file that a repository's configuration is in.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository.

    Returns
    -------
    path : `pathlib.Path` or `None`
        The file; `None` where it is not on a file system here.
    """
    path = Path(location.uri)
    # Of a symbolic link the file that it points to is replaced, not the link.
    path = (path / "butler.yaml" if path.is_dir() else path).resolve()
    return path if path.is_file() else None


def find_writeable_configuration(location: Location) -> Path:
    """Find the configuration file, to be replaced.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.ReadOnlyError
        Raised if it is not on a file system here, or not ours to write.
    """
    path = find_configuration(location)
    if path is None or not all(os.access(part, os.W_OK) for part in (path, path.parent)):
        raise ReadOnlyError(
            f"Nothing was changed: the configuration of {location.uri} cannot be written from here, and its "
            "file templates must get the keys of new dimensions. Ask whoever administers the repository, "
            "or group by the dimension 'group', by a suffix or by a RUN a group instead."
        )
    return path


def read_default_template(location: Location) -> str:
    """Read the template of files that is used where a configuration names none.

    Parameters
    ----------
    location : `~workbench.registry.database.location.Location`
        The repository.

    Returns
    -------
    template : `str`
        The Butler's own, or that of the user's configuration paths; empty
        where it is switched off.
    """
    found = ButlerConfig(location.uri).get(("datastore", "templates", "default"))
    if found is None:
        # The children of a chain get theirs when they are made.
        found = DatastoreConfig({"datastore": {"cls": _FILE_DATASTORE}}).get(("templates", "default"))
    return found if isinstance(found, str) else ""


class ConfigurationFile:
    """A file that is replaced as a whole, and can be put back.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    """

    def __init__(self, path: Path):
        self.path = path
        self._before: bytes | None = None
        self._after: bytes | None = None

    def read(self) -> str:
        """Read the file, line ends as they are.

        Returns
        -------
        text : `str`
            Its content.
        """
        return self.path.read_bytes().decode()

    def write(self, text: str) -> None:
        """Replace the content; writes nothing that is there already.

        Parameters
        ----------
        text : `str`
            New content.
        """
        before, after = self.path.read_bytes(), text.encode()
        if after != before:
            self._before, self._after = before, after
            self._replace(after)

    def restore(self) -> None:
        """Put back what was there before `write`.

        What somebody else wrote since stays: they had the lock, and put the
        keys of dimensions that are none in order.
        """
        if self._before is not None and self.path.read_bytes() == self._after:
            self._replace(self._before)
            self._before = None

    def _replace(self, content: bytes) -> None:
        with replacing(self.path) as file:
            file.write(content)
            os.fchmod(file.fileno(), stat.S_IMODE(self.path.stat().st_mode))


@contextlib.contextmanager
def restored_on_failure(file: ConfigurationFile) -> Iterator[None]:
    """Put a file back if the block fails.

    Parameters
    ----------
    file : `ConfigurationFile`
        The file.

    Yields
    ------
    `None`
        While the block runs.
    """
    try:
        yield
    except BaseException:
        file.restore()
        raise
