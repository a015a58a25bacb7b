"""Outlines of regions as vertices, and of many as flat arrays."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from lsst.sphgeom import Box, Circle, ConvexPolygon, Ellipse, Region, UnionRegion

__all__ = ["Outlines", "outline_vertices", "region_centre"]

Vectors = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Outlines behind each other.

    Attributes
    ----------
    vertices : `numpy.ndarray`, shape (n_vertices, 3)
        Unit vectors, float32: good to 0.02 arcsec, less than a pixel.
    starts : `numpy.ndarray`, shape (n + 1,)
        Outline i has the vertices from ``starts[i]`` to ``starts[i + 1]``.
    centres : `numpy.ndarray`, shape (n, 3)
        Unit vectors; NaN where there is no region.
    """

    vertices: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int32]
    centres: npt.NDArray[np.float32]

    @classmethod
    def decode(cls, encoded: Iterable[bytes | None]) -> Outlines:
        """Read encoded regions.

        Parameters
        ----------
        encoded : `~collections.abc.Iterable` [ `bytes` or `None` ]
            As dimension records hold them; nothing has no outline.

        Returns
        -------
        outlines : `Outlines`
            In the same order.
        """
        shapes: list[npt.NDArray[np.float64]] = []
        centres: list[npt.NDArray[np.float64]] = []
        for content in encoded:
            if content is None:
                shapes.append(np.empty((0, 3)))
                centres.append(np.full(3, np.nan))
                continue
            region = Region.decode(content)
            shapes.append(outline_vertices(region))
            centres.append(region_centre(region))
        lengths = [0, *map(len, shapes)]
        return cls(
            np.concatenate([np.empty((0, 3)), *shapes]).astype(np.float32),
            np.cumsum(lengths).astype(np.int32),
            np.array(centres, np.float32).reshape(-1, 3),
        )

    def __len__(self) -> int:
        return len(self.starts) - 1


def outline_vertices(region: Region) -> Vectors:
    """Return the vertices of a region's outline.

    Parameters
    ----------
    region : `lsst.sphgeom.Region`
        Any region; circles and ellipses become polygons of 36 corners, a
        union the hull of its first part.

    Returns
    -------
    vertices : `numpy.ndarray`, shape (n, 3)
        Unit vectors in order.
    """
    match region:
        case ConvexPolygon():
            return np.array([[v.x(), v.y(), v.z()] for v in region.getVertices()])
        case Circle():
            return _circle(region)
        case Box():
            return _box(region)
        case Ellipse():
            return _circle(region.getBoundingCircle())
        case UnionRegion():
            return outline_vertices(region.cloneOperand(0))
    return _circle(region.getBoundingCircle())


def region_centre(region: Region) -> Vectors:
    """Return the centre of a region.

    Parameters
    ----------
    region : `lsst.sphgeom.Region`
        Any region.

    Returns
    -------
    centre : `numpy.ndarray`, shape (3,)
        Unit vector: a polygon's centroid, otherwise the centre of the
        bounding circle.
    """
    found = (
        region.getCentroid() if isinstance(region, ConvexPolygon) else region.getBoundingCircle().getCenter()
    )
    return np.array([found.x(), found.y(), found.z()])


def _circle(circle: Circle) -> Vectors:
    centre = circle.getCenter()
    axis = np.array([centre.x(), centre.y(), centre.z()])
    first = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    angles = np.linspace(0.0, 2.0 * np.pi, 36, endpoint=False)[:, np.newaxis]
    opening = circle.getOpeningAngle().asRadians()
    corners: Vectors = math.cos(opening) * axis + math.sin(opening) * (
        np.cos(angles) * first + np.sin(angles) * second
    )
    return corners


def _box(box: Box) -> Vectors:
    west, east = box.getLon().getA().asDegrees(), box.getLon().getB().asDegrees()
    if east < west:
        east += 360.0
    south, north = box.getLat().getA().asDegrees(), box.getLat().getB().asDegrees()
    lon = np.linspace(west, east, 12)
    ra = np.concatenate([lon, lon[::-1]])
    dec = np.concatenate([np.full(12, south), np.full(12, north)])
    a, d = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
