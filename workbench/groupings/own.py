"""Groups of a user's own: a function over a frame, or a table."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE, Rule
from workbench.groupings.strata import ON_SKY
from workbench.presentation import presented
from workbench.sets.content.tables import AnyTable, to_arrow

__all__ = ["by_function", "by_table"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class by_function(Rule):  # noqa: N801 - reads as an adverb where it is used
    """Groups by any function over a frame.

    Parameters
    ----------
    function : `~collections.abc.Callable`
        Takes a `pyarrow.Table` of the sorted keys and the columns.  Returns
        the key of each row in that order, `None` where it is in no group; or
        a table with the key columns, ``group_key``, and perhaps ``role`` and
        ``ordinal``, where a row may be in several groups.
    columns_read : `tuple` [ `str`, ... ], optional
        Columns that it reads beside the keys.
    disjoint : `bool`, optional
        Whether a row in two groups is an error.

    Notes
    -----
    What is recorded is the function's name: the relation that it made is
    kept, and it is not called again.
    """

    function: Callable[[pa.Table], pa.Table | Sequence[str | None]]
    columns_read: tuple[str, ...] = ()
    disjoint: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """What the function reads (`tuple` [ `str`, ... ])."""
        return self.columns_read

    @property
    def requires(self) -> Requirements:
        """What was asked for (`Requirements`)."""
        return Requirements(disjoint=self.disjoint)

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            Names the function.
        """
        name = f"{self.function.__module__}.{self.function.__qualname__}"
        return f"by_function({name}, columns_read={self.columns_read!r}, disjoint={self.disjoint})"

    def assign(self, frame: pa.Table) -> pa.Table:
        """Call the function.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the columns.

        Returns
        -------
        relation : `pyarrow.Table`
            What the function made of it.
        """
        made = self.function(frame)
        if isinstance(made, pa.Table):
            return made
        if len(made) != frame.num_rows:
            raise GroupingError(
                f"{self.describe()} returned {len(made)} keys for {frame.num_rows} rows: one a row, None "
                "where a row is in no group."
            )
        keys = pa.array([None if key is None else str(key) for key in made], pa.string())
        grouped = frame.append_column(GROUP_KEY, keys)
        return grouped.filter(keys.is_valid())


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class by_table(Rule):  # noqa: N801 - reads as an adverb where it is used
    """Groups as a table lists them.

    Parameters
    ----------
    table : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
        The key columns, ``group_key``, and perhaps ``role`` and ``ordinal``;
        with ``skymap``, ``tract`` or ``patch``, the set is spread over these.
        A key column may be left out where it is the same for the whole set,
        as the instrument often is.
    disjoint : `bool`, optional
        Whether a data ID in two groups is an error.
    source : `str`, optional
        Where the table is from, for the record.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if it has no column ``group_key``.
    """

    table: AnyTable
    disjoint: bool = True
    source: str = "table"

    def __post_init__(self) -> None:
        if GROUP_KEY not in self._rows.column_names:
            there = ", ".join(self._rows.column_names)
            raise GroupingError(
                f"The {self.source} has the columns {there}, and no {GROUP_KEY!r}, which names the group of "
                "each row."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Sky map, tract and patch, where members are in each (`tuple` [ `str`, ... ])."""
        return tuple(name for name in ON_SKY if name in self._rows.column_names)

    @property
    def _rows(self) -> pa.Table:
        return to_arrow(self.table)

    @property
    def requires(self) -> Requirements:
        """What was asked for (`Requirements`)."""
        return Requirements(disjoint=self.disjoint)

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            Names the source, and the SHA-256 of the rows.
        """
        rows = sorted(str(tuple(row.items())) for row in self._rows.to_pylist())
        digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        return f"by_table({self.source!r}, sha256={digest[:16]!r}, disjoint={self.disjoint})"

    def assign(self, frame: pa.Table) -> pa.Table:
        """Take the rows of the table.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys.

        Returns
        -------
        relation : `pyarrow.Table`
            The table, with those key columns that are the same for all rows.
        """
        relation = self._rows
        for name in frame.column_names:
            values = frame[name].unique()
            if name not in relation.column_names and len(values) == 1:
                relation = relation.append_column(name, pa.repeat(values[0], relation.num_rows))
        known = {*frame.column_names, GROUP_KEY, ROLE, ORDINAL}
        if stray := [name for name in relation.column_names if name not in known]:
            raise GroupingError(
                f"The {self.source} has the columns {', '.join(stray)}, which are neither keys of the set "
                f"({', '.join(frame.column_names)}) nor {GROUP_KEY}, {ROLE} or {ORDINAL}."
            )
        return relation
