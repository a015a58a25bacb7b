"""Who changed a file, and why, in the words of git."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Words", "read_words"]

_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Words:
    """What git says of the last commit of a file.

    Parameters
    ----------
    author : `str`
        Name of its author.
    reason : `str`
        Its message.
    """

    author: str
    reason: str


def read_words(path: Path) -> Words | None:
    """Read who committed a file as it is now, and why; writes nothing.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    words : `Words` or `None`
        `None` where the file is not in git, or has changed since its last
        commit, or there is no git here.
    """
    if _ask_git(path, "status", "--porcelain", "--", path.name) != "":
        return None
    told = _ask_git(path, "log", "-1", "--format=%an%x00%B", "--", path.name)
    author, nul, message = (told or "").partition("\0")
    return Words(author.strip(), message.strip()) if nul and author.strip() and message.strip() else None


def _ask_git(path: Path, *words: str) -> str | None:
    """Return what git answers; `None` where it has no answer."""
    # Answers only: no hook, no monitor of files, no lock that a person's own git would wait for.
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(
            command,
            cwd=path.parent,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
