"""Values as people read them."""

from __future__ import annotations

import math

import astropy.time
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.registry.journal import COMMIT_SCHEMA
from workbench.rendering import is_time, render_time, render_value, time_field


@given(st.floats(-600_000, 2_900_000))
def test_a_time_is_tai_to_the_second(mjd: float) -> None:
    read = astropy.time.Time(render_time(mjd), scale="tai")
    assert -0.001 <= (mjd - read.mjd) * 86_400 <= 1.001


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.inf, "unbounded"),
        (-math.inf, "unbounded"),
        (math.nan, "none"),
        (None, "none"),
        (1e12, "MJD 1e+12"),
        (60000, "2023-02-25T00:00:00"),
    ],
)
def test_ends_of_time(value: float | None, text: str) -> None:
    assert render_value(value, time_field("t"), missing="none") == text


def test_what_is_no_time_is_a_number_whatever_its_name() -> None:
    for name in ("time", "created", "timespan_begin", "recorded"):
        assert render_value(30.5, pa.field(name, pa.float64(), metadata={"unit": "s"})) == "30.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb\x1b[2J", "a b\\x1b[2J"),
        ([1, None, 2.5], "1, -, 2.5"),
        (b"abc", "3 bytes"),
        (-math.inf, "-infinity"),
    ],
)
def test_one_printable_line(value: object, text: str) -> None:
    assert render_value(value, missing="-") == text


def test_times_of_the_journal_say_so() -> None:
    assert [field.name for field in COMMIT_SCHEMA if is_time(field)] == ["created", "finished"]
