"""Persistent sets: versions that are appended and never change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from workbench.errors import BadNameError, EmptySetError, UnknownSetError
from workbench.names import check_name
from workbench.presentation import presented
from workbench.registry import Registry
from workbench.registry.tables.aliases import read_aliases
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.membership import align_sets
from workbench.sets.content.origin import Origin, is_unnamed, to_rule
from workbench.sets.content.provenance import current_author, current_time
from workbench.sets.store.renaming import find_first_name, to_listed
from workbench.sets.store.statements import diff_with_reasons, list_reasons
from workbench.sets.store.stored import (
    VERSIONS,
    from_stored_rows,
    last_number,
    read_stored_rows,
    rows_declaration,
    split_label,
    to_stored_rows,
)
from workbench.sets.store.unnamed import find_lineage
from workbench.sets.store.versions import (
    KIND,
    is_recorded,
    latest_row,
    read_provenance,
    read_versions,
    to_version_row,
)
from workbench.snapshot import AnyRelations, RepositoryRelations, conform

__all__ = ["SetStore"]

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
    a dimension group with real dimension columns, so that sets join in SQL.
    Two writers never get the same version number: one transaction gives it.
    """

    def __init__(self, registry: Registry):
        self._registry = registry

    def _shown_facts(self) -> dict[str, object]:
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
            The set with name and version, and the sets that it was made from
            as parents; those without a name are kept as versions of their
            own.  Where the latest version has the same content (record
            digest), reason, author and steps, that is returned.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the name has another form.
        workbench.errors.TooManyStepsError
            Raised if there are more steps within steps than can be kept.
        workbench.errors.EmptySetError
            Raised if the set has no rows.
        workbench.errors.ReadOnlyError
            Raised if the registry is read-only.
        """
        check_name(name)
        first = find_first_name(self._registry, name)
        if not len(data_id_set) and not allow_empty:
            raise EmptySetError(
                f"The set to be saved as {name!r} has no rows. If that is meant, say allow_empty=True or "
                "--allow-empty."
            )
        author = author or current_author()
        steps = data_id_set.origin if data_id_set.name is None else Origin("", (data_id_set,))
        lineage = find_lineage(replace(data_id_set, origin=steps), author, self._holds)
        origin = lineage.origin
        told = data_id_set.provenance
        provenance = replace(
            told,
            author=author,
            time=current_time(),
            rule=to_rule(origin) if origin is not None and origin.operator else told.rule,
            parents=tuple(dict.fromkeys([*lineage.labels, *told.parents])),
            reason=reason,
        )
        made = replace(data_id_set, provenance=provenance, origin=origin, name=first, version=None)
        # Tables are made before the transaction that holds the versions.
        versions = self._registry.declare(VERSIONS)
        tables = {
            rows.dimensions: self._registry.declare(rows_declaration(rows.dimensions))
            for rows in (made, *lineage.unnamed)
        }
        with self._registry.transaction() as connection:

            def append(kept: DataIdSet) -> None:
                kept_name, version = str(kept.name), int(kept.version or 0)
                versions.append([to_version_row(kept, version)], connection)
                content = to_stored_rows(kept.table, kept.free_columns, kept_name, version)
                # What nobody named is called by its content: rows that are there are these.
                is_there = is_unnamed(kept_name) and last_number(self._registry, None, kept_name)
                if content.num_rows and not is_there:
                    tables[kept.dimensions].append(content, connection)

            latest = latest_row(versions, first)
            number = last_number(self._registry, latest, first)
            row = to_version_row(made, number + 1)
            if latest is not None and is_recorded(
                latest, row, loaded=data_id_set.label == f"{name}@{number}"
            ):
                return replace(made, name=name, version=number, provenance=read_provenance(latest))
            for part in lineage.unnamed:
                if latest_row(versions, str(part.name)) is None:
                    told = replace(part.provenance, reason=f"a part of {name}")
                    append(replace(part, provenance=told))
            saved = replace(made, version=int(str(row["version"])))
            append(saved)
        return replace(saved, name=name)

    def _holds(self, rows: DataIdSet) -> bool:
        """Tell whether a set that has a name is a version of this repository."""
        found = self._read_versions({"name": rows.name, "version": rows.version})
        return found["record_digest"].to_pylist() == [rows.record_digest]

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
        stored = read_stored_rows(self._registry, row)
        free = json.loads(str(row["free_columns"]))
        table, group = from_stored_rows(self._registry.universe, stored, dimensions, free)
        return DataIdSet(
            dimensions=group,
            role="exclude" if row["role"] == "exclude" else "include",
            table=table,
            provenance=read_provenance(row),
            name=read_aliases(self._registry, KIND).now(str(row["name"])),
            version=int(str(row["version"])),
            relations=relations or RepositoryRelations(self._registry.uri),
            origin=self._read_origin(row),
        )

    def _read_origin(self, row: Mapping[str, object]) -> Origin | None:
        """Read the steps that made a version, with the sets in them that have no name."""
        steps = row.get("operations")
        if not steps:
            return None

        def find(label: str) -> DataIdSet | str:
            return self.load(label) if is_unnamed(label) else label

        return Origin.from_json(json.loads(str(steps)), find)

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
        return read_stored_rows(self._registry, row, json.loads(str(row["dimensions"])))

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

    def reasons(self, rows: DataIdSet) -> pa.Table:
        """Say why data IDs are in a set, and why others were left out.

        Parameters
        ----------
        rows : `DataIdSet`
            The set, saved or not.

        Returns
        -------
        reasons : `pyarrow.Table`
            As `workbench.sets.store.statements.list_reasons` gives them.
        """
        return list_reasons(rows, self._load_reference)

    def _load_reference(self, reference: str) -> DataIdSet:
        """Load the version that steps refer to: by its content, where that is told."""
        label, _, digest = reference.partition(" ")
        name = split_label(label)[0]
        found = self._read_versions({"name": name}).to_pylist()
        same = [f"{name}@{row['version']}" for row in found if str(row["record_digest"]).startswith(digest)]
        if not same:
            raise self._unknown(label)
        return self.load(label if label in same else same[-1])

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
            As `workbench.sets.store.statements.diff_with_reasons` gives them.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set or version.
        """
        earlier, later = align_sets([self.load(before), self.load(after)])
        return diff_with_reasons(earlier, later, self._load_reference)

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
            The new version, with both versions as parents; the latest if it is named.

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
        if earlier.label == latest.label:
            return latest
        content = earlier.with_provenance(replace(earlier.provenance, parents=(latest.label,)))
        content = replace(content, origin=Origin("", (earlier.label,)))
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
            Oldest first, columns of `workbench.sets.store.stored.VERSIONS`.  What
            nobody named, or was hidden, is left out, unless asked for by name.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no set of this name; lists those there are.
        """
        table = self._read_versions({} if name is None else {"name": name})
        if name is not None and not table.num_rows:
            raise self._unknown(name)
        return to_listed(self._registry, table, hidden=name is not None)

    def names(self) -> list[str]:
        """Return the names of all sets.

        Returns
        -------
        names : `list` [ `str` ]
            In alphabetical order.
        """
        return sorted({str(name) for name in self.history()["name"].to_pylist()})

    def _read_versions(self, where: Mapping[str, object]) -> pa.Table:
        return read_versions(self._registry, where)

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
