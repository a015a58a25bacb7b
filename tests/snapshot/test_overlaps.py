"""Overlaps are what sphgeom says, for pairs of every kind and at every place that is hard."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, DimensionUniverse
from lsst.sphgeom import (
    Angle,
    Box,
    Circle,
    ConvexPolygon,
    Ellipse,
    IntersectionRegion,
    LonLat,
    Region,
    UnionRegion,
    UnitVector3d,
)

from workbench.errors import OperationCancelledError, UnknownNameError
from workbench.snapshot import Snapshot, take_snapshot
from workbench.snapshot.overlap_cache import OverlapCache
from workbench.snapshot.overlaps import Overlaps
from workbench.snapshot.public import make_pixels
from workbench.snapshot.regions import EncodedRegions, pair_regions
from workbench.snapshot.schemas import stored_schema

SEED = 20261123
PLACES = [(0.0, 0.0), (359.999, 0.0), (180.0, 0.0), (45.0, 89.9), (200.0, -89.95), (0.0, 90.0), (120.0, 35.0)]


def unit(lon: float, lat: float) -> UnitVector3d:
    return UnitVector3d(LonLat.fromDegrees(lon % 360, max(-90.0, min(90.0, lat))))


def polygon_around(lon: float, lat: float, radius: float, corners: int, turn: float) -> ConvexPolygon:
    """Make a regular polygon with corners on a circle: the tangent plane's, so that it holds at poles."""
    center = np.array(list(unit(lon, lat)))
    east = np.cross(center, [0, 0, 1] if abs(center[2]) < 0.9 else [1, 0, 0])
    east /= np.linalg.norm(east)
    north = np.cross(center, east)
    points = []
    for angle in turn + np.arange(corners) * 2 * math.pi / corners:
        point = center + math.tan(math.radians(radius)) * (math.cos(angle) * east + math.sin(angle) * north)
        points.append(UnitVector3d(*map(float, point)))
    return ConvexPolygon(points)


def box_around(lon: float, lat: float, width: float, height: float) -> Box:
    south, north = max(-90.0, lat - height), min(90.0, lat + height)
    return Box(LonLat.fromDegrees((lon - width) % 360, south), LonLat.fromDegrees((lon + width) % 360, north))


def random_region(generator: np.random.Generator, lon: float, lat: float) -> Region:
    """Make a region of some kind and size near a place."""
    size = 10 ** generator.uniform(-4, 1.3)
    lon, lat = lon + generator.normal(0, 1), float(np.clip(lat + generator.normal(0, 1), -90, 90))
    kind = generator.integers(12)
    if kind < 6:
        return polygon_around(lon, lat, size, int(generator.integers(3, 8)), generator.uniform(0, 7))
    if kind < 8:
        return Circle(unit(lon, lat), Angle.fromDegrees(size))
    if kind < 9:
        return box_around(lon, lat, size, generator.uniform(0.001, 3))
    if kind < 10:
        other = Circle(unit(lon + 3, lat), Angle.fromDegrees(size / 2))
        return UnionRegion(polygon_around(lon, lat, size, 4, 0.1), other)
    if kind < 11:
        first, second = unit(lon, lat), unit(lon + size, lat)
        return Ellipse(first, second, Angle.fromDegrees(size * 1.5))
    return IntersectionRegion(
        box_around(lon, lat, size, size), Circle(unit(lon, lat), Angle.fromDegrees(size))
    )


