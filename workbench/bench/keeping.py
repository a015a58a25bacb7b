"""Keeping what was chosen: versions, files in git, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from workbench.bench.base import Base
from workbench.names import quote, require_reason
from workbench.progress import Progress, silent
from workbench.registry.tables.aliases import hide, rename
from workbench.sets import (
    DataIdSet,
    ReasonRule,
    SyncOutcome,
    count_intersections,
    count_reasons,
    extend_rules,
    read_rules,
    sync_sets,
)
from workbench.sets.content.provenance import current_author
from workbench.sets.store.renaming import SETS

__all__ = ["Keeping"]


class Keeping(Base):
    """The part of a bench that saves sets and tells their history."""

    def save(
        self,
        rows: DataIdSet,
        name: str,
        *,
        reason: str,
        author: str | None = None,
        allow_empty: bool = False,
    ) -> DataIdSet:
        """Save a set as the next version of a name.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet`
            The set.
        name : `str`
            Lower-case name, such as "cosmos-i".
        reason : `str`
            Why; kept with the version.
        author : `str`, optional
            Who saves it; by default the user of this process.
        allow_empty : `bool`, optional
            Accept an empty set.

        Returns
        -------
        saved : `~workbench.sets.DataIdSet`
            With name and version.  Writes to our tables.

        Raises
        ------
        workbench.errors.BadNameError
            Raised if the name has another form.
        workbench.errors.ReasonRequiredError
            Raised if the reason is empty.
        workbench.errors.EmptySetError
            Raised if the set has no rows, unless that is allowed.

        Notes
        -----
        The sets that this one was made from are kept with it, with their rows
        and reasons: `reasons` tells of a data ID that was left out who did so,
        and why.  Saving just the same again (rows, reasons, steps, author and
        reason) gives the version that there is; the same rows with another
        reason or by somebody else are a new version.
        """
        require_reason(reason, f"{quote(name)} is saved")
        return self._sets.save(rows, name, reason=reason, author=author, allow_empty=allow_empty)

    def load(self, label: str) -> DataIdSet:
        """Load a saved set.

        Parameters
        ----------
        label : `str`
            "name", for the latest version, or "name@3".

        Returns
        -------
        rows : `~workbench.sets.DataIdSet`
            As it was saved.

        Raises
        ------
        workbench.errors.UnknownSetError
            Raised if there is no such set; lists what there is.
        """
        return self._sets.load(label, relations=self.relations)

    def sets(self) -> pa.Table:
        """List all versions of all sets.

        Returns
        -------
        sets : `pyarrow.Table`
            One row a version: name, version, role, dimensions, n_rows, reason,
            author, time (MJD TAI), digests.
        """
        return self._sets.history()

    def history(self, name: str) -> pa.Table:
        """List the versions of a set.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        versions : `pyarrow.Table`
            One row a version, oldest first.
        """
        return self._sets.history(name)

    def diff(self, before: str, after: str) -> pa.Table:
        """Tell what one saved set changed from another.

        Parameters
        ----------
        before, after : `str`
            Labels, such as "cosmos@1" and "cosmos@2".

        Returns
        -------
        changes : `pyarrow.Table`
            Keys, ``change`` (added, removed, reason), reasons before and
            after, and their authors.  Where one lacks a data ID, its reason is
            that for which it was left out; data IDs that both leave out, for
            different reasons, are "still out".
        """
        return self._sets.diff(before, after)

    def reasons(self, rows: DataIdSet | str) -> pa.Table:
        """Tell why data IDs are in a set, and why others were left out, and who said so.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet` or `str`
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
        return self._sets.reasons(self.load(rows) if isinstance(rows, str) else rows)

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
        """Save an earlier version of a set as its latest.

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
        restored : `~workbench.sets.DataIdSet`
            The new version.  Writes to our tables.
        """
        require_reason(reason, f"{quote(label)} is restored")
        return self._sets.restore(label, reason=reason, author=author)

    def rename_set(self, name: str, new_name: str, *, reason: str, author: str | None = None) -> None:
        """Give a set another name.

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

        Notes
        -----
        Writes to our tables.
        """
        told_by = author or current_author()
        rename(self.registry, SETS, name, new_name, author=told_by, reason=reason)

    def hide_set(self, name: str, *, reason: str, hidden: bool = True, author: str | None = None) -> None:
        """Leave a set out of lists and of what is synced, or show it again.

        Parameters
        ----------
        name : `str`
            Its name, by which it is still found.
        reason : `str`
            Why.
        hidden : `bool`, optional
            False to show it again.
        author : `str`, optional
            Who says so; by default the user of this process.

        Notes
        -----
        Writes to our tables; nothing is deleted.
        """
        told_by = author or current_author()
        hide(self.registry, SETS, name, hidden=hidden, author=told_by, reason=reason)

    def sync_sets(
        self,
        directory: str | Path,
        names: Sequence[str] = (),
        *,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> list[SyncOutcome]:
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
        outcomes : `list` [ `~workbench.sets.SyncOutcome` ]
            One a set; conflicts are reported, not decided.  Writes to our
            tables and to the directory.
        """
        return sync_sets(self._sets, self.butler, directory, names, dry_run=dry_run, progress=progress)

    def count_reasons(self, rows: DataIdSet) -> pa.Table:
        """Count the rows of a set by what their reasons are about.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet`
            The set.

        Returns
        -------
        counts : `pyarrow.Table`
            ``word`` (null where no rule knows the text), ``n_rows``, ``example``.
        """
        return count_reasons(rows, read_rules(self.registry))

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
        extend_rules(self.registry, ReasonRule(word, pattern))
