"""What a rule is: it reads a frame of keys and columns, and assigns its rows to groups."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl
import pyarrow as pa

from workbench.groupings.requirements import Requirements

__all__ = [
    "GROUP_KEY",
    "ORDINAL",
    "ROLE",
    "GroupingRule",
    "Rule",
    "iter_strata",
    "key_columns",
    "sort_rows",
    "to_relation",
    "within",
]

GROUP_KEY = "group_key"
"""Column that names the group of a row; ``group`` itself is a dimension of the Butler."""

ROLE = "role"
"""Column that says what a row is within its group, such as "intra"; may be left out."""

ORDINAL = "ordinal"
"""Column that orders the rows within their group, from 0; may be left out."""

_OPTIONAL = (ROLE, ORDINAL)


class GroupingRule(Protocol):
    """What every rule offers, one of a user's own included."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule reads beside the keys (`tuple` [ `str`, ... ]).

        Dimensions, ``element.field`` of dimension records, or ``table.column``
        of extension tables.  ``tract`` and ``patch`` spread a set of visits
        over those that they overlap.
        """

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            A Python call that makes the rule again.
        """

    def assign(self, frame: pa.Table) -> pa.Table:
        """Assign rows to groups.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and the columns of `columns`.

        Returns
        -------
        relation : `pyarrow.Table`
            The keys and ``group_key`` (string); ``role`` (string) and
            ``ordinal`` (integer) where the rule gives them.  A row may occur
            in several groups, or in none.
        """


@dataclasses.dataclass(frozen=True, slots=True)
class Rule(ABC):
    """A rule of the workbench: a frozen dataclass that describes itself."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule reads beside the keys (`tuple` [ `str`, ... ])."""
        return ()

    @property
    def requires(self) -> Requirements:
        """What the groups must be to make sense (`Requirements`)."""
        return Requirements(disjoint=True)

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            A Python call that makes the rule again, with all its arguments.
        """
        fields = [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]
        arguments = [
            repr(value) if not place else f"{name}={value!r}" for place, (name, value) in enumerate(fields)
        ]
        return f"{type(self).__name__}({', '.join(arguments)})"

    @abstractmethod
    def assign(self, frame: pa.Table) -> pa.Table:
        """Assign rows to groups.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and the columns of `columns`.

        Returns
        -------
        relation : `pyarrow.Table`
            The keys and ``group_key``; ``role`` and ``ordinal`` where the rule
            gives them.
        """


def key_columns(frame: pa.Table, rule: GroupingRule) -> list[str]:
    """Name the columns that tell the rows of one stratum apart.

    Parameters
    ----------
    frame : `pyarrow.Table`
        What the rule is given.
    rule : `GroupingRule`
        The rule.

    Returns
    -------
    names : `list` [ `str` ]
        The keys that the rule does not read; what it reads of them is the
        same in a stratum.
    """
    return [name for name in frame.column_names if name not in rule.columns]


def sort_rows(frame: pa.Table) -> pl.DataFrame:
    """Bring rows into the order of their keys, which come first and are unique.

    Parameters
    ----------
    frame : `pyarrow.Table`
        What a rule is given.

    Returns
    -------
    rows : `polars.DataFrame`
        The same rows.
    """
    rows = pl.DataFrame(pl.from_arrow(frame))
    return rows.sort(rows.columns) if rows.columns else rows


def iter_strata(rows: pl.DataFrame, by: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Cut rows into strata.

    Parameters
    ----------
    rows : `polars.DataFrame`
        Sorted rows.
    by : `~collections.abc.Sequence` [ `str` ]
        Columns; rows without a value are a stratum of their own.

    Yields
    ------
    stratum : `polars.DataFrame`
        In the order of the values as texts, rows in the order of their keys.
    """
    if not by:
        yield rows
        return
    strata = rows.partition_by(list(by), maintain_order=True)
    yield from sorted(strata, key=lambda part: tuple(str(part[name][0]) for name in by))


def within(value: pl.Expr, by: Sequence[str]) -> pl.Expr:
    """Compute an expression within each stratum.

    Parameters
    ----------
    value : `polars.Expr`
        Of the rows of a stratum.
    by : `~collections.abc.Sequence` [ `str` ]
        Columns of the strata; rows without a value are one of their own.

    Returns
    -------
    value : `polars.Expr`
        Of all rows.
    """
    return value.over(list(by)) if by else value


def to_relation(frame: pa.Table, rows: pl.DataFrame) -> pa.Table:
    """Give what a rule made the types of what it was given.

    Parameters
    ----------
    frame : `pyarrow.Table`
        What the rule was given.
    rows : `polars.DataFrame`
        Its columns, ``group_key``, and perhaps ``role`` and ``ordinal``; rows
        without ``group_key`` are in no group.

    Returns
    -------
    relation : `pyarrow.Table`
        For `GroupingRule.assign` to return.
    """
    given = (GROUP_KEY, *(name for name in _OPTIONAL if name in rows.columns))
    fields = [pa.field(name, pa.int64() if name == ORDINAL else pa.string()) for name in given]
    schema = pa.schema([*frame.schema, *fields])
    grouped = rows.filter(pl.col(GROUP_KEY).is_not_null())
    return grouped.select(schema.names).to_arrow().cast(schema)
