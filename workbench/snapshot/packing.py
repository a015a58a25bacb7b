"""Columns of a database in bulk: whole columns as single values.

A driver makes a Python object of each value of each row.  Here the database
itself concatenates a column, as bytes on PostgreSQL and as text on SQLite,
and one value a column crosses the driver.  This works inside any transaction
of any driver, the Butler's own included.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from lsst.daf.butler.time_utils import TimeConverter

__all__ = ["PackedColumn", "Kind", "read_columns"]

_SQLITE_ROWS = 1 << 20
"""Row numbers that one statement covers on SQLite, whose values end at 1e9 bytes."""

_POSTGRES_PAGES = 4096
"""Pages of 8 KiB that one statement covers on PostgreSQL, whose values end at 1 GiB."""

_FETCHED = 50_000
"""Rows that are Python objects at a time."""

_SELECTIVE = 20
"""Below one row in so many an index is faster than reading the table."""


class Kind(enum.Enum):
    """How a column is encoded in the database, and what becomes of it."""

    INT = enum.auto()
    FLOAT = enum.auto()
    BOOL = enum.auto()
    STRING = enum.auto()
    BASE64 = enum.auto()
    UUID = enum.auto()
    BEGIN = enum.auto()
    END = enum.auto()


_ARROW: dict[Kind, pa.DataType] = {
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.BOOL: pa.bool_(),
    Kind.STRING: pa.string(),
    Kind.BASE64: pa.binary(),
    Kind.UUID: pa.binary(16),
    Kind.BEGIN: pa.int64(),
    Kind.END: pa.int64(),
}


@dataclasses.dataclass(frozen=True, slots=True)
class PackedColumn:
    """A column to read.

    Parameters
    ----------
    name : `str`
        What it is called in the frame.
    kind : `Kind`
        How it is encoded.
    expression : `sqlalchemy.ColumnElement`
        What it is in the database; a range for the bounds of a timespan on
        PostgreSQL.
    nullable : `bool`, optional
        Whether there may be nulls.
    """

    name: str
    kind: Kind
    expression: sa.ColumnElement[Any]
    nullable: bool = False


def read_columns(
    connection: sa.Connection,
    columns: Sequence[PackedColumn],
    table: sa.TableClause,
    where: Sequence[sa.ColumnElement[bool]] = (),
    *,
    joined: sa.FromClause | None = None,
    rows: int | None = None,
) -> pa.Table:
    """Read columns of a table.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        In a transaction; nothing is written.
    columns : `~collections.abc.Sequence` [ `PackedColumn` ]
        What to read.
    table : `sqlalchemy.TableClause`
        The table that is read from one end to the other.
    where : `~collections.abc.Sequence` [ `sqlalchemy.ColumnElement` ], optional
        Which rows.
    joined : `sqlalchemy.FromClause`, optional
        The table joined to others.
    rows : `int`, optional
        How many rows satisfy ``where``, if that is known; all by default.

    Returns
    -------
    frame : `pyarrow.Table`
        In no particular order, in several chunks.
    """
    schema = pa.schema([pa.field(column.name, _ARROW[column.kind]) for column in columns])
    read = _read_postgres
    if connection.dialect.name == "sqlite":
        read = _read_sqlite if all(map(_is_packable, columns)) else _read_sqlite_rows
    source = table if joined is None else joined
    parts: list[pa.Table] = []
    for condition in _iter_ranges(connection, table, rows):
        statement = sa.select().select_from(source).where(*where, *condition)
        parts.extend(pa.table(arrays, schema=schema) for arrays in read(connection, columns, statement))
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _iter_ranges(
    connection: sa.Connection, table: sa.TableClause, rows: int | None
) -> Iterator[list[sa.ColumnElement[bool]]]:
    """Yield conditions that cut a table into pieces, or one without any."""
    if connection.dialect.name == "sqlite":
        number: sa.ColumnElement[Any] = sa.literal_column(f"{_quote(connection, table)}.rowid")
        last = connection.execute(sa.select(sa.func.max(number)).select_from(table)).scalar() or 0
        if rows is not None and rows * _SELECTIVE < last:
            yield []
            return
        for begin in range(0, last + 1, _SQLITE_ROWS):
            yield [number >= begin, number < begin + _SQLITE_ROWS]
        return
    name = sa.literal(_quote(connection, table))
    size = connection.execute(
        sa.select(sa.func.pg_relation_size(sa.cast(name, sa.dialects.postgresql.REGCLASS)))
    )
    pages = (size.scalar() or 0) // 8192
    if pages <= _POSTGRES_PAGES or (rows is not None and rows < _SQLITE_ROWS):
        yield []
        return
    place: sa.ColumnElement[Any] = sa.literal_column(f"{_quote(connection, table)}.ctid")
    for begin in range(0, pages + 1, _POSTGRES_PAGES):
        condition = [place >= _tid(begin)]
        if begin + _POSTGRES_PAGES <= pages:
            condition.append(place < _tid(begin + _POSTGRES_PAGES))
        # The last piece has no end: the table may have grown.
        yield condition


def _tid(page: int) -> sa.ColumnElement[Any]:
    return sa.literal_column(f"'({page},0)'::tid")


def _quote(connection: sa.Connection, table: sa.TableClause) -> str:
    return connection.dialect.identifier_preparer.format_table(table)


# SQLite: integers as lines of text, strings as content and lengths, which are negative for nulls.


def _is_packable(column: PackedColumn) -> bool:
    if column.kind in {Kind.STRING, Kind.BASE64}:
        return True
    return column.kind in {Kind.INT, Kind.UUID} and not column.nullable


def _read_sqlite(
    connection: sa.Connection, columns: Sequence[PackedColumn], statement: sa.Select[Any]
) -> Iterator[list[pa.Array[Any]]]:
    newline: sa.ColumnElement[Any] = sa.literal_column("char(10)")
    nothing: sa.ColumnElement[Any] = sa.literal_column("''")
    concat, coalesce = sa.func.group_concat, sa.func.coalesce
    chosen: list[sa.ColumnElement[Any]] = [sa.func.count()]
    for column in columns:
        value = column.expression
        chosen.append(concat(value, newline if column.kind is Kind.INT else nothing))
        if column.kind in {Kind.STRING, Kind.BASE64}:
            # length() of text would stop at a null character.
            length = sa.func.length(sa.cast(value, sa.BLOB))
            chosen.append(concat(coalesce(length, -1) if column.nullable else length, newline))
    values = iter(connection.execute(statement.add_columns(*chosen)).one())
    n_rows = next(values)
    if n_rows:
        yield [_unpack_text(column, values, n_rows) for column in columns]


def _unpack_text(column: PackedColumn, values: Iterator[Any], n_rows: int) -> pa.Array[Any]:
    text = next(values)
    if column.kind is Kind.INT:
        return pa.array(_parse_integers(text, n_rows), pa.int64())
    if column.kind is Kind.UUID:
        return _make_fixed(bytes.fromhex(text), n_rows)
    lengths = _parse_integers(next(values), n_rows)
    missing = lengths < 0
    content = b"" if text is None else text.encode()
    strings = _make_strings(np.maximum(lengths, 0), content, pa.string(), missing if missing.any() else None)
    return strings if column.kind is Kind.STRING else _decode_base64(pl.Series(strings))


def _parse_integers(text: str | int, n_rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    # A single row is not concatenated, and may come as what it is.
    numbers = np.fromstring(str(text), np.int64, sep="\n")
    assert len(numbers) == n_rows, "integers only"
    return numbers


def _decode_base64(strings: pl.Series) -> pa.Array[Any]:
    decoded: pa.Array[Any] = strings.str.decode("base64").to_arrow().cast(pa.binary())
    return decoded


def _read_sqlite_rows(
    connection: sa.Connection, columns: Sequence[PackedColumn], statement: sa.Select[Any]
) -> Iterator[list[pa.Array[Any]]]:
    # Text would round floats, so these tables, which are smaller, come as rows.
    cursor: Any = connection.execute(statement.add_columns(*(column.expression for column in columns))).cursor
    while rows := cursor.fetchmany(_FETCHED):
        arrays: list[pa.Array[Any]] = []
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            if column.kind is Kind.BASE64:
                arrays.append(_decode_base64(pl.Series(values, dtype=pl.String)))
            elif column.kind is Kind.BOOL:
                arrays.append(pa.array(values, pa.int8()).cast(pa.bool_()))
            else:
                arrays.append(pa.array(values, _ARROW[column.kind]))
        yield arrays


# PostgreSQL: values in the network's byte order, nulls as a column of their own.


def _read_postgres(
    connection: sa.Connection, columns: Sequence[PackedColumn], statement: sa.Select[Any]
) -> Iterator[list[pa.Array[Any]]]:
    chosen: list[sa.ColumnElement[Any]] = [sa.func.count()]
    for column in columns:
        chosen.extend(_pack(column))
        if column.nullable:
            chosen.append(_join(_flag(column.expression.is_(None))))
    values = iter(connection.execute(statement.add_columns(*chosen)).one())
    n_rows = next(values)
    if n_rows:
        yield [_unpack(column, values) for column in columns]


def _join(packed: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.string_agg(packed, sa.literal_column("''::bytea"))


def _flag(condition: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    yes: sa.ColumnElement[Any] = sa.literal_column("'\\x01'::bytea")
    return sa.case((condition, yes), else_=sa.literal_column("'\\x00'::bytea"))


def _pack(column: PackedColumn) -> list[sa.ColumnElement[Any]]:
    value, func = column.expression, sa.func
    match column.kind:
        case Kind.INT:
            return [_join(func.int8send(sa.cast(_fill(column, value, "0"), sa.BigInteger)))]
        case Kind.BEGIN | Kind.END:
            bound = _fill(column, _bound(column.kind, value), "0")
            return [_join(func.int8send(sa.cast(bound, sa.BigInteger)))]
        case Kind.FLOAT:
            return [_join(func.float8send(sa.cast(_fill(column, value, "0"), sa.Double)))]
        case Kind.BOOL:
            return [_join(_flag(_fill(column, value, "false")))]
        case Kind.UUID:
            return [_join(func.uuid_send(value))]
        case Kind.STRING:
            content = func.convert_to(_fill(column, value, "''"), sa.literal_column("'UTF8'"))
        case Kind.BASE64:
            content = func.decode(_fill(column, value, "''"), sa.literal_column("'base64'"))
    return [_join(func.int4send(func.octet_length(content))), _join(content)]


def _fill(column: PackedColumn, value: sa.ColumnElement[Any], blank: str) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(value, sa.literal_column(blank)) if column.nullable else value


def _bound(kind: Kind, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Give a bound of a range as `lsst.daf.butler.Timespan.nsec` has it."""
    converter = TimeConverter()
    least: sa.ColumnElement[Any] = sa.literal_column(str(converter.min_nsec))
    greatest: sa.ColumnElement[Any] = sa.literal_column(str(converter.max_nsec))
    if kind is Kind.BEGIN:
        lower = sa.func.coalesce(sa.func.lower(value), least)
        return sa.case((value.is_(None), None), (sa.func.isempty(value), greatest), else_=lower)
    upper = sa.func.coalesce(sa.func.upper(value), greatest)
    return sa.case((value.is_(None), None), (sa.func.isempty(value), least), else_=upper)


