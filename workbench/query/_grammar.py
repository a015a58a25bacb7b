"""The Butler's own parser of expressions, the only private names used here.

The parser gives trees without places, so the tokens are read once more and
matched with the leaves of the tree, which come in the same order.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from lsst.daf.butler.queries.expressions.parser import exprTree, parse_expression, parserLex, parserYacc

from workbench.query.nodes import Binary, BindName, Call, In, Literal, Name, Node, Pair, Parens, Range, Unary
from workbench.query.pointing import make_error
from workbench.snapshot import mjd_from_time

__all__ = ["CHECKED_VERSIONS", "parse"]

CHECKED_VERSIONS = ("30.2026.4300",)
"""Releases of lsst-daf-butler whose parser this module was tested with."""

_LOG = logging.getLogger(__name__)
_FUNCTIONS: dict[type[exprTree.Node], str] = {
    exprTree.PointNode: "POINT",
    exprTree.CircleNode: "CIRCLE",
    exprTree.BoxNode: "BOX",
    exprTree.PolygonNode: "POLYGON",
    exprTree.RegionNode: "REGION",
    exprTree.GlobNode: "GLOB",
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    start: int
    end: int


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
        Raised if the parser does not understand the expression.
    """
    if not expression.strip():
        return None
    tokens = _read_tokens(expression)
    try:
        tree = parse_expression(expression)
    except parserYacc.ParseError as error:
        what = f"The expression is not understood at or near {error.token!r}."
        raise make_error(expression, error.pos, what, _hint(expression, error.pos)) from error
    except parserYacc.ParserEOFError as error:
        end = len(expression.rstrip())
        raise make_error(expression, end, "The expression ends where more is expected.") from error
    except (parserYacc.ParserYaccError, TypeError, ValueError) as error:
        # Wrong arguments of functions and values of IN are found while the
        # tree is made, without a place.
        raise make_error(expression, None, f"The expression is not understood: {error}") from error
    return None if tree is None else _Converter(expression, tokens).convert_all(tree)


def _read_tokens(expression: str) -> list[_Token]:
    lexer = parserLex.ParserLex.make_lexer()
    lexer.input(expression)
    tokens = []
    try:
        while (token := lexer.token()) is not None:
            tokens.append(_Token(token.type, token.lexpos, lexer.lexpos))
    except parserLex.ParserLexError as error:
        what = f"The character {expression[error.pos]!r} has no meaning in an expression."
        raise make_error(expression, error.pos, what, _hint(expression, error.pos)) from error
    return tokens


def _hint(expression: str, position: int) -> str:
    if expression[position : position + 1] in ('"', "`"):
        return "Strings are written in single quotes."
    if expression[position : position + 1] == "@":
        return "A saved set is named in a string: in_set('NAME@3')."
    if expression[position : position + 1] == "'" and expression.count("'") % 2:
        return "A string lacks its closing quote."
    if expression[position : position + 1] == "=" and expression[position - 1 : position] == "=":
        return "Equality is written with a single '='."
    return ""


