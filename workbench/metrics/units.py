"""Units of measured values."""

from __future__ import annotations

import warnings
from typing import Any

import astropy.units
import numpy as np
import pyarrow as pa

from workbench.errors import MetricsError
from workbench.rendering import UNIT

__all__ = ["convert_values", "parse_unit", "read_unit", "with_unit"]

_LONGEST = 100


def parse_unit(text: str, column: str) -> Any:
    """Read a unit as astropy writes it.

    Parameters
    ----------
    text : `str`
        Such as ``arcsec`` or ``electron / pixel``; empty is dimensionless.
    column : `str`
        Whose unit it is, for the message.

    Returns
    -------
    unit : `astropy.units.UnitBase`
        The unit.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if astropy does not know it.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST} characters")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of units that are deprecated or written in an odd way
            return astropy.units.Unit(text.strip())
    except (ValueError, TypeError, OverflowError, ZeroDivisionError, RecursionError, MemoryError) as error:
        reason = " ".join(str(error).split())[:200]
        raise MetricsError(
            f"Column {column!r} has a unit that astropy does not know, {text[:_LONGEST]!r} ({reason}). Give "
            f"the right one: --unit {column}=arcsec, or units={{{column!r}: 'arcsec'}}."
        ) from error


def convert_values(
    values: pa.ChunkedArray[Any], given: str, declared: str, column: str
) -> pa.ChunkedArray[Any]:
    """Convert values into the unit that is declared.

    Parameters
    ----------
    values : `pyarrow.ChunkedArray`
        Numbers; nulls stay null.
    given, declared : `str`
        Unit of the values, and the one wanted.
    column : `str`
        Whose values they are, for the message.

    Returns
    -------
    converted : `pyarrow.ChunkedArray`
        Floats; the same array where the units are equal.

    Raises
    ------
    workbench.errors.MetricsError
        Raised if one does not convert into the other.
    """
    source, target = parse_unit(given, column), parse_unit(declared, column)
    if source == target and source.is_equivalent(target):
        return values
    mask = values.is_null().to_numpy()
    floats = np.asarray(values.cast(pa.float64()).fill_null(pa.scalar(1.0)).to_numpy(), dtype=np.float64)
    try:
        with np.errstate(all="ignore"):
            converted = np.asarray(source.to(target, floats), dtype=np.float64)
    except (astropy.units.UnitsError, TypeError) as error:
        raise MetricsError(
            f"Column {column!r} is in {_name(given)}, and is declared in {_name(declared)}; one does not "
            "convert into the other. Correct the unit, or give the column another name."
        ) from error
    return pa.chunked_array([pa.array(converted, pa.float64(), mask=mask)])


def read_unit(field: pa.Field[Any]) -> str | None:
    """Return the unit of a column.

    Parameters
    ----------
    field : `pyarrow.Field`
        The column.

    Returns
    -------
    unit : `str` or `None`
        `None` where nobody told it.
    """
    found = (field.metadata or {}).get(UNIT)
    return None if found is None else found.decode(errors="replace").strip()


def with_unit(field: pa.Field[Any], unit: str | None) -> pa.Field[Any]:
    """Return a field with another unit.

    Parameters
    ----------
    field : `pyarrow.Field`
        The column.
    unit : `str` or `None`
        Its unit; `None` where nobody told it.

    Returns
    -------
    field : `pyarrow.Field`
        The same column.
    """
    metadata: dict[bytes | str, bytes | str] = {
        key: value for key, value in (field.metadata or {}).items() if key != UNIT
    }
    if unit is not None:
        metadata[UNIT] = unit.encode()
    return field.with_metadata(metadata)


def _name(unit: str) -> str:
    return unit.strip() or "no unit (dimensionless)"
