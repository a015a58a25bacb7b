"""Lists of data IDs for the middleware and for the observatory."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import EmptySetError
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.files.set_files import write_set_file

__all__ = ["write_data_id_table", "write_excluded_visits"]


def write_data_id_table(rows: DataIdSet, path: str | Path) -> Path:
    """Write a set for ``pipetask qgraph --data-id-table``; writes the file.

    The table has exactly the required dimensions, since the middleware
    raises a bare `KeyError` on a column that is no dimension, and ignores
    implied ones without a word.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `str` or `pathlib.Path`
        A file ending in ``.ecsv``; replaced as a whole.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.EmptySetError
        Raised if the set is empty, which the middleware does not take.
    workbench.errors.BadDataIdTableError
        Raised if the path does not end in ``.ecsv``.
    """
    if not len(rows):
        raise EmptySetError(
            f"The set {rows.label} is empty, and 'pipetask qgraph --data-id-table' takes no empty table. "
            "Leave the option out, or fill the set."
        )
    write_set_file(rows, path, style="data_id_table")
    return Path(path)


def write_excluded_visits(rows: DataIdSet, path: str | Path) -> Path:
    """Write a set as the observatory's list of bad exposures; writes the file.

    Parameters
    ----------
    rows : `DataIdSet`
        A set of exposures or visits of one instrument; each reason becomes a
        comment.  It may be empty: an instrument may have no bad exposure.
    path : `str` or `pathlib.Path`
        A file ending in ``.ecsv``, such as ``HSC/bad.ecsv``; replaced as a
        whole.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if the set has other dimensions or several instruments, or the
        path does not end in ``.ecsv``.
    """
    if rows.key_names == ("instrument", "visit"):
        rows = rows.to_exposures()
    write_set_file(rows, path, style="excluded_visits")
    return Path(path)
