"""Which datasets a RUN collection has, in bulk."""

from __future__ import annotations

import uuid
from collections.abc import Collection as AnyOf

from lsst.daf.butler import Butler, MissingCollectionError

from workbench.snapshot._butler_schema import UnreadableTablesError, opening_tables
from workbench.snapshot.public import PublicReader
from workbench.snapshot.reader import Reader
from workbench.snapshot.tables import TableReader

__all__ = ["read_registered"]


def read_registered(
    butler: Butler, run: str, dataset_types: AnyOf[str] | None = None
) -> dict[str, list[uuid.UUID]]:
    """Read the UUIDs of the datasets in a RUN collection; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from.
    run : `str`
        The collection.
    dataset_types : `~collections.abc.Collection` [ `str` ], optional
        Only of these types.

    Returns
    -------
    dataset_ids : `dict` [ `str`, `list` [ `uuid.UUID` ] ]
        UUIDs by dataset type; empty where there is no such collection.
    """
    try:
        info = butler.collections.get_info(run, include_summary=True)
    except MissingCollectionError:
        return {}
    names = sorted(
        name for name in info.dataset_types or () if dataset_types is None or name in dataset_types
    )
    if not names:
        return {}
    try:
        with opening_tables(butler) as tables:
            return _read(TableReader(tables, butler.dimensions), run, names)
    except UnreadableTablesError:
        return _read(PublicReader(butler), run, names)


def _read(reader: Reader, run: str, names: list[str]) -> dict[str, list[uuid.UUID]]:
    (collection,) = reader.read_collections([run]).flatten([run])
    found = {}
    for name in names:
        dataset_type = reader.find_dataset_type(name)
        if dataset_type is not None:
            rows = reader.read_associations(dataset_type, [collection])
            found[name] = [uuid.UUID(bytes=value) for value in rows["dataset_id"].to_pylist()]
    return found
