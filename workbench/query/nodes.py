"""The tree of a ``where`` expression, with the place of each part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal as LiteralType
from typing import TypeAlias

__all__ = [
    "Binary",
    "BindName",
    "Call",
    "In",
    "Literal",
    "Name",
    "Node",
    "Pair",
    "Parens",
    "Range",
    "Unary",
    "iter_nodes",
]

LiteralKind = LiteralType["int", "float", "string", "time", "uuid"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a string, a time (MJD TAI, d) or a UUID (as text).

    Parameters
    ----------
    value : `int`, `float` or `str`
        The value.
    kind : `str`
        What it is.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    value: int | float | str
    kind: LiteralKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name:
    """A column, a constant, or a bind name without its colon.

    Parameters
    ----------
    name : `str`
        As written.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BindName:
    """A bind name after a colon.

    Parameters
    ----------
    name : `str`
        Without the colon.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Range:
    """Integers from first to last, both included, by a stride.

    Parameters
    ----------
    first, last, stride : `int`
        The range.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    first: int
    last: int
    stride: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``NOT``, ``+`` or ``-`` before an operand.

    Parameters
    ----------
    operator : `str`
        Which.
    operand : `Node`
        What it stands before.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    operator: str
    operand: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands.

    Parameters
    ----------
    operator : `str`
        Which.
    left, right : `Node`
        The operands.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    operator: str
    left: Node
    right: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class In:
    """``IN`` or ``NOT IN`` a list of literals, ranges and binds.

    Parameters
    ----------
    member : `Node`
        What is looked for.
    values : `tuple` [ `Node`, ... ]
        The list.
    negated : `bool`
        Whether it is ``NOT IN``.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    member: Node
    values: tuple[Node, ...]
    negated: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Parens:
    """An expression in parentheses.

    Parameters
    ----------
    inner : `Node`
        The expression.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    inner: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two expressions in parentheses: a range of time.

    Parameters
    ----------
    first, second : `Node`
        The expressions.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    first: Node
    second: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments.

    Parameters
    ----------
    function : `str`
        Its name.
    arguments : `tuple` [ `Node`, ... ]
        The arguments.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    function: str
    arguments: tuple[Node, ...]
    start: int
    end: int


Node: TypeAlias = Literal | Name | BindName | Range | Unary | Binary | In | Parens | Pair | Call


def iter_nodes(node: Node) -> Iterator[Node]:
    """Iterate over a tree, parents before children.

    Parameters
    ----------
    node : `Node`
        Root of the tree.

    Yields
    ------
    node : `Node`
        Every node, from left to right.
    """
    yield node
    match node:
        case Unary(operand=child) | Parens(inner=child):
            yield from iter_nodes(child)
        case Binary(left=left, right=right) | Pair(first=left, second=right):
            yield from iter_nodes(left)
            yield from iter_nodes(right)
        case In(member=member, values=values):
            yield from iter_nodes(member)
            for value in values:
                yield from iter_nodes(value)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from iter_nodes(argument)
