"""The CHAINED pointer to what is published (DMTN-220 recommendation 2, RFC-741 names)."""

from __future__ import annotations

from dataclasses import dataclass

from lsst.daf.butler import (
    Butler,
    CollectionType,
    MissingCollectionError,
)

from workbench.campaigns.definition.request import Publication
from workbench.errors import CampaignError

__all__ = ["Pointer", "compute_pointer"]


@dataclass(frozen=True, slots=True)
class Pointer:
    """How a chain will be repointed.

    Parameters
    ----------
    chain : `str`
        The CHAINED collection.
    expected : `tuple` [`str`, ...] or `None`
        Its children now; `None` if it does not exist.
    children : `tuple` [`str`, ...]
        Its children afterwards.
    """

    chain: str
    expected: tuple[str, ...] | None
    children: tuple[str, ...]


def compute_pointer(butler: Butler, publication: Publication) -> Pointer | None:
    """Decide which children a chain gets; never writes.

    The published collection takes the place of the first child that holds
    its dataset type; other children that hold it are left out, and children
    that do not hold it stay.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler to read.
    publication : `Publication`
        What is published.

    Returns
    -------
    pointer : `Pointer` or `None`
        `None` if the publication names no chain.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the chain's name is another collection's, or if a child that
        would be left out holds other dataset types as well.
    """
    if not publication.chain:
        return None
    try:
        info = butler.collections.get_info(publication.chain)
    except MissingCollectionError:
        return Pointer(publication.chain, None, publication.children or (publication.tagged,))
    if info.type is not CollectionType.CHAINED:
        raise CampaignError(
            f"{publication.chain!r} is a {info.type.name} collection, so it cannot point to "
            f"{publication.tagged!r}; name a CHAINED collection, or a new name."
        )
    if publication.children is not None:
        return Pointer(publication.chain, info.children, publication.children)
    children: list[str] = []
    for child in info.children:
        held = _dataset_types_of(butler, child)
        if publication.dataset_type not in held:
            children.append(child)
            continue
        if others := sorted(held - {publication.dataset_type}):
            raise CampaignError(
                f"{publication.chain!r} points to {child!r}, which holds {publication.dataset_type} and also "
                f"{others}: those would be hidden. Name another chain, or give those to the chain under a "
                "collection of their own first (butler collection-chain)."
            )
        if publication.tagged not in children:
            children.append(publication.tagged)
    if publication.tagged not in children:
        children.insert(0, publication.tagged)
    return Pointer(publication.chain, info.children, tuple(children))


def _dataset_types_of(butler: Butler, collection: str) -> set[str]:
    infos = butler.collections.query_info(collection, flatten_chains=True, include_summary=True)
    return {name for info in infos for name in info.dataset_types or ()}