def adversarial_regions() -> list[Region]:
    """Regions that touch, contain, nearly touch and degenerate, at every hard place."""
    found: list[Region] = [Circle.full(), Circle.empty(), Box.full(), Box(), Circle(unit(0, 0), Angle(0.0))]
    for lon, lat in PLACES:
        for gap in (0.0, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 3e-6, 1e-5, 1e-4):
            found.append(Circle(unit(lon, lat), Angle.fromDegrees(0.5 - gap)))
            found.append(Circle(unit(lon + 1, lat), Angle.fromDegrees(0.5 - gap)))
        for corners in (3, 4):
            grid = [
                polygon_around(lon + step, lat, math.sqrt(0.5), corners, math.pi / 4) for step in (0, 1, 2)
            ]
            found += [
                *grid,
                polygon_around(lon, lat, 1e-7, corners, 0),
                polygon_around(lon, lat, 60, corners, 0),
            ]
        low, high = max(-90.0, lat - 0.5), min(90.0, lat + 0.5)
        found += [box_around(lon + step, (low + high) / 2, 0.5, (high - low) / 2) for step in (0, 1, 2)]
        if abs(lat) < 80:
            # Patches with exactly equal edges, and a sliver along one of them.
            for west, east in ((0, 1), (1, 2), (1, 1 + 1e-9)):
                corners_of = [(west, -0.5), (east, -0.5), (east, 0.5), (west, 0.5)]
                found.append(ConvexPolygon([unit(lon + x, lat + y) for x, y in corners_of]))
    found.append(UnionRegion(found[10], found[30]))
    return found


def encode(regions: list[Region]) -> EncodedRegions:
    """Encode regions, in two chunks of which the second begins in the middle of its buffers."""
    codes = pa.array([region.encode() for region in regions], pa.binary())
    return EncodedRegions(pa.chunked_array([codes.slice(0, 7), codes.slice(7)]))


