"""The plane that touches the sky at one point."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from lsst.sphgeom import ConvexPolygon, UnitVector3d

__all__ = ["TangentPlane"]

_WIDEST = math.cos(math.radians(80.0))
"""Beyond 80 deg from the centre a tangent plane stretches to nothing useful."""

Vectors = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class TangentPlane:
    """Gnomonic projection around a centre; right at the poles and at 0 h.

    Attributes
    ----------
    ra, dec : `float`
        The centre in degrees, ICRS.
    rotation : `float`, optional
        Position angle of the y axis, from north to east, degrees.

    Notes
    -----
    Great circles are straight lines.  Offsets are tangents of angles, scaled
    so that they are degrees near the centre: x to the east and y to the north
    where the plane is not rotated.
    """

    ra: float
    dec: float
    rotation: float = 0.0

    @classmethod
    def around(cls, vectors: Vectors, rotation: float = 0.0) -> TangentPlane:
        """Return the plane that touches the sphere amid some points.

        Parameters
        ----------
        vectors : `numpy.ndarray`, shape (n, 3)
            Unit vectors; none at all give the vernal equinox.
        rotation : `float`, optional
            Position angle of the y axis, degrees.

        Returns
        -------
        plane : `TangentPlane`
            Centred on their mean direction.
        """
        mean = vectors.sum(axis=0) if len(vectors) else np.array([1.0, 0.0, 0.0])
        if np.linalg.norm(mean) < 1e-9:
            mean = vectors[0]
        x, y, z = mean.tolist()
        ra, dec = math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y)))
        return cls(ra, dec, rotation)

    def project(self, vectors: Vectors) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Project points.

        Parameters
        ----------
        vectors : `numpy.ndarray`, shape (n, 3)
            Unit vectors.

        Returns
        -------
        x, y : `numpy.ndarray`, shape (n,)
            Offsets, degrees; NaN beyond 80 degrees from the centre.
        """
        centre, first, second = self._axes
        depth = vectors @ centre
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.degrees(vectors @ first / depth)
            y = np.degrees(vectors @ second / depth)
        hidden = depth < _WIDEST
        x[hidden] = y[hidden] = np.nan
        return x, y

    def to_vectors(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Vectors:
        """Lift points of the plane to the unit sphere.

        Parameters
        ----------
        x, y : array-like
            Offsets, degrees; same shape.

        Returns
        -------
        vectors : `numpy.ndarray`
            Unit vectors, shape of ``x`` plus ``(3,)``.
        """
        centre, first, second = self._axes
        u = np.deg2rad(np.asarray(x, dtype=float))[..., np.newaxis]
        v = np.deg2rad(np.asarray(y, dtype=float))[..., np.newaxis]
        vectors = centre + u * first + v * second
        return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))

    def polygon(self, x: npt.ArrayLike, y: npt.ArrayLike) -> ConvexPolygon:
        """Return the region of the sky whose corners are some points of the plane.

        Parameters
        ----------
        x, y : array-like, shape (n,)
            Offsets of the corners, degrees.

        Returns
        -------
        region : `lsst.sphgeom.ConvexPolygon`
            Their convex hull; its edges are straight in the plane.
        """
        corners = self.to_vectors(x, y).tolist()
        return ConvexPolygon.convexHull([UnitVector3d(*corner) for corner in corners])

    @property
    def _axes(self) -> tuple[Vectors, Vectors, Vectors]:
        """Centre, and the directions of x and y, as unit vectors."""
        a, d, r = np.deg2rad([self.ra, self.dec, self.rotation])
        centre = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
        east = np.array([-np.sin(a), np.cos(a), 0.0])
        north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
        return centre, np.cos(r) * east - np.sin(r) * north, np.cos(r) * north + np.sin(r) * east
