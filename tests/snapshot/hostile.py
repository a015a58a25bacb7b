"""A repository with everything that makes reading tables hard."""

from __future__ import annotations

import itertools

import astropy.time
from lsst.daf.butler import Butler, CollectionType, DatasetRef, DatasetType, Timespan
from lsst.sphgeom import Box, Circle, ConvexPolygon, LonLat, Region, UnionRegion, UnitVector3d

INSTRUMENT = "Ünï 'x\" cäm"
FILTERS = (
    "r'; DROP TABLE visit;--",
    "naïve ☃ 🙂",
    'a"b\\c',
    "tab\tline\nreturn\r",
    " 0 ",
    "NULL",
    "1,2",
    "%:x",
)
BANDS = ("r", "☃", "r", "\\N", " ", "NULL", "r", "'")
SKYMAP = "sky\nmap"

SEARCH = ("outer", "also/raw", "HSC/defaults", "calibs/empty")
DATASET_TYPES = ("raw", "bias", "flat", "pair", "pixels", "point", "filterless", "unused", "unknown")
ELEMENTS = (
    "instrument",
    "detector",
    "physical_filter",
    "band",
    "exposure",
    "visit",
    "visit_definition",
    "visit_system_membership",
    "visit_detector_region",
    "skymap",
    "tract",
    "patch",
    "day_obs",
    "group",
)


def _unit(lon: float, lat: float) -> UnitVector3d:
    return UnitVector3d(LonLat.fromDegrees(lon, lat))


def _regions() -> list[Region | None]:
    polygon = ConvexPolygon([_unit(-1, 89), _unit(1, 89), _unit(0.5, 89.5)])
    around = ConvexPolygon([_unit(lon, 88.5) for lon in (0, 90, 180, 270)])
    return [
        Box(LonLat.fromDegrees(359.5, -0.5), LonLat.fromDegrees(0.5, 0.5)),
        Circle(_unit(0, 0), LonLat.fromDegrees(1, 0).getLon()),
        polygon,
        around,
        UnionRegion(polygon, Circle(_unit(10, 10), LonLat.fromDegrees(1, 0).getLon())),
        None,
        ConvexPolygon([_unit(0, 0), _unit(0.2, 0), _unit(0.2, 0.2), _unit(0, 0.2)]),
        Box(LonLat.fromDegrees(100, -90), LonLat.fromDegrees(200, -80)),
    ]


def _times() -> list[Timespan | None]:
    begin = astropy.time.Time(60000.123456789, format="mjd", scale="tai")
    end = astropy.time.Time("2026-02-03T04:05:06.789012345", scale="tai")
    return [
        Timespan(begin, end),
        Timespan(None, end),
        Timespan(begin, None),
        Timespan(None, None),
        Timespan.makeEmpty(),
        None,
        Timespan.fromInstant(begin),
        Timespan(begin, end),
    ]


def _insert_records(butler: Butler) -> None:
    insert = butler.registry.insertDimensionData
    insert("instrument", {"name": INSTRUMENT, "class_name": "no.such.Class", "detector_max": 3})
    insert(
        "detector",
        *({"instrument": INSTRUMENT, "id": number, "full_name": f"☃{number}\n"} for number in (0, 1, -7)),
    )
    insert(
        "physical_filter",
        *(
            {"instrument": INSTRUMENT, "name": name, "band": band}
            for name, band in zip(FILTERS, BANDS, strict=True)
        ),
    )
    insert("day_obs", {"instrument": INSTRUMENT, "id": 20260101})
    insert("group", {"instrument": INSTRUMENT, "name": "g\\x00"})
    values = [0.1 + 0.2, 1e-300, -0.0, 5e-324, 1.7976931348623157e308, None, 1 / 3, 123456789.123456789]
    for number, (name, region, timespan, value) in enumerate(
        zip(FILTERS, _regions(), _times(), values, strict=True)
    ):
        row = {"instrument": INSTRUMENT, "id": number * 2**40, "day_obs": 20260101, "physical_filter": name}
        insert(
            "exposure",
            row
            | {
                "obs_id": f"obs{number}'",
                "group": "g\\x00",
                "exposure_time": value,
                "can_see_sky": [None, True, False][number % 3],
                "timespan": timespan,
            },
        )
        insert(
            "visit",
            row | {"name": f"\t{number}", "exposure_time": value, "timespan": timespan, "region": region},
        )
        insert("visit_definition", {"instrument": INSTRUMENT, "exposure": row["id"], "visit": row["id"]})
        insert(
            "visit_detector_region",
            {"instrument": INSTRUMENT, "visit": row["id"], "detector": -7, "region": region},
        )
    insert("skymap", {"name": SKYMAP, "hash": bytes(range(40))})
    for number, region in enumerate(region for region in _regions() if region is not None):
        insert("tract", {"skymap": SKYMAP, "id": number, "region": region})
        insert(
            "patch", {"skymap": SKYMAP, "tract": number, "id": 0, "region": region, "cell_x": 1, "cell_y": 2}
        )


