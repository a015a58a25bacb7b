"""Outlines of regions of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from lsst.sphgeom import Angle, Box, Circle, ConvexPolygon, Ellipse, LonLat, Region, UnionRegion, UnitVector3d

from workbench.session.content.outlines import outline_vertices, region_centre
from workbench.tangent import TangentPlane


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
    assert region_centre(region) == pytest.approx(
        (np.cos(np.radians(10.0)), np.sin(np.radians(10.0)), 0.0), abs=1e-6
    )
