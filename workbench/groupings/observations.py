"""Rows as single observations of an instrument, in the order in which they were taken."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.rule import GroupingRule, sort_rows

__all__ = ["name_observation", "read_observations"]

INSTRUMENT = "instrument"
OBSERVED = ("visit", "exposure")


def read_observations(frame: pa.Table, rule: GroupingRule, needed: tuple[str, ...]) -> pl.DataFrame:
    """Take rows as observations.

    Parameters
    ----------
    frame : `pyarrow.Table`
        What the rule is given.
    rule : `~workbench.groupings.GroupingRule`
        The rule, for messages.
    needed : `tuple` [ `str`, ... ]
        Numeric columns without which a row cannot be used.

    Returns
    -------
    rows : `polars.DataFrame`
        Rows with all of these values, in the order of their keys, and a
        column ``observation``: the number of the visit or exposure.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if the rows are no visits or exposures, or are finer.
    """
    keys = [name for name in frame.column_names if name not in rule.columns]
    found = [name for name in OBSERVED if name in keys]
    if len(found) != 1 or set(keys) - {INSTRUMENT, *found}:
        raise GroupingError(
            f"{rule.describe()} relates single visits or exposures, and the set has {', '.join(keys)}: "
            "project it to visits or exposures first."
        )
    rows = sort_rows(frame).with_columns(pl.col(found[0]).alias("observation"))
    if other := [name for name in needed if not rows[name].dtype.is_numeric()]:
        raise GroupingError(f"{rule.describe()}: {', '.join(other)} is no number.")
    return rows.filter(*(pl.col(name).cast(pl.Float64).is_finite() for name in needed))


def name_observation(rows: pl.DataFrame) -> pl.Expr:
    """Name a group after an observation in it.

    Parameters
    ----------
    rows : `polars.DataFrame`
        All observations that are grouped.

    Returns
    -------
    key : `polars.Expr`
        Its number; after the name of its instrument where there are several,
        since two instruments may use one number.
    """
    number = pl.col("observation").cast(pl.String)
    return number if rows[INSTRUMENT].n_unique() < 2 else pl.col(INSTRUMENT) + "-" + number
