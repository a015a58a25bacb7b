"""Other names for what is kept already, and what lists leave out: one way for sets, groupings and tables.

What is renamed keeps its rows under its first name (`workbench.registry.tables.renames`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from workbench.errors import BadNameError, UnknownNameError
from workbench.names import quote, require_reason
from workbench.registry.database import clock
from workbench.registry.registry import Registry
from workbench.registry.tables.renames import RENAMES, Aliases

__all__ = ["NamedKind", "hide", "read_aliases", "rename", "to_first_name"]


@dataclasses.dataclass(frozen=True, slots=True)
class NamedKind:
    """A kind of things that people give names to.

    Parameters
    ----------
    noun : `str`
        What one of them is, such as ``set``.
    is_kept : `~collections.abc.Callable`
        Tells whether a registry keeps one under a name.
    check : `~collections.abc.Callable`
        Raises `~workbench.errors.BadNameError` where none may be called so.
    unknown : `type`
        Error where there is none of a name.
    list_command : `str`
        Command that lists them.
    """

    noun: str
    is_kept: Callable[[Registry, str], bool]
    check: Callable[[str], object]
    unknown: type[UnknownNameError]
    list_command: str

    def find_first(self, registry: Registry, name: str) -> str:
        """Find the name under which one is kept; never writes.

        Parameters
        ----------
        registry : `~workbench.registry.Registry`
            The embedded registry.
        name : `str`
            Any name that it has or had.

        Returns
        -------
        first : `str`
            The name that it was given at first.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if there is none.
        """
        first = read_aliases(registry, self.noun).first(name)
        if not self.is_kept(registry, first):
            raise self.unknown(
                f"There is no {self.noun} called {quote(name)}; '{self.list_command}' has those there are."
            )
        return first


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
    aliases : `~workbench.registry.tables.renames.Aliases`
        What was renamed and hidden.
    """
    table = registry.tables().get(RENAMES.name)
    return Aliases.of([] if table is None else table.read(current=False).to_pylist(), kind)


def rename(
    registry: Registry, kind: NamedKind, name: str, new_name: str, *, author: str, reason: str
) -> None:
    """Give something another name; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `NamedKind`
        What it is.
    name : `str`
        What it is called.
    new_name : `str`
        What it is called from now on; every name that it had finds it too.
    author, reason : `str`
        Who says so, and why.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is none of this name.
    workbench.errors.BadNameError
        Raised if the new name has another form, or is or was another's.
    workbench.errors.ReasonRequiredError
        Raised if the reason is empty.
    """
    with registry.transaction():
        first = kind.find_first(registry, name)
        require_reason(reason, f"{quote(first)} is renamed")
        aliases = read_aliases(registry, kind.noun)
        other = aliases.first(new_name)
        if new_name != first:
            kind.check(new_name)
        if other != first and (other != new_name or kind.is_kept(registry, new_name)):
            raise BadNameError(f"There is a {kind.noun} {new_name!r} already; choose another name.")
        changed = None if new_name == first else new_name
        _write(registry, kind, first, changed, hidden=first in aliases.hidden, author=author, reason=reason)


def hide(registry: Registry, kind: NamedKind, name: str, *, hidden: bool, author: str, reason: str) -> None:
    """Leave something out of lists, or show it again; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    kind : `NamedKind`
        What it is.
    name : `str`
        What it is called, by which it is still found.
    hidden : `bool`
        Whether lists leave it out.
    author, reason : `str`
        Who says so, and why.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is none of this name.
    workbench.errors.ReasonRequiredError
        Raised if the reason is empty.
    """
    with registry.transaction():
        first = kind.find_first(registry, name)
        require_reason(reason, f"{quote(first)} is {'hidden' if hidden else 'shown again'}")
        now = read_aliases(registry, kind.noun).names.get(first)
        _write(registry, kind, first, now, hidden=hidden, author=author, reason=reason)


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
    aliases.refuse_earlier(name, kind)
    return aliases.first(name)


def _write(
    registry: Registry,
    kind: NamedKind,
    first: str,
    name: str | None,
    *,
    hidden: bool,
    author: str,
    reason: str,
) -> None:
    row = {"kind": kind.noun, "name": first, "new_name": name, "hidden": hidden}
    told = {"author": author, "time": clock.now(), "reason": reason}
    registry.declare(RENAMES).append([row | told])
