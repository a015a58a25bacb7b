"""Tables of other libraries as rows of a set, and back."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import astropy.table
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from lsst.daf.butler import Butler, DataCoordinate, DimensionGroup, DimensionUniverse

from workbench.errors import BadDataIdTableError
from workbench.names import quote
from workbench.sets.content.canonical import (
    REASON,
    arrange_rows,
    make_schema,
    null_where,
    say_where,
    type_keys,
    type_text,
)
from workbench.sets.content.checking import check_pixels, check_rows
from workbench.snapshot import conform, data_id_schema, key_names, read_dimension_records

__all__ = ["REASON_COLUMNS", "AnyTable", "from_any_table", "to_arrow", "to_astropy"]

AnyTable: TypeAlias = (
    pa.Table | pd.DataFrame | astropy.table.Table | Sequence[Mapping[str, object] | DataCoordinate]
)

_SHOWN = 10

REASON_COLUMNS = ("reason", "comment")
"""Columns that say why a row is in a set; ``comment`` is the observatory's."""


def from_any_table(
    universe: DimensionUniverse,
    table: AnyTable,
    dimensions: Iterable[str] | None = None,
    *,
    butler: Butler | None = None,
    governors: Mapping[str, str | None] | None = None,
    free_columns: Iterable[str] = (),
    unknown: Literal["error", "drop"] = "error",
    places: Sequence[int] | None = None,
    source: str = "The table",
) -> tuple[pa.Table, DimensionGroup, str]:
    """Turn any table into the rows of a set.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    table : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
        One row a data ID; rows are mappings or data coordinates.
    dimensions : `~collections.abc.Iterable` [ `str` ], optional
        Dimensions of the set; by default those that the columns name.
    butler : `lsst.daf.butler.Butler`, optional
        Repository to check the rows against.
    governors : `~collections.abc.Mapping` [ `str`, `str` or `None` ], optional
        Values of dimensions for which the table has no column.
    free_columns : `~collections.abc.Iterable` [ `str` ], optional
        Columns to keep beside keys and reason.
    unknown : `str`, optional
        What to do with rows that the repository does not have.
    places : `~collections.abc.Sequence` [ `int` ], optional
        Line number of each row.
    source : `str`, optional
        What is read, for messages.

    Returns
    -------
    rows : `pyarrow.Table`
        Rows in canonical form.
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.
    note : `str`
        What was left out, for the provenance.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised as `DataIdSet.from_table` says.
    workbench.errors.UnknownDataIdError
        Raised if rows do not exist in the repository.
    """
    arrow = to_arrow(table)
    if dimensions is not None and not arrow.num_columns:
        # Rows in a list carry no columns if there are none of them.
        arrow = data_id_schema(conform(universe, dimensions), implied=False).empty_table()
    free = tuple(free_columns)
    given = {name: value for name, value in (governors or {}).items() if value is not None}
    columns = arrow.schema.names
    if len(set(columns)) != len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise BadDataIdTableError(f"{source} has several columns called {', '.join(map(repr, twice))}.")
    named = [name for name in columns if name in universe.dimensions.names or name in _skypix(universe)]
    named = [name for name in named if name not in free]
    group = conform(universe, named if dimensions is None else dimensions)
    _check_columns(columns, group, free, universe, source)
    if not named:
        raise BadDataIdTableError(
            f"{source} has no column that is a dimension; its columns are: {', '.join(columns) or '(none)'}."
        )
    for name in key_names(group):
        if name not in columns:
            if name not in given:
                raise BadDataIdTableError(
                    f"{source} has no column {name!r}, which data IDs of {', '.join(named)} need.  "
                    f"Give its value with {name}=...{_option(name)}, or add the column"
                    f"{_tell_known(butler, name)}."
                )
            arrow = arrow.append_column(name, pa.array([given[name]] * arrow.num_rows, pa.string()))
    rows = _assemble(arrow, group, free, places, source)
    # Implied columns ride along until they have been compared.
    implied = [name for name in group.implied if name in columns and name not in free]
    if implied and butler is None:
        raise BadDataIdTableError(
            f"{source} has columns of implied dimensions ({', '.join(implied)}), which only a repository can "
            f"confirm.  Leave them out (the keys are {', '.join(key_names(group))}), or give a Butler."
        )
    note = ""
    if butler is None:
        check_pixels(rows, group, places, source)
    else:
        kept, note = check_rows(butler, rows, group, arrow.select(implied), unknown, places, source)
        rows = rows.filter(pa.array(kept))
        if places is not None:
            places = [place for place, keep in zip(places, kept, strict=True) if keep]
    return arrange_rows(rows, group, places=places, source=source), group, note