def _register_types(butler: Butler) -> dict[str, DatasetType]:
    dimensions: dict[str, tuple[str, ...]] = {
        "flat": ("detector", "physical_filter"),
        "pair": ("visit", "patch"),
        "pixels": ("htm7", "band"),
        "point": (),
        "filterless": ("skymap",),
        "unused": ("visit", "detector"),
    }
    types = {
        name: DatasetType(
            name, butler.dimensions.conform(names), "StructuredDataDict", isCalibration=name == "flat"
        )
        for name, names in dimensions.items()
    }
    for dataset_type in types.values():
        butler.registry.registerDatasetType(dataset_type)
    return types


def make_hostile(butler: Butler) -> None:
    """Add instruments, collections and datasets to the repository of the twelve visits."""
    _insert_records(butler)
    types = _register_types(butler)
    for run in ("r/1", "r/2", "r/empty"):
        butler.collections.register(run, CollectionType.RUN)
    for tag in ("t/1", "t/empty"):
        butler.collections.register(tag, CollectionType.TAGGED)
    for calib in ("c/1", "c/2", "calibs/empty"):
        butler.collections.register(calib, CollectionType.CALIBRATION)

    def put(name: str, run: str, **key: int | str) -> DatasetRef:
        data_id = butler.registry.expandDataId(key)
        return butler.registry.insertDatasets(types[name], [data_id], run=run)[0]

    flats: dict[str, list[DatasetRef]] = {"r/1": [], "r/2": []}
    for run, name, detector in itertools.product(flats, FILTERS, (0, -7)):
        if not (run == "r/2" and name == "NULL"):
            flats[run].append(
                put("flat", run, instrument=INSTRUMENT, detector=detector, physical_filter=name)
            )
    butler.registry.associate("t/1", flats["r/2"][::3])
    for number, region in enumerate(_regions()):
        if region is not None:  # in pairs that mostly do not overlap
            put(
                "pair",
                "r/1",
                instrument=INSTRUMENT,
                visit=number * 2**40,
                skymap=SKYMAP,
                tract=6 - number % 7,
                patch=0,
            )
    for run in ("r/1", "r/2"):
        put("point", run)
        put("filterless", run, skymap=SKYMAP)
        for pixel, band in itertools.product((131072, 200000, 262143), ("☃", "\\N")):
            put("pixels", run, htm7=pixel, band=band)
    middle = astropy.time.Time(60000.5, format="mjd", scale="tai")
    butler.registry.certify("c/1", flats["r/1"], Timespan(None, middle))
    butler.registry.certify("c/1", flats["r/2"][:5], Timespan(middle, None))
    butler.registry.certify("c/1", flats["r/1"][-2:], Timespan(middle, None))  # twice certified
    butler.registry.certify("c/2", flats["r/2"], Timespan(None, None))  # overlaps what c/1 says
    for chain, children in {
        "inner": ["t/1", "r/1", "t/empty"],
        "nothing": [],
        "outer": ["r/empty", "inner", "nothing", "c/2", "r/2", "inner", "c/1"],
        "also/raw": ["HSC/raw", "inner", "outer"],
    }.items():
        butler.collections.register(chain, CollectionType.CHAINED)
        butler.collections.redefine_chain(chain, list(dict.fromkeys(children)))
