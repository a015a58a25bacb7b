"""Persistent sets: versions that are appended and never change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from workbench.errors import BadNameError, EmptySetError, UnknownSetError
from workbench.presentation import presented
from workbench.registry import ExtensionTable, Registry
from workbench.sets.data_id_set import DataIdSet
from workbench.sets.membership import align_sets
from workbench.sets.provenance import SetProvenance, current_author, current_time
from workbench.sets.stored import (
    VERSIONS,
    check_name,
    free_types,
    from_stored_rows,
    rows_declaration,
    split_label,
    to_stored_rows,
)
from workbench.snapshot import AnyRelations, RepositoryRelations, conform

__all__ = ["SetStore"]

_COLUMN_TYPES: dict[str, pa.DataType] = {"int": pa.int64(), "time": pa.float64()}
_NO_VERSIONS = pa.schema(
    {column.name: _COLUMN_TYPES.get(column.type, pa.string()) for column in VERSIONS.columns}
).empty_table()
_SHOWN = 20
"""How many names an error lists."""


@presented
class SetStore:
    """Data ID sets in the embedded registry.

    Parameters
    ----------
    registry : `workbench.registry.Registry`
        Where the sets are kept.

    Notes
    -----
    A version is a row of one table and its data IDs are rows of another, one
    table a dimension group with real dimension columns, so that sets join
    with the Butler's tables in SQL.  Version numbers are given out inside one
    write transaction: two writers never get the same.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def save(
        self,
        data_id_set: DataIdSet,
        name: str,
        *,
        reason: str,
        author: str | None = None,
        allow_empty: bool = False,
    ) -> DataIdSet:
        """Append a version; writes.

        Parameters
        ----------
        data_id_set : `DataIdSet`
            The set.
        name : `str`
            Name of the set, ``[a-z][a-z0-9_-]*``.
        reason : `str`
            Why it is saved.
        author : `str`, optional
            Who saves it; by default the user of this process.
        allow_empty : `bool`, optional
            Whether a set without rows may be saved.

        Returns
        -------
        saved : `DataIdSet`
            The set with name and version.  Where the latest version of this
            name has the same content (record digest), nothing is written and
            that version is returned.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the name has another form.
        workbench.errors.EmptySetError
            Raised if the set has no rows.
        workbench.errors.ReadOnlyError
            Raised if the registry is read-only.
        """
        check_name(name)
        if not len(data_id_set) and not allow_empty:
            raise EmptySetError(
                f"The set to be saved as {name!r} has no rows.  If that is meant, say allow_empty=True."
            )
        # Tables are made before the transaction that holds the version.
        versions = self._registry.declare(VERSIONS)
        rows = self._registry.declare(rows_declaration(data_id_set.dimensions))
        provenance = data_id_set.provenance
        own = () if data_id_set.name is None else (data_id_set.label,)
        provenance = replace(
            provenance,
            author=current_author() if author is None else author,
            time=current_time(),
            parents=tuple(dict.fromkeys([*own, *provenance.parents])) if own else provenance.parents,
        )
        record_digest = data_id_set.record_digest
        with self._registry.transaction() as connection:
            latest = _latest(versions, name)
            if latest is not None and latest["record_digest"] == record_digest:
                stored = latest
            else:
                version = 1 if latest is None else int(str(latest["version"])) + 1
                stored = _version_row(data_id_set, name, version, reason, provenance)
                versions.append([stored], connection)
                content = to_stored_rows(data_id_set.table, data_id_set.free_columns, name, version)
                if content.num_rows:
                    rows.append(content, connection)
        return replace(
            data_id_set, name=name, version=int(str(stored["version"])), provenance=_read_provenance(stored)
        )

    def load(self, label: str, *, relations: AnyRelations | None = None) -> DataIdSet:
        """Read a set.

        Parameters
        ----------
        label : `str`
            ``name`` for the latest version, or ``name@version``.
        relations : `workbench.snapshot.AnyRelations`, optional
            What the set converts along; by default read from the
            repository when it is asked to.

        Returns
        -------
        data_id_set : `DataIdSet`
            As it was saved.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set or version; lists what there is.
        workbench.errors.BadNameError
            Raised if the label has another form.
        """
        row = self._find(label)
        dimensions = json.loads(str(row["dimensions"]))
        group = conform(self._registry.universe, dimensions)
        stored = self._registry.table(rows_declaration(group).name).read(
            where={"set_name": row["name"], "set_version": row["version"]}
        )
        free = json.loads(str(row["free_columns"]))
        table, group = from_stored_rows(self._registry.universe, stored, dimensions, free)
        return DataIdSet(
            dimensions=group,
            role="exclude" if row["role"] == "exclude" else "include",
            table=table,
            provenance=_read_provenance(row),
            name=str(row["name"]),
            version=int(str(row["version"])),
            relations=relations or RepositoryRelations(self._registry.uri),
        )

    def read_keys(self, label: str) -> pa.Table:
        """Read the keys of a set, as ``in_set`` in a query needs them.

        Parameters
        ----------
        label : `str`
            ``name`` for the latest version, or ``name@version``.

        Returns
        -------
        keys : `pyarrow.Table`
            Required dimensions.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set or version; lists what there is.
        """
        row = self._find(label)
        dimensions = json.loads(str(row["dimensions"]))
        declaration = rows_declaration(conform(self._registry.universe, dimensions))
        return self._registry.table(declaration.name).read(
            where={"set_name": row["name"], "set_version": row["version"]}, columns=dimensions
        )

    def digests(self, name: str) -> list[str]:
        """Return the record digests of a set's versions.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        digests : `list` [ `str` ]
            Oldest first; empty where there is no such set.
        """
        return [str(digest) for digest in self._read_versions({"name": name})["record_digest"].to_pylist()]

    def diff(self, before: str, after: str) -> pa.Table:
        """Return what one saved set changed from another.

        Parameters
        ----------
        before, after : `str`
            Labels of sets of the same dimensions, such as two versions; where
            one is of visits and the other of detectors, the visits are
            compared with all of their detectors.

        Returns
        -------
        changes : `pyarrow.Table`
            As `DataIdSet.diff` gives them.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set or version.
        """
        earlier, later = align_sets([self.load(before), self.load(after)])
        return earlier.diff(later)

    def restore(self, label: str, *, reason: str, author: str | None = None) -> DataIdSet:
        """Save an earlier version anew, as the latest; writes.

        Parameters
        ----------
        label : `str`
            ``name@version``.
        reason : `str`
            Why.
        author : `str`, optional
            Who restores it; by default the user of this process.

        Returns
        -------
        restored : `DataIdSet`
            The new version, with the content of the earlier one and both it
            and the version before as parents; the latest version itself where
            that has the same content.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such version.
        workbench.errors.BadNameError
            Raised if the label names no version.
        """
        name, version = split_label(label)
        if version is None:
            raise BadNameError(f"{label!r} names no version to restore: write {name}@1, or another one.")
        earlier, latest = self.load(label), self.load(name)
        parents = tuple(dict.fromkeys((earlier.label, latest.label)))
        content = earlier.with_provenance(replace(earlier.provenance, parents=parents))
        return self.save(content, name, reason=reason, author=author, allow_empty=True)

    def history(self, name: str | None = None) -> pa.Table:
        """Return the versions of a set, or of all sets.

        Parameters
        ----------
        name : `str`, optional
            Name of the set.

        Returns
        -------
        versions : `pyarrow.Table`
            Oldest first: name, version, dimensions, role, n_rows, author,
            time (MJD TAI), reason, source, rule, parents, note, free_columns,
            key_digest, record_digest.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no set of this name; lists those there are.
        """
        columns = [column.name for column in VERSIONS.columns]
        table = self._read_versions({} if name is None else {"name": name})
        if name is not None and not table.num_rows:
            raise self._unknown(name)
        return table.select(columns)

    def names(self) -> list[str]:
        """Return the names of all sets.

        Returns
        -------
        names : `list` [ `str` ]
            In alphabetical order.
        """
        return sorted({str(name) for name in self._read_versions({})["name"].to_pylist()})

    def _read_versions(self, where: Mapping[str, object]) -> pa.Table:
        table = self._registry.tables().get(VERSIONS.name)
        if table is None:
            return _NO_VERSIONS
        return table.read(where=where).sort_by([("name", "ascending"), ("version", "ascending")])

    def _find(self, label: str) -> Mapping[str, object]:
        name, version = split_label(label)
        rows = self._read_versions({"name": name}).to_pylist()
        if version is not None:
            rows = [row for row in rows if row["version"] == version]
        if not rows:
            raise self._unknown(label)
        return dict(rows[-1])

    def _unknown(self, label: str) -> UnknownSetError:
        name = label.partition("@")[0]
        versions = self._read_versions({"name": name})["version"].to_pylist()
        if versions:
            return UnknownSetError(
                f"There is no set {label!r}: the versions of {name!r} are {', '.join(map(str, versions))}."
            )
        names = self.names()
        more = f", ... ({len(names)} in all)" if len(names) > _SHOWN else ""
        there_are = (
            f"There are: {', '.join(names[:_SHOWN])}{more}." if names else "No set has been saved yet."
        )
        return UnknownSetError(f"There is no set called {name!r}.  {there_are}")


def _latest(versions: ExtensionTable, name: str) -> Mapping[str, object] | None:
    rows = versions.read(where={"name": name}).to_pylist()
    return max(rows, key=lambda row: int(row["version"]), default=None)


def _version_row(
    data_id_set: DataIdSet, name: str, version: int, reason: str, provenance: SetProvenance
) -> dict[str, object]:
    return {
        "name": name,
        "version": version,
        "dimensions": json.dumps(list(data_id_set.key_names)),
        "role": data_id_set.role,
        "n_rows": len(data_id_set),
        "author": provenance.author,
        "time": provenance.time,
        "reason": reason,
        "source": provenance.source,
        "rule": provenance.rule,
        "parents": json.dumps(list(provenance.parents)),
        "note": provenance.note,
        "free_columns": json.dumps(free_types(data_id_set.table.schema, data_id_set.free_columns)),
        "key_digest": data_id_set.key_digest,
        "record_digest": data_id_set.record_digest,
    }


def _read_provenance(row: Mapping[str, object]) -> SetProvenance:
    return SetProvenance.from_dict({**row, "parents": json.loads(str(row["parents"]))})
