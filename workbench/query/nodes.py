"""The tree of a ``where`` expression, with the place of each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal as LiteralType
from typing import TypeAlias

__all__ = [
    "MAX_DEPTH",
    "Binary",
    "BindName",
    "Call",
    "In",
    "Literal",
    "LiteralKind",
    "Logic",
    "LogicOperator",
    "Name",
    "Node",
    "Pair",
    "Parens",
    "Range",
    "Unary",
    "children",
    "find_too_deep",
    "iter_nodes",
    "merge_equalities",
    "strip_parens",
]

MAX_DEPTH = 100
"""How deep parts may stand in parts; ``AND`` and ``OR`` of however many conditions are one level."""

LiteralKind = LiteralType["int", "float", "string", "time", "uuid"]
LogicOperator = LiteralType["AND", "OR"]


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
    """A comparison or an operator of arithmetic between two operands.

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
class Logic:
    """``AND`` or ``OR`` between conditions, however many: thousands are one node, and no deep tree.

    Parameters
    ----------
    operator : `str`
        ``AND`` or ``OR``.
    operands : `tuple` [ `Node`, ... ]
        Two conditions or more, from left to right.
    start, end : `int`
        Offsets of the first character and of the one after the last.
    """

    operator: LogicOperator
    operands: tuple[Node, ...]
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


Node: TypeAlias = Literal | Name | BindName | Range | Unary | Binary | Logic | In | Parens | Pair | Call


def children(node: Node) -> tuple[Node, ...]:
    """Return what a node consists of.

    Parameters
    ----------
    node : `Node`
        Any node.

    Returns
    -------
    parts : `tuple` [ `Node`, ... ]
        Its direct parts, from left to right.
    """
    match node:
        case Unary(operand=child) | Parens(inner=child):
            return (child,)
        case Binary(left=left, right=right) | Pair(first=left, second=right):
            return (left, right)
        case Logic(operands=parts) | Call(arguments=parts):
            return parts
        case In(member=member, values=values):
            return (member, *values)
    return ()


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
    open_nodes = [node]
    while open_nodes:
        found = open_nodes.pop()
        yield found
        open_nodes.extend(reversed(children(found)))


def find_too_deep(node: Node) -> Node | None:
    """Find a node that is nested deeper than an evaluation may go.

    Parameters
    ----------
    node : `Node`
        Root of the tree.

    Returns
    -------
    deep : `Node` or `None`
        The first one below `MAX_DEPTH` levels.
    """
    level = [node]
    for _ in range(MAX_DEPTH):
        level = [part for parent in level for part in children(parent)]
    return level[0] if level else None


def strip_parens(node: Node) -> Node:
    """Return what stands in parentheses, however many there are.

    Parameters
    ----------
    node : `Node`
        Any node.

    Returns
    -------
    inner : `Node`
        The first node that is no parentheses.
    """
    while isinstance(node, Parens):
        node = node.inner
    return node


def merge_equalities(operands: Sequence[Node], joining: LogicOperator) -> list[Node]:
    """Make lists of what an ``OR``, or an ``AND``, compares one name with.

    Parameters
    ----------
    operands : `~collections.abc.Sequence` [ `Node` ]
        What is joined.
    joining : `str`
        How.

    Returns
    -------
    merged : `list` [ `Node` ]
        ``a = 1 OR b OR a = 2`` as ``a IN (1, 2) OR b``, and
        ``a != 1 AND b AND a != 2`` as ``a NOT IN (1, 2) AND b``: tens of
        thousands of comparisons are one search.
    """
    equal = "=" if joining == "OR" else "!="
    merged: list[Node] = []
    values: dict[str, list[Literal]] = {}
    names: dict[str, Name] = {}
    for operand in operands:
        match strip_parens(operand):
            case (
                Binary(left=Name() as name, right=Literal() as value, operator=operator)
                | Binary(left=Literal() as value, right=Name() as name, operator=operator)
            ) if operator == equal:
                pass
            case _:
                merged.append(operand)
                continue
        names.setdefault(name.name, name)
        values.setdefault(name.name, []).append(value)
    lists = [
        In(names[key], tuple(found), joining == "AND", names[key].start, found[0].end)
        for key, found in values.items()
    ]
    return [*lists, *merged]
