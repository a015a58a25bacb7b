"""Data IDs that somebody asks about: one, several, a set, a table, by one rule."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import astropy.table
import pandas as pd
import pyarrow as pa
from lsst.daf.butler import DataCoordinate, DataIdValue, Dimension, DimensionUniverse

from workbench.errors import EmptySetError, UnknownDataIdError, UnknownNameError
from workbench.names import with_article
from workbench.sets.content.data_id_set import DataIdSet
from workbench.sets.content.tables import to_arrow

__all__ = [
    "AskedDataIds",
    "describe_data_ids",
    "list_asked",
    "list_data_ids",
    "merge_data_ids",
    "same_dimensions",
    "split_data_id",
]

DataId: TypeAlias = dict[str, DataIdValue]

_SHOWN = 5

_LONGEST = 60
"""Characters of a word that a message shows."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_LARGEST = 2**63 - 1
"""What a column of a database may hold; more digits are no value, and slow to read."""


AskedDataIds: TypeAlias = object
"""A mapping of dimensions to a value or several, a `~lsst.daf.butler.DataCoordinate`, a
`~workbench.sets.DataIdSet`, a pandas, astropy or Arrow table, or an iterable of these."""


def list_data_ids(
    universe: DimensionUniverse,
    asked: Iterable[AskedDataIds],
    named: Mapping[str, object] | None = None,
    *,
    allow_empty: bool = False,
) -> list[DataId]:
    """List the data IDs that are asked about.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions and their types.
    asked : `~collections.abc.Iterable`
        Data IDs in any form: see `AskedDataIds`.
    named : `~collections.abc.Mapping`, optional
        Keyword arguments: values by dimension.
    allow_empty : `bool`, optional
        Whether an empty set, or an empty list of values, is an answer.

    Returns
    -------
    data_ids : `list` [ `dict` ]
        Each once, in the order in which they were named; empty if nothing
        was asked.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a name is no dimension, or something is no data ID.
    workbench.errors.UnknownDataIdError
        Raised if a value is none of its dimension, or if what was asked does
        not belong together.
    workbench.errors.EmptySetError
        Raised for an empty set, unless it is allowed.

    Notes
    -----
    Data IDs of the same dimensions are alternatives, so that a dimension that
    is repeated is a union: ``visit=[1, 2]``, or a set of visits and one more.
    Those of other dimensions are joined: ``instrument="HSC"`` belongs to all
    of them.  Governors do not tell dimensions apart: ``visit=1`` beside a set
    of {instrument, visit} is one more visit.
    """
    groups: dict[frozenset[str], list[DataId]] = {}
    n_given = 0
    for one in [*asked, *([named] if named else [])]:
        n_given += 1
        for dimensions, data_ids in _iter_alike(universe, one, allow_empty=allow_empty):
            groups.setdefault(dimensions - frozenset(universe.governor_dimensions.names), []).extend(data_ids)
    if not n_given:
        return []
    # Governors alone restrict, wherever they stand.
    joined: list[DataId] = [{}]
    for _, alike in sorted(groups.items(), key=lambda item: (not item[0], sorted(item[0]))):
        pairs = itertools.product(joined, alike)
        together = [{**left, **right} for left, right in pairs if _agree(left, right)]
        if joined and alike and not together:
            raise UnknownDataIdError(
                f"{describe_data_ids(joined)} and {describe_data_ids(alike)} do not belong together: "
                "data IDs of the same dimensions are alternatives, those of others are joined. "
                "Name the same dimensions in each, such as visit=1,detector=3 and visit=2,detector=4."
            )
        joined = together
    return list({tuple(sorted(one.items())): one for one in joined}.values())


