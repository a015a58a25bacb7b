"""What is new in rows, beside those that are current already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl
import pyarrow as pa

__all__ = ["find_changes"]


def find_changes(
    rows: pa.Table,
    current: pa.Table,
    key: Sequence[str],
    given: Collection[str],
    beside: Collection[str] = (),
) -> pa.Table:
    """Select the rows that say something else than the current ones.

    Parameters
    ----------
    rows : `pyarrow.Table`
        New rows, at most one of each key, in the columns of their table.
    current : `pyarrow.Table`
        The current rows of those keys, in the same columns.
    key : sequence of `str`
        Columns that say what a row is about; NULL equals NULL.
    given : collection of `str`
        Columns that the new rows speak of; the others stay as they are.
    beside : collection of `str`, optional
        Columns in which alone a row says nothing new.

    Returns
    -------
    changes : `pyarrow.Table`
        Rows to append, completed by the current values of the columns that
        were not given.
    """
    new = pl.DataFrame(pl.from_arrow(rows))
    old = pl.DataFrame(pl.from_arrow(current)).select(new.columns)
    left_out = [name for name in new.columns if name not in given and name not in key]
    if left_out:
        new = new.drop(left_out).join(
            old.select(*key, *left_out), on=[*key], how="left", nulls_equal=True, maintain_order="left"
        )
    telling = [name for name in old.columns if name not in beside]
    changed = new.select(old.columns).join(
        old, on=telling, how="anti", nulls_equal=True, maintain_order="left"
    )
    return changed.to_arrow().cast(rows.schema)
