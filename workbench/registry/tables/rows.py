"""Rows that are to be written, brought into the types of their table."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import astropy.time
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from lsst.daf.butler import Timespan
from lsst.sphgeom import Region

from workbench.errors import DeclarationError, UnknownDataIdError
from workbench.registry.database.conditions import iter_conditions
from workbench.registry.database.times import timespan_bounds
from workbench.registry.tables.physical import PhysicalTable

__all__ = ["Rows", "check_datasets", "conform_rows", "name_columns"]

Rows: TypeAlias = pa.Table | Sequence[Mapping[str, object]]
"""What can be appended: an Arrow table, or a row as a mapping each."""

_Values: TypeAlias = "pa.ChunkedArray[Any] | pa.Array[Any]"
_N_LISTED = 5


def name_columns(rows: Rows) -> list[str]:
    """Return the columns that rows speak of.

    Parameters
    ----------
    rows : `pyarrow.Table` or sequence of mappings
        The rows.

    Returns
    -------
    names : `list` [ `str` ]
        In the order in which they first occur.
    """
    if isinstance(rows, pa.Table):
        return [*rows.column_names]
    return [*dict.fromkeys(name for row in rows for name in row)]


def conform_rows(rows: Rows, physical: PhysicalTable, *, partial: bool = False) -> pa.Table:
    """Cast rows to the columns of a table, or say all that does not fit.

    NaN becomes NULL: SQLite stores it so, and a measurement that failed is no
    measurement on PostgreSQL either.

    Parameters
    ----------
    rows : `pyarrow.Table` or sequence of mappings
        Rows to write; nullable columns may be left out.
    physical : `~workbench.registry.tables.physical.PhysicalTable`
        The table that they are for.
    partial : `bool`, optional
        Whether columns outside the key may be left out that no row of the
        table may lack.

    Returns
    -------
    table : `pyarrow.Table`
        Dimensions and ordinary columns, in the order of the declaration.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if columns or rows do not fit; lists them.
    """
    declaration = physical.declaration
    if not isinstance(rows, pa.Table):
        rows = _split_timespans(rows, physical)
    given = name_columns(rows)
    faults: list[str] = []
    if unknown := [name for name in given if name not in declaration.column_names]:
        faults.append(f"unknown columns {', '.join(unknown)}")
    required = _required_columns(physical)
    if partial:
        required &= {*given, *declaration.key}
    n_rows = rows.num_rows if isinstance(rows, pa.Table) else len(rows)
    columns: dict[str, _Values] = {}
    for name in declaration.column_names:
        kind = physical.types[name]
        target = physical.schema.field(name).type
        try:
            if name not in given:
                columns[name] = pa.nulls(n_rows, target)
            elif isinstance(rows, pa.Table):
                columns[name] = _conform_array(rows.column(name), kind, target)
            else:
                columns[name] = _conform_values([row.get(name) for row in rows], kind, target)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            faults.append(f"column {name!r} does not hold {kind} values ({error})")
            continue
        if name in required and columns[name].null_count:
            faults.append(_describe_nulls(name, columns[name], name in given))
    if not faults:
        schema = pa.schema([physical.schema.field(name) for name in columns])
        table = pa.Table.from_arrays([*columns.values()], schema=schema)
        if repeated := _find_repeated_keys(table, physical):
            faults.append(repeated)
        else:
            return table
    raise DeclarationError(
        f"Rows for table {declaration.name!r} do not fit, none was written: {'; '.join(faults)}. "
        f"Its columns are {', '.join(declaration.column_names)}."
    )


def _required_columns(physical: PhysicalTable) -> set[str]:
    declaration = physical.declaration
    required = {column.name for column in declaration.stored_columns if not column.nullable}
    return required if declaration.nullable_dimensions else required | set(declaration.dimensions)


def _refuse_nul(column: _Values) -> None:
    """Refuse text that PostgreSQL has no place for, and that many readers of SQLite cut."""
    rows = [int(number) for number in pc.indices_nonzero(pc.match_substring(column, "\0")).to_numpy()]
    if rows:
        raise ValueError(f"text with a NUL character, in {_list_rows(rows)}")


def _conform_array(values: _Values, kind: str, target: pa.DataType) -> _Values:
    if kind in _VALUE_RULES and kind != "time":
        return _conform_values(values.to_pylist(), kind, target)
    return _cast(values, target)


def _conform_values(values: Sequence[object], kind: str, target: pa.DataType) -> _Values:
    if kind in _VALUE_RULES:
        rule = _VALUE_RULES[kind]
        values = [None if value is None else rule(value) for value in values]
    # Its type is inferred and then cast: asked for integers, Arrow cuts 1.5 down to 1.
    return _cast(pa.array(values, from_pandas=True), target)


def _cast(values: _Values, target: pa.DataType) -> _Values:
    source = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    # Arrow would also parse "12" as a number, and write 12 as a string.
    if not pa.types.is_null(source) and not any(check(source) for check in _SOURCES[target]):
        raise TypeError(f"it holds {source}")
    values = values.cast(target)
    if pa.types.is_string(target):
        _refuse_nul(values)
    if pa.types.is_floating(target):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, target), values)
    return values


_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_SOURCES: dict[pa.DataType, tuple[Callable[[pa.DataType], bool], ...]] = {
    pa.int64(): _NUMBERS,
    pa.float64(): _NUMBERS,
    pa.bool_(): (pa.types.is_boolean,),
    pa.string(): (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    pa.binary(): (pa.types.is_binary, pa.types.is_large_binary),
}


def _as_time(value: object) -> object:
    return float(value.tai.mjd) if isinstance(value, astropy.time.Time) else value


def _as_json(value: object) -> str:
    if isinstance(value, str):
        json.loads(value)
        return value
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _as_uuid(value: object) -> str:
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value))
    return str(value if isinstance(value, uuid.UUID) else uuid.UUID(str(value)))


def _as_region(value: object) -> bytes:
    code = value.encode() if isinstance(value, Region) else value
    if not isinstance(code, bytes):
        raise TypeError("a region is an lsst.sphgeom.Region, or the bytes that its encode() gives")
    try:
        Region.decode(code)
    except RuntimeError as error:
        raise ValueError(f"{code[:8]!r}... is no encoded region") from error
    return code


_VALUE_RULES: dict[str, Callable[[object], object]] = {
    "dataset": _as_uuid,
    "json": _as_json,
    "region": _as_region,
    "time": _as_time,
    "uuid": _as_uuid,
}


def _split_timespans(rows: Sequence[Mapping[str, object]], physical: PhysicalTable) -> Rows:
    """Replace each timespan by the two times that the table holds."""
    spans = [column.name for column in physical.declaration.columns if column.type == "timespan"]
    if not any(name in row for row in rows for name in spans):
        return rows
    split = []
    for number, row in enumerate(rows):
        plain = dict(row)
        for name in spans:
            if name in plain:
                begin, end = _read_ends(plain.pop(name), name, number)
                plain |= {f"{name}_begin": begin, f"{name}_end": end}
        split.append(plain)
    return split


def _read_ends(value: object, name: str, number: int) -> tuple[object, object]:
    match value:
        case None:
            return None, None
        case Timespan() if not value.isEmpty():
            return timespan_bounds(value)
        case (begin, end):
            return begin, end
    raise DeclarationError(
        f"Column {name!r} of row {number} (counted from 0) holds {value!r}, and not a Timespan that has a "
        "length, or a pair of times; none was written."
    )


def _describe_nulls(name: str, column: _Values, given: bool) -> str:
    if not given:
        return f"column {name!r} is missing"
    rows = [number for number, absent in enumerate(column.is_null().to_pylist()) if absent]
    return f"column {name!r} has no value in {_list_rows(rows)}"


def _find_repeated_keys(table: pa.Table, physical: PhysicalTable) -> str:
    """Describe rows with one key: which of them would be the latest is not said."""
    if physical.declaration.current != "latest":
        return ""
    key = [*physical.declaration.key]
    keys = table.select(key)
    if keys.group_by(key).aggregate([]).num_rows == keys.num_rows:
        return ""
    times = Counter(rows := [tuple(row.values()) for row in keys.to_pylist()])
    repeated = [number for number, row in enumerate(rows) if times[row] > 1]
    return f"the key {', '.join(key)} occurs more than once, in {_list_rows(repeated)}"


def _list_rows(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - _N_LISTED} more" if len(numbers) > _N_LISTED else ""
    return f"rows {', '.join(map(str, numbers[:_N_LISTED]))}{more} (counted from 0)"


def check_datasets(
    connection: sa.Connection, physical: PhysicalTable, table: pa.Table, *, is_sqlite: bool
) -> None:
    """Check that datasets exist that rows name, before the database does, whose error names no row.

    Parameters
    ----------
    connection : `sqlalchemy.Connection`
        Transaction to read in.
    physical : `~workbench.registry.tables.physical.PhysicalTable`
        The table that the rows are for.
    table : `pyarrow.Table`
        The rows.
    is_sqlite : `bool`
        Whether the database is SQLite.

    Raises
    ------
    workbench.errors.UnknownDataIdError
        Raised if the repository lacks one; lists some.
    """
    datasets = physical.datasets
    if datasets is None:
        return
    for column in physical.declaration.columns:
        if column.type == "dataset":
            asked = {uuid.UUID(text) for text in table[column.name].drop_null().to_pylist()}
            conditions = iter_conditions(datasets, {"id": asked}, is_sqlite=is_sqlite)
            there = set(connection.execute(sa.select(datasets.c.id).where(*conditions)).scalars())
            if unknown := sorted(map(str, asked - there)):
                more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
                raise UnknownDataIdError(
                    f"Rows for table {physical.declaration.name!r} name datasets that this repository "
                    f"does not have, none was written: {', '.join(unknown[:5])}{more}."
                )
