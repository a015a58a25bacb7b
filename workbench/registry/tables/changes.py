"""What a later version of a declaration changes, and what that would lose."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import astropy.units
import polars as pl

from workbench.errors import DeclarationError
from workbench.registry.tables.declaration import Column, TableDeclaration

__all__ = ["Changes", "compute_changes", "convert_values"]

_NUMERIC = {"int", "float"}
_CONVERTIBLE = {
    ("int", "float"),
    ("float", "int"),
    ("int", "str"),
    ("float", "str"),
    ("bool", "str"),
    ("bool", "int"),
    ("json", "str"),
    ("uuid", "str"),
    ("dataset", "str"),
    ("dataset", "uuid"),
    ("str", "int"),
    ("str", "float"),
}
"""Types whose values can become others; what does not survive is counted before anything is done."""


@dataclasses.dataclass(frozen=True, slots=True)
class Changes:
    """The steps from one declaration to the next.

    Parameters
    ----------
    added, dropped : `tuple` [ `Column`, ... ]
        Columns as stored.
    renamed : `~collections.abc.Mapping` [ `str`, `str` ]
        New name by old name.
    converted : `tuple` [ `tuple` [ `Column`, `Column` ], ... ]
        Columns (by their new names) whose type or unit changes, before and
        after.
    loosened, tightened : `tuple` [ `Column`, ... ]
        Columns that may, or may no longer, lack a value.
    """

    added: tuple[Column, ...]
    dropped: tuple[Column, ...]
    renamed: Mapping[str, str]
    converted: tuple[tuple[Column, Column], ...]
    loosened: tuple[Column, ...]
    tightened: tuple[Column, ...]


def compute_changes(there: TableDeclaration, asked: TableDeclaration, rename: Mapping[str, str]) -> Changes:
    """Compare two declarations of one table.

    Parameters
    ----------
    there, asked : `~workbench.registry.TableDeclaration`
        As it is, and as it shall be.
    rename : `~collections.abc.Mapping` [ `str`, `str` ]
        New name by old name of columns that keep their values.

    Returns
    -------
    changes : `Changes`
        What is to be done.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if one cannot become the other; lists all reasons.
    """
    if faults := [*_iter_faults(there, asked, rename)]:
        raise DeclarationError(
            f"Table {asked.name!r} cannot be migrated from version {there.version} to {asked.version}: "
            f"{'; '.join(faults)}."
        )
    before = {rename.get(column.name, column.name): column for column in there.stored_columns}
    after = {column.name: column for column in asked.stored_columns}
    shared = [(before[name], after[name]) for name in after if name in before]
    # What the type of a dimension is, its universe knows.
    dimensions = [Column(name, "str") for name in asked.dimensions if name not in there.dimensions]
    return Changes(
        added=(*dimensions, *(column for name, column in after.items() if name not in before)),
        dropped=tuple(column for name, column in before.items() if name not in after),
        renamed=rename,
        converted=tuple((old, new) for old, new in shared if _changes_values(old, new)),
        loosened=tuple(new for old, new in shared if new.nullable and not old.nullable),
        tightened=tuple(new for old, new in shared if old.nullable and not new.nullable),
    )


def _iter_faults(
    there: TableDeclaration, asked: TableDeclaration, rename: Mapping[str, str]
) -> Iterator[str]:
    if asked.version <= there.version:
        yield f"the new version must be higher than {there.version}"
    kept = asked.dimensions
    if there.nullable_dimensions:
        kept = tuple(name for name in asked.dimensions if name in there.dimensions)
    if kept != there.dimensions or asked.nullable_dimensions != there.nullable_dimensions:
        yield "its dimensions change, which rows that are there have no values for: declare a new table"
    before = {column.name: column for column in there.stored_columns}
    after = {column.name: column for column in asked.stored_columns}
    for old, new in rename.items():
        if old not in before:
            yield f"there is no column {old!r} to rename (there are {', '.join(before)})"
        elif new not in after:
            yield f"column {old!r} is to be renamed to {new!r}, which the new declaration lacks"
        elif new in before:
            yield f"column {old!r} cannot be renamed to {new!r}, which is there already"
    for old, column in before.items():
        new = rename.get(old, old)
        if new not in after:
            continue
        kinds = (column.type, after[new].type)
        if kinds[0] != kinds[1] and kinds not in _CONVERTIBLE:
            yield f"column {new!r} cannot become {kinds[1]}, since it is {kinds[0]}"
        elif _changes_unit(column, after[new]) and (fault := _find_unit_fault(column, after[new])):
            yield fault
    for name, column in after.items():
        if name not in before and name not in rename.values() and not column.nullable:
            yield f"the new column {name!r} must be nullable, since rows that are there have no value for it"


def _changes_values(old: Column, new: Column) -> bool:
    return old.type != new.type or _changes_unit(old, new)


def _changes_unit(old: Column, new: Column) -> bool:
    # A unit where none was said states what the values are, and changes none.
    return bool(old.unit) and new.type in _NUMERIC and old.unit != new.unit


def _find_unit_fault(old: Column, new: Column) -> str:
    if old.type not in _NUMERIC or new.type != "float":
        return f"the unit of column {new.name!r} changes, which needs numbers that become float"
    try:
        _find_factor(old.unit, new.unit)
    except (ValueError, TypeError) as error:
        return f"column {new.name!r} in {old.unit!r} cannot be given in {new.unit!r} ({error})"
    return ""


def _find_factor(old: str, new: str) -> float:
    return float(astropy.units.Unit(old).to(astropy.units.Unit(new)))


def convert_values(values: pl.Series, old: Column, new: Column) -> pl.Series:
    """Convert the values of a column to another type or unit.

    Parameters
    ----------
    values : `polars.Series`
        Values in the type of the old column.
    old, new : `Column`
        Before and after.

    Returns
    -------
    converted : `polars.Series`
        Null where a value does not survive.
    """
    if _changes_unit(old, new):
        values = values.cast(pl.Float64) * _find_factor(old.unit, new.unit)
    match new.type:
        case "float":
            numbers = values.cast(pl.Float64, strict=False)
            inexact = values.dtype == pl.Int64 and numbers.abs() > 2**53
            return pl.select(pl.when(~pl.lit(inexact) & numbers.is_finite()).then(numbers)).to_series()
        case "int":
            whole = values.cast(pl.Int64, strict=False)
            kept = pl.lit(True) if values.dtype != pl.Float64 else pl.lit(whole.cast(pl.Float64) == values)
            return pl.select(pl.when(kept).then(whole)).to_series()
        case _:
            return values.cast(pl.String)
