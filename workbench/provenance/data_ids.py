"""Data IDs as JSON text, spread over columns."""

from __future__ import annotations

import json

import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.snapshot import dimension_field

__all__ = ["flatten_data_ids"]


def flatten_data_ids(table: pa.Table, universe: DimensionUniverse) -> pa.Table:
    """Add a column for each dimension of the data IDs.

    Parameters
    ----------
    table : `pyarrow.Table`
        Has a column ``data_id`` of JSON objects.
    universe : `lsst.daf.butler.DimensionUniverse`
        Types and order of the dimensions.

    Returns
    -------
    table : `pyarrow.Table`
        With a nullable column for each dimension that any row has.
    """
    data_ids = [json.loads(str(text)) for text in table["data_id"].to_pylist()]
    present = {name for data_id in data_ids for name in data_id}
    for name in universe.sorted(present):
        field = dimension_field(universe, name.name, nullable=True)
        values = pa.array([data_id.get(name.name) for data_id in data_ids], field.type)
        table = table.append_column(field, values)
    return table
