"""A file that appears complete, or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from workbench.errors import GraphFileError, StorageError
from workbench.registry import scratch

__all__ = ["replacing"]


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes a name only when it is complete.  Writes.

    Parameters
    ----------
    path : `pathlib.Path`
        The name; an existing file is replaced, and missing directories are
        made.

    Yields
    ------
    stream : `typing.BinaryIO`
        To be written; flushed to disk when the context ends.

    Raises
    ------
    workbench.errors.GraphFileError
        Raised if the file cannot be made, written or named.

    Notes
    -----
    If the context ends by an exception nothing remains; a process that is
    killed leaves a hidden ``.part`` file.
    """
    try:
        with scratch.replacing(path) as stream:
            yield stream
    except StorageError as error:
        raise GraphFileError(str(error)) from error
