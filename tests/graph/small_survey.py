"""A small survey that has one of everything, with datasets drawn once at random.

What real repositories have and toys have not: a visit of two exposures, an
exposure without a visit, a visit without regions, detectors that a visit
lacks, two filters of one band, times that touch validity ranges.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import astropy.time
from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    DatasetType,
    DimensionGroup,
    Timespan,
)
from lsst.pipe.base.tests.mocks import MockStorageClass
from lsst.sphgeom import Box, ConvexPolygon, LonLat, UnitVector3d

CAMERA, SKYMAP = "Cam", "sky"
DETECTORS = (1, 2, 3)
FILTERS = {"g1": "g", "r1": "r", "r2": "r"}
VISITS = {10: "g1", 11: "r1", 12: "r2", 13: "r1"}
TRACTS, PATCHES = (0, 1), (0, 1, 2)
GROUPS: tuple[tuple[str, ...], ...] = (
    (),
    ("instrument",),
    ("instrument", "detector"),
    ("instrument", "physical_filter"),
    ("instrument", "physical_filter", "detector"),
    ("instrument", "day_obs"),
    ("instrument", "group"),
    ("instrument", "exposure"),
    ("instrument", "exposure", "detector"),
    ("instrument", "visit"),
    ("instrument", "visit", "detector"),
    ("band",),
    ("skymap",),
    ("skymap", "tract"),
    ("skymap", "tract", "band"),
    ("skymap", "tract", "patch"),
    ("skymap", "tract", "patch", "band"),
    ("instrument", "visit", "skymap", "tract"),
    ("instrument", "visit", "skymap", "tract", "patch"),
    ("instrument", "visit", "detector", "skymap", "tract"),
    ("instrument", "visit", "detector", "skymap", "tract", "patch"),
    ("instrument", "detector", "skymap", "tract"),
    ("htm7",),
    ("htm7", "instrument", "visit"),
    ("htm7", "band"),
)
"""Dimensions of the dataset types that exist, each named by `name_of`."""

PLAIN = tuple(group for group in GROUPS if "htm7" not in group)
PIXELS: tuple[tuple[str, ...], ...] = (
    (),
    ("instrument",),
    ("instrument", "physical_filter"),
    ("instrument", "visit"),
    ("htm7",),
    ("htm7", "instrument", "visit"),
    ("band",),
)
"""What can be in one pipeline: pixels of the sky join to one region, not to all of them."""

SKYPIX: tuple[tuple[str, ...], ...] = (
    (),
    ("instrument", "visit"),
    ("instrument", "visit", "detector"),
    ("band",),
    ("skymap", "tract"),
    ("skymap", "tract", "patch"),
    ("skymap", "tract", "patch", "band"),
    ("healpix6",),
    ("healpix8",),
    ("healpix8", "band"),
    ("healpix6", "instrument", "visit"),
    ("healpix8", "skymap", "tract"),
    ("htm8",),
    ("htm7",),
)
"""Pixels of several systems and levels, and what they are joined to."""

CALIBRATIONS: tuple[tuple[str, ...], ...] = (
    ("instrument",),
    ("instrument", "detector"),
    ("instrument", "physical_filter", "detector"),
)
COLLECTIONS = ("run/a", "run/b", "run/c", "tag", "chain", "calib/1", "calib/2", "calib/cut")
"""What to search; ``calib/cut`` has ranges that end within an observation."""

BEFORE = "u/before"
"""A RUN with some outputs of the first two tasks of any pipeline of these names."""

_DAY = 60000.0


def name_of(kind: str, group: Sequence[str]) -> str:
    """Name a dataset type or a task by its dimensions."""
    return "_".join([kind, *sorted(group)]) or kind


def at(hours: float) -> astropy.time.Time:
    return astropy.time.Time(_DAY + hours / 24, format="mjd", scale="tai")


def _square(ra: float, dec: float, half: float) -> ConvexPolygon:
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return ConvexPolygon(
        [UnitVector3d(LonLat.fromDegrees((ra + x * half) % 360, dec + y * half)) for x, y in corners]
    )


def _insert_records(butler: Butler) -> None:
    insert = butler.registry.insertDimensionData
    of = {"instrument": CAMERA}
    insert("instrument", of | {"name": CAMERA, "class_name": "x", "detector_max": 9, "visit_max": 99})
    for detector in DETECTORS:
        insert("detector", of | {"id": detector, "full_name": f"d{detector}"})
    for name, band in FILTERS.items():
        insert("physical_filter", of | {"name": name, "band": band})
    for day in (20230225, 20230226):
        insert("day_obs", of | {"id": day})
    for group in ("first", "second"):
        insert("group", of | {"name": group})
    for number, (visit, physical_filter) in enumerate({**VISITS, 14: "g1", 15: "g1"}.items()):
        row = of | {
            "day_obs": 20230225 + number % 2,
            "physical_filter": physical_filter,
            "timespan": Timespan(at(number), at(number + 1)),
        }
        # Visit 14 has no region, and there is no visit of the exposure 15.
        centre = (359.9 + 0.25 * number, 0.1 * number)
        group = ("first", "second")[number % 2]
        insert("exposure", row | {"id": visit, "obs_id": f"e{visit}", "group": group})
        if visit == 15:
            continue
        region = None if visit == 14 else _square(*centre, 0.35)
        insert("visit", row | {"id": visit, "name": f"v{visit}", "region": region})
        insert("visit_definition", of | {"visit": visit, "exposure": visit})
        for detector in DETECTORS:
            if visit != 14 and (visit, detector) != (12, 3):
                shifted = (centre[0] + 0.2 * (detector - 2), centre[1])
                insert(
                    "visit_detector_region",
                    of | {"visit": visit, "detector": detector, "region": _square(*shifted, 0.1)},
                )
    # The second exposure of visit 10.
    last = {"id": 16, "obs_id": "e16", "group": "first", "day_obs": 20230225, "physical_filter": "g1"}
    insert("exposure", of | last | {"timespan": Timespan(at(0.5), at(0.9))})
    insert("visit_definition", of | {"visit": 10, "exposure": 16})
    insert("skymap", {"name": SKYMAP, "hash": bytes(8)})
    for tract in TRACTS:
        insert("tract", {"skymap": SKYMAP, "id": tract, "region": _square(0.9 * tract, 0.2, 0.6)})
        for patch in PATCHES:
            low = 0.9 * tract - 0.6 + 0.4 * patch
            region = Box(LonLat.fromDegrees(low % 360, -0.4), LonLat.fromDegrees((low + 0.45) % 360, 0.8))
            row = {"skymap": SKYMAP, "tract": tract, "id": patch, "cell_x": patch, "cell_y": 0}
            insert("patch", row | {"region": region})


def _iter_touching(butler: Butler, plain: DimensionGroup, pixel: str) -> Iterator[DataCoordinate]:
    """Yield data IDs with the pixels that their regions touch: of a visit if they have none themselves."""
    envelope = butler.dimensions.skypix_dimensions[pixel].pixelization.envelope
    element = plain.region_dimension or "visit"
    where = "visit.region != NULL" if element == "visit" else ""
    records = butler.query_dimension_records(element, where=where, explain=False)
    regions = {record.dataId: record.region for record in records}
    with butler.query() as query:
        data_ids = list(query.where(where).data_ids(plain))
    for data_id in data_ids:
        own = element in plain.elements
        for region in (
            [regions[data_id.subset(butler.dimensions[element].minimal_group)]] if own else regions.values()
        ):
            for begin, end in envelope(region):
                for index in range(begin, end):
                    yield DataCoordinate.standardize(data_id, **{pixel: index})


def _insert(
    butler: Butler, generator: random.Random, dataset_type: DatasetType, runs: Mapping[str, float]
) -> dict[str, list[DatasetRef]]:
    """Insert random parts of all data IDs into runs."""
    butler.registry.registerDatasetType(dataset_type)
    skypix = set(dataset_type.dimensions.skypix)
    plain = butler.dimensions.conform(dataset_type.dimensions.names - skypix)
    with butler.query() as query:
        if skypix - {"htm7"}:
            data_ids = set(_iter_touching(butler, plain, next(iter(skypix))))
        elif skypix:
            found = query.join_dimensions([*plain.names, "visit", "htm7"])
            data_ids = set(found.data_ids(dataset_type.dimensions))
        else:
            data_ids = set(query.data_ids(dataset_type.dimensions))
    every = sorted(butler.registry.expandDataId(data_id) for data_id in data_ids)
    refs: dict[str, list[DatasetRef]] = {}
    for run, share in runs.items():
        chosen = [data_id for data_id in every if generator.random() < share]
        refs[run] = butler.registry.insertDatasets(dataset_type, chosen, run=run)
    return refs


def make_survey(root: Path, output_run: str, groups: Sequence[tuple[str, ...]] = GROUPS) -> None:
    """Make the repository; ``output_run`` has some outputs already, as `BEFORE` has."""
    generator = random.Random(42)
    Butler.makeRepo(str(root))
    plain = MockStorageClass.get_or_register_mock("StructuredDataDict")
    parts = MockStorageClass.get_or_register_mock("ExposureF")
    with Butler.from_config(str(root), writeable=True) as butler:
        _insert_records(butler)
        for run in ("run/a", "run/b", "run/c", "run/cals1", "run/cals2", BEFORE, output_run):
            butler.collections.register(run, CollectionType.RUN)
        butler.collections.register("tag", CollectionType.TAGGED)
        tagged: list[DatasetRef] = []
        shares = {"run/a": 0.95, "run/b": 0.6, "run/c": 0.3}
        for group in groups:
            for kind, storage in (("src", plain), ("img", parts), ("ref", plain)):
                dataset_type = DatasetType(name_of(kind, group), butler.dimensions.conform(group), storage)
                refs = _insert(butler, generator, dataset_type, shares)
                tagged += [ref for ref in refs["run/c"] + refs["run/b"][::3] if generator.random() < 0.5]
            ahead = {BEFORE: 0.6, output_run: 0.3}
            for number in range(2):
                for kind, suffix in (
                    (f"made{number}", ""),
                    (f"do{number}", "_metadata"),
                    (f"do{number}", "_log"),
                ):
                    real = {"_metadata": "TaskMetadata", "_log": "ButlerLogRecords"}.get(suffix, plain.name)
                    name = name_of(kind, group) + suffix
                    dataset_type = DatasetType(name, butler.dimensions.conform(group), real)
                    _insert(butler, generator, dataset_type, ahead)
                config = DatasetType(
                    name_of(f"do{number}", group) + "_config", butler.dimensions.empty, "Config"
                )
                _insert(butler, generator, config, {BEFORE: 1.0, output_run: 0.5})
        packages = DatasetType("packages", butler.dimensions.empty, "Packages")
        _insert(butler, generator, packages, {BEFORE: 1.0, output_run: 1.0})
        unique = {(ref.datasetType.name, ref.dataId): ref for ref in tagged}
        butler.registry.associate("tag", unique.values())
        butler.collections.register("chain", CollectionType.CHAINED)
        butler.collections.redefine_chain("chain", ["tag", "run/b"])
        _certify(butler, generator, plain.name)


def _certify(butler: Butler, generator: random.Random, storage: str) -> None:
    for calib in ("calib/1", "calib/2", "calib/cut"):
        butler.collections.register(calib, CollectionType.CALIBRATION)
    for group in CALIBRATIONS:
        dataset_type = DatasetType(
            name_of("cal", group), butler.dimensions.conform(group), storage, isCalibration=True
        )
        refs = _insert(butler, generator, dataset_type, {"run/cals1": 1.0, "run/cals2": 1.0})
        # One change within the night, between observations, and one in the middle of an observation.
        for calib, change in (("calib/1", 2.0), ("calib/cut", 2.5)):
            butler.registry.certify(calib, refs["run/cals1"], Timespan(None, at(change)))
            butler.registry.certify(calib, refs["run/cals2"], Timespan(at(change), None))
        some = [ref for ref in refs["run/cals2"] if generator.random() < 0.5]
        butler.registry.certify("calib/2", some, Timespan(at(1.5), at(4.5)))


def values_of(dimension: str) -> tuple[object, ...]:
    """Return the values that constraints choose from."""
    return {
        "visit": tuple(VISITS),
        "detector": DETECTORS,
        "tract": TRACTS,
        "patch": PATCHES,
        "band": ("g", "r"),
        "exposure": (10, 11, 16),
        "physical_filter": tuple(FILTERS),
    }[dimension]


def iter_rows(names: Sequence[str]) -> list[tuple[object, ...]]:
    """Return all rows of constraint values of some dimensions, governors included."""
    fixed: dict[str, tuple[object, ...]] = {"instrument": (CAMERA,), "skymap": (SKYMAP,)}
    return list(itertools.product(*(fixed.get(name) or values_of(name) for name in names)))
