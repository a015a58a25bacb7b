"""Arrow types and schemas of what is read from a Butler."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from lsst.daf.butler import DimensionElement, DimensionGroup, DimensionUniverse

from workbench.errors import UnknownNameError
from workbench.rendering import time_field

__all__ = [
    "association_schema",
    "certification_schema",
    "conform",
    "data_id_schema",
    "dataset_schema",
    "digest_universe",
    "dimension_field",
    "element_schema",
    "find_element",
    "key_names",
    "pixel_schema",
    "record_schema",
    "stored_schema",
]

# The Butler's own Arrow conversion says uint64; its databases hold signed
# 64-bit integers, and unsigned columns would make differences wrap around.
_ARROW_TYPES: dict[str, pa.DataType] = {
    "int": pa.int64(),
    "string": pa.string(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "hash": pa.binary(),
    "region": pa.binary(),
}

_NAMES = pa.dictionary(pa.int32(), pa.string())
_DATASET_FIELDS = (pa.field("dataset_id", pa.binary(16), False), pa.field("run", _NAMES, False))
_VALIDITY = (pa.field("timespan_begin", pa.int64(), False), pa.field("timespan_end", pa.int64(), False))
_RANK = pa.field("rank", pa.int32(), False)


def conform(universe: DimensionUniverse, names: Iterable[str]) -> DimensionGroup:
    """Return the dimension group of some names.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    names : `~collections.abc.Iterable` [ `str` ]
        Dimension names; a single string is one name.

    Returns
    -------
    group : `lsst.daf.butler.DimensionGroup`
        The group, closed over required and implied dimensions.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a name is no dimension of this universe.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    known = set(universe.dimensions.names)
    unknown = [name for name in wanted if name not in known and name not in universe.skypix_dimensions.names]
    if unknown:
        raise UnknownNameError(
            f"No dimension is called {', '.join(map(repr, unknown))}. The dimensions of this repository are: "
            f"{', '.join(sorted(known - set(universe.skypix_dimensions.names)))}, and pixels of the sky such "
            "as htm7."
        )
    return universe.conform(wanted)


def find_element(universe: DimensionUniverse, name: str) -> DimensionElement:
    """Return a dimension element by name.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    name : `str`
        Name of a dimension or of a join element such as ``visit_definition``.

    Returns
    -------
    element : `lsst.daf.butler.DimensionElement`
        The element.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if the universe has no such element.
    """
    if name not in universe.elements.names:
        raise UnknownNameError(
            f"No dimension element is called {name!r}. "
            f"The elements of this repository are: {', '.join(sorted(universe.elements.names))}."
        )
    return universe[name]


def dimension_field(universe: DimensionUniverse, name: str, *, nullable: bool = False) -> pa.Field[Any]:
    """Return the Arrow field of a dimension's key.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    name : `str`
        Name of a dimension.
    nullable : `bool`, optional
        Whether the field may hold nulls.

    Returns
    -------
    field : `pyarrow.Field`
        Of int64 or string, under the dimension's own name.
    """
    return pa.field(name, _ARROW_TYPES[universe.dimensions[name].primary_key.type], nullable)


def key_names(group: DimensionGroup) -> tuple[str, ...]:
    """Return the names of required dimensions in universe order.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Any dimension group.

    Returns
    -------
    names : `tuple` [ `str`, ... ]
        What identifies a row of this group.
    """
    return tuple(group.required)


def data_id_schema(group: DimensionGroup, *, implied: bool = True) -> pa.Schema:
    """Return the schema of a table of data IDs.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the data IDs.
    implied : `bool`, optional
        Whether implied dimensions follow the required ones.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions in universe order, then implied ones.  Implied
        values may be null, as in the Butler.
    """
    fields = [dimension_field(group.universe, name) for name in group.required]
    if implied:
        fields += [dimension_field(group.universe, name, nullable=True) for name in group.implied]
    return pa.schema(fields)