def to_arrow(table: AnyTable) -> pa.Table:
    """Return a table of any library as an Arrow table.

    Parameters
    ----------
    table : `pyarrow.Table`, `pandas.DataFrame`, `astropy.table.Table`, or rows
        The table; also a frame of polars or another library that speaks
        Arrow, and a structured array of numpy.

    Returns
    -------
    table : `pyarrow.Table`
        The same columns, and named levels of a pandas index; masked and
        missing values are null.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is none of these, or a column is no column of plain
        values.
    """
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, pd.DataFrame):
        return _from_pandas(table)
    if isinstance(table, np.ndarray) and table.dtype.names:
        table = astropy.table.Table(table)
    if isinstance(table, astropy.table.Table):
        return pa.table({name: _from_astropy(table[name], name) for name in table.colnames})
    if hasattr(table, "__arrow_c_stream__"):  # polars, and whatever else speaks Arrow
        try:
            given = pa.table(table)
        except (pa.ArrowException, TypeError, ValueError) as error:
            kind = type(table).__name__
            raise BadDataIdTableError(
                f"An object of type {kind} is one column, or none, and no table of data IDs; name its "
                'columns, such as pandas.DataFrame({"instrument": "HSC", "visit": column}).'
            ) from error
        return given.cast(pa.schema([_to_plain(field) for field in given.schema]))
    return _from_rows(table)


def _to_plain(field: pa.Field[Any]) -> pa.Field[Any]:
    is_text = pa.types.is_large_string(field.type) or pa.types.is_string_view(field.type)
    return field.with_type(pa.string()) if is_text else field


def _from_pandas(frame: pd.DataFrame) -> pa.Table:
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if named:
        frame = frame.reset_index(level=named)
    try:
        return pa.Table.from_pandas(frame, preserve_index=False)
    except UnicodeEncodeError as error:
        raise _half_a_character("The values of a column", error) from error
    except (pa.ArrowException, OverflowError) as error:
        raise BadDataIdTableError(f"The values of a column are of several types: {error}.") from error


def _half_a_character(what: str, error: UnicodeEncodeError) -> BadDataIdTableError:
    return BadDataIdTableError(
        f"{what} hold half a character (a lone surrogate) in {error.object[:50]!a}, which nothing "
        "can store. Read the text in its right encoding."
    )


def _from_rows(rows: Iterable[object]) -> pa.Table:
    plain: list[Mapping[str, object]] = []
    for number, row in enumerate(rows):
        if isinstance(row, DataCoordinate):
            plain.append(dict(row.required))
        elif isinstance(row, Mapping):
            plain.append(row)
        else:
            raise BadDataIdTableError(
                f"Row {number} (counted from 0) is {row!r}, and no data ID: a row is a mapping such as "
                "{'instrument': 'HSC', 'visit': 1228}, or a DataCoordinate."
            )
    names = dict.fromkeys(str(name) for row in plain for name in row)
    return pa.table({name: _from_values([row.get(name) for row in plain], name) for name in names})


def _from_values(values: Sequence[object], name: str) -> pa.Array[Any]:
    try:
        return pa.array(values, from_pandas=True)
    except UnicodeEncodeError as error:
        raise _half_a_character(f"The values of {name!r}", error) from error
    except (pa.ArrowException, OverflowError) as error:
        raise BadDataIdTableError(f"The values of {name!r} are of several types: {error}.") from error


def to_astropy(table: pa.Table) -> astropy.table.Table:
    """Return an Arrow table as an astropy table.

    Parameters
    ----------
    table : `pyarrow.Table`
        Columns of numbers, booleans or strings.

    Returns
    -------
    table : `astropy.table.Table`
        The same columns; those with nulls are masked.
    """
    result = astropy.table.Table()
    for name in table.schema.names:
        column = table[name]
        mask = column.is_null().to_numpy()
        if pa.types.is_string(column.type):
            values = np.array([value or "" for value in column.to_pylist()], dtype=str)
        else:
            fill = pa.scalar(0, pa.int64()).cast(column.type)
            values = column.fill_null(fill).to_numpy()
        result[name] = astropy.table.MaskedColumn(values, mask=mask) if mask.any() else values
    return result


def _skypix(universe: DimensionUniverse) -> set[str]:
    return set(universe.skypix_dimensions.names)


