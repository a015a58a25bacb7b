"""Union, intersection, difference and symmetric difference of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.sets.content.canonical import REASON, make_schema, merge_rows
from workbench.sets.content.codes import Codes, contains, encode_rows
from workbench.snapshot import key_names

__all__ = ["difference", "diff_rows", "intersection", "join", "symmetric_difference", "union"]


def union(left: pa.Table, right: pa.Table, group: DimensionGroup) -> pa.Table:
    """Return the rows of either table.

    Parameters
    ----------
    left, right : `pyarrow.Table`
        Rows of two sets of the same dimensions.
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.

    Returns
    -------
    table : `pyarrow.Table`
        A key of both takes the reason and free columns of the left, where
        they are null those of the right.
    """
    names = key_names(group)
    left, right = _align(left, right, group)
    codes, other = encode_rows([left, right], names) if names else _empty_data_id(left, right)
    shared = contains(codes, other)
    if shared.any():
        left = _fill_nulls(left, codes, right, other, names)
    new = right.filter(pa.array(~shared))
    order = np.argsort(np.concatenate([codes, other[~shared]]), kind="stable")
    return pa.concat_tables([left, new]).combine_chunks().take(order)


def intersection(left: pa.Table, right: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Return the left rows whose key is in the right table.

    Parameters
    ----------
    left, right : `pyarrow.Table`
        Rows of two sets; both have the named columns.
    names : `tuple` [ `str`, ... ]
        Columns to compare.

    Returns
    -------
    table : `pyarrow.Table`
        Rows of the left as they are.
    """
    return left.filter(pa.array(_is_in(left, right, names)))


def join(left: pa.Table, right: pa.Table, group: DimensionGroup) -> pa.Table:
    """Join rows that agree in the columns that both have.

    Parameters
    ----------
    left, right : `pyarrow.Table`
        Columns of dimensions, and ``reason``; without a common dimension
        every row of one joins every row of the other.
    group : `lsst.daf.butler.DimensionGroup`
        All their dimensions.

    Returns
    -------
    table : `pyarrow.Table`
        Keys over all dimensions, and the reason of the left, where that is
        null of the right.
    """
    mine, theirs = (pl.DataFrame(pl.from_arrow(table)) for table in (left, right))
    theirs = theirs.rename({REASON: "other reason"})
    on = [name for name in mine.columns if name in theirs.columns]
    found = mine.join(theirs, on=on) if on else mine.join(theirs, how="cross")
    found = found.with_columns(pl.coalesce(REASON, "other reason").alias(REASON))
    return merge_rows(found.drop("other reason").to_arrow(), group)


def difference(left: pa.Table, right: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Return the left rows whose key is not in the right table.

    Parameters
    ----------
    left, right : `pyarrow.Table`
        Rows of two sets; both have the named columns.
    names : `tuple` [ `str`, ... ]
        Columns to compare.

    Returns
    -------
    table : `pyarrow.Table`
        Rows of the left as they are.
    """
    return left.filter(pa.array(~_is_in(left, right, names)))


def symmetric_difference(left: pa.Table, right: pa.Table, group: DimensionGroup) -> pa.Table:
    """Return the rows whose key is in one table only.

    Parameters
    ----------
    left, right : `pyarrow.Table`
        Rows of two sets of the same dimensions.
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.

    Returns
    -------
    table : `pyarrow.Table`
        Rows with what their own table says of them.
    """
    names = key_names(group)
    return union(difference(left, right, names), difference(right, left, names), group)


def diff_rows(before: pa.Table, after: pa.Table, group: DimensionGroup) -> pa.Table:
    """Return what changed between two tables.

    Parameters
    ----------
    before, after : `pyarrow.Table`
        Rows of two sets of the same dimensions.
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.

    Returns
    -------
    changes : `pyarrow.Table`
        Keys, ``change`` (``added``, ``removed`` or ``reason``),
        ``reason_before`` and ``reason_after``, in the order of the keys.
    """
    names = list(key_names(group))
    schema = pa.schema(
        [
            *(before.schema.field(name) for name in names),
            pa.field("change", pa.string(), nullable=False),
            pa.field("reason_before", pa.string()),
            pa.field("reason_after", pa.string()),
        ]
    )
    # Keys as the rows of one union, so that the order is that of a set.
    keys = union(before.select([*names, REASON]), after.select([*names, REASON]), group).select(names)
    in_before, in_after = _is_in(keys, before, tuple(names)), _is_in(keys, after, tuple(names))
    reasons = {}
    for label, table, mask in (("reason_before", before, in_before), ("reason_after", after, in_after)):
        full = np.full(keys.num_rows, None, object)
        full[mask] = table[REASON].to_numpy()
        reasons[label] = full
    changed = np.array(reasons["reason_before"] != reasons["reason_after"], bool)
    change = np.select([~in_before, ~in_after, changed], ["added", "removed", "reason"], "")
    columns = [
        *keys.columns,
        pa.array(change),
        *(pa.array(column, pa.string()) for column in reasons.values()),
    ]
    return pa.table(columns, schema=schema).filter(pa.array(change != ""))


def _is_in(left: pa.Table, right: pa.Table, names: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    if not names:
        return np.full(left.num_rows, right.num_rows > 0)
    codes, other = encode_rows([left, right], names)
    # A set is sorted by all of its keys, but here it may be compared by some.
    return contains(np.sort(other, kind="stable"), codes)


def _empty_data_id(left: pa.Table, right: pa.Table) -> list[Codes]:
    return [np.zeros(left.num_rows, np.int64), np.zeros(right.num_rows, np.int64)]


def _align(left: pa.Table, right: pa.Table, group: DimensionGroup) -> tuple[pa.Table, pa.Table]:
    """Give both tables the free columns of either."""
    if left.schema.equals(right.schema):
        return left, right
    free: dict[str, pa.DataType] = {}
    fixed = {*key_names(group), REASON}
    for field in [*left.schema, *right.schema]:
        if field.name not in fixed:
            free[field.name] = _common_type(free.get(field.name, field.type), field.type)
    schema = make_schema(group, free)
    return _complete(left, schema), _complete(right, schema)


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    numbers = {pa.int64(), pa.float64()}
    return pa.float64() if {one, other} == numbers else pa.string()


def _complete(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        table[f.name].cast(f.type) if f.name in table.schema.names else pa.nulls(table.num_rows, f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def _fill_nulls(
    left: pa.Table,
    codes: Codes,
    right: pa.Table,
    other: Codes,
    names: tuple[str, ...],
) -> pa.Table:
    """Take from the right what the left does not say."""
    wanting = [
        n
        for n in left.schema.names
        if n not in names and left[n].null_count and right[n].null_count < len(other)
    ]
    if not wanting:
        return left
    here = pl.DataFrame(pl.from_arrow(left.select(wanting))).with_columns(code=pl.Series(codes))
    there = pl.DataFrame(pl.from_arrow(right.select(wanting))).with_columns(code=pl.Series(other))
    joined = here.join(there, on="code", how="left", maintain_order="left", suffix="_there")
    for name in wanting:
        filled = joined.select(pl.coalesce(name, f"{name}_there")).to_series().to_arrow()
        field = left.schema.field(name)
        left = left.set_column(left.schema.get_field_index(name), field, filled.cast(field.type))
    return left
