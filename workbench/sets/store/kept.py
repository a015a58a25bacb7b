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
        """Return the names of all sets."""

    def digests(self, name: str) -> Sequence[str]:
        """Return the record digests of a set's versions, oldest first."""

    def history(self, name: str) -> pa.Table:
        """List the versions of a set, oldest first."""

    def load(self, label: str) -> DataIdSet:
        """Load a set."""

    def reasons(self, rows: DataIdSet | str) -> pa.Table:
        """Tell why data IDs are in a set, and why others were left out."""

    def save(
        self,
        rows: DataIdSet,
        name: str,
        *,
        reason: str,
        author: str | None = None,
        allow_empty: bool = False,
    ) -> DataIdSet:
        """Save a set as the next version of a name."""
