"""The top-level conjuncts of an expression, and who evaluates each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lsst.daf.butler import DimensionUniverse

from workbench.query.aggregates import AGGREGATES, is_aggregate
from workbench.query.columns import BindValue, Catalogue, Column, DimensionKey, Null, RecordField, TableColumn
from workbench.query.days import check_days
from workbench.query.nodes import BindName, Call, Logic, Name, Node, iter_nodes, strip_parens
from workbench.query.routing import is_plain
from workbench.query.shapes import REGION_FUNCTIONS, make_region, write_region
from workbench.query.values import GLOB, check_bind

__all__ = ["IN_SET", "Conjunct", "Home", "join_conjuncts", "split_conjuncts", "tell_many"]

Home: TypeAlias = Literal["database", "records", "tables"]

IN_SET = "in_set"
"""Function that tests membership in a saved set."""


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
    home : `str`
        Who evaluates it: "database" for what the Butler's databases answer
        alike, "records" for other conditions on the Butler's own columns,
        "tables" for those on extension tables and saved sets.
    butler_text : `str`, optional
        What the Butler gets, where it is not the text.
    """

    text: str
    node: Node
    columns: tuple[Column, ...]
    home: Home
    butler_text: str = ""

    @property
    def is_butler(self) -> bool:
        """Whether it names the Butler's own columns only."""
        return self.home != "tables"

    @property
    def operand(self) -> str:
        """What the Butler gets, as an operand of ``AND``."""
        text = self.butler_text or self.text
        return f"({text})" if isinstance(self.node, Logic) else text

    def dimensions(self, universe: DimensionUniverse) -> set[str]:
        """Return the dimensions that a condition on the Butler's own columns speaks of.

        Parameters
        ----------
        universe : `lsst.daf.butler.DimensionUniverse`
            Of the repository.

        Returns
        -------
        names : `set` [ `str` ]
            Those that its columns need.
        """
        names: set[str] = set()
        for column in self.columns:
            match column:
                case DimensionKey(dimension=name):
                    names.update(universe.dimensions[name].minimal_group.names)
                case RecordField(element=name):
                    names.update(universe.elements[name].minimal_group.names)
        return names

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
    return [] if tree is None else [_read_conjunct(node, catalogue) for node in _iter_conjuncts(tree)]


def join_conjuncts(conjuncts: Sequence[Conjunct], home: Home) -> Conjunct:
    """Make one condition of several that must all hold.

    Parameters
    ----------
    conjuncts : `~collections.abc.Sequence` [ `Conjunct` ]
        Of one expression.
    home : `str`
        Who evaluates it.

    Returns
    -------
    conjunct : `Conjunct`
        For frames; its text tells the first and the last of them.
    """
    nodes = tuple(one.node for one in conjuncts)
    node = Logic("AND", nodes, min(one.start for one in nodes), max(one.end for one in nodes))
    columns = {column.label: column for one in conjuncts for column in one.columns}
    return Conjunct(tell_many([one.text for one in conjuncts]), node, tuple(columns.values()), home)


def tell_many(texts: Sequence[str]) -> str:
    """Tell of more conditions than can be told one by one.

    Parameters
    ----------
    texts : `~collections.abc.Sequence` [ `str` ]
        Conditions that must all hold.

    Returns
    -------
    text : `str`
        The first and the last of them, and how many there are.
    """
    return f"{texts[0]} AND ... AND {texts[-1]} ({len(texts):,} conditions)"


def _iter_conjuncts(node: Node) -> Iterator[Node]:
    inner = strip_parens(node)
    if isinstance(inner, Logic) and inner.operator == "AND":
        for operand in inner.operands:
            yield from _iter_conjuncts(operand)
    else:
        yield node


def _read_conjunct(node: Node, catalogue: Catalogue) -> Conjunct:
    columns: dict[str, Column] = {}
    is_butler = True
    for part in iter_nodes(node):
        check_days(part, catalogue)
        if isinstance(part, Call):
            if part.function.lower() == IN_SET or is_aggregate(part):
                is_butler = False
            elif part.function not in (*REGION_FUNCTIONS, GLOB):
                there_are = ", ".join([IN_SET, *AGGREGATES, *REGION_FUNCTIONS, GLOB, "UUID"])
                what = f"There is no function {part.function!r}."
                raise catalogue.error(part, what, f"Functions: {there_are}.")
        elif isinstance(part, Name | BindName):
            match catalogue.resolve(part):
                case TableColumn() as column:
                    is_butler = False
                    columns[column.label] = column
                case DimensionKey() | RecordField() as column:
                    columns[column.label] = column
                case BindValue(value=value):
                    check_bind(catalogue, part, value)
                case Null():
                    pass
    text, butler_text = catalogue.expression[node.start : node.end], _write_regions(node, catalogue)
    home: Home = "tables" if not is_butler else "database" if is_plain(node, catalogue) else "records"
    return Conjunct(text, node, tuple(columns.values()), home, butler_text)


def _write_regions(node: Node, catalogue: Catalogue) -> str:
    """Write a condition as the Butler understands its regions; nothing where it stays as it is."""
    text, place = "", node.start
    for part in iter_nodes(node):
        if isinstance(part, Call) and part.function in REGION_FUNCTIONS:
            try:
                make_region(part)
            except (ValueError, RuntimeError) as error:
                raise catalogue.error(part, f"This is no region: {error}.") from error
            if written := write_region(part):
                text += catalogue.expression[place : part.start] + written
                place = part.end
    return text and text + catalogue.expression[place : node.end]
