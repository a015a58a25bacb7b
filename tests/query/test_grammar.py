from __future__ import annotations

import json
import re
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


@pytest.mark.parametrize(
    "odd",
    [
        "NULL",
        "bound",
        ":bound",
        "UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8')",
        "uuid ( '{6BA7B810-9dad-11d1-80b4-00c04fd430c8}' )",
    ],
)
def test_what_stands_in_a_long_list_is_what_stands_in_a_short_one(odd: str) -> None:
    plain = ["'text'", "-5", "1..9:2", "+0.5"]
    short, long = (parse(f"x IN ({', '.join([odd, *plain * n, odd])})") for n in (1, 30))
    assert isinstance(short, In)
    assert isinstance(long, In)

    def tell(tree: In) -> list[str]:
        return [re.sub(r"(start|end)=\d+", "", repr(value)) for value in tree.values]

    assert tell(long) == [tell(short)[0], *tell(short)[1:-1] * 30, tell(short)[-1]]


@pytest.mark.parametrize("odd", ["UUID('x')", "GLOB('x')", "a.b", "(5)", "5 6", "", "T'nonsense'"])
def test_what_cannot_stand_in_a_list_is_refused(odd: str) -> None:
    for n in (1, 100):
        with pytest.raises(ExpressionError):
            parse(f"x IN ({'1, ' * n}{odd})")
    with pytest.raises(ExpressionError):
        parse(f"x IN ({'1, ' * 100}2")


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
