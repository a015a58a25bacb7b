"""Metrics as they are, as they were, and all that was ever measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from astropy.time import Time
from lsst.daf.butler import DataIdValue

from workbench.errors import MetricsError
from workbench.metrics.tables import METRICS, find_declaration, is_metric_table
from workbench.registry import Registry
from workbench.registry.tables.declaration import RECORDED, ROW_ID
from workbench.sets import AskedDataIds, check_existence, list_data_ids, same_dimensions

__all__ = ["METRIC_TABLES_SCHEMA", "list_tables", "read_history", "read_metrics"]

_TABLES: dict[str, pa.DataType] = {
    "table": pa.string(),
    "dimensions": pa.list_(pa.string()),
    "column": pa.string(),
    "type": pa.string(),
    "unit": pa.string(),
    "values": pa.int64(),
    "rows": pa.int64(),
    "doc": pa.string(),
}
METRIC_TABLES_SCHEMA = pa.schema(_TABLES)
"""Columns of `list_tables`: ``values`` counts current values that are not NULL, ``rows`` current rows."""


def read_metrics(
    registry: Registry,
    table: str = METRICS.name,
    *,
    current: bool = True,
    as_of: float | Time | None = None,
    where: Mapping[str, object] | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Read a metric table; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Read.
    table : `str`, optional
        Name of the table.
    current : `bool`, optional
        Whether to read the latest row of each data ID only, or all that were
        ever written.
    as_of : `float` or `astropy.time.Time`, optional
        Read what was there at this time (MJD TAI, in days): the latest rows,
        or all with ``current=False``, that had been recorded then.
    where : `~collections.abc.Mapping`, optional
        Value, or collection of values, that a column must have.
    columns : `~collections.abc.Sequence` [ `str` ], optional
        Columns to read; by default all.

    Returns
    -------
    metrics : `pyarrow.Table`
        One row a data ID (or a measurement): dimensions, measured columns
        with their units as field metadata, ``source``, ``author``, ``run``,
        ``dataset_id``, ``row_id`` and ``recorded`` (MJD TAI).

    Raises
    ------
    workbench.errors.UnknownTableError
        Raised if nothing was ever written to the table.
    workbench.errors.UnknownNameError
        Raised if a column does not exist.
    workbench.errors.MetricsError
        Raised if the table holds no metrics.
    """
    if columns is not None and not len(columns):
        raise MetricsError(
            "An empty list of columns reads nothing: name some, or leave columns= out for all."
        )
    found = registry.table(table)
    find_declaration(registry, table)
    if as_of is None:
        return found.read(current=current, where=where, columns=columns)
    moment = float(as_of.tai.mjd) if isinstance(as_of, Time) else float(as_of)
    keys = list(found.declaration.dimensions)
    # Which row was the latest does not depend on what else is asked of it.
    by_key = {name: value for name, value in (where or {}).items() if name in keys}
    rows = found.read(current=False, where=by_key)
    rows = rows.filter(pc.less_equal(rows[RECORDED], pa.scalar(moment)))
    if current:
        newest = rows.group_by(keys).aggregate([(ROW_ID, "max")])[f"{ROW_ID}_max"]
        rows = rows.filter(pc.is_in(rows[ROW_ID], value_set=newest.combine_chunks()))
    for name, value in (where or {}).items():
        if name not in keys:
            fitting = found.read(current=False, where={name: value}, columns=[ROW_ID])[ROW_ID]
            rows = rows.filter(pc.is_in(rows[ROW_ID], value_set=fitting.combine_chunks()))
    return rows if columns is None else rows.select(list(columns))


def read_history(registry: Registry, data_ids: AskedDataIds, table: str = METRICS.name) -> pa.Table:
    """Read all that was ever measured of a data ID, or of several; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Read.
    data_ids : `~workbench.sets.AskedDataIds`
        Values of some or all dimensions of the table; several are a union.
    table : `str`, optional
        Name of the table.

    Returns
    -------
    measurements : `pyarrow.Table`
        As in `read_metrics`, oldest first.

    Raises
    ------
    workbench.errors.UnknownTableError
        Raised if nothing was ever written to the table.
    workbench.errors.MetricsError
        Raised if a name is no dimension of the table.
    workbench.errors.UnknownDataIdError
        Raised for data IDs that were never measured and that the repository
        does not have.
    """
    dimensions = registry.table(table).declaration.dimensions
    asked = list_data_ids(registry.universe, [data_ids], allow_empty=True)
    alike = same_dimensions(asked)
    if stray := sorted({name for names in alike for name in names} - set(dimensions)):
        raise MetricsError(
            f"The table {table!r} is about {', '.join(dimensions)}; {', '.join(map(repr, stray))} is none."
        )
    found = [_read_rows(registry, table, names, rows) for names, rows in (alike or {dimensions: []}).items()]
    unmeasured = [
        dict(zip(names, row, strict=True))
        for (names, rows), measured in zip(alike.items(), found, strict=False)
        for row in sorted(set(map(tuple, rows)) - _keys(measured, names))
    ]
    check_existence(registry.butler, registry.uri, unmeasured)
    history = pl.DataFrame(pa.concat_tables(found)).unique(ROW_ID).sort(ROW_ID)
    return history.to_arrow().cast(found[0].schema)


def _keys(found: pa.Table, names: Sequence[str]) -> set[tuple[DataIdValue, ...]]:
    return set(zip(*(found[name].to_pylist() for name in names), strict=True))


def _read_rows(
    registry: Registry, table: str, names: Sequence[str], rows: Sequence[Sequence[DataIdValue]]
) -> pa.Table:
    """Read what was measured of data IDs of the same dimensions."""
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())
    found = read_metrics(registry, table, current=False, where={k: set(v) for k, v in columns.items()})
    wanted = {tuple(row) for row in rows}
    keys = zip(*(found[name].to_pylist() for name in names), strict=True)
    return found.filter(pa.array([key in wanted for key in keys], pa.bool_()))


def list_tables(registry: Registry) -> pa.Table:
    """List the metric tables with their columns; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Read.

    Returns
    -------
    tables : `pyarrow.Table`
        One row a column, with `METRIC_TABLES_SCHEMA`.
    """
    rows = []
    for name, table in registry.tables().listed().items():
        declaration = table.declaration
        if not is_metric_table(declaration):
            continue
        n_rows = table.count()
        for column in declaration.columns:
            n_null = table.count(where={column.name: None}) if n_rows else 0
            rows.append(
                {
                    "table": name,
                    "dimensions": list(declaration.dimensions),
                    "column": column.name,
                    "type": column.type,
                    "unit": column.unit,
                    "values": n_rows - n_null,
                    "rows": n_rows,
                    "doc": column.doc,
                }
            )
    return pa.Table.from_pylist(rows, schema=METRIC_TABLES_SCHEMA)
