"""The seeded model of conditions and noise."""

from __future__ import annotations

import dataclasses
import math

import pytest

from workbench.demo.model import (
    HSC,
    SIMCAM,
    Conditions,
    compute_airmass,
    compute_depth,
    compute_effective_exposure_time,
    draw_conditions,
    draw_defect,
    make_generator,
    measure,
)

GOOD_NIGHT = Conditions(airmass=1.1, seeing=0.6, transparency=0.98, sky_brightness=19.8)


def draw(seed: int, visit: int) -> Conditions:
    return draw_conditions(HSC, seed, day_obs=20170123, visit=visit, band="i", zenith_angle=30.0)


def test_generator_depends_on_every_key() -> None:
    keys = [(1, "HSC", 5), (2, "HSC", 5), (1, "SimCam", 5), (1, "HSC", 6), (1, "HSC", 5, 7)]
    assert len({make_generator(*key).random() for key in keys}) == len(keys)
    assert make_generator(1, "HSC", 5).random() == make_generator(1, "HSC", 5).random()


def test_conditions_are_reproducible() -> None:
    assert draw(1, 96954) == draw(1, 96954)
    assert draw(1, 96954) != draw(2, 96954)
    assert draw(1, 96954) != draw(1, 96980)


def test_airmass_follows_the_zenith_angle() -> None:
    assert compute_airmass(0.0) == 1.0
    assert compute_airmass(60.0) == pytest.approx(2.0, abs=0.01)
    assert compute_airmass(20.0) == pytest.approx(1.0 / math.cos(math.radians(20.0)), abs=1e-3)


def test_depth_grows_with_light_and_falls_with_blur_cloud_and_sky() -> None:
    good = measure(HSC, "i", 200.0, GOOD_NIGHT).depth
    assert measure(HSC, "i", 400.0, GOOD_NIGHT).depth == pytest.approx(good + 1.25 * math.log10(2.0))
    for change in ({"seeing": 1.0}, {"transparency": 0.5}, {"sky_brightness": 19.0}, {"airmass": 2.0}):
        worse = dataclasses.replace(GOOD_NIGHT, **change)
        assert measure(HSC, "i", 200.0, worse).depth < good


def test_depth_of_a_point_source_is_at_five_sigma() -> None:
    depth = compute_depth(0.7, 100.0, 27.0)
    flux = 10 ** (-0.4 * (depth - 27.0))
    noise = math.sqrt(4 * math.pi * (0.7 / 2.3548) ** 2 * 100.0)
    assert flux / noise == pytest.approx(5.0)


def test_effective_exposure_time_inverts_depth() -> None:
    nominal = Conditions(1.0, HSC.seeing, 1.0, HSC.dark_sky["r"])
    depth = measure(HSC, "r", 150.0, nominal).depth
    assert compute_effective_exposure_time(HSC, "r", depth) == pytest.approx(150.0)


@pytest.mark.parametrize("defect", ["trailed", "donuts", "clouds"])
def test_defects_cost_depth(defect: str) -> None:
    good, bad = measure(HSC, "i", 200.0, GOOD_NIGHT), measure(HSC, "i", 200.0, GOOD_NIGHT, defect)
    assert bad.depth < good.depth - 0.5
    assert bad.psf_fwhm > good.psf_fwhm


def test_some_visits_of_a_survey_are_bad() -> None:
    defects = [draw_defect(SIMCAM, 1, visit) for visit in range(2000)]
    assert 0.02 < sum(map(bool, defects)) / len(defects) < 0.06
    assert draw_defect(HSC, 1, 58260) == "trailed"
    assert draw_defect(HSC, 1, 96954) == ""
