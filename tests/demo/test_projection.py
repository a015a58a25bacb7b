"""The tangent plane against sphgeom."""

from __future__ import annotations

import numpy as np
import pytest
from lsst.sphgeom import LonLat, UnitVector3d

from workbench.demo.projection import TangentPlane


def to_lonlat(vector: np.ndarray) -> LonLat:
    return LonLat(UnitVector3d(*map(float, vector)))


def test_center_is_the_point_of_tangency() -> None:
    position = to_lonlat(TangentPlane(149.3, 1.4).to_vectors(0.0, 0.0))
    assert position.getLon().asDegrees() == pytest.approx(149.3)
    assert position.getLat().asDegrees() == pytest.approx(1.4)


def test_first_axis_points_west_and_second_north() -> None:
    plane = TangentPlane(149.3, 1.4)
    assert to_lonlat(plane.to_vectors(0.1, 0.0)).getLon().asDegrees() < 149.3
    north = to_lonlat(plane.to_vectors(0.0, 0.1))
    assert north.getLat().asDegrees() == pytest.approx(1.5, abs=1e-6)
    assert north.getLon().asDegrees() == pytest.approx(149.3)


def test_rotation_turns_the_second_axis_towards_east() -> None:
    east = to_lonlat(TangentPlane(149.3, 0.0, 90.0).to_vectors(0.0, 0.1))
    assert east.getLon().asDegrees() > 149.39
    assert east.getLat().asDegrees() == pytest.approx(0.0, abs=1e-12)


def test_rectangle_holds_its_inside_alone() -> None:
    plane = TangentPlane(10.0, -80.0, 30.0)
    region = plane.rectangle(-1.0, -0.5, 1.0, 0.5)
    for x, y, inside in ((0.99, 0.49, True), (1.01, 0.0, False), (0.0, -0.51, False), (-0.99, 0.4, True)):
        assert region.contains(UnitVector3d(*map(float, plane.to_vectors(x, y)))) is inside
