"""What a note is about, checked against the repository."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import astropy.table
import pandas as pd
import pyarrow as pa
from lsst.daf.butler import (
    Butler,
    DataCoordinate,
    DataIdValue,
    DataIdValueError,
    DatasetRef,
    DimensionGroup,
    DimensionNameError,
    InconsistentDataIdError,
    MissingCollectionError,
)

from workbench.errors import AnnotationError, EmptySetError, UnknownDataIdError, UnknownNameError
from workbench.presentation import presented
from workbench.sets import AnyTable, DataIdSet, describe_data_ids, list_data_ids
from workbench.sets.content.checking import find_unknown
from workbench.snapshot import conform, data_id_schema

__all__ = ["Target", "TargetLike", "resolve_targets"]

TargetLike: TypeAlias = (
    Mapping[str, object] | DataCoordinate | DatasetRef | uuid.UUID | str | DataIdSet | AnyTable
)
"""What a caller may name: a data ID, where several values of a dimension are as many data IDs, a dataset
(by reference or UUID), a collection, a set or a table of data IDs."""


_FEW = 3
"""Above so many data IDs of the same dimensions one query for each dimension is faster."""

_SHOWN = 5


@presented
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
    # By place, so that targets stay in the order in which they are named.
    resolved: dict[int, Sequence[Target]] = {}
    data_ids: dict[frozenset[str], dict[int, Mapping[str, DataIdValue]]] = {}
    for place, target in enumerate(_iter_single(butler, targets)):
        if isinstance(target, dict):
            data_ids.setdefault(frozenset(target), {})[place] = target
        else:
            resolved[place] = list(_iter_resolved(butler, target))
    for alike in data_ids.values():
        for place, found in zip(alike, _find_data_ids(butler, [*alike.values()]), strict=True):
            resolved[place] = [found]
    by_label = {found.label: found for place in sorted(resolved) for found in resolved[place]}
    if not by_label:
        raise AnnotationError(
            "A note needs something that it is about: data IDs, datasets, collections or a set of data IDs."
        )
    return list(by_label.values())


def _iter_single(butler: Butler, targets: TargetLike | Iterable[TargetLike]) -> Iterator[object]:
    """Yield each target for itself, data IDs as dictionaries of one value a dimension."""
    match targets:
        case DatasetRef() | uuid.UUID() | str() | DataIdSet():
            yield targets
        case Mapping() if not targets:
            yield {}  # refused with the sentence that a note needs
        case Mapping() | DataCoordinate() | pa.Table() | pd.DataFrame() | astropy.table.Table():
            yield from list_data_ids(butler.dimensions, [targets])
        case Iterable():
            for target in targets:
                yield from _iter_single(butler, target)
        case _:
            yield targets


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


def _find_data_ids(butler: Butler, data_ids: Sequence[Mapping[str, DataIdValue]]) -> list[Target]:
    """Find data IDs of the same dimensions: a few one by one, many in a query for each dimension."""
    group = conform(butler.dimensions, data_ids[0])
    data_ids = _fill_governors(butler, group, data_ids)
    pixels = set(group.names) & set(butler.dimensions.skypix_dimensions.names)
    if len(data_ids) <= _FEW and not pixels:
        return [_find_data_id(butler, data_id) for data_id in data_ids]
    if missing := [name for name in group.required if name not in data_ids[0]]:
        raise UnknownNameError(f"{dict(data_ids[0])} is no data ID: it needs {', '.join(missing)}.")
    try:
        rows = pa.Table.from_pylist(
            [{name: data_id[name] for name in group.required} for data_id in data_ids],
            schema=data_id_schema(group, implied=False),
        )
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise UnknownDataIdError(
            f"Data IDs of {', '.join(group.required)} have values of the wrong type: {error}."
        ) from error
    _check_known(butler, rows, group, f"the {len(data_ids)} data IDs")
    return [_make_row_target(row) for row in rows.to_pylist()]


def _fill_governors(
    butler: Butler, group: DimensionGroup, data_ids: Sequence[Mapping[str, DataIdValue]]
) -> Sequence[Mapping[str, DataIdValue]]:
    """Fill in the instrument or sky map where nobody named it and there is one."""
    filled: dict[str, DataIdValue] = {}
    for name in set(group.governors) - data_ids[0].keys():
        known = sorted(
            str(record.dataId[name]) for record in butler.query_dimension_records(name, explain=False)
        )
        if len(known) != 1:
            raise UnknownNameError(
                f"{_describe(data_ids[0])} has a meaning within one {name} only: add {name}=... "
                f"(there are: {', '.join(known) or 'none'})."
            )
        filled[name] = known[0]
    return [{**filled, **data_id} for data_id in data_ids]


def _find_data_id(butler: Butler, data_id: Mapping[str, DataIdValue]) -> Target:
    try:
        found = butler.registry.expandDataId(dict(data_id))
    except DimensionNameError as error:
        raise UnknownNameError(f"{dict(data_id)} is no data ID: {error}") from error
    except (DataIdValueError, InconsistentDataIdError) as error:
        raise UnknownDataIdError(
            f"The repository has no data ID {describe_data_ids([data_id])}. Check the values, and "
            "whether they belong together."
        ) from error
    if not found.required:
        raise AnnotationError("A data ID without any dimension is no target; name a collection instead.")
    return _make_row_target(dict(found.required))


def _iter_rows(butler: Butler, rows: DataIdSet) -> Iterator[Target]:
    if not len(rows):
        raise EmptySetError(f"The set {rows.label} is empty, so a note on it would be about nothing.")
    _check_known(butler, rows.keys, rows.dimensions, f"the {len(rows)} data IDs of {rows.label}")
    for data_id in rows.data_ids():
        yield _make_row_target(data_id)


def _check_known(butler: Butler, rows: pa.Table, group: DimensionGroup, what: str) -> None:
    unknown = find_unknown(butler, rows, group)
    if unknown.any():
        shown = rows.filter(pa.array(unknown)).slice(0, _SHOWN).to_pylist()
        listed = "; ".join(_describe(row) for row in shown)
        raise UnknownDataIdError(f"{unknown.sum()} of {what} are not in the repository: {listed}.")


def _make_row_target(data_id: Mapping[str, DataIdValue]) -> Target:
    return Target("data_id", _describe(data_id), data_id)


def _describe(data_id: Mapping[str, DataIdValue]) -> str:
    return ", ".join(f"{name}={value}" for name, value in data_id.items())
