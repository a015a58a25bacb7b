"""Periods of the calendar: years, seasons, lunations, nights."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from abc import abstractmethod
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from workbench.errors import CampaignError
from workbench.groupings.moon import find_lunation
from workbench.groupings.rule import GROUP_KEY, Rule, sort_rows, to_relation
from workbench.presentation import presented

__all__ = ["Period", "lunations", "nights", "seasons", "years"]

_EPOCH = dt.date(1858, 11, 17)
"""Day 0 of MJD."""

_SEASONS = ("djf", "mam", "jja", "son")
_FIRST_DAY, _LAST_DAY = 19000101, 21991231
_FIRST_TIME, _LAST_TIME = 15020.0, 124593.0
"""The same years as MJD."""
_MOST_NIGHTS = 100_000
"""More than there are in these years."""


def _read_day(value: int) -> dt.date:
    try:
        return dt.date(value // 10000, value // 100 % 100, value % 100)
    except (ValueError, OverflowError) as error:
        raise CampaignError(
            f"{value} is no observing day: days are written YYYYMMDD, such as 20170123."
        ) from error


def _date(value: float) -> dt.date:
    """Return the date of an observing day, or that of a time in TAI."""
    return _read_day(value) if isinstance(value, int) else _EPOCH + dt.timedelta(days=math.floor(value))


def _night(value: float) -> dt.date:
    """Return the observing day; that of a time is the date of TAI less 12 h, as in obs_lsst."""
    return _read_day(value) if isinstance(value, int) else _EPOCH + dt.timedelta(days=math.floor(value - 0.5))


@dataclasses.dataclass(frozen=True, slots=True)
class Period(Rule):
    """A group a period.

    Parameters
    ----------
    column : `str`, optional
        ``day_obs``: by observing day, as the instrument defines it (Rubin: the
        date of TAI less 12 h).  A column of times, such as
        ``visit.timespan_begin`` or ``exposure.timespan_begin``: by MJD TAI.
        Rows without a value are in no group.
    """

    column: str = "day_obs"

    @property
    def columns(self) -> tuple[str, ...]:
        """When a row was observed (`tuple` [ `str`, ... ])."""
        return (self.column,)

    @abstractmethod
    def name_period(self, value: float) -> str:
        """Name the period of an observing day or time.

        Parameters
        ----------
        value : `int` or `float`
            Observing day, YYYYMMDD; or time, MJD TAI in d.

        Returns
        -------
        key : `str`
            Key of the group.
        """

    def assign(self, frame: pa.Table) -> pa.Table:
        """Find the period of each row.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and when they were observed.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row with a day or time in exactly one group.
        """
        rows = sort_rows(frame)
        if not rows[self.column].dtype.is_numeric():
            raise CampaignError(
                f"{self.describe()}: {self.column} is neither an observing day nor a time (MJD TAI)."
            )
        known = [value for value in rows[self.column].drop_nulls().unique().to_list() if math.isfinite(value)]
        self._check_when(known)
        named = {value: self.name_period(value) for value in known}
        keys = [named.get(value) for value in rows[self.column]]
        return to_relation(frame, rows.with_columns(pl.Series(GROUP_KEY, keys, dtype=pl.String)))

    def _check_when(self, values: Sequence[float]) -> None:
        """Tell observing days and times apart by type and range, and ask about anything else."""
        for value in values:
            if isinstance(value, int):
                fits, said = _FIRST_DAY <= value <= _LAST_DAY, "an observing day (YYYYMMDD)"
            else:
                fits, said = _FIRST_TIME <= value <= _LAST_TIME, "a time (MJD TAI)"
            if not fits:
                raise CampaignError(
                    f"{self.describe()}: {self.column} holds {value!r}, which is not {said} of 1900 to 2199. "
                    "Observing days are whole numbers such as 20170123, times are numbers such as 57776.5, "
                    "in days of MJD TAI: say which column is one of these, or convert it."
                )


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class years(Period):  # noqa: N801 - reads as a noun where it is used
    """A group a calendar year, such as "2017".

    Parameters
    ----------
    column : `str`, optional
        ``day_obs``: the year of the observing day; a column of times: of TAI.
    """

    def name_period(self, value: float) -> str:  # noqa: D102 - inherited
        return f"{_date(value).year:04}"


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class seasons(Period):  # noqa: N801 - reads as a noun where it is used
    """A group of three months: "2017-djf", "2017-mam", "2017-jja", "2017-son".

    Parameters
    ----------
    column : `str`, optional
        ``day_obs``: by the date of the observing day; a column of times: of
        TAI.

    Notes
    -----
    The quarters of meteorology, named by the initials of their months, which
    hold in both hemispheres; December is counted to the next year.
    """

    def name_period(self, value: float) -> str:  # noqa: D102 - inherited
        date = _date(value)
        return f"{date.year + (date.month == 12):04}-{_SEASONS[date.month % 12 // 3]}"


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class lunations(Period):  # noqa: N801 - reads as a noun where it is used
    """A group from full moon to full moon: one dark time, undivided.

    Parameters
    ----------
    column : `str`, optional
        ``day_obs``: by the middle of the observing day, 24 h after its date
        begins; a column of times: by MJD TAI.

    Notes
    -----
    The key is Brown's number of the new moon in it, such as "1163"; full
    moons are those of `workbench.groupings.moon.compute_full_moon`.
    """

    def name_period(self, value: float) -> str:  # noqa: D102 - inherited
        time = (_read_day(value) - _EPOCH).days + 1.0 if isinstance(value, int) else value
        return str(find_lunation(time))


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class nights(Period):  # noqa: N801 - reads as a noun where it is used
    """A group each N nights, named by the first of them, such as "20170123".

    Parameters
    ----------
    column : `str`, optional
        ``day_obs``: by observing day; a column of times: by the date of TAI
        less 12 h, which is Rubin's observing day.
    n : `int`, optional
        Nights of a group, clear or not.
    since : `int`, optional
        Observing day (YYYYMMDD) with which some group begins; it does not
        depend on the set, so that later nights leave earlier groups alone.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if ``n`` is below 1, or ``since`` is no day.
    """

    n: int = 1
    since: int = 20000101

    def __post_init__(self) -> None:
        if not 1 <= self.n <= _MOST_NIGHTS:
            raise CampaignError(
                f"nights(n={self.n}): a group has at least one night, and at most {_MOST_NIGHTS:,}."
            )
        _read_day(self.since)

    def name_period(self, value: float) -> str:  # noqa: D102 - inherited
        since = _read_day(self.since)
        first = since + dt.timedelta(days=(_night(value) - since).days // self.n * self.n)
        return f"{first:%Y%m%d}"