def list_asked(
    universe: DimensionUniverse, asked: Iterable[AskedDataIds], named: Mapping[str, object]
) -> list[DataId]:
    """List the data IDs of a question about what is stored, where none is an answer.

    Parameters
    ----------
    universe, asked, named : as they are given
        As `list_data_ids` takes them.

    Returns
    -------
    data_ids : `list` [ `dict` ]
        None for an empty set, or an empty list of values.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if nothing was named, or as by `list_data_ids`.
    workbench.errors.UnknownDataIdError
        Raised as by `list_data_ids`.
    """
    asked = list(asked)
    if not asked and not named:
        raise UnknownNameError("Name a data ID to ask about, such as visit=96954.")
    return list_data_ids(universe, asked, named, allow_empty=True)


def split_data_id(text: str) -> dict[str, list[str]]:
    """Split a data ID as people write it.

    Parameters
    ----------
    text : `str`
        Such as ``instrument=HSC, visit=1, 2``: what follows a comma and has
        no name is one more value of the dimension before it.  Quotes may
        surround a value.

    Returns
    -------
    values : `dict` [ `str`, `list` [ `str` ] ]
        By name; one that is repeated has several.  Neither names nor values
        are looked at.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a part that has no name or no value.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for part in text.split(","):
        before, equals, value = (piece.strip().strip("'\"").strip() for piece in part.partition("="))
        name, value = (before, value) if equals else (name, before)
        if not name or not value:
            shown = part if len(part) <= _LONGEST else f"{part[:_LONGEST]}..."
            raise UnknownNameError(
                f"{shown.strip()!r} is no dimension and value; write one like visit=96954, or several like "
                "visit=1,2."
            )
        found.setdefault(name, []).append(value)
    return found


def describe_data_ids(data_ids: Sequence[Mapping[str, object]]) -> str:
    """Write data IDs as people do.

    Parameters
    ----------
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        One or more.

    Returns
    -------
    text : `str`
        Such as "visit=96954, detector=4", or "3 data IDs (visit=1; visit=2; ...)".
    """
    texts = [", ".join(f"{name}={value}" for name, value in one.items()) for one in data_ids]
    if len(texts) == 1:
        return texts[0]
    more = "; ..." if len(texts) > _SHOWN else ""
    return f"{len(texts):,} data IDs ({'; '.join(texts[:_SHOWN])}{more})" if texts else "no data ID"


def merge_data_ids(data_ids: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return one mapping that asks about all of some data IDs of the same dimensions.

    Parameters
    ----------
    data_ids : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        None, one or several.

    Returns
    -------
    merged : `dict`
        Of several, a tuple of values where a dimension has more than one.
    """
    columns: dict[str, dict[object, None]] = {}
    for one in data_ids:
        for name, value in one.items():
            columns.setdefault(name, {})[value] = None
    return {name: next(iter(v)) if len(v) == 1 else tuple(v) for name, v in columns.items()}


def same_dimensions(
    data_ids: Iterable[Mapping[str, DataIdValue]],
) -> dict[tuple[str, ...], list[list[DataIdValue]]]:
    """Sort data IDs by their dimensions.

    Parameters
    ----------
    data_ids : `~collections.abc.Iterable` [ `~collections.abc.Mapping` ]
        Of one set of dimensions or several.

    Returns
    -------
    values : `dict` [ `tuple` [ `str`, ... ], `list` [ `list` ] ]
        By names of dimensions, for each data ID the values in their order.
    """
    found: dict[tuple[str, ...], list[list[DataIdValue]]] = {}
    for one in data_ids:
        names = tuple(sorted(one))
        found.setdefault(names, []).append([one[name] for name in names])
    return found


def _agree(left: Mapping[str, object], right: Mapping[str, object]) -> bool:
    return all(right.get(name, value) == value for name, value in left.items())


