"""A simulated survey, night by night, for trying things at scale."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable

import numpy as np

from workbench.demo.camera import SIMCAM_FILTERS, compute_outlines
from workbench.demo.model import make_generator
from workbench.demo.observations import Observation
from workbench.demo.skymap import RingSkyMap, make_survey_rings

__all__ = ["FIRST_NIGHT", "VISITS_PER_NIGHT", "make_survey_skymap", "observe_survey"]

LATITUDE, LONGITUDE = -30.2446, -70.7494
"""Where the survey's telescope stands, deg."""

FIRST_NIGHT = 61345
"""MJD of the evening of the first night, 2026-11-01."""

VISITS_PER_NIGHT = 40
VISITS_PER_FIELD = 20
MAX_FIELDS = 60
FIELD_SPACING = 3.0
CORNER = (40.0, -37.0)
"""South-west corner of the surveyed area, deg."""

MARGIN = 3.2
"""Room around the outermost pointings, deg, for the field of view and its dithers."""

CADENCE = 468.0
"""Time between the starts of two visits, s: forty fill a night of five hours."""

EXPOSURE_TIME = 30.0


def _grid(n_visits: int) -> tuple[int, int]:
    """Return the numbers of columns and rows of fields.

    Parameters
    ----------
    n_visits : `int`
        Number of visits of the survey.

    Returns
    -------
    n_columns, n_rows : `int`
        Shape of the grid of fields.
    """
    n_fields = min(MAX_FIELDS, max(1, n_visits // VISITS_PER_FIELD))
    n_columns = math.ceil(math.sqrt(n_fields))
    return n_columns, math.ceil(n_fields / n_columns)


def make_survey_skymap(n_visits: int) -> RingSkyMap:
    """Return the sky map of a survey.

    Parameters
    ----------
    n_visits : `int`
        Number of visits of the survey.

    Returns
    -------
    skymap : `RingSkyMap`
        A map that holds all of its visits.
    """
    n_columns, n_rows = _grid(n_visits)
    return make_survey_rings(
        "simcam_rings",
        *CORNER,
        width=2 * MARGIN + (n_columns - 1) * FIELD_SPACING,
        height=2 * MARGIN + (n_rows - 1) * FIELD_SPACING,
    )


def _zenith_angles(ra: np.ndarray, dec: np.ndarray, mjd: float) -> np.ndarray:
    """Compute the zenith angles of positions.

    Parameters
    ----------
    ra, dec : `numpy.ndarray`
        Positions, deg.
    mjd : `float`
        Time, MJD; the difference between time scales does not matter here.

    Returns
    -------
    zenith_angles : `numpy.ndarray`
        Angles, deg.
    """
    sidereal = 280.46062 + 360.98564737 * (mjd - 51544.5) + LONGITUDE
    hour_angle, latitude = np.deg2rad(sidereal - ra), math.radians(LATITUDE)
    cosine = np.sin(latitude) * np.sin(np.deg2rad(dec))
    cosine += np.cos(latitude) * np.cos(np.deg2rad(dec)) * np.cos(hour_angle)
    return np.asarray(np.rad2deg(np.arccos(np.clip(cosine, -1.0, 1.0))))


def observe_survey(n_visits: int, seed: int, numbers: Iterable[int] | None = None) -> list[Observation]:
    """Simulate the pointings of a survey.

    Each night is observed in blocks of one filter; each visit goes to one of
    the three highest fields, dithered and rotated at random.

    Parameters
    ----------
    n_visits : `int`
        Number of visits.
    seed : `int`
        Seed of the survey.
    numbers : `~collections.abc.Iterable` [ `int` ], optional
        Which of the visits to simulate, counted from 0; all by default.

    Returns
    -------
    observations : `list` [ `Observation` ]
        Sorted by number.  The first visits are the same however many are
        asked for, as long as the number of fields is.
    """
    n_columns, n_rows = _grid(n_visits)
    rows, columns = np.divmod(np.arange(n_columns * n_rows), n_columns)
    field_dec = CORNER[1] + MARGIN + FIELD_SPACING * rows
    field_ra = CORNER[0] + (MARGIN + FIELD_SPACING * columns) / np.cos(np.deg2rad(field_dec))
    filters = list(SIMCAM_FILTERS)
    observations = []
    for index in range(n_visits) if numbers is None else numbers:
        night, turn = divmod(index, VISITS_PER_NIGHT)
        day_obs = day_obs_of(night)
        # Fields near right ascension 50 deg culminate in the middle of a November night.
        begin = FIRST_NIGHT + night + 1.10 + turn * CADENCE / 86400.0
        draw = make_generator(seed, "SimCam", "pointing", index)
        zenith_angles = _zenith_angles(field_ra, field_dec, begin)
        field = int(draw.choice(np.argsort(zenith_angles, kind="stable")[:3]))
        physical_filter = filters[(night + turn // 10) % len(filters)]
        dither = draw.uniform(-0.4, 0.4, size=2)
        dec = float(field_dec[field] + dither[0])
        ra = float(field_ra[field] + dither[1] / math.cos(math.radians(dec)))
        sky_angle = float(draw.uniform(0.0, 360.0))
        observations.append(
            Observation(
                id=day_obs * 100000 + turn + 1,
                obs_id=f"SC_O_{day_obs}_{turn + 1:06d}",
                day_obs=day_obs,
                seq_num=turn + 1,
                physical_filter=physical_filter,
                band=SIMCAM_FILTERS[physical_filter],
                begin=begin,
                exposure_time=EXPOSURE_TIME,
                ra=ra,
                dec=dec,
                sky_angle=sky_angle,
                zenith_angle=float(_zenith_angles(np.array([ra]), np.array([dec]), begin)[0]),
                target_name=f"field_{field:02d}",
                science_program="simulated-survey",
                outlines=compute_outlines(ra, dec, sky_angle),
            )
        )
    return observations


def day_obs_of(night: int) -> int:
    """Return the observing day of a night of the survey.

    Parameters
    ----------
    night : `int`
        Number of the night, from zero.

    Returns
    -------
    day_obs : `int`
        Date of the evening, as YYYYMMDD.
    """
    evening = dt.date(1858, 11, 17) + dt.timedelta(days=FIRST_NIGHT + night)
    return int(evening.strftime("%Y%m%d"))
