"""Pairs: their limits, and that each exposure is used once."""

from __future__ import annotations

import dataclasses
import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members, roles
from workbench.errors import GroupingError
from workbench.groupings import pairs

FOCUS = "aos.focus_z"
RULE = pairs(FOCUS)


@dataclasses.dataclass(frozen=True)
class Shot:
    """An exposure: time (s), pointing (deg), angle (deg), focus (mm)."""

    time: float
    focus: float = 0.0
    ra: float = 10.0
    dec: float = -30.0
    angle: float = 0.0
    band: str = "i"


def frame(*shots: Shot) -> pa.Table:
    return make_frame(
        len(shots),
        {
            "exposure.timespan_begin": [60000.0 + shot.time / 86400 for shot in shots],
            "exposure.tracking_ra": [shot.ra for shot in shots],
            "exposure.tracking_dec": [shot.dec for shot in shots],
            "exposure.sky_angle": [shot.angle for shot in shots],
            FOCUS: [shot.focus for shot in shots],
            "band": [shot.band for shot in shots],
        },
    ).select(["instrument", "visit", *RULE.columns, "band"])


def pair(*shots: Shot, rule: pairs = RULE) -> dict[str, dict[str, int]]:
    given_columns = ["instrument", "visit", *rule.columns]
    return roles(rule.assign(frame(*shots).select(given_columns)))


def test_extra_and_intra_are_told_apart_by_focus() -> None:
    assert pair(Shot(0, 1.5), Shot(60, -1.5)) == {"0": {"extra": 0, "intra": 1}}
    assert pair(Shot(0, -1.5), Shot(60, 1.5)) == {"1": {"extra": 1, "intra": 0}}


ARCSEC = 1 / 3600


@pytest.mark.parametrize(
    ("second", "paired"),
    [
        (Shot(299, -1.5), True),
        (Shot(301, -1.5), False),
        (Shot(60, -1.5, dec=-30 + 59 * ARCSEC), True),
        (Shot(60, -1.5, dec=-30 + 61 * ARCSEC), False),
        (Shot(60, -1.5, ra=10 + 59 * ARCSEC / math.cos(math.radians(30))), True),
        (Shot(60, -1.5, ra=10 + 61 * ARCSEC / math.cos(math.radians(30))), False),
        (Shot(60, -1.5, angle=0.99), True),
        (Shot(60, -1.5, angle=-1.01), False),
        (Shot(60, -1.5, angle=359.5), True),
        (Shot(60, -1.21), True),
        (Shot(60, -1.19), False),
        (Shot(60, -1.81), False),
        (Shot(60, 0.0), False),
        (Shot(60, 1.5), False),
        (Shot(60, math.nan), False),
    ],
    ids=str,
)
def test_the_limits_of_the_out_of_focus_pairer(second: Shot, paired: bool) -> None:
    assert bool(pair(Shot(0, 1.5), second)) is paired


def test_across_the_seam_of_right_ascension_and_at_the_pole() -> None:
    assert pair(Shot(0, 1.5, ra=359.999), Shot(60, -1.5, ra=0.001))
    assert pair(Shot(0, 1.5, ra=0, dec=90), Shot(60, -1.5, ra=180, dec=90))


def test_the_nearest_in_pointing_that_is_left_is_taken() -> None:
    near, far = Shot(250, -1.5), Shot(30, -1.5, dec=-30 + 20 * ARCSEC)
    shots = (Shot(0, 1.5), far, Shot(100, 1.5), near)
    assert pair(*shots) == {"0": {"extra": 0, "intra": 3}, "2": {"extra": 2, "intra": 1}}


def test_without_focus_the_next_in_time_is_second() -> None:
    rule = pairs(by=("band",))
    shots = (Shot(0), Shot(30, band="r"), Shot(60), Shot(90), Shot(120, band="r"), Shot(500))
    assert pair(*shots, rule=rule) == {
        "0": {"first": 0, "second": 2},
        "1": {"first": 1, "second": 4},
    }


SHOTS = st.lists(
    st.builds(
        Shot,
        st.integers(0, 1200).map(float),
        st.sampled_from([-1.6, -1.5, 0.0, 1.5, 1.6]),
        st.sampled_from([10.0, 10.005, 10.02]),
        st.sampled_from([-30.0, -30.01, -30.02]),
        st.sampled_from([0.0, 0.5, 1.4, 359.8]),
    ),
    max_size=24,
)


@given(SHOTS, st.booleans())
def test_each_exposure_is_used_once_and_limits_hold(shots: list[Shot], with_focus: bool) -> None:
    rule = RULE if with_focus else pairs()
    made = pair(*shots, rule=rule)
    used = [visit for couple in made.values() for visit in couple.values()]
    assert len(used) == len(set(used)) == 2 * len(made)
    for key, couple in made.items():
        names = ("extra", "intra") if with_focus else ("first", "second")
        one, two = (couple[name] for name in names)
        assert key == str(one)
        a, b = shots[one], shots[two]
        assert abs(a.time - b.time) <= 300 + 1e-3
        assert math.hypot((a.ra - b.ra) * math.cos(math.radians(30)), a.dec - b.dec) <= 60.1 * ARCSEC
        assert abs((a.angle - b.angle + 180) % 360 - 180) <= 1 + 1e-9
        if with_focus:
            assert a.focus - b.focus == pytest.approx(3.0, abs=0.3 + 1e-9)
        else:
            assert a.time <= b.time
    # Nothing that could still be paired is left over.
    left = [shot for visit, shot in enumerate(shots) if visit not in used]
    assert not pair(*left, rule=rule)


@given(SHOTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(shots: list[Shot], random: object) -> None:
    table = frame(*shots).drop_columns(["band"])
    order = list(range(len(shots)))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert RULE.assign(table.take(pa.array(order, pa.int64()))).equals(RULE.assign(table))


def test_instruments_are_not_mixed_and_keys_stay_unique() -> None:
    one = frame(Shot(0, 1.5), Shot(60, -1.5)).drop_columns(["band"])
    other = one.set_column(0, "instrument", pa.array(["LSSTCam"] * 2))
    made = members(RULE.assign(pa.concat_tables([one, other])))
    assert made == {"HSC-0": [0, 1], "LSSTCam-0": [0, 1]}


def test_what_cannot_be_paired_is_refused() -> None:
    detectors = frame(Shot(0)).append_column("detector", pa.array([1])).drop_columns(["band"])
    with pytest.raises(GroupingError, match="single visits or exposures"):
        RULE.assign(detectors)
    with pytest.raises(GroupingError, match="max_gap must be above 0"):
        pairs(max_gap=0)
    words = frame(Shot(0)).set_column(6, FOCUS, pa.array(["far"])).drop_columns(["band"])
    with pytest.raises(GroupingError, match=r"aos\.focus_z is no number"):
        RULE.assign(words)
