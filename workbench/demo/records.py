"""Dimension records of observations, for any camera."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence

from astropy.time import Time
from lsst.daf.butler import Butler, Timespan
from lsst.daf.butler.registry import Registry

from workbench.demo.observations import Detector, Observation
from workbench.progress import Progress, silent

__all__ = ["insert_camera", "insert_observations", "make_timespan"]

VISIT_SYSTEM = {"id": 0, "name": "one-to-one"}
"""Each exposure is a visit of its own."""


def make_timespan(begin: float | None, end: float | None) -> Timespan:
    """Return a timespan between two dates.

    Parameters
    ----------
    begin, end : `float` or `None`
        MJD TAI; `None` for a side without bound.

    Returns
    -------
    timespan : `lsst.daf.butler.Timespan`
        Half-open interval.
    """
    bounds = [None if mjd is None else Time(mjd, format="mjd", scale="tai") for mjd in (begin, end)]
    return Timespan(bounds[0], bounds[1])


def insert_camera(
    registry: Registry,
    instrument: str,
    class_name: str,
    detectors: Sequence[Detector],
    filters: Mapping[str, str],
    *,
    visit_max: int,
    update: bool = False,
) -> None:
    """Write the records of an instrument, its detectors and filters.

    Parameters
    ----------
    registry : `lsst.daf.butler.Registry`
        A writeable registry.
    instrument : `str`
        Name of the instrument.
    class_name : `str`
        Python class of the instrument; it is not imported here.
    detectors : `~collections.abc.Sequence` [ `Detector` ]
        Sensors of the camera.
    filters : `~collections.abc.Mapping` [ `str`, `str` ]
        Band by physical filter.
    visit_max : `int`
        Upper bound of visit and exposure numbers.
    update : `bool`, optional
        Replace records that differ, instead of failing.
    """
    with registry.transaction():
        registry.syncDimensionData(
            "instrument",
            {
                "name": instrument,
                "visit_max": visit_max,
                "visit_system": VISIT_SYSTEM["id"],
                "exposure_max": visit_max,
                "detector_max": max(detector.id for detector in detectors) + 1,
                "class_name": class_name,
            },
            update=update,
        )
        registry.syncDimensionData("visit_system", {"instrument": instrument, **VISIT_SYSTEM}, update=update)
        for name, band in filters.items():
            registry.syncDimensionData(
                "physical_filter", {"instrument": instrument, "name": name, "band": band}, update=update
            )
        for detector in detectors:
            values = {"instrument": instrument, **dataclasses.asdict(detector)}
            registry.syncDimensionData("detector", values, update=update)


def insert_observations(
    butler: Butler,
    instrument: str,
    observations: Iterable[Observation],
    nights: Mapping[int, Timespan],
    *,
    simulated: bool = False,
    batch_size: int = 25,
    progress: Progress = silent,
) -> None:
    """Write the records of exposures, and of the visits that they make.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        A writeable Butler; its database is written to.
    instrument : `str`
        Name of an instrument that is registered, with its detectors and filters.
    observations : `~collections.abc.Iterable` [ `Observation` ]
        What was observed.
    nights : `~collections.abc.Mapping` [ `int`, `lsst.daf.butler.Timespan` ]
        Time covered by each observing day.
    simulated : `bool`, optional
        Whether the exposures are simulated.
    batch_size : `int`, optional
        Number of visits whose records are written at once.
    progress : `~workbench.progress.Progress`, optional
        Called after every batch.
    """
    observed = sorted(observations, key=lambda observation: observation.id)
    days = sorted({observation.day_obs for observation in observed})
    butler.registry.insertDimensionData(
        "day_obs", *[{"instrument": instrument, "id": day, "timespan": nights[day]} for day in days]
    )
    for done in range(0, len(observed), batch_size):
        batch = observed[done : done + batch_size]
        with butler.transaction():
            _insert_batch(butler.registry, instrument, batch, simulated)
        progress(f"{instrument} visits", (done + len(batch)) / len(observed))


def _insert_batch(registry: Registry, instrument: str, batch: Sequence[Observation], simulated: bool) -> None:
    """Write the records of some exposures and visits.

    Parameters
    ----------
    registry : `lsst.daf.butler.Registry`
        A writeable registry.
    instrument : `str`
        Name of the instrument.
    batch : `~collections.abc.Sequence` [ `Observation` ]
        What was observed.
    simulated : `bool`
        Whether the exposures are simulated.
    """
    insert = registry.insertDimensionData
    shared = [_shared_values(instrument, observation) for observation in batch]
    insert("group", *[{"instrument": instrument, "name": str(one.id)} for one in batch])
    insert(
        "exposure",
        *[
            values
            | {
                "group": str(one.id),
                "obs_id": one.obs_id,
                "dark_time": one.exposure_time,
                "observation_type": "science",
                "seq_start": one.seq_num,
                "seq_end": one.seq_num,
                "tracking_ra": one.ra,
                "tracking_dec": one.dec,
                "sky_angle": one.sky_angle,
                "has_simulated": simulated,
                "can_see_sky": True,
            }
            for one, values in zip(batch, shared, strict=True)
        ],
    )
    insert(
        "visit",
        *[
            values | {"name": one.obs_id, "region": one.region}
            for one, values in zip(batch, shared, strict=True)
        ],
    )
    insert("visit_definition", *[{"instrument": instrument, "exposure": o.id, "visit": o.id} for o in batch])
    insert(
        "visit_system_membership",
        *[{"instrument": instrument, "visit_system": VISIT_SYSTEM["id"], "visit": o.id} for o in batch],
    )
    regions = itertools.chain.from_iterable(
        [
            {"instrument": instrument, "visit": one.id, "detector": detector, "region": region}
            for detector, region in one.outlines.items()
        ]
        for one in batch
    )
    insert("visit_detector_region", *regions)


def _shared_values(instrument: str, observation: Observation) -> dict[str, object]:
    """Return the values that an exposure's and its visit's record share.

    Parameters
    ----------
    instrument : `str`
        Name of the instrument.
    observation : `Observation`
        What was observed.

    Returns
    -------
    values : `dict` [ `str`, `object` ]
        Values by field.
    """
    return {
        "instrument": instrument,
        "id": observation.id,
        "physical_filter": observation.physical_filter,
        "day_obs": observation.day_obs,
        "seq_num": observation.seq_num,
        "exposure_time": observation.exposure_time,
        "target_name": observation.target_name,
        "observation_reason": "science",
        "science_program": observation.science_program,
        "zenith_angle": observation.zenith_angle,
        "timespan": make_timespan(observation.begin, observation.begin + observation.exposure_time / 86400.0),
    }
