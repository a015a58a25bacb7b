"""What a repository holds, for people who look around in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
from lsst.daf.butler import Butler, CollectionType, DatasetType, MissingCollectionError

from workbench.errors import UnknownNameError

__all__ = ["COLLECTIONS_SCHEMA", "DATASET_TYPES_SCHEMA", "ELEMENTS_SCHEMA"]
__all__ += ["collection_exists", "list_collections", "list_dataset_types", "list_elements"]

_OBSERVATIONS = {"exposure", "visit"}
"""Dimensions that ``visit_definition`` relates."""

_ELEMENTS: dict[str, pa.DataType] = {
    "element": pa.string(),
    "records": pa.int64(),
    "required": pa.string(),
    "spatial": pa.bool_(),
    "temporal": pa.bool_(),
}
ELEMENTS_SCHEMA = pa.schema(_ELEMENTS)
_COLLECTIONS: dict[str, pa.DataType] = {
    "name": pa.string(),
    "type": pa.string(),
    "children": pa.string(),
    "dataset_types": pa.string(),
    "doc": pa.string(),
}
COLLECTIONS_SCHEMA = pa.schema(_COLLECTIONS)
_DATASET_TYPES: dict[str, pa.DataType] = {
    "name": pa.string(),
    "dimensions": pa.string(),
    "storage_class": pa.string(),
    "datasets": pa.int64(),
}
DATASET_TYPES_SCHEMA = pa.schema(_DATASET_TYPES)


def list_elements(butler: Butler) -> pa.Table:
    """Count the records of every dimension element that has any.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.

    Returns
    -------
    elements : `pyarrow.Table`
        With `ELEMENTS_SCHEMA`, in the order of the universe.
    """
    rows = []
    for element in butler.dimensions.elements:
        if not element.has_own_table:
            continue
        with butler.query() as query:
            count = query.dimension_records(element.name).count(exact=False)
        if count:
            rows.append(
                {
                    "element": element.name,
                    "records": count,
                    "required": ", ".join(element.required.names),
                    "spatial": element.spatial is not None,
                    "temporal": element.temporal is not None,
                }
            )
    return pa.Table.from_pylist(rows, schema=ELEMENTS_SCHEMA)


def list_collections(butler: Butler) -> pa.Table:
    """List all collections with their types, children and documentation.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.

    Returns
    -------
    collections : `pyarrow.Table`
        With `COLLECTIONS_SCHEMA`, sorted by name.
    """
    found = butler.collections.query_info("*", include_summary=True, include_doc=True)
    rows = [
        {
            "name": info.name,
            "type": info.type.name,
            "children": ", ".join(info.children),
            "dataset_types": ", ".join(sorted(info.dataset_types or ())),
            "doc": info.doc,
        }
        for info in sorted(found, key=lambda info: info.name)
    ]
    return pa.Table.from_pylist(rows, schema=COLLECTIONS_SCHEMA)


def list_dataset_types(
    butler: Butler,
    collections: Sequence[str] | None = None,
    data_ids: Sequence[Mapping[str, str | int]] | None = None,
) -> pa.Table:
    """List dataset types and how many datasets there are of each.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    collections : `~collections.abc.Sequence` [ `str` ], optional
        Where to count; all collections by default.
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ], optional
        Count only datasets with the values of one of these; dataset types
        without one of their dimensions are left out.  Exposures belong to
        their visits.

    Returns
    -------
    dataset_types : `pyarrow.Table`
        With `DATASET_TYPES_SCHEMA`, sorted by name.  Where collections are
        given, a dataset that is in two of them counts twice.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a collection does not exist.
    """
    try:
        infos = butler.collections.query_info(
            list(collections) if collections is not None else "*",
            flatten_chains=True,
            include_summary=True,
        )
    except MissingCollectionError as error:
        raise UnknownNameError(
            f"{error} List what there is with bench.collections.list(), or 'workbench collections'."
        ) from error
    present: dict[str, list[str]] = {}
    for info in infos:
        # A dataset is in one RUN; counting its tags as well would count it twice.
        if collections is None and info.type is not CollectionType.RUN:
            continue
        for name in info.dataset_types or ():
            present.setdefault(name, []).append(info.name)
    rows = []
    for name, homes in sorted(present.items()):
        dataset_type = butler.get_dataset_type(name)
        if data_ids is not None and not all(_is_about(dataset_type, one) for one in data_ids):
            continue
        with butler.query() as query:
            found = query.datasets(dataset_type, homes, find_first=False)
            if data_ids:
                factory = query.expression_factory
                found = found.where(
                    factory.any(
                        *(
                            factory.all(*(getattr(factory, key) == value for key, value in one.items()))
                            for one in data_ids
                        )
                    )
                )
            count = found.count(exact=False)
        rows.append(
            {
                "name": name,
                "dimensions": ", ".join(dataset_type.dimensions.required),
                "storage_class": dataset_type.storageClass_name,
                "datasets": count,
            }
        )
    return pa.Table.from_pylist(rows, schema=DATASET_TYPES_SCHEMA)


def _is_about(dataset_type: DatasetType, data_id: Mapping[str, str | int]) -> bool:
    names = set(dataset_type.dimensions.names)
    if names & _OBSERVATIONS:
        names |= _OBSERVATIONS
    return names >= set(data_id)


def collection_exists(butler: Butler, name: str) -> bool:
    """Tell whether a collection exists.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    name : `str`
        Collection name.

    Returns
    -------
    exists : `bool`
        Whether it does, of whatever type.
    """
    try:
        butler.collections.get_info(name)
    except MissingCollectionError:
        return False
    return True
