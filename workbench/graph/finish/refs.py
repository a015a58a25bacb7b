"""Butler objects made of codes: data IDs with records, and dataset refs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from lsst.daf.butler import (
    DataCoordinate,
    DatasetRef,
    DatasetType,
    DimensionRecord,
    SkyPixDimension,
    Timespan,
)
from lsst.daf.butler.time_utils import TimeConverter
from lsst.sphgeom import Region

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.identities import Identities
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins

__all__ = ["ButlerRefs"]


class ButlerRefs:
    """Makes the objects that hooks of tasks expect, one at a time.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the records.
    identities : `~workbench.graph.candidates.identities.Identities`
        IDs of the datasets.
    dataset_types : `~collections.abc.Mapping` [ `str`, `lsst.daf.butler.DatasetType` ]
        Definitions by name.
    """

    def __init__(
        self,
        graph: CandidateGraph,
        joins: Joins,
        identities: Identities,
        dataset_types: Mapping[str, DatasetType],
    ):
        self._graph = graph
        self._joins = joins
        self._identities = identities
        self._types = dataset_types
        self._refs: dict[int, DatasetRef] = {}
        self._number_of: dict[uuid.UUID, int] = {}
        self._records: dict[tuple[str, int], DimensionRecord] = {}
        self._values: dict[int, tuple[list[list[Any]], dict[str, Rows], DataIds]] = {}

    def data_id(self, ids: DataIds, row: int) -> DataCoordinate:
        """Return a data ID with its records, which are read when asked for.

        Parameters
        ----------
        ids : `~workbench.graph.joins.data_ids.DataIds`
            Where it is.
        row : `int`
            Its row.

        Returns
        -------
        data_id : `lsst.daf.butler.DataCoordinate`
            With all values and records.
        """
        values, rows, _ = self._columns(ids)
        full = DataCoordinate.from_full_values(ids.group, tuple(column[row] for column in values))
        return full.expanded(_Records(self, rows, ids, row))

    def _columns(self, ids: DataIds) -> tuple[list[list[Any]], dict[str, Rows], DataIds]:
        if id(ids) not in self._values:
            values = [ids.frame[name].to_list() for name in ids.group.data_coordinate_keys]
            rows = {}
            for name in ids.group.elements:
                if ids.group.universe[name].has_own_table:
                    rows[name] = self._joins.record_rows(name, ids.relation)
            self._values[id(ids)] = (values, rows, ids)
        return self._values[id(ids)]

    def ref(self, dataset: int, name: str) -> DatasetRef:
        """Return the ref of a dataset.

        Parameters
        ----------
        dataset : `int`
            Its number.
        name : `str`
            Its type.

        Returns
        -------
        ref : `lsst.daf.butler.DatasetRef`
            Of the type's definition in the pipeline; the same object each
            time.
        """
        if (found := self._refs.get(dataset)) is None:
            row = dataset - self._graph.dataset_start[name]
            uuids, run, runs = self._identities.of(name)
            found = self._refs[dataset] = DatasetRef(
                self._types[name],
                self.data_id(self._graph.dataset_ids[name], row),
                runs[run[row]],
                id=uuid.UUID(bytes=uuids[row].tobytes()),
                conform=False,
            )
            self._number_of[found.id] = dataset
        return found

    def numbers(self, refs: Iterable[DatasetRef]) -> Rows:
        """Return the datasets of refs that were made here.

        Parameters
        ----------
        refs : `~collections.abc.Iterable` [ `lsst.daf.butler.DatasetRef` ]
            As `ref` gave them.

        Returns
        -------
        datasets : `numpy.ndarray` of `numpy.int64`
            Their numbers, in the same order.
        """
        return np.array([self._number_of[ref.id] for ref in refs], dtype=np.int64)

    def record(self, element: str, row: int) -> DimensionRecord:
        """Return a dimension record.

        Parameters
        ----------
        element : `str`
            Name of an element.
        row : `int`
            Row of the snapshot's records.

        Returns
        -------
        record : `lsst.daf.butler.DimensionRecord`
            With regions and times as the Butler gives them.
        """
        key = (element, row)
        if (found := self._records.get(key)) is None:
            table = self._joins.snapshot.stored_records(element)
            values = table.slice(row, 1).to_pylist()[0]
            if "timespan_begin" in values:
                begin, end = values.pop("timespan_begin"), values.pop("timespan_end")
                values["timespan"] = None if begin is None else _make_timespan(begin, end)
            if values.get("region") is not None:
                values["region"] = Region.decode(values["region"])
            found = self._records[key] = self._joins.universe[element].RecordClass(**values)
        return found

    def computed_record(self, element: str, ids: DataIds, row: int) -> DimensionRecord | None:
        """Return a record that no table has: a band, or a pixel of the sky.

        Parameters
        ----------
        element : `str`
            Name of an element.
        ids : `~workbench.graph.joins.data_ids.DataIds`
            Data IDs that have it.
        row : `int`
            Which of them.

        Returns
        -------
        record : `lsst.daf.butler.DimensionRecord` or `None`
            `None` for a null.
        """
        definition = self._joins.universe[element]
        values, _, _ = self._columns(ids)
        value = values[list(ids.group.data_coordinate_keys).index(element)][row]
        if value is None:
            return None
        if isinstance(definition, SkyPixDimension):
            return definition.RecordClass(id=value, region=definition.pixelization.pixel(value))
        return definition.RecordClass(name=value)


class _Records(Mapping[str, "DimensionRecord | None"]):
    """The records of one data ID, made when they are looked up."""

    __slots__ = ("_ids", "_maker", "_row", "_rows")

    def __init__(self, maker: ButlerRefs, rows: Mapping[str, Rows], ids: DataIds, row: int):
        self._maker = maker
        self._rows = rows
        self._ids = ids
        self._row = row

    def __getitem__(self, name: str) -> DimensionRecord | None:
        if name not in self._rows:
            return self._maker.computed_record(name, self._ids, self._row)
        found = int(self._rows[name][self._row])
        return None if found < 0 else self._maker.record(name, found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids.group.elements)

    def __len__(self) -> int:
        return len(self._ids.group.elements)


def _make_timespan(begin: int, end: int) -> Timespan:
    """Make a timespan of TAI nanoseconds."""
    converter = TimeConverter()
    return Timespan(
        None if begin <= converter.min_nsec else converter.nsec_to_astropy(begin),
        None if end >= converter.max_nsec else converter.nsec_to_astropy(end),
    )
