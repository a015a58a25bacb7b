"""Values of Arrow tables as the text of table cells."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from workbench.rendering import column_title, render_value
from workbench.session.content.column_view import ColumnView

__all__ = ["column_views", "count_text", "show_value", "table_cells"]


def show_value(value: object, field: pa.Field[pa.DataType] | None = None) -> str:
    """Return a value as text for a cell.

    Parameters
    ----------
    value : `object`
        Anything that Arrow holds.
    field : `pyarrow.Field`, optional
        Its field; what is marked as a time is shown as one.

    Returns
    -------
    text : `str`
        Empty for a missing value; numbers are rounded to four digits.
    """
    return render_value(value, field, brief=True)


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
            column_title(field.name.replace("_", " "), field),
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
    fields = [table.schema.field(column.name) for column in columns]
    return [
        [show_value(value, field) for value, field in zip(row, fields, strict=True)]
        for row in zip(*values, strict=True)
    ]


def _is_number(kind: object) -> bool:
    return isinstance(kind, pa.DataType) and (pa.types.is_integer(kind) or pa.types.is_floating(kind))
