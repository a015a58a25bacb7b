"""Which conditions the database evaluates: those that every database answers alike.

SQLite and PostgreSQL differ in integers that overflow, divisions by zero,
the order of texts, integers against floats, and in how deep or long a
condition may be; and the Butler multiplies out ``OR`` over ``AND``.  A
condition that has nothing of this goes to the Butler as it was written.  All
others are evaluated on frames of the repository's own records, which are one
for all databases.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.query.columns import BindValue, Catalogue, DimensionKey, Null, RecordField
from workbench.query.limits import SMALLEST
from workbench.query.nodes import (
    Binary,
    BindName,
    Call,
    In,
    Literal,
    Logic,
    Name,
    Node,
    Pair,
    Range,
    Unary,
    iter_nodes,
    strip_parens,
)
from workbench.query.shapes import REGION_FUNCTIONS
from workbench.query.values import kind_of

__all__ = ["MAX_CONDITIONS", "MAX_PLAIN", "is_plain"]

MAX_PLAIN = 100
"""Comparisons in one condition that the database gets."""

MAX_CONDITIONS = 30
"""Conditions of one expression that the database gets: to tell what each drops is a query a condition."""

_EQUALITIES = ("=", "!=")
_COMPARISONS = (*_EQUALITIES, "<", "<=", ">", ">=")


def is_plain(node: Node, catalogue: Catalogue) -> bool:
    """Tell whether every database answers a condition alike.

    Parameters
    ----------
    node : `~workbench.query.nodes.Node`
        A condition on the Butler's own columns.
    catalogue : `Catalogue`
        What its names stand for.

    Returns
    -------
    is_plain : `bool`
        Whether the Butler may evaluate it.
    """
    inner = strip_parens(node)
    if isinstance(inner, Binary) and inner.operator == "OVERLAPS":
        sides = (strip_parens(inner.left), strip_parens(inner.right))
        if not any(_kind(side, catalogue) in ("region", "timespan") for side in sides):
            return False
        return all(_is_shape(side, catalogue) for side in sides) and not _is_one_family(sides, catalogue)
    if not any(isinstance(part, Name) and _is_column(part, catalogue) for part in iter_nodes(inner)):
        return False  # Databases need not type a condition without columns alike.
    if catalogue.expression.count("(", node.start, node.end) > MAX_PLAIN // 2:
        return False  # The Butler walks through parentheses by recursion.
    return _count(inner, catalogue, negated=False)[1] <= MAX_PLAIN


_REFUSED = (1, MAX_PLAIN + 1)


def _count(node: Node, catalogue: Catalogue, *, negated: bool) -> tuple[int, int]:
    """Count groups and comparisons after the Butler has multiplied out; more than allowed if not plain."""
    node = strip_parens(node)
    match node:
        case Unary(operator="NOT", operand=operand):
            return _count(operand, catalogue, negated=not negated)
        case Logic(operator=operator, operands=operands):
            if len(operands) > MAX_PLAIN:
                return _REFUSED
            parts = [_count(operand, catalogue, negated=negated) for operand in operands]
            if (operator == "AND") is not negated:
                return sum(groups for groups, _ in parts), sum(leaves for _, leaves in parts)
            groups, leaves = 1, 0
            for more, of_more in parts:
                groups, leaves = groups * more, leaves * more + of_more * groups
                if leaves > MAX_PLAIN:
                    return _REFUSED
            return groups, leaves
        case In(values=values):
            n_values = _count_values(node, catalogue)
            if not 0 < n_values <= MAX_PLAIN:
                return _REFUSED
            return (n_values if negated is not node.negated else 1), max(n_values, len(values))
        case Binary(operator=operator) if operator in _COMPARISONS:
            return (1, 1) if _is_plain_comparison(node, catalogue) else _REFUSED
        case Call(function="GLOB", arguments=(member, Literal(value=str(pattern)))):
            if _kind(strip_parens(member), catalogue) != "string" or not _is_column(member, catalogue):
                return _REFUSED
            # The Butler's NOT of it is an operator that SQLAlchemy takes to be of another type, and warns.
            is_odd = set(pattern) & set("\\[]") or len(pattern) > MAX_PLAIN
            return _REFUSED if is_odd or negated else (1, 1)
        case Name() if _is_column(node, catalogue) and _kind(node, catalogue) == "bool":
            return (1, 1)
    return _REFUSED


def _is_plain_comparison(node: Binary, catalogue: Catalogue) -> bool:
    sides = (strip_parens(node.left), strip_parens(node.right))
    columns = [_is_column(side, catalogue) for side in sides]
    kinds = [_kind(side, catalogue) for side in sides]
    if not any(columns) or not all(kinds):
        return False
    if "null" in kinds:
        return node.operator in _EQUALITIES
    if kinds[0] == kinds[1]:
        return kinds[0] in ("int", "float", "time") or (kinds[0] == "string" and node.operator in _EQUALITIES)
    # A float against an integer that is written down; both sides as columns are compared in two ways.
    of_column, of_value = kinds if columns[0] else reversed(kinds)
    return not all(columns) and (of_column, of_value) == ("float", "int")


def _count_values(node: In, catalogue: Catalogue) -> int:
    """Count the values of a list; 0 where they are not plain."""
    member = strip_parens(node.member)
    own = _kind(member, catalogue)
    if not _is_column(member, catalogue) or own not in ("int", "float", "string"):
        return 0
    kinds = {own, "null"} | ({"int"} if own == "float" else set())
    if len(node.values) > MAX_PLAIN:
        return 0
    count = 0
    for value in node.values:
        if isinstance(value, Range):
            # The rest of a negative number is negative in SQL.
            if own != "int" or value.first < 0:
                return 0
            count += 1
            continue
        meaning = catalogue.resolve(value) if isinstance(value, Name | BindName) else None
        if isinstance(meaning, BindValue) and isinstance(meaning.value, list | tuple | set | frozenset):
            found: Sequence[object] = list(meaning.value)
            if len(found) > MAX_PLAIN or not {kind_of(one) for one in found} <= {own}:
                return 0
            count += max(1, len(found))
        elif _kind(value, catalogue) in kinds and not _is_column(value, catalogue):
            count += 1
        else:
            return 0
    return count


def _is_column(node: Node, catalogue: Catalogue) -> bool:
    node = strip_parens(node)
    return isinstance(node, Name | BindName) and isinstance(
        catalogue.resolve(node), DimensionKey | RecordField
    )


def _kind(node: Node, catalogue: Catalogue) -> str:
    """Return the type of a column or of a plain value; nothing for all else."""
    match node:
        case Literal():
            # The Butler reads the sign of the smallest integer alone, and then what is too large.
            return "" if node.value == SMALLEST else node.kind
        case Name() | BindName():
            match catalogue.resolve(node):
                case DimensionKey() | RecordField() as column:
                    return column.kind
                case Null():
                    return "null"
                case BindValue(value=value):
                    return kind_of(value.item() if isinstance(value, np.generic) else value) or ""
    return ""


def _is_one_family(sides: Sequence[Node], catalogue: Catalogue) -> bool:
    """Tell whether both sides are regions, or spans of time, between which the Butler makes no join."""
    columns = [catalogue.resolve(side) for side in sides if isinstance(side, Name)]
    fields = [column for column in columns if isinstance(column, RecordField)]
    if len(fields) != len(sides):
        return False
    one, other = (catalogue.group.universe[column.element] for column in fields)
    return one.spatial == other.spatial if fields[0].kind == "region" else one.temporal == other.temporal


def _is_shape(node: Node, catalogue: Catalogue) -> bool:
    """Tell whether a side of ``OVERLAPS`` is one that the Butler takes as it is."""
    match node:
        case Call(function=function) if function in REGION_FUNCTIONS:
            return True
        case Pair(first=first, second=second):
            return {_kind(first, catalogue), _kind(second, catalogue)} <= {"time", "null"}
        case Name() | BindName():
            meaning = catalogue.resolve(node)
            return isinstance(meaning, BindValue) or _kind(node, catalogue) in ("region", "timespan", "time")
        case Literal(kind="time"):
            return True
    return False
