"""Names that were given to what is kept, after it was kept: renamed, or left out of lists.

Nothing that was written is changed by it.  A name that was given at first stays
the one under which rows are kept, and still finds them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from workbench.registry import clock
from workbench.registry.declaration import Column, TableDeclaration
from workbench.registry.registry import Registry

__all__ = ["RENAMES", "Aliases", "change_name", "read_aliases"]

RENAMES = TableDeclaration(
    name="renames",
    columns=(
        Column("kind", "str", doc="what is called so, such as set", nullable=False),
        Column("name", "str", doc="name that it was given at first", nullable=False),
        Column("new_name", "str", doc="what it is called now; null where that did not change"),
        Column("hidden", "bool", doc="whether lists leave it out", nullable=False),
        Column("author", "str", doc="who said so", nullable=False),
        Column("time", "time", doc="when (MJD TAI)", nullable=False),
        Column("reason", "str", doc="why", nullable=False),
    ),
    key=("kind", "name"),
    current="latest",
    doc="What is called otherwise than it was at first; rows are only ever added.",
    visible=False,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Aliases:
    """What things of one kind are called.

    Parameters
    ----------
    names : `~collections.abc.Mapping` [ `str`, `str` ]
        New name by the first one, of what was renamed.
    hidden : `frozenset` [ `str` ]
        First names of what lists leave out.
    """

    names: Mapping[str, str]
    hidden: frozenset[str]

    def first(self, name: str) -> str:
        """Return the name under which something is kept.

        Parameters
        ----------
        name : `str`
            Its name, first or new.

        Returns
        -------
        first : `str`
            Its first name.
        """
        return next((first for first, new in self.names.items() if new == name), name)

    def now(self, first: str) -> str:
        """Return what something is called now.

        Parameters
        ----------
        first : `str`
            Its first name.

        Returns
        -------
        name : `str`
            Its name.
        """
        return self.names.get(first, first)


def read_aliases(registry: Registry, kind: str) -> Aliases:
    """Read what things of a kind are called; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `str`
        Such as ``set``.

    Returns
    -------
    aliases : `Aliases`
        What was renamed and hidden.
    """
    table = registry.tables().get(RENAMES.name)
    rows = [] if table is None else table.read(where={"kind": kind}).to_pylist()
    return Aliases(
        {row["name"]: row["new_name"] for row in rows if row["new_name"]},
        frozenset(row["name"] for row in rows if row["hidden"]),
    )


def change_name(
    registry: Registry, kind: str, first: str, *, name: str | None, hidden: bool, author: str, reason: str
) -> None:
    """Say what something is called from now on; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `str`
        Such as ``set``.
    first : `str`
        Name that it was given at first.
    name : `str` or `None`
        New name; `None` for the first one.
    hidden : `bool`
        Whether lists leave it out.
    author, reason : `str`
        Who says so, and why.
    """
    row = {"kind": kind, "name": first, "new_name": name, "hidden": hidden}
    told = {"author": author, "time": clock.now(), "reason": reason}
    registry.declare(RENAMES).append([row | told])
