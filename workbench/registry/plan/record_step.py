"""The step of a plan that inserts dimension records."""

from __future__ import annotations

import dataclasses

__all__ = ["InsertRecords"]


@dataclasses.dataclass(frozen=True, slots=True)
class InsertRecords:
    """Insert dimension records; equal ones may exist, since they are permanent.

    Parameters
    ----------
    element : `str`
        Name of the dimension element.
    columns : `tuple` [`str`, ...]
        Names of the fields, as in its records.
    rows : `tuple` [`tuple` [`int` or `str`, ...], ...]
        Values of the fields.
    """

    element: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int | str, ...], ...]

    @property
    def title(self) -> str:
        """What the step does, in a few words."""
        return f"insert {len(self.rows)} records of {self.element}"
