"""A repository with many visits and exposures: the demonstration's survey, and more over the same fields.

``python -m tests.benchmarks.many_visits ROOT N`` makes one.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from lsst.daf.butler import Butler
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

from tests.copied_records import copy_records
from workbench.bench import open_bench
from workbench.demo import create_repository, modelled_metrics
from workbench.demo.records import make_timespan

N_WHOLE = 120
"""Visits of the survey that have exposures and the regions of their 189 detectors."""

PER_NIGHT = 80
FIRST = 61400
"""MJD of the first evening of the further visits."""

_CENTRE = (46.0, -33.0)
_HALF = (3.5, 2.5)
_RADIUS = 1.75
_BATCH = 1000


def make_repository(root: Path, n_visits: int, seed: int = 1) -> None:
    """Make a repository with so many visits of a camera of 189 detectors, and the metrics of all."""
    create_repository(root, survey=N_WHOLE)
    rng = np.random.default_rng(seed)
    n_more = n_visits - N_WHOLE
    nights = FIRST + np.arange(n_more) // PER_NIGHT
    ra = _CENTRE[0] + _HALF[0] * rng.uniform(-1, 1, n_more)
    dec = _CENTRE[1] + _HALF[1] * rng.uniform(-1, 1, n_more)
    with Butler.from_config(str(root), writeable=True) as butler:
        filters = [
            record.name
            for record in butler.query_dimension_records("physical_filter", where="instrument = 'SimCam'")
        ]
        days = {int(night): _day_obs(int(night)) for night in np.unique(nights)}
        butler.registry.insertDimensionData(
            "day_obs",
            *[
                {"instrument": "SimCam", "id": day, "timespan": make_timespan(night + 0.5, night + 1.5)}
                for night, day in days.items()
            ],
        )
        records = []
        for row in range(n_more):
            night, turn = int(nights[row]), row % PER_NIGHT
            begin = night + 1.0 + turn * 0.004
            records.append(
                {
                    "instrument": "SimCam",
                    "id": days[night] * 100000 + turn + 1,
                    "name": f"SC_O_{days[night]}_{turn + 1:06d}",
                    "day_obs": days[night],
                    "seq_num": turn + 1,
                    "physical_filter": filters[(night + turn // 10) % len(filters)],
                    "exposure_time": 30.0,
                    "target_name": f"field_{row % 6:02d}",
                    "observation_reason": "science",
                    "science_program": "simulated-survey",
                    "zenith_angle": float(rng.uniform(0, 55)),
                    "region": _hexagon(float(ra[row]), float(dec[row]), float(rng.uniform(0, 60))),
                    "timespan": make_timespan(begin, begin + 0.0004),
                }
            )
        for start in range(0, n_more, _BATCH):
            with butler.transaction():
                butler.registry.insertDimensionData("visit", *records[start : start + _BATCH])
    with open_bench(root) as bench:
        bench.metrics.write(modelled_metrics(survey=N_WHOLE), source="modelled")
        columns = {
            "psf_fwhm": rng.lognormal(-0.2, 0.2, n_more),
            "transparency": np.clip(1 - rng.exponential(0.05, n_more), 0.2, 1),
            "sky_background": rng.lognormal(7, 0.4, n_more),
            "airmass": 1 + rng.exponential(0.2, n_more),
            "m5": rng.normal(24.5, 0.3, n_more),
        }
        keys = {"instrument": ["SimCam"] * n_more, "visit": [record["id"] for record in records]}
        bench.metrics.write(pa.table({**keys, **columns}), source="drawn")


def add_exposures(root: Path, n_exposures: int) -> None:
    """Add copies of the exposures of the survey, so many at least, with numbers and times of their own.

    Made inside the database: records that only wait to be paged need no objects.
    """
    changed = {
        "id": "e.id + 1000000000000 * s.n",
        "obs_id": "e.obs_id || '_' || s.n",
        "exposure_time": "10 + (s.n * 7919 + e.seq_num) % 100",
    }
    copy_records(root, "exposure", "SimCam", changed, -(-n_exposures // N_WHOLE))


def _day_obs(night: int) -> int:
    return int((dt.date(1858, 11, 17) + dt.timedelta(days=night)).strftime("%Y%m%d"))


def _hexagon(ra: float, dec: float, angle: float) -> ConvexPolygon:
    around = np.radians(angle + 60.0 * np.arange(6))
    lon = ra + _RADIUS * np.cos(around) / np.cos(np.radians(dec))
    lat = dec + _RADIUS * np.sin(around)
    corners = [UnitVector3d(LonLat.fromDegrees(float(x), float(y))) for x, y in zip(lon, lat, strict=True)]
    return ConvexPolygon(corners)


if __name__ == "__main__":
    make_repository(Path(sys.argv[1]), int(sys.argv[2]))
