"""What the Butler still has of datasets that are known by their UUIDs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from lsst.daf.butler import Butler

__all__ = ["EXISTENCE", "find_existence"]

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
