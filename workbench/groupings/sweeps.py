"""Focus sweeps: exposures in sequence, each further along than the last."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.observations import INSTRUMENT, name_observation, read_observations
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, ORDINAL, Rule, iter_strata, to_relation
from workbench.presentation import presented

__all__ = ["sweeps"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class sweeps(Rule):  # noqa: N801 - reads as a noun where it is used
    """Focus sweeps: runs of consecutive exposures whose focus moves one way.

    Parameters
    ----------
    focus : `str`
        Column of focus positions (mm), such as ``aos.focus_z``.
    minimum : `int`, optional
        Exposures that make a sweep, at least 3.
    max_step : `int`, optional
        Largest step of ``exposure.seq_num`` within a sweep: 1 allows no
        exposure to be missing.
    by : `tuple` [ `str`, ... ], optional
        Columns that stay the same during a sweep, beside instrument and
        ``exposure.day_obs``.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if ``minimum`` is below 3 or ``max_step`` below 1.

    Notes
    -----
    Exposures of a night are taken in the order of their sequence numbers, as
    the observatory's focus sweep commands number them.  Where the focus turns,
    the turning exposure belongs to the sweep that it ends.  Rows that lack a
    value, and shorter runs, are in no group.  The key is the number of the
    first exposure; the ordinal is the place in the sweep.
    """

    focus: str
    minimum: int = 3
    max_step: int = 1
    by: tuple[str, ...] = ("physical_filter",)

    def __post_init__(self) -> None:
        if self.minimum < 3 or self.max_step < 1:
            raise GroupingError(
                f"{self.describe()}: a sweep has at least 3 exposures, and steps of at least 1."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Focus, night, sequence and strata (`tuple` [ `str`, ... ])."""
        return (self.focus, "exposure.day_obs", "exposure.seq_num", *self.by)

    @property
    def requires(self) -> Requirements:
        """Enough members, and each exposure once (`Requirements`)."""
        return Requirements(disjoint=True, minimum=self.minimum)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Find the sweeps.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and the columns of `columns`.

        Returns
        -------
        relation : `pyarrow.Table`
            A row an exposure, with its ordinal.
        """
        rows = read_observations(frame, self, self.columns[:3])
        key = name_observation(rows).first().alias(GROUP_KEY)
        place = pl.int_range(pl.len(), dtype=pl.Int64).alias(ORDINAL)
        found = [rows.clear().with_columns(pl.lit("").alias(GROUP_KEY), place)]
        for stratum in iter_strata(rows, (INSTRUMENT, "exposure.day_obs")):
            ordered = stratum.sort("exposure.seq_num", "observation")
            for begin, end in self._find_runs(ordered):
                found.append(ordered[begin:end].with_columns(key, place))
        return to_relation(frame, pl.concat(found))

    def _find_runs(self, rows: pl.DataFrame) -> list[tuple[int, int]]:
        """Find the longest runs one after another, as positions from and to."""
        sequence = rows["exposure.seq_num"].to_numpy()
        focus = rows[self.focus].to_numpy()
        same = rows.select(self.by).rows() if self.by else [()] * len(rows)
        runs = []
        begin, direction = 0, 0.0
        for end in range(1, len(rows) + 1):
            step = 0.0
            if (
                end < len(rows)
                and 0 < sequence[end] - sequence[end - 1] <= self.max_step
                and same[end] == same[end - 1]
            ):
                step = float(np.sign(focus[end] - focus[end - 1]))
            if step and direction * step >= 0:
                direction = step
                continue
            if end - begin >= self.minimum:
                runs.append((begin, end))
                begin, direction = end, 0.0
            else:
                # Where a short run turned, its last exposure may begin the next one.
                begin, direction = (end - 1 if step else end), step
        return runs
