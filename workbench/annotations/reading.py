"""Notes as they are in the table, found and read back."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
from lsst.daf.butler import MissingCollectionError

from workbench.annotations.tables import find_annotations, make_annotations_schema
from workbench.annotations.targets import Target, TargetLike, resolve_targets
from workbench.annotations.vocabulary import Severity
from workbench.errors import UnknownNameError
from workbench.names import is_uuid
from workbench.registry import Registry
from workbench.registry.tables.declaration import ROW_ID
from workbench.sets import DataIdSet, same_dimensions
from workbench.snapshot import find_existence

__all__ = ["find_notes", "read_history", "read_target"]

_EXISTS = pa.field(
    "exists",
    pa.string(),
    metadata={
        "doc": "what the Butler has now: of a dataset, 'stored', 'registered' (without its file) or 'gone'; "
        "of a collection, 'present', 'gone' or 'replaced' (another one has its name); NULL for data IDs"
    },
)


def find_notes(
    registry: Registry,
    *,
    target: TargetLike | Iterable[TargetLike] | None = None,
    flag: str | Sequence[str] | None = None,
    severity: Severity | None = None,
    author: str | None = None,
    tag: str | None = None,
) -> pa.Table:
    """Find notes that are current; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    target, flag, severity, author, tag : optional
        As in `Annotations.find`.

    Returns
    -------
    notes : `pyarrow.Table`
        One row a target of a note, oldest first, with ``exists``.
    """
    table = find_annotations(registry)
    if table is None:
        empty = make_annotations_schema(registry.universe).empty_table()
        return empty.append_column(_EXISTS, pa.array([], pa.string()))
    wanted = {"flag": flag, "severity": severity, "author": author}
    given = {name: value for name, value in wanted.items() if value is not None}
    notes = pl.DataFrame(table.read(where=given))
    if tag is not None:
        notes = notes.filter(pl.Series([tag in json.loads(tags) for tags in notes["tags"]], dtype=pl.Boolean))
    if target is not None:
        notes = _match(notes, registry, target, table.declaration.dimensions)
    found = notes.to_arrow().cast(table.schema)
    return found.append_column(_EXISTS, _find_existence(registry, found))


def read_history(registry: Registry, note_id: uuid.UUID | str) -> pa.Table:
    """Read all revisions of a note; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    note_id : `uuid.UUID` or `str`
        The note.

    Returns
    -------
    revisions : `pyarrow.Table`
        One row a target and revision, oldest first.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such note.
    """
    table = find_annotations(registry)
    if table is not None and is_uuid(str(note_id)):
        found = table.read(current=False, where={"note_id": str(note_id)})
        if found.num_rows:
            return found
    raise UnknownNameError(
        f"There is no note {note_id}; bench.annotations.find(), or 'workbench annotate list', "
        "lists those there are."
    )


def read_target(row: Mapping[str, Any], dimensions: Iterable[str]) -> Target:
    """Read a target back.

    Parameters
    ----------
    row : `~collections.abc.Mapping`
        Row of the annotations table.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Its dimension columns.

    Returns
    -------
    target : `Target`
        What the row is about.
    """
    return Target(
        kind=row["kind"],
        label=row["label"],
        data_id={name: row[name] for name in dimensions if row[name] is not None},
        dataset_id=None if row["dataset_id"] is None else uuid.UUID(row["dataset_id"]),
        collection=row["collection"],
    )


def _match(
    notes: pl.DataFrame,
    registry: Registry,
    target: TargetLike | Iterable[TargetLike],
    dimensions: Iterable[str],
) -> pl.DataFrame:
    """Keep the notes on one of the targets."""
    if isinstance(target, DataIdSet):
        return _match_data_ids(notes, pl.DataFrame(target.keys), dimensions)
    found = resolve_targets(registry.butler, target)
    names = [str(one.dataset_id) for one in found if one.dataset_id is not None]
    collections = [one.collection for one in found if one.collection is not None]
    on_others = pl.col("dataset_id").is_in(names) | pl.col("collection").is_in(collections)
    kept = set(notes.filter(on_others.fill_null(False))[ROW_ID])
    for keys, rows in same_dimensions(one.data_id for one in found if one.data_id).items():
        frame = pl.DataFrame(rows, schema=list(keys), orient="row")
        kept |= set(_match_data_ids(notes, frame, dimensions)[ROW_ID])
    return notes.filter(pl.col(ROW_ID).is_in(kept))


def _find_existence(registry: Registry, notes: pa.Table) -> pa.Array[Any]:
    """Say of datasets and collections what the Butler has of them now; NULL for data IDs."""
    datasets = {row: uuid.UUID(text) for row, text in enumerate(notes["dataset_id"].to_pylist()) if text}
    stored = find_existence(registry.butler, datasets.values())
    names = {row: str(name) for row, name in enumerate(notes["collection"].to_pylist()) if name}
    held = _read_holders(registry, set(names.values()))
    told: list[str | None] = [None] * notes.num_rows
    for row, dataset_id in datasets.items():
        told[row] = stored[dataset_id]
    times = [float(str(time)) for time in notes["time"].to_pylist()]
    for row, name in names.items():
        since = held[name]
        if since is None:
            told[row] = "gone"
        else:
            # A note that is older than the commit of the collection was about another one of its name.
            told[row] = "present" if since <= times[row] else "replaced"
    return pa.array(told, pa.string())


def _read_holders(registry: Registry, names: Iterable[str]) -> dict[str, float | None]:
    """Read since when collections are there (MJD TAI), as far as commits say; `None` for no collection."""
    since: dict[str, float | None] = dict.fromkeys(names)
    created = (
        {row["commit_id"]: row["created"] for row in registry.journal.read().to_pylist()} if since else {}
    )
    for name in since:
        try:
            documentation = registry.butler.collections.get_info(name).doc or ""
        except MissingCollectionError:
            continue
        by = (time for commit_id, time in created.items() if commit_id in documentation)
        since[name] = max(by, default=-math.inf)
    return since


def _match_data_ids(notes: pl.DataFrame, keys: pl.DataFrame, dimensions: Iterable[str]) -> pl.DataFrame:
    """Select the notes whose data ID is one of some, a part of one, or all of one.

    A note on a visit concerns each (visit, detector) of it, and the other way
    round; a note on a detector does not concern a visit.
    """
    dimensions = list(dimensions)
    notes = notes.with_row_index("position").filter(pl.col("kind") == "data_id")
    wanted = set(keys.columns)
    found = [notes.clear()]
    for _, group in notes.group_by([pl.col(name).is_null().alias(f"no {name}") for name in dimensions]):
        own = {name for name in dimensions if not group[name].is_null().all()}
        if own <= wanted or wanted <= own:
            shared = sorted(own & wanted)
            found.append(
                group.select(notes.columns).join(keys.select(shared).unique(), on=shared, how="semi")
            )
    return pl.concat(found).sort("position").drop("position")
