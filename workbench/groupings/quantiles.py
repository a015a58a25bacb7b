"""Groups by the size of a metric: best seeing, quantiles, thresholds."""

from __future__ import annotations

import dataclasses
import itertools
import math

import polars as pl
import pyarrow as pa

from workbench.errors import CampaignError
from workbench.groupings.requirements import Requirements
from workbench.groupings.rule import GROUP_KEY, Rule, sort_rows, to_relation, within
from workbench.presentation import presented

__all__ = ["best_seeing", "quantiles", "thresholds"]

_MOST_PARTS = 1_000_000
"""Times the number of rows it is an integer of 64 bits still."""


def _measured(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    if not rows[column].dtype.is_numeric():
        raise CampaignError(f"{column} is no number: it cannot be ranked, nor compared with a threshold.")
    return rows.filter(pl.col(column).cast(pl.Float64).is_finite())


def _ranked(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rank rows, lowest first; ties stay in the order of their keys."""
    return _measured(rows, column).sort(column, maintain_order=True)


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class best_seeing(Rule):  # noqa: N801 - reads as an adjective where it is used
    """All rows as "deep", and the sharpest fraction of them as "sharp".

    Parameters
    ----------
    column : `str`
        Metric to rank by, lowest best; by default the PSF FWHM (arcsec).
    fraction : `float`, optional
        Fraction of each stratum that is "sharp", above 0 and at most 1;
        rounded up, so that no stratum goes without.
    by : `tuple` [ `str`, ... ], optional
        Strata within which to rank.  With ``("tract", "patch", "band")`` the
        members are {patch, visit} pairs: every patch has its own sharpest, as
        in ``BestSeeingSelectVisitsTask`` of pipe_tasks.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the fraction is out of range.

    Notes
    -----
    Ties are broken by key order.  Rows without a measurement are never sharp.
    """

    column: str = "metrics.psf_fwhm"
    fraction: float = 0.5
    by: tuple[str, ...] = ("band",)

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise CampaignError(
                f"best_seeing(fraction={self.fraction}): give a fraction above 0 and at most 1."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The metric and the strata (`tuple` [ `str`, ... ])."""
        return (self.column, *self.by)

    @property
    def requires(self) -> Requirements:
        """Every row is "deep", and some are "sharp" too (`Requirements`)."""
        return Requirements(covering=True)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Rank the rows of each stratum.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, the metric and the strata.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row in "deep"; the sharpest once more in "sharp".
        """
        rows = sort_rows(frame)
        rank = within(pl.int_range(pl.len()), self.by)
        n_sharp = (self.fraction * within(pl.len(), self.by)).ceil()
        groups = (("deep", rows), ("sharp", _ranked(rows, self.column).filter(rank < n_sharp)))
        return to_relation(
            frame, pl.concat(part.with_columns(pl.lit(key).alias(GROUP_KEY)) for key, part in groups)
        )


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class quantiles(Rule):  # noqa: N801 - reads as a noun where it is used
    """Equal parts of each stratum by a metric: "q1" has the lowest values.

    Parameters
    ----------
    column : `str`
        Metric to rank by, such as ``metrics.psf_fwhm`` (arcsec).
    n : `int`, optional
        Number of parts, at least 2.
    by : `tuple` [ `str`, ... ], optional
        Strata within which to rank.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if ``n`` is below 2, or more than the measured rows of every
        stratum, or the metric is no number.

    Notes
    -----
    Of m measured rows of a stratum the one of rank i, from 0, is in part
    floor(n i / m) + 1: parts differ by at most one row, and together they are
    all measured rows.  Ties are broken by key order.  Rows without a
    measurement are in no part.
    """

    column: str
    n: int = 4
    by: tuple[str, ...] = ("band",)

    def __post_init__(self) -> None:
        if not 2 <= self.n <= _MOST_PARTS:
            raise CampaignError(f"quantiles(n={self.n}): give at least 2 parts, and at most {_MOST_PARTS:,}.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The metric and the strata (`tuple` [ `str`, ... ])."""
        return (self.column, *self.by)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Cut the ranks of each stratum.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, the metric and the strata.

        Returns
        -------
        relation : `pyarrow.Table`
            Each measured row in exactly one group.
        """
        ranked = _ranked(sort_rows(frame), self.column)
        largest = ranked.select(within(pl.len(), self.by).alias("rows"))["rows"].max()
        if isinstance(largest, int) and largest < self.n:
            raise CampaignError(
                f"quantiles(n={self.n}): the largest stratum has {largest} measured rows, so that "
                f"{self.n - largest} or more parts would be empty. Ask for {max(largest, 2)} at most."
            )
        part = within(pl.int_range(pl.len()) * self.n // pl.len() + 1, self.by)
        key = ("q" + part.cast(pl.String)).alias(GROUP_KEY)
        return to_relation(frame, ranked.with_columns(key))


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class thresholds(Rule):  # noqa: N801 - reads as a noun where it is used
    """Classes by fixed limits of a metric: "bin0" is below the first.

    Parameters
    ----------
    column : `str`
        Metric, such as ``metrics.psf_fwhm`` (arcsec).
    edges : `tuple` [ `float`, ... ]
        Limits in the metric's unit, increasing; "bin1" has the values from
        the first limit on, up to the second and without it, and so on.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if the limits do not increase, or the metric is no number.

    Notes
    -----
    Rows without a measurement are in no class.
    """

    column: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        finite = all(math.isfinite(edge) for edge in self.edges)
        if not self.edges or not finite or any(a >= b for a, b in itertools.pairwise(self.edges)):
            raise CampaignError(
                f"thresholds(edges={self.edges}): give one limit or more, each above the last."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The metric (`tuple` [ `str`, ... ])."""
        return (self.column,)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Compare with the limits.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the metric.

        Returns
        -------
        relation : `pyarrow.Table`
            Each measured row in exactly one group.
        """
        above = pl.sum_horizontal((pl.col(self.column) >= edge).cast(pl.Int64) for edge in self.edges)
        key = ("bin" + above.cast(pl.String)).alias(GROUP_KEY)
        return to_relation(frame, _measured(sort_rows(frame), self.column).with_columns(key))
