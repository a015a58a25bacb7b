"""Who is in which group, as a list of data IDs for the middleware."""

from __future__ import annotations

from pathlib import Path

from workbench.groupings import Grouping, to_keyed_table
from workbench.sets import DataIdSet, SetProvenance
from workbench.sets.files.lists import write_data_id_table

__all__ = ["write_group_table"]


def write_group_table(grouping: Grouping, path: str | Path) -> Path:
    """Write who is in which ``group`` for ``pipetask qgraph --data-id-table``; writes the file.

    Without the table the stock builder uses every visit in every group.

    Parameters
    ----------
    grouping : `~workbench.groupings.Grouping`
        A saved grouping, whose names are in the dimension ``group``.
    path : `str` or `pathlib.Path`
        A file ending in ``.ecsv``; replaced as a whole.

    Returns
    -------
    path : `pathlib.Path`
        The file: the minted name of the group, and the required dimensions
        of its members.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the grouping was never saved.
    workbench.errors.BadDataIdTableError
        Raised if the path does not end in ``.ecsv``.
    """
    table = to_keyed_table(grouping)
    universe = grouping.dimensions.universe
    provenance = SetProvenance.now(rule=grouping.rule, parents=(grouping.parent.label,))
    names = list(universe.conform(table.column_names).required)
    rows = DataIdSet.from_table(universe, table.select(names), names, provenance=provenance)
    return write_data_id_table(rows, path)
