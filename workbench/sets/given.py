"""A set as it is given: itself, its name, or data IDs in any form."""

from __future__ import annotations

from typing import TypeAlias

from workbench.registry import Registry
from workbench.sets.content.asked import AskedDataIds, list_data_ids
from workbench.sets.content.data_id_set import DataIdSet, Role
from workbench.sets.content.existence import close_governors
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.set_store import SetStore
from workbench.snapshot import RepositoryRelations

__all__ = ["GivenSet", "read_given"]

GivenSet: TypeAlias = AskedDataIds
"""A `DataIdSet`, the name of a saved one, or data IDs: a mapping, several of them, a table."""


def read_given(registry: Registry, given: GivenSet, *, role: Role = "include") -> DataIdSet:
    """Read the set that somebody gives; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    given : `GivenSet`
        The set.
    role : `str`, optional
        Role of a set that is made of data IDs.

    Returns
    -------
    rows : `DataIdSet`
        What was given; unsaved, if it was made here.  A governor that the data
        IDs leave open and of which the repository has one is filled in.

    Raises
    ------
    workbench.errors.UnknownSetError
        Raised if there is no set of this name.
    workbench.errors.UnknownNameError, workbench.errors.UnknownDataIdError
        Raised for what is no data ID here, or leaves open of which of several
        governors it is.
    workbench.errors.EmptySetError
        Raised for no data ID at all.
    """
    if isinstance(given, DataIdSet):
        return given
    if isinstance(given, str):
        return SetStore(registry).load(given)
    rows = list_data_ids(registry.universe, [given])
    rows = close_governors(registry.butler, rows)
    return DataIdSet.from_table(
        registry.universe,
        rows,
        role=role,
        relations=RepositoryRelations(registry.uri),
        butler=registry.butler,
        provenance=SetProvenance.now(source="data IDs"),
    )
