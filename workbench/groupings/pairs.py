"""Pairs of observations: intra and extra focus, first and second."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.observations import INSTRUMENT, name_observation, read_observations
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, ORDINAL, ROLE, Rule, iter_strata, to_relation
from workbench.presentation import presented

__all__ = ["pairs"]

_SECONDS_PER_DAY = 86400.0
_ARCSEC_PER_DEGREE = 3600.0


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class pairs(Rule):  # noqa: N801 - reads as a noun where it is used
    """Pairs of visits or exposures that were taken soon after each other, of the same field.

    Parameters
    ----------
    focus : `str`, optional
        Column of focus positions (mm), such as ``aos.focus_z``: the pairs are
        "extra" (the larger position) and "intra".  Without one they are
        "first" and "second".
    max_gap : `float`, optional
        Longest time between the two (s), by ``exposure.timespan_begin``.
    max_separation : `float`, optional
        Largest distance of their pointings (arcsec), by
        ``exposure.tracking_ra`` and ``exposure.tracking_dec``.
    max_rotation : `float`, optional
        Largest difference of their position angles (deg), by
        ``exposure.sky_angle``.
    focus_offset : `float`, optional
        Distance of either from focus (mm): the two are twice that apart.
    tolerance : `float`, optional
        Error of either position that is allowed, as a fraction of the offset.
    by : `tuple` [ `str`, ... ], optional
        Columns in which the two must agree, such as ``("physical_filter",)``.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if a limit is no positive number.

    Notes
    -----
    The limits are the defaults of ``ExposurePairer`` of ts_wep, which pairs
    the out-of-focus exposures of Rubin's active optics.  As there, extra-focal
    exposures choose in the order of time, each the nearest in pointing that
    is left, then the nearest in time; first exposures choose the next in time.
    Each is used once; limits themselves are allowed; rows that lack a value
    or a partner are in no group.  The key is the number of the extra-focal, or
    first, exposure.
    """

    focus: str = ""
    max_gap: float = 300.0
    max_separation: float = 60.0
    max_rotation: float = 1.0
    focus_offset: float = 1.5
    tolerance: float = 0.1
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        limits = ("max_gap", "max_separation", "max_rotation", "focus_offset", "tolerance")
        if wrong := [name for name in limits if not getattr(self, name) > 0]:
            raise GroupingError(f"{self.describe()}: {', '.join(wrong)} must be above 0.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Time, pointing, angle, focus and strata (`tuple` [ `str`, ... ])."""
        return (*self._needed, *self.by)

    @property
    def requires(self) -> Requirements:
        """One of each role, and each exposure once (`Requirements`)."""
        return Requirements(disjoint=True, minimum=2, roles=self._roles)

    @property
    def _roles(self) -> tuple[str, str]:
        return ("extra", "intra") if self.focus else ("first", "second")

    @property
    def _needed(self) -> tuple[str, ...]:
        fields = ("timespan_begin", "tracking_ra", "tracking_dec", "sky_angle")
        return (*(f"exposure.{name}" for name in fields), *([self.focus] if self.focus else []))

    def assign(self, frame: pa.Table) -> pa.Table:
        """Find the pairs.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and the columns of `columns`.

        Returns
        -------
        relation : `pyarrow.Table`
            Two rows a pair, with role and ordinal.
        """
        rows = read_observations(frame, self, self._needed)
        key = name_observation(rows)
        nothing = rows.clear().with_columns(
            key.alias(GROUP_KEY), pl.lit("").alias(ROLE), pl.lit(0, pl.Int64).alias(ORDINAL)
        )
        found = [nothing]
        for stratum in iter_strata(rows, (INSTRUMENT, *self.by)):
            ordered = stratum.sort("exposure.timespan_begin", "observation")
            couples = list(self._iter_couples(ordered))
            if not couples:
                continue
            keys = ordered.select(key.alias(GROUP_KEY)).to_series().gather([first for first, _ in couples])
            for place, role in enumerate(self._roles):
                members = ordered[[couple[place] for couple in couples]]
                found.append(
                    members.with_columns(
                        keys, pl.lit(role).alias(ROLE), pl.lit(place, pl.Int64).alias(ORDINAL)
                    )
                )
        return to_relation(frame, pl.concat(found))

    def _iter_couples(self, rows: pl.DataFrame) -> Iterator[tuple[int, int]]:
        """Pair rows that are in the order of time."""
        time, ra, dec, angle, *focus = (rows[name].to_numpy().astype(np.float64) for name in self._needed)
        free = np.ones(len(rows), dtype=bool)
        begins = np.searchsorted(time, time - self.max_gap / _SECONDS_PER_DAY)
        ends = np.searchsorted(time, time + self.max_gap / _SECONDS_PER_DAY, side="right")
        for row in range(len(rows)):
            if not free[row]:
                continue
            begin = begins[row] if focus else row + 1
            others = np.arange(begin, max(begin, ends[row]))
            gap = np.abs(time[others] - time[row])
            apart = _separation(ra[row], dec[row], ra[others], dec[others])
            turned = np.abs((angle[others] - angle[row] + 180.0) % 360.0 - 180.0)
            fit = free[others] & (others != row)
            fit &= (apart <= self.max_separation) & (turned <= self.max_rotation)
            if focus:
                error = np.abs(focus[0][row] - focus[0][others] - 2 * self.focus_offset)
                fit &= error <= 2 * self.tolerance * self.focus_offset
            order = (gap, apart) if focus else (apart, gap)
            chosen = others[fit][np.lexsort([values[fit] for values in order])]
            if len(chosen):
                free[[row, chosen[0]]] = False
                yield row, int(chosen[0])


def _separation(
    ra: float, dec: float, ras: npt.NDArray[np.float64], decs: npt.NDArray[np.float64]
) -> npt.NDArray[Any]:
    """Compute distances on the sky (arcsec) of positions in deg."""
    first, others = np.radians(dec), np.radians(decs)
    sines = np.sin((others - first) / 2) ** 2
    sines += np.cos(first) * np.cos(others) * np.sin(np.radians(ras - ra) / 2) ** 2
    apart: npt.NDArray[Any] = np.degrees(2 * np.arcsin(np.sqrt(np.minimum(sines, 1.0)))) * _ARCSEC_PER_DEGREE
    return apart
