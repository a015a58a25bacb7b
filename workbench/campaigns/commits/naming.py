"""Names that a campaign gives to its collections."""

from __future__ import annotations

import itertools

from workbench.registry import Registry
from workbench.snapshot.browse import collection_exists

__all__ = ["find_free_run"]


def find_free_run(registry: Registry, campaign: str) -> str:
    """Find the next RUN of a campaign that neither exists nor is reserved.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    campaign : `str`
        Name of the campaign.

    Returns
    -------
    run : `str`
        Such as ``u/ana/DM-1234/r2``.
    """
    reserved = registry.journal.reserved_names()
    names = (f"{campaign}/r{number}" for number in itertools.count(1))
    return next(run for run in names if run not in reserved and not collection_exists(registry.butler, run))
