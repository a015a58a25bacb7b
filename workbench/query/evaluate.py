"""Three-valued evaluation of a conjunct as a polars expression.

True, false and null behave as in SQL: a comparison with null is null,
``AND``, ``OR`` and ``NOT`` are Kleene's, and only true rows are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from workbench.query.columns import BindValue, Catalogue, Kind, Null, TableColumn
from workbench.query.nodes import Binary, BindName, Call, In, Literal, Name, Node, Pair, Parens, Range, Unary
from workbench.query.shapes import REGION_FUNCTIONS, make_region_test, overlap_times
from workbench.query.values import compare_kinds, divide, make_values, remainder

__all__ = ["Evaluator", "Operand"]

_COMPARISONS: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_NUMBERS = ("int", "float")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value in an expression.

    Attributes
    ----------
    value : `polars.Expr`
        How it is computed from the columns of a frame.
    kind : `str`
        What it is; ``bool`` for conditions.
    """

    value: pl.Expr
    kind: Kind


class Evaluator:
    """Turns the tree of a condition into a polars expression.

    Parameters
    ----------
    catalogue : `Catalogue`
        What names stand for.
    leaves : `~collections.abc.Mapping` [ `Node`, `Operand` ]
        Parts of the tree that are columns of the frame already: membership
        in sets, aggregates, and conditions on tables with several rows for a
        data ID.
    """

    def __init__(self, catalogue: Catalogue, leaves: Mapping[Node, Operand]):
        self._catalogue = catalogue
        self._leaves = leaves

    def condition(self, node: Node) -> pl.Expr:
        """Compile a condition.

        Parameters
        ----------
        node : `workbench.query.nodes.Node`
            Its tree.

        Returns
        -------
        expression : `polars.Expr`
            True, false or null for each row.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised if the types do not fit, or if a function can only be
            evaluated by the Butler.
        """
        operand = self._compile(node)
        if operand.kind != "bool":
            raise self._catalogue.error(
                node,
                f"A condition is expected here, and this is of type {operand.kind}.",
                "Compare it with a value.",
            )
        return operand.value

    def operand(self, node: Node) -> Operand:
        """Compile a value or a condition.

        Parameters
        ----------
        node : `workbench.query.nodes.Node`
            Its tree.

        Returns
        -------
        operand : `Operand`
            How it is computed, and of which type it is.

        Raises
        ------
        workbench.errors.ExpressionError
            Raised as by `condition`.
        """
        return self._compile(node)

    def _compile(self, node: Node) -> Operand:
        if node in self._leaves:
            return self._leaves[node]
        match node:
            case Literal(value=value, kind=kind):
                return Operand(pl.lit(value), kind)
            case Name() | BindName():
                return self._name(node)
            case Parens(inner=inner):
                return self._compile(inner)
            case Unary(operator="NOT", operand=operand):
                return Operand(~self.condition(operand), "bool")
            case Unary(operator=sign, operand=operand):
                return self._signed(node, sign, self._compile(operand))
            case Binary(operator="AND", left=left, right=right):
                return Operand(self.condition(left) & self.condition(right), "bool")
            case Binary(operator="OR", left=left, right=right):
                return Operand(self.condition(left) | self.condition(right), "bool")
            case Binary(operator=operator) if operator in _COMPARISONS:
                return self._comparison(node)
            case Binary(operator="OVERLAPS"):
                return self._overlap(node)
            case Binary():
                return self._arithmetic(node)
            case In():
                return self._membership(node)
            case Call(function=function):
                raise self._butler_only(node, f"{function}()")
            case Range():
                raise self._catalogue.error(node, "A range belongs in the parentheses of IN (...).")
            case Pair():
                raise self._butler_only(node, "A pair of times")

    def _butler_only(self, node: Node, what: str) -> Exception:
        return self._catalogue.error(
            node,
            f"{what} cannot be combined with extension tables or sets by OR, NOT or arithmetic.",
            "Write it as a condition of its own, joined to the others by AND: the Butler evaluates it then.",
        )

    def _overlap(self, node: Binary) -> Operand:
        left, right = self._span(node.left), self._span(node.right)
        if left is not None and right is not None:
            return Operand(overlap_times(left, right), "bool")
        for region, shape in ((node.left, node.right), (node.right, node.left)):
            column = self._catalogue.resolve(region) if isinstance(region, Name) else None
            if not (isinstance(column, TableColumn) and column.kind == "region"):
                continue
            if not (isinstance(shape, Call) and shape.function in REGION_FUNCTIONS):
                raise self._catalogue.error(
                    shape,
                    "A region of a table is compared with POINT, CIRCLE, BOX, POLYGON or REGION of numbers.",
                    "To join tables on the sky, expand a set along the repository's own regions.",
                )
            try:
                test = make_region_test(shape)
            except (ValueError, RuntimeError) as error:
                raise self._catalogue.error(shape, f"This is no region: {error}.") from error
            value = pl.col(column.label).map_elements(test, return_dtype=pl.Boolean, skip_nulls=True)
            return Operand(value, "bool")
        raise self._butler_only(node, "OVERLAPS of the Butler's own columns")

    def _span(self, node: Node) -> tuple[pl.Expr, pl.Expr] | None:
        """Return begin and end of what is a span of time."""
        match node:
            case Parens(inner=inner):
                return self._span(inner)
            case Pair(first=first, second=second):
                return self._end(first, -math.inf), self._end(second, math.inf)
            case Name():
                column = self._catalogue.resolve(node)
                if isinstance(column, TableColumn) and column.kind == "timespan":
                    return pl.col(f"{column.label}_begin"), pl.col(f"{column.label}_end")
        return None

    def _end(self, node: Node, unbounded: float) -> pl.Expr:
        operand = self._compile(node)
        if operand.kind == "null":
            return pl.lit(unbounded)
        if operand.kind != "time":
            raise self._catalogue.error(node, f"A time is expected here, and this is of type {operand.kind}.")
        return operand.value

    def _name(self, node: Name | BindName) -> Operand:
        match self._catalogue.resolve(node):
            case Null():
                return Operand(pl.lit(None), "null")
            case BindValue(value=value):
                values = make_values(self._catalogue, node, value)
                if len(values) != 1 or isinstance(value, list | tuple | set | frozenset):
                    raise self._catalogue.error(node, f"{node.name!r} is a collection: use it in IN (...).")
                return Operand(pl.lit(values[0][0]), values[0][1])
            case column:
                if isinstance(column, TableColumn) and column.kind in ("region", "timespan"):
                    raise self._catalogue.error(node, f"{node.name!r} can only be tested by OVERLAPS.")
                if column.kind in ("region", "timespan", "hash"):
                    raise self._butler_only(node, f"A column of type {column.kind}")
                return Operand(pl.col(column.label), column.kind)

    def _signed(self, node: Unary, sign: str, operand: Operand) -> Operand:
        if operand.kind not in _NUMBERS:
            raise self._catalogue.error(node, f"{sign!r} is for numbers, and this is of type {operand.kind}.")
        return Operand(-operand.value, operand.kind) if sign == "-" else operand

    def _comparison(self, node: Binary) -> Operand:
        left, right = self._compile(node.left), self._compile(node.right)
        if "null" in (left.kind, right.kind):
            if node.operator not in ("=", "!="):
                raise self._catalogue.error(
                    node, f"NULL can only be compared by = and !=, not by {node.operator}."
                )
            tested = (right if left.kind == "null" else left).value
            return Operand(tested.is_null() if node.operator == "=" else tested.is_not_null(), "bool")
        compare_kinds(self._catalogue, node, left.kind, right.kind, ordered=node.operator not in ("=", "!="))
        return Operand(_COMPARISONS[node.operator](left.value, right.value), "bool")

    def _arithmetic(self, node: Binary) -> Operand:
        left, right = self._compile(node.left), self._compile(node.right)
        kinds = (left.kind, right.kind)
        if any(kind not in _NUMBERS for kind in kinds):
            raise self._catalogue.error(
                node, f"{node.operator!r} is for numbers, and this is of types {' and '.join(kinds)}."
            )
        kind: Kind = "int" if kinds == ("int", "int") else "float"
        match node.operator:
            case "+":
                return Operand(left.value + right.value, kind)
            case "-":
                return Operand(left.value - right.value, kind)
            case "*":
                return Operand(left.value * right.value, kind)
            case "/":
                return Operand(divide(left.value, right.value, is_int=kind == "int"), kind)
            case _:
                if kind != "int":
                    raise self._catalogue.error(node, "'%' is for integers.")
                return Operand(remainder(left.value, right.value), kind)

    def _membership(self, node: In) -> Operand:
        member = self._compile(node.member)
        found: list[pl.Expr] = []
        scalars: list[object] = []
        for value in node.values:
            if isinstance(value, Range):
                if member.kind != "int":
                    raise self._catalogue.error(
                        value, f"A range is for integers, not for type {member.kind}."
                    )
                if value.last < value.first:
                    raise self._catalogue.error(value, "The range ends before it begins.")
                inside = (member.value >= value.first) & (member.value <= value.last)
                # Differences of integers: no value wraps around.
                found.append(inside & ((member.value - value.first) % value.stride == 0))
                continue
            for scalar, kind in self._scalars(value):
                if kind == "null":
                    found.append(member.value.is_null())
                    continue
                compare_kinds(self._catalogue, value, member.kind, kind, ordered=False)
                scalars.append(scalar)
        if scalars:
            is_found = member.value.is_in(scalars)
            found.append(pl.when(member.value.is_not_null()).then(is_found))
        result = pl.any_horizontal(found) if found else pl.lit(False)
        return Operand(~result if node.negated else result, "bool")

    def _scalars(self, node: Node) -> list[tuple[object, Kind]]:
        match node:
            case Literal(value=value, kind=kind):
                return [(value, kind)]
            case Name() | BindName():
                meaning = self._catalogue.resolve(node)
                if isinstance(meaning, BindValue):
                    return make_values(self._catalogue, node, meaning.value)
                if isinstance(meaning, Null):
                    return [(None, "null")]
                raise self._catalogue.error(
                    node, f"{node.name!r} is a column; IN (...) takes values and binds."
                )
            case _:
                raise self._catalogue.error(node, "IN (...) takes literals, ranges and binds.")
