"""Names that were given to what is kept, after it was kept: renamed, or left out of lists.

Nothing that was written is changed by it.  A name that was given at first stays
the one under which rows are kept, and still finds them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from workbench.errors import BadNameError
from workbench.names import check_name, quote, require_reason
from workbench.registry import clock
from workbench.registry.declaration import Column, TableDeclaration
from workbench.registry.registry import Registry

__all__ = ["RENAMES", "Aliases", "change_name", "give_name", "read_aliases", "set_hidden", "to_first_name"]

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


def give_name(
    registry: Registry,
    kind: str,
    first: str,
    new_name: str,
    *,
    is_taken: bool,
    author: str,
    reason: str,
) -> None:
    """Give something another name; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `str`
        Such as ``set``.
    first : `str`
        Name that it was given at first.
    new_name : `str`
        What it is called from now on.
    is_taken : `bool`
        Whether anything of its kind is, or was, called so.
    author, reason : `str`
        Who says so, and why.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if the new name has another form, or is another's.
    workbench.errors.ReasonRequiredError
        Raised if the reason is empty.
    """
    require_reason(reason, f"{quote(first)} is renamed")
    check_name(new_name, kind)
    aliases = read_aliases(registry, kind)
    if new_name != first and (is_taken or aliases.first(new_name) not in (new_name, first)):
        raise BadNameError(f"There is a {kind} {new_name!r} already; choose another name.")
    name = None if new_name == first else new_name
    hidden = first in aliases.hidden
    change_name(registry, kind, first, name=name, hidden=hidden, author=author, reason=reason)


def set_hidden(registry: Registry, kind: str, first: str, *, hidden: bool, author: str, reason: str) -> None:
    """Leave something out of lists, or show it again; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `str`
        Such as ``set``.
    first : `str`
        Name that it was given at first.
    hidden : `bool`
        Whether lists leave it out.
    author, reason : `str`
        Who says so, and why.

    Raises
    ------
    workbench.errors.ReasonRequiredError
        Raised if the reason is empty.
    """
    require_reason(reason, f"{quote(first)} is {'hidden' if hidden else 'shown again'}")
    now = read_aliases(registry, kind).names.get(first)
    change_name(registry, kind, first, name=now, hidden=hidden, author=author, reason=reason)


def to_first_name(registry: Registry, kind: str, name: str) -> str:
    """Find the name under which more is to be kept; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `str`
        Such as ``set``.
    name : `str`
        What it is called.

    Returns
    -------
    first : `str`
        What it was called first.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if that was renamed.
    """
    aliases = read_aliases(registry, kind)
    if name in aliases.names:
        raise BadNameError(
            f"The {kind} {quote(name)} is called {aliases.names[name]!r} now: save it as that."
        )
    return aliases.first(name)
