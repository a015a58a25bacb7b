"""Publishing a set: which datasets a TAGGED collection will hold.

Exclusion as inclusion: the current best list of raws is a TAGGED collection
behind a CHAINED pointer (DMTN-220 recommendation 2; names after RFC-741).
"""

from __future__ import annotations

import collections
import getpass
from collections.abc import Collection, Mapping, Sequence

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DatasetRef,
    DatasetType,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from lsst.daf.butler.registry import CollectionExpressionError, DatasetTypeExpressionError

from workbench.campaigns.commits.commit import commit
from workbench.campaigns.commits.record import Commit
from workbench.campaigns.definition.request import CommitRequest, Publication
from workbench.errors import (
    BadDataIdTableError,
    CampaignError,
    EmptySetError,
    RoleError,
    UnknownDataIdError,
    UnknownNameError,
)
from workbench.names import check_collection
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.sets import DataIdSet

__all__ = ["find_datasets_of", "publish_set"]


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
    except (MissingDatasetTypeError, DatasetTypeExpressionError) as error:
        raise UnknownNameError(
            f"No dataset type {dataset_type!r} is registered here; list them with "
            "bench.collections.dataset_types(), or 'workbench dataset-types'."
        ) from error
    keyed = _convert(rows, found_type)
    names = tuple(keyed.dimensions.required)
    wanted = {tuple(row[name] for name in names) for row in keyed.keys.to_pylist()}
    chosen = _query(butler, found_type, source, keyed, wanted)
    have = {tuple(ref.dataId[name] for name in names) for ref in chosen}
    if lacking := sorted(wanted - have, key=str):
        raise UnknownDataIdError(
            f"{len(lacking)} rows of {rows.label} have no {dataset_type}: "
            f"{_rows_text(names, lacking)}. Take them "
            "out of the set, or name other collections with source= or --source."
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


def _query(
    butler: Butler,
    dataset_type: DatasetType,
    source: Sequence[str] | None,
    rows: DataIdSet,
    wanted: Collection[tuple[object, ...]],
) -> list[DatasetRef]:
    """Find the datasets of the rows; what other data IDs have is none of our business."""
    searched = list(source) if source else _runs_with(butler, dataset_type.name)
    if not searched:
        return []
    names = tuple(rows.dimensions.required)
    try:
        butler.collections.query(searched)
    except (MissingCollectionError, CollectionExpressionError) as error:
        raise UnknownNameError(
            f"{', '.join(map(repr, searched))} cannot be published from: {error} List the collections with "
            "bench.collections.list() or 'workbench collections'."
        ) from error
    with butler.query() as query:
        results = query.datasets(dataset_type.name, searched, find_first=bool(source))
        if "instrument" in names:
            instruments = sorted({str(name) for name in rows.keys["instrument"].to_pylist()})
            results = results.where(query.expression_factory.instrument.in_iterable(instruments))
        refs = [ref for ref in results if tuple(ref.dataId[name] for name in names) in wanted]
    by_data_id: Mapping[object, list[DatasetRef]] = collections.defaultdict(list)
    for ref in refs:
        by_data_id[ref.dataId].append(ref)
    for data_id, same in by_data_id.items():
        if len(same) > 1:
            raise BadDataIdTableError(
                f"{dataset_type.name} {data_id} is in several RUNs: {sorted(ref.run for ref in same)}. "
                "Say which to search, in order, with source= or --source."
            )
    return refs


def _runs_with(butler: Butler, dataset_type: str) -> list[str]:
    found = butler.collections.query_info("*", collection_types=CollectionType.RUN, include_summary=True)
    return sorted(info.name for info in found if info.dataset_types and dataset_type in info.dataset_types)


def _rows_text(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> str:
    shown = [
        ", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in rows[:10]
    ]
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return "; ".join(f"({text})" for text in shown) + more


def publish_set(
    registry: Registry,
    rows: DataIdSet,
    tagged: str,
    *,
    chain: str,
    reason: str,
    dataset_type: str = "raw",
    source: Sequence[str] | None = None,
    allow_empty: bool = False,
    progress: Progress = silent,
) -> Commit:
    """Publish a saved set as a TAGGED collection behind a chain.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    rows : `~workbench.sets.DataIdSet`
        A saved set of the role "include".
    tagged : `str`
        New TAGGED collection.
    chain : `str`
        CHAINED collection to point at it.
    reason : `str`
        Why; goes into the collection's documentation.
    dataset_type : `str`, optional
        What to tag.
    source : `~collections.abc.Sequence` [ `str` ], optional
        Collections to search.
    allow_empty : `bool`, optional
        Accept an empty set.
    progress : `~workbench.progress.Progress`, optional
        Told the step; may cancel before the commit point.

    Returns
    -------
    commit : `Commit`
        The record.  Writes to the Butler and to our tables, all or nothing.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the set was never saved.
    workbench.errors.RoleError
        Raised for an exclude set.
    workbench.errors.CollectionExistsError
        Raised if ``tagged`` exists.
    """
    check_collection(tagged, "TAGGED collection")
    if rows.name is None:
        raise CampaignError(
            f"Only a saved set can be published as {tagged!r}, so that its content can be looked up: save it "
            "first with bench.save(set, name, reason=...), or 'workbench select --save'."
        )
    if rows.role != "include":
        raise RoleError(
            f"{rows.label} is an exclude set: publishing it would offer just what is bad. Publish "
            "what is left "
            "after subtracting it."
        )
    progress("finding datasets", 0.0)
    refs = find_datasets_of(registry.butler, rows, dataset_type, source=source, allow_empty=allow_empty)
    publication = Publication(
        chain=chain,
        tagged=tagged,
        dataset_type=dataset_type,
        dataset_ids=tuple(ref.id for ref in refs),
        set_label=rows.label,
        key_digest=rows.key_digest,
        reason=reason,
        allow_empty=allow_empty,
    )
    record = {
        "set": rows.label,
        "key_digest": rows.key_digest,
        "reason": reason,
        "dataset_type": dataset_type,
    }
    request = CommitRequest(
        campaign=tagged,
        kind="publish",
        author=getpass.getuser(),
        workflow_record=record,
        publication=publication,
    )
    return commit(registry, request, progress)