def _check_columns(
    columns: Sequence[str],
    group: DimensionGroup,
    free: tuple[str, ...],
    universe: DimensionUniverse,
    source: str,
) -> None:
    allowed = {*group.required, *group.implied, *free}
    reasons = [name for name in columns if name in REASON_COLUMNS and name not in free]
    if len(reasons) > 1:
        raise BadDataIdTableError(f"{source} has both a 'reason' and a 'comment' column; keep one of them.")
    stray = [name for name in columns if name not in allowed and name not in reasons]
    if stray:
        known = [*universe.dimensions.names, *REASON_COLUMNS]
        near = [
            f"{quote(name)} (did you mean {close[0]!r}?)"
            if name not in known and (close := difflib.get_close_matches(name, known, 1))
            else quote(name)
            for name in stray[:_SHOWN]
        ]
        near += [f"and {len(stray) - _SHOWN} more"] if len(stray) > _SHOWN else []
        raise BadDataIdTableError(
            f"{source} has columns that cannot be in a set of these dimensions: {', '.join(near)}.  Allowed "
            f"are the dimensions {', '.join([*group.required, *group.implied]) or '(none)'}, a 'reason' or "
            "'comment', and the columns named in free_columns=(...)."
        )
    absent = [name for name in free if name not in columns]
    if absent:
        raise BadDataIdTableError(
            f"{source} has no column {', '.join(map(repr, absent))}, named in free_columns; its columns are: "
            f"{', '.join(columns)}."
        )


def _assemble(
    arrow: pa.Table, group: DimensionGroup, free: tuple[str, ...], places: Sequence[int] | None, source: str
) -> pa.Table:
    keys = type_keys(arrow, group, places=places, source=source)
    reason = next((name for name in REASON_COLUMNS if name in arrow.schema.names and name not in free), None)
    if reason is None:
        reasons = pa.chunked_array([pa.nulls(arrow.num_rows, pa.string())])
    else:
        reasons = _type_reasons(arrow[reason], reason, source)
    _refuse_nul(reasons, reason or REASON, places, source)
    kept = {name: _free_column(arrow[name], name, source) for name in sorted(free)}
    for name, column in kept.items():
        _refuse_nul(column, name, places, source)
    schema = make_schema(group, {name: column.type for name, column in kept.items()})
    if REASON in kept:
        raise BadDataIdTableError(f"A free column cannot be called {REASON!r}.")
    return pa.table([*keys, reasons, *kept.values()], schema=schema)


def _type_reasons(column: pa.ChunkedArray[Any], name: str, source: str) -> pa.ChunkedArray[Any]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    try:
        if pa.types.is_nested(kind):
            raise pa.ArrowTypeError("lists")
        return type_text(column)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise BadDataIdTableError(f"{source}: {name!r} holds {kind}, and a reason is text.") from error


def _refuse_nul(column: pa.ChunkedArray[Any], name: str, places: Sequence[int] | None, source: str) -> None:
    """Refuse text that a database cuts, or does not take."""
    if not pa.types.is_string(column.type):
        return
    holds: Any = pc.match_substring(column, "\0")
    bad = np.flatnonzero(pc.fill_null(holds, False).to_numpy())
    if len(bad):
        raise BadDataIdTableError(
            f"{source}: {name!r} of {len(bad)} row(s) holds a NUL character, which no text has; the first is "
            f"{say_where(int(bad[0]), places)}. Remove it."
        )


def _free_column(column: pa.ChunkedArray[Any], name: str, source: str) -> pa.ChunkedArray[Any]:
    """Cast to one of four types, so that every format can hold it."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_boolean(kind):
        return column.cast(pa.bool_())
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_floating(kind):
        values = column.cast(pa.float64())
        return null_where(pc.is_nan(values), values)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return type_text(column)
    raise BadDataIdTableError(
        f"{source}: free column {name!r} is of type {kind}; free columns are numbers, booleans or text."
    )


def _from_astropy(column: astropy.table.Column, name: str) -> pa.Array[Any]:
    if not hasattr(column, "dtype") or len(column.shape) > 1:
        raise BadDataIdTableError(
            f"Column {name!r} is {type(column).__name__} of shape {column.shape}: a row of a set holds plain "
            "numbers, booleans and text.  Convert the column (a time to .mjd, say), or leave it out."
        )
    mask = np.asarray(getattr(column, "mask", np.zeros(len(column), bool)))
    if column.dtype.kind in "USO":
        texts = [
            None if hidden else _text(value) for value, hidden in zip(column.tolist(), mask, strict=True)
        ]
        return pa.array(texts)
    values = np.ascontiguousarray(np.asarray(column))
    # Arrow takes the machine's byte order only; FITS tables have the other.
    native: pa.Array[Any] = pa.array(values.astype(values.dtype.newbyteorder("=")), mask=mask)
    return native


def _text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value


def _tell_known(butler: Butler | None, name: str) -> str:
    """Say which values a governor has in a repository."""
    if butler is None or name not in butler.dimensions.governor_dimensions.names:
        return ""
    known = read_dimension_records(butler, name)[name].to_pylist()
    return f" (there are: {', '.join(map(str, known[:_SHOWN]))})" if known else ""


def _option(name: str) -> str:
    """Name the option of commands that gives a governor; there is none of other dimensions."""
    return f" or --{name}" if name == "instrument" else ""
