"""Dynamic dimensions: data ID keys that a repository's static configuration lacks."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from lsst.daf.butler import DimensionUniverse

from workbench.errors import DimensionError
from workbench.presentation import presented
from workbench.registry.dimensions.words import FORBIDDEN_WORDS

__all__ = [
    "GROUPING",
    "KEY_LENGTH",
    "LABEL",
    "LEDGER",
    "METADATA_LENGTH",
    "DynamicDimension",
    "check_dimensions",
    "order_dimensions",
    "read_dynamic_dimensions",
]

LEDGER = "campaign_workbench"
"""Entry of the Butler's dimension configuration that lists what was added to it.

The Butler keeps entries that it does not know, so that whoever holds a
universe can tell which of its dimensions are dynamic.
"""

KEY_LENGTH = 64
"""Most characters of a string key, as of the Butler's own ``group`` and ``visit.name``."""

GROUPING, LABEL = "grouping", "label"
"""Metadata of every dynamic dimension: grouping and version ("folds@3"), and the key of the group in it."""

METADATA_LENGTH = 128
"""Most characters of these."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}")
"""Short, since the Butler puts names of columns behind it, and databases end identifiers at 63 characters."""


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class DynamicDimension:
    """A data ID key to be added to a repository.

    Parameters
    ----------
    name : `str`
        Name of the key: lower-case letters, digits and ``_``, at most 24.
    key : `str`
        Type of its values: ``int`` (64 bits) or ``string`` (at most 64
        characters).
    parent : `str`, optional
        Dimension that its values belong to, such as ``instrument``; by
        default they stand alone, as bands do.
    relations : `tuple` [ `str`, ... ], optional
        Dimensions with which it has a many-to-many relation, such as
        ``visit``: queries and graphs with both dimensions then join them by
        membership.
    doc : `str`, optional
        What it is.
    """

    name: str
    key: Literal["int", "string"]
    parent: str | None = None
    relations: tuple[str, ...] = ()
    doc: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise DimensionError(
                f"{self.name!r} is no name for a dimension: use at most 24 lower-case letters, digits and "
                "'_', beginning with a letter."
            )
        if self.name in FORBIDDEN_WORDS:
            raise DimensionError(
                f"{self.name!r} is no name for a dimension: it is a word of SQL, Python or the Butler's "
                f"expressions, and would have to be quoted in some of them. Use another, such as "
                f"{self.name[:18] + '_group'!r}."
            )
        if self.key not in {"int", "string"}:
            raise DimensionError(f"The key of {self.name!r} is {self.key!r}; a key is 'int' or 'string'.")
        if len(set(self.relations)) < len(self.relations):
            raise DimensionError(f"{self.name!r} has a relation twice: {', '.join(self.relations)}.")

    @property
    def key_column(self) -> str:
        """Name of the key in its own records, ``id`` or ``name`` as the Butler has it (`str`)."""
        return "id" if self.key == "int" else "name"

    @property
    def dependencies(self) -> tuple[str, ...]:
        """Dimensions that must be there before it (`tuple` [ `str`, ... ])."""
        return (*([self.parent] if self.parent else []), *self.relations)

    def membership(self, relation: str) -> str:
        """Return the name of the element that holds a relation.

        Parameters
        ----------
        relation : `str`
            One of `relations`.

        Returns
        -------
        element : `str`
            Name of a dimension element, and of its table.
        """
        return f"{self.name}_{relation}_membership"

    @property
    def element_names(self) -> tuple[str, ...]:
        """Names of the elements that it brings (`tuple` [ `str`, ... ])."""
        return (self.name, *map(self.membership, self.relations))

    def to_elements(self) -> dict[str, dict[str, object]]:
        """Describe its elements as the Butler's dimension configuration does.

        Returns
        -------
        elements : `dict`
            Configuration by name of the element.
        """
        doc = self.doc or f"A group of a grouping, {self.name}."
        key: dict[str, object] = {"name": self.key_column, "type": self.key}
        if self.key == "string":
            key["length"] = KEY_LENGTH
        elements: dict[str, dict[str, object]] = {
            self.name: {
                "doc": doc,
                "keys": [key],
                "requires": [self.parent] if self.parent else [],
                "metadata": [
                    {
                        "name": GROUPING,
                        "type": "string",
                        "length": METADATA_LENGTH,
                        "doc": "Grouping and version that this is a group of.",
                    },
                    {
                        "name": LABEL,
                        "type": "string",
                        "length": METADATA_LENGTH,
                        "doc": "Key of the group within it.",
                    },
                ],
            }
        }
        for relation in self.relations:
            elements[self.membership(relation)] = {
                "doc": f"A many-to-many join table that relates {self.name} to {relation}.",
                "requires": [self.name, relation],
                "populated_by": self.name,
                "always_join": True,
            }
        return elements

    def to_mapping(self) -> dict[str, object]:
        """Describe it in JSON.

        Returns
        -------
        fields : `dict`
            Equal declarations give equal text.
        """
        return {**dataclasses.asdict(self), "relations": sorted(self.relations)}

    @classmethod
    def from_mapping(cls, fields: Mapping[str, Any]) -> DynamicDimension:
        """Make it of what `to_mapping` gave.

        Parameters
        ----------
        fields : `~collections.abc.Mapping`
            From JSON.

        Returns
        -------
        dimension : `DynamicDimension`
            Equal to the one that was described.
        """
        return cls(**{**fields, "relations": tuple(fields["relations"])})


def read_dynamic_dimensions(universe: DimensionUniverse) -> dict[str, DynamicDimension]:
    """Tell which dimensions of a universe were added to it.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        The universe of a Butler that is no remote one: a server does not
        hand on what the Butler itself does not know.

    Returns
    -------
    dimensions : `dict` [ `str`, `DynamicDimension` ]
        By name.
    """
    ledger = universe.dimensionConfig.get(LEDGER)
    if ledger is None:
        return {}
    found = [DynamicDimension.from_mapping(fields) for fields in ledger["dimensions"]]
    return {dimension.name: dimension for dimension in found}


def check_dimensions(dimensions: Sequence[DynamicDimension], universe: DimensionUniverse) -> None:
    """Check that a universe can be extended.

    Parameters
    ----------
    dimensions : `~collections.abc.Sequence` [ `DynamicDimension` ]
        What is to be added; those that are there already, equally declared,
        are none of the problem.
    universe : `lsst.daf.butler.DimensionUniverse`
        What there is.

    Raises
    ------
    workbench.errors.DimensionError
        Raised with all that is wrong.
    """
    faults = [*_iter_faults(dimensions, universe)]
    if faults:
        raise DimensionError(f"Nothing was changed: {'; '.join(faults)}.")


def _iter_faults(dimensions: Sequence[DynamicDimension], universe: DimensionUniverse) -> Iterator[str]:
    there = read_dynamic_dimensions(universe)
    names = [dimension.name for dimension in dimensions]
    skypix = {dimension.name for dimension in universe.skypix_dimensions}
    known = (set(universe.dimensions.names) - skypix) | set(names)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name!r} is declared twice"
    new = [one for one in dimensions if there.get(one.name) != _normalized(one)]
    brought = [name for one in new for name in one.element_names]
    for dimension in new:
        if dimension.name in there:
            yield (
                f"{dimension.name!r} is there with another declaration, {there[dimension.name]}; choose "
                "another name, or revert it first"
            )
            continue
        for name in dimension.element_names:
            if name in universe.elements.names:
                yield f"{name!r} collides with a dimension or relation that the repository has"
            elif brought.count(name) > 1:
                yield f"{name!r} would be made twice"
        for name in dimension.dependencies:
            if name not in known:
                yield (
                    f"{dimension.name!r} refers to {name!r}, which is no dimension here (there are "
                    f"{', '.join(sorted(known - set(names)))})"
                )
            elif name == dimension.name:
                yield f"{name!r} refers to itself"
        if dimension.parent in dimension.relations:
            yield f"{dimension.name!r} has {dimension.parent!r} both as its parent and as a relation"
    if unordered := _find_cycle(new):
        yield f"{' and '.join(unordered)} refer to each other"


def _normalized(dimension: DynamicDimension) -> DynamicDimension:
    return DynamicDimension.from_mapping(dimension.to_mapping())


def _find_cycle(dimensions: Iterable[DynamicDimension]) -> list[str]:
    waiting = {one.name: set(one.dependencies) - {one.name} for one in dimensions}
    while free := [name for name, needs in waiting.items() if needs.isdisjoint(waiting)]:
        for name in free:
            del waiting[name]
    return sorted(waiting)


def order_dimensions(dimensions: Iterable[DynamicDimension]) -> list[DynamicDimension]:
    """Bring dimensions into an order that depends on nothing but themselves.

    Parameters
    ----------
    dimensions : `~collections.abc.Iterable` [ `DynamicDimension` ]
        Any.

    Returns
    -------
    ordered : `list` [ `DynamicDimension` ]
        By name, relations sorted: the same universe comes of it, whoever
        added which first.
    """
    return sorted(map(_normalized, dimensions), key=lambda one: one.name)
