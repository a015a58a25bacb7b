"""Which regions overlap, exactly as the Butler's own query joins them."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionElement, DimensionUniverse

from workbench.errors import UnknownNameError
from workbench.progress import Progress, silent
from workbench.snapshot.envelopes import Envelopes
from workbench.snapshot.frames import digest_frame, sort_frame
from workbench.snapshot.overlap_cache import OverlapCache
from workbench.snapshot.regions import EncodedRegions, Rows, pair_regions
from workbench.snapshot.schemas import data_id_schema, find_element

__all__ = ["OverlapRows", "Overlaps"]

Keys = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class OverlapRows:
    """Which records of two elements have regions that overlap.

    Parameters
    ----------
    first, second : `lsst.daf.butler.DimensionElement`
        The elements.
    first_rows, second_rows : `numpy.ndarray` of `numpy.int32`
        Rows of their records, a pair each, sorted; no pair twice.
    """

    first: DimensionElement
    second: DimensionElement
    first_rows: Rows
    second_rows: Rows


class Overlaps:
    """Finds which records have regions that overlap; the regions of an element are measured once, and kept.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    read_records : `~collections.abc.Callable`
        Gives the records of an element, with regions; always the same.
    read_pixels : `~collections.abc.Callable`
        Gives the common pixels of an element.
    cache : `~workbench.snapshot.overlap_cache.OverlapCache`, optional
        Where pairs are kept.

    Attributes
    ----------
    envelopes : `~workbench.snapshot.envelopes.Envelopes`
        Finds the pixels of regions.
    """

    def __init__(
        self,
        universe: DimensionUniverse,
        read_records: Callable[[str], pa.Table],
        read_pixels: Callable[[str], pa.Table],
        cache: OverlapCache | None = None,
    ):
        self._universe = universe
        self._read_records = read_records
        self._read_pixels = read_pixels
        self._cache = cache
        self._regions: dict[str, EncodedRegions] = {}
        self.envelopes = Envelopes(read_records, cache)

    def find_rows(self, left: str, right: str, progress: Progress = silent) -> OverlapRows:
        """Pair the records of two spatial elements whose regions overlap.

        Parameters
        ----------
        left, right : `str`
            Spatial elements of different families.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; where it cancels, nothing is kept.

        Returns
        -------
        pairs : `OverlapRows`
            Of records that share a common pixel, and of whose regions
            `lsst.sphgeom.Region.overlaps` is not `False`.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the two cannot be joined.
        """
        first, second = find_element(self._universe, left), find_element(self._universe, right)
        _check_joinable(self._universe, first, second)
        # Exact tests of regions are the most expensive thing a snapshot does, and regions rarely
        # change: pairs are kept under the digest of all that they depend on.
        if self._cache is None:
            return OverlapRows(first, second, *self._join(first, second, progress))
        progress(f"looking for known overlaps of {left} and {right}")
        frames = [
            frame
            for element in (first, second)
            for frame in (
                self._read_records(element.name).select([*element.required.names, "region"]),
                self._read_pixels(element.name),
            )
        ]
        digest = hashlib.sha256("\n".join(map(digest_frame, frames)).encode()).hexdigest()
        if (rows := self._cache.read(digest)) is None:
            rows = self._join(first, second, progress)
            self._cache.write(digest, *rows)
        return OverlapRows(first, second, *rows)

    def find(self, left: str, right: str, progress: Progress = silent) -> pa.Table:
        """Pair the data IDs of two spatial elements whose regions overlap.

        Parameters
        ----------
        left, right : `str`
            Spatial elements of different families; one may be the common
            pixelization.
        progress : `~workbench.progress.Progress`, optional
            Called with what is done; where it cancels, nothing is kept.

        Returns
        -------
        pairs : `pyarrow.Table`
            Required dimensions of both, sorted.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if the two cannot be joined.
        """
        universe = self._universe
        first, second = find_element(universe, left), find_element(universe, right)
        _check_joinable(universe, first, second)
        schema = data_id_schema(first.minimal_group.union(second.minimal_group), implied=False)
        common = universe.commonSkyPix.name
        if common in (left, right):
            # The Butler joins pixels by their index alone.
            pixels = self._read_pixels(left if right == common else right)
            return sort_frame(pixels.select(schema.names), schema.names)
        pairs = self.find_rows(left, right, progress)
        chosen = {
            name: self._read_records(element.name)[name].take(rows)
            for element, rows in ((first, pairs.first_rows), (second, pairs.second_rows))
            for name in element.required.names
        }
        progress("sorting pairs")
        return sort_frame(pa.table([chosen[name] for name in schema.names], schema=schema), schema.names)

    def _join(
        self, first: DimensionElement, second: DimensionElement, progress: Progress
    ) -> tuple[Rows, Rows]:
        first_pixels, second_pixels = (self._read_pixels(element.name) for element in (first, second))
        # The Butler compares regions only within a common pixel, and within equal values of shared
        # dimensions; more pairs would be right on the sky, but not what its queries give.
        shared = [
            *(name for name in first.required.names if name in second.required.names),
            self._universe.commonSkyPix.name,
        ]
        first_keys, second_keys = _make_keys(first_pixels, second_pixels, shared)
        blocks = _make_blocks(
            _number(first, self._read_records(first.name), first_pixels),
            first_keys,
            _number(second, self._read_records(second.name), second_pixels),
            second_keys,
        )
        return pair_regions(
            self._measure(first.name, progress), self._measure(second.name, progress), blocks, progress
        )

    def _measure(self, element: str, progress: Progress) -> EncodedRegions:
        if element not in self._regions:
            self._regions[element] = EncodedRegions(self._read_records(element)["region"], progress)
        return self._regions[element]


def _check_joinable(universe: DimensionUniverse, *elements: DimensionElement) -> None:
    first, second = elements
    spatial = [element.name for element in universe.database_elements if element.spatial is not None]
    for element in elements:
        if element.name not in [*spatial, universe.commonSkyPix.name]:
            raise UnknownNameError(
                f"{element.name!r} cannot be joined by overlap. Spatial elements are: {', '.join(spatial)}; "
                f"pixels are those of {universe.commonSkyPix.name}."
            )
    if first.spatial == second.spatial:
        raise UnknownNameError(
            f"{first.name!r} and {second.name!r} describe the same regions ({first.spatial}): "
            "join their keys."
        )


def _make_keys(left: pa.Table, right: pa.Table, names: Sequence[str]) -> tuple[Keys, Keys]:
    """Give rows of two frames equal keys where they have equal values."""
    if len(names) == 1:
        return left[names[0]].to_numpy(), right[names[0]].to_numpy()
    # Equal keys on both sides need one ranking of both; separate ones would number differently.
    both = pl.DataFrame(pl.from_arrow(pa.concat_tables([left.select(names), right.select(names)])))
    keys = both.select(pl.struct(names).rank("dense")).to_series().cast(pl.Int64).to_numpy()
    return keys[: len(left)], keys[len(left) :]


def _number(element: DimensionElement, records: pa.Table, pixels: pa.Table) -> Keys:
    """Replace the keys of pixels by the rows of records that have a region; -1 for others."""
    keys = list(element.required.names)
    known = pl.DataFrame(pl.from_arrow(records.select(keys))).lazy().with_row_index("row")
    # A record without a region overlaps nothing, even if its pixels are still in the table.
    known = known.filter(pl.Series(records["region"].is_valid().to_numpy()))
    touched = pl.DataFrame(pl.from_arrow(pixels.select(keys))).lazy()
    rows = touched.join(known, on=keys, how="left", maintain_order="left").select(
        pl.col("row").cast(pl.Int64)
    )
    return rows.collect().to_series().fill_null(-1).to_numpy()


def _make_blocks(
    first_rows: Keys, first_keys: Keys, second_rows: Keys, second_keys: Keys
) -> list[tuple[Keys, Keys]]:
    """Return rows of the first and of the second for each key that both have; nothing is copied."""
    sides = []
    for rows, keys in ((first_rows, first_keys), (second_rows, second_keys)):
        order = np.argsort(keys, kind="stable")
        order = order[rows[order] >= 0]
        ordered = keys[order]
        begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))[: len(order)]
        sides.append((rows[order], ordered[begins], np.append(begins, len(order))))
    (lefts, left_keys, left_begins), (rights, right_keys, right_begins) = sides
    # Blocks, one a pixel, instead of all pairs: a dense survey has hundreds of millions of pairs,
    # which the caller tests block by block and never holds.
    _, left_places, right_places = np.intersect1d(
        left_keys, right_keys, assume_unique=True, return_indices=True
    )
    return [
        (lefts[left_begins[one] : left_begins[one + 1]], rights[right_begins[two] : right_begins[two + 1]])
        for one, two in zip(left_places.tolist(), right_places.tolist(), strict=True)
    ]
