"""Notes as they are in the table, found and read back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.registry import Registry
from workbench.sets import DataIdSet

from .matching import match_data_ids
from .tables import find_annotations, make_annotations_schema
from .targets import Target, TargetLike, resolve_targets
from .vocabulary import Severity

__all__ = ["find_notes", "read_history", "read_target"]


def find_notes(
    registry: Registry,
    *,
    target: TargetLike | None = None,
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
        One row a target of a note, oldest first.
    """
    table = find_annotations(registry)
    if table is None:
        return make_annotations_schema(registry.universe).empty_table()
    wanted = {"flag": flag, "severity": severity, "author": author}
    given = {name: value for name, value in wanted.items() if value is not None}
    notes = pl.DataFrame(table.read(where=given))
    if tag is not None:
        notes = notes.filter(pl.Series([tag in json.loads(tags) for tags in notes["tags"]], dtype=pl.Boolean))
    if target is not None:
        notes = _match(notes, registry, target, table.declaration.dimensions)
    return notes.to_arrow().cast(table.schema)


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
    if table is not None and _is_uuid(str(note_id)):
        found = table.read(current=False, where={"note_id": str(note_id)})
        if found.num_rows:
            return found
    raise UnknownNameError(f"There is no note {note_id}; find() lists those there are.")


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
    notes: pl.DataFrame, registry: Registry, target: TargetLike, dimensions: Iterable[str]
) -> pl.DataFrame:
    if isinstance(target, DataIdSet):
        return match_data_ids(notes, pl.DataFrame(target.keys), dimensions)
    (found,) = resolve_targets(registry.butler, target)
    if found.dataset_id is not None:
        return notes.filter(pl.col("dataset_id") == str(found.dataset_id))
    if found.collection is not None:
        return notes.filter(pl.col("collection") == found.collection)
    return match_data_ids(notes, pl.DataFrame([dict(found.data_id)]), dimensions)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
