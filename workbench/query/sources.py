"""Dimension records and rows of extension tables, as frames to join."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl
from lsst.daf.butler import Butler

from workbench.query.columns import Catalogue
from workbench.snapshot import read_dimension_records

__all__ = ["Sources"]


@dataclass(eq=False)
class Sources:
    """What conditions on frames are computed from; records are read once.

    Parameters
    ----------
    catalogue : `Catalogue`
        Which tables there are.
    butler : `lsst.daf.butler.Butler`
        Where dimension records are read from.
    """

    catalogue: Catalogue
    butler: Butler
    _records: dict[str, pl.DataFrame] = field(default_factory=dict, init=False)

    def records(self, element: str) -> pl.DataFrame:
        """Read the records of a dimension element.

        Parameters
        ----------
        element : `str`
            Its name.

        Returns
        -------
        records : `polars.DataFrame`
            All records; what is not a number is null.
        """
        if element not in self._records:
            table = read_dimension_records(self.butler, element)
            self._records[element] = _without_nan(pl.DataFrame(pl.from_arrow(table)))
        return self._records[element]

    def rows(self, name: str, columns: list[str]) -> pl.DataFrame:
        """Read the current rows of an extension table.

        Parameters
        ----------
        name : `str`
            The table.
        columns : `list` [ `str` ]
            Columns to read.

        Returns
        -------
        rows : `polars.DataFrame`
            What is not a number is null.
        """
        table = self.catalogue.tables[name].read(columns=columns)
        universe = self.catalogue.group.universe
        frame = _without_nan(pl.DataFrame(pl.from_arrow(table)))
        integers = [c for c in columns if c in universe.dimensions.names and frame.schema[c].is_integer()]
        # Keys are joined with those of data IDs, which are signed.
        return frame.with_columns(pl.col(integers).cast(pl.Int64)) if integers else frame


def _without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """Make "not a number" null: it is no measurement, and polars takes it for the largest one."""
    floats = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.with_columns(pl.col(floats).fill_nan(None)) if floats else frame
