"""The projection around a field's centre."""

from __future__ import annotations

import numpy as np
import pytest
from lsst.sphgeom import Angle, Box, Circle, ConvexPolygon, Ellipse, LonLat, Region, UnionRegion, UnitVector3d

from workbench.session.content.tangent import TangentPlane, make_graticule, outline_vertices, region_centre


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


def regions() -> list[Region]:
    corners = [UnitVector3d(LonLat.fromDegrees(ra, dec)) for ra, dec in ((9, -1), (11, -1), (11, 1), (9, 1))]
    centre = UnitVector3d(LonLat.fromDegrees(10.0, 0.0))
    polygon = ConvexPolygon(corners)
    circle = Circle(centre, Angle.fromDegrees(1.0))
    box = Box(LonLat.fromDegrees(9.0, -1.0), LonLat.fromDegrees(11.0, 1.0))
    ellipse = Ellipse(centre, Angle.fromDegrees(1.0), Angle.fromDegrees(1.0), Angle(0.0))
    return [polygon, circle, box, ellipse, UnionRegion(polygon, circle)]


@pytest.mark.parametrize("region", regions(), ids=lambda region: type(region).__name__)
def test_every_region_has_an_outline_of_its_size(region: Region) -> None:
    corners = outline_vertices(region)
    assert np.linalg.norm(corners, axis=1) == pytest.approx(1.0)
    x, y = TangentPlane(10.0, 0.0).project(corners)
    assert np.max(np.abs(x)) == pytest.approx(1.0, abs=0.02)
    assert np.max(np.abs(y)) == pytest.approx(1.0, abs=0.02)
    assert region_centre(region) == pytest.approx(vectors((10.0, 0.0))[0], abs=1e-6)


@pytest.mark.parametrize(
    ("plane", "expected"),
    [
        (TangentPlane(150.1, 2.2), {"150.0°", "+2.0°"}),
        (TangentPlane(0.0, 0.0), {"0.0°", "359.5°", "\N{MINUS SIGN}0.5°"}),
        (TangentPlane(77.0, 89.9), {"0°", "+90.0°"}),
        (TangentPlane(77.0, -90.0), {"0°", "\N{MINUS SIGN}89.5°"}),
    ],
    ids=["field", "meridian", "near the pole", "at the pole"],
)
def test_the_graticule_names_its_lines(plane: TangentPlane, expected: set[str]) -> None:
    lines = make_graticule(plane, 0.8)
    assert expected <= set(lines.labels)
    assert len(set(lines.labels)) == len(lines.labels)
    assert 4 <= len(lines.xs) <= 40
    assert all(abs(x) <= 0.8 and abs(y) <= 0.8 for x, y in zip(lines.label_x, lines.label_y, strict=True))
