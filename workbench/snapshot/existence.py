"""What the Butler still has of datasets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from lsst.daf.butler import Butler, DatasetRef
from lsst.daf.butler.direct_butler import DirectButler

__all__ = ["EXISTENCE", "find_existence", "find_stored"]

EXISTENCE = ("stored", "registered", "gone")
"""Registered with its file, registered without it (``butler prune-datasets --unstore``), or unknown."""


def find_existence(butler: Butler, dataset_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Ask the Butler which datasets exist; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Asked.
    dataset_ids : `~collections.abc.Iterable` [ `uuid.UUID` ]
        The datasets.

    Returns
    -------
    existence : `dict` [ `uuid.UUID`, `str` ]
        One of `EXISTENCE` for each of them.

    Notes
    -----
    Whether a file is there is asked for each dataset, since asking for many
    at once misses what is in one zip file together
    (``LimitedButler.stored_many`` on what ``butler ingest-graph`` wrote).
    """
    wanted = dict.fromkeys(dataset_ids, "gone")
    if wanted:
        for ref in butler.get_many_datasets(wanted):
            wanted[ref.id] = "stored" if butler.exists(ref) else "registered"
    return wanted


def find_stored(butler: Butler, refs: Iterable[DatasetRef]) -> dict[DatasetRef, bool]:
    """Ask the Butler which datasets have their files; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Asked.
    refs : `~collections.abc.Iterable` [ `lsst.daf.butler.DatasetRef` ]
        Datasets, none of which is kept in a zip file with others.

    Returns
    -------
    stored : `dict` [ `lsst.daf.butler.DatasetRef`, `bool` ]
        For each of them.

    Notes
    -----
    The client of a server inherits ``stored_many``, but has no datastore that
    it could ask.
    """
    if isinstance(butler, DirectButler):
        return butler.stored_many(refs)
    return {ref: bool(butler.exists(ref)) for ref in refs}
