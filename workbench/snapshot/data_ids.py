"""Data IDs in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import astropy.table
import pyarrow as pa
from lsst.daf.butler import Butler, DimensionGroup
from lsst.daf.butler.queries import DataCoordinateQueryResults

from workbench.snapshot._butler_schema import UnreadableTablesError, read_query_rows
from workbench.snapshot.schemas import conform, data_id_schema

__all__ = ["make_rows_table", "read_data_id_results", "read_data_ids"]


def read_data_ids(
    butler: Butler,
    dimensions: Iterable[str],
    *,
    where: str | Sequence[str] = "",
    bind: Mapping[str, object] | None = None,
    data_id: Mapping[str, object] | None = None,
    limit: int | None = None,
    upload: Sequence[pa.Table] = (),
) -> pa.Table:
    """Read the data IDs that the repository has for some dimensions.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    dimensions : `~collections.abc.Iterable` [ `str` ]
        Dimensions of the data IDs.
    where : `str` or `~collections.abc.Sequence` [ `str` ], optional
        The Butler's expression, or several that must all hold.
    bind : `~collections.abc.Mapping`, optional
        Values of the expression's bind names.
    data_id : `~collections.abc.Mapping`, optional
        Only data IDs with these values.
    limit : `int`, optional
        At most this many rows.
    upload : `~collections.abc.Sequence` [ `pyarrow.Table` ], optional
        Only data IDs that agree with a row of each; their columns are
        required dimensions, and none is empty.

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
        for table in upload:
            columns = {name: table[name].to_pylist() for name in table.column_names}
            query = query.join_data_coordinate_table(astropy.table.Table(columns))  # noqa: PLW2901
        results = query.data_ids(group)
        if data_id:
            results = results.where(dict(data_id))
        for condition in [where] if isinstance(where, str) else where:
            if condition:
                results = results.where(condition, bind=bind)
        if limit is not None:
            results = results.limit(limit)
        return read_data_id_results(butler, group, results)


def read_data_id_results(
    butler: Butler, group: DimensionGroup, results: DataCoordinateQueryResults
) -> pa.Table:
    """Read the data IDs of a query.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Whose query it is.
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions of all the data IDs.
    results : `lsst.daf.butler.queries.DataCoordinateQueryResults`
        Data IDs in no order, inside the context of their query.

    Returns
    -------
    table : `pyarrow.Table`
        Required and implied dimensions, sorted by the required ones.
    """
    schema = data_id_schema(group)
    rows: Sequence[Sequence[object]]
    try:
        # A million data coordinates take eight seconds to make.
        rows = read_query_rows(butler, results, schema.names)
    except UnreadableTablesError:
        rows = [data_id.full_values for data_id in results]
    table = make_rows_table(schema, rows)
    return table.sort_by([(name, "ascending") for name in group.required]) if group.required else table


def make_rows_table(schema: pa.Schema, rows: Sequence[Sequence[object]]) -> pa.Table:
    """Put rows into a table.

    Parameters
    ----------
    schema : `pyarrow.Schema`
        The columns.
    rows : `~collections.abc.Sequence` [ `~collections.abc.Sequence` ]
        Values in the order of the columns.

    Returns
    -------
    table : `pyarrow.Table`
        In the order of the rows.
    """
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
