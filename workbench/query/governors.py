"""Governor dimensions that a condition leaves open: the Butler's rule, for whoever evaluates.

A number of a visit says nothing without its instrument, nor that of a tract
without its sky map.  A condition on such a dimension whose governor the
expression does not compare with anything is an error where the repository has
several; where it has one, that one is filled in, and said.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsst.daf.butler import Butler, Dimension, DimensionUniverse

from workbench.errors import ExpressionError
from workbench.query.columns import Catalogue, DimensionKey, RecordField, TableColumn
from workbench.query.conjuncts import Conjunct
from workbench.query.nodes import Binary, BindName, Call, Name, Node, iter_nodes, strip_parens
from workbench.query.pointing import list_some
from workbench.snapshot import read_dimension_records

__all__ = ["Filled", "fill_governors", "names_governor", "route_governed"]


@dataclass(frozen=True, slots=True)
class Filled:
    """A governor that was filled in.

    Parameters
    ----------
    governor, value : `str`
        The dimension, and the only value that it has in the repository.
    dimension : `str`
        What needs it.
    """

    governor: str
    value: str
    dimension: str

    @property
    def text(self) -> str:
        """The condition, as one would write it."""
        return f"{self.governor} = '{self.value}'"

    @property
    def note(self) -> str:
        """A sentence that says so."""
        return (
            f"{self.text} was filled in: {self.dimension} has a meaning within one {self.governor} only, "
            "and there is no other here"
        )


def fill_governors(
    butler: Butler, catalogue: Catalogue, conjuncts: Sequence[Conjunct], given: Iterable[str] = ()
) -> list[Filled]:
    """Fill in the governors that an expression leaves open.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository; nothing is written.
    catalogue : `Catalogue`
        What the names of the expression stand for.
    conjuncts : `~collections.abc.Sequence` [ `Conjunct` ]
        All of the expression.
    given : `~collections.abc.Iterable` [ `str` ], optional
        Dimensions whose values are given beside the expression.

    Returns
    -------
    filled : `list` [ `Filled` ]
        What to add.

    Raises
    ------
    workbench.errors.ExpressionError
        Raised if a governor is open that has several values in the
        repository, or none; the message has the term to add.
    """
    beside = [catalogue.group.universe.dimensions[name] for name in given]
    closed = {one.name for one in beside}
    closed |= {name for one in conjuncts for name in _iter_closed(catalogue, one.node)}
    governed: list[tuple[Node | None, Dimension]] = [
        (None, one) for one in beside if one.governor not in (None, one)
    ]
    governed += [found for one in conjuncts for found in _iter_governed(catalogue, one.node)]
    filled: dict[str, Filled] = {}
    for node, dimension in governed:
        governor = str(dimension.governor)
        if governor in closed or governor in filled:
            continue
        known = [str(name) for name in read_dimension_records(butler, governor)[governor].to_pylist()]
        if len(known) != 1 or "'" in known[0]:
            raise _make_refusal(catalogue, node, dimension.name, governor, known)
        filled[governor] = Filled(governor, known[0], dimension.name)
    return list(filled.values())


def route_governed(
    catalogue: Catalogue, conjuncts: Sequence[Conjunct], closed: Iterable[str]
) -> list[Conjunct]:
    """Keep from the Butler what is open for it, because another evaluates the condition on the governor.

    Parameters
    ----------
    catalogue : `Catalogue`
        What the names of the expression stand for.
    conjuncts : `~collections.abc.Sequence` [ `Conjunct` ]
        All of the expression.
    closed : `~collections.abc.Iterable` [ `str` ]
        Governors that the Butler is told beside them.

    Returns
    -------
    conjuncts : `list` [ `Conjunct` ]
        The same, some of them for frames of records.
    """
    known = set(closed)
    known |= {
        name for one in conjuncts if one.home == "database" for name in _iter_closed(catalogue, one.node)
    }
    return [
        dataclasses.replace(one, home="records")
        if one.home == "database"
        and any(str(dimension.governor) not in known for _, dimension in _iter_governed(catalogue, one.node))
        else one
        for one in conjuncts
    ]


def names_governor(catalogue: Catalogue, conjunct: Conjunct) -> bool:
    """Tell whether a condition compares a governor with something.

    Parameters
    ----------
    catalogue : `Catalogue`
        What its names stand for.
    conjunct : `Conjunct`
        The condition.

    Returns
    -------
    names_governor : `bool`
        True for ``instrument = 'HSC'``, also beside others.
    """
    return any(True for _ in _iter_closed(catalogue, conjunct.node))


def _make_refusal(
    catalogue: Catalogue, node: Node | None, dimension: str, governor: str, known: Sequence[str]
) -> ExpressionError:
    if not known:
        return catalogue.error(
            node,
            f"{dimension} has a meaning within one {governor} only, its governor dimension, and the "
            f"repository has no {governor}.",
        )
    return catalogue.error(
        node,
        f"{dimension} has a meaning within one {governor} only, its governor dimension, and the expression "
        f"leaves open which.",
        f"Add {governor} = '{known[0]}' (there are: {list_some(known)}).",
    )


def _iter_governed(catalogue: Catalogue, node: Node) -> Iterator[tuple[Node, Dimension]]:
    """Find the names whose values have a meaning within a governor only."""
    universe = catalogue.group.universe
    for part in iter_nodes(node):
        if not isinstance(part, Name | BindName):
            continue
        dimension = _dimension_of(universe, catalogue.resolve(part))
        if dimension is not None and dimension.governor not in (None, dimension):
            yield part, dimension


def _dimension_of(universe: DimensionUniverse, column: object) -> Dimension | None:
    match column:
        case DimensionKey(dimension=name):
            return universe.dimensions[name]
        case TableColumn(column=name) if name in universe.dimensions.names:
            return universe.dimensions[name]
        case RecordField(element=name, field=field) if name in universe.dimensions.names:
            # Metadata, regions and times mean the same everywhere; a second name of a record does not.
            dimension = universe.dimensions[name]
            return dimension if field in dimension.alternate_keys.names else None
    return None


def _iter_closed(catalogue: Catalogue, node: Node) -> Iterator[str]:
    """Find governors that are compared with something, anywhere: `IN` does not count, as for the Butler."""
    universe = catalogue.group.universe
    for part in iter_nodes(node):
        match part:
            case Binary(operator="=" | "!=" | "<" | "<=" | ">" | ">=", left=left, right=right):
                sides = (strip_parens(left), strip_parens(right))
            case Call(function="GLOB", arguments=(member, *_)):
                sides = (strip_parens(member), member)
            case _:
                continue
        for side in sides:
            column = catalogue.resolve(side) if isinstance(side, Name) else None
            name = column.dimension if isinstance(column, DimensionKey) else None
            if isinstance(column, TableColumn):
                name = column.column
            if name in universe.governor_dimensions.names and not _has_null(sides):
                yield str(name)


def _has_null(sides: Iterable[Node]) -> bool:
    return any(isinstance(side, Name) and side.name.lower() == "null" for side in sides)
