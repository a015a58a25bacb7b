"""Gnomonic (tangent plane) projection of positions on the sky."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from lsst.sphgeom import ConvexPolygon, UnitVector3d

__all__ = ["TangentPlane", "make_polygon"]

FloatArray = npt.NDArray[np.float64]


class TangentPlane:
    """The plane that touches the sky at one point.

    Parameters
    ----------
    ra, dec : `float`
        Point of tangency, deg.
    rotation : `float`, optional
        Angle from celestial north to the plane's second axis, towards east,
        deg.
    """

    __slots__ = ("_center", "_first", "_second")

    def __init__(self, ra: float, dec: float, rotation: float = 0.0):
        a, d, r = np.deg2rad([ra, dec, rotation])
        east = np.array([-np.sin(a), np.cos(a), 0.0])
        north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
        self._center = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
        # Seen from inside the sphere east is left of north, so the first axis points west.
        self._first = -np.cos(r) * east + np.sin(r) * north
        self._second = np.cos(r) * north + np.sin(r) * east

    def to_vectors(self, x: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
        """Lift points of the plane to the unit sphere.

        Parameters
        ----------
        x, y : array-like
            Positions in the plane, deg (tangent of the angle, scaled so that
            it equals the angle near the centre); west and north if the plane
            is not rotated.  Same shape.

        Returns
        -------
        vectors : `numpy.ndarray`
            Unit vectors, shape of ``x`` plus ``(3,)``.
        """
        u = np.deg2rad(np.asarray(x, dtype=float))[..., np.newaxis]
        v = np.deg2rad(np.asarray(y, dtype=float))[..., np.newaxis]
        vectors = self._center + u * self._first + v * self._second
        return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))

    def rectangle(self, x_min: float, y_min: float, x_max: float, y_max: float) -> ConvexPolygon:
        """Return the sky region of a rectangle of the plane.

        Parameters
        ----------
        x_min, y_min, x_max, y_max : `float`
            Edges in the plane, deg.

        Returns
        -------
        region : `lsst.sphgeom.ConvexPolygon`
            Great circles are straight lines in this projection, so the edges
            are exact.
        """
        return make_polygon(
            self.to_vectors([x_min, x_max, x_max, x_min], [y_min, y_min, y_max, y_max]),
        )


def make_polygon(vectors: Iterable[Iterable[float]]) -> ConvexPolygon:
    """Return the convex hull of unit vectors.

    Parameters
    ----------
    vectors : iterable of iterable of `float`
        Unit vectors, at least three that are not on one great circle.

    Returns
    -------
    region : `lsst.sphgeom.ConvexPolygon`
        The smallest convex region that holds them all.
    """
    return ConvexPolygon.convexHull([UnitVector3d(*(float(c) for c in vector)) for vector in vectors])
