"""Dimension records page by page, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import Butler, DimensionElement

from workbench.errors import UnknownNameError
from workbench.snapshot._butler_schema import UnreadableTablesError, opening_tables, read_query_rows
from workbench.snapshot.data_ids import make_rows_table
from workbench.snapshot.records import read_dimension_records
from workbench.snapshot.schemas import data_id_schema, element_schema, find_element

__all__ = ["count_records", "read_keyed_records", "read_record_page"]


def count_records(
    butler: Butler, element: str, where: str = "", bind: Mapping[str, object] | None = None
) -> int:
    """Count dimension records in the database.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    element : `str`
        Dimension element.
    where : `str`, optional
        The Butler's expression.
    bind : `~collections.abc.Mapping`, optional
        Values of the expression's bind names.

    Returns
    -------
    n_records : `int`
        How many there are.
    """
    found = find_element(butler.dimensions, element)
    with butler.query() as query:
        results = query.dimension_records(found.name)
        if where:
            results = results.where(where, bind=bind)
        return int(results.count(exact=bool(where)))


def read_record_page(
    butler: Butler,
    element: str,
    *,
    where: str = "",
    bind: Mapping[str, object] | None = None,
    order_by: str = "",
    limit: int | None = None,
    offset: int = 0,
) -> pa.Table:
    """Read one page of dimension records.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    element : `str`
        Dimension element.
    where : `str`, optional
        The Butler's expression.
    bind : `~collections.abc.Mapping`, optional
        Values of the expression's bind names.
    order_by : `str`, optional
        Column to sort by before the key; with a minus sign, the last first.
    limit : `int`, optional
        Rows of the page.
    offset : `int`, optional
        Rows before it.

    Returns
    -------
    records : `pyarrow.Table`
        As `~workbench.snapshot.read_dimension_records` gives them.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such element or column.
    lsst.daf.butler.InvalidQueryError
        Raised if the Butler does not understand ``where``.

    Notes
    -----
    The database itself leaves out the rows before the page, so that any page
    of a million records comes nearly as fast as the first.  Where it cannot,
    because the Butler is remote or decides in Python which rows there are, all
    rows up to the page are read.
    """
    found = find_element(butler.dimensions, element)
    column = order_by.removeprefix("-")
    if column and (column not in element_schema(found).names or column == "region"):
        names = [name for name in element_schema(found).names if name != "region"]
        raise UnknownNameError(
            f"{element} records cannot be sorted by {column!r}; columns: {', '.join(names)}."
        )
    order = [f"-{name}" if order_by.startswith("-") else name for name in _butler_name(found, column)]
    if limit is not None:
        keys = (
            _select_keys(butler, found, where, bind, [*order, *found.required.names], limit, offset)
            if where
            else _read_keys(butler, found, column, order_by.startswith("-"), limit, offset)
        )
        if keys is not None:
            return read_keyed_records(butler, element, keys)
    last = None if limit is None else offset + limit
    records = read_dimension_records(butler, element, where=where, bind=bind, limit=last, order_by=order)
    return records.slice(offset)


def read_keyed_records(butler: Butler, element: str, keys: pa.Table) -> pa.Table:
    """Read the records of some keys, in the order of the keys.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    element : `str`
        Dimension element.
    keys : `pyarrow.Table`
        Required dimensions.

    Returns
    -------
    records : `pyarrow.Table`
        As `~workbench.snapshot.read_dimension_records` gives them.
    """
    records = read_dimension_records(butler, element, keys=keys)
    names = list(find_element(butler.dimensions, element).required.names)
    wanted = pl.DataFrame(pl.from_arrow(keys.select(names)))
    frame = pl.DataFrame(pl.from_arrow(records))
    joined = wanted.join(frame, on=names, how="inner", maintain_order="left")
    return joined.select(records.schema.names).to_arrow().cast(records.schema)


def _butler_name(element: DimensionElement, column: str) -> list[str]:
    """Return what the Butler calls a column when it sorts."""
    if not column:
        return []
    if column.startswith("timespan_"):
        return [f"{element.name}.timespan.{column.removeprefix('timespan_')}"]
    return [column if column in element.universe.dimensions.names else f"{element.name}.{column}"]


def _read_keys(
    butler: Butler, element: DimensionElement, column: str, descending: bool, limit: int, offset: int
) -> pa.Table | None:
    """Read the keys of a page from the element's own table; `None` where that cannot be done."""
    if not element.has_own_table:
        return None
    try:
        with opening_tables(butler) as tables:
            table, columns = tables.element(element)
            if column and column not in columns:
                return None
            required = [table.c[columns[name]] for name in element.required.names]
            order: list[sa.ColumnElement[object]] = []
            if column:
                chosen = table.c[columns[column]]
                order = [(chosen.desc() if descending else chosen.asc()).nulls_last()]
            statement = sa.select(*required).order_by(*order, *required).limit(limit).offset(offset)
            rows = tables.connection.execute(statement).all()
    except UnreadableTablesError:
        return None
    return _make_keys(element, rows)


def _select_keys(
    butler: Butler,
    element: DimensionElement,
    where: str,
    bind: Mapping[str, object] | None,
    order: Sequence[str],
    limit: int,
    offset: int,
) -> pa.Table | None:
    """Read the keys of a page of what satisfies an expression; `None` where that cannot be done."""
    if not element.has_own_table:
        return None
    with butler.query() as query:
        results = query.dimension_records(element.name).where(where, bind=bind).order_by(*order)
        try:
            return _make_keys(
                element,
                read_query_rows(butler, results, list(element.required.names), limit=limit, offset=offset),
            )
        except UnreadableTablesError:
            return None


def _make_keys(element: DimensionElement, rows: Sequence[Sequence[object]]) -> pa.Table:
    return make_rows_table(data_id_schema(element.minimal_group, implied=False), rows)
