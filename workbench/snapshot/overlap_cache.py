"""Overlaps that were computed, kept in files by the digest of what went in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from workbench.snapshot.regions import Rows

__all__ = ["OverlapCache"]

_ROWS = pa.schema([pa.field("first", pa.int32(), False), pa.field("second", pa.int32(), False)])


class OverlapCache:
    """A directory of overlaps that were computed, by the digest of what went in.

    Parameters
    ----------
    directory : `pathlib.Path`
        Made when it is first written to.  A file in it may be deleted at any
        time; one that cannot be read is computed again.
    """

    def __init__(self, directory: Path):
        self._directory = directory

    def read(self, digest: str) -> tuple[Rows, Rows] | None:
        """Read overlaps.

        Parameters
        ----------
        digest : `str`
            Digest of records and pixels of both elements.

        Returns
        -------
        rows : `tuple` of `numpy.ndarray`, or `None`
            Rows of both records; `None` where they are not there.
        """
        try:
            with pa.memory_map(str(self._path(digest))) as source:
                pairs = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid):
            return None
        if pairs.schema != _ROWS:
            return None
        return pairs["first"].to_numpy(), pairs["second"].to_numpy()

    def write(self, digest: str, first: Rows, second: Rows) -> None:
        """Keep overlaps; a directory that cannot be written is left alone.

        Parameters
        ----------
        digest : `str`
            Digest of records and pixels of both elements.
        first, second : `numpy.ndarray`
            Rows of both records.
        """
        pairs = pa.table([pa.array(first), pa.array(second)], schema=_ROWS)
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            handle, scratch = tempfile.mkstemp(dir=self._directory, suffix=".part")
            with os.fdopen(handle, "wb") as stream, pa.ipc.new_file(stream, pairs.schema) as writer:
                writer.write_table(pairs)
            Path(scratch).replace(self._path(digest))
        except OSError:
            return

    def _path(self, digest: str) -> Path:
        return self._directory / f"{digest}.arrow"
