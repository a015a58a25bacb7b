"""The Butler's own parser of expressions, the only private names used here.

The parser gives trees without places, so the tokens are read once more and
matched with the leaves of the tree, which come in the same order.
"""

from __future__ import annotations

import importlib.metadata
import logging
import re
import warnings
from collections.abc import Callable, Generator, Sequence
from typing import NoReturn, TypeAlias, cast

from lsst.daf.butler.queries.expressions.parser import exprTree, parse_expression, parserLex, parserYacc

from workbench.query.advice import advise
from workbench.query.limits import SMALLEST, find_fault, shorten
from workbench.query.nodes import (
    MAX_DEPTH,
    Binary,
    BindName,
    Call,
    In,
    Literal,
    LiteralKind,
    Logic,
    LogicOperator,
    Name,
    Node,
    Pair,
    Parens,
    Range,
    Unary,
    find_too_deep,
    strip_parens,
)
from workbench.query.pointing import make_error
from workbench.query.tokens import LongLists, Token, find_long_lists, fold_lists, read_uuid
from workbench.snapshot import mjd_from_time

__all__ = ["CHECKED_VERSIONS", "parse"]

CHECKED_VERSIONS = ("30.2026.4300",)
"""Releases of lsst-daf-butler whose parser this module was tested with."""

_FIRST_DAY, _LAST_DAY = 40587.0, 88069.0
"""MJD TAI of 1970-01-01 and 2100-01-01, between which the Butler's times are."""

_LOG = logging.getLogger(__name__)
_FUNCTIONS: dict[type[exprTree.Node], str] = {
    exprTree.PointNode: "POINT",
    exprTree.CircleNode: "CIRCLE",
    exprTree.BoxNode: "BOX",
    exprTree.PolygonNode: "POLYGON",
    exprTree.RegionNode: "REGION",
    exprTree.GlobNode: "GLOB",
}

_Steps: TypeAlias = Generator[exprTree.Node, Node, Node]
"""The conversion of a node: asks for its children one by one, and ends with the result."""


def parse(expression: str) -> Node | None:
    """Parse an expression of the Butler's ``where`` grammar.

    Parameters
    ----------
    expression : `str`
        The expression.

    Returns
    -------
    tree : `workbench.query.nodes.Node` or `None`
        The tree; `None` for an empty expression.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the parser does not understand the expression, if it is
        nested deeper than `MAX_DEPTH`, or if a literal is none that a column
        can hold.
    """
    # Lines that end as on Windows; the places stay the same.
    spaced = re.sub(r"[\r\f\v]", " ", expression)
    if not spaced.strip():
        return None
    tokens = _read_tokens(spaced)
    lists = find_long_lists(tokens)
    try:
        tree = parse_expression(fold_lists(spaced, tokens, lists))
    except parserYacc.ParseError as error:
        what = f"The expression is not understood at or near {shorten(str(error.token))!r}."
        raise make_error(expression, error.pos, what, advise(expression, error.pos)) from error
    except parserYacc.ParserEOFError as error:
        end = len(expression.rstrip())
        raise make_error(expression, end, "The expression ends where more is expected.") from error
    except (parserYacc.ParserYaccError, TypeError, ValueError, ArithmeticError) as error:
        # Wrong arguments of functions and values of IN are found while the
        # tree is made, without a place.
        what = f"The expression is not understood: {shorten(str(error), 300)}"
        raise make_error(expression, None, what) from error
    if tree is None:
        return None
    node = _Converter(expression, tokens, lists).convert_all(tree)
    if (deep := find_too_deep(node)) is not None:
        raise make_error(
            expression,
            deep.start,
            f"The expression is nested deeper than {MAX_DEPTH} levels here.",
            "AND and OR join however many conditions on one level; a long list belongs in IN (...), or in a "
            "saved set: in_set('NAME').",
        )
    return node


