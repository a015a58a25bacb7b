"""The tables of real observations that the package carries."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from lsst.sphgeom import CONTAINS, LonLat, UnitVector3d

from workbench.demo.observations import read_hsc_detectors, read_hsc_observations


def test_twelve_visits_of_six_detectors_in_two_bands() -> None:
    observations = read_hsc_observations()
    assert len(observations) == 12
    assert {observation.band for observation in observations} == {"r", "i"}
    detectors = [detector.id for detector in read_hsc_detectors()]
    assert detectors == [41, 42, 49, 50, 57, 58]
    assert all(list(observation.outlines) == detectors for observation in observations)


def test_visit_region_is_the_hull_of_its_detectors() -> None:
    for observation in read_hsc_observations():
        region = observation.region
        for outline in observation.outlines.values():
            assert region.relate(outline) & CONTAINS
        assert region.contains(UnitVector3d(LonLat.fromDegrees(observation.ra, observation.dec)))
        # Two by three sensors of 0.22 by 0.12 deg: the hull is no larger than that.
        assert region.getBoundingCircle().getOpeningAngle().asDegrees() == pytest.approx(0.265, abs=0.01)


def test_visits_are_the_observed_ones(real_inputs: Path) -> None:
    with (real_inputs / "hsc-cosmos-visits.csv").open() as stream:
        published = {int(row["visit"]): row for row in csv.DictReader(stream)}
    observations = {observation.id: observation for observation in read_hsc_observations()}
    assert observations.keys() == published.keys()
    for visit, row in published.items():
        observation = observations[visit]
        assert observation.physical_filter == row["physical_filter"]
        assert observation.day_obs == int(row["day_obs"])
        assert observation.begin == float(row["begin_mjd_tai"])
        assert observation.exposure_time == float(row["exposure_time_s"])
        assert observation.ra == pytest.approx(float(row["ra_deg"]), abs=1e-9)
        assert observation.dec == pytest.approx(float(row["dec_deg"]), abs=1e-9)
        assert observation.zenith_angle == pytest.approx(float(row["zenith_angle_deg"]), abs=1e-9)
