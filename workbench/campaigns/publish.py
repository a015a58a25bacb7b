"""Publishing a set: which datasets a TAGGED collection will hold.

Exclusion as inclusion: the current best list of raws is a TAGGED collection
behind a CHAINED pointer (DMTN-220 recommendation 2; names after RFC-741).
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence

from lsst.daf.butler import Butler, CollectionType, DatasetRef, DatasetType, MissingDatasetTypeError

from workbench.errors import BadDataIdTableError, EmptySetError, UnknownDataIdError, UnknownNameError
from workbench.sets import DataIdSet

__all__ = ["find_datasets_of"]


def find_datasets_of(
    butler: Butler,
    rows: DataIdSet,
    dataset_type: str,
    *,
    source: Sequence[str] | None = None,
    allow_empty: bool = False,
) -> list[DatasetRef]:
    """Find the datasets of a type that a set of data IDs selects.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read-only client.
    rows : `~workbench.sets.DataIdSet`
        Set over dimensions of the dataset type; visits become exposures where
        the dataset type has exposures.
    dataset_type : `str`
        Name of the dataset type, such as ``raw``.
    source : `~collections.abc.Sequence` [ `str` ], optional
        Collections to search in order; by default every RUN that holds the
        type, where a data ID must then be unique.
    allow_empty : `bool`, optional
        Accept an empty set.

    Returns
    -------
    refs : `list` [ `lsst.daf.butler.DatasetRef` ]
        Sorted by data ID.

    Raises
    ------
    workbench.errors.EmptySetError
        Raised for an empty set, unless allowed.
    workbench.errors.UnknownNameError
        Raised for an unknown dataset type.
    workbench.errors.UnknownDataIdError
        Raised if rows of the set have no dataset at all.
    workbench.errors.BadDataIdTableError
        Raised if the set has dimensions that the dataset type lacks, or if
        two RUNs hold a dataset of one data ID and ``source`` is not given.
    """
    if not len(rows) and not allow_empty:
        raise EmptySetError(f"The set {rows.label} is empty: publishing it would hide every {dataset_type}.")
    try:
        found_type = butler.get_dataset_type(dataset_type)
    except MissingDatasetTypeError as error:
        raise UnknownNameError(
            f"No dataset type {dataset_type!r} is registered here; list them with bench.dataset_types()."
        ) from error
    keyed = _convert(rows, found_type)
    names = tuple(keyed.dimensions.required)
    wanted = {tuple(row[name] for name in names) for row in keyed.keys.to_pylist()}
    refs = _query(butler, found_type, source, _instruments(keyed))
    chosen = [ref for ref in refs if tuple(ref.dataId[name] for name in names) in wanted]
    have = {tuple(ref.dataId[name] for name in names) for ref in chosen}
    if lacking := sorted(wanted - have, key=str):
        raise UnknownDataIdError(
            f"{len(lacking)} rows of {rows.label} have no {dataset_type}: {_rows_text(names, lacking)}. Take them "
            "out of the set, or name other collections with source=."
        )
    return sorted(chosen, key=lambda ref: ref.dataId)


def _convert(rows: DataIdSet, dataset_type: DatasetType) -> DataIdSet:
    names = set(dataset_type.dimensions.names)
    if "visit" in rows.dimensions.names and "visit" not in names and "exposure" in names:
        rows = rows.to_exposures()
    if stray := set(rows.dimensions.required) - names:
        raise BadDataIdTableError(
            f"The set {rows.label} has the dimensions {sorted(stray)}, which {dataset_type.name!r} "
            f"({sorted(names)}) lacks: project it to the dataset type's dimensions first."
        )
    return rows


def _instruments(rows: DataIdSet) -> list[str]:
    if "instrument" not in rows.dimensions.names:
        return []
    return sorted(set(rows.keys["instrument"].to_pylist()))


def _query(
    butler: Butler, dataset_type: DatasetType, source: Sequence[str] | None, instruments: Iterable[str]
) -> list[DatasetRef]:
    searched = list(source) if source else _runs_with(butler, dataset_type.name)
    if not searched:
        return []
    with butler.query() as query:
        results = query.datasets(dataset_type.name, searched, find_first=bool(source))
        if instruments:
            results = results.where(query.expression_factory.instrument.in_iterable(instruments))
        refs = list(results)
    by_data_id: Mapping[object, list[DatasetRef]] = collections.defaultdict(list)
    for ref in refs:
        by_data_id[ref.dataId].append(ref)
    for data_id, same in by_data_id.items():
        if len(same) > 1:
            raise BadDataIdTableError(
                f"{dataset_type.name} {data_id} is in several RUNs: {sorted(ref.run for ref in same)}. "
                "Say which to search, in order, with source=."
            )
    return refs


def _runs_with(butler: Butler, dataset_type: str) -> list[str]:
    found = butler.collections.query_info("*", collection_types=CollectionType.RUN, include_summary=True)
    return sorted(info.name for info in found if info.dataset_types and dataset_type in info.dataset_types)


def _rows_text(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> str:
    shown = [", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in rows[:10]]
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return "; ".join(f"({text})" for text in shown) + more
