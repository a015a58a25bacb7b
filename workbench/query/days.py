"""Observing days, times and MJD in conditions: told apart, and what to write instead of what was written.

``day_obs = 2017-01-23`` is the number 1993 for every parser, a ``day_obs`` of
57776 is before all days, and a time is no text: each would be a condition
that selects nothing, or everything, without a word.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator

import numpy as np

from workbench.query.columns import BindValue, Catalogue, DimensionKey, Null, RecordField, TableColumn
from workbench.query.nodes import Binary, BindName, In, Literal, Name, Node, Pair, Range, Unary, strip_parens
from workbench.query.values import kind_of

__all__ = ["check_days", "find_date"]

_DAY_NAME = re.compile(r"(^|_)day_?obs$")
"""Columns that hold days as YYYYMMDD."""

_DATE = re.compile(r"\b(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:T(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?))?")
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_ARITHMETIC = ("+", "-", "*", "/", "%")
_EPOCH = dt.date(1858, 11, 17)
"""Day 0 of MJD."""

_FIRST, _LAST = 40587, 88069
"""MJD of 1970-01-01 and 2100-01-01, between which the Butler's times are."""

_JULIAN = 2400000.5
"""What JD has more than MJD."""


def check_days(node: Node, catalogue: Catalogue) -> None:
    """Check that a comparison with a day or a time says one.

    Parameters
    ----------
    node : `~workbench.query.nodes.Node`
        Any node of a condition; others than comparisons are right.
    catalogue : `~workbench.query.columns.Catalogue`
        What its names stand for.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a date was written as a difference of numbers, if what a
        day is compared with is an MJD, a JD, a year or a text, or if a time
        is compared with what is none; says what to write.
    """
    match node:
        case Binary(operator=operator, left=left, right=right) if operator in _COMPARISONS:
            for column, value in ((left, right), (right, left)):
                _check(catalogue, _what_of(column, catalogue), value)
        case In(member=member, values=values):
            what = _what_of(member, catalogue)
            for value in values if what == "day" else ():
                for one in (value.first, value.last) if isinstance(value, Range) else (value,):
                    _check(catalogue, what, one, at=value)
        case Binary(operator="OVERLAPS", left=left, right=right):
            sides = (strip_parens(left), strip_parens(right))
            if any(
                isinstance(one, Pair) or _what_of(one, catalogue) in ("time", "timespan") for one in sides
            ):
                for side in sides:
                    for value in (side.first, side.second) if isinstance(side, Pair) else (side,):
                        _check(catalogue, "time", value)


def find_date(expression: str, position: int) -> str:
    """Say how a date is written, where one was meant at a place.

    Parameters
    ----------
    expression : `str`
        The expression.
    position : `int`
        Where it is not understood.

    Returns
    -------
    advice : `str`
        A sentence; empty where there is no date.
    """
    for found in _DATE.finditer(expression):
        if found.start() <= position <= found.end() + 1:
            day = _make_date(found[1], found[3], found[4])
            return _advise("", day, found[5] or "") if day is not None else ""
    return ""


def _what_of(node: Node, catalogue: Catalogue) -> str:
    """Return whether a node is a column of days or of times; another name of its type, or nothing."""
    node = strip_parens(node)
    match catalogue.resolve(node) if isinstance(node, Name | BindName) else None:
        case DimensionKey(dimension=name, kind=kind) | RecordField(field=name, kind=kind):
            pass
        case TableColumn(column=name, kind=kind):
            pass
        case _:
            return ""
    return "day" if kind == "int" and _DAY_NAME.search(name) else kind


def _check(catalogue: Catalogue, what: str, value: Node | int, *, at: Node | None = None) -> None:
    """Check one value that a column is compared with."""
    place = at if at is not None else value
    assert not isinstance(place, int), "a number comes with the node that it is of"
    day = _find_difference(value)
    is_month = day is not None and isinstance(value, Binary) and isinstance(value.left, Literal)
    if day is not None and what in ("day", "time", *(() if is_month else ("int", "float"))):
        result = _compute(value)
        number = "" if result is None else f"{int(result)}"
        raise catalogue.error(
            place,
            f"{catalogue.expression[place.start : place.end]!r} is arithmetic here, and gives {number}.",
            _advise(what, day),
        )
    if what not in ("day", "time"):
        return
    for one, kind in _iter_values(value, catalogue):
        if what == "time":
            if kind != "time":
                fault = f"A time is expected here, and {one!r} is none."
                raise catalogue.error(place, fault, _advise("time", *_read_day(one), mjd=one))
        elif kind in ("string", "time") or (isinstance(one, int | float) and _is_no_day(one, value)):
            shown = catalogue.expression[place.start : place.end] if kind == "time" else repr(one)
            fault = f"A day of observation is a number such as 20170123, and {shown} is none."
            raise catalogue.error(place, fault, _advise("day", *_read_day(one, is_time=kind == "time")))


