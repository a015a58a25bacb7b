"""Values of Arrow tables as the text of table cells."""

from __future__ import annotations

import math
from collections.abc import Collection

import pyarrow as pa

from workbench.ui.table import ColumnView

__all__ = ["column_views", "count_text", "show_value", "table_cells"]


def show_value(value: object, name: str = "") -> str:
    """Return a value as text for a cell.

    Parameters
    ----------
    value : `object`
        Anything that Arrow holds.
    name : `str`, optional
        Name of the column; times (MJD TAI) get five decimals, a second.

    Returns
    -------
    text : `str`
        Empty for a missing value.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if math.isinf(value):
            return "unbounded"
        case float() if name.startswith("timespan_") or name in {"time", "created", "finished"}:
            return f"{value:.5f}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
        case bytes():
            return f"{len(value)} bytes"
    return str(value)


def count_text(n: int, noun: str) -> str:
    """Return a count with its noun.

    Parameters
    ----------
    n : `int`
        How many.
    noun : `str`
        In the singular; its plural ends in s.

    Returns
    -------
    text : `str`
        Such as "1 visit" or "1,200 visits".
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def column_views(
    schema: pa.Schema, *, hidden: Collection[str] = (), wide: Collection[str] = ()
) -> list[ColumnView]:
    """Return how the columns of a table are shown.

    Parameters
    ----------
    schema : `pyarrow.Schema`
        The table's schema.
    hidden, wide : `~collections.abc.Collection` [ `str` ], optional
        Columns to leave out, and those whose text may wrap.

    Returns
    -------
    columns : `list` [ `ColumnView` ]
        Numbers to the right; encoded bytes are left out.
    """
    return [
        ColumnView(
            field.name,
            field.name.replace("_", " "),
            align="right" if _is_number(field.type) else "left",
            wide=field.name in wide,
        )
        for field in schema
        if field.name not in hidden and not pa.types.is_binary(field.type)
    ]


def table_cells(table: pa.Table, columns: list[ColumnView]) -> list[list[str]]:
    """Return the cells of some columns.

    Parameters
    ----------
    table : `pyarrow.Table`
        The rows to show; take a slice of a long one first.
    columns : `list` [ `ColumnView` ]
        The columns to show.

    Returns
    -------
    cells : `list` [ `list` [ `str` ] ]
        Row by row.
    """
    values = [table[column.name].to_pylist() for column in columns]
    names = [column.name for column in columns]
    return [
        [show_value(value, name) for value, name in zip(row, names, strict=True)]
        for row in zip(*values, strict=True)
    ]


def _is_number(kind: object) -> bool:
    return isinstance(kind, pa.DataType) and (pa.types.is_integer(kind) or pa.types.is_floating(kind))
