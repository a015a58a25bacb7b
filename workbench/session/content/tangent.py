"""Projection of the sky around a field's centre onto a plane."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt
from lsst.sphgeom import Box, Circle, ConvexPolygon, Ellipse, Region, UnionRegion

__all__ = ["Graticule", "TangentPlane", "make_graticule", "outline_vertices", "region_centre"]

_WIDEST = math.cos(
    math.radians(80.0)
)  # beyond 80 deg from the centre a tangent plane stretches to nothing useful
_STEPS_DEG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)

Vectors = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True)
class TangentPlane:
    """Gnomonic projection around a centre; right at the poles and at 0 h.

    Attributes
    ----------
    ra, dec : `float`
        The centre in degrees, ICRS.
    """

    ra: float
    dec: float

    @classmethod
    def around(cls, vectors: Vectors) -> TangentPlane:
        """Return the plane that touches the sphere amid some points.

        Parameters
        ----------
        vectors : `numpy.ndarray`, shape (n, 3)
            Unit vectors; none at all give the vernal equinox.

        Returns
        -------
        plane : `TangentPlane`
            Centred on their mean direction.
        """
        mean = vectors.sum(axis=0) if len(vectors) else np.array([1.0, 0.0, 0.0])
        if np.linalg.norm(mean) < 1e-9:
            mean = vectors[0]
        ra, dec = _to_degrees(mean[np.newaxis])
        return cls(float(ra[0]), float(dec[0]))

    def project(self, vectors: Vectors) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Project points.

        Parameters
        ----------
        vectors : `numpy.ndarray`, shape (n, 3)
            Unit vectors.

        Returns
        -------
        x, y : `numpy.ndarray`, shape (n,)
            Offsets in degrees, x to the east and y to the north; NaN beyond 80
            degrees from the centre.
        """
        ra, dec = math.radians(self.ra), math.radians(self.dec)
        centre = np.array([math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec)])
        east = np.array([-math.sin(ra), math.cos(ra), 0.0])
        north = np.cross(centre, east)
        depth = vectors @ centre
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.degrees(vectors @ east / depth)
            y = np.degrees(vectors @ north / depth)
        hidden = depth < _WIDEST
        x[hidden] = y[hidden] = np.nan
        return x, y


@dataclasses.dataclass(frozen=True, slots=True)
class Graticule:
    """Lines of equal right ascension and declination in a plane.

    Attributes
    ----------
    xs, ys : `list` [ `list` [ `float` ] ]
        Vertices of the lines, degrees.
    label_x, label_y : `list` [ `float` ]
        Where the lines are labelled.
    labels : `list` [ `str` ]
        Such as "150.0°".
    anchors : `list` [ `str` ]
        ``bottom`` for right ascension, ``left`` for declination.
    """

    xs: list[list[float]]
    ys: list[list[float]]
    label_x: list[float]
    label_y: list[float]
    labels: list[str]
    anchors: list[str]


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


def make_graticule(plane: TangentPlane, half: float) -> Graticule:
    """Draw right ascension and declination across a square and what is around it.

    Parameters
    ----------
    plane : `TangentPlane`
        Where to draw.
    half : `float`
        Half the side of the square in degrees.

    Returns
    -------
    graticule : `Graticule`
        About four lines each way across the square, which go on to three times
        its width; labelled at the square's lower and left edges.
    """
    radius = math.degrees(math.atan(math.radians(math.hypot(half, half))))
    step = next((s for s in _STEPS_DEG if s >= radius / 2.5), 30.0)
    reach = math.degrees(math.atan(math.radians(math.hypot(3.0 * half, half))))
    pole = abs(plane.dec) + reach >= 90.0
    ra_reach = 180.0 if pole else _ra_reach(plane.dec, reach)
    near = 180.0 if abs(plane.dec) + radius >= 90.0 else _ra_reach(plane.dec, radius)
    ra_step = next((s for s in _STEPS_DEG if s >= near / 2.5), 30.0)
    result = Graticule([], [], [], [], [], [])
    dec_low, dec_high = max(-90.0, plane.dec - reach), min(90.0, plane.dec + reach)
    decs = np.linspace(dec_low, dec_high, 181)
    ras = np.linspace(plane.ra - ra_reach, plane.ra + ra_reach, 361)
    for ra in _multiples(plane.ra - ra_reach, plane.ra + ra_reach, ra_step):
        line = plane.project(_from_degrees(np.full_like(decs, ra), decs))
        _add_line(result, line, f"{_round(ra % 360.0, ra_step)}°", "bottom", half)
    for dec in _multiples(dec_low, dec_high, step):
        line = plane.project(_from_degrees(ras, np.full_like(ras, dec)))
        _add_line(result, line, f"{_round(dec, step, sign=True)}°", "left", half)
    return _without_overlaps(result, half)


def _without_overlaps(graticule: Graticule, half: float) -> Graticule:
    """Leave out the labels of declinations that would lie on one of a right ascension."""
    places = list(zip(graticule.anchors, graticule.label_x, graticule.label_y, strict=True))
    below = [(x, y) for anchor, x, y in places if anchor == "bottom"]
    kept = [
        anchor == "bottom"
        or x < 0.5 * half  # what is not in the corner is there because the lines are, such as at a pole
        or not any(abs(x - there) < 0.36 * half and abs(y - at) < 0.1 * half for there, at in below)
        for anchor, x, y in places
    ]
    return dataclasses.replace(
        graticule,
        label_x=list(itertools.compress(graticule.label_x, kept)),
        label_y=list(itertools.compress(graticule.label_y, kept)),
        labels=list(itertools.compress(graticule.labels, kept)),
        anchors=list(itertools.compress(graticule.anchors, kept)),
    )


def _add_line(
    graticule: Graticule,
    line: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    label: str,
    anchor: str,
    half: float,
) -> None:
    x, y = line
    inside = (np.abs(x) <= 3.0 * half) & (np.abs(y) <= half)
    if not inside.any():
        return
    # One vertex beyond the edge on both sides, so that lines reach the frame.
    near = inside | np.roll(inside, 1) | np.roll(inside, -1)
    graticule.xs.append(np.where(near, x, np.nan).tolist())
    graticule.ys.append(np.where(near, y, np.nan).tolist())
    seen = inside & (np.abs(x) <= half)
    if not seen.any():
        return
    edge = int(
        np.nanargmin(np.where(seen, y, np.nan))
        if anchor == "bottom"
        else np.nanargmax(np.where(seen, x, np.nan))
    )
    graticule.label_x.append(float(x[edge]))
    graticule.label_y.append(float(y[edge]))
    graticule.labels.append(label)
    graticule.anchors.append(anchor)


def _ra_reach(dec: float, radius: float) -> float:
    """Return how far a circle around a point at ``dec`` extends in right ascension, degrees."""
    return min(180.0, math.degrees(math.asin(min(1.0, _sin(radius) / _cos(dec)))))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    full_circle = last - first >= round(360.0 / step)
    return [number * step for number in range(first, last if full_circle else last + 1)]


def _round(value: float, step: float, *, sign: bool = False) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}") if sign else f"{value:.{digits}f}"


def _sin(degrees: float) -> float:
    return math.sin(math.radians(degrees))


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def _to_degrees(vectors: Vectors) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    ra = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360.0
    dec = np.degrees(np.arctan2(vectors[:, 2], np.hypot(vectors[:, 0], vectors[:, 1])))
    return ra, dec


def _from_degrees(ra: npt.NDArray[np.float64], dec: npt.NDArray[np.float64]) -> Vectors:
    a, d = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


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
    return _from_degrees(ra, dec)
