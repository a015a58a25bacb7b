"""The time that records carry."""

from __future__ import annotations

import astropy.time

__all__ = ["now"]


def now() -> float:
    """Return the present time.

    Returns
    -------
    time : `float`
        MJD TAI, in days.
    """
    return float(astropy.time.Time.now().tai.mjd)