def _read_tokens(expression: str) -> list[Token]:
    lexer = parserLex.ParserLex.make_lexer()
    lexer.input(expression)
    tokens = []
    try:
        while (token := lexer.token()) is not None:
            tokens.append(Token(token.type, token.lexpos, lexer.lexpos))
    except parserLex.ParserLexError as error:
        what = f"The character {expression[error.pos]!r} has no meaning in an expression."
        raise make_error(expression, error.pos, what, advise(expression, error.pos)) from error
    except ValueError as error:
        # Python makes no number of more than some thousand digits.
        at = tokens[-1].end if tokens else 0
        raise make_error(expression, at, "A number here has too many digits.") from error
    return tokens


class _Converter:
    """Walks the Butler's tree and its tokens side by side.

    Parameters
    ----------
    expression : `str`
        The expression, for messages.
    tokens : `list` [ `Token` ]
        Its tokens.
    lists : `LongLists`
        Long lists, of which the tree has the first value only.
    """

    def __init__(self, expression: str, tokens: list[Token], lists: LongLists):
        self._expression = expression
        self._tokens = tokens
        self._lists = lists
        self._next = 0

    def convert_all(self, tree: exprTree.Node) -> Node:
        # A stack of our own: a thousand parentheses are more calls than Python allows.
        stack: list[_Steps] = [self._begin(tree)]
        node: Node | None = None
        while stack:
            try:
                child = next(stack[-1]) if node is None else stack[-1].send(node)
            except StopIteration as done:
                node = done.value
                stack.pop()
            else:
                node = None
                stack.append(self._begin(child))
        assert node is not None, "the stack begins with a node"
        if self._next != len(self._tokens):
            self._fail()
        return node

    def _fail(self) -> NoReturn:
        version = importlib.metadata.version("lsst-daf-butler")
        _LOG.error("expression parser of lsst-daf-butler %s; tested with %s", version, CHECKED_VERSIONS)
        raise make_error(
            self._expression,
            None,
            f"The expression parser of lsst-daf-butler {version} gives a tree that this release of the "
            f"workbench does not know; it was tested with {', '.join(CHECKED_VERSIONS)}.",
        )

    def _take(self, *kinds: str) -> Token:
        if self._next >= len(self._tokens) or self._tokens[self._next].kind not in kinds:
            self._fail()
        self._next += 1
        return self._tokens[self._next - 1]

    def _peek(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else ""

    def _begin(self, tree: exprTree.Node) -> _Steps:
        convert = _CONVERSIONS.get(type(tree)) or self._fail()
        made = convert(self, tree)
        return made if isinstance(made, Generator) else _finished(made)

    def _binary(self, tree: exprTree.BinaryOp) -> _Steps:
        # Operators bind to the left: a thousand of them are a tree that is as deep.
        spine = [tree]
        while isinstance(spine[-1].lhs, exprTree.BinaryOp):
            spine.append(spine[-1].lhs)
        left: Node = yield spine[-1].lhs
        joined: list[Node] = []
        joining: LogicOperator = "AND"
        start = end = left.start
        for operation in reversed(spine):
            operator: str = operation.op.upper()
            if joined and operator != joining:
                left = Logic(joining, tuple(joined), start, end)
                joined = []
            self._next += 1
            right = yield operation.rhs
            if operator in ("AND", "OR"):
                joining, end = cast("LogicOperator", operator), right.end
                joined += [*([] if joined else _operands(left, joining)), *_operands(right, joining)]
            else:
                left = Binary(operator, left, right, left.start, right.end)
        return Logic(joining, tuple(joined), start, end) if joined else left

    def _unary(self, tree: exprTree.UnaryOp) -> _Steps:
        token = self._take("NOT", "ADD", "SUB")
        if token.kind == "SUB" and getattr(tree.operand, "value", "") == str(-SMALLEST):
            # The smallest integer has no positive counterpart.
            return self._literal(SMALLEST, "int", token.start, self._take("NUMERIC_LITERAL").end)
        operand = yield tree.operand
        return Unary(tree.op, operand, token.start, operand.end)

    def _parens(self, tree: exprTree.Parens) -> _Steps:
        first = self._take("LPAREN")
        inner = yield tree.expr
        return Parens(strip_parens(inner), first.start, self._take("RPAREN").end)

    def _pair(self, tree: exprTree.TupleNode) -> _Steps:
        first = self._take("LPAREN")
        begin = yield tree.items[0]
        self._take("COMMA")
        end = yield tree.items[1]
        return Pair(begin, end, first.start, self._take("RPAREN").end)

    def _is_in(self, tree: exprTree.IsIn) -> _Steps:
        member = yield tree.lhs
        if tree.not_in:
            self._take("NOT")
        self._take("IN")
        opened = self._next
        self._take("LPAREN")
        values: list[Node] = []
        if long := self._lists.get(opened):
            values += [self._listed(self._tokens[first], self._tokens[last]) for first, last in long]
            self._next = long[-1][1] + 1
        else:
            for value in tree.values:
                if values:
                    self._take("COMMA")
                values.append((yield value))
        return In(member, tuple(values), tree.not_in, member.start, self._take("RPAREN").end)

    def _listed(self, first: Token, last: Token) -> Node:
        """Convert a value of a long list: a token, a sign and a token, or a call."""
        text = self._expression[last.start : last.end]
        match last.kind:
            case "SIMPLE_IDENTIFIER":
                return Name(text, last.start, last.end)
            case "BIND_NAME":
                return BindName(text.removeprefix(":"), last.start, last.end)
            case "RPAREN":
                try:
                    value = read_uuid(self._expression[first.start : last.end])
                except ValueError as error:
                    raise make_error(self._expression, first.start, str(error)) from error
                return Literal(value, "uuid", first.start, last.end)
            case "STRING_LITERAL":
                return self._literal(text[1:-1], "string", last.start, last.end)
            case "RANGE_LITERAL":
                begin, _, rest = text.partition("..")
                end, _, stride = rest.partition(":")
                return self._make_range(int(begin), int(end), int(stride or 1), last)
        sign = self._expression[first.start] if first is not last else ""
        return self._literal(_to_number(sign + text), None, first.start, last.end)

    def _literal(self, value: float | str, kind: LiteralKind | None, start: int, end: int) -> Literal:
        if fault := find_fault(value):
            raise make_error(self._expression, start, fault)
        return Literal(value, kind or ("int" if isinstance(value, int) else "float"), start, end)

    def _make_range(self, first: int, last: int, stride: int, token: Token) -> Range:
        for value in (first, last, stride):
            if fault := find_fault(value):
                raise make_error(self._expression, token.start, fault)
        if last < first:
            raise make_error(self._expression, token.start, "The range ends before it begins.")
        return Range(first, last, stride, token.start, token.end)

    def _number(self, tree: exprTree.NumericLiteral) -> Node:
        start = None
        if self._peek() in ("ADD", "SUB"):
            start = self._take("ADD", "SUB").start
        token = self._take("NUMERIC_LITERAL")
        return self._literal(_to_number(tree.value), None, token.start if start is None else start, token.end)

    def _string(self, tree: exprTree.StringLiteral) -> Node:
        token = self._take("STRING_LITERAL")
        return self._literal(tree.value, "string", token.start, token.end)

    def _time(self, tree: exprTree.TimeLiteral) -> Node:
        token = self._take("TIME_LITERAL")
        with warnings.catch_warnings():
            # Of years far away, whose leap seconds nobody knows.
            warnings.simplefilter("ignore")
            day = float(tree.value.tai.mjd)
        if not _FIRST_DAY < day < _LAST_DAY:
            raise make_error(
                self._expression,
                token.start,
                "A time of the repository lies between 1970-01-01 and 2100-01-01, and this one does not.",
                "A number is MJD: is this one a Julian date, or a day_obs?",
            )
        return Literal(mjd_from_time(tree.value), "time", token.start, token.end)

    def _range(self, tree: exprTree.RangeLiteral) -> Node:
        token = self._take("RANGE_LITERAL")
        return self._make_range(tree.start, tree.stop, tree.stride or 1, token)

    def _name(self, tree: exprTree.Identifier) -> Node:
        token = self._take("SIMPLE_IDENTIFIER", "QUALIFIED_IDENTIFIER")
        return Name(tree.name, token.start, token.end)

    def _bind(self, tree: exprTree.BindName) -> Node:
        token = self._take("BIND_NAME")
        return BindName(tree.name, token.start, token.end)

    def _uuid(self, tree: exprTree.UuidLiteral) -> Node:
        first, last = self._take_call()
        return Literal(str(tree.value), "uuid", first.start, last.end)

    def _call(self, tree: exprTree.FunctionCall) -> _Steps:
        first = self._take("SIMPLE_IDENTIFIER")
        self._take("LPAREN")
        arguments: list[Node] = []
        for argument in tree.args:
            if arguments:
                self._take("COMMA")
            arguments.append((yield argument))
        return Call(tree.name, tuple(arguments), first.start, self._take("RPAREN").end)

    def _region(self, tree: exprTree.Node) -> Node:
        # Their tokens are not in the order of the tree, so that all parts get
        # the place of the whole.
        first, last = self._take_call()
        parts = [self._make_part(child, first.start, last.end) for child in tree.children]
        return Call(_FUNCTIONS[type(tree)], tuple(parts), first.start, last.end)

    def _make_part(self, tree: exprTree.Node, start: int, end: int) -> Node:
        match tree:
            case exprTree.Identifier(name=name):
                return Name(name, start, end)
            case exprTree.BindName(name=name):
                return BindName(name, start, end)
            case exprTree.StringLiteral(value=value):
                return self._literal(value, "string", start, end)
            case exprTree.NumericLiteral(value=value):
                return self._literal(float(value), "float", start, end)
            case exprTree.UnaryOp(op=sign, operand=operand):
                return Unary(sign, self._make_part(operand, start, end), start, end)
        return self._fail()

    def _take_call(self) -> tuple[Token, Token]:
        """Take a function's name and everything to its closing parenthesis."""
        first = self._take("SIMPLE_IDENTIFIER")
        last = self._take("LPAREN")
        depth = 1
        while depth:
            last = self._tokens[self._next]
            depth += (last.kind == "LPAREN") - (last.kind == "RPAREN")
            self._next += 1
        return first, last


def _finished(node: Node) -> _Steps:
    """Make the conversion of a node without children, which is converted already."""
    yield from ()
    return node


def _operands(node: Node, operator: LogicOperator) -> Sequence[Node]:
    """Return the conditions that a node joins by an operator; the node itself where it joins none."""
    inner = strip_parens(node)
    return inner.operands if isinstance(inner, Logic) and inner.operator == operator else (node,)


def _to_number(text: str) -> float:
    """Convert the text of a number; of an integer that no column can hold the beginning will do."""
    return int(text[:100]) if text.lstrip("+-").isdigit() else float(text)


_CONVERSIONS: dict[type[exprTree.Node], Callable[..., Node | _Steps]] = {
    exprTree.BinaryOp: _Converter._binary,
    exprTree.UnaryOp: _Converter._unary,
    exprTree.Parens: _Converter._parens,
    exprTree.TupleNode: _Converter._pair,
    exprTree.IsIn: _Converter._is_in,
    exprTree.NumericLiteral: _Converter._number,
    exprTree.StringLiteral: _Converter._string,
    exprTree.TimeLiteral: _Converter._time,
    exprTree.RangeLiteral: _Converter._range,
    exprTree.Identifier: _Converter._name,
    exprTree.BindName: _Converter._bind,
    exprTree.UuidLiteral: _Converter._uuid,
    exprTree.FunctionCall: _Converter._call,
    **dict.fromkeys(_FUNCTIONS, _Converter._region),
}
