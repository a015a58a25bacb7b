"""Pixels of the sky of any system and level, related to regions and to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from lsst.daf.butler import DimensionElement, SkyPixDimension

from workbench.graph.joins.codes import CodeColumn, Codes
from workbench.graph.joins.relation import Relation, member
from workbench.snapshot import Snapshot
from workbench.snapshot.envelopes import find_envelopes

__all__ = ["PixelRelations"]


class PixelRelations:
    """Relates pixels as the stock builder generates them.

    Parameters
    ----------
    snapshot : `~workbench.snapshot.Snapshot`
        Records with regions.
    codes : `~workbench.graph.joins.codes.Codes`
        Numbers of all values; all pixels have one.
    element : `~collections.abc.Callable`
        Gives what the records of an element relate, in their order.
    """

    def __init__(self, snapshot: Snapshot, codes: Codes, element: Callable[[str], Relation]):
        self._snapshot = snapshot
        self._codes = codes
        self._element = element

    def of_records(
        self, element: DimensionElement, pixel: SkyPixDimension, given: Sequence[Relation]
    ) -> Relation:
        """Relate the regions of an element to the pixels that they may touch.

        Parameters
        ----------
        element : `lsst.daf.butler.DimensionElement`
            A spatial element with records.
        pixel : `lsst.daf.butler.SkyPixDimension`
            Pixels.
        given : `~collections.abc.Sequence` [ `~workbench.graph.joins.relation.Relation` ]
            What the records must agree with, as far as it has their
            dimensions: the fewer they are, the fewer regions are looked at.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Required dimensions of the element, and the pixel.
        """
        records = self._element(element.name)
        required = list(element.required.names)
        rows = np.arange(len(records))
        for relation in given:
            if shared := [name for name in required if name in relation.names]:
                wanted = _known(relation, shared).distinct(shared).keys(shared)
                rows = rows[member(wanted, records.select(shared).take(rows).keys(shared))]
        chosen, pixels = self._snapshot.regions.envelopes.of_records(element.name, pixel, rows)
        return self._relate({name: records.columns[name][chosen] for name in required}, pixel, pixels)

    def of_pixels(self, source: SkyPixDimension, target: SkyPixDimension, values: CodeColumn) -> Relation:
        """Relate pixels to those of another level or system.

        Parameters
        ----------
        source, target : `lsst.daf.butler.SkyPixDimension`
            Two pixelizations.
        values : `numpy.ndarray` of `numpy.int32`
            Codes of pixels of the source, none twice.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Both; of one system the parent or all children of each, of another
            the pixels that it may touch.
        """
        indices = self._codes.decode(source.name, values).to_numpy()
        if source.system is not target.system:
            regions = (source.pixelization.pixel(index) for index in indices.tolist())
            places, pixels = find_envelopes(target.pixelization, regions)
        elif source.level > target.level:
            places, pixels = np.arange(len(indices)), indices // 4 ** (source.level - target.level)
        else:
            factor = 4 ** (target.level - source.level)
            places = np.repeat(np.arange(len(indices)), factor)
            pixels = np.repeat(indices * factor, factor) + np.tile(np.arange(factor), len(indices))
        return self._relate({source.name: values[places]}, target, pixels)

    def _relate(
        self, columns: Mapping[str, CodeColumn], pixel: SkyPixDimension, pixels: npt.NDArray[np.int64]
    ) -> Relation:
        codes = self._codes.encode(pixel.name, pl.Series(pixels, dtype=pl.Int64))
        return Relation(self._codes, {**columns, pixel.name: codes}, len(pixels))


def _known(relation: Relation, names: Sequence[str]) -> Relation:
    """Return the rows without nulls in some columns."""
    return relation.take(np.logical_and.reduce([relation.columns[name] >= 0 for name in names]))
