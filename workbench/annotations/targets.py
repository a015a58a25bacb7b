"""What a note is about, checked against the repository."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl
from lsst.daf.butler import (
    Butler,
    DataIdValue,
    DataIdValueError,
    DatasetRef,
    DimensionNameError,
    InconsistentDataIdError,
    MissingCollectionError,
)

from workbench.errors import AnnotationError, EmptySetError, UnknownDataIdError, UnknownNameError
from workbench.sets import DataIdSet
from workbench.snapshot import conform, read_data_ids

__all__ = ["Target", "TargetLike", "resolve_targets"]

TargetLike: TypeAlias = Mapping[str, DataIdValue] | DatasetRef | uuid.UUID | str | DataIdSet
"""What a caller may name: a data ID, a dataset (by reference or UUID), a collection, a set of data IDs."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that a note is about.

    Parameters
    ----------
    kind : `str`
        ``data_id``, ``dataset`` or ``collection``.
    label : `str`
        The target as people say it.
    data_id : `~collections.abc.Mapping`
        Required values of a data ID; empty for other kinds, since a note on
        one dataset says nothing of others with its data ID.
    dataset_id : `uuid.UUID` or `None`
        UUID of a dataset.
    collection : `str` or `None`
        Name of a collection.
    """

    kind: str
    label: str
    data_id: Mapping[str, DataIdValue]
    dataset_id: uuid.UUID | None = None
    collection: str | None = None


def resolve_targets(butler: Butler, targets: TargetLike | Iterable[TargetLike]) -> list[Target]:
    """Check that targets exist.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Read.
    targets : `TargetLike` or iterable of them
        What a note is about.

    Returns
    -------
    resolved : `list` [ `Target` ]
        Each target once; a set is resolved to its rows.

    Raises
    ------
    workbench.errors.AnnotationError
        Raised if there is no target.
    workbench.errors.EmptySetError
        Raised if a set is empty.
    workbench.errors.UnknownDataIdError
        Raised if data IDs or datasets do not exist.
    workbench.errors.UnknownNameError
        Raised if a collection or dimension does not exist.
    """
    listed: Iterable[TargetLike]
    match targets:
        case Mapping() | DatasetRef() | uuid.UUID() | str() | DataIdSet():
            listed = [targets]
        case _:
            listed = targets
    resolved: dict[str, Target] = {}
    for target in listed:
        for found in _iter_resolved(butler, target):
            resolved[found.label] = found
    if not resolved:
        raise AnnotationError(
            "A note needs something that it is about: data IDs, datasets, collections or a set of data IDs."
        )
    return list(resolved.values())


def _iter_resolved(butler: Butler, target: object) -> Iterator[Target]:
    match target:
        case DataIdSet():
            yield from _iter_rows(butler, target)
        case DatasetRef():
            yield _find_dataset(butler, target.id)
        case uuid.UUID():
            yield _find_dataset(butler, target)
        case str():
            dataset_id = _parse_uuid(target)
            yield (
                _find_collection(butler, target) if dataset_id is None else _find_dataset(butler, dataset_id)
            )
        case Mapping():
            yield _find_data_id(butler, target)
        case _:
            raise AnnotationError(
                f"A note cannot be about {target!r}; it is about a data ID (a mapping), a dataset "
                "(a DatasetRef or UUID), a collection (its name) or a DataIdSet."
            )


def _parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _find_dataset(butler: Butler, dataset_id: uuid.UUID) -> Target:
    ref = butler.get_dataset(dataset_id)
    if ref is None:
        raise UnknownDataIdError(
            f"The repository has no dataset {dataset_id}. An output is known to it only after an ingest."
        )
    label = f"{ref.datasetType.name} {_describe(dict(ref.dataId.required))} in {ref.run} ({ref.id})"
    return Target("dataset", label, {}, dataset_id=ref.id)


def _find_collection(butler: Butler, name: str) -> Target:
    try:
        butler.collections.get_info(name)
    except MissingCollectionError as error:
        known = butler.collections.query("*")
        near = difflib.get_close_matches(name, known, 3) or sorted(known)[:10]
        raise UnknownNameError(
            f"There is no collection {name!r}; near it there are {', '.join(near) or 'none'}."
        ) from error
    return Target("collection", name, {}, collection=name)


def _find_data_id(butler: Butler, data_id: Mapping[str, DataIdValue]) -> Target:
    conform(butler.dimensions, data_id)
    try:
        found = butler.registry.expandDataId(dict(data_id))
    except DimensionNameError as error:
        raise UnknownNameError(f"{dict(data_id)} is no data ID: {error}") from error
    except (DataIdValueError, InconsistentDataIdError) as error:
        raise UnknownDataIdError(f"The repository has no data ID {dict(data_id)}: {error}") from error
    if not found.required:
        raise AnnotationError("A data ID without any dimension is no target; name a collection instead.")
    return _make_row_target(dict(found.required))


def _iter_rows(butler: Butler, rows: DataIdSet) -> Iterator[Target]:
    if not len(rows):
        raise EmptySetError(f"The set {rows.label} is empty, so a note on it would be about nothing.")
    known = pl.DataFrame(read_data_ids(butler, rows.key_names).select(list(rows.key_names)))
    unknown = pl.DataFrame(rows.keys).join(known, on=rows.key_names, how="anti")
    if len(unknown):
        listed = "; ".join(_describe(row) for row in unknown.head(5).to_dicts())
        raise UnknownDataIdError(
            f"{len(unknown)} of the {len(rows)} data IDs of {rows.label} are not in the repository: {listed}."
        )
    for data_id in rows.data_ids():
        yield _make_row_target(data_id)


def _make_row_target(data_id: Mapping[str, DataIdValue]) -> Target:
    return Target("data_id", _describe(data_id), data_id)


def _describe(data_id: Mapping[str, DataIdValue]) -> str:
    return ", ".join(f"{name}={value}" for name, value in data_id.items())