def assert_equal_to_sphgeom(left: list[Region], right: list[Region]) -> int:
    """All pairs, in two blocks that share some."""
    rows, columns = np.arange(len(left)), np.arange(len(right))
    blocks = [(rows, columns[:-3]), (rows[::-1], columns[len(columns) // 2 :])]
    found = set(
        zip(*(side.tolist() for side in pair_regions(encode(left), encode(right), blocks)), strict=True)
    )
    expected = {
        (row, column)
        for row, first in enumerate(left)
        for column, second in enumerate(right)
        if first.overlaps(second) is not False
    }
    wrong = found ^ expected
    assert not wrong, [(left[row], right[column]) for row, column in sorted(wrong)[:3]]
    return len(expected)


def test_every_pair_of_adversarial_regions() -> None:
    regions = adversarial_regions()
    overlapping = assert_equal_to_sphgeom(regions, regions)
    assert len(regions) ** 2 > 30_000
    assert 1_000 < overlapping < len(regions) ** 2 / 2


def test_pairs_are_sorted_and_none_is_there_twice() -> None:
    regions = adversarial_regions()
    every = np.arange(len(regions))
    rows, columns = pair_regions(encode(regions), encode(regions), [(every, every), (every[::-1], every)])
    keys = rows.astype(np.int64) * len(regions) + columns
    assert (keys[1:] > keys[:-1]).all()


def random_regions(n_pairs: int) -> Iterator[tuple[list[Region], list[Region]]]:
    """Lists of regions that make so many pairs, those of one place together."""
    generator = np.random.default_rng(SEED)
    n_regions = 150
    for _ in range(0, n_pairs, n_regions**2):
        places = [PLACES[number] for number in generator.integers(len(PLACES), size=2 * n_regions)]
        regions = [random_region(generator, *place) for place in places]
        yield regions[:n_regions], regions[n_regions:]


def test_random_regions() -> None:
    overlapping = [assert_equal_to_sphgeom(*lists) for lists in random_regions(100_000)]
    assert len(overlapping) == 5
    assert min(overlapping) > 1_000


@pytest.mark.soak
def test_many_random_regions() -> None:
    for lists in random_regions(int(os.environ.get("WORKBENCH_SOAK_PAIRS", "5000000"))):
        assert_equal_to_sphgeom(*lists)


def test_found_pairs_are_those_of_the_definition() -> None:
    """Two records pair if they share a common pixel and their regions may overlap; nothing else matters."""
    universe = DimensionUniverse()
    generator = np.random.default_rng(SEED)
    records, pixels, regions = {}, {}, {}
    for name, n_records in (("tract", 60), ("visit", 90)):
        element = universe[name]
        places = [PLACES[number] for number in generator.integers(3, size=n_records)]
        regions[name] = [None, *(random_region(generator, *place) for place in places)]
        schema = stored_schema(element)
        rows = [
            {key: 0 if pa.types.is_integer(schema.field(key).type) else "x" for key in element.required.names}
            | {name: number, "region": region and region.encode()}
            for number, region in enumerate(regions[name])
        ]
        records[name] = pa.Table.from_pylist(rows, schema)
        pixels[name] = make_pixels(element, records[name])
    envelope = universe.commonSkyPix.pixelization.envelope
    expected = {
        (visit, tract)
        for visit, first in enumerate(regions["visit"])
        for tract, second in enumerate(regions["tract"])
        if first is not None
        and second is not None
        and envelope(first).intersects(envelope(second))
        and first.overlaps(second) is not False
    }
    for names in (("visit", "tract"), ("tract", "visit")):
        pairs = Overlaps(universe, records.__getitem__, pixels.__getitem__).find(*names)
        assert pairs.schema.names == ["instrument", "skymap", "tract", "visit"]
        found = list(zip(pairs["visit"].to_pylist(), pairs["tract"].to_pylist(), strict=True))
        assert len(found) == len(set(found))
        assert set(found) == expected
    assert len(expected) > 300


@pytest.mark.parametrize(
    ("pair", "match"),
    [
        (("visit", "detector"), "'detector' cannot be joined by overlap.*patch"),
        (("visit", "healpix5"), "'healpix5' cannot be joined.*htm7"),
        (("tract", "patch"), "describe the same regions"),
        (("visit", "nowhere"), "No dimension element is called 'nowhere'"),
    ],
)
def test_what_cannot_be_joined(pair: tuple[str, str], match: str) -> None:
    frames: dict[str, pa.Table] = {}
    with pytest.raises(UnknownNameError, match=match):
        Overlaps(DimensionUniverse(), frames.__getitem__, frames.__getitem__).find(*pair)


@pytest.fixture
def skies(butler: Butler) -> Snapshot:
    """Visits, their detectors and patches, and no cache of overlaps."""
    return take_snapshot(butler, [], [], ["visit", "visit_detector_region", "patch", "tract"])


def test_regions_are_measured_once(skies: Snapshot) -> None:
    measured = []
    for left, right in (("visit", "patch"), ("patch", "visit_detector_region"), ("visit", "tract")):
        stages: list[str] = []
        skies.overlaps(left, right, progress=lambda stage, fraction=None, to=stages: to.append(stage))
        measured.append(stages.count("measuring regions"))
    assert measured == [2, 1, 1]


def test_pairing_can_be_cancelled_at_every_report_and_keeps_nothing(skies: Snapshot, tmp_path: Path) -> None:
    kept = tmp_path / "overlaps"
    cached = dataclasses.replace(skies, overlap_cache=OverlapCache(kept))
    reports: list[tuple[str, float | None]] = []

    def stop_at(number: int) -> Callable[..., None]:
        def progress(stage: str, fraction: float | None = None) -> None:
            reports.append((stage, fraction))
            if len(reports) > number:
                raise OperationCancelledError(stage)

        return progress

    for number in range(100):
        reports.clear()
        try:
            pairs = cached.overlaps("visit", "patch", progress=stop_at(number))
        except OperationCancelledError:
            # What was paired may be kept before the last report, and then it is whole.
            assert not kept.exists() or reports[-1][0] == "sorting pairs"
        else:
            break
    assert number > 3  # what was measured before it was cancelled is measured
    assert all(fraction is None or 0 <= fraction <= 1 for _, fraction in reports)
    assert pairs.equals(skies.overlaps("visit", "patch"))