def element_schema(element: DimensionElement) -> pa.Schema:
    """Return the schema of a table of dimension records.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        The element whose records are described.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions, all implied dimensions, then alternate keys and
        metadata under the Butler's names; ``region`` as encoded bytes
        (`lsst.sphgeom.Region.encode`); a timespan as ``timespan_begin`` and
        ``timespan_end``, MJD TAI in days, infinite where unbounded.
    """
    return _make_element_schema(element, element.minimal_group.implied)


def record_schema(element: DimensionElement) -> pa.Schema:
    """Return the schema of what a single dimension record holds.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        The element whose records are described.

    Returns
    -------
    schema : `pyarrow.Schema`
        As `element_schema`, without dimensions that are implied by implied
        dimensions: a visit record has no ``band``.
    """
    return _make_element_schema(element, element.implied.names)


def _make_element_schema(element: DimensionElement, implied: Iterable[str]) -> pa.Schema:
    fields = [dimension_field(element.universe, name) for name in element.required.names]
    fields += [dimension_field(element.universe, name, nullable=True) for name in implied]
    for spec in element.schema.remainder:
        if spec.type == "timespan":
            fields.append(time_field("timespan_begin"))
            fields.append(time_field("timespan_end"))
        else:
            fields.append(pa.field(spec.name, _ARROW_TYPES[spec.type]))
    return pa.schema(fields)


def stored_schema(element: DimensionElement) -> pa.Schema:
    """Return the schema of dimension records as a snapshot holds them.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        The element whose records are described.

    Returns
    -------
    schema : `pyarrow.Schema`
        As `record_schema`, with the bounds of a timespan as int64: TAI
        nanoseconds since 1970-01-01, as `lsst.daf.butler.Timespan.nsec` has
        them.
    """
    return pa.schema(
        pa.field(field.name, pa.int64()) if field.name in {"timespan_begin", "timespan_end"} else field
        for field in record_schema(element)
    )


def pixel_schema(element: DimensionElement) -> pa.Schema:
    """Return the schema of the common pixels that regions touch.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        A spatial element.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions, then the pixel under the name of the common
        pixelization (``htm7``).
    """
    fields = [dimension_field(element.universe, name) for name in element.required.names]
    return pa.schema([*fields, pa.field(element.universe.commonSkyPix.name, pa.int64(), False)])


def _make_dataset_schema(group: DimensionGroup, fields: Iterable[pa.Field[Any]]) -> pa.Schema:
    return pa.schema([*data_id_schema(group, implied=False), *_DATASET_FIELDS, *fields])


def dataset_schema(group: DimensionGroup) -> pa.Schema:
    """Return the schema of datasets that a search finds.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the dataset type.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions; ``dataset_id``, the 16 bytes of the UUID;
        ``run``; ``rank``, the position in the search of the collection where
        it was found.
    """
    return _make_dataset_schema(group, [_RANK])


def association_schema(group: DimensionGroup) -> pa.Schema:
    """Return the schema of datasets in RUN and TAGGED collections.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the dataset type.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions, ``dataset_id``, ``run`` and ``collection``.
    """
    return _make_dataset_schema(group, [pa.field("collection", _NAMES, False)])


def certification_schema(group: DimensionGroup, *, ranked: bool = False) -> pa.Schema:
    """Return the schema of datasets in CALIBRATION collections.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of the dataset type.
    ranked : `bool`, optional
        Whether the position in the search follows.

    Returns
    -------
    schema : `pyarrow.Schema`
        Required dimensions, ``dataset_id``, ``run``, ``collection``, and the
        validity range ``timespan_begin`` to ``timespan_end`` as int64: TAI
        nanoseconds since 1970-01-01, half open, with the least and greatest
        values of `lsst.daf.butler.Timespan.nsec` where unbounded.
    """
    fields = [pa.field("collection", _NAMES, False), *_VALIDITY, *([_RANK] if ranked else [])]
    return _make_dataset_schema(group, fields)


def digest_universe(universe: DimensionUniverse) -> str:
    """Digest the definition of a universe.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Any universe.

    Returns
    -------
    digest : `str`
        SHA-256 in hex over its whole configuration: two universes may share
        a version and differ.
    """
    text = json.dumps(universe.dimensionConfig.toDict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
