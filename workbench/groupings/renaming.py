"""Groupings under another name, and groupings that lists leave out: what an earlier release let in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import UnknownNameError
from workbench.groupings.stored import GROUPINGS
from workbench.names import quote
from workbench.registry import Registry
from workbench.registry.aliases import give_name, read_aliases, set_hidden
from workbench.sets.provenance import current_author

__all__ = ["KIND", "hide_grouping", "rename_grouping", "to_listed_groups"]

KIND = "grouping"
"""What groupings are among all that can be renamed."""


def rename_grouping(
    registry: Registry, name: str, new_name: str, *, reason: str, author: str | None = None
) -> None:
    """Give a grouping another name; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        What it is called now.
    new_name : `str`
        What it is called from now on; its versions keep their numbers, and
        the old name finds them too.
    reason : `str`
        Why.
    author : `str`, optional
        Who says so; by default the user of this process.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping.
    workbench.errors.BadNameError
        Raised if the new name has another form, or is taken.
    """
    with registry.transaction():
        first = _find(registry, name)
        taken = bool(_read(registry, new_name))
        told_by = author or current_author()
        give_name(registry, KIND, first, new_name, is_taken=taken, author=told_by, reason=reason)


def hide_grouping(
    registry: Registry, name: str, *, reason: str, hidden: bool = True, author: str | None = None
) -> None:
    """Leave a grouping out of lists, or show it again; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Its name; it is still found by that.
    reason : `str`
        Why.
    hidden : `bool`, optional
        Whether lists leave it out.
    author : `str`, optional
        Who says so; by default the user of this process.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such grouping.
    """
    with registry.transaction():
        first = _find(registry, name)
        set_hidden(registry, KIND, first, hidden=hidden, author=author or current_author(), reason=reason)


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


def _find(registry: Registry, name: str) -> str:
    first = read_aliases(registry, KIND).first(name)
    if not _read(registry, first):
        raise UnknownNameError(
            f"There is no grouping called {quote(name)}; 'workbench groups list' has those there are."
        )
    return first


def _read(registry: Registry, name: str) -> int:
    """Count the groups that are kept under a name."""
    table = registry.tables().get(GROUPINGS.name)
    return 0 if table is None else int(table.read(where={"grouping": name}, columns=["version"]).num_rows)
