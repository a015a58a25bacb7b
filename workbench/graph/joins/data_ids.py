"""Data IDs of one dimension group as sorted keys."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.daf.butler import DimensionGroup

from workbench.graph.joins.codes import CodeColumn, Keys
from workbench.graph.joins.relation import Relation

__all__ = ["DataIds"]


@dataclasses.dataclass(frozen=True, eq=False)
class DataIds:
    """Distinct data IDs of quanta or datasets.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Their dimensions.
    keys : `numpy.ndarray` of `numpy.int64`
        Packed over the required dimensions, rising.  Calibrations of one data
        ID and several validity ranges repeat it.
    relation : `~workbench.graph.joins.relation.Relation`
        Codes of all dimensions, implied ones included, row by row.
    """

    group: DimensionGroup
    keys: Keys
    relation: Relation

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def columns(self) -> Mapping[str, CodeColumn]:
        """Codes by dimension (`~collections.abc.Mapping`)."""
        return self.relation.columns

    @functools.cached_property
    def frame(self) -> pl.DataFrame:
        """The values of all dimensions, required ones first (`polars.DataFrame`)."""
        codes = self.relation.codes
        return pl.DataFrame(
            [codes.decode(name, self.columns[name]).alias(name) for name in self.group.data_coordinate_keys]
        )

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> DataIds:
        """Return some of the data IDs.

        Parameters
        ----------
        rows : `numpy.ndarray`
            Rising row numbers, or a mask.

        Returns
        -------
        data_ids : `DataIds`
            In the same order.
        """
        return DataIds(self.group, self.keys[rows], self.relation.take(rows))

    def show(self, rows: npt.NDArray[np.integer]) -> str:
        """Write some of the data IDs for people.

        Parameters
        ----------
        rows : `numpy.ndarray`
            Row numbers.

        Returns
        -------
        text : `str`
            Required dimensions, such as "(instrument=HSC, visit=96954)".
        """
        required = list(self.group.required)
        if not required:
            # A frame without columns has no rows to read.
            return "; ".join(["(without dimensions)"] * len(rows))
        shown = self.take(rows).frame.select(required).to_dicts()
        return "; ".join("(" + ", ".join(f"{key}={row[key]}" for key in required) + ")" for row in shown)
