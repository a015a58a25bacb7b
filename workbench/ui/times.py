"""Times as people read them."""

from __future__ import annotations

from astropy.time import Time

__all__ = ["show_time"]


def show_time(time: float) -> str:
    """Return a time as text.

    Parameters
    ----------
    time : `float`
        MJD TAI in days.

    Returns
    -------
    text : `str`
        UTC to the second, such as "2026-05-02 17:04:11".
    """
    return str(Time(time, format="mjd", scale="tai").utc.iso)[:19]
