"""Extension tables under another name, and those that lists leave out: what an earlier release let in."""

from __future__ import annotations

from workbench.errors import BadNameError, UnknownTableError
from workbench.names import quote
from workbench.registry.registry import Registry
from workbench.registry.tables.aliases import NamedKind
from workbench.registry.tables.declaration import find_name_fault
from workbench.registry.tables.renames import TABLE

__all__ = ["name_tables"]


def name_tables(registry: Registry) -> NamedKind:
    """Return what `~workbench.registry.tables.aliases.rename` has to know of tables; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry, whose dimensions no table may be called by.

    Returns
    -------
    kind : `~workbench.registry.tables.aliases.NamedKind`
        A new name is checked as that of a new table is.
    """

    def check(name: str) -> None:
        if fault := find_name_fault(name, registry.universe):
            raise BadNameError(f"A table cannot be called {quote(name)}: {fault}.")

    return NamedKind(
        TABLE,
        lambda registry, name: name in registry.tables(),
        check,
        UnknownTableError,
        "workbench tables list",
    )
