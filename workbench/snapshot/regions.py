"""Comparing regions of the sky in bulk, with sphgeom's own answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lsst.sphgeom import Circle, ConvexPolygon, Region

__all__ = ["EncodedRegions", "compare_regions"]

Rows = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

_PAIRS = 1 << 20
"""Pairs that are compared at a time."""

_SLACK = 1e-6
"""How much farther than it reaches a region is taken to reach, in rad (0.2 arcsec).

sphgeom takes circles for touching that are up to 6e-8 rad apart, since it
allows for the errors of chords and of arc sines (1.5e-8 each).
"""

_WIDEST = 1.5
"""Opening angle, rad, up to which a circle around corners is one around a polygon."""

_POLYGON = ConvexPolygon.TYPE_CODE
_CIRCLE = Circle.TYPE_CODE


class EncodedRegions:
    """Encoded regions with circles around and within them.

    Parameters
    ----------
    encoded : `pyarrow.ChunkedArray` of binary
        Encoded regions (`lsst.sphgeom.Region.encode`); nulls are of no place.

    Notes
    -----
    Circles are known of convex polygons and of circles, which sphgeom always
    tells apart where circles around them are apart.  Of a distant box and
    polygon it says that it does not know, and a query of the Butler keeps such
    a pair if the two share a pixel.
    """

    def __init__(self, encoded: pa.ChunkedArray[Any]):
        self._encoded = encoded
        self.centers = np.zeros((len(encoded), 3))
        # Farther than half around: never apart from anything.
        self.reach = np.full(len(encoded), 2 * np.pi)
        # Of no extent: never known to overlap anything.
        self.within = np.full(len(encoded), -np.inf)
        done = 0
        chunks: list[Any] = encoded.chunks
        for chunk in chunks:
            self._read(chunk, done)
            done += len(chunk)

    def _read(self, chunk: pa.Array[Any], start: int) -> None:
        """Find the circles of one chunk, all polygons of as many corners at once."""
        if not len(chunk):
            return
        _, offset_buffer, content_buffer = chunk.buffers()
        if offset_buffer is None or content_buffer is None:
            return
        offsets = np.frombuffer(memoryview(offset_buffer), np.int32)[
            chunk.offset : chunk.offset + len(chunk) + 1
        ]
        content = np.frombuffer(memoryview(content_buffer), np.uint8)
        sizes = np.diff(offsets)
        kinds = np.where(sizes > 0, content[np.minimum(offsets[:-1], len(content) - 1)], 0)
        polygons = (kinds == _POLYGON) & (sizes % 24 == 1)
        for size in np.unique(sizes[polygons]):
            rows = np.flatnonzero(polygons & (sizes == size))
            places = offsets[rows][:, np.newaxis] + np.arange(1, size)
            corners = content[places].view("<f8").reshape(len(rows), -1, 3)
            self._measure_polygons(start + rows, corners)
        for row in np.flatnonzero(kinds == _CIRCLE).tolist():
            self._measure_circle(start + row, Region.decode(chunk[row].as_py()))

    def _measure_polygons(self, rows: Rows, corners: npt.NDArray[np.float64]) -> None:
        center = corners.sum(axis=1)
        length = np.linalg.norm(center, axis=1, keepdims=True)
        center /= np.where(length > 0, length, 1.0)
        # Chords and not angles: exact where corners are close to the centre.
        chord = np.linalg.norm(corners - center[:, np.newaxis], axis=2).max(axis=1)
        reach = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
        edges = np.cross(corners, np.roll(corners, -1, axis=1))
        norms = np.linalg.norm(edges, axis=2)
        heights = np.einsum("nij,nj->ni", edges, center) / np.where(norms > 0, norms, 1.0)
        heights[norms < _SLACK * _SLACK] = -1.0
        small = (reach < _WIDEST) & (length[:, 0] > _SLACK)
        self.centers[rows] = center
        self.reach[rows] = np.where(small, reach + _SLACK, 2 * np.pi)
        within = np.arcsin(np.clip(heights.min(axis=1), -1.0, 1.0)) - _SLACK
        self.within[rows] = np.where(small & (within > 0), within, -np.inf)

    def _measure_circle(self, row: int, circle: Region) -> None:
        bounding = circle.getBoundingCircle()
        center, angle = bounding.getCenter(), bounding.getOpeningAngle().asRadians()
        self.centers[row] = (center.x(), center.y(), center.z())
        if angle >= 0:
            self.reach[row] = angle + _SLACK
            self.within[row] = angle - _SLACK

    def decode(self, rows: Rows) -> list[Region]:
        """Return regions as sphgeom has them.

        Parameters
        ----------
        rows : `numpy.ndarray` of int
            Which of them.

        Returns
        -------
        regions : `list` [ `lsst.sphgeom.Region` ]
            In the order of ``rows``.
        """
        codes: list[Any] = self._encoded.take(rows).to_pylist()
        return list(map(Region.decode, codes))

    def apart(self, other: EncodedRegions, rows: Rows, columns: Rows) -> Mask:
        """Tell which pairs are so far from each other that they cannot overlap.

        Parameters
        ----------
        other : `EncodedRegions`
            What they are paired with.
        rows, columns : `numpy.ndarray` of int
            Pairs of rows of this and of the other.

        Returns
        -------
        apart : `numpy.ndarray` of `bool`
            `False` where that is not known.
        """
        reach = self.reach[rows] + other.reach[columns]
        distance = self._square_chord(other, rows, columns)
        bound = np.square(2 * np.sin(np.minimum(reach, np.pi) / 2))
        return np.asarray((reach < np.pi) & (distance > bound), bool)

    def overlap(self, other: EncodedRegions, rows: Rows, columns: Rows) -> Mask:
        """Tell for pairs whether they may overlap.

        Parameters
        ----------
        other : `EncodedRegions`
            What they are paired with.
        rows, columns : `numpy.ndarray` of int
            Pairs of rows of this and of the other, none of them apart.

        Returns
        -------
        overlap : `numpy.ndarray` of `bool`
            Where `lsst.sphgeom.Region.overlaps` is not `False`, the predicate
            of the Butler's own queries.
        """
        shared = self.within[rows] + other.within[columns]
        distance = self._square_chord(other, rows, columns)
        # Circles within them that overlap leave nothing to ask.
        bound = np.square(2 * np.sin(np.clip(shared, 0, np.pi) / 2))
        overlap = np.asarray((shared > 0) & (distance < bound), bool)
        asked = np.flatnonzero(~overlap)
        first, left = np.unique(rows[asked], return_inverse=True)
        second, right = np.unique(columns[asked], return_inverse=True)
        lefts, rights = self.decode(first), other.decode(second)
        pairs = zip(
            map(lefts.__getitem__, left.tolist()), map(rights.__getitem__, right.tolist()), strict=True
        )
        overlap[asked] = np.fromiter((one.overlaps(two) is not False for one, two in pairs), bool, len(asked))
        return overlap

    def _square_chord(self, other: EncodedRegions, rows: Rows, columns: Rows) -> npt.NDArray[np.float64]:
        """Return squares of chords between centres; they grow with the angle as far as pi."""
        square: npt.NDArray[np.float64] = np.zeros(len(rows))
        for axis in range(3):
            step = self.centers[rows, axis] - other.centers[columns, axis]
            square += step * step
        return square


def compare_regions(left: EncodedRegions, right: EncodedRegions, rows: Rows, columns: Rows) -> Mask:
    """Tell for pairs of regions whether they may overlap.

    Parameters
    ----------
    left, right : `EncodedRegions`
        Regions.
    rows, columns : `numpy.ndarray` of int
        Which of ``left`` is paired with which of ``right``.

    Returns
    -------
    overlap : `numpy.ndarray` of bool
        Where `lsst.sphgeom.Region.overlaps` is not `False`, the predicate of
        the Butler's own queries.
    """
    overlap = np.zeros(len(rows), bool)
    for begin in range(0, len(rows), _PAIRS):
        some = slice(begin, begin + _PAIRS)
        near = begin + np.flatnonzero(~left.apart(right, rows[some], columns[some]))
        overlap[near] = left.overlap(right, rows[near], columns[near])
    return overlap
