"""Sets under another name, and sets that lists leave out: what an earlier release let in."""

from __future__ import annotations

import pyarrow as pa

from workbench.errors import BadNameError, UnknownSetError
from workbench.names import check_name
from workbench.registry import Registry
from workbench.registry.tables.aliases import NamedKind, read_aliases, to_first_name
from workbench.sets.content.origin import is_unnamed
from workbench.sets.store.versions import KIND, NO_VERSIONS, read_versions

__all__ = ["SETS", "find_first_name", "to_listed"]


def _check(name: str) -> None:
    check_name(name)
    _refuse_unnamed(name)


def _refuse_unnamed(name: str) -> None:
    if is_unnamed(name):
        raise BadNameError(f"{name!r} is a name of the workbench's own; choose another one.")


SETS = NamedKind(
    KIND,
    lambda registry, name: bool(read_versions(registry, {"name": name}).num_rows),
    _check,
    UnknownSetError,
    "workbench sets list",
)
"""Sets, to `~workbench.registry.tables.aliases.rename` and `~workbench.registry.tables.aliases.hide`."""


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
    _refuse_unnamed(name)
    return to_first_name(registry, KIND, name)


def to_listed(registry: Registry, versions: pa.Table, *, hidden: bool) -> pa.Table:
    """Return versions as lists show them; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    versions : `pyarrow.Table`
        As `~workbench.sets.store.versions.read_versions` gives them.
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
