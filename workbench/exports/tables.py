"""Any table as a file."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from workbench.errors import UnknownNameError
from workbench.sets.content.tables import to_astropy
from workbench.sets.files.set_file import replace_file

__all__ = ["write_table"]


def write_table(table: pa.Table, path: str | Path) -> Path:
    """Write a table in the format of the file's ending; writes the file.

    Parameters
    ----------
    table : `pyarrow.Table`
        Any of the workbench's tables.
    path : `str` or `pathlib.Path`
        A file ending in ``.ecsv``, ``.csv`` or ``.parquet``; replaced as a
        whole.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if the ending is another one.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".ecsv":
            text = io.StringIO()
            to_astropy(table).write(text, format="ascii.ecsv", delimiter=",")
            replace_file(path, text.getvalue())
        case ".csv":
            content = io.BytesIO()
            pyarrow.csv.write_csv(table, content)
            replace_file(path, content.getvalue())
        case ".parquet":
            content = io.BytesIO()
            pyarrow.parquet.write_table(table, content)
            replace_file(path, content.getvalue())
        case suffix:
            raise UnknownNameError(
                f"No table is written as {suffix or 'a file without an ending'!r} ({path}); "
                "the endings are .ecsv, .csv and .parquet."
            )
    return path
