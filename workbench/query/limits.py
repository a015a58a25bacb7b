"""What numbers, texts and times an expression can hold: the same for every database and for frames.

SQLite turns an integer that is too large into a float, PostgreSQL refuses
the statement, and polars wraps around.  So what no column could hold is
refused before anybody evaluates it.
"""

from __future__ import annotations

import math

__all__ = ["LARGEST", "SMALLEST", "find_fault", "shorten"]

LARGEST = 2**63 - 1
"""Largest integer of a column."""

SMALLEST = -(2**63)
"""Smallest integer of a column."""

_SHOWN = 60
"""How many characters of a literal a message shows."""


def shorten(text: str, length: int = _SHOWN) -> str:
    """Shorten a text for a message.

    Parameters
    ----------
    text : `str`
        Any text.
    length : `int`, optional
        How many characters of it are shown.

    Returns
    -------
    short : `str`
        The text, or its beginning and how long it is.
    """
    return text if len(text) <= length else f"{text[:length]}... ({len(text)} characters)"


def find_fault(value: object) -> str:
    """Say why no column can hold a value.

    Parameters
    ----------
    value : `object`
        A value of a literal or of a bind.

    Returns
    -------
    fault : `str`
        A sentence; empty where nothing is wrong.
    """
    match value:
        case bool():
            return ""
        case int() if not SMALLEST <= value <= LARGEST:
            return (
                f"An integer lies between {SMALLEST} and {LARGEST} (64 bits), and this one does not. "
                "Is a comma missing?"
            )
        case float() if not math.isfinite(value):
            return "A number is finite, and this one is not."
        case str() if "\0" in value:
            return "A text of the repository has no NUL character, and this one does."
        case str() if any("\ud800" <= char <= "\udfff" for char in value):
            return "A text is made of whole characters, and this one has half of a surrogate pair."
    return ""
