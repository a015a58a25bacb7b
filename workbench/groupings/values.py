"""Groups by a value that rows have: exposure groups, bands of a campaign."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from workbench.errors import GroupingError
from workbench.groupings.rule import GROUP_KEY, Rule, sort_rows, to_relation
from workbench.presentation import presented

__all__ = ["by_value", "campaign_bands", "exposure_groups"]


@presented
@dataclasses.dataclass(frozen=True, slots=True)
class by_value(Rule):  # noqa: N801 - reads as an adverb where it is used
    """A group each value of a column.

    Parameters
    ----------
    column : `str`
        A dimension, a field of dimension records (``visit.target_name``), or
        a column of an extension table.  Rows without a value are in no group.
    """

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column (`tuple` [ `str`, ... ])."""
        return (self.column,)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Take the values as keys.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the column.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row that has a value in exactly one group.
        """
        value = pl.col(self.column).cast(pl.String)
        key = pl.when(value.str.len_bytes() > 0).then(value).alias(GROUP_KEY)
        return to_relation(frame, sort_rows(frame).with_columns(key))


def exposure_groups() -> by_value:
    """Group by the Butler's own ``exposure.group``.

    Returns
    -------
    rule : `by_value`
        A group each value of the ``group`` dimension of exposures, or of
        those that visits are made of; the observatory's scheduler names
        them.
    """
    return by_value("exposure.group")


@presented
@dataclasses.dataclass(frozen=True)
class campaign_bands(Rule):  # noqa: N801 - reads as a noun where it is used
    """A group each band that a campaign assigns to physical filters.

    Parameters
    ----------
    bands : `~collections.abc.Mapping` [ `str`, `str` ]
        Band by physical filter, such as ``{"HSC-I": "i", "HSC-I2": "i2"}``.
        Filters that it leaves out are in no group.

    Raises
    ------
    workbench.errors.GroupingError
        Raised if it assigns nothing.

    Notes
    -----
    The repository's own assignment, one band a filter, cannot change; this
    one holds for the campaigns that use it.
    """

    bands: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.bands:
            raise GroupingError("campaign_bands({}): name the band of one physical filter or more.")
        object.__setattr__(self, "bands", dict(sorted(self.bands.items())))

    @property
    def columns(self) -> tuple[str, ...]:
        """The filter (`tuple` [ `str`, ... ])."""
        return ("physical_filter",)

    def assign(self, frame: pa.Table) -> pa.Table:
        """Look the filters up.

        Parameters
        ----------
        frame : `pyarrow.Table`
            Sorted keys and the filter.

        Returns
        -------
        relation : `pyarrow.Table`
            Each row with one of these filters in exactly one group.
        """
        band = pl.col("physical_filter").replace_strict(self.bands, default=None, return_dtype=pl.String)
        return to_relation(frame, sort_rows(frame).with_columns(band.alias(GROUP_KEY)))
