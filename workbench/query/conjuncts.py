"""The top-level conjuncts of an expression, and who evaluates each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.query.aggregates import AGGREGATES, is_aggregate
from workbench.query.columns import BindValue, Catalogue, Column, DimensionKey, Null, RecordField, TableColumn
from workbench.query.nodes import Binary, BindName, Call, Name, Node, Parens, iter_nodes

__all__ = ["IN_SET", "Conjunct", "split_conjuncts"]

IN_SET = "in_set"
"""Function that tests membership in a saved set."""

_BUTLER_FUNCTIONS = ("POINT", "CIRCLE", "BOX", "POLYGON", "REGION", "GLOB")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """A part of an expression that every selected row must satisfy.

    Attributes
    ----------
    text : `str`
        The part as it was written.
    node : `workbench.query.nodes.Node`
        Its tree.
    columns : `tuple` [ `Column`, ... ]
        Columns that it names, each once.
    is_butler : `bool`
        Whether the Butler can evaluate it.
    """

    text: str
    node: Node
    columns: tuple[Column, ...]
    is_butler: bool

    def is_governor(self, governors: frozenset[str]) -> bool:
        """Return whether it constrains governor dimensions only.

        Parameters
        ----------
        governors : `frozenset` [ `str` ]
            Governor dimensions of the universe.

        Returns
        -------
        is_governor : `bool`
            True for ``instrument = 'HSC'`` and the like.
        """
        named = [c.dimension if isinstance(c, DimensionKey) else None for c in self.columns]
        return self.is_butler and bool(named) and set(named) <= governors


def split_conjuncts(tree: Node | None, catalogue: Catalogue) -> list[Conjunct]:
    """Split an expression at its top-level ``AND``.

    Parameters
    ----------
    tree : `workbench.query.nodes.Node` or `None`
        The parsed expression.
    catalogue : `Catalogue`
        What its names stand for.

    Returns
    -------
    conjuncts : `list` [ `Conjunct` ]
        In the order in which they were written.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a name or a function is unknown.
    """
    return [] if tree is None else [_make_conjunct(node, catalogue) for node in _iter_conjuncts(tree)]


def _iter_conjuncts(node: Node) -> Iterator[Node]:
    inner = node
    while isinstance(inner, Parens):
        inner = inner.inner
    if isinstance(inner, Binary) and inner.operator == "AND":
        yield from _iter_conjuncts(inner.left)
        yield from _iter_conjuncts(inner.right)
    else:
        yield node


def _make_conjunct(node: Node, catalogue: Catalogue) -> Conjunct:
    columns: dict[str, Column] = {}
    is_butler = True
    for part in iter_nodes(node):
        if isinstance(part, Call):
            if part.function.lower() == IN_SET or is_aggregate(part):
                is_butler = False
            elif part.function not in _BUTLER_FUNCTIONS:
                there_are = ", ".join([IN_SET, *AGGREGATES, *_BUTLER_FUNCTIONS, "UUID"])
                what = f"There is no function {part.function!r}."
                raise catalogue.error(part, what, f"Functions: {there_are}.")
        elif isinstance(part, Name | BindName):
            match catalogue.resolve(part):
                case TableColumn() as column:
                    is_butler = False
                    columns[column.label] = column
                case DimensionKey() | RecordField() as column:
                    columns[column.label] = column
                case BindValue() | Null():
                    pass
    text = catalogue.expression[node.start : node.end]
    return Conjunct(text, node, tuple(columns.values()), is_butler)
