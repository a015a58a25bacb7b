"""Which regions overlap, exactly as the Butler's own query joins them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.ipc
from lsst.daf.butler import DimensionElement, DimensionUniverse
from lsst.sphgeom import Circle, ConvexPolygon, Region

from workbench.errors import UnknownNameError
from workbench.snapshot.frames import digest_frame, sort_frame
from workbench.snapshot.schemas import data_id_schema, find_element

__all__ = ["OverlapCache", "compare_regions", "find_overlaps"]

_PAIRS = 1 << 20
"""Pairs that are compared at a time."""

_SLACK = 1e-6
"""How much farther than it reaches a region is taken to reach, in rad (0.2 arcsec).

sphgeom takes circles for touching that are up to 6e-8 rad apart, since it
allows for the errors of chords and of arc sines (1.5e-8 each).
"""

_DEFINITE = (ConvexPolygon, Circle)
"""Regions that sphgeom always tells apart where circles around them are apart.

Of a distant box and polygon it says that it does not know, and a query of the
Butler keeps such a pair if the two share a pixel.
"""


class OverlapCache:
    """A directory of overlaps that were computed, by the digest of what went in.

    Parameters
    ----------
    directory : `pathlib.Path`
        Made when it is first written to.  A file in it may be deleted at any
        time; one that cannot be read is computed again.
    """

    def __init__(self, directory: Path):
        self._directory = directory

    def read(self, digest: str, schema: pa.Schema) -> pa.Table | None:
        """Read overlaps.

        Parameters
        ----------
        digest : `str`
            Digest of records and pixels of both elements.
        schema : `pyarrow.Schema`
            What the pairs must look like.

        Returns
        -------
        pairs : `pyarrow.Table` or `None`
            `None` where they are not there.
        """
        try:
            with pa.memory_map(str(self._path(digest))) as source:
                pairs = pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid):
            return None
        return pairs if pairs.schema == schema else None

    def write(self, digest: str, pairs: pa.Table) -> None:
        """Keep overlaps; a directory that cannot be written is left alone.

        Parameters
        ----------
        digest : `str`
            Digest of records and pixels of both elements.
        pairs : `pyarrow.Table`
            Which of them overlap.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            handle, scratch = tempfile.mkstemp(dir=self._directory, suffix=".part")
            with os.fdopen(handle, "wb") as stream, pa.ipc.new_file(stream, pairs.schema) as writer:
                writer.write_table(pairs)
            Path(scratch).replace(self._path(digest))
        except OSError:
            return

    def _path(self, digest: str) -> Path:
        return self._directory / f"{digest}.arrow"


def find_overlaps(
    universe: DimensionUniverse,
    left: str,
    right: str,
    read_records: Callable[[str], pa.Table],
    read_pixels: Callable[[str], pa.Table],
    cache: OverlapCache | None = None,
) -> pa.Table:
    """Pair the records of two spatial elements whose regions overlap.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    left, right : `str`
        Spatial elements of different families; one may be the common
        pixelization.
    read_records : `~collections.abc.Callable`
        Gives the records of an element, with regions.
    read_pixels : `~collections.abc.Callable`
        Gives the common pixels of an element.
    cache : `OverlapCache`, optional
        Where pairs are kept.

    Returns
    -------
    pairs : `pyarrow.Table`
        Required dimensions of both, sorted.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if the two cannot be joined.
    """
    first, second = find_element(universe, left), find_element(universe, right)
    _check_joinable(universe, first, second)
    schema = data_id_schema(first.minimal_group.union(second.minimal_group), implied=False)
    common = universe.commonSkyPix.name
    if common in (left, right):
        # The Butler joins pixels by their index alone.
        return sort_frame(read_pixels(left if right == common else right).select(schema.names), schema.names)
    frames = [
        frame
        for element in (first, second)
        for frame in (
            read_records(element.name).select([*element.required.names, "region"]),
            read_pixels(element.name),
        )
    ]
    digest = hashlib.sha256("\n".join(map(digest_frame, frames)).encode()).hexdigest()
    if cache is not None and (pairs := cache.read(digest, schema)) is not None:
        return pairs
    pairs = _join(first, second, frames, schema)
    if cache is not None:
        cache.write(digest, pairs)
    return pairs


def _check_joinable(universe: DimensionUniverse, *elements: DimensionElement) -> None:
    first, second = elements
    spatial = [element.name for element in universe.database_elements if element.spatial is not None]
    for element in elements:
        if element.name not in [*spatial, universe.commonSkyPix.name]:
            raise UnknownNameError(
                f"{element.name!r} cannot be joined by overlap. Spatial elements are: {', '.join(spatial)}; "
                f"pixels are those of {universe.commonSkyPix.name}."
            )
    if first.spatial == second.spatial:
        raise UnknownNameError(
            f"{first.name!r} and {second.name!r} describe the same regions ({first.spatial}): "
            "join their keys."
        )


