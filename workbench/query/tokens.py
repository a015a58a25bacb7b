"""Tokens of an expression, and long lists that the parser need not see."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["LongLists", "Token", "find_long_lists", "fold_lists", "read_uuid"]

_SHORT = 50
"""Values up to which the Butler's parser, which copies the list for each of them, sees a list."""

_PLAIN = ("NUMERIC_LITERAL", "STRING_LITERAL", "RANGE_LITERAL", "SIMPLE_IDENTIFIER", "BIND_NAME")
_CALL = ["SIMPLE_IDENTIFIER", "LPAREN", "STRING_LITERAL", "RPAREN"]
"""A UUID that is written down."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the Butler's lexer found.

    Parameters
    ----------
    kind : `str`
        As the lexer names it.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    kind: str
    start: int
    end: int


LongLists: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]
"""For the position of the token that opens a list, those of the first and the last token of each value."""


def find_long_lists(tokens: Sequence[Token]) -> LongLists:
    """Find long lists of plain values.

    Parameters
    ----------
    tokens : `~collections.abc.Sequence` [ `Token` ]
        Of an expression.

    Returns
    -------
    lists : `LongLists`
        What stands in the parentheses of ``IN``; a value is one token, a
        sign and a number, or a call with a text.
    """
    lists: dict[int, Sequence[tuple[int, int]]] = {}
    for opened in range(1, len(tokens)):
        if tokens[opened].kind != "LPAREN" or tokens[opened - 1].kind != "IN":
            continue
        values: list[tuple[int, int]] = []
        at = opened + 1
        while at < len(tokens):
            first = at
            at += tokens[at].kind in ("ADD", "SUB")
            if at + 1 >= len(tokens) or tokens[at].kind not in _PLAIN:
                break
            if at != first and tokens[at].kind != "NUMERIC_LITERAL":
                break
            if [token.kind for token in tokens[at : at + len(_CALL)]] == _CALL:
                at += len(_CALL) - 1
            values.append((first, at))
            at += 1
            if at >= len(tokens) or tokens[at].kind != "COMMA":
                break
            at += 1
        if len(values) > _SHORT and at < len(tokens) and tokens[at].kind == "RPAREN":
            lists[opened] = values
    return lists


def fold_lists(expression: str, tokens: Sequence[Token], lists: LongLists) -> str:
    """Leave the first value alone of long lists.

    Parameters
    ----------
    expression : `str`
        The expression.
    tokens : `~collections.abc.Sequence` [ `Token` ]
        Its tokens.
    lists : `LongLists`
        Its long lists.

    Returns
    -------
    folded : `str`
        As long as the expression: blanks stand for the other values, so that
        every place is where it was.
    """
    parts, done = [], 0
    for values in lists.values():
        begin, end = tokens[values[0][1]].end, tokens[values[-1][1]].end
        parts += [expression[done:begin], re.sub(r"[^\n]", " ", expression[begin:end])]
        done = end
    return "".join([*parts, expression[done:]])


def read_uuid(call: str) -> str:
    """Read a UUID that is written down, the only call that a list may have.

    Parameters
    ----------
    call : `str`
        A call with a text.

    Returns
    -------
    value : `str`
        The UUID, in its usual form.

    Raises
    ------
    ValueError
        Raised for another call, and for a text that is no UUID; says so.
    """
    name, _, argument = call.removesuffix(")").partition("(")
    if name.strip().upper() != "UUID":
        raise ValueError("IN (...) takes literals, ranges and binds.")
    try:
        return str(uuid.UUID(argument.strip()[1:-1]))
    except ValueError as error:
        raise ValueError(f"This is no UUID: {error}.") from error
