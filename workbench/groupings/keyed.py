"""Groupings as tables of records: of a dynamic dimension, or of the Butler's own ``group``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.grouping import Grouping
from workbench.groupings.rule import GROUP_KEY
from workbench.registry.dimensions.group_records import GROUP_DIMENSION
from workbench.registry.dimensions.members import GROUP
from workbench.registry.dimensions.minting import mint_key

__all__ = ["to_group_table", "to_keyed_table"]


def to_group_table(grouping: Grouping) -> pa.Table:
    """Return the members as records of dimensions are made of them.

    Parameters
    ----------
    grouping : `Grouping`
        A saved grouping.

    Returns
    -------
    members : `pyarrow.Table`
        Column ``group``, the group's key in the grouping, and the required
        dimensions of the members; one row a member.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if it was never saved: keys belong to a version.
    """
    if not grouping.version:
        raise GroupingError(
            f"The grouping {grouping.name!r} was never saved, and keys of groups belong to a version of it. "
            "Save it with bench.group(name, set, rule), or 'workbench groups make'."
        )
    names = [GROUP_KEY, *grouping.key_names]
    return grouping.relation.select(names).rename_columns([GROUP, *grouping.key_names])


def to_keyed_table(
    grouping: Grouping, dimension: str = GROUP_DIMENSION, keys: Mapping[str, int | str] | None = None
) -> pa.Table:
    """Return the members as a data ID table in which a dimension names the group.

    Parameters
    ----------
    grouping : `Grouping`
        A saved grouping.
    dimension : `str`, optional
        Dimension of the groups.
    keys : `~collections.abc.Mapping` [ `str`, `int` or `str` ], optional
        Its value for the key of each group; by default the name that is
        minted for ``group``.

    Returns
    -------
    members : `pyarrow.Table`
        Column ``dimension`` and the required dimensions of the members; one
        row a member.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if it was never saved.
    """
    table = to_group_table(grouping)
    minted = {key: mint_key(grouping.label, key) for key in grouping.keys} if keys is None else keys
    values: list[Any] = [minted[str(key)] for key in table[GROUP].to_pylist()]
    return table.set_column(0, dimension, pa.array(values))
