"""Saved sets, as those need them that work with versions and are no store themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from workbench.sets.content.data_id_set import DataIdSet

__all__ = ["KeptSets"]


class KeptSets(Protocol):
    """Sets with versions; `~workbench.sets.SetStore` keeps them in a repository."""

    def names(self) -> Sequence[str]:
        """Return the names of all sets.

        Returns
        -------
        names : `~collections.abc.Sequence` [ `str` ]
            In alphabetical order.
        """

    def digests(self, name: str) -> Sequence[str]:
        """Return the record digests of a set's versions.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        digests : `~collections.abc.Sequence` [ `str` ]
            Oldest first.
        """

    def history(self, name: str) -> pa.Table:
        """List the versions of a set.

        Parameters
        ----------
        name : `str`
            Name of the set.

        Returns
        -------
        versions : `pyarrow.Table`
            One row a version, oldest first.
        """

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
        """

    def reasons(self, rows: DataIdSet | str) -> pa.Table:
        """Tell why data IDs are in a set, and why others were left out.

        Parameters
        ----------
        rows : `~workbench.sets.DataIdSet` or `str`
            The set, or its label.

        Returns
        -------
        reasons : `pyarrow.Table`
            A row for everything that was said of a data ID.
        """

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
        rows : `~workbench.sets.DataIdSet`
            The set.
        name, reason, author : `str`
            What it is called, why it is saved, and who saves it.
        allow_empty : `bool`
            Accept a set without rows.

        Returns
        -------
        saved : `~workbench.sets.DataIdSet`
            With name and version.
        """