def _join(
    first: DimensionElement, second: DimensionElement, frames: list[pa.Table], schema: pa.Schema
) -> pa.Table:
    first_records, first_pixels, second_records, second_pixels = frames
    pixel = first.universe.commonSkyPix.name
    candidates = (
        _number(first, first_records, first_pixels, "first")
        .join(_number(second, second_records, second_pixels, "second"), on=_shared(first, second, pixel))
        .select("first", "second")
        .unique()
        .sort("first", "second")
        .collect()
    )
    rows, columns = candidates["first"].to_numpy(), candidates["second"].to_numpy()
    overlapping = compare_regions(first_records["region"], second_records["region"], rows, columns)
    rows, columns = rows[overlapping], columns[overlapping]
    chosen = {
        **{name: first_records[name].take(pa.array(rows)) for name in first.required.names},
        **{name: second_records[name].take(pa.array(columns)) for name in second.required.names},
    }
    return sort_frame(pa.table([chosen[name] for name in schema.names], schema=schema), schema.names)


def _shared(first: DimensionElement, second: DimensionElement, pixel: str) -> list[str]:
    return [*(name for name in first.required.names if name in second.required.names), pixel]


def _number(element: DimensionElement, records: pa.Table, pixels: pa.Table, name: str) -> pl.LazyFrame:
    """Replace keys by the numbers of records that have a region."""
    keys = list(element.required.names)
    known = pl.DataFrame(pl.from_arrow(records.select(keys))).lazy().with_row_index(name)
    known = known.filter(pl.Series(records["region"].is_valid().to_numpy()))
    return pl.DataFrame(pl.from_arrow(pixels)).lazy().join(known, on=keys)


def compare_regions(
    left: pa.ChunkedArray[Any],
    right: pa.ChunkedArray[Any],
    rows: npt.NDArray[Any],
    columns: npt.NDArray[Any],
) -> npt.NDArray[np.bool_]:
    """Tell for pairs of regions whether they may overlap.

    Parameters
    ----------
    left, right : `pyarrow.ChunkedArray` of binary
        Encoded regions (`lsst.sphgeom.Region.encode`).
    rows, columns : `numpy.ndarray` of int
        Which of ``left`` is paired with which of ``right``.

    Returns
    -------
    overlap : `numpy.ndarray` of bool
        Where `lsst.sphgeom.Region.overlaps` is not `False`, the predicate of
        the Butler's own queries.
    """
    overlap = np.zeros(len(rows), bool)
    firsts, seconds = _Regions(left, rows), _Regions(right, columns)
    for begin in range(0, len(rows), _PAIRS):
        some = slice(begin, begin + _PAIRS)
        overlap[some] = _compare(firsts, seconds, rows[some], columns[some])
    return overlap


def _compare(
    firsts: _Regions, seconds: _Regions, rows: npt.NDArray[Any], columns: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    rows, columns = firsts.positions[rows], seconds.positions[columns]
    reach = firsts.reach[rows] + seconds.reach[columns]
    distance = np.square(firsts.centers[rows] - seconds.centers[columns]).sum(axis=1)
    # Chords and not angles: both grow together as far as pi.
    apart = (reach < np.pi) & (distance > np.square(2 * np.sin(reach / 2)))
    near = np.flatnonzero(~apart)
    first, second = firsts.regions, seconds.regions
    pairs = zip(rows[near].tolist(), columns[near].tolist(), strict=True)
    overlap = np.zeros(len(rows), bool)
    overlap[near] = np.fromiter(
        (first[row].overlaps(second[column]) is not False for row, column in pairs), bool, len(near)
    )
    return overlap


class _Regions:
    """The regions that occur in pairs, with circles around them.

    Parameters
    ----------
    encoded : `pyarrow.ChunkedArray` of binary
        All regions.
    used : `numpy.ndarray` of int
        Which of them occur.
    """

    def __init__(self, encoded: pa.ChunkedArray[Any], used: npt.NDArray[Any]):
        occurs = np.zeros(len(encoded), bool)
        occurs[used] = True
        self.positions = np.cumsum(occurs) - 1
        chosen: list[Any] = encoded.filter(pa.array(occurs)).to_pylist()
        self.regions: list[Region] = list(map(Region.decode, chosen))
        self.centers = np.zeros((len(chosen), 3))
        # Farther than half around: never apart from anything.
        self.reach = np.full(len(chosen), 2 * np.pi)
        for row, region in enumerate(self.regions):
            if isinstance(region, _DEFINITE):
                circle = region.getBoundingCircle()
                center, angle = circle.getCenter(), circle.getOpeningAngle().asRadians()
                self.centers[row] = (center.x(), center.y(), center.z())
                self.reach[row] = angle + _SLACK if angle >= 0 else 2 * np.pi
