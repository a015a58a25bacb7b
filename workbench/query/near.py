"""What there is where a condition on dimensions lets nothing through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
from lsst.daf.butler import Butler

from workbench.query.columns import Catalogue, DimensionKey
from workbench.query.conjuncts import Conjunct
from workbench.query.limits import shorten
from workbench.query.nodes import Binary, In, Literal, Name, Node, iter_nodes, strip_parens
from workbench.query.pointing import find_near_names
from workbench.snapshot import read_dimension_records

__all__ = ["describe_nothing"]

_SHOWN = 12
"""How many values a note lists."""


def describe_nothing(
    butler: Butler, catalogue: Catalogue, conjunct: Conjunct, before: pa.Table | None
) -> list[str]:
    """Say which values there are of the dimensions that a condition names.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        The repository; nothing is written.
    catalogue : `Catalogue`
        What names stand for.
    conjunct : `Conjunct`
        A condition that lets nothing through.
    before : `pyarrow.Table` or `None`
        The data IDs that it was asked of, where they are known.

    Returns
    -------
    notes : `list` [ `str` ]
        A sentence for each dimension that is compared with a value.
    """
    notes = []
    for dimension, wanted in _read_wanted(catalogue, conjunct.node).items():
        if before is not None and dimension in before.column_names:
            known = before[dimension]
        elif butler.dimensions.dimensions[dimension].has_own_table:
            known = read_dimension_records(butler, dimension)[dimension]
        else:
            continue
        values = sorted(value for value in known.unique().to_pylist() if value is not None)
        if values:
            told = _list_values(dimension, values, wanted)
            notes.append(f"nothing satisfies {shorten(conjunct.text, 100)!r}; {told}")
    return notes


def _read_wanted(catalogue: Catalogue, node: Node) -> dict[str, list[object]]:
    """Find what dimensions are compared with."""
    wanted: dict[str, list[object]] = {}
    for name, value in _iter_compared(node):
        column = catalogue.resolve(name)
        if isinstance(column, DimensionKey):
            given = wanted.setdefault(column.dimension, [])
            if isinstance(value, Literal):
                given.append(value.value)
    return wanted


def _iter_compared(node: Node) -> Iterator[tuple[Name, Node]]:
    for part in iter_nodes(node):
        match part:
            case Binary(left=left, right=right):
                sides = (strip_parens(left), strip_parens(right))
                for one, other in (sides, reversed(sides)):
                    if isinstance(one, Name):
                        yield one, other
            case In(member=member, values=values) if isinstance(strip_parens(member), Name):
                for value in values[:_SHOWN]:
                    yield strip_parens(member), value  # type: ignore[misc]


def _list_values(dimension: str, values: Sequence[object], wanted: Sequence[object]) -> str:
    if isinstance(values[0], str):
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        listed = ", ".join(repr(shorten(str(value))) for value in values[:_SHOWN])
        near = [
            text
            for value in wanted
            if isinstance(value, str) and value not in values
            if (text := find_near_names(value, [str(known) for known in values]))
        ]
        return " ".join([f"{dimension} is one of {listed}{more}", *(f"({text})" for text in near[:1])])
    numbers = [value for value in values if isinstance(value, int)]
    if len(numbers) <= _SHOWN:
        return f"{dimension} is one of {', '.join(map(str, numbers))}"
    told = f"{dimension} is one of {len(numbers):,} numbers from {numbers[0]} to {numbers[-1]}"
    for value in wanted:
        if isinstance(value, int | float):
            nearest = sorted(numbers, key=lambda number: abs(number - value))[:2]
            return f"{told}, the nearest to {value} are {' and '.join(map(str, sorted(nearest)))}"
    return told
