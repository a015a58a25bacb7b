"""Sets under another name, and sets that lists leave out: what an earlier release let in."""

from __future__ import annotations

import pyarrow as pa

from workbench.errors import BadNameError, UnknownSetError
from workbench.names import quote
from workbench.registry import Registry
from workbench.registry.aliases import give_name, read_aliases, set_hidden, to_first_name
from workbench.sets.origin import is_unnamed
from workbench.sets.provenance import current_author
from workbench.sets.versions import KIND, NO_VERSIONS, read_versions

__all__ = ["find_first_name", "hide_set", "rename_set", "to_listed"]


def rename_set(
    registry: Registry, name: str, new_name: str, *, reason: str, author: str | None = None
) -> None:
    """Give a set another name; writes.

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
    workbench.errors.UnknownSetError
        Raised if there is no such set.
    workbench.errors.BadNameError
        Raised if the new name has another form, or is taken.
    """
    with registry.transaction():
        first = _find(registry, name)
        taken = bool(read_versions(registry, {"name": new_name}).num_rows) or is_unnamed(new_name)
        told_by = author or current_author()
        give_name(registry, KIND, first, new_name, is_taken=taken, author=told_by, reason=reason)


def hide_set(
    registry: Registry, name: str, *, reason: str, hidden: bool = True, author: str | None = None
) -> None:
    """Leave a set out of lists, or show it again; writes.

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
    workbench.errors.UnknownSetError
        Raised if there is no such set.
    """
    with registry.transaction():
        first = _find(registry, name)
        set_hidden(registry, KIND, first, hidden=hidden, author=author or current_author(), reason=reason)


def find_first_name(registry: Registry, name: str) -> str:
    """Find the name under which versions of a set are to be kept; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        What it is called.

    Returns
    -------
    first : `str`
        What it was called first.

    Raises
    ------
    workbench.errors.BadNameError
        Raised if that was renamed, or is a name of the workbench's own.
    """
    if is_unnamed(name):
        raise BadNameError(f"{name!r} is a name of the workbench's own; choose another one.")
    return to_first_name(registry, KIND, name)


def to_listed(registry: Registry, versions: pa.Table, *, hidden: bool) -> pa.Table:
    """Return versions as lists show them; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    versions : `pyarrow.Table`
        As `~workbench.sets.versions.read_versions` gives them.
    hidden : `bool`
        Whether what is hidden is listed, as what nobody named.

    Returns
    -------
    versions : `pyarrow.Table`
        By the names of now.
    """
    aliases = read_aliases(registry, KIND)
    firsts = [str(name) for name in versions["name"].to_pylist()]
    names = pa.array([aliases.now(first) for first in firsts], pa.string())
    position = versions.schema.get_field_index("name")
    found = versions.set_column(position, versions.schema.field(position), names)
    if not hidden:
        shown = [not is_unnamed(first) and first not in aliases.hidden for first in firsts]
        found = found.filter(pa.array(shown, pa.bool_()))
    return found.select(NO_VERSIONS.schema.names)


def _find(registry: Registry, name: str) -> str:
    found = read_versions(registry, {"name": name})
    if not found.num_rows:
        raise UnknownSetError(
            f"There is no set called {quote(name)}; 'workbench sets list' has those there are."
        )
    return str(found["name"][0].as_py())
