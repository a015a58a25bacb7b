"""Groupings under another name, and groupings that lists leave out: what an earlier release let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import UnknownNameError
from workbench.groupings.stored import GROUPINGS
from workbench.names import check_name
from workbench.registry import Registry
from workbench.registry.tables.aliases import NamedKind, read_aliases

__all__ = ["GROUPING_NAMES", "KIND", "to_listed_groups"]

KIND = "grouping"
"""What groupings are among all that can be renamed."""


def _is_kept(registry: Registry, name: str) -> bool:
    table = registry.tables().get(GROUPINGS.name)
    return table is not None and table.count(where={"grouping": name}) > 0


GROUPING_NAMES = NamedKind(
    KIND,
    _is_kept,
    lambda name: check_name(name, KIND),
    UnknownNameError,
    "workbench groups list",
)
"""Groupings, to `~workbench.registry.tables.aliases.rename` and `~workbench.registry.tables.aliases.hide`."""


def to_listed_groups(registry: Registry, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return groups as lists show them; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    rows : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Rows of the groups, by the names that they are kept under.

    Returns
    -------
    rows : `list` [ `dict` ]
        By the names of now, without what is hidden.
    """
    aliases = read_aliases(registry, KIND)
    return [
        {**row, "grouping": aliases.now(row["grouping"])}
        for row in rows
        if row["grouping"] not in aliases.hidden
    ]
