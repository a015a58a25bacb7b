"""Which pixels of a pixelization may touch regions of the sky, as `lsst.sphgeom` says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lsst.daf.butler import SkyPixDimension
from lsst.sphgeom import PixelizationABC, Region

from workbench.progress import Progress, silent
from workbench.snapshot.frames import digest_frame
from workbench.snapshot.overlap_cache import OverlapCache
from workbench.snapshot.regions import Rows

__all__ = ["Envelopes", "find_envelopes"]

Pixels: TypeAlias = npt.NDArray[np.int64]

_ASKED = 1 << 10
"""Regions between two reports of progress: some 0.2 s."""


class Envelopes:
    """Finds the pixels of regions, of each region once.

    Parameters
    ----------
    read_records : `~collections.abc.Callable`
        Gives the records of an element, with regions; always the same.
    cache : `~workbench.snapshot.overlap_cache.OverlapCache`, optional
        Where pixels are kept.
    """

    def __init__(self, read_records: Callable[[str], pa.Table], cache: OverlapCache | None = None):
        self._read_records = read_records
        self._cache = cache
        self._known: dict[tuple[str, str], dict[int, Pixels]] = {}

    def of_records(
        self, element: str, pixel: SkyPixDimension, rows: Rows, progress: Progress = silent
    ) -> tuple[Pixels, Pixels]:
        """Find the pixels that the regions of records may touch.

        Parameters
        ----------
        element : `str`
            A spatial element.
        pixel : `lsst.daf.butler.SkyPixDimension`
            Pixels of any system and level.
        rows : `numpy.ndarray` of int
            Rows of the element's records, none twice; those without a
            region touch nothing.
        progress : `~workbench.progress.Progress`, optional
            Called with the fraction that is done; may cancel.

        Returns
        -------
        rows, pixels : `numpy.ndarray` of `numpy.int64`
            A pair each, in the order of ``rows``: what
            `lsst.sphgeom.Pixelization.envelope` gives.
        """
        known = self._known.setdefault((element, pixel.name), {})
        missing = [row for row in rows.tolist() if row not in known]
        if missing:
            regions = self._read_records(element)["region"].take(pa.array(missing, pa.int64()))
            places, found = self._find(pixel, regions, progress)
            bounds = np.searchsorted(places, np.arange(1, len(missing)))
            known.update(zip(missing, np.split(found, bounds), strict=True))
        chosen = [known[row] for row in rows.tolist()]
        counts = np.fromiter(map(len, chosen), np.int64, len(chosen))
        nothing = np.empty(0, dtype=np.int64)
        return np.repeat(np.asarray(rows, dtype=np.int64), counts), np.concatenate([nothing, *chosen])

    def _find(
        self, pixel: SkyPixDimension, regions: pa.ChunkedArray[Any], progress: Progress
    ) -> tuple[Pixels, Pixels]:
        if self._cache is None:
            return find_envelopes(pixel.pixelization, _decode(regions), progress)
        frame = digest_frame(pa.table([regions], names=["region"]))
        digest = hashlib.sha256(f"envelopes\n{pixel.name}\n{frame}".encode()).hexdigest()
        if (kept := self._cache.read(digest)) is not None:
            return kept[0].astype(np.int64), kept[1].astype(np.int64)
        places, pixels = find_envelopes(pixel.pixelization, _decode(regions), progress)
        if pixels.max(initial=0) <= np.iinfo(np.int32).max:
            self._cache.write(digest, places.astype(np.int32), pixels.astype(np.int32))
        return places, pixels


def _decode(regions: pa.ChunkedArray[Any]) -> Iterator[Region | None]:
    encoded: list[bytes | None] = regions.to_pylist()
    return (None if one is None else Region.decode(one) for one in encoded)


def find_envelopes(
    pixelization: PixelizationABC, regions: Iterable[Region | None], progress: Progress = silent
) -> tuple[Pixels, Pixels]:
    """Find the pixels that regions may touch.

    Parameters
    ----------
    pixelization : `lsst.sphgeom.Pixelization`
        Of the sky.
    regions : `~collections.abc.Iterable` [ `lsst.sphgeom.Region` or `None` ]
        Regions; `None` touches nothing.
    progress : `~workbench.progress.Progress`, optional
        Called now and then; may cancel.

    Returns
    -------
    places, pixels : `numpy.ndarray` of `numpy.int64`
        Place of a region among all, and a pixel of its envelope; a pair each,
        in order.
    """
    places: list[int] = []
    begins: list[int] = []
    ends: list[int] = []
    for place, region in enumerate(regions):
        if not place % _ASKED:
            progress("looking for the pixels of regions")
        if region is None:
            continue
        for begin, end in pixelization.envelope(region):
            places.append(place)
            begins.append(begin)
            ends.append(end)
    start = np.array(begins, dtype=np.int64)
    counts = np.array(ends, dtype=np.int64) - start
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(np.array(places, dtype=np.int64), counts), np.repeat(start, counts) + within