def _iter_values(node: Node | int, catalogue: Catalogue) -> Iterator[tuple[object, str]]:
    """Iterate over what is known of a value before it is evaluated, with its type."""
    if isinstance(node, int):
        yield node, "int"
        return
    node = strip_parens(node)
    if isinstance(node, Literal):
        yield node.value, node.kind
    elif isinstance(node, Name | BindName):
        meaning = catalogue.resolve(node)
        if isinstance(meaning, BindValue):
            given = meaning.value
            for one in given if isinstance(given, list | tuple | set | frozenset) else [given]:
                value = one.item() if isinstance(one, np.generic) else one
                if (kind := kind_of(value)) in ("int", "float", "string"):
                    yield value, str(kind)
        elif not isinstance(meaning, Null) and meaning.kind == "string":
            yield node.name, "string of a column"
    elif (result := _compute(node)) is not None:
        yield result, "float" if isinstance(result, float) else "int"


def _is_no_day(value: float, node: Node | int) -> bool:
    """Tell whether a number that a day is compared with is of another kind than YYYYMMDD."""
    if _FIRST <= value <= _LAST or _FIRST <= value - _JULIAN <= _LAST:
        return True
    if 1970 <= value <= 2100 or 197001 <= value <= 210012:
        return True  # a year or a month
    is_written = isinstance(node, int) or isinstance(strip_parens(node), Literal | Name | BindName | Unary)
    return not is_written and not 19700101 <= value <= 21001231


def _find_difference(node: Node | int) -> dt.date | None:
    """Find the date that a difference, or a quotient, of three numbers is written like."""
    match strip_parens(node) if not isinstance(node, int) else None:
        case Binary(
            operator="-" | "/" as operator,
            left=Binary(operator=inner, left=Literal(value=int(a)), right=Literal(value=int(b))),
            right=Literal(value=int(c)),
        ) if inner == operator:
            orders = ((a, b, c), (c, b, a), (c, a, b))
            days = (_make_date(*one) for one in orders if 1970 <= one[0] <= 2100)
            return next((day for day in days if day is not None), None)
        case Binary(operator="-" | "/", left=Literal(value=int(a)), right=Literal(value=int(b))):
            return _make_date(a, b, 1) if 1970 <= a <= 2100 else None
    return None


def _compute(node: Node | int) -> float | None:
    """Compute what consists of numbers alone; `None` for all else."""
    if isinstance(node, int):
        return node
    match strip_parens(node):
        case Literal(value=int() | float() as value, kind="int" | "float"):
            return value
        case Unary(operator="-" | "+" as sign, operand=operand):
            inner = _compute(operand)
            return inner if inner is None or sign == "+" else -inner
        case Binary(operator=operator, left=left, right=right) if operator in _ARITHMETIC:
            one, other = _compute(left), _compute(right)
            if one is None or other is None or (operator in "/%" and not other):
                return None
            match operator:
                case "+":
                    return one + other
                case "-":
                    return one - other
                case "*":
                    return one * other
                case "%":
                    return math.fmod(one, other)
            return int(one / other) if isinstance(one, int) and isinstance(other, int) else one / other
    return None


def _read_day(value: object, *, is_time: bool = False) -> tuple[dt.date | None, str]:
    """Read the day, and perhaps the time, that a text or a number may mean."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d{4})[-/.]?(\d\d?)[-/.]?(\d\d?)(?:[T ](\d[\d:.]*))?.*", value)
        return (None, "") if found is None else (_make_date(*found.groups()[:3]), found[4] or "")
    if not isinstance(value, int | float):
        return None, ""
    if is_time or _FIRST <= value <= _LAST:
        return _EPOCH + dt.timedelta(days=math.floor(value)), ""
    if _FIRST <= value - _JULIAN <= _LAST:
        return _EPOCH + dt.timedelta(days=math.floor(value - _JULIAN)), ""
    value = int(value)
    if 1970 <= value // 10000 <= 2100:
        return _make_date(value // 10000, value // 100 % 100, value % 100), ""
    if 197001 <= value <= 210012:
        return _make_date(value // 100, value % 100, 1), ""
    return (_make_date(value, 1, 1) if 1970 <= value <= 2100 else None), ""


def _make_date(year: object, month: object, day: object) -> dt.date | None:
    try:
        return dt.date(int(str(year)), int(str(month)), int(str(day)))
    except ValueError:
        return None


def _advise(what: str, day: dt.date | None, time: str = "", mjd: object = None) -> str:
    """Say how a day and a time are written."""
    if isinstance(mjd, int | float) and _FIRST <= mjd <= _LAST:
        return f"Write T'{float(mjd)}' for MJD TAI; a date is written T'{day}' (UTC)."
    day = day or dt.date(2017, 1, 23)
    of_day, of_time = f"{day:%Y%m%d}", f"T'{day.isoformat()}{time and 'T'}{time}'"
    match what:
        case "day":
            return (
                f"Write {of_day} (YYYYMMDD, without quotes), or several as {of_day}..{of_day[:-2]}31 in "
                "IN (...); a time is compared with visit.timespan."
            )
        case "time":
            return f"Write {of_time} (UTC), or with a decimal point T'{(day - _EPOCH).days}.5' for MJD TAI."
    return f"A day of observation is written {of_day}, a time {of_time}."
