"""What changed from one version of a set to another."""

from __future__ import annotations

import param
import pyarrow as pa

from workbench.session.desk.desk import Desk

__all__ = ["VersionChanges"]


class VersionChanges(param.Parameterized):
    """The two versions that are compared, and what changed.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the calls.
    """

    revision = param.Integer(default=0, doc="counts the comparisons")

    def __init__(self, desk: Desk):
        super().__init__()
        self.desk = desk
        self.before = self.after = ""
        self.changes: pa.Table | None = None

    def compare(self, before: str, after: str) -> bool:
        """Compare two versions.

        Parameters
        ----------
        before, after : `str`
            Labels, such as "cosmos-i@3".

        Returns
        -------
        compared : `bool`
            `False` if they cannot be, and the user was told; the comparison
            before stays.
        """
        if not before:
            self.desk.tell("There is no saved set yet.")
            return False
        hint = f"bench.sets.diff({before!r}, {after!r})"
        changes = self.desk.act(hint, lambda: self.desk.bench.sets.diff(before, after))
        if changes is not None:
            self.before, self.after, self.changes = before, after, changes
            self.revision += 1
        return changes is not None

    def forget(self) -> None:
        """Compare nothing."""
        self.before, self.after, self.changes = "", "", None
        self.revision += 1
