"""What is left of versions whose record is gone, so that no number is given out twice."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow.compute as pc

from workbench.registry.registry import Registry

__all__ = ["last_version"]


def last_version(registry: Registry, prefix: str, where: Mapping[str, object], column: str) -> int:
    """Return the largest version that rows are kept of; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    prefix : `str`
        What the names of the tables begin with.
    where : `~collections.abc.Mapping`
        Values that the rows have.
    column : `str`
        Column of the version.

    Returns
    -------
    version : `int`
        0 where there is none.

    Notes
    -----
    A table of versions that was dropped by hand and made again is empty, and
    the rows of the versions are there still: one more version of the same
    number would have them too.
    """
    last = 0
    for name, table in registry.tables().items():
        if name.startswith(prefix):
            kept = table.read(where=where, columns=[column])[column]
            last = max(last, pc.max(kept).as_py() or 0)
    return last
