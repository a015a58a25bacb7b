"""Files that take a name only when they are whole, and what is left of writers that were killed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workbench.errors import StorageError, WorkbenchError

__all__ = ["Leftover", "find_leftovers", "replacing", "sweep"]

_SHARED = 0o666  # less the umask, as for any new file

_OURS = re.compile(r"\..+\.[0-9a-f]{8}\.part")
"""Names that `replacing` gives; their writer holds a lock."""

_EARLIER = re.compile(r"\..+\.(json|ecsv|csv|parquet|yaml)[.-][a-z0-9_]{8}|\.tmp-[0-9a-f]{32}.*\.part")
"""Names that earlier releases gave, without a lock."""

_EARLIER_AGE = 60.0
"""Age after which a file without a lock has no writer, in s: its content was ready before it was made."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that a writer left behind, or is at work on.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    reason : `str`
        Why it has to stay; empty if its writer is surely dead.
    """

    path: Path
    reason: str = ""


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes a name only when it is complete; writes.

    Parameters
    ----------
    path : `pathlib.Path`
        The name; an existing file is replaced, and directories that are
        missing are made.

    Yields
    ------
    stream : `typing.BinaryIO`
        To be written; flushed to disk when the context ends.

    Raises
    ------
    workbench.errors.StorageError
        Raised if the file cannot be made, written or named.

    Notes
    -----
    If the context ends by an exception nothing remains.  A process that is
    killed leaves a hidden ``.part`` file, which `sweep` tells from that of a
    living process by a lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part, stream = _make_part(path)
        try:
            with stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                # Still locked: nobody takes it for a leftover before it has its name.
                part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
    except OSError as error:
        if isinstance(error, WorkbenchError):
            raise  # a cancellation is an InterruptedError, and so an OSError
        raise StorageError(_explain(path, error)) from error


def _explain(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(path.parent).free
        return (
            f"The disk is full: {path} was not written ({free / 1e6:.0f} MB free in {path.parent}). "
            "Make room, or choose another directory."
        )
    return f"{path} cannot be written: {reason}. What was there before is untouched."


def find_leftovers(directory: Path) -> list[Leftover]:
    """Find the unfinished files in a directory; writes nothing.

    Parameters
    ----------
    directory : `pathlib.Path`
        Where to look, not below it.

    Returns
    -------
    leftovers : `list` [ `Leftover` ]
        By name.
    """
    if not directory.is_dir():
        return []
    return [
        Leftover(path, _why_leave(path))
        for path in sorted(directory.iterdir())
        if (_OURS.fullmatch(path.name) or _EARLIER.fullmatch(path.name)) and path.is_file()
    ]


def sweep(directory: Path, name: str = "") -> list[Leftover]:
    """Remove what killed writers left in a directory; writes.

    Parameters
    ----------
    directory : `pathlib.Path`
        Where to look, not below it.
    name : `str`, optional
        Only of files that were to have this name.

    Returns
    -------
    leftovers : `list` [ `Leftover` ]
        What was removed, and, with a reason, what was left.
    """
    found = [one for one in find_leftovers(directory) if one.path.name.startswith(f".{name}")]
    for one in found:
        if not one.reason:
            one.path.unlink(missing_ok=True)
    return found


def _make_part(path: Path) -> tuple[Path, BinaryIO]:
    """Make a locked file beside the one that it will become."""
    while True:
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _SHARED)
        stream = os.fdopen(descriptor, "w+b")
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Taken for a leftover before it was locked: once more.
        if os.fstat(descriptor).st_nlink:
            return part, stream
        stream.close()


def _why_leave(path: Path) -> str:
    """Return why an unfinished file has to stay; empty if its writer is dead."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return "it got its name just now"
    except PermissionError:
        return "it belongs to another user"
    try:
        if not os.access(path.parent, os.W_OK):
            return "its directory cannot be written"
        age = time.time() - os.fstat(descriptor).st_mtime
        if _OURS.fullmatch(path.name) is None:
            return "" if age > _EARLIER_AGE else f"it is {age:.0f} s old, and may be under way"
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "a process is at work on it"
        except OSError:
            return "" if age > _EARLIER_AGE**2 else "no lock tells here whether a process is at work on it"
        return ""
    finally:
        os.close(descriptor)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
