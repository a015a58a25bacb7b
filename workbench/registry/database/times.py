"""The Butler's integer nanoseconds as MJD TAI."""

from __future__ import annotations

import astropy.time
import numpy as np
import numpy.typing as npt
from lsst.daf.butler import Timespan
from lsst.daf.butler.time_utils import TimeConverter

__all__ = ["mjd_from_nsec", "mjd_from_time", "timespan_bounds"]

_NSEC_PER_DAY = 86_400 * 10**9
_MJD_OF_BUTLER_EPOCH = 40_587
"""The Butler counts TAI nanoseconds from 1970-01-01 00:00:00 TAI."""


def mjd_from_nsec(nsec: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Convert the Butler's nanoseconds to days.

    Parameters
    ----------
    nsec : array-like of `int`
        TAI nanoseconds since 1970-01-01.

    Returns
    -------
    mjd : `numpy.ndarray` of float64
        MJD TAI in days; -inf and +inf for the Butler's unbounded values.
    """
    converter = TimeConverter()
    values = np.asarray(nsec, dtype=np.int64)
    # Whole days and the rest apart, since a product of float64 would lose
    # hundreds of nanoseconds.
    days, rest = np.divmod(values, _NSEC_PER_DAY)
    mjd = (days + _MJD_OF_BUTLER_EPOCH) + rest / _NSEC_PER_DAY
    mjd = np.where(values <= converter.min_nsec, -np.inf, mjd)
    return np.where(values >= converter.max_nsec, np.inf, mjd)


def mjd_from_time(time: astropy.time.Time) -> float:
    """Convert a time literal to the numbers that frames hold.

    Parameters
    ----------
    time : `astropy.time.Time`
        A scalar time in any scale.

    Returns
    -------
    mjd : `float`
        MJD TAI in days, through the Butler's nanoseconds, so that a literal
        equals the record that it was copied from.
    """
    return float(mjd_from_nsec(TimeConverter().astropy_to_nsec(time)))


def timespan_bounds(timespan: Timespan) -> tuple[float, float]:
    """Return the two ends of a timespan.

    Parameters
    ----------
    timespan : `lsst.daf.butler.Timespan`
        Half-open range of time.

    Returns
    -------
    begin, end : `float`
        MJD TAI in days; infinite where unbounded.
    """
    begin, end = mjd_from_nsec(timespan.nsec)
    return float(begin), float(end)
