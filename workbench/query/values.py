"""Values in expressions: binds, their types, arithmetic as in SQL, and patterns of text."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import astropy.time
import numpy as np
import polars as pl

from workbench.query.columns import Catalogue, Kind
from workbench.query.limits import LARGEST, SMALLEST, find_fault, shorten
from workbench.query.nodes import BindName, Name, Node
from workbench.snapshot import mjd_from_time

__all__ = [
    "GLOB",
    "TYPES",
    "check_bind",
    "compare_kinds",
    "compute",
    "kind_of",
    "make_literal",
    "make_pattern",
    "make_values",
]

GLOB = "GLOB"
"""Function that searches text."""

_PATTERN = 1000
"""How long a pattern may be."""


def make_values(catalogue: Catalogue, node: Name | BindName, value: object) -> list[tuple[object, Kind]]:
    """Return the values that a bind name stands for.

    Parameters
    ----------
    catalogue : `Catalogue`
        For messages.
    node : `Name` or `BindName`
        The place.
    value : `object`
        A scalar, or a list, tuple or set of scalars.

    Returns
    -------
    values : `list` [ `tuple` [ `object`, `str` ] ]
        Each value with its type.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a value is of no type that expressions have.
    """
    many: Iterable[object] = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [_make_value(catalogue, node, one) for one in many]


def _make_value(catalogue: Catalogue, node: Name | BindName, value: object) -> tuple[object, Kind]:
    if isinstance(value, np.generic):
        value = value.item()
    kind = kind_of(value)
    match value:
        case uuid.UUID():
            value = str(value)
        case astropy.time.Time():
            value = mjd_from_time(value)
    if not kind:
        raise catalogue.error(
            node,
            f"The value of {node.name!r} is of type {type(value).__name__}.",
            "Values are numbers, strings, booleans, times (astropy) and UUIDs, or lists of them.",
        )
    return value, kind


TYPES: Mapping[Kind, type[pl.DataType]] = {
    "int": pl.Int64,
    "float": pl.Float64,
    "string": pl.String,
    "bool": pl.Boolean,
    "time": pl.Float64,
    "uuid": pl.String,
}
"""How frames hold the values of a type."""

_KINDS: Mapping[type, Kind] = {
    type(None): "null",
    bool: "bool",  # before int, which it is too
    int: "int",
    float: "float",
    str: "string",
    uuid.UUID: "uuid",
    astropy.time.Time: "time",
}


def kind_of(value: object) -> Kind | None:
    """Return the type of a value.

    Parameters
    ----------
    value : `object`
        A scalar.

    Returns
    -------
    kind : `str` or `None`
        `None` for what expressions have no type for.
    """
    return next((kind for known, kind in _KINDS.items() if isinstance(value, known)), None)


def make_literal(value: Any) -> pl.Expr:
    """Make a value for every row.

    Parameters
    ----------
    value : `object`
        A scalar that expressions have a type for.

    Returns
    -------
    literal : `polars.Expr`
        Of 64 bits, where polars takes the fewest that it needs; and as a
        column, since polars takes some conditions that begin with a bare
        literal for a single value, and loses the rows.
    """
    kind = kind_of(value)
    return pl.lit(None) if kind in (None, "null") else pl.repeat(value, pl.len(), dtype=TYPES[kind])


def check_bind(catalogue: Catalogue, node: Name | BindName, value: object) -> None:
    """Check that columns could hold what was given as a bind.

    Parameters
    ----------
    catalogue : `Catalogue`
        For messages.
    node : `Name` or `BindName`
        The place.
    value : `object`
        A scalar, or a list, tuple or set of scalars.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a value is an integer that is too large, no finite number,
        or a text that no database stores.
    """
    for one in value if isinstance(value, list | tuple | set | frozenset) else [value]:
        if fault := find_fault(one.item() if isinstance(one, np.generic) else one):
            raise catalogue.error(node, f"The value of {node.name!r}, {shorten(repr(one))}: {fault}")


def compare_kinds(
    catalogue: Catalogue, node: Node, one: Kind, other: Kind, *, ordered: bool, advice: str = ""
) -> None:
    """Check that two types can be compared.

    Parameters
    ----------
    catalogue : `Catalogue`
        For messages.
    node : `workbench.query.nodes.Node`
        The place.
    one, other : `str`
        The types.
    ordered : `bool`
        Whether the comparison is one of order.
    advice : `str`, optional
        What to write instead, where it is known.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if they cannot.
    """
    numbers = {"int", "float"}
    if one == other or {one, other} == numbers:
        if ordered and one in ("bool", "uuid"):
            raise catalogue.error(node, f"Values of type {one} have no order.")
        return
    if advice:
        pass
    elif "time" in (one, other):
        advice = "Times are written T'2026-05-02 03:04:05', or T'60000.5' for MJD TAI."
    elif "string" in (one, other):
        advice = "Strings are written in single quotes, numbers without."
    raise catalogue.error(node, f"Types {one} and {other} cannot be compared: they do not agree.", advice)


def compute(operator: str, left: pl.Expr, right: pl.Expr, *, is_int: bool) -> pl.Expr:
    """Compute with two numbers.

    Parameters
    ----------
    operator : `str`
        One of ``+ - * / %``.
    left, right : `polars.Expr`
        The numbers.
    is_int : `bool`
        Whether both are integers; ``%`` is for those alone.

    Returns
    -------
    result : `polars.Expr`
        Integers are divided towards zero, where Python rounds down, and the
        rest has the sign of the dividend, as in SQL.  Null where there is no
        result of 64 bits: for a divisor of zero, and for what overflows.
        SQLite makes floats of the latter, PostgreSQL refuses both.
    """

    def calculate(rows: pl.Series) -> pl.Series:
        left, right = pl.col("left"), pl.col("right")
        return rows.struct.unnest().select(_bound(operator, left, right, is_int=is_int)).to_series()

    # A result is asked for thrice. Written out, a sum of ten would be asked for 3 ** 10 times.
    both = pl.struct(left.alias("left"), right.alias("right"))
    return both.map_batches(calculate, return_dtype=pl.Int64 if is_int else pl.Float64, is_elementwise=True)


def _bound(operator: str, left: pl.Expr, right: pl.Expr, *, is_int: bool) -> pl.Expr:
    """Compute with two numbers, and give null for what 64 bits do not hold."""
    if not is_int:
        result = _calculate(operator, left.cast(pl.Float64), right.cast(pl.Float64), _divide_floats)
        return pl.when(result.is_finite()).then(result)
    # No product of two integers of 64 bits needs more than 128.
    result = _calculate(operator, left.cast(pl.Int128), right.cast(pl.Int128), _divide)
    fits = (result >= pl.lit(SMALLEST, pl.Int128)) & (result <= pl.lit(LARGEST, pl.Int128))
    return pl.when(fits).then(result).cast(pl.Int64)


def _calculate(
    operator: str, left: pl.Expr, right: pl.Expr, divide: Callable[[pl.Expr, pl.Expr], pl.Expr]
) -> pl.Expr:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return divide(left, right)
    return left - _divide(left, right) * right


def _divide_floats(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    return left / pl.when(right != 0).then(right)


def _divide(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    divisor = pl.when(right != 0).then(right)
    quotient = left.abs() // divisor.abs()
    return pl.when((left < 0) != (divisor < 0)).then(pl.lit(0, pl.Int128) - quotient).otherwise(quotient)


def make_pattern(catalogue: Catalogue, node: Node, text: str) -> str:
    """Make a regular expression of a pattern of ``GLOB``.

    Parameters
    ----------
    catalogue : `Catalogue`
        For messages.
    node : `workbench.query.nodes.Node`
        The place.
    text : `str`
        As the Butler understands it: ``*`` is any text, ``?`` one character,
        and what follows a backslash is itself.

    Returns
    -------
    pattern : `str`
        For the whole text.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the pattern is too long.
    """
    if len(text) > _PATTERN:
        raise catalogue.error(
            node, f"A pattern has at most {_PATTERN} characters, and this one has {len(text)}."
        )
    parts: list[str] = []
    for escaped, char in re.findall(r"(\\?)(.)", text, re.DOTALL):
        if escaped or char not in "*?":
            parts.append(re.escape(char))
        elif char == "?" or parts[-1:] != [".*"]:
            parts.append("." if char == "?" else ".*")
    return f"(?s)^{''.join(parts)}$"
