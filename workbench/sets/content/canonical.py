"""One form for the rows of a set: typed, sorted, unique."""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import DimensionGroup

from workbench.errors import BadDataIdTableError
from workbench.sets.content.codes import encode_rows
from workbench.snapshot import data_id_schema, key_names

__all__ = [
    "REASON",
    "arrange_rows",
    "make_schema",
    "merge_rows",
    "null_where",
    "say_where",
    "type_keys",
    "type_text",
]

REASON = "reason"
"""Name of the column that says why a row is in a set."""

_SHOWN = 10
_MOST_DIGITS = 20
_LONGEST_VALUE = 60
"""How many bad rows an error lists."""


def make_schema(group: DimensionGroup, free: Mapping[str, pa.DataType]) -> pa.Schema:
    """Return the schema of a set.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.
    free : `~collections.abc.Mapping` [ `str`, `pyarrow.DataType` ]
        Free columns.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions in universe order, ``reason``, free columns by
        name.
    """
    fields = [*data_id_schema(group, implied=False), pa.field(REASON, pa.string())]
    return pa.schema(fields + [pa.field(name, free[name]) for name in sorted(free)])


def arrange_rows(
    table: pa.Table, group: DimensionGroup, *, places: Sequence[int] | None = None, source: str = "The table"
) -> pa.Table:
    """Sort rows by key and refuse duplicates.

    Parameters
    ----------
    table : `pyarrow.Table`
        Rows with the schema of a set.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.
    places : `~collections.abc.Sequence` [ `int` ], optional
        Line number of each row; by default rows are counted from 1.
    source : `str`, optional
        What is read, for the message.

    Returns
    -------
    table : `pyarrow.Table`
        The same rows in the order of their keys.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if a key occurs twice; the message lists the rows.
    """
    names = key_names(group)
    if not names:
        # The empty data ID is the only row that such a set can have.
        return table.slice(0, 1)
    (codes,) = encode_rows([table], names)
    order = np.argsort(codes, kind="stable")
    repeated = np.flatnonzero(np.diff(codes[order]) == 0)
    if len(repeated):
        rows = [
            f"  {say_where(order[i + 1], places)}: {_row_text(table, int(order[i + 1]), names)}, "
            f"as {say_where(order[i], places)}"
            for i in repeated[:_SHOWN]
        ]
        more = f"\n  ... and {len(repeated) - _SHOWN} more" if len(repeated) > _SHOWN else ""
        raise BadDataIdTableError(
            f"{source} has {len(repeated)} duplicate row(s):\n" + "\n".join(rows) + more + "\nA data ID may "
            "occur once: remove the repeated rows."
        )
    if np.array_equal(order, np.arange(len(order))):
        return table
    return table.take(order)


def merge_rows(table: pa.Table, group: DimensionGroup) -> pa.Table:
    """Sort rows by key and merge those with equal keys.

    Parameters
    ----------
    table : `pyarrow.Table`
        Key columns and ``reason``.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.

    Returns
    -------
    table : `pyarrow.Table`
        Each key once; different reasons of a key are joined by ``; ``.
    """
    names = list(key_names(group))
    schema = make_schema(group, {})
    if not names:
        return table.select(schema.names).slice(0, 1).cast(schema)
    (codes,) = encode_rows([table], names)
    distinct, first = np.unique(codes, return_index=True)
    merged = table.select(schema.names).take(first).cast(schema)
    if len(distinct) == len(codes) or table[REASON].null_count == len(codes):
        return merged
    frame = pl.DataFrame({"code": codes, REASON: pl.Series(pl.from_arrow(table[REASON]))}).drop_nulls()
    reasons = frame.unique().sort("code", REASON).group_by("code").agg(pl.col(REASON).str.join("; "))
    joined = pl.DataFrame({"code": distinct}).join(reasons, on="code", how="left", maintain_order="left")
    return merged.set_column(
        merged.schema.get_field_index(REASON),
        schema.field(REASON),
        joined[REASON].to_arrow().cast(pa.string()),
    )


