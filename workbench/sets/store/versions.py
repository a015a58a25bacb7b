"""Rows of the table of versions: how a set is told beside its data IDs."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

from workbench.registry import ExtensionTable, Registry
from workbench.registry.tables.aliases import read_aliases
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.origin import to_reference
from workbench.sets.content.provenance import SetProvenance
from workbench.sets.store.stored import VERSIONS, free_types

__all__ = [
    "KIND",
    "NO_VERSIONS",
    "is_recorded",
    "latest_row",
    "read_provenance",
    "read_versions",
    "to_version_row",
]

_COLUMN_TYPES: dict[str, pa.DataType] = {"int": pa.int64(), "time": pa.float64()}
KIND = "set"
"""What sets are among all that can be renamed."""

NO_VERSIONS = pa.schema(
    {column.name: _COLUMN_TYPES.get(column.type, pa.string()) for column in VERSIONS.columns}
).empty_table()
"""The table of versions of a repository without sets (`pyarrow.Table`)."""


def read_versions(registry: Registry, where: Mapping[str, object]) -> pa.Table:
    """Read versions of sets; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    where : `~collections.abc.Mapping`
        Values that columns must have; a set that was renamed is found by
        either name.

    Returns
    -------
    versions : `pyarrow.Table`
        By name and version; ``name`` is the one that rows are kept under.
    """
    table = registry.tables().get(VERSIONS.name)
    if table is None:
        return NO_VERSIONS
    if "name" in where:
        where = {**where, "name": read_aliases(registry, KIND).first(str(where["name"]))}
    found = table.read(where=where).sort_by([("name", "ascending"), ("version", "ascending")])
    for field in NO_VERSIONS.schema:
        if field.name not in found.column_names:  # as an earlier release declared it
            found = found.append_column(field, pa.nulls(found.num_rows, field.type))
    return found


def latest_row(versions: ExtensionTable, name: str) -> Mapping[str, object] | None:
    """Read the latest version of a name.

    Parameters
    ----------
    versions : `~workbench.registry.ExtensionTable`
        The table of versions.
    name : `str`
        Name of the set.

    Returns
    -------
    row : `~collections.abc.Mapping` or `None`
        Its row; `None` where there is no such set.
    """
    rows = versions.read(where={"name": name}).to_pylist()
    return max(rows, key=lambda row: int(row["version"]), default=None)


def to_version_row(rows: DataIdSet, version: int) -> dict[str, object]:
    """Return the row of a set that is to be saved.

    Parameters
    ----------
    rows : `DataIdSet`
        The set, with its name; every set of its steps was saved.
    version : `int`
        Number of the version.

    Returns
    -------
    row : `dict`
        Columns of `workbench.sets.store.stored.VERSIONS`.
    """
    told, origin = rows.provenance, rows.origin
    return {
        "name": rows.name,
        "version": version,
        "dimensions": json.dumps(list(rows.key_names)),
        "role": rows.role,
        "n_rows": len(rows),
        "author": told.author,
        "time": told.time,
        "reason": told.reason,
        "source": told.source,
        "rule": told.rule,
        "parents": json.dumps(list(told.parents)),
        "note": told.note,
        "free_columns": json.dumps(free_types(rows.table.schema, rows.free_columns)),
        "key_digest": rows.key_digest,
        "record_digest": rows.record_digest,
        "operations": None if origin is None else json.dumps(origin.to_json(to_reference)),
    }


def is_recorded(latest: Mapping[str, object], row: Mapping[str, object], *, loaded: bool) -> bool:
    """Tell whether the latest version says all that a new one would.

    Parameters
    ----------
    latest, row : `~collections.abc.Mapping`
        Row of the latest version, and that of the new one.
    loaded : `bool`
        Whether the set that is saved is that version, as it was loaded.

    Returns
    -------
    is_recorded : `bool`
        Whether rows, reasons, author, and the steps are the same; a version
        that was loaded comes by its own steps.
    """
    told = ["record_digest", "reason", "author"]
    if not loaded:
        told += ["rule", "operations"]
    return all(latest.get(name) == row[name] for name in told)


def read_provenance(row: Mapping[str, object]) -> SetProvenance:
    """Read where a version comes from.

    Parameters
    ----------
    row : `~collections.abc.Mapping`
        Its row.

    Returns
    -------
    provenance : `SetProvenance`
        With the reason for which it was saved.
    """
    return SetProvenance.from_dict({**row, "parents": json.loads(str(row["parents"]))})
