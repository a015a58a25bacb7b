"""Keys of visits and of their detectors, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa

from workbench.errors import UnknownNameError

__all__ = [
    "DetectorKey",
    "Key",
    "VisitKey",
    "count_rows",
    "iter_visits",
    "key_from_text",
    "key_text",
    "parse_keys",
]

VisitKey = tuple[str, int]
"""Instrument and visit."""

DetectorKey = tuple[str, int, int]
"""Instrument, visit and detector."""

Key = VisitKey | DetectorKey
"""What an edit by hand is about."""

_VISIT = ["instrument", "visit"]
_WORD = re.compile(r"(?:(?P<instrument>\w[\w-]*):)?(?P<visit>\d{1,18})(?:\.(?P<detector>\d{1,9}))?")


def key_text(key: VisitKey) -> str:
    """Return a visit's key as text.

    Parameters
    ----------
    key : `tuple`
        Instrument and visit.

    Returns
    -------
    text : `str`
        Such as "HSC 96954".
    """
    return f"{key[0]} {key[1]}"


def key_from_text(text: str) -> VisitKey:
    """Return the key that `key_text` wrote.

    Parameters
    ----------
    text : `str`
        Such as "HSC 96954".

    Returns
    -------
    key : `tuple`
        Instrument and visit.
    """
    instrument, _, visit = text.rpartition(" ")
    return instrument, int(visit)


def parse_keys(text: str, instruments: Sequence[str]) -> list[Key]:
    """Read visits and detectors as people write them.

    Parameters
    ----------
    text : `str`
        Numbers of visits, each with a detector after a dot if that alone is
        meant, separated by commas or spaces: ``96954, 96980.4``; where there
        are several instruments, ``HSC:96954``.
    instruments : `~collections.abc.Sequence` [ `str` ]
        Those that there are.

    Returns
    -------
    keys : `list` [ `Key` ]
        Each once.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for a word that is none of these, or an instrument that does
        not exist or is not said.
    """
    keys: list[Key] = []
    for word in text.replace(",", " ").split():
        found = _WORD.fullmatch(word)
        if found is None:
            raise UnknownNameError(
                f"{word!r} is no visit: write its number, and a detector after a dot, such as 96954.4."
            )
        instrument = found["instrument"] or (instruments[0] if len(instruments) == 1 else "")
        if instrument not in instruments:
            asked = f"{instrument!r} is no instrument here" if instrument else f"{word!r} names no instrument"
            raise UnknownNameError(
                f"{asked}: write one of {', '.join(f'{name}:{word}' for name in instruments)}."
            )
        visit = int(found["visit"])
        keys.append((instrument, visit, int(found["detector"])) if found["detector"] else (instrument, visit))
    return list(dict.fromkeys(keys))


def iter_visits(table: pa.Table) -> Iterable[VisitKey]:
    """Iterate over the visits of a table.

    Parameters
    ----------
    table : `pyarrow.Table`
        With ``instrument`` and ``visit``.

    Returns
    -------
    keys : iterable of `VisitKey`
        One a row.
    """
    return zip(*(table[name].to_pylist() for name in _VISIT), strict=True)


def count_rows(table: pa.Table) -> dict[VisitKey, int]:
    """Count the rows of each visit.

    Parameters
    ----------
    table : `pyarrow.Table`
        With ``instrument`` and ``visit``.

    Returns
    -------
    counts : `dict` [ `VisitKey`, `int` ]
        Visits that have rows.
    """
    frame = pl.DataFrame(pl.from_arrow(table.select(_VISIT)))
    counted = frame.group_by(_VISIT).len()
    keys = zip(counted["instrument"].to_list(), counted["visit"].to_list(), strict=True)
    return dict(zip(keys, counted["len"].to_list(), strict=True))
