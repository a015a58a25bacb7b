"""Days, times and MJD are told apart in conditions: never silently a number, always with what to write."""

from __future__ import annotations

import pytest

from workbench.errors import ExpressionError
from workbench.query import select
from workbench.registry import Registry

HSC = "instrument = 'HSC' AND "
AS_DAY = "Write 20170123 (YYYYMMDD"
AS_TIME = "Write T'2017-01-23'"
REFUSED = {
    "day_obs = 2017-01-23": AS_DAY,
    "2017-1-23 <= day_obs": AS_DAY,
    "visit.day_obs != 2017/01/23": AS_DAY,
    "day_obs = 23/01/2017": AS_DAY,
    "day_obs = 01/23/2017": AS_DAY,
    "NOT (day_obs = (2017-01-23))": AS_DAY,
    "day_obs = 17-01-23": "and -7 is none",
    "day_obs >= 2017-01": "Write 20170101",
    "day_obs IN (2017-01-23)": "20170123",
    "day_obs = '2017-01-23'": AS_DAY,
    "day_obs IN (20170102, '20170123')": AS_DAY,
    "day_obs = T'2017-01-23'": AS_DAY,
    "day_obs > 57776": AS_DAY,
    "day_obs IN (57776..57780)": AS_DAY,
    "day_obs > 2457776.7": AS_DAY,
    "day_obs > 2017": "Write 20170101",
    "day_obs = 201701": "Write 20170101",
    "visit = 2017-01-23": "T'2017-01-23'",
    "visit.exposure_time > 2017-01-23": "T'2017-01-23'",
    "visit.timespan.begin > 2017-01-23": AS_TIME,
    "visit.timespan.begin > 20170123": AS_TIME,
    "visit.timespan.begin > 57776": "Write T'57776.0' for MJD TAI",
    "57776.25 < visit.timespan.begin": "Write T'57776.25' for MJD TAI",
    "visit.timespan.end < '2017-01-23T03:04'": "Write T'2017-01-23T03:04'",
    "visit.timespan.end < 2457776.7": AS_TIME,
    "visit.timespan OVERLAPS (2017-01-23, 2017-01-24)": AS_TIME,
    "visit.timespan OVERLAPS ('2017-01-23', NULL)": AS_TIME,
    "visit.timespan OVERLAPS (57776.5, 57777.5)": "Write T'57776.5'",
    "visit.timespan.begin > 2017-01-23T03:04:05": "T'2017-01-23T03:04:05'",
    "visit.timespan.begin > T'20170123'": AS_TIME,
}
RIGHT = {
    "day_obs = 20170123": 5,
    "day_obs IN (20170102, 20170123..20170131)": 6,
    "day_obs > 0": 12,
    "day_obs > 20170123 - 1": 5,
    "day_obs / 10000 = 2017": 6,
    "day_obs % 100 = 23": 5,
    "visit.timespan.begin > T'2017-01-23'": 5,
    "visit.timespan OVERLAPS (T'2017-01-23', T'57777.5')": 5,
    "visit != 2017 - 30": 12,
}


@pytest.mark.parametrize("where", REFUSED)
def test_what_is_no_day_or_time_is_refused_with_what_to_write(registry: Registry, where: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        select(registry, ["visit"], HSC + where)
    assert REFUSED[where] in " ".join(str(caught.value).split())


@pytest.mark.parametrize("where", RIGHT)
def test_what_is_written_is_taken(registry: Registry, where: str) -> None:
    assert len(select(registry, ["visit"], HSC + where).table) == RIGHT[where]


@pytest.mark.parametrize("value", ["2017-01-23", 57776, 57776.5, [20170123, "20170124"]])
def test_binds_are_looked_at_too(registry: Registry, value: object) -> None:
    operator = "IN (night)" if isinstance(value, list) else "= night"
    with pytest.raises(ExpressionError, match=r"Write 2017012\d"):
        select(registry, ["visit"], f"{HSC}day_obs {operator}", bind={"night": value})
