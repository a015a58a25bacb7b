"""Three-valued evaluation of a conjunct as a polars expression.

True, false and null behave as in SQL: a comparison with null is null,
``AND``, ``OR`` and ``NOT`` are Kleene's, and only true rows are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from workbench.query.columns import BindValue, Catalogue, Kind, Null, RecordField, TableColumn
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
    Parens,
    Range,
    Unary,
    merge_equalities,
    strip_parens,
)
from workbench.query.shapes import REGION_FUNCTIONS, make_region_test, overlap_regions, overlap_times
from workbench.query.values import (
    GLOB,
    TYPES,
    compare_kinds,
    compute,
    make_literal,
    make_pattern,
    make_values,
)

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
                return Operand(make_literal(value), kind)
            case Name() | BindName():
                return self._name(node)
            case Parens(inner=inner):
                return self._compile(inner)
            case Unary(operator="NOT", operand=operand):
                return Operand(~self.condition(operand), "bool")
            case Unary(operator=sign, operand=operand):
                return self._signed(node, sign, self._compile(operand))
            case Logic():
                return self._logic(node)
            case Binary(operator=operator) if operator in _COMPARISONS:
                return self._comparison(node)
            case Binary(operator="OVERLAPS"):
                return self._overlap(node)
            case Binary():
                return self._arithmetic(node)
            case In():
                return self._membership(node)
            case Call(function=function) if function == GLOB:
                return self._glob(node)
            case Call(function=function):
                raise self._catalogue.error(
                    node,
                    f"{function}() cannot stand here.",
                    "Regions are tested by OVERLAPS.",
                )
            case Range():
                raise self._catalogue.error(node, "A range belongs in the parentheses of IN (...).")
            case Pair():
                raise self._catalogue.error(
                    node,
                    "A pair is a range of time, which is tested by OVERLAPS.",
                    "Several values are written IN (1, 2, 5..9).",
                )

    def _logic(self, node: Logic) -> Operand:
        join = pl.all_horizontal if node.operator == "AND" else pl.any_horizontal
        # Kleene's logic; what is a column of the frame already is told by its identity.
        known = {id(part) for part in node.operands if strip_parens(part) in self._leaves}
        compared = [part for part in node.operands if id(part) not in known]
        parts = [part for part in node.operands if id(part) in known]
        parts += merge_equalities(compared, node.operator)
        return Operand(join([self.condition(part) for part in parts]), "bool")

    def _glob(self, node: Call) -> Operand:
        member, pattern = node.arguments
        operand, text = self._compile(member), self._compile(pattern)
        if operand.kind != "string" or strip_parens(member) == strip_parens(pattern):
            raise self._catalogue.error(member, f"{GLOB} searches text, and this is of type {operand.kind}.")
        match strip_parens(pattern):
            case Literal(value=str(wanted)):
                pass
            case Name() | BindName() as bound if isinstance(
                meaning := self._catalogue.resolve(bound), BindValue
            ) and isinstance(meaning.value, str):
                wanted = meaning.value
            case _:
                raise self._catalogue.error(
                    pattern, f"The pattern of {GLOB} is a text that is written down, not of type {text.kind}."
                )
        expression = make_pattern(self._catalogue, pattern, wanted)
        if wanted == "*":
            return Operand(pl.lit(True), "bool")  # of what has no text too, as for the Butler
        return Operand(operand.value.str.contains(expression), "bool")

    def _overlap(self, node: Binary) -> Operand:
        left, right = self._span(node.left), self._span(node.right)
        if left is not None and right is not None:
            return Operand(overlap_times(left, right), "bool")
        for span, at in ((left, node.right), (right, node.left)):
            if span is not None:
                operand = self._compile(at)
                if operand.kind != "time":
                    raise self._catalogue.error(
                        at,
                        f"A span of time is compared with a time or another span, not with {operand.kind}.",
                    )
                return Operand((span[0] <= operand.value) & (operand.value < span[1]), "bool")
        sides = (strip_parens(node.left), strip_parens(node.right))
        regions = [self._region(side) for side in sides]
        one, other = regions
        if one is not None and other is not None:
            value = pl.struct(one.alias("#one"), other.alias("#other")).map_elements(
                lambda row: overlap_regions(row["#one"], row["#other"]),
                return_dtype=pl.Boolean,
                skip_nulls=False,
            )
            return Operand(value, "bool")
        for region, shape in zip(regions, reversed(sides), strict=True):
            if region is None:
                continue
            if not (isinstance(shape, Call) and shape.function in REGION_FUNCTIONS):
                raise self._catalogue.error(
                    shape, "A region is compared with another, or with POINT, CIRCLE, BOX, POLYGON or REGION."
                )
            try:
                test = make_region_test(shape)
            except (ValueError, RuntimeError) as error:
                raise self._catalogue.error(shape, f"This is no region: {error}.") from error
            value = region.map_elements(test, return_dtype=pl.Boolean, skip_nulls=True)
            return Operand(value, "bool")
        raise self._catalogue.error(
            node, "OVERLAPS is of spans of time or of regions, and neither side here is one."
        )

    def _region(self, node: Node) -> pl.Expr | None:
        """Return the encoded regions, where a node is a column of them."""
        column = self._catalogue.resolve(node) if isinstance(node, Name) else None
        if isinstance(column, RecordField | TableColumn) and column.kind == "region":
            return pl.col(column.label)
        return None

    def _span(self, node: Node) -> tuple[pl.Expr, pl.Expr] | None:
        """Return begin and end of what is a span of time."""
        match node:
            case Parens(inner=inner):
                return self._span(inner)
            case Pair(first=first, second=second):
                return self._end(first, -math.inf), self._end(second, math.inf)
            case Name():
                column = self._catalogue.resolve(node)
                if isinstance(column, RecordField | TableColumn) and column.kind == "timespan":
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
                return Operand(make_literal(values[0][0]), values[0][1])
            case column:
                if column.kind in ("region", "timespan"):
                    what = f"{node.name!r} can only be tested by OVERLAPS, or compared with NULL."
                    raise self._catalogue.error(node, what, "A timespan has .begin and .end: times.")
                if column.kind == "hash":
                    raise self._catalogue.error(node, f"{node.name!r} is a hash, which no condition tests.")
                value = pl.col(column.label)
                return Operand(value.cast(pl.Int64) if column.kind == "int" else value, column.kind)

    def _signed(self, node: Unary, sign: str, operand: Operand) -> Operand:
        if operand.kind not in _NUMBERS:
            raise self._catalogue.error(node, f"{sign!r} is for numbers, and this is of type {operand.kind}.")
        if sign == "+":
            return operand
        is_int = operand.kind == "int"
        return Operand(
            compute("-", make_literal(0 if is_int else 0.0), operand.value, is_int=is_int), operand.kind
        )

    def _comparison(self, node: Binary) -> Operand:
        if (shape := self._missing_shape(node)) is not None:
            return shape
        left, right = self._compile(node.left), self._compile(node.right)
        if "null" in (left.kind, right.kind):
            if node.operator not in ("=", "!="):
                raise self._catalogue.error(
                    node, f"NULL can only be compared by = and !=, not by {node.operator}."
                )
            if left.kind == right.kind:
                raise self._catalogue.error(node, "NULL is compared with NULL here: there is no column.")
            tested = (right if left.kind == "null" else left).value
            return Operand(tested.is_null() if node.operator == "=" else tested.is_not_null(), "bool")
        advice = ""
        if isinstance(node.left, Binary) and node.left.operator in _COMPARISONS:
            advice = "Comparisons are not chained: write 1 < x AND x < 5."
        compare_kinds(
            self._catalogue,
            node,
            left.kind,
            right.kind,
            ordered=node.operator not in ("=", "!="),
            advice=advice,
        )
        return Operand(_COMPARISONS[node.operator](left.value, right.value), "bool")

    def _arithmetic(self, node: Binary) -> Operand:
        left, right = self._compile(node.left), self._compile(node.right)
        kinds = (left.kind, right.kind)
        if any(kind not in _NUMBERS for kind in kinds):
            raise self._catalogue.error(
                node, f"{node.operator!r} is for numbers, and this is of types {' and '.join(kinds)}."
            )
        kind: Kind = "int" if kinds == ("int", "int") else "float"
        if node.operator == "%" and kind != "int":
            raise self._catalogue.error(node, "'%' is for integers.")
        return Operand(compute(node.operator, left.value, right.value, is_int=kind == "int"), kind)

    def _missing_shape(self, node: Binary) -> Operand | None:
        """Compile the comparison of a region or a span of time with NULL; `None` for all others."""
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Name) and isinstance(self._catalogue.resolve(other), Null):
                span = self._span(one)
                value = self._region(strip_parens(one)) if span is None else span[0]
                if value is not None and node.operator in ("=", "!="):
                    missing = value.is_null()
                    return Operand(missing if node.operator == "=" else ~missing, "bool")
        return None

    def _membership(self, node: In) -> Operand:
        member = self._compile(node.member)
        found: list[pl.Expr] = []
        scalars: dict[Kind, list[object]] = {}
        for value in node.values:
            if isinstance(value, Range):
                if member.kind != "int":
                    raise self._catalogue.error(
                        value, f"A range is for integers, not for type {member.kind}."
                    )
                inside = (member.value >= make_literal(value.first)) & (
                    member.value <= make_literal(value.last)
                )
                # In 128 bits no difference of integers wraps around.
                rest = (member.value.cast(pl.Int128) - value.first) % value.stride
                found.append(inside & (rest == 0) if value.stride != 1 else inside)
                continue
            for scalar, kind in self._scalars(value):
                if kind == "null":
                    found.append(member.value.is_null())
                    continue
                compare_kinds(self._catalogue, value, member.kind, kind, ordered=False)
                scalars.setdefault(kind, []).append(scalar)
        for kind, wanted in scalars.items():
            # A float is looked for among floats, an integer among integers.
            mixed = kind != member.kind
            values = pl.Series(wanted, dtype=pl.Float64 if mixed else TYPES.get(kind))
            tested = member.value.cast(pl.Float64) if mixed else member.value
            found.append(pl.when(tested.is_not_null()).then(tested.is_in(values.implode())))
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
