"""Values in expressions: binds, their types, and integer arithmetic as in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import astropy.time
import numpy as np
import polars as pl

from workbench.query.columns import Catalogue, Kind
from workbench.query.nodes import BindName, Name, Node
from workbench.snapshot import mjd_from_time

__all__ = ["compare_kinds", "divide", "make_values", "remainder"]


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
    match value:
        case None:
            return None, "null"
        case bool():
            return value, "bool"
        case int():
            return value, "int"
        case float():
            return value, "float"
        case str():
            return value, "string"
        case uuid.UUID():
            return str(value), "uuid"
        case astropy.time.Time():
            return mjd_from_time(value), "time"
        case _:
            raise catalogue.error(
                node,
                f"The value of {node.name!r} is of type {type(value).__name__}.",
                "Values are numbers, strings, booleans, times (astropy) and UUIDs, or lists of them.",
            )


def compare_kinds(catalogue: Catalogue, node: Node, one: Kind, other: Kind, *, ordered: bool) -> None:
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
    advice = ""
    if "time" in (one, other):
        advice = "Times are written T'2026-05-02 03:04:05', or T'60000.5' for MJD TAI."
    elif "string" in (one, other):
        advice = "Strings are written in single quotes, numbers without."
    raise catalogue.error(node, f"Types {one} and {other} cannot be compared.", advice)


def divide(left: pl.Expr, right: pl.Expr, *, is_int: bool) -> pl.Expr:
    """Divide as SQL does.

    Parameters
    ----------
    left, right : `polars.Expr`
        Dividend and divisor.
    is_int : `bool`
        Whether both are integers.

    Returns
    -------
    quotient : `polars.Expr`
        Integers are divided towards zero, where Python rounds down; a
        division by zero is null.
    """
    divisor = pl.when(right != 0).then(right)
    if not is_int:
        return left / divisor
    quotient = left.abs() // divisor.abs()
    return pl.when((left < 0) != (divisor < 0)).then(-quotient).otherwise(quotient)


def remainder(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Take the remainder as SQL does.

    Parameters
    ----------
    left, right : `polars.Expr`
        Integers.

    Returns
    -------
    rest : `polars.Expr`
        With the sign of the dividend; null for a divisor of zero.
    """
    divisor = pl.when(right != 0).then(right)
    return left - divide(left, divisor, is_int=True) * divisor
