"""Values as people read them: by the unit in their field's metadata, never by the name of a column."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["KIND", "UNIT", "column_title", "is_time", "render_time", "render_value", "time_field"]

KIND = b"kind"
"""Key of a field's metadata: ``time`` where its numbers are MJD TAI."""

UNIT = b"unit"
"""Key of a field's metadata: the unit of its numbers, as `astropy.units` reads it."""

_MJD_EPOCH = dt.datetime(1858, 11, 17)  # of TAI, which Python's time zones do not know
_LONG_FLOAT = 10
_SHORT_FLOAT = 4
_GROUPED = 1000


def time_field(name: str, doc: str = "", *, nullable: bool = True) -> pa.Field[Any]:
    """Make the field of a column of times.

    Parameters
    ----------
    name : `str`
        Name of the column.
    doc : `str`, optional
        What the times are.
    nullable : `bool`, optional
        Whether a row may have none.

    Returns
    -------
    field : `pyarrow.Field`
        Of float64, MJD TAI in days, and marked as such.
    """
    import pyarrow as pa  # takes a while, and what prints a help has no fields

    metadata: dict[bytes | str, bytes | str] = {KIND: b"time", UNIT: b"d"}
    if doc:
        metadata[b"doc"] = doc.encode()
    return pa.field(name, pa.float64(), nullable=nullable, metadata=metadata)


def is_time(field: pa.Field[Any] | None) -> bool:
    """Tell whether a field holds points in time.

    Parameters
    ----------
    field : `pyarrow.Field` or `None`
        Any field.

    Returns
    -------
    is_time : `bool`
        `True` for MJD TAI; `False` for a duration, whatever it is called.
    """
    return field is not None and (field.metadata or {}).get(KIND) == b"time"


def column_title(name: str, field: pa.Field[Any] | None = None) -> str:
    """Return the heading of a column.

    Parameters
    ----------
    name : `str`
        What to call it.
    field : `pyarrow.Field`, optional
        Its field.

    Returns
    -------
    title : `str`
        The name with the scale of a time or the unit of a number, such as
        "created (TAI)" or "psf_fwhm [arcsec]".
    """
    if is_time(field):
        return f"{name} (TAI)"
    unit = b"" if field is None else (field.metadata or {}).get(UNIT, b"")
    return f"{name} [{unit.decode()}]" if unit else name


def render_time(time: float | None, *, missing: str = "") -> str:
    """Return a point in time as text.

    Parameters
    ----------
    time : `float` or `None`
        MJD TAI in days.
    missing : `str`, optional
        Text for none.

    Returns
    -------
    text : `str`
        TAI, the second that has begun, such as "2026-05-02T17:04:11"; "unbounded" for an
        infinite end of a timespan, and the number itself where no calendar
        has it.
    """
    if time is None or math.isnan(time):
        return missing
    if math.isinf(time):
        return "unbounded"
    try:
        # A double holds a time to some microseconds: what is so near to a second is that second.
        return (_MJD_EPOCH + dt.timedelta(seconds=math.floor(time * 86_400 + 1e-4))).isoformat()
    except OverflowError:
        return f"MJD {time:.10g}"


def render_value(
    value: object, field: pa.Field[Any] | None = None, *, missing: str = "", brief: bool = False
) -> str:
    """Return a value as text.

    Parameters
    ----------
    value : `object`
        Anything that Arrow holds.
    field : `pyarrow.Field`, optional
        Its field: what a number means stands in its metadata.
    missing : `str`, optional
        Text for a missing value, and for one that is no number.
    brief : `bool`, optional
        Round numbers to four digits, with separators from a thousand on,
        instead of ten digits.

    Returns
    -------
    text : `str`
        One line of printable characters.
    """
    match value:
        case None:
            return missing
        case bool():
            return "yes" if value else "no"
        case float() | int() if is_time(field):
            return render_time(float(value), missing=missing)
        case float() if math.isnan(value):
            return missing
        case float() if math.isinf(value):
            return "infinity" if value > 0 else "-infinity"
        case float() if brief:
            return f"{value:,.0f}" if abs(value) >= _GROUPED else f"{value:.{_SHORT_FLOAT}g}"
        case float():
            return f"{value:.{_LONG_FLOAT}g}"
        case bytes():
            return f"{len(value)} bytes"
        case list() | tuple():
            return ", ".join(render_value(item, missing=missing, brief=brief) for item in value) or missing
    # A row is a line, whatever somebody wrote into a note, and no order to the terminal.
    return _printable(" ".join(str(value).split())) or missing


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
