"""Errors at the edges: a sentence for who reads it, and the detail in a file for who mends it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import traceback
from pathlib import Path

import platformdirs

from workbench.errors import WorkbenchError

__all__ = ["describe_error", "is_closed", "save_detail"]

_LONGEST = 300
_KEPT = 30
"""Details that are kept; the oldest go."""

_OF_THE_SYSTEM = {
    errno.ENOSPC: "The disk is full",
    errno.EDQUOT: "The disk quota is used up",
    errno.EIO: "The disk or the network file system failed",
    errno.EROFS: "The file system is read-only",
    errno.EACCES: "There is no permission for that",
    errno.EPERM: "There is no permission for that",
    errno.EMFILE: "Too many files are open",
}


def describe_error(error: BaseException) -> str:
    """Say what went wrong, at an edge that nothing passes.

    Parameters
    ----------
    error : `BaseException`
        Ours, the system's, or a fault.

    Returns
    -------
    text : `str`
        Of an error of ours its message and notes; of the system's a
        sentence; of all else that it is a fault, what it says, and where
        `save_detail` has put the rest.  Writes that file, and nothing else.
    """
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    if isinstance(error, WorkbenchError) or _is_of_the_butler(error):
        return "\n".join([str(error), *notes])
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        said = _OF_THE_SYSTEM.get(error.errno or 0, error.strerror)
        done = "What was saved before stays; what was under way was not done."
        return "\n".join([f"{said}{where}. {done}", *notes])
    if is_closed(error):
        return "\n".join(
            ["The repository was closed here. Open it again, and repeat what you asked.", *notes]
        )
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason is given")
    saved = save_detail(error)
    kept = (
        "Its detail could not be saved" if saved is None else f"Its detail, for a report of it, is in {saved}"
    )
    return "\n".join(
        [
            f"{type(error).__name__}: {first[:_LONGEST]}",
            f"This was not foreseen: a fault of the workbench, or of what it uses. {kept}.",
            *notes,
        ]
    )


def is_closed(error: BaseException) -> bool:
    """Tell whether a Butler was asked that this process has closed.

    Parameters
    ----------
    error : `BaseException`
        What was raised.

    Returns
    -------
    closed : `bool`
        Whether it is that.
    """
    return isinstance(error, RuntimeError) and "Butler instance which has been closed" in str(error)


def _is_of_the_butler(error: BaseException) -> bool:
    """Tell whether the Butler speaks to its user; not asked by importing it, which takes a second."""
    return any(kind.__name__ == "ButlerUserError" for kind in type(error).__mro__)


def save_detail(error: BaseException) -> Path | None:
    """Write the traceback of an error into the user's folder of logs.

    Parameters
    ----------
    error : `BaseException`
        The error.

    Returns
    -------
    path : `pathlib.Path` or `None`
        The file, which only its user may read; `None` where it cannot be
        written.
    """
    text = "".join(traceback.format_exception(error))
    now = dt.datetime.now(dt.UTC)
    try:
        folder = platformdirs.user_log_path("campaign-workbench", ensure_exists=True)
        path = folder / f"fault-{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.txt"
        own = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(own, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        for old in sorted(folder.glob("fault-*.txt"))[:-_KEPT]:
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                old.unlink()
    except OSError:
        return None
    return path
