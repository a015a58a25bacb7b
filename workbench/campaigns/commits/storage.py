"""Files of commits, written so that a name stands for a whole file or for none."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["GRAPHS", "CommitFiles", "compute_digest", "flush"]

GRAPHS = "graphs"
"""Directory of graph files and scripts below the storage directory."""


class CommitFiles:
    """The files that one commit writes.

    Parameters
    ----------
    storage_dir : `pathlib.Path`
        The registry's storage directory.
    commit_id : `str`
        The commit.
    """

    def __init__(self, storage_dir: Path, commit_id: str):
        self._directory = storage_dir / GRAPHS
        self._commit_id = commit_id

    def make_directory(self) -> None:
        """Make the directory, durably.  Writes."""
        if not self._directory.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            flush(self._directory.parent)

    def temporary(self, suffix: str) -> Path:
        """Return the name under which a file is written first.

        Parameters
        ----------
        suffix : `str`
            Ending of the file's final name.

        Returns
        -------
        path : `pathlib.Path`
            In the same directory, so that it can be renamed.
        """
        return self._directory / f"tmp-{self._commit_id}{suffix}"

    def script(self) -> Path:
        """Return the name of the commit's script.

        Returns
        -------
        path : `pathlib.Path`
            Named after the commit.
        """
        return self._directory / f"{self._commit_id}.py"

    def graph(self, digest: str) -> Path:
        """Return the name of a graph file.

        Parameters
        ----------
        digest : `str`
            SHA-256 of its content in hex.

        Returns
        -------
        path : `pathlib.Path`
            Named after its content.
        """
        return self._directory / f"{digest}.qg"

    def place(self, temporary: Path, final: Path) -> None:
        """Give a flushed file its final name, durably.  Writes.

        Parameters
        ----------
        temporary, final : `pathlib.Path`
            Its name now, and the one it gets.
        """
        temporary.replace(final)
        flush(self._directory)

    def remove(self, *, graph_digest: str | None) -> None:
        """Remove all that the commit wrote.  Writes.

        Parameters
        ----------
        graph_digest : `str` or `None`
            Digest of the graph file if no other commit keeps it.
        """
        if not self._directory.exists():
            return
        # The writer of a graph file that was killed leaves its own hidden, unfinished file.
        for pattern in (f"tmp-{self._commit_id}*", f".tmp-{self._commit_id}*.part"):
            for path in self._directory.glob(pattern):
                path.unlink(missing_ok=True)
        self.script().unlink(missing_ok=True)
        if graph_digest is not None:
            self.graph(graph_digest).unlink(missing_ok=True)
        flush(self._directory)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk.

    Parameters
    ----------
    path : `pathlib.Path`
        File or directory.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def compute_digest(path: Path) -> str:
    """Compute the digest of a file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    digest : `str`
        SHA-256 in hex.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
