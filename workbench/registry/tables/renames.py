"""What things are called that were given another name after they were kept: the table, and how it is read.

Nothing that was written is changed by it.  A name that was given at first stays
the one under which rows are kept, and every name that it ever had finds it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Self

from workbench.errors import BadNameError
from workbench.names import quote
from workbench.registry.tables.declaration import Column, TableDeclaration

__all__ = ["RENAMES", "TABLE", "Aliases"]

TABLE = "table"
"""What extension tables are among all that can be renamed."""

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
    earlier : `~collections.abc.Mapping` [ `str`, `str` ]
        First name by every other name that something has or had.
    """

    names: Mapping[str, str]
    hidden: frozenset[str]
    earlier: Mapping[str, str]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], kind: str) -> Self:
        """Read what things of a kind are called.

        Parameters
        ----------
        rows : `~collections.abc.Iterable` [ `~collections.abc.Mapping` ]
            All rows of `RENAMES`, oldest first.
        kind : `str`
            Such as ``set``.

        Returns
        -------
        aliases : `Aliases`
            What was renamed and hidden.
        """
        told = [row for row in rows if row["kind"] == kind]
        latest = {row["name"]: row for row in told}
        return cls(
            {first: row["new_name"] for first, row in latest.items() if row["new_name"]},
            frozenset(first for first, row in latest.items() if row["hidden"]),
            {row["new_name"]: row["name"] for row in told if row["new_name"]},
        )

    def first(self, name: str) -> str:
        """Return the name under which something is kept.

        Parameters
        ----------
        name : `str`
            Any name that it has or had.

        Returns
        -------
        first : `str`
            Its first name.
        """
        return self.earlier.get(name, name)

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

    def refuse_earlier(self, name: str, noun: str) -> None:
        """Check that a name is not one that something had: it tells who writes that it has another now.

        Parameters
        ----------
        name : `str`
            A name.
        noun : `str`
            What it is the name of.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if it is called otherwise now.
        """
        if (now := self.now(self.first(name))) != name:
            raise BadNameError(f"The {noun} {quote(name)} is called {now!r} now: save it as that.")
