"""What columns of text are: numbers with odd cells are asked about, and never become text by one of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from workbench.errors import MetricsError
from workbench.metrics.measurements import make_name

__all__ = ["parse_fields", "settle_types"]

_NO_VALUE = ("", "nan", "null", "none", "na", "n/a")
"""Fields of a column of numbers, in lower case, that are no value."""

_NO_NUMBER = pa.array(_NO_VALUE)
_EMPTY = pa.scalar("")
_INTEGER = r"^-?(0|[1-9][0-9]*)$"
_EXPONENT = r"[eE][+-]?([0-9]{1,2}|[12][0-9]{2}|30[0-7])"
_NUMBER = rf"^[+-]?((([0-9]{{1,100}}\.?[0-9]{{0,100}}|\.[0-9]{{1,100}})({_EXPONENT})?)|(?i:inf|infinity))$"
_TOO_LONG = r"^[+-]?[0-9]{20,}$"
"""Whole numbers beyond 64 bits."""
_LEADING_ZERO = r"^[+-]?0[0-9]"
_SHOWN = 5
_LONGEST_CELL = 30


def parse_fields(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Read a column of text as integers, else as numbers, else as true and false, else as text.

    Parameters
    ----------
    column : `pyarrow.ChunkedArray` of string
        Fields of a file.

    Returns
    -------
    column : `pyarrow.ChunkedArray`
        Of the first type that all fields have; empty ones, and in columns of
        numbers words such as ``n/a``, are null.
    """
    fields = pc.utf8_trim_whitespace(column)
    lower = pc.utf8_lower(fields)
    absent = pc.or_(pc.is_in(lower, value_set=_NO_NUMBER), pc.is_null(lower))
    present = fields.filter(pc.invert(absent))
    if not len(present):
        return pa.chunked_array([pa.nulls(len(column))])
    if pc.any(pc.match_substring_regex(present, _LEADING_ZERO)).as_py():
        return _hide(pc.equal(column, _EMPTY), column)
    if pc.all(pc.match_substring_regex(present, _INTEGER)).as_py():
        try:
            return _hide(absent, fields).cast(pa.int64())
        except pa.ArrowException:
            return _hide(pc.equal(column, _EMPTY), column)  # a name of digits
    if pc.all(_match_numbers(present)).as_py():
        return _hide(absent, fields).cast(pa.float64())
    if pc.all(pc.is_in(lower.filter(pc.invert(absent)), value_set=pa.array(["true", "false"]))).as_py():
        return _hide(absent, lower).cast(pa.bool_())
    return _hide(pc.equal(column, _EMPTY), column)


def settle_types(
    table: pa.Table, source: str, *, na: Collection[str] = (), as_text: Collection[str] = ()
) -> pa.Table:
    """Ask about columns that are numbers but for some cells.

    Parameters
    ----------
    table : `pyarrow.Table`
        As it was read.
    source : `str`
        What was read, for messages.
    na : `~collections.abc.Collection` [ `str` ], optional
        Words that stand for no value.
    as_text : `~collections.abc.Collection` [ `str` ], optional
        Columns that are text, whatever most of their cells look like.

    Returns
    -------
    table : `pyarrow.Table`
        With columns of numbers where these words were all that was none.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if half or more of the cells of a text column are numbers;
        the message names the others, their rows, and what to say of them.
    """
    names = {name: {name, make_name(name)} for name in table.column_names}
    if unknown := sorted(set(as_text).difference(*names.values()) if names else as_text):
        raise MetricsError(f"{source} has no column {', '.join(unknown)}; it has {table.column_names}.")
    words = pa.array([word.strip().lower() for word in na], pa.string())
    for place, field in enumerate(table.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        if names[field.name] & {*as_text}:
            continue
        column = table[field.name]
        if len(words):
            lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
            column = parse_fields(_hide(pc.is_in(lower, value_set=words), column).cast(pa.string()))
            table = table.set_column(place, field.with_type(column.type), column)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            _ask(field.name, column, source)
    return table


def _ask(name: str, column: pa.ChunkedArray[Any], source: str) -> None:
    fields = pc.utf8_trim_whitespace(column)
    present = np.array([text is not None and text.lower() not in _NO_VALUE for text in fields.to_pylist()])
    number = _match_numbers(fields).to_numpy()
    odd = present & ~number
    n_numbers = int(np.sum(present & number))
    if not n_numbers or n_numbers < odd.sum() or not odd.any():
        return
    rows = np.flatnonzero(odd)
    shown = ", ".join(f"{_cut(column[int(row)].as_py())} in row {row + 1}" for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    raise MetricsError(
        f"{source}: {n_numbers} cells of {name!r} are numbers, and {len(rows)} are not: {shown}{more}. "
        "Correct them, say which words mean that there is no value (na=('--',) or --na WORD), or say that "
        f"the column is text (as_text=({name!r},) or --as-text {name})."
    )


def _match_numbers(fields: Any) -> Any:
    """Tell which fields are numbers that 64 bits hold."""
    is_number = pc.match_substring_regex(fields, _NUMBER)
    return pc.fill_null(pc.and_not(is_number, pc.match_substring_regex(fields, _TOO_LONG)), False)


def _cut(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}..."


def _hide(mask: Any, column: Any) -> pa.ChunkedArray[Any]:
    hidden: pa.ChunkedArray[Any] = pc.if_else(mask, pa.scalar(None, column.type), column)
    return hidden
