"""Periods of the calendar, and the Moon."""

from __future__ import annotations

import datetime as dt

import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members
from workbench.errors import CampaignError
from workbench.groupings import Rule, lunations, nights, seasons, years
from workbench.groupings.moon import compute_full_moon, find_lunation

TIME = "visit.timespan_begin"
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2060, 12, 31))


def mjd(text: str) -> float:
    return float(Time(text, scale="tai").mjd)


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        (years(), {"2016": [0, 1], "2017": [2, 3]}),
        (seasons(), {"2016-son": [0], "2017-djf": [1, 2], "2017-mam": [3]}),
        (nights(), {"20161130": [0], "20161201": [1], "20170228": [2], "20170301": [3]}),
        (nights(n=2, since=20161130), {"20161130": [0, 1], "20170228": [2, 3]}),
        (nights(n=2, since=20170301), {"20161129": [0], "20161201": [1], "20170227": [2], "20170301": [3]}),
    ],
    ids=str,
)
def test_by_observing_day(rule: Rule, groups: dict[str, list[int]]) -> None:
    frame = make_frame(5, {"day_obs": [20161130, 20161201, 20170228, 20170301, None]})
    assert members(rule.assign(frame)) == groups


def test_by_time_a_night_ends_at_noon_and_a_year_at_midnight() -> None:
    times = [mjd(text) for text in ("2016-12-31T11:59", "2016-12-31T12:01", "2017-01-01T11:59")]
    frame = make_frame(4, {TIME: [*times, None]})
    assert members(nights(TIME).assign(frame)) == {"20161230": [0], "20161231": [1, 2]}
    assert members(years(TIME).assign(frame)) == {"2016": [0, 1], "2017": [2]}


@pytest.mark.parametrize(
    ("full_moon", "lunation"),
    # Almanac times of full moons (UTC), and Brown's number of the new moon before.
    [
        ("2000-01-21T04:41", 953),
        ("2017-01-12T11:34", 1163),
        ("2018-01-31T13:27", 1176),
        ("2024-12-15T09:02", 1261),
        ("2025-01-13T22:27", 1262),
    ],
)
def test_full_moons_are_those_of_almanacs(full_moon: str, lunation: int) -> None:
    expected = float(Time(full_moon, scale="utc").tai.mjd)
    assert compute_full_moon(lunation) == pytest.approx(expected, abs=15 / 1440)
    assert find_lunation(expected - 0.02) == lunation
    assert find_lunation(expected + 0.02) == lunation + 1


@given(st.floats(40000, 80000))
def test_a_lunation_is_from_full_moon_to_full_moon(time: float) -> None:
    number = find_lunation(time)
    assert compute_full_moon(number - 1) <= time < compute_full_moon(number)
    assert 29.2 < compute_full_moon(number) - compute_full_moon(number - 1) < 29.9


def test_a_dark_time_is_one_lunation() -> None:
    # Full moons on 12 January and 11 February 2017; new moon on 28 January.
    days = [20170111, 20170113, 20170128, 20170209, 20170212]
    groups = members(lunations().assign(make_frame(5, {"day_obs": days})))
    assert groups == {"1163": [0], "1164": [1, 2, 3], "1165": [4]}


@given(DAYS, st.integers(1, 40))
def test_n_nights_are_the_same_whatever_else_is_grouped(day: dt.date, n: int) -> None:
    key = nights(n=n).name_period(int(f"{day:%Y%m%d}"))
    first = dt.datetime.strptime(key, "%Y%m%d").date()
    assert 0 <= (day - first).days < n
    assert (first - dt.date(2000, 1, 1)).days % n == 0


def test_wrong_days_are_refused() -> None:
    with pytest.raises(CampaignError, match="YYYYMMDD"):
        years().assign(make_frame(1, {"day_obs": [20171301]}))
    with pytest.raises(CampaignError, match="YYYYMMDD"):
        nights(since=1)
    with pytest.raises(CampaignError, match="at least one night"):
        nights(n=0)
    with pytest.raises(CampaignError, match="neither an observing day nor a time"):
        years("band").assign(make_frame(1, {"band": ["i"]}))
