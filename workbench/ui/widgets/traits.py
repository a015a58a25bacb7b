"""Values of traits: keys in any form, and ranges with open ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import traitlets

from workbench.sets import DataIdSet

__all__ = ["Keys", "close_ends", "open_ends", "to_keys"]


class Keys(traitlets.TraitType[Any, Any]):
    """Keys of visits: whatever is given, a tuple of (instrument, visit) is kept."""

    default_value = ()
    info_text = "keys of visits: pairs, a set of visits, or a table with instrument and visit"

    def validate(self, obj: Any, value: Any) -> Any:
        """Make a sorted tuple of what is given.

        Parameters
        ----------
        obj : `object`
            Whose trait it is.
        value : `object`
            What is given.

        Returns
        -------
        keys : `tuple`
            Instrument and visit of each.
        """
        try:
            return to_keys(value)
        except (TypeError, ValueError, KeyError):
            self.error(obj, value)


def to_keys(given: Any) -> tuple[tuple[str, int], ...]:
    """Accept keys in any form.

    Parameters
    ----------
    given : `object`
        Pairs, a set of visits, or a table with columns instrument and visit.

    Returns
    -------
    keys : `tuple`
        Instrument and visit of each, sorted.
    """
    if isinstance(given, DataIdSet):
        given = given.table
    if hasattr(given, "columns") and not isinstance(given, Mapping):
        given = zip(*(_as_list(given[name]) for name in ("instrument", "visit")), strict=True)
    return tuple(sorted({(str(instrument), int(visit)) for instrument, visit in given}))


def _as_list(column: Any) -> list[Any]:
    return list(column.to_pylist() if hasattr(column, "to_pylist") else column)


def close_ends(value: Any) -> Any:
    """Make tuples of lists, which traits compare.

    Parameters
    ----------
    value : `object`
        As JSON has it; `None` for an open end of a range.

    Returns
    -------
    value : `object`
        With infinite open ends.
    """
    if not isinstance(value, list | tuple):
        return value
    if len(value) == 2 and (value[0] is None or value[1] is None):
        return (-math.inf if value[0] is None else value[0], math.inf if value[1] is None else value[1])
    return tuple(close_ends(item) for item in value)


def open_ends(value: Any) -> Any:
    """Make lists for JSON, which knows no infinity.

    Parameters
    ----------
    value : `object`
        As `close_ends` gives it.

    Returns
    -------
    value : `object`
        With `None` for open ends.
    """
    if isinstance(value, tuple):
        return [open_ends(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value
