from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import ExpressionError
from workbench.query._grammar import parse
from workbench.query.nodes import Binary, Call, In, Literal, Logic, Name, Unary, iter_nodes


@pytest.mark.parametrize(
    "expression",
    [
        "a = 1 AND b.c < -2.5 OR NOT d.e.f != 'x y'",
        "visit IN (1..5:2, 7, :x, y) AND z NOT IN ('a')",
        "((a)) + 3 * (b - -4) / +5 % 6 >= 7",
        "in_set('x@1') AND f(1, g(2), 'a')",
        "t > T'2020-01-01' AND u = UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8')",
        "r OVERLAPS CIRCLE(1, 2, 3) OR r OVERLAPS POLYGON(1, 2, 3, 4, 5, -6)",
        "t OVERLAPS (T'2020-01-01', T'2021-01-01') AND GLOB(((a)), ('b*'))",
        "a\n=\n1",
        "NOT a AND NOT (b OR c)",
        "x = -1e-5 AND y=.5",
    ],
)
def test_every_part_has_its_place(expression: str) -> None:
    tree = parse(expression)
    assert tree is not None
    assert expression[tree.start : tree.end].strip() == expression.strip()
    nodes = list(iter_nodes(tree))
    shapes = [node for node in nodes if isinstance(node, Call) and node.function.isupper()]
    # The parts of a shape have the place of the whole.
    parts = {id(part) for shape in shapes for part in iter_nodes(shape) if part is not shape}
    for node in nodes:
        text = expression[node.start : node.end]
        if id(node) in parts:
            assert text.upper().startswith(("CIRCLE", "POLYGON", "GLOB", "POINT"))
            continue
        match node:
            case Name(name=name):
                assert text == name
            case Literal(value=value, kind="string"):
                assert text == f"'{value}'"
            case Literal(value=value, kind="int" | "float"):
                assert float(text) == value
            case Call(function=name):
                assert text.lower().startswith(name.lower())
                assert text.endswith(")")
            case Binary(left=left, right=right):
                assert (node.start, node.end) == (left.start, right.end)
            case Unary(operand=operand):
                assert node.start < operand.start
            case In():
                assert text.endswith(")")


def test_precedence_is_the_butlers() -> None:
    tree = parse("NOT a = 1 AND b = 2")
    assert isinstance(tree, Logic)
    assert tree.operator == "AND"
    first, _ = tree.operands
    assert isinstance(first, Unary)
    assert isinstance(first.operand, Binary)


@pytest.mark.parametrize("expression", ["", "  \n "])
def test_nothing(expression: str) -> None:
    assert parse(expression) is None


def test_real_expressions(real_inputs: Path) -> None:
    cases = json.loads((real_inputs / "lists" / "where_expressions.json").read_text())
    assert len(cases) > 50
    for case in cases:
        if case["accepted_by_the_butler"]:
            tree = parse(case["where"])
            assert tree is not None
            assert case["where"][tree.start : tree.end] == case["where"].strip()


def test_real_expressions_that_do_not_parse(real_inputs: Path) -> None:
    where = "instrument = 'HSC and skymap = 'hsc_rings_v1''"
    with pytest.raises(ExpressionError) as caught:
        parse(where)
    assert caught.value.position == where.index("hsc_rings")
