"""A small real Butler repository of the twelve HSC COSMOS visits, for tests.

Pointings, filters and times are observational facts; outlines of visits and
detectors are plain boxes about them, which is all that overlap tests need.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import astropy.time
from lsst.daf.butler import Butler, CollectionType, DatasetRef, DatasetType, Timespan
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

# visit, physical filter, day_obs, begin (MJD TAI), exposure time (s), ra (deg), dec (deg), zenith angle (deg)
VISITS: tuple[tuple[int, str, int, float, float, float, float, float], ...] = (
    (18202, "HSC-I", 20150117, 57039.38975207, 360.0, 149.6307625, 1.7132778, 50.894),
    (19676, "HSC-I", 20150121, 57043.58199192, 30.0, 149.3004167, 1.4095278, 30.660),
    (23682, "HSC-R", 20150318, 57099.39594616, 30.0, 149.3687625, 1.4558361, 22.390),
    (58260, "HSC-I2", 20160304, 57451.42863347, 270.0, 149.2853958, 1.4350278, 21.776),
    (59884, "HSC-R", 20160309, 57456.29389766, 180.0, 149.2854042, 1.4349889, 36.271),
    (93380, "HSC-R2", 20161225, 57747.51506181, 180.0, 149.5407542, 1.4477917, 31.050),
    (95104, "HSC-I2", 20170102, 57755.52244351, 30.0, 149.3889792, 0.9500056, 23.879),
    (96860, "HSC-R2", 20170123, 57776.36454146, 30.0, 149.3889690, 0.9499972, 53.459),
    (96862, "HSC-R2", 20170123, 57776.36527069, 150.0, 149.3889708, 0.9500306, 53.219),
    (96908, "HSC-R2", 20170123, 57776.41207605, 150.0, 149.6615125, 1.4847306, 38.215),
    (96954, "HSC-I2", 20170123, 57776.48191733, 200.0, 149.2950750, 1.5425139, 20.231),
    (96980, "HSC-I2", 20170123, 57776.52306657, 200.0, 148.7963917, 1.0439139, 19.971),
)
DETECTORS = (41, 42, 49, 50, 57, 58)
FILTERS = {"HSC-R": "r", "HSC-R2": "r", "HSC-I": "i", "HSC-I2": "i"}
SKYMAP = "cosmos"
SECONDS_PER_DAY = 86400.0


def _box(ra: float, dec: float, half: float) -> ConvexPolygon:
    """Make a square of half-width ``half`` deg, centred on the sphere."""
    stretch = half / math.cos(math.radians(dec))
    return ConvexPolygon(
        [
            UnitVector3d(LonLat.fromDegrees(ra + i * stretch, dec + j * half))
            for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
    )


def _timespan(begin: float, seconds: float) -> Timespan:
    times = [
        astropy.time.Time(mjd, format="mjd", scale="tai")
        for mjd in (begin, begin + seconds / SECONDS_PER_DAY)
    ]
    return Timespan(*times)


def _iter_records() -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield (element, record) in the order in which the Butler takes them."""
    of = {"instrument": "HSC"}
    yield (
        "instrument",
        {
            "name": "HSC",
            "visit_max": 21474800,
            "exposure_max": 21474800,
            "detector_max": 200,
            "visit_system": 0,
            "class_name": "lsst.obs.base.Instrument",
        },
    )
    for name, band in FILTERS.items():
        yield "physical_filter", of | {"name": name, "band": band}
    for detector in DETECTORS:
        yield (
            "detector",
            of
            | {
                "id": detector,
                "full_name": f"1_{detector}",
                "name_in_raft": str(detector),
                "raft": "1",
                "purpose": "SCIENCE",
            },
        )
    yield "visit_system", of | {"id": 0, "name": "one-to-one"}
    for day in sorted({visit[2] for visit in VISITS}):
        iso = f"{day // 10000}-{day // 100 % 100:02}-{day % 100:02}"
        yield (
            "day_obs",
            of | {"id": day, "timespan": _timespan(astropy.time.Time(iso, scale="tai").mjd, SECONDS_PER_DAY)},
        )
    for visit, *_ in VISITS:
        yield "group", of | {"name": str(visit)}
    for visit, physical_filter, day, begin, seconds, ra, dec, zenith in VISITS:
        observed = {
            "physical_filter": physical_filter,
            "day_obs": day,
            "seq_num": visit,
            "exposure_time": seconds,
            "target_name": "COSMOS",
            "science_program": "o14323",
            "zenith_angle": zenith,
            "timespan": _timespan(begin, seconds),
            "observation_reason": "science",
        }
        yield (
            "exposure",
            of
            | observed
            | {
                "id": visit,
                "obs_id": f"HSCA{visit:08}",
                "group": str(visit),
                "dark_time": seconds,
                "observation_type": "science",
                "tracking_ra": ra,
                "tracking_dec": dec,
                "sky_angle": 270.0,
                "has_simulated": False,
                "can_see_sky": True,
                "seq_start": visit,
                "seq_end": visit,
            },
        )
        yield "visit", of | observed | {"id": visit, "name": f"HSCA{visit:08}", "region": _box(ra, dec, 0.4)}
        yield "visit_definition", of | {"visit": visit, "exposure": visit}
        yield "visit_system_membership", of | {"visit": visit, "visit_system": 0}
        for index, detector in enumerate(DETECTORS):
            offset = (0.22 * (index % 2) - 0.11, 0.25 * (index // 2) - 0.25)
            region = _box(ra + offset[0], dec + offset[1], 0.1)
            yield "visit_detector_region", of | {"visit": visit, "detector": detector, "region": region}
    yield (
        "skymap",
        {"name": SKYMAP, "hash": bytes(20), "tract_max": 1, "patch_nx_max": 2, "patch_ny_max": 2},
    )
    yield "tract", {"skymap": SKYMAP, "id": 0, "region": _box(149.4, 1.4, 0.8)}
    for patch in range(4):
        x, y = patch % 2, patch // 2
        yield (
            "patch",
            {
                "skymap": SKYMAP,
                "tract": 0,
                "id": patch,
                "cell_x": x,
                "cell_y": y,
                "region": _box(149.0 + 0.8 * x, 1.0 + 0.8 * y, 0.4),
            },
        )


def fill_repository(root: str) -> None:
    """Fill an empty repository: records, ``raw`` datasets and the usual chains.

    ``raw`` is {instrument, exposure, detector} in ``HSC/raw/all``, below the
    chains ``HSC/raw`` and ``HSC/defaults``; ``bias`` is certified for all time
    in ``HSC/calib``.
    """
    butler = Butler.from_config(root, writeable=True)
    try:
        for element, record in _iter_records():
            butler.registry.insertDimensionData(element, record)
        raw = DatasetType("raw", butler.dimensions.conform(["exposure", "detector"]), "StructuredDataDict")
        bias = DatasetType(
            "bias", butler.dimensions.conform(["detector"]), "StructuredDataDict", isCalibration=True
        )
        butler.registry.registerDatasetType(raw)
        butler.registry.registerDatasetType(bias)
        for run in ("HSC/raw/all", "HSC/calib/bias"):
            butler.collections.register(run, CollectionType.RUN)
        with butler.transaction():
            for visit, *_ in VISITS:
                for detector in DETECTORS:
                    data_id = butler.registry.expandDataId(
                        instrument="HSC", exposure=visit, detector=detector
                    )
                    butler.put(
                        {"exposure": visit, "detector": detector}, DatasetRef(raw, data_id, run="HSC/raw/all")
                    )
            biases = [
                butler.put(
                    {"level": 1000.0 + detector},
                    DatasetRef(
                        bias,
                        butler.registry.expandDataId(instrument="HSC", detector=detector),
                        run="HSC/calib/bias",
                    ),
                )
                for detector in DETECTORS
            ]
        butler.collections.register("HSC/calib", CollectionType.CALIBRATION)
        butler.registry.certify("HSC/calib", biases, Timespan(None, None))
        for chain, children in {
            "HSC/raw": ["HSC/raw/all"],
            "HSC/defaults": ["HSC/raw", "HSC/calib"],
        }.items():
            butler.collections.register(chain, CollectionType.CHAINED)
            butler.collections.redefine_chain(chain, children)
    finally:
        butler.close()
