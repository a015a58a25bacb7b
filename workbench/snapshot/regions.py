"""Pairing regions of the sky in bulk, with sphgeom's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lsst.sphgeom import Circle, ConvexPolygon, Region

from workbench.progress import Progress, silent

__all__ = ["EncodedRegions", "Rows", "pair_regions"]

Rows: TypeAlias = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]
Vectors = npt.NDArray[np.float64]

_POLYGONS = 1 << 15
"""Polygons that are measured at a time."""

_PAIRS = 1 << 20
"""Pairs that are compared at a time."""

_ASKED = 1 << 16
"""Pairs that sphgeom is asked about between two reports of progress: some 0.2 s."""

_SLACK = 1e-6
"""How much farther than it reaches a region is taken to reach, in rad (0.2 arcsec).

sphgeom takes circles for touching that are up to 6e-8 rad apart, since it
allows for the errors of chords and of arc sines (1.5e-8 each).
"""

_WIDEST = 1.5
"""Opening angle of circles, rad, up to which two of them and the slack stay below half around."""

_POLYGON = ConvexPolygon.TYPE_CODE
_CIRCLE = Circle.TYPE_CODE


class EncodedRegions:
    """Encoded regions, with a circle around and a circle within each.

    Parameters
    ----------
    encoded : `pyarrow.ChunkedArray` of binary
        Encoded regions (`lsst.sphgeom.Region.encode`); nulls are of no place.
    progress : `~workbench.progress.Progress`, optional
        Called with the fraction that was measured.

    Notes
    -----
    Circles are known of convex polygons and of circles, which sphgeom always
    tells apart where circles around them are apart.  Of a distant box and
    polygon it says that it does not know, and a query of the Butler keeps such
    a pair if the two share a pixel.

    A circle is kept as (x, y, z, sin r, cos r).  For two of them,
    ``xx + yy + zz + ss - cc`` is the cosine of the angle between the centres
    less that of the sum of the radii: negative where the circles are apart.
    """

    def __init__(self, encoded: pa.ChunkedArray[Any], progress: Progress = silent):
        self._encoded = encoded
        # All zero: never apart from anything.
        self.around: Vectors = np.zeros((len(encoded), 5))
        # Nowhere, with a cosine of 1: apart from everything.
        self.within: Vectors = np.zeros((len(encoded), 5))
        self.within[:, 4] = 1.0
        done = 0
        chunks: list[Any] = encoded.chunks
        for chunk in chunks:
            for begin in range(0, len(chunk), _POLYGONS):
                progress("measuring regions", (done + begin) / len(encoded))
                self._read(chunk.slice(begin, _POLYGONS), done + begin)
            done += len(chunk)

    def __len__(self) -> int:
        return len(self.around)

    def _read(self, part: pa.Array[Any], start: int) -> None:
        """Find the circles of some regions, of all polygons of as many corners at once."""
        _, offset_buffer, content_buffer = part.buffers()
        if offset_buffer is None or content_buffer is None:
            return
        offsets = np.frombuffer(memoryview(offset_buffer), np.int32)
        offsets = offsets[part.offset : part.offset + len(part) + 1]
        content = np.frombuffer(memoryview(content_buffer), np.uint8)
        sizes = np.diff(offsets)
        kinds = np.where(sizes > 0, content[np.minimum(offsets[:-1], len(content) - 1)], 0)
        polygons = (kinds == _POLYGON) & (sizes % 24 == 1)
        for size in np.unique(sizes[polygons]):
            rows = np.flatnonzero(polygons & (sizes == size))
            if len(rows) == len(part):
                flat = content[offsets[0] : offsets[-1]].reshape(len(rows), -1)[:, 1:]
            else:
                flat = content[offsets[rows][:, np.newaxis] + np.arange(1, size)]
            corners = np.ascontiguousarray(flat).view("<f8").reshape(len(rows), -1, 3)
            self._measure_polygons(start + rows, corners)
        for row in np.flatnonzero(kinds == _CIRCLE).tolist():
            circle = Region.decode(part[row].as_py()).getBoundingCircle()
            center, radius = circle.getCenter(), circle.getOpeningAngle().asRadians()
            place = np.array([[center.x(), center.y(), center.z()]])
            self._keep(np.array([start + row]), place, np.array([radius]), np.array([radius]))

    def _measure_polygons(self, rows: Rows, corners: Vectors) -> None:
        center = corners.sum(axis=1)
        length = np.sqrt(np.einsum("ni,ni->n", center, center))
        center /= np.where(length > 0, length, 1.0)[:, np.newaxis]
        # Chords and not angles: exact where corners are close to the centre.
        chords = corners - center[:, np.newaxis]
        chord = np.sqrt(np.einsum("nvi,nvi->nv", chords, chords).max(axis=1))
        reach = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
        edges = _cross(corners, np.roll(corners, -1, axis=1))
        norms = np.sqrt(np.einsum("nvi,nvi->nv", edges, edges))
        heights = np.einsum("nvi,ni->nv", edges, center) / np.where(norms > 0, norms, 1.0)
        heights[norms < _SLACK * _SLACK] = -1.0
        height = np.arcsin(np.clip(heights.min(axis=1), -1.0, 1.0))
        self._keep(rows, center, np.where(length > _SLACK, reach, np.inf), height)

    def _keep(self, rows: Rows, centers: Vectors, reach: Vectors, height: Vectors) -> None:
        """Keep circles, the one around a bit larger and the one within a bit smaller."""
        known = (reach >= 0) & (reach < _WIDEST)
        for circles, radii in ((self.around, reach + _SLACK), (self.within, height - _SLACK)):
            chosen = known & (radii > 0)
            some, radius = rows[chosen], radii[chosen]
            circles[some, :3] = centers[chosen]
            circles[some, 3] = np.sin(radius)
            circles[some, 4] = np.cos(radius)

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


def _cross(left: Vectors, right: Vectors) -> Vectors:
    """Return cross products, component by component: faster than `numpy.cross`."""
    product = np.empty_like(left)
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        product[..., axis] = left[..., one] * right[..., two] - left[..., two] * right[..., one]
    return product


def pair_regions(
    firsts: EncodedRegions,
    seconds: EncodedRegions,
    blocks: Sequence[tuple[Rows, Rows]],
    progress: Progress = silent,
) -> tuple[Rows, Rows]:
    """Pair regions that may overlap.

    Parameters
    ----------
    firsts, seconds : `EncodedRegions`
        Regions.
    blocks : `~collections.abc.Sequence`
        Rows of both; every pair of a block is looked at.
    progress : `~workbench.progress.Progress`, optional
        Called with the fraction of the blocks, and then of the pairs that
        sphgeom is asked about.

    Returns
    -------
    rows : `tuple` of `numpy.ndarray` of `numpy.int32`
        Pairs for which `lsst.sphgeom.Region.overlaps` is not `False`, the
        predicate of the Butler's own queries; sorted, none twice.
    """
    n_seconds = np.int64(max(len(seconds), 1))
    near = [
        2 * (rows * n_seconds + columns) + sure
        for rows, columns, sure in _iter_near(firsts, seconds, blocks, progress)
    ]
    codes = np.concatenate([np.empty(0, np.int64), *near])
    del near
    codes.sort()
    # Of a pair that several blocks have the last is kept: sure if any is.
    last = np.ones(len(codes), np.bool_)
    last[:-1] = codes[1:] >> 1 != codes[:-1] >> 1
    codes = codes[last]
    overlap = (codes & 1).astype(np.bool_)
    rows, columns = (side.astype(np.int32) for side in np.divmod(codes >> 1, n_seconds))
    asked = np.flatnonzero(~overlap)
    for begin in range(0, len(asked), _ASKED):
        progress("testing pairs of regions", begin / len(asked))
        some = asked[begin : begin + _ASKED]
        overlap[some] = _ask(firsts, seconds, rows[some], columns[some])
    return rows[overlap], columns[overlap]


def _iter_near(
    firsts: EncodedRegions, seconds: EncodedRegions, blocks: Sequence[tuple[Rows, Rows]], progress: Progress
) -> Iterator[tuple[Rows, Rows, Mask]]:
    """Find the pairs whose circles touch, and whether the circles within them overlap."""
    sign = np.array([1.0, 1.0, 1.0, 1.0, -1.0])
    compared = _PAIRS
    for number, (all_rows, all_columns) in enumerate(blocks):
        if compared >= _PAIRS:
            compared = 0
            progress("comparing regions", number / len(blocks))
        compared += len(all_rows) * len(all_columns)
        width = max(_PAIRS // max(len(all_rows), 1), 1)
        rows = all_rows
        around, within = firsts.around[rows] * sign, firsts.within[rows] * sign
        for begin in range(0, len(all_columns), width):
            columns = all_columns[begin : begin + width]
            touching = _compare(around, seconds.around[columns]) >= 0
            left, right = np.nonzero(touching)
            sure = _compare(within, seconds.within[columns])[touching] > 0
            yield rows[left].astype(np.int64), columns[right], sure


def _compare(left: Vectors, right: Vectors) -> Vectors:
    """Return all products; such thin matrices are slower where several threads share them."""
    product: Vectors = np.einsum("ni,im->nm", left, np.ascontiguousarray(right.T))
    return product


def _ask(firsts: EncodedRegions, seconds: EncodedRegions, rows: Rows, columns: Rows) -> Mask:
    """Ask sphgeom."""
    used_rows, left = np.unique(rows, return_inverse=True)
    used_columns, right = np.unique(columns, return_inverse=True)
    lefts, rights = firsts.decode(used_rows), seconds.decode(used_columns)
    pairs = zip(left.tolist(), right.tolist(), strict=True)
    answers = (lefts[one].overlaps(rights[two]) is not False for one, two in pairs)
    return np.fromiter(answers, np.bool_, len(rows))
