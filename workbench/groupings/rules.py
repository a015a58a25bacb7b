"""Rules that assign data IDs to groups."""

from __future__ import annotations

import dataclasses
import math
from typing import Protocol

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import CampaignError

__all__ = ["GROUP", "GroupingRule", "best_seeing", "folds"]

GROUP = "group"
"""Name of the column that a rule adds."""


class GroupingRule(Protocol):
    """What every rule offers."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the rule reads beside the keys (`tuple` [ `str`, ... ]).

        Implied dimensions, or ``table.column`` of an extension table.
        """

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            A Python call that makes the rule again.
        """

    def assign(self, frame: pa.Table) -> pa.Table:
        """Assign rows to groups.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys, and the columns of `columns`.

        Returns
        -------
        relation : `pyarrow.Table`
            The same columns and ``group`` (string); a row may occur in several
            groups, or in none.
        """


@dataclasses.dataclass(frozen=True, slots=True)
class folds:  # noqa: N801 - reads as a verb where it is used
    """Random k folds of near-equal size, for cross-validation.

    Parameters
    ----------
    n : `int`
        Number of folds, at least 2; the groups are "fold0", "fold1", ...
    seed : `int`
        Seed of the permutation; equal seeds give equal folds.
    by : `tuple` [ `str`, ... ], optional
        Strata: each fold gets its share of every combination of values.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if ``n`` is below 2.

    Notes
    -----
    Within a stratum, rows are sorted by key, permuted by NumPy's PCG64 with
    the seed, and dealt out in turn; dealing goes on from stratum to stratum,
    so that fold sizes differ by at most one.
    """

    n: int
    seed: int
    by: tuple[str, ...] = ("band",)

    def __post_init__(self) -> None:
        if self.n < 2:
            raise CampaignError(f"folds(n={self.n}): cross-validation needs at least 2 folds.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The strata (`tuple` [ `str`, ... ])."""
        return self.by

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            A Python call that makes the rule again.
        """
        return f"folds({self.n}, seed={self.seed}, by={self.by!r})"

    def assign(self, frame: pa.Table) -> pa.Table:
        """Deal the rows out to the folds.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the strata.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row in exactly one group.
        """
        rows = _sorted(frame).with_row_index("row")
        random = np.random.default_rng(self.seed)
        fold = np.zeros(len(rows), dtype=np.int64)
        dealt = 0
        strata = rows.partition_by(list(self.by), maintain_order=False) if self.by else [rows]
        for stratum in sorted(strata, key=lambda part: tuple(str(part[name][0]) for name in self.by)):
            order = random.permutation(stratum["row"].to_numpy())
            fold[order] = (dealt + np.arange(len(order))) % self.n
            dealt += len(order)
        keys = pl.Series(GROUP, [f"fold{number}" for number in fold], dtype=pl.String)
        return _to_arrow(frame, rows.drop("row").with_columns(keys))


@dataclasses.dataclass(frozen=True, slots=True)
class best_seeing:  # noqa: N801 - reads as an adjective where it is used
    """All rows as "deep", and the sharpest fraction of them as "sharp".

    Parameters
    ----------
    column : `str`
        Metric to rank by, lowest best; by default the PSF FWHM (arcsec).
    fraction : `float`, optional
        Fraction of each stratum that is "sharp", above 0 and at most 1;
        rounded up, so that no stratum goes without.
    by : `tuple` [ `str`, ... ], optional
        Strata within which to rank.

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

    def describe(self) -> str:
        """Return the rule as it is recorded.

        Returns
        -------
        text : `str`
            A Python call that makes the rule again.
        """
        return f"best_seeing({self.column!r}, fraction={self.fraction:g}, by={self.by!r})"

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
        rows = _sorted(frame)
        sharp = []
        strata = rows.partition_by(list(self.by), maintain_order=True) if self.by else [rows]
        for stratum in strata:
            measured = stratum.filter(pl.col(self.column).is_not_null()).sort(
                self.column, maintain_order=True
            )
            sharp.append(measured.head(math.ceil(self.fraction * len(measured))))
        deep = rows.with_columns(pl.lit("deep").alias(GROUP))
        best = pl.concat([rows.clear(), *sharp]).with_columns(pl.lit("sharp").alias(GROUP))
        return _to_arrow(frame, pl.concat([deep, best]))


def _sorted(frame: pa.Table) -> pl.DataFrame:
    """Bring rows into the order of their keys, which come first and are unique."""
    rows = pl.DataFrame(pl.from_arrow(frame))
    return rows.sort(rows.columns) if rows.columns else rows


def _to_arrow(frame: pa.Table, relation: pl.DataFrame) -> pa.Table:
    schema = frame.schema.append(pa.field(GROUP, pa.string()))
    return relation.to_arrow().select(schema.names).cast(schema)
