"""Members that are put into another group by hand."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError, UnknownDataIdError
from workbench.groupings.relation import list_data_ids
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE

__all__ = ["move_rows"]

_PLACE = "place"


def move_rows(
    relation: pa.Table, members: pa.Table, to: str | None, *, of: str | None, known: pa.Table | None
) -> pa.Table:
    """Put members of groups into another group.

    Parameters
    ----------
    relation : `pyarrow.Table`
        The relation of a grouping.
    members : `pyarrow.Table`
        Keys, or some of the key columns.
    to : `str` or `None`
        Key of the group that they go to; `None` for no group.
    of : `str` or `None`
        Key of the one group that they leave; `None` for all.
    known : `pyarrow.Table` or `None`
        Keys of the set, of which those in no group are taken in; `None`
        where members have other dimensions.

    Returns
    -------
    relation : `pyarrow.Table`
        Another relation, in the order of relations.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if none of the members is there to be moved.
    workbench.errors.GroupingError
        Raised if all are there already, a column is no key, or the group has
        no name.
    """
    rows = pl.DataFrame(pl.from_arrow(relation)).with_row_index(_PLACE)
    names = [name for name in relation.column_names if name not in {GROUP_KEY, ROLE, ORDINAL}]
    wanted = _read_members(rows, members, names)
    if to == "":
        raise GroupingError("A group needs a name: say which group the members go to.")
    found = rows.join(wanted, on=wanted.columns, how="semi")
    if of is not None:
        found = found.filter(pl.col(GROUP_KEY) == of)
    outside = _find_outside(rows, known, names) if of is None and to is not None else rows.clear()
    taken = outside.join(wanted, on=wanted.columns, how="semi")
    if not len(found) and not len(taken):
        where = "any group" if of is None else f"the group {of}"
        raise UnknownDataIdError(f"There is no {list_data_ids(wanted)} in {where}, to be moved.")
    leaving = found if to is None else found.filter(pl.col(GROUP_KEY) != to)
    if not len(leaving) and not len(taken):
        raise GroupingError(f"{list_data_ids(wanted)}: all of these are in {to} already.")
    rest = rows.join(leaving, on=_PLACE, how="anti")
    if to is not None:
        there = rest.filter(pl.col(GROUP_KEY) == to)
        arriving = pl.concat([leaving, taken]).unique(subset=names, keep="first", maintain_order=True)
        arriving = arriving.join(there, on=names, how="anti").with_columns(pl.lit(to).alias(GROUP_KEY))
        rest = pl.concat([rest, arriving])
    if rows[ORDINAL].count() and not rows[ROLE].count():
        rest = _renumber(rest, {*leaving[GROUP_KEY].unique(), to})
    return (
        rest.sort(GROUP_KEY, ORDINAL, *names).select(relation.column_names).to_arrow().cast(relation.schema)
    )


def _read_members(rows: pl.DataFrame, members: pa.Table, names: list[str]) -> pl.DataFrame:
    given = pl.DataFrame(pl.from_arrow(members))
    if stray := [name for name in given.columns if name not in names]:
        raise GroupingError(f"{', '.join(stray)}: members are told by {', '.join(names)}.")
    if not given.columns or not len(given):
        raise GroupingError("Nothing was said to be moved: name one member or more.")
    return given.cast({name: rows.schema[name] for name in given.columns}).unique(maintain_order=True)


def _find_outside(rows: pl.DataFrame, known: pa.Table | None, names: list[str]) -> pl.DataFrame:
    """Return the rows of the set that are in no group, as rows of the relation."""
    if known is None:
        return rows.clear()
    keys = pl.DataFrame(pl.from_arrow(known.select(names))).cast({name: rows.schema[name] for name in names})
    free = keys.join(rows, on=names, how="anti")
    absent = [pl.lit(None, kind).alias(name) for name, kind in rows.schema.items() if name not in names]
    return free.with_columns(absent).select(rows.columns)


def _renumber(rows: pl.DataFrame, groups: set[str | None]) -> pl.DataFrame:
    """Count the places in some groups again; who came last is last."""
    touched = pl.col(GROUP_KEY).is_in([key for key in groups if key is not None])
    place = pl.int_range(pl.len(), dtype=pl.Int64).over(GROUP_KEY)
    return rows.with_columns(pl.when(touched).then(place).otherwise(pl.col(ORDINAL)).alias(ORDINAL))
