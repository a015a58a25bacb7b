"""Dimension records in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import Butler, DimensionElement, DimensionRecord

from workbench.errors import UnknownNameError
from workbench.registry.times import mjd_from_nsec
from workbench.snapshot.schemas import element_schema, find_element, record_schema

__all__ = ["make_record_table", "read_dimension_records"]


def read_dimension_records(
    butler: Butler,
    element: str,
    *,
    where: str = "",
    bind: Mapping[str, object] | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Read the records of a dimension element.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    element : `str`
        Dimension or join element, e.g. ``visit`` or ``visit_definition``.
    where : `str`, optional
        The Butler's expression.
    bind : `~collections.abc.Mapping`, optional
        Values of the expression's bind names.
    limit : `int`, optional
        At most this many rows.

    Returns
    -------
    records : `pyarrow.Table`
        One row a record, sorted by key, with the schema of
        `workbench.snapshot.element_schema`.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such element, or if it has no records (skypix).
    lsst.daf.butler.InvalidQueryError
        Raised if the Butler does not understand ``where``.
    """
    found = find_element(butler.dimensions, element)
    if element in butler.dimensions.skypix_dimensions.names:
        raise UnknownNameError(f"{element!r} is a pixelization of the sky: its pixels have no records.")
    with butler.query() as query:
        results = query.dimension_records(element)
        if where:
            results = results.where(where, bind=bind)
        results = results.order_by(*found.required.names).limit(limit)
        table = make_record_table(found, results)
    return _add_indirect_dimensions(butler, found, table)


def make_record_table(element: DimensionElement, records: Iterable[DimensionRecord]) -> pa.Table:
    """Put dimension records into a table.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        Element of all the records.
    records : `~collections.abc.Iterable` [ `lsst.daf.butler.DimensionRecord` ]
        The records.

    Returns
    -------
    table : `pyarrow.Table`
        One row a record, in the given order, with the columns that a record
        itself holds.
    """
    schema = record_schema(element)
    rows = list(records)
    columns: dict[str, pa.Array[Any]] = {}
    for name in element.required.names:
        columns[name] = pa.array([row.dataId[name] for row in rows], schema.field(name).type)
    for name in element.implied.names:
        # A record's data ID holds required values only.
        columns[name] = pa.array(list(map(attrgetter(name), rows)), schema.field(name).type)
    for spec in element.schema.remainder:
        values = list(map(attrgetter(spec.name), rows))
        if spec.type == "timespan":
            nsec = np.array([(0, 0) if value is None else value.nsec for value in values], np.int64)
            missing = np.array([value is None for value in values], bool)
            bounds = mjd_from_nsec(nsec.reshape(-1, 2))
            columns["timespan_begin"] = pa.array(bounds[:, 0], mask=missing)
            columns["timespan_end"] = pa.array(bounds[:, 1], mask=missing)
        elif spec.type == "region":
            columns[spec.name] = pa.array([value and value.encode() for value in values], pa.binary())
        else:
            columns[spec.name] = pa.array(values, schema.field(spec.name).type)
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _add_indirect_dimensions(butler: Butler, element: DimensionElement, table: pa.Table) -> pa.Table:
    """Fill in dimensions that are implied by implied ones.

    A visit record names its physical filter, and only that filter's record
    names the band.
    """
    schema = element_schema(element)
    frame = pl.DataFrame(pl.from_arrow(table))
    missing = [name for name in schema.names if name not in table.schema.names]
    while missing:
        for via in butler.dimensions.sorted(set(frame.columns) & set(butler.dimensions.dimensions.names)):
            gained = [name for name in via.implied.names if name in missing]
            if gained:
                keys = list(via.required.names)
                records = pl.DataFrame(pl.from_arrow(read_dimension_records(butler, via.name)))
                frame = frame.join(records.select(keys + gained), on=keys, how="left", maintain_order="left")
                missing = [name for name in missing if name not in gained]
    return frame.select(schema.names).to_arrow().cast(schema)
