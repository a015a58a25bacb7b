from __future__ import annotations

import astropy.time
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import Timespan

from workbench.registry.database.times import mjd_from_nsec
from workbench.snapshot import mjd_from_time, timespan_bounds


@given(st.floats(min_value=40588, max_value=70000))
def test_days_survive(mjd: float) -> None:
    time = astropy.time.Time(mjd, format="mjd", scale="tai")
    assert mjd_from_time(time) == pytest.approx(mjd, abs=2e-11)


def test_scales_are_converted_to_tai() -> None:
    utc = astropy.time.Time("2017-01-02T00:00:00", scale="utc")
    assert mjd_from_time(utc) == pytest.approx(57755 + 37 / 86400, abs=1e-11)


def test_unbounded_is_infinite() -> None:
    assert timespan_bounds(Timespan(None, None)) == (-np.inf, np.inf)
    begin, end = timespan_bounds(Timespan(astropy.time.Time(57000, format="mjd", scale="tai"), None))
    assert begin == 57000
    assert end == np.inf


def test_nanoseconds_are_not_lost_to_large_products() -> None:
    nsec = np.array([1_400_000_000_000_000_000, 1_400_000_000_000_001_000])
    first, second = mjd_from_nsec(nsec)
    assert second > first
