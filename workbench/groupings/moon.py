"""Full moons, and the lunations between them."""

from __future__ import annotations

import math

__all__ = ["compute_full_moon", "find_lunation"]

_BROWN = 953
"""Brown's number of the lunation of the new moon of 2000-01-06, from which Meeus counts."""

_TT_MINUS_TAI = 32.184 / 86400.0  # d

# Coefficient (d), powers of the eccentricity factor, multiples of M, M', F.
_TERMS = (
    (-0.40614, 0, 0, 1, 0),
    (0.17302, 1, 1, 0, 0),
    (0.01614, 0, 0, 2, 0),
    (0.01043, 0, 0, 0, 2),
    (0.00734, 1, -1, 1, 0),
    (-0.00515, 1, 1, 1, 0),
    (0.00209, 2, 2, 0, 0),
    (-0.00111, 0, 0, 1, -2),
)


def compute_full_moon(lunation: int) -> float:
    """Compute when a lunation ends.

    Parameters
    ----------
    lunation : `int`
        Brown's number.

    Returns
    -------
    time : `float`
        The full moon after that lunation's new moon (MJD TAI, d), within a
        quarter of an hour in the decades about 2000.

    Notes
    -----
    J. Meeus, Astronomical Algorithms (2nd edition), chapter 49, with the
    eight largest periodic terms of the full moon.
    """
    k = lunation - _BROWN + 0.5
    century = k / 1236.85
    mean = 2451550.09766 + 29.530588861 * k + 0.00015437 * century**2
    eccentricity = 1 - 0.002516 * century - 0.0000074 * century**2
    sun = math.radians(2.5534 + 29.10535670 * k)
    moon = math.radians(201.5643 + 385.81693528 * k + 0.0107582 * century**2)
    latitude = math.radians(160.7108 + 390.67050284 * k - 0.0016118 * century**2)
    change = sum(
        size * eccentricity**power * math.sin(a * sun + b * moon + c * latitude)
        for size, power, a, b, c in _TERMS
    )
    return mean + change - 2400000.5 - _TT_MINUS_TAI


def find_lunation(time: float) -> int:
    """Find the lunation of a time, from full moon to full moon.

    Parameters
    ----------
    time : `float`
        MJD TAI, d.

    Returns
    -------
    lunation : `int`
        Brown's number of the new moon between the two full moons.
    """
    guess = math.floor((time - compute_full_moon(_BROWN - 1)) / 29.530588861) + _BROWN - 1
    # The true full moon is within 15 hours of the mean one.
    return next(number for number in (guess, guess + 1, guess + 2) if time < compute_full_moon(number))