def _iter_alike(
    universe: DimensionUniverse, asked: object, *, allow_empty: bool
) -> Iterable[tuple[frozenset[str], list[DataId]]]:
    """Yield data IDs of the same dimensions, with these."""
    if isinstance(asked, DataCoordinate):
        asked = dict(asked.required)
    if isinstance(asked, Mapping):
        yield _expand(universe, asked, allow_empty=allow_empty)
        return
    table = _to_table(asked)
    if table is not None:
        if not table.num_rows and not allow_empty:
            raise EmptySetError(
                f"{getattr(asked, 'label', None) or 'The table'} is empty: it asks about nothing."
            )
        names = [_find_dimension(universe, name).name for name in table.column_names]
        values = (table[name].to_pylist() for name in table.column_names)
        typed = [
            [_type(universe, name, value) for value in column]
            for name, column in zip(names, values, strict=True)
        ]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*typed, strict=True)]
        yield frozenset(names), rows
        return
    if isinstance(asked, str | bytes) or not isinstance(asked, Iterable):
        raise UnknownNameError(
            f"{asked!r} is no data ID. Name dimensions and values, such as visit=96954 or "
            "{'instrument': 'HSC', 'visit': [96954, 18202]}, or give a set or a table of data IDs."
        )
    listed = list(asked)
    if not listed and not allow_empty:
        raise EmptySetError("An empty list of data IDs asks about nothing.")
    if not listed:
        yield frozenset(), []
    for one in listed:
        yield from _iter_alike(universe, one, allow_empty=allow_empty)


def _expand(
    universe: DimensionUniverse, data_id: Mapping[str, object], *, allow_empty: bool
) -> tuple[frozenset[str], list[DataId]]:
    """Make a data ID of each combination of the values of a mapping."""
    columns: dict[str, list[DataIdValue]] = {}
    for key, given in data_id.items():
        name = _find_dimension(universe, key).name
        if _is_table(given):
            raise UnknownDataIdError(
                f"{name}= takes values of {name}, and not {with_article(type(given).__name__)}. Give a set "
                f"or a table of data IDs by itself, without {name}=, such as impact(rows)."
            )
        several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
        values = list(given) if isinstance(given, Iterable) and several else [given]
        if not values and not allow_empty:
            raise EmptySetError(f"An empty list of values of {name} asks about nothing.")
        columns[name] = [_type(universe, name, value) for value in values]
    if not columns:
        raise UnknownNameError("An empty data ID asks about nothing; name a dimension, such as visit=96954.")
    rows = [dict(zip(columns, values, strict=True)) for values in itertools.product(*columns.values())]
    return frozenset(columns), rows


def _is_table(given: object) -> bool:
    return isinstance(given, DataIdSet | pa.Table | pd.DataFrame | astropy.table.Table)


def _to_table(asked: object) -> pa.Table | None:
    """Make an Arrow table of a set or of somebody's table; `None` for anything else."""
    if isinstance(asked, DataIdSet):
        return asked.keys
    return to_arrow(asked) if _is_table(asked) else None


def _find_dimension(universe: DimensionUniverse, name: str) -> Dimension:
    dimension = universe.dimensions.get(name) if isinstance(name, str) else None
    if dimension is None:
        known = [one for one in universe.dimensions.names if one not in universe.skypix_dimensions.names]
        raise UnknownNameError(f"{name!r} is no dimension; the dimensions are {', '.join(known)}.")
    return dimension


def _type(universe: DimensionUniverse, name: str, value: object) -> DataIdValue:
    """Give a value the type of its dimension, if nothing is lost by that."""
    kind = universe.dimensions[name].primary_key.pytype
    if hasattr(value, "item"):
        value = value.item()  # a scalar of numpy
    if kind is str and isinstance(value, str) and value:
        return value
    if kind is int and not isinstance(value, bool):
        if isinstance(value, int) and abs(value) <= _LARGEST:
            return value
        if isinstance(value, float) and abs(value) < _LARGEST and value == int(value):
            return int(value)
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()) and abs(int(value)) <= _LARGEST:
            return int(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        raise UnknownDataIdError(
            f"A number of {value.bit_length()} bits is no value of {name}: it has 63 at the most."
        )
    shown = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}..."
    raise UnknownDataIdError(
        f"{shown} is no value of {name}: it is of the wrong type, {name} takes {kind.__name__}."
    )
