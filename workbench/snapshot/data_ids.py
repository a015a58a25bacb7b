"""Data IDs in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
from lsst.daf.butler import Butler, DataCoordinate, DimensionGroup

from workbench.snapshot.schemas import conform, data_id_schema

__all__ = ["make_data_id_table", "read_data_ids"]


def read_data_ids(
    butler: Butler,
    dimensions: Iterable[str],
    *,
    where: str = "",
    bind: Mapping[str, object] | None = None,
) -> pa.Table:
    """Read the data IDs that the repository has for some dimensions.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Dimensions of the data IDs.
    where : `str`, optional
        The Butler's expression.
    bind : `~collections.abc.Mapping`, optional
        Values of the expression's bind names.

    Returns
    -------
    data_ids : `pyarrow.Table`
        Required and implied dimensions, sorted by the required ones.  All
        rows are returned, where `lsst.daf.butler.Butler.query_data_ids`
        stops at 20,000 unless told otherwise.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if a name is no dimension.
    lsst.daf.butler.InvalidQueryError
        Raised if the Butler does not understand ``where``.
    """
    group = conform(butler.dimensions, dimensions)
    with butler.query() as query:
        results = query.data_ids(group)
        if where:
            results = results.where(where, bind=bind)
        return make_data_id_table(group, results)


def make_data_id_table(group: DimensionGroup, data_ids: Iterable[DataCoordinate]) -> pa.Table:
    """Put data coordinates into a table.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of all the data IDs.
    data_ids : `~collections.abc.Iterable` [ `lsst.daf.butler.DataCoordinate` ]
        Data IDs with their implied values.

    Returns
    -------
    table : `pyarrow.Table`
        Required and implied dimensions, sorted by the required ones.
    """
    schema = data_id_schema(group)
    # Transposed at once: tuples of full values are what a data coordinate
    # already holds.
    rows = [data_id.full_values for data_id in data_ids]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    table = pa.table(arrays, schema=schema)
    return table.sort_by([(name, "ascending") for name in group.required]) if group.required else table
