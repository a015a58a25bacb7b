"""Pixels of regions are what sphgeom says, of each region asked once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from lsst.daf.butler import DimensionUniverse
from lsst.sphgeom import Angle, Box, Circle, ConvexPolygon, LonLat, PixelizationABC, Region, UnitVector3d

from workbench.errors import OperationCancelledError
from workbench.snapshot.envelopes import Envelopes, find_envelopes
from workbench.snapshot.overlap_cache import OverlapCache

UNIVERSE = DimensionUniverse()
PIXELS = ("healpix3", "healpix8", "htm4", "htm9")


def unit(lon: float, lat: float) -> UnitVector3d:
    return UnitVector3d(LonLat.fromDegrees(lon, lat))


REGIONS: list[Region | None] = [
    ConvexPolygon([unit(0, 0), unit(1, 0), unit(1, 1), unit(0, 1)]),
    None,
    # At a pole, across the meridian, within one pixel, and larger than many.
    Circle(unit(0, 90), Angle.fromDegrees(0.5)),
    Box(LonLat.fromDegrees(359.5, -1), LonLat.fromDegrees(0.5, 1)),
    Circle(unit(200, -30), Angle.fromDegrees(0.001)),
    Box(LonLat.fromDegrees(10, 40), LonLat.fromDegrees(14, 43)),
]


def expected(pixelization: PixelizationABC, rows: list[int]) -> list[tuple[int, int]]:
    return [
        (row, index)
        for row in rows
        if (region := REGIONS[row]) is not None
        for begin, end in pixelization.envelope(region)
        for index in range(begin, end)
    ]


class Reader:
    """Records of regions; counts how often they were read."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, element: str) -> pa.Table:
        assert element == "patch"
        self.times += 1
        encoded = [None if region is None else region.encode() for region in REGIONS]
        return pa.table({"region": pa.chunked_array([pa.array(encoded, pa.binary())])})


@pytest.mark.parametrize("name", PIXELS)
def test_envelopes(name: str) -> None:
    pixelization = UNIVERSE.skypix_dimensions[name].pixelization
    places, pixels = find_envelopes(pixelization, REGIONS)
    assert list(zip(places.tolist(), pixels.tolist(), strict=True)) == expected(
        pixelization, list(range(len(REGIONS)))
    )
    assert len(pixels) > len(REGIONS)


@pytest.mark.parametrize("name", PIXELS)
def test_some_records(name: str) -> None:
    """Rows in any order, and rows that were asked for before, each looked at once."""
    pixel, reader = UNIVERSE.skypix_dimensions[name], Reader()
    envelopes = Envelopes(reader)
    for wanted in ([3, 0], [0, 1, 2, 3], [5], [], [1], [4, 5, 0]):
        rows, pixels = envelopes.of_records("patch", pixel, np.array(wanted, dtype=np.int64))
        assert list(zip(rows.tolist(), pixels.tolist(), strict=True)) == expected(pixel.pixelization, wanted)
    assert reader.times == 4


def test_kept_in_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixel, rows = UNIVERSE.skypix_dimensions["healpix8"], np.arange(len(REGIONS))
    first = Envelopes(Reader(), OverlapCache(tmp_path)).of_records("patch", pixel, rows)
    monkeypatch.setattr("workbench.snapshot.envelopes.find_envelopes", None)
    second = Envelopes(Reader(), OverlapCache(tmp_path)).of_records("patch", pixel, rows)
    assert [side.tolist() for side in first] == [side.tolist() for side in second]
    with pytest.raises(TypeError):
        # Pixels of another level are others.
        Envelopes(Reader(), OverlapCache(tmp_path)).of_records(
            "patch", UNIVERSE.skypix_dimensions["healpix7"], rows
        )


def test_cancelled() -> None:
    def cancel(stage: str, fraction: float | None = None) -> None:
        raise OperationCancelledError(stage)

    with pytest.raises(OperationCancelledError):
        find_envelopes(UNIVERSE.skypix_dimensions["healpix8"].pixelization, REGIONS, cancel)
