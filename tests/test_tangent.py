"""The tangent plane against sphgeom."""

from __future__ import annotations

import numpy as np
import pytest
from lsst.sphgeom import LonLat, UnitVector3d

from workbench.tangent import TangentPlane


def vectors(*positions: tuple[float, float]) -> np.ndarray:
    found = [UnitVector3d(LonLat.fromDegrees(ra % 360.0, dec)) for ra, dec in positions]
    return np.array([[v.x(), v.y(), v.z()] for v in found])


def test_east_and_north_are_positive() -> None:
    x, y = TangentPlane(150.0, 2.0).project(vectors((150.1, 2.0), (150.0, 2.1)))
    assert x == pytest.approx([0.1, 0.0], abs=1e-4)
    assert y == pytest.approx([0.0, 0.1], abs=1e-4)


def test_a_field_across_the_meridian_is_one_piece() -> None:
    corners = vectors((359.5, -0.5), (0.5, -0.5), (0.5, 0.5), (359.5, 0.5))
    plane = TangentPlane.around(corners)
    assert plane.ra % 360.0 == pytest.approx(0.0, abs=1e-9)
    x, y = plane.project(corners)
    assert x == pytest.approx([-0.5, 0.5, 0.5, -0.5], abs=1e-3)
    assert y == pytest.approx([-0.5, -0.5, 0.5, 0.5], abs=1e-3)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_a_field_around_a_pole_keeps_its_shape(pole: float) -> None:
    around = vectors(*((ra, pole - np.sign(pole) * 0.5) for ra in (0, 90, 180, 270)))
    plane = TangentPlane.around(around)
    x, y = plane.project(around)
    assert np.hypot(x, y) == pytest.approx([0.5] * 4, abs=1e-4)
    assert np.hypot(x[0] - x[2], y[0] - y[2]) == pytest.approx(1.0, abs=1e-3)


def test_the_far_side_is_not_drawn() -> None:
    x, y = TangentPlane(0.0, 0.0).project(vectors((180.0, 0.0), (85.0, 0.0), (10.0, 0.0)))
    assert np.isnan(x).tolist() == np.isnan(y).tolist() == [True, True, False]


def test_visits_on_opposite_sides_have_some_centre() -> None:
    assert TangentPlane.around(vectors((0.0, 0.0), (180.0, 0.0))) == TangentPlane(0.0, 0.0)
    assert TangentPlane.around(np.empty((0, 3))) == TangentPlane(0.0, 0.0)


def to_lonlat(vector: np.ndarray) -> LonLat:
    return LonLat(UnitVector3d(*map(float, vector)))


def test_center_is_the_point_of_tangency() -> None:
    position = to_lonlat(TangentPlane(149.3, 1.4).to_vectors(0.0, 0.0))
    assert position.getLon().asDegrees() == pytest.approx(149.3)
    assert position.getLat().asDegrees() == pytest.approx(1.4)


def test_first_axis_points_east_and_second_north() -> None:
    plane = TangentPlane(149.3, 1.4)
    assert to_lonlat(plane.to_vectors(0.1, 0.0)).getLon().asDegrees() > 149.3
    north = to_lonlat(plane.to_vectors(0.0, 0.1))
    assert north.getLat().asDegrees() == pytest.approx(1.5, abs=1e-6)
    assert north.getLon().asDegrees() == pytest.approx(149.3)


def test_rotation_turns_the_second_axis_towards_east() -> None:
    east = to_lonlat(TangentPlane(149.3, 0.0, 90.0).to_vectors(0.0, 0.1))
    assert east.getLon().asDegrees() > 149.39
    assert east.getLat().asDegrees() == pytest.approx(0.0, abs=1e-12)


def test_a_polygon_holds_its_inside_alone() -> None:
    plane = TangentPlane(10.0, -80.0, 30.0)
    region = plane.polygon([-1.0, 1.0, 1.0, -1.0], [-0.5, -0.5, 0.5, 0.5])
    for x, y, inside in ((0.99, 0.49, True), (1.01, 0.0, False), (0.0, -0.51, False), (-0.99, 0.4, True)):
        assert region.contains(UnitVector3d(*map(float, plane.to_vectors(x, y)))) is inside


def test_what_is_lifted_from_a_plane_is_projected_to_where_it_was() -> None:
    plane = TangentPlane(10.0, -80.0, 30.0)
    x, y = np.array([0.0, 1.0, -2.0]), np.array([0.5, 0.0, 1.5])
    np.testing.assert_allclose(plane.project(plane.to_vectors(x, y)), [x, y], atol=1e-12)
