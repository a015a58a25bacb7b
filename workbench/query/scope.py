"""What an expression speaks of, before it is evaluated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from lsst.daf.butler import DimensionGroup

from workbench.presentation import presented
from workbench.query._grammar import parse
from workbench.query.aggregates import is_aggregate
from workbench.query.columns import Catalogue, DimensionKey, RecordField, TableColumn
from workbench.query.conjuncts import IN_SET, split_conjuncts
from workbench.query.governors import fill_governors, names_governor
from workbench.query.nodes import BindName, Call, Literal, Name, iter_nodes
from workbench.registry import Registry
from workbench.snapshot import conform

__all__ = ["Term", "columns_for", "find_named_sets", "read_terms"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """A conjunct and the dimensions that it speaks of.

    Parameters
    ----------
    text : `str`
        As written.
    dimensions : `lsst.daf.butler.DimensionGroup` or `None`
        `None` where that is open: for membership in a set, for aggregates, and
        for tables whose rows have targets of several kinds.
    beside : `tuple` [ `str`, ... ]
        Those of the same expression that say of which instrument or sky map
        it is.
    operand : `str`
        The conjunct, as an operand of ``AND``.
    """

    text: str
    dimensions: DimensionGroup | None
    beside: tuple[str, ...]
    operand: str

    @property
    def where(self) -> str:
        """The conjunct with those beside it (`str`)."""
        return " AND ".join([*self.beside, self.operand])


def read_terms(registry: Registry, where: str) -> list[Term]:
    """Read what each conjunct of an expression speaks of.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    where : `str`
        The expression.

    Returns
    -------
    terms : `list` [ `Term` ]
        In the order in which they are written.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is not understood; the message points at the
        place.
    """
    universe = registry.universe
    tables = registry.tables().visible()
    catalogue = Catalogue(where, universe.empty, tables, {})
    terms = []
    conjuncts = split_conjuncts(parse(where), catalogue)
    fill_governors(registry.butler, catalogue, conjuncts)  # an error points into the whole expression
    closing = [
        (one, one.operand, universe.conform(one.dimensions(universe)).governors)
        for one in conjuncts
        if one.is_butler and names_governor(catalogue, one)
    ]
    for conjunct in conjuncts:
        is_open = any(
            isinstance(node, Call) and (node.function.lower() == IN_SET or is_aggregate(node))
            for node in iter_nodes(conjunct.node)
        )
        names: set[str] = set()
        for column in conjunct.columns:
            match column:
                case DimensionKey(dimension=dimension):
                    names.add(dimension)
                case RecordField(element=element):
                    names.update(universe.elements[element].minimal_group.names)
                case TableColumn(table=table):
                    is_open |= tables[table].declaration.nullable_dimensions
                    names.update(tables[table].declaration.dimensions)
        group = universe.conform(names)
        beside = tuple(
            operand
            for one, operand, governors in closing
            if one is not conjunct and group.governors & governors
        )
        terms.append(Term(conjunct.text, None if is_open else group, beside, conjunct.operand))
    return terms


def find_named_sets(where: str, bind: Mapping[str, object] | None = None) -> list[str]:
    """Find the saved sets that an expression asks for.

    Parameters
    ----------
    where : `str`
        The expression.
    bind : `~collections.abc.Mapping`, optional
        Values of names in it.

    Returns
    -------
    labels : `list` [ `str` ]
        What stands in ``in_set(...)``, each once.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if the expression is not understood.
    """
    labels: list[str] = []
    node = parse(where)
    for part in iter_nodes(node) if node is not None else ():
        if not isinstance(part, Call) or part.function.lower() != IN_SET or len(part.arguments) != 1:
            continue
        match part.arguments[0]:
            case Literal(value=str(label)):
                labels.append(label)
            case Name(name=name) | BindName(name=name):
                labels += [one for one in [(bind or {}).get(name)] if isinstance(one, str)]
    return list(dict.fromkeys(labels))


def columns_for(registry: Registry, dimensions: Iterable[str]) -> list[str]:
    """List the names that an expression over some dimensions may use.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry; nothing is written.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        What is selected.

    Returns
    -------
    names : `list` [ `str` ]
        Dimensions, fields of their elements, and columns of extension tables.
    """
    tables = registry.tables().visible()
    return list(Catalogue("", conform(registry.universe, dimensions), tables, {}).names)