def _unpack(column: PackedColumn, values: Iterator[Any]) -> pa.Array[Any]:
    packed = bytes(next(values))
    content = bytes(next(values)) if column.kind in {Kind.STRING, Kind.BASE64} else b""
    missing = np.frombuffer(bytes(next(values)), np.bool_) if column.nullable else None
    match column.kind:
        case Kind.INT | Kind.BEGIN | Kind.END:
            return pa.array(np.frombuffer(packed, ">i8").astype(np.int64), mask=missing)
        case Kind.FLOAT:
            return pa.array(np.frombuffer(packed, ">f8").astype(np.float64), mask=missing)
        case Kind.BOOL:
            return pa.array(np.frombuffer(packed, np.bool_), mask=missing)
        case Kind.UUID:
            return _make_fixed(packed, len(packed) // 16)
    lengths = np.frombuffer(packed, ">i4").astype(np.int64)
    return _make_strings(lengths, content, _ARROW[column.kind], missing)


def _make_fixed(content: bytes, n_rows: int) -> pa.Array[Any]:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), n_rows, [None, pa.py_buffer(content)])


def _make_strings(
    lengths: np.ndarray[Any, np.dtype[np.int64]],
    content: bytes,
    kind: pa.DataType,
    missing: np.ndarray[Any, np.dtype[np.bool_]] | None = None,
) -> pa.Array[Any]:
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    validity = None if missing is None else _buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(lengths), [validity, _buffer(offsets), pa.py_buffer(content)])


def _buffer(values: Any) -> pa.Buffer:
    return pa.py_buffer(memoryview(values))
