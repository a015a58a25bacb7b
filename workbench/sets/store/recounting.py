"""Why a saved set has a data ID, or has it not, in a sentence: who said so, why, since when, from what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
import pyarrow as pa

from workbench.rendering import render_time
from workbench.sets.content.canonical import REASON
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.store.kept import KeptSets
from workbench.sets.store.statements import call_set
from workbench.sets.store.stored import split_label

__all__ = ["recount"]

_TOLD = 5
"""Statements that a sentence quotes."""


def recount(store: KeptSets, label: str, data_id: Mapping[str, object]) -> str:
    """Say why a saved set has a data ID, or has it not; never writes.

    Parameters
    ----------
    store : `~workbench.sets.store.kept.KeptSets`
        The sets.
    label : `str`
        "name", for the latest version, or "name@3".
    data_id : `~collections.abc.Mapping`
        Values by dimension; those that the set has are looked at.

    Returns
    -------
    text : `str`
        Sentences: whether it is in, since which version, from which parent,
        and each reason with the set that gives it and its author.  Empty
        where nothing was said: of a data ID that is in without a reason, or
        has no dimension in common with the set.

    Raises
    ------
    workbench.errors.UnknownSetError
        Raised if there is no such set.
    """
    rows = store.load(label)
    if not _has_common(rows, data_id):
        return ""
    is_in = _holds(rows, data_id)
    told = pl.DataFrame(pl.from_arrow(_match(store.reasons(rows), data_id)))
    if is_in and not told.height:
        return ""
    since = _find_beginning(store, rows, data_id, is_in=is_in)
    # Later versions repeat what this one said first, with the set that it was said by.
    told_first = pl.DataFrame(pl.from_arrow(_match(store.reasons(since), data_id)))
    told = told_first if told_first.height else told
    text = f"{rows.label} {'has it' if is_in else 'leaves it out'}, since {since.label}"
    parents = [parent for parent in _iter_parents(store, since) if _holds(parent, data_id)]
    by = set(told["by"].to_list())
    if origins := [name for name in dict.fromkeys(map(call_set, parents)) if name not in by]:
        text += f", which was made from {' and '.join(origins)} where it is"
    sentences = [f"{text}."]
    for row in told.tail(_TOLD).iter_rows(named=True):
        reason = f" {row[REASON]!r}" if row[REASON] else " without a reason"
        sentences.append(
            f"{row['by']}, by {row['author']}, {render_time(row['time'])}: {row['said']},{reason}."
        )
    return " ".join(sentences)


def _find_beginning(
    store: KeptSets, rows: DataIdSet, data_id: Mapping[str, object], *, is_in: bool
) -> DataIdSet:
    """Find the earliest version since which the data ID is in, or is not, without a break."""
    name = split_label(rows.label)[0]
    versions = sorted(int(str(number)) for number in store.history(name)["version"].to_pylist())
    since = rows
    for number in reversed([one for one in versions if one < (rows.version or 0)]):
        earlier = store.load(f"{name}@{number}")
        if not _has_common(earlier, data_id) or _holds(earlier, data_id) is not is_in:
            break
        since = earlier
    return since


def _iter_parents(store: KeptSets, rows: DataIdSet) -> Iterator[DataIdSet]:
    for leaf, effect in rows.origin.iter_leaves() if rows.origin is not None else ():
        if effect != "out":
            yield store.load(leaf.partition(" ")[0]) if isinstance(leaf, str) else leaf


def _has_common(rows: DataIdSet, data_id: Mapping[str, object]) -> bool:
    common = set(rows.key_names) & set(data_id)
    return bool(common - set(rows.dimensions.governors))


def _holds(rows: DataIdSet, data_id: Mapping[str, object]) -> bool:
    return _has_common(rows, data_id) and _match(rows.keys, data_id).num_rows > 0


def _match(table: pa.Table, data_id: Mapping[str, object]) -> pa.Table:
    """Return the rows of a data ID; what was said of all values of a dimension is said of this one too."""
    frame = pl.DataFrame(pl.from_arrow(table))
    for name, value in data_id.items():
        if name in frame.columns:
            frame = frame.filter((pl.col(name) == pl.lit(value)) | pl.col(name).is_null())
    return frame.to_arrow()
