"""Tables of groups that are dropped as files."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePath

import pyarrow as pa

from workbench.metrics.files import read_metrics_file
from workbench.session.desk.desk import Desk

__all__ = ["GroupTables"]


class GroupTables:
    """Reads dropped tables, and keeps them for a replay.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Whose log keeps them.
    """

    def __init__(self, desk: Desk):
        self.desk = desk

    def read(self, name: str, content: bytes | None) -> tuple[tuple[pa.Table, str, str] | None, str]:
        """Read a dropped file.

        Parameters
        ----------
        name : `str`
            Its name.
        content : `bytes` or `None`
            What it holds; `None` if it was too large to be dropped.

        Returns
        -------
        table : `tuple` [ `pyarrow.Table`, `str`, `str` ] or `None`
            Its rows, its name, and the Python that reads it.
        error : `str`
            What is wrong; empty if nothing is.
        """
        if content is None:
            return None, f"{name} is too large to be dropped: group it in Python, with wb.by_table."
        kept = self.desk.log.keep_upload(PurePath(name).name or "groups.csv", content)
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / kept
            path.write_bytes(content)
            found, error = self.desk.attempt(lambda: read_metrics_file(path).table)
        if found is None:
            return None, error.replace(f"{path.parent}/", "")
        python = f"read_metrics_file(uploads / {kept!r}).table"
        return (found, kept, python), ""
