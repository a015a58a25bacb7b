"""Persistent sets: versions that are appended and never change."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from workbench.arguments import checked
from workbench.errors import BadNameError, EmptySetError, UnknownNameError, UnknownSetError
from workbench.names import check_name, quote, require_reason
from workbench.presentation import presented
from workbench.progress import Progress, silent
from workbench.query import Selection, find_named_sets
from workbench.registry import Registry
from workbench.registry.tables.aliases import hide, read_aliases, rename
from workbench.sets.content.data_id_set import DataIdSet, Role
from workbench.sets.content.membership import align_sets, count_intersections
from workbench.sets.content.origin import Origin, is_unnamed, to_rule
from workbench.sets.content.provenance import current_author, current_time
from workbench.sets.files.lists import write_data_id_table, write_excluded_visits
from workbench.sets.files.reasons import ReasonRule, count_reasons, extend_rules, read_rules
from workbench.sets.files.set_files import write_set_file
from workbench.sets.files.sync import SyncOutcome, sync_sets
from workbench.sets.store.recounting import recount
from workbench.sets.store.renaming import SETS, find_first_name, to_listed
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


@checked
@presented
class SetStore:
    """The saved sets of a repository: versions, files in git, reasons.

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

    @property
    def relations(self) -> RepositoryRelations:
        """Relations along which sets convert (`~workbench.snapshot.RepositoryRelations`)."""
        return RepositoryRelations(self._registry.uri)

    def from_selection(self, selection: Selection, *, role: Role = "include") -> DataIdSet:
        """Make a set of what a query selected.

        Parameters
        ----------
        selection : `~workbench.query.Selection`
            As ``bench.selection`` returns it.
        role : `str`, optional
            "include" or "exclude".

        Returns
        -------
        rows : `DataIdSet`
            Unsaved; it remembers the expression.
        """
        return DataIdSet.from_selection(selection, role, relations=self.relations)

    def save(
        self,
        rows: DataIdSet,
        name: str,
        *,
        reason: str,
        author: str | None = None,
        allow_empty: bool = False,
    ) -> DataIdSet:
        """Save a set as the next version of a name; writes.

        Parameters
        ----------
        rows : `DataIdSet`
            The set.
        name : `str`
            Lower-case name, such as "cosmos-i": ``[a-z][a-z0-9_-]*``.
        reason : `str`
            Why; kept with the version.
        author : `str`, optional
            Who saves it; by default the user of this process.
        allow_empty : `bool`, optional
            Accept a set without rows.

        Returns
        -------
        saved : `DataIdSet`
            The set with name and version, and the sets that it was made from
            as parents, with their rows and reasons; those without a name are
            kept as versions of their own.  Where the latest version has the
            same content (record digest), reason, author and steps, that is
            returned; the same rows with another reason or by somebody else
            are a new version.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the name has another form.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        workbench.errors.TooManyStepsError
            Raised if there are more steps within steps than can be kept.
        workbench.errors.EmptySetError
            Raised if the set has no rows, unless that is allowed.
        workbench.errors.ReadOnlyError
            Raised if the registry is read-only.
        """
        require_reason(reason, f"{quote(name)} is saved")
        check_name(name)
        first = find_first_name(self._registry, name)
        if not len(rows) and not allow_empty:
            raise EmptySetError(
                f"The set to be saved as {name!r} has no rows. If that is meant, say allow_empty=True or "
                "--allow-empty."
            )
        author = author or current_author()
        steps = rows.origin if rows.name is None else Origin("", (rows,))
        lineage = find_lineage(replace(rows, origin=steps), author, self._holds)
        origin = lineage.origin
        told = rows.provenance
        provenance = replace(
            told,
            author=author,
            time=current_time(),
            rule=to_rule(origin) if origin is not None and origin.operator else told.rule,
            parents=tuple(dict.fromkeys([*lineage.labels, *told.parents])),
            reason=reason,
        )
        made = replace(rows, provenance=provenance, origin=origin, name=first, version=None)
        # Tables are made before the transaction that holds the versions.
        versions = self._registry.declare(VERSIONS)
        tables = {
            part.dimensions: self._registry.declare(rows_declaration(part.dimensions))
            for part in (made, *lineage.unnamed)
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
            if latest is not None and is_recorded(latest, row, loaded=rows.label == f"{name}@{number}"):
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
        """Load a saved set.

        Parameters
        ----------
        label : `str`
            "name", for the latest version, or "name@3".
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
            relations=relations or self.relations,
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

    def digests(self, name: str) -> Sequence[str]:
        """Return the record digests of a set's versions.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        digests : `~collections.abc.Sequence` [ `str` ]
            Oldest first; empty where there is no such set.
        """
        return [str(digest) for digest in self._read_versions({"name": name})["record_digest"].to_pylist()]

    def reasons(self, rows: DataIdSet | str) -> pa.Table:
        """Tell why data IDs are in a set, and why others were left out, and who said so.

        Parameters
        ----------
        rows : `DataIdSet` or `str`
            The set, saved or not, or its label.

        Returns
        -------
        reasons : `pyarrow.Table`
            Keys, ``included``, ``said`` ("taken in" or "left out"), ``by``
            (the set that says so), ``reason``, ``author``, ``time`` (MJD TAI);
            a row for everything that was said of a data ID.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set; lists what there is.
        """
        return list_reasons(self.load(rows) if isinstance(rows, str) else rows, self._load_reference)

    def count_reasons(self, rows: DataIdSet) -> pa.Table:
        """Count the rows of a set by what their reasons are about.

        Parameters
        ----------
        rows : `DataIdSet`
            The set.

        Returns
        -------
        counts : `pyarrow.Table`
            ``word`` (null where no rule knows the text), ``n_rows``, ``example``.
        """
        return count_reasons(rows, read_rules(self._registry))

    def extend_reasons(self, word: str, pattern: str) -> None:
        """Teach the repository what a word for reasons looks like.

        Parameters
        ----------
        word : `str`
            Word of the vocabulary, such as "clouds".
        pattern : `str`
            Regular expression, found anywhere in a reason.  Writes to our
            tables.
        """
        extend_rules(self._registry, ReasonRule(word, pattern))

    def recount(
        self, where: str, data_id: Mapping[str, object], *, bind: Mapping[str, object] | None = None
    ) -> Sequence[str]:
        """Say why the saved sets that an expression asks for have a data ID, or have it not.

        Parameters
        ----------
        where : `str`
            Expression with ``in_set('name@3')``.
        data_id : `~collections.abc.Mapping`
            Values by dimension.
        bind : `~collections.abc.Mapping`, optional
            Values of names in the expression.

        Returns
        -------
        texts : `~collections.abc.Sequence` [ `str` ]
            For each set of which there is something to say: since which version
            it has the data ID or leaves it out, from which parent, by which
            set, why, and who said so.

        Raises
        ------
        workbench.errors.ExpressionError, workbench.errors.UnknownSetError
            Raised if the expression is wrong, or names a set that there is not.
        """
        texts = (recount(self, label, data_id) for label in find_named_sets(where, bind))
        return [text for text in texts if text]

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
        """Tell what one saved set changed from another.

        Parameters
        ----------
        before, after : `str`
            Labels of sets of the same dimensions, such as "cosmos@1" and
            "cosmos@2"; where one is of visits and the other of detectors, the
            visits are compared with all of their detectors.

        Returns
        -------
        changes : `pyarrow.Table`
            Keys, ``change`` (added, removed, reason), reasons before and
            after, and their authors.  Where one lacks a data ID, its reason is
            that for which it was left out; data IDs that both leave out, for
            different reasons, are "still out".

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set or version.
        """
        earlier, later = align_sets([self.load(before), self.load(after)])
        return diff_with_reasons(earlier, later, self._load_reference)

    def intersections(self, labels: Sequence[str]) -> pa.Table:
        """Count data IDs by the saved sets that hold them.

        Parameters
        ----------
        labels : `~collections.abc.Sequence` [ `str` ]
            Labels of at most 16 sets over the same dimensions.

        Returns
        -------
        counts : `pyarrow.Table`
            ``members``, whether each set holds the data IDs, in the order of
            the labels, and ``n_rows`` in just these sets; most rows first.
        """
        return count_intersections([self.load(label) for label in labels])

    def restore(self, label: str, *, reason: str, author: str | None = None) -> DataIdSet:
        """Save an earlier version anew, as the latest; writes.

        Parameters
        ----------
        label : `str`
            The version, such as "cosmos@1".
        reason : `str`
            Why; kept with the new version.
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
        require_reason(reason, f"{quote(label)} is restored")
        name, version = split_label(label)
        if version is None:
            raise BadNameError(f"{label!r} names no version to restore: write {name}@1, or another one.")
        earlier, latest = self.load(label), self.load(name)
        if earlier.label == latest.label:
            return latest
        content = earlier.with_provenance(replace(earlier.provenance, parents=(latest.label,)))
        content = replace(content, origin=Origin("", (earlier.label,)))
        return self.save(content, name, reason=reason, author=author, allow_empty=True)

    def list(self) -> pa.Table:
        """List all versions of all sets.

        Returns
        -------
        versions : `pyarrow.Table`
            One row a version: name, version, role, dimensions, n_rows, reason,
            author, time (MJD TAI), digests.  What nobody named, or was hidden,
            is left out.
        """
        return to_listed(self._registry, self._read_versions({}), hidden=False)

    def history(self, name: str) -> pa.Table:
        """List the versions of a set.

        Parameters
        ----------
        name : `str`
            Its name, also of a set that is hidden.

        Returns
        -------
        versions : `pyarrow.Table`
            One row a version, oldest first, with the columns of `list`.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no set of this name; lists those there are.
        """
        table = self._read_versions({"name": name})
        if not table.num_rows:
            raise self._unknown(name)
        return to_listed(self._registry, table, hidden=True)

    def names(self) -> Sequence[str]:
        """Return the names of all sets.

        Returns
        -------
        names : `~collections.abc.Sequence` [ `str` ]
            In alphabetical order.
        """
        return sorted({str(name) for name in self.list()["name"].to_pylist()})

    def rename(self, name: str, new_name: str, *, reason: str, author: str | None = None) -> None:
        """Give a set another name; writes.

        Parameters
        ----------
        name : `str`
            What it is called now.
        new_name : `str`
            What it is called from now on.  Its versions keep their numbers,
            and the old name still finds them.
        reason : `str`
            Why.
        author : `str`, optional
            Who says so; by default the user of this process.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the new name has another form, or is taken.
        """
        told_by = author or current_author()
        rename(self._registry, SETS, name, new_name, author=told_by, reason=reason)

    def hide(self, name: str, *, reason: str, hidden: bool = True, author: str | None = None) -> None:
        """Leave a set out of lists and of what is synced, or show it again; writes.

        Parameters
        ----------
        name : `str`
            Its name, by which it is still found.
        reason : `str`
            Why; nothing is deleted.
        hidden : `bool`, optional
            False to show it again.
        author : `str`, optional
            Who says so; by default the user of this process.
        """
        told_by = author or current_author()
        hide(self._registry, SETS, name, hidden=hidden, author=told_by, reason=reason)

    def sync(
        self,
        directory: str | Path,
        names: Sequence[str] = (),
        *,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> Sequence[SyncOutcome]:
        """Keep a directory of set files, such as one in git, in step with the saved sets.

        Parameters
        ----------
        directory : `str` or `pathlib.Path`
            Where the files are.
        names : `~collections.abc.Sequence` [ `str` ], optional
            Only these sets.
        dry_run : `bool`, optional
            Say what would be done, and write nothing.
        progress : `~workbench.progress.Progress`, optional
            Told the set; may cancel between two.

        Returns
        -------
        outcomes : `~collections.abc.Sequence` [ `SyncOutcome` ]
            One a set; conflicts are reported, not decided.  Writes to our
            tables and to the directory.
        """
        butler = self._registry.butler
        return sync_sets(self, butler, directory, names, dry_run=dry_run, progress=progress)

    def export(self, rows: DataIdSet, path: str | Path, *, form: str = "data_id_table") -> Path:
        """Write a set to a file.

        Parameters
        ----------
        rows : `DataIdSet`
            The set.
        path : `str` or `pathlib.Path`
            File to write; replaced if it exists.
        form : `str`, optional
            "data_id_table" (ECSV for ``pipetask --data-id-table``),
            "excluded_visits", or "set" (all that it holds, as the ending of
            ``path`` says: .json, .ecsv, .csv or .parquet).

        Returns
        -------
        path : `pathlib.Path`
            What was written.
        """
        match form:
            case "data_id_table":
                return write_data_id_table(rows, path)
            case "excluded_visits":
                return write_excluded_visits(rows, path)
            case "set":
                write_set_file(rows, path)
                return Path(path)
        raise UnknownNameError(
            f"There is no form {form!r}; there are data_id_table, excluded_visits and set."
        )

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
