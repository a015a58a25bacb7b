"""Quick-look metrics of the visits, as the model has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from workbench.demo.model import CAMERAS, DEFAULT_SEED, draw_conditions, measure
from workbench.demo.observations import Observation, read_hsc_observations
from workbench.demo.survey import observe_survey

__all__ = ["METRICS_SCHEMA", "modelled_metrics"]

_FIELDS: list[pa.Field[Any]] = [
    pa.field("instrument", pa.string(), nullable=False),
    pa.field("visit", pa.int64(), nullable=False),
    pa.field("psf_fwhm", pa.float64(), metadata={"unit": "arcsec"}),
    pa.field("transparency", pa.float64(), metadata={"unit": ""}),
    pa.field("sky_background", pa.float64(), metadata={"unit": "electron / pixel"}),
    pa.field("airmass", pa.float64(), metadata={"unit": ""}),
    pa.field("m5", pa.float64(), metadata={"unit": "mag"}),
    pa.field("source", pa.string()),
]
METRICS_SCHEMA = pa.schema(_FIELDS)
"""Columns of `modelled_metrics`."""


def modelled_metrics(seed: int = DEFAULT_SEED, *, survey: int = 0) -> pa.Table:
    """Model what a quick look at each visit found.

    The airmass derives from the real zenith angles of the HSC visits; all
    else is drawn.  A quick look during the exposure does not see that a visit
    trailed or went out of focus, so a cut on these numbers keeps such visits.

    Parameters
    ----------
    seed : `int`, optional
        Seed of the model, the one that the repository was made with.
    survey : `int`, optional
        Number of visits of the simulated survey of the repository.

    Returns
    -------
    metrics : `pyarrow.Table`
        One row for each visit, in the columns of `METRICS_SCHEMA`; ``source``
        says that the values are modelled.
    """
    observed: dict[str, Iterable[Observation]] = {"HSC": read_hsc_observations()}
    if survey:
        observed["SimCam"] = observe_survey(survey, seed)
    rows = []
    for instrument, observations in observed.items():
        camera = CAMERAS[instrument]
        for one in observations:
            conditions = draw_conditions(
                camera,
                seed,
                day_obs=one.day_obs,
                visit=one.id,
                band=one.band,
                zenith_angle=one.zenith_angle,
            )
            quick_look = measure(camera, one.band, one.exposure_time, conditions)
            rows.append(
                {
                    "instrument": instrument,
                    "visit": one.id,
                    "psf_fwhm": quick_look.psf_fwhm,
                    "transparency": conditions.transparency,
                    "sky_background": quick_look.background,
                    "airmass": conditions.airmass,
                    "m5": quick_look.depth,
                    "source": f"modelled, seed={seed}",
                }
            )
    return pa.Table.from_pylist(rows, schema=METRICS_SCHEMA)