class _Converter:
    """Walks the Butler's tree and its tokens side by side.

    Parameters
    ----------
    expression : `str`
        The expression, for messages.
    tokens : `list` [ `_Token` ]
        Its tokens.
    """

    def __init__(self, expression: str, tokens: list[_Token]):
        self._expression = expression
        self._tokens = tokens
        self._next = 0

    def convert_all(self, tree: exprTree.Node) -> Node:
        node = self._convert(tree)
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

    def _take(self, *kinds: str) -> _Token:
        if self._next >= len(self._tokens) or self._tokens[self._next].kind not in kinds:
            self._fail()
        self._next += 1
        return self._tokens[self._next - 1]

    def _peek(self) -> str:
        return self._tokens[self._next].kind if self._next < len(self._tokens) else ""

    def _convert(self, tree: exprTree.Node) -> Node:
        convert = _CONVERSIONS.get(type(tree))
        return self._fail() if convert is None else convert(self, tree)

    def _binary(self, tree: exprTree.BinaryOp) -> Node:
        left = self._convert(tree.lhs)
        self._next += 1
        right = self._convert(tree.rhs)
        return Binary(tree.op.upper(), left, right, left.start, right.end)

    def _unary(self, tree: exprTree.UnaryOp) -> Node:
        token = self._take("NOT", "ADD", "SUB")
        operand = self._convert(tree.operand)
        return Unary(tree.op, operand, token.start, operand.end)

    def _parens(self, tree: exprTree.Parens) -> Node:
        first = self._take("LPAREN")
        inner = self._convert(tree.expr)
        return Parens(inner, first.start, self._take("RPAREN").end)

    def _pair(self, tree: exprTree.TupleNode) -> Node:
        first = self._take("LPAREN")
        begin = self._convert(tree.items[0])
        self._take("COMMA")
        end = self._convert(tree.items[1])
        return Pair(begin, end, first.start, self._take("RPAREN").end)

    def _is_in(self, tree: exprTree.IsIn) -> Node:
        member = self._convert(tree.lhs)
        if tree.not_in:
            self._take("NOT")
        self._take("IN")
        self._take("LPAREN")
        values: list[Node] = []
        for value in tree.values:
            if values:
                self._take("COMMA")
            values.append(self._convert(value))
        return In(member, tuple(values), tree.not_in, member.start, self._take("RPAREN").end)

    def _number(self, tree: exprTree.NumericLiteral) -> Node:
        start = None
        if self._peek() in ("ADD", "SUB"):
            start = self._take("ADD", "SUB").start
        token = self._take("NUMERIC_LITERAL")
        try:
            return Literal(int(tree.value), "int", token.start if start is None else start, token.end)
        except ValueError:
            return Literal(float(tree.value), "float", token.start if start is None else start, token.end)

    def _string(self, tree: exprTree.StringLiteral) -> Node:
        token = self._take("STRING_LITERAL")
        return Literal(tree.value, "string", token.start, token.end)

    def _time(self, tree: exprTree.TimeLiteral) -> Node:
        token = self._take("TIME_LITERAL")
        return Literal(mjd_from_time(tree.value), "time", token.start, token.end)

    def _range(self, tree: exprTree.RangeLiteral) -> Node:
        token = self._take("RANGE_LITERAL")
        return Range(tree.start, tree.stop, tree.stride or 1, token.start, token.end)

    def _name(self, tree: exprTree.Identifier) -> Node:
        token = self._take("SIMPLE_IDENTIFIER", "QUALIFIED_IDENTIFIER")
        return Name(tree.name, token.start, token.end)

    def _bind(self, tree: exprTree.BindName) -> Node:
        token = self._take("BIND_NAME")
        return BindName(tree.name, token.start, token.end)

    def _uuid(self, tree: exprTree.UuidLiteral) -> Node:
        first, last = self._take_call()
        return Literal(str(tree.value), "uuid", first.start, last.end)

    def _call(self, tree: exprTree.FunctionCall) -> Node:
        first = self._take("SIMPLE_IDENTIFIER")
        self._take("LPAREN")
        arguments: list[Node] = []
        for argument in tree.args:
            if arguments:
                self._take("COMMA")
            arguments.append(self._convert(argument))
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
                return Literal(value, "string", start, end)
            case exprTree.NumericLiteral(value=value):
                return Literal(float(value), "float", start, end)
            case exprTree.UnaryOp(op=sign, operand=operand):
                return Unary(sign, self._make_part(operand, start, end), start, end)
        return self._fail()

    def _take_call(self) -> tuple[_Token, _Token]:
        """Take a function's name and everything to its closing parenthesis."""
        first = self._take("SIMPLE_IDENTIFIER")
        last = self._take("LPAREN")
        depth = 1
        while depth:
            last = self._tokens[self._next]
            depth += (last.kind == "LPAREN") - (last.kind == "RPAREN")
            self._next += 1
        return first, last


_CONVERSIONS: dict[type[exprTree.Node], Callable[..., Node]] = {
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
