"""Errors that point at the place."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterable, Sequence

from workbench.errors import ExpressionError
from workbench.query.limits import shorten

__all__ = ["find_near_names", "list_some", "make_error"]

_LINE_WIDTH = 100
_LONG = 300
"""How much of an expression is shown where no place in it is known."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal does not print, or that turn the text around after them."""


def make_error(expression: str, position: int | None, what: str, *advice: str) -> ExpressionError:
    """Make the error for a place in an expression.

    Parameters
    ----------
    expression : `str`
        The whole expression.
    position : `int` or `None`
        Offset of the character at fault, if there is one.
    what : `str`
        What was not understood.
    *advice : `str`
        What there is, and what to do next; empty lines are left out.

    Returns
    -------
    error : `workbench.errors.ExpressionError`
        Its message has the line of the expression with ``^`` under the place.
    """
    parts = [
        _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", what),
        _point(expression, position),
        *(_wrap(line) for line in advice if line),
    ]
    return ExpressionError("\n".join(parts), expression, position)


def find_near_names(name: str, names: Iterable[str]) -> str:
    """Return names that may have been meant.

    Parameters
    ----------
    name : `str`
        What was written.
    names : `~collections.abc.Iterable` [ `str` ]
        What there is.

    Returns
    -------
    text : `str`
        A question, or nothing where no name is near.
    """
    known = list(dict.fromkeys(names))
    lower = {candidate.lower(): candidate for candidate in known}
    near = [lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.7)]
    last = name.rpartition(".")[2].lower()
    near += [candidate for candidate in known if candidate.rpartition(".")[2].lower() == last]
    return f"Did you mean {' or '.join(list(dict.fromkeys(near))[:3])}?" if near else ""


def list_some(names: Sequence[object], shown: int = 12) -> str:
    """List names, or the first of them.

    Parameters
    ----------
    names : `~collections.abc.Sequence`
        What there is.
    shown : `int`, optional
        How many are listed.

    Returns
    -------
    text : `str`
        Separated by commas, and how many more there are.
    """
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(str(name)[:100] for name in names[:shown]) + more


def _point(expression: str, position: int | None) -> str:
    # One character for one, so that the places stay.
    expression = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", expression)
    if position is None:
        return textwrap.indent(shorten(expression, _LONG), "  ")
    at = min(max(position, 0), len(expression))
    begin = expression.rfind("\n", 0, at) + 1
    end = expression.find("\n", at)
    line = expression[begin : len(expression) if end < 0 else end].replace("\t", " ")
    column = at - begin
    if len(line) > _LINE_WIDTH:
        first = max(0, min(column - _LINE_WIDTH // 2, len(line) - _LINE_WIDTH))
        head, tail = ("... " if first else ""), (" ..." if first + _LINE_WIDTH < len(line) else "")
        line = head + line[first : first + _LINE_WIDTH] + tail
        column += len(head) - first
    return f"  {line}\n  {' ' * column}^"


def _wrap(line: str) -> str:
    return textwrap.fill(line, 110, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