def type_keys(
    table: pa.Table, group: DimensionGroup, *, places: Sequence[int] | None = None, source: str = "The table"
) -> list[pa.ChunkedArray[Any]]:
    """Cast key columns to the universe's types.

    Parameters
    ----------
    table : `pyarrow.Table`
        Columns of any type that holds the values, text included.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the set.
    places : `~collections.abc.Sequence` [ `int` ], optional
        Line number of each row; by default rows are counted from 1.
    source : `str`, optional
        What is read, for the message.

    Returns
    -------
    columns : `list` [ `pyarrow.ChunkedArray` ]
        Required dimensions in universe order.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if a value is missing or has the wrong type; the message lists
        the rows.
    """
    columns = []
    for field in data_id_schema(group, implied=False):
        column = table[field.name]
        try:
            typed = _cast_exactly(column, field.type)
        except pa.ArrowInvalid:
            typed = pa.chunked_array(
                [pa.array([_convert(v, field.type) for v in column.to_pylist()], field.type)]
            )
        if pa.types.is_string(field.type):
            typed = type_text(typed)
        bad = np.flatnonzero(pc.is_null(typed).to_numpy())
        if len(bad):
            rows = [
                f"  {say_where(i, places)}: {field.name} = {_cut(column[int(i)].as_py())}"
                for i in bad[:_SHOWN]
            ]
            more = f"\n  ... and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
            kind = "an integer" if pa.types.is_integer(field.type) else "text"
            raise BadDataIdTableError(
                f"{source} has {len(bad)} row(s) whose {field.name!r} is missing or not {kind}:\n"
                + "\n".join(rows)
                + more
            )
        columns.append(typed)
    return columns


def type_text(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Make a text column in which empty text is null.

    Parameters
    ----------
    column : `pyarrow.ChunkedArray`
        Text, or nulls.

    Returns
    -------
    column : `pyarrow.ChunkedArray`
        Strings; a file cannot tell empty text from none, so there is none.
    """
    text = column.cast(pa.string())
    return null_where(pc.equal(text, pa.scalar("")), text)


def null_where(mask: Any, column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Hide values of a column.

    Parameters
    ----------
    mask : `pyarrow.ChunkedArray`
        True where the value is to be hidden; nulls hide nothing.
    column : `pyarrow.ChunkedArray`
        The values.

    Returns
    -------
    column : `pyarrow.ChunkedArray`
        The column with nulls in those places.
    """
    hidden: pa.ChunkedArray[Any] = pc.if_else(mask, pa.scalar(None, column.type), column)
    return hidden


def _cast_exactly(column: pa.ChunkedArray[Any], data_type: pa.DataType) -> pa.ChunkedArray[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    is_number = pa.types.is_integer(column.type) or pa.types.is_null(column.type)
    if pa.types.is_integer(data_type) and not is_number:
        # Arrow reads text such as "0x10" and takes 1.0 for 1; both go through
        # the stricter conversion below.
        raise pa.ArrowInvalid("not integers")
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    if pa.types.is_string(data_type) and not (is_text or pa.types.is_null(column.type) or is_number):
        raise pa.ArrowInvalid("not text")
    return column.cast(data_type)


def _convert(value: object, data_type: pa.DataType) -> object:
    """Return a value as a key, or `None` where it is none."""
    if value is None or isinstance(value, bool):
        return None
    if pa.types.is_string(data_type):
        return value if isinstance(value, str) and value else None
    if isinstance(value, str):
        text = value.strip(" \t\r\n")
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) < _MOST_DIGITS:
            number = int(text)
            return number if -(2**63) <= number < 2**63 else None
        return None
    if isinstance(value, decimal.Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)  # NUMERIC of a database
    # pandas makes floats of integers as soon as one is missing.
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text):,} characters)"


def say_where(index: int, places: Sequence[int] | None) -> str:
    """Say which row it is.

    Parameters
    ----------
    index : `int`
        Of the row, from 0.
    places : `~collections.abc.Sequence` [ `int` ] or `None`
        Line number of each row, where it has one.

    Returns
    -------
    place : `str`
        Such as "line 7".
    """
    return f"row {int(index) + 1}" if places is None else f"line {places[int(index)]}"


def _row_text(table: pa.Table, index: int, names: Iterable[str]) -> str:
    return ", ".join(f"{name}={table[name][index].as_py()!r}" for name in names)
