"""Calibration lookups: validity ranges joined to the timespans of quanta."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
from lsst.daf.butler import DimensionGroup

from workbench.errors import GraphBuildError
from workbench.graph.candidates.identities import read_uuids
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins

__all__ = ["Calibrations", "find_calibrations", "match_ranges"]

_EARLIEST, _LATEST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclasses.dataclass(frozen=True, eq=False)
class Calibrations:
    """Datasets of one calibration type, and when each is valid.

    Parameters
    ----------
    data_ids : `~workbench.graph.joins.data_ids.DataIds`
        One row a dataset, sorted; data IDs repeat.
    table : `pyarrow.Table`
        Required dimensions, ``dataset_id`` and ``run``.
    row : `numpy.ndarray` of `numpy.int64`, shape (n_datasets,)
        Row of the table for each dataset.
    distinct : `~workbench.graph.joins.data_ids.DataIds`
        The data IDs, none twice.
    dataset, data_id, rank, begin, end : `numpy.ndarray` of `numpy.int64`, shape (n_ranges,)
        Validity ranges: row of the dataset, row of ``distinct``, position of
        the collection in the search, TAI nanoseconds, half open.
    """

    data_ids: DataIds
    table: pa.Table
    row: Rows
    distinct: DataIds
    dataset: Rows
    data_id: Rows
    rank: Rows
    begin: Rows
    end: Rows


def find_calibrations(joins: Joins, name: str, group: DimensionGroup) -> Calibrations:
    """Gather what the input collections hold of a calibration type.

    Parameters
    ----------
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the snapshot.
    name : `str`
        Dataset type name.
    group : `lsst.daf.butler.DimensionGroup`
        Its dimensions.

    Returns
    -------
    calibrations : `Calibrations`
        Datasets of RUN and TAGGED collections are valid at all times.
    """
    required = list(group.required)
    members, certified = joins.snapshot.datasets(name), joins.snapshot.calibrations(name)
    always = len(members)
    names = [*required, "dataset_id", "run", "rank"]
    plain = [table.select(names).unify_dictionaries() for table in (members, certified)]
    table = pa.concat_tables([_plain(part) for part in plain])
    begin = np.full(len(table), _EARLIEST, dtype=np.int64)
    end = np.full(len(table), _LATEST, dtype=np.int64)
    begin[always:] = np.asarray(certified["timespan_begin"])
    end[always:] = np.asarray(certified["timespan_end"])
    keys = joins.encode(table, required).keys(required)
    ids = np.ascontiguousarray(read_uuids(table)).view(">u8").reshape(-1, 2)
    order = np.lexsort((ids[:, 1], ids[:, 0], keys))
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (np.diff(keys[order]) != 0) | (ids[order[1:]] != ids[order[:-1]]).any(axis=1)
    dataset = np.empty(len(order), dtype=np.int64)
    dataset[order] = np.cumsum(fresh) - 1
    row = order[fresh]
    data_ids = joins.expand(group, keys[row])
    distinct = joins.expand(group, np.unique(keys))
    return Calibrations(
        data_ids,
        table,
        row,
        distinct,
        dataset,
        np.searchsorted(distinct.keys, keys),
        np.asarray(table["rank"], dtype=np.int64),
        begin,
        end,
    )


def _plain(table: pa.Table) -> pa.Table:
    return table.set_column(
        table.column_names.index("run"), "run", table["run"].cast(pa.string()).cast(pa.large_string())
    )


def match_ranges(
    calibrations: Calibrations, quanta: Rows, data_ids: Rows, begin: Rows, end: Rows, what: str
) -> tuple[Rows, Rows]:
    """Find the calibration that is valid for each quantum.

    Parameters
    ----------
    calibrations : `Calibrations`
        Datasets and ranges.
    quanta, data_ids : `numpy.ndarray` of `numpy.int64`, shape (n_pairs,)
        Rows of quanta and of ``calibrations.distinct`` that go together.
    begin, end : `numpy.ndarray` of `numpy.int64`, shape (n_pairs,)
        Timespan of each quantum in TAI nanoseconds, half open.
    what : `str`
        Names the lookup in messages.

    Returns
    -------
    quantum_rows, dataset_rows : `numpy.ndarray` of `numpy.int64`
        Pairs with a calibration: the one of the first collection that has
        any for the quantum.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if a collection has several for one quantum, as
        `lsst.daf.butler.CalibrationLookupError` is by the Butler.
    """
    found = np.full(len(quanta), -1, dtype=np.int64)
    for rank in np.unique(calibrations.rank):
        ranges = np.flatnonzero(calibrations.rank == rank)
        starts = np.unique(calibrations.begin[ranges])
        stride = len(starts) + 1
        place = np.searchsorted(starts, calibrations.begin[ranges])
        keys = calibrations.data_id[ranges] * stride + place
        order = np.argsort(keys, kind="stable")
        ranges, keys = ranges[order], keys[order]
        open_pairs = np.flatnonzero(found < 0)
        # The last range of the data ID that begins before the quantum ends.
        wanted = data_ids[open_pairs] * stride + np.searchsorted(starts, end[open_pairs], side="left")
        last = np.searchsorted(keys, wanted, side="left") - 1
        valid = _overlaps(calibrations, ranges, last, data_ids[open_pairs], begin[open_pairs])
        before = valid & _overlaps(calibrations, ranges, last - 1, data_ids[open_pairs], begin[open_pairs])
        if before.any():
            pair = open_pairs[np.flatnonzero(before)[0]]
            first = calibrations.distinct.show(np.array([data_ids[pair]]))
            raise GraphBuildError(
                f"{what} is ambiguous: {int(before.sum())} quanta overlap the validity ranges of more than "
                f"one calibration in one collection, the first {first}. Certify ranges that do not cut "
                "observations, or give input collections that leave one of them out."
            )
        hit = np.flatnonzero(valid)
        found[open_pairs[hit]] = calibrations.dataset[ranges[last[hit]]]
    hit = np.flatnonzero(found >= 0)
    return quanta[hit], found[hit]


def _overlaps(
    calibrations: Calibrations, ranges: Rows, place: Rows, data_ids: Rows, begin: Rows
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    inside = place >= 0
    at = ranges[np.where(inside, place, 0)]
    same = inside & (calibrations.data_id[at] == data_ids)
    valid: np.ndarray[tuple[int], np.dtype[np.bool_]] = same & (calibrations.end[at] > begin)
    return valid
