"""Whole numbers in place of dimension values, and keys made of several of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionUniverse

from workbench.errors import GraphBuildError

__all__ = ["CodeColumn", "Codes", "Keys", "StockOnlyError"]

CodeColumn: TypeAlias = npt.NDArray[np.int32]
Keys: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = "pa.ChunkedArray[Any] | pa.Array[Any]"

_LIMIT = 1 << 62


_NOTHING = np.empty(0, dtype=np.int64)


class StockOnlyError(Exception):
    """Raised for dimensions that only the stock builder can join."""


class Codes:
    """Values of dimensions by number, in the order of the values.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    values : `~collections.abc.Mapping` [ `str`, `~collections.abc.Iterable` ]
        By dimension, arrays in which its values occur, with repeats and
        nulls.
    whole : `~collections.abc.Iterable` [ `str` ], optional
        Pixelizations all pixels of which have a code, whichever occur.

    Raises
    ------
    StockOnlyError
        Raised for a pixelization with more pixels than there are codes.

    Notes
    -----
    The code of a value is its place among all values of the dimension, and
    -1 stands for null or for a value that is not known.  Codes sort as their
    values do, and keys packed of them as data IDs do.
    """

    def __init__(
        self,
        universe: DimensionUniverse,
        values: Mapping[str, Iterable[pa.ChunkedArray[Any]]],
        whole: Iterable[str] = (),
    ):
        self.universe = universe
        self._pixels: dict[str, tuple[int, int]] = {}
        for name in whole:
            ranges = list(universe.skypix_dimensions[name].pixelization.universe())
            begin, end = ranges[0][0], ranges[-1][1]
            if end - begin > np.iinfo(np.int32).max:
                raise StockOnlyError(f"pixels as small as {name}")
            self._pixels[name] = (begin, end - begin)
        self._values: dict[str, npt.NDArray[np.int64] | pl.Series] = {}
        self._tables: dict[str, tuple[int, CodeColumn] | None] = {}
        for name, arrays in values.items():
            if name in self._pixels:
                continue
            if universe.dimensions[name].primary_key.pytype is int:
                found = [_to_int64(array) for array in arrays]
                whole = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
                self._values[name], self._tables[name] = whole, _make_table(whole)
            else:
                series = [_to_strings(array) for array in arrays]
                texts = pl.concat(series) if series else pl.Series(dtype=pl.String)
                self._values[name] = texts.drop_nulls().unique().sort()

    def __contains__(self, name: object) -> bool:
        return name in self._values or name in self._pixels

    def size(self, name: str) -> int:
        """Return how many values a dimension has.

        Parameters
        ----------
        name : `str`
            Name of a dimension.

        Returns
        -------
        size : `int`
            Codes are below it; at least 1.
        """
        return self._pixels[name][1] if name in self._pixels else max(1, len(self._values[name]))

    def encode(self, name: str, values: Values | pl.Series) -> CodeColumn:
        """Return the codes of values.

        Parameters
        ----------
        name : `str`
            Name of a dimension.
        values : `pyarrow.ChunkedArray` or `polars.Series`
            Its values.

        Returns
        -------
        codes : `numpy.ndarray` of `numpy.int32`
            -1 where the value is null or unknown.
        """
        known = self._values.get(name, _NOTHING)
        if isinstance(known, pl.Series):
            given = values if isinstance(values, pl.Series) else _to_strings(values)
            if known.is_empty():
                return np.full(len(given), -1, dtype=np.int32)
            places = known.search_sorted(given.fill_null("")).clip(0, len(known) - 1)
            hit = (known.gather(places) == given).fill_null(False).to_numpy()
            return np.where(hit, places.to_numpy().astype(np.int32), np.int32(-1))
        return self._encode_whole(name, known, values)

    def _encode_whole(
        self, name: str, known: npt.NDArray[np.int64], values: Values | pl.Series
    ) -> CodeColumn:
        null: npt.NDArray[np.bool_] | None = None
        if isinstance(values, pl.Series):
            if values.null_count():
                null = values.is_null().to_numpy()
                values = values.fill_null(0)
            given = values.cast(pl.Int64).to_numpy()
        elif values.null_count:
            null = np.asarray(values.is_null())
            given = pl.Series(values, dtype=pl.Int64).fill_null(0).to_numpy()
        else:
            given = np.asarray(values.cast(pa.int64()))
        if name in self._pixels:
            begin, size = self._pixels[name]
            offset = given - begin
            codes = np.where((offset >= 0) & (offset < size), offset, -1).astype(np.int32)
        elif not len(known):
            return np.full(len(given), -1, dtype=np.int32)
        elif (table := self._tables[name]) is not None:
            lowest, places = table
            offset = given - lowest
            inside = (offset >= 0) & (offset < len(places))
            codes = places[np.where(inside, offset, 0)]
            if not inside.all():
                codes = np.where(inside, codes, np.int32(-1))
        else:
            found = np.minimum(np.searchsorted(known, given), len(known) - 1)
            codes = np.where(known[found] == given, found, -1).astype(np.int32)
        return codes if null is None else np.where(null, np.int32(-1), codes)

    def decode(self, name: str, codes: CodeColumn) -> pl.Series:
        """Return the values of codes.

        Parameters
        ----------
        name : `str`
            Name of a dimension.
        codes : `numpy.ndarray` of `numpy.int32`
            Codes; -1 is null.

        Returns
        -------
        values : `polars.Series`
            Of int64 or string.
        """
        known = self._values.get(name, _NOTHING)
        missing = codes < 0
        some_missing = bool(missing.any())
        if isinstance(known, pl.Series):
            if some_missing:
                picked = (
                    pl.Series(codes, dtype=pl.Int32)
                    .to_frame("c")
                    .select(pl.when(pl.col("c") >= 0).then(pl.col("c")))["c"]
                )
                return known.gather(picked.cast(pl.UInt32)).alias(name)
            return known.gather(codes).alias(name)
        if name in self._pixels:
            found = pl.Series(name, codes.astype(np.int64) + self._pixels[name][0])
        elif not len(known):
            return pl.Series(name, [None] * len(codes), dtype=pl.Int64)
        else:
            found = pl.Series(name, known[codes])
        return found.set(pl.Series(missing), None) if some_missing else found

    def space(self, names: Sequence[str]) -> int:
        """Return the number of keys that some dimensions can make.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Names of dimensions.

        Returns
        -------
        space : `int`
            Keys are below it.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised if they do not fit into 63 bits.
        StockOnlyError
            Raised if they would fit without all pixels of the sky.
        """
        space = 1
        for name in names:
            space *= self.size(name)
        if space > _LIMIT:
            if not self._pixels.keys().isdisjoint(names):
                raise StockOnlyError(f"data IDs of {', '.join(names)}, which are too many for one key")
            raise GraphBuildError(
                f"Data IDs of {list(names)} could have {space} values here, more than keys of 63 bits hold. "
                "Take fewer of these dimensions together, or fewer records of them."
            )
        return space

    def pack(self, names: Sequence[str], columns: Mapping[str, CodeColumn], n_rows: int) -> Keys:
        """Make one key of the codes of each row.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Names of dimensions, the most significant first.
        columns : `~collections.abc.Mapping`
            Codes by name, none of them -1.
        n_rows : `int`
            Number of rows.

        Returns
        -------
        keys : `numpy.ndarray` of `numpy.int64`, shape (n_rows,)
            They sort as the data IDs do.
        """
        self.space(names)
        keys: Keys | None = None
        for name in names:
            if (size := self.size(name)) == 1:
                continue
            if keys is None:
                keys = columns[name].astype(np.int64)
            else:
                keys *= size
                keys += columns[name]
        return np.zeros(n_rows, dtype=np.int64) if keys is None else keys

    def unpack(self, names: Sequence[str], keys: Keys) -> dict[str, CodeColumn]:
        """Take keys apart again.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            As they were packed.
        keys : `numpy.ndarray` of `numpy.int64`
            Keys.

        Returns
        -------
        columns : `dict` [ `str`, `numpy.ndarray` of `numpy.int32` ]
            Codes by name.
        """
        columns: dict[str, CodeColumn] = {}
        rest = keys
        left = [name for name in names if self.size(name) > 1]
        for name in reversed(names):
            if name not in left:
                columns[name] = np.zeros(len(keys), dtype=np.int32)
            elif name == left[0]:
                columns[name] = rest.astype(np.int32)
            else:
                above = rest // self.size(name)
                columns[name] = (rest - above * self.size(name)).astype(np.int32)
                rest = above
        return {name: columns[name] for name in names}


def _to_strings(values: Values) -> pl.Series:
    return pl.Series(values.cast(pa.string()), dtype=pl.String)


def _to_int64(array: Values) -> npt.NDArray[np.int64]:
    return np.asarray(array.drop_null().cast(pa.int64()), dtype=np.int64)


def _make_table(values: npt.NDArray[np.int64]) -> tuple[int, CodeColumn] | None:
    """Make a table that gives codes at once, where values lie close enough."""
    if not len(values):
        return None
    lowest, span = int(values[0]), int(values[-1]) - int(values[0]) + 1
    if span > 8 * len(values) + (1 << 20):
        return None
    places = np.full(span, -1, dtype=np.int32)
    places[values - lowest] = np.arange(len(values), dtype=np.int32)
    return lowest, places
