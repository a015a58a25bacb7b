"""A file that appears complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from workbench.errors import GraphFileError, WorkbenchError
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
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.replacing(path) as stream:
            yield stream
    except OSError as error:
        if isinstance(error, WorkbenchError):
            raise  # a cancellation is an InterruptedError, and so an OSError
        raise GraphFileError(_explain(path, error)) from error


def _explain(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(path.parent).free
        return (
            f"The disk is full: {path} was not written ({free / 1e6:.0f} MB free in {path.parent}). "
            "Make room, or choose another directory."
        )
    return f"{path} cannot be written: {reason}. What was there before is untouched."
