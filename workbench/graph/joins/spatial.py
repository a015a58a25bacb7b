"""Which regions of the sky a natural join joins, and by what."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import TypeGuard

import numpy as np
from lsst.daf.butler import DimensionElement, DimensionGroup, SkyPixDimension

from workbench.graph.joins.codes import CodeColumn, Codes, StockOnlyError
from workbench.graph.joins.operands import JoinOperand
from workbench.graph.joins.pixels import PixelRelations
from workbench.graph.joins.relation import Relation
from workbench.snapshot import Snapshot

__all__ = ["SpatialJoins"]


class SpatialJoins:
    """Relates the regions of dimensions.

    Parameters
    ----------
    snapshot : `~workbench.snapshot.Snapshot`
        Records and overlaps.
    codes : `~workbench.graph.joins.codes.Codes`
        Numbers of all values.
    element : `~collections.abc.Callable`
        Gives what the records of an element relate, in their order.
    as_stock : `bool`
        Whether to join what a query of the Butler joins and no more, or
        pixels of any system, each family to each.

    Attributes
    ----------
    pixels : `~workbench.graph.joins.pixels.PixelRelations`
        Relates pixels.
    """

    def __init__(
        self, snapshot: Snapshot, codes: Codes, element: Callable[[str], Relation], *, as_stock: bool
    ):
        self.pixels = PixelRelations(snapshot, codes, element)
        self._snapshot = snapshot
        self._codes = codes
        self._element = element
        self._as_stock = as_stock
        self._common: SkyPixDimension = codes.universe.commonSkyPix
        self._overlaps: dict[tuple[str, str], Relation] = {}

    def relations(self, group: DimensionGroup, operands: Sequence[JoinOperand]) -> list[Relation]:
        """Return the overlaps that a join of some dimensions must agree with.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions.
        operands : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.JoinOperand` ]
            What is joined.  Families of regions that are together in one of
            them hold to each other already.

        Returns
        -------
        relations : `list` [ `~workbench.graph.joins.relation.Relation` ]
            Required dimensions of two elements each.

        Raises
        ------
        StockOnlyError
            Raised where the Butler's query would be refused, as far as it is
            to be followed.
        """
        found = []
        for left, right in self._pairs_to_join(group, operands):
            pixels = [element for element in (left, right) if self._is_other_pixel(element)]
            if not pixels:
                found.append(self.overlap(left, right))
            elif self._as_stock:
                raise StockOnlyError(f"regions of {left.name} joined to those of {right.name}")
            else:
                found.append(self._join_pixels(left, right, [one.relation for one in operands]))
        if not self._as_stock:
            found += self._join_levels(group, operands, found)
        return found

    def _is_other_pixel(self, element: DimensionElement) -> TypeGuard[SkyPixDimension]:
        return isinstance(element, SkyPixDimension) and element != self._common

    def _pairs_to_join(
        self, group: DimensionGroup, operands: Sequence[JoinOperand]
    ) -> Iterator[tuple[DimensionElement, DimensionElement]]:
        """Yield the finest elements of families that nothing holds together."""
        if len(group.spatial) < 2:
            return
        chosen = sorted(family.choose(group).name for family in group.spatial)
        subsets = [{name} for name in chosen]
        for operand in operands:
            held = operand.group.elements
            touched = [subset for subset in subsets if any(name in held for name in subset)]
            if len(touched) > 1:
                subsets = [subset for subset in subsets if subset not in touched]
                subsets.append(set().union(*touched))
        if self._as_stock and len(subsets) > 1 and (len(subsets) > 2 or len(chosen) > 2):
            raise StockOnlyError(f"more than two spatial families ({', '.join(chosen)})")
        for one, other in itertools.combinations(subsets, 2):
            for left, right in itertools.product(sorted(one), sorted(other)):
                yield group.universe[left], group.universe[right]

    def overlap(self, first: DimensionElement, second: DimensionElement) -> Relation:
        """Return which regions of two elements overlap.

        Parameters
        ----------
        first, second : `lsst.daf.butler.DimensionElement`
            Spatial elements of different families, one of which may be the
            common pixelization.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Required dimensions of both.
        """
        left, right = sorted((first.name, second.name))
        if (left, right) not in self._overlaps:
            self._overlaps[left, right] = self._relate(left, right)
        return self._overlaps[left, right]

    def _relate(self, left: str, right: str) -> Relation:
        if self._common.name in (left, right):
            table = self._snapshot.overlaps(left, right)
            columns = {name: self._codes.encode(name, table[name]) for name in table.column_names}
            return Relation(self._codes, columns, table.num_rows)
        pairs = self._snapshot.regions.find_rows(left, right)
        columns = {
            name: self._element(element.name).columns[name][rows]
            for element, rows in ((pairs.first, pairs.first_rows), (pairs.second, pairs.second_rows))
            for name in element.required.names
        }
        return Relation(self._codes, columns, len(pairs.first_rows))

    def _join_pixels(
        self, left: DimensionElement, right: DimensionElement, given: Sequence[Relation]
    ) -> Relation:
        """Relate pixels to another family, from the side that is known."""
        if not isinstance(left, SkyPixDimension) or not isinstance(right, SkyPixDimension):
            pixel, element = (left, right) if isinstance(left, SkyPixDimension) else (right, left)
            assert isinstance(pixel, SkyPixDimension), "one of the two is no stored element"
            return self.pixels.of_records(element, pixel, given)
        for source, target in sorted(
            [(left, right), (right, left)], key=lambda pair: pair[0] != self._common
        ):
            if (values := _values(source.name, given)) is not None:
                return self.pixels.of_pixels(source, target, values)
        raise StockOnlyError(f"pixels of {left.name} and of {right.name}, which no dataset has")

    def _join_levels(
        self, group: DimensionGroup, operands: Sequence[JoinOperand], joined: Sequence[Relation]
    ) -> Iterator[Relation]:
        """Yield which pixels are within which others of the same system."""
        levels: dict[str, list[SkyPixDimension]] = {}
        for name in group.skypix:
            pixel = group.universe.skypix_dimensions[name]
            levels.setdefault(pixel.system.name, []).append(pixel)
        known = [*(operand.relation for operand in operands), *joined]
        for system in levels.values():
            system.sort(key=lambda pixel: pixel.level)
            left = list(itertools.pairwise(system))
            while left:
                for coarse, fine in left:
                    source, target = fine, coarse
                    if (values := _values(fine.name, known)) is None:
                        source, target = coarse, fine
                        values = _values(coarse.name, known)
                    if values is not None:
                        break
                else:
                    names = ", ".join(pixel.name for pixel in system)
                    raise StockOnlyError(f"pixels of {names}, which no dataset has")
                left.remove((coarse, fine))
                found = self.pixels.of_pixels(source, target, values)
                known.append(found)
                yield found


def _values(name: str, given: Sequence[Relation]) -> CodeColumn | None:
    """Return the values of a column in whatever has fewest rows of it, or `None`."""
    holding = [relation for relation in given if name in relation.names]
    if not holding:
        return None
    values = np.unique(min(holding, key=len).columns[name])
    return values[values >= 0]
