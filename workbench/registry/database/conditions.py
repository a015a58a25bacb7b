"""Conditions on columns: equal to a value, or to one of many."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

__all__ = ["iter_conditions"]

# Above this a list of values goes as one parameter: both databases limit their number.
_N_PARAMETERS = 500


def iter_conditions(
    source: sa.Table, where: Mapping[str, object], *, is_sqlite: bool
) -> Iterator[sa.ColumnElement[bool]]:
    """Make the conditions on the rows of a table or view.

    Parameters
    ----------
    source : `sqlalchemy.Table`
        Table or view.
    where : `~collections.abc.Mapping`
        Value by column name, or a collection of values of which a row must
        have one; `None` asks for NULL.
    is_sqlite : `bool`
        Whether the database is SQLite, and not PostgreSQL.

    Yields
    ------
    condition : `sqlalchemy.ColumnElement`
        One for each column.
    """
    for name, wanted in where.items():
        column = source.c[name]
        plain = _as_plain(wanted)
        if isinstance(plain, list):
            values = [value for value in map(_as_plain, plain) if value is not None]
            found = _make_membership(column, values, is_sqlite)
            yield found if len(values) == len(plain) else sa.or_(found, column.is_(None))
        else:
            yield column.is_(None) if plain is None else column == plain


def _make_membership(
    column: sa.ColumnElement[object], values: list[object], is_sqlite: bool
) -> sa.ColumnElement[bool]:
    if len(values) <= _N_PARAMETERS:
        return column.in_(values)
    if not is_sqlite:
        return column == sa.any_(sa.literal(values, sa.ARRAY(column.type)))
    bind = column.type.bind_processor(sqlite.dialect())
    listed = json.dumps([bind(value) if bind else value for value in values])
    return column.in_(sa.select(sa.func.json_each(listed).table_valued("value").c.value))


def _as_plain(value: object) -> object:
    """Return what a database driver takes: numpy's integers would be stored as bytes."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, pa.Array | pa.ChunkedArray):
        return value.to_pylist()
    if isinstance(value, pa.Scalar):
        return value.as_py()
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return [*value]
    return value
