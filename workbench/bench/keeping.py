"""Keeping what was chosen."""

from __future__ import annotations

from workbench.bench.base import Base
from workbench.sets import DataIdSet

__all__ = ["Keeping"]


class Keeping(Base):
    """The part of a bench that saves sets and loads them."""

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
        and reasons: ``sets.reasons`` tells of a data ID that was left out who
        did so, and why.  Saving just the same again (rows, reasons, steps,
        author and reason) gives the version that there is; the same rows with
        another reason or by somebody else are a new version.
        """
        return self.sets.save(rows, name, reason=reason, author=author, allow_empty=allow_empty)

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
        return self.sets.load(label)
