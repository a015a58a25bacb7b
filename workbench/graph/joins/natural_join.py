"""The natural join of dimensions, as the Butler's queries make it.

`Joins` knows what a snapshot says of dimensions: which records there are,
what they imply, which exposures make a visit, and which regions overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionElement, DimensionGroup

from workbench.errors import GraphBuildError
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.joins.codes import Codes, Keys
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.operands import GroupMembers, JoinOperand, KeyFilter, StockOnlyError
from workbench.graph.joins.relation import Relation, find_rows, join, unique_keys
from workbench.graph.joins.spatial import SpatialJoins
from workbench.snapshot import Snapshot

__all__ = ["Joins", "joined_elements"]


def joined_elements(group: DimensionGroup) -> list[str]:
    """Return the elements whose records a join of some dimensions may need.

    Parameters
    ----------
    group : `lsst.daf.butler.DimensionGroup`
        Dimensions.

    Returns
    -------
    names : `list` [ `str` ]
        Those of the group, and those that say what bands there are.
    """
    names = dict.fromkeys(group.elements)
    for name in group.elements:
        if (target := group.universe[name].implied_union_target) is not None:
            names[target.name] = None
    return list(names)


class Joins:
    """Joins dimensions by what a snapshot says of them.

    Parameters
    ----------
    snapshot : `~workbench.snapshot.Snapshot`
        Records, overlaps and datasets.
    group : `lsst.daf.butler.DimensionGroup`
        All dimensions that are going to be joined.
    dataset_types : `~collections.abc.Iterable` [ `str` ]
        Dataset types whose data IDs are going to be used; pixels of the sky
        are known from them.
    pixels_of : `~collections.abc.Iterable` [ `str` ], optional
        Elements whose regions are going to be joined to pixels that no
        dataset need have.
    memberships : `~collections.abc.Sequence` [ `polars.DataFrame` ], optional
        Data ID tables that joins of their dimensions must agree with, unless
        exposures say themselves which group they are in.

    as_stock : `bool`, optional
        Whether regions are joined as in the Butler's queries, or pixels of
        any system as well.

    Raises
    ------
    StockOnlyError
        Raised for a pixelization of too many pixels.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        group: DimensionGroup,
        dataset_types: Iterable[str],
        pixels_of: Iterable[str] = (),
        memberships: Sequence[pl.DataFrame] = (),
        *,
        as_stock: bool = False,
    ):
        self.snapshot = snapshot
        self.universe = group.universe
        self._relations: dict[tuple[str, ...], Relation] = {}
        self._indexes: dict[str, tuple[Keys, Rows | None]] = {}
        common = self.universe.commonSkyPix.name
        # Pixels of other systems are known only when they are joined.
        whole = group.skypix if set(group.skypix) - {common} else ()
        # Codes are given before anything is joined, over all values that can occur: then rows of any
        # two tables compare as integers, and several dimensions pack into one int64 key.
        values: dict[str, list[pa.ChunkedArray[Any]]] = {name: [] for name in group.names}
        for name in joined_elements(group):
            if not self.universe[name].has_own_table:
                continue
            records = snapshot.stored_records(name)
            for column in values.keys() & set(records.column_names):
                values[column].append(records[column])
        for dataset_type in dataset_types:
            # Pixels have no records; the only ones worth a code are those that some dataset or region has.
            for column in group.skypix:
                for table in (snapshot.datasets(dataset_type), snapshot.calibrations(dataset_type)):
                    if column in table.column_names:
                        values[column].append(table[column])
        for name in pixels_of:
            values[common].append(snapshot.pixels(name)[common])
        self.codes = Codes(self.universe, values, whole)
        self.spatial = SpatialJoins(snapshot, self.codes, self.element, as_stock=as_stock)
        self._group_tables = GroupMembers(self.codes, memberships)

    def encode(self, table: pa.Table, names: Sequence[str]) -> Relation:
        """Put columns of a table into codes.

        Parameters
        ----------
        table : `pyarrow.Table`
            Dimension values under the dimensions' names.
        names : `~collections.abc.Sequence` [ `str` ]
            Which of them.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Row by row; -1 for null and unknown values.
        """
        columns = {name: self.codes.encode(name, table[name]) for name in names}
        return Relation(self.codes, columns, table.num_rows)

    def element(self, name: str) -> Relation:
        """Return what the records of an element relate.

        Parameters
        ----------
        name : `str`
            Name of an element with a table of its own.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            Required dimensions and those that it implies itself.
        """
        key = ("element", name)
        if key not in self._relations:
            element = self.universe[name]
            names = [*element.required.names, *element.implied.names]
            self._relations[key] = self.encode(self.snapshot.stored_records(name), names)
        return self._relations[key]

    def expand(self, group: DimensionGroup, keys: Keys) -> DataIds:
        """Give keys all implied dimensions.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Their dimensions.
        keys : `numpy.ndarray` of `numpy.int64`
            Packed over the required dimensions, rising.

        Returns
        -------
        data_ids : `~workbench.graph.joins.data_ids.DataIds`
            An implied value that no record gives is null.
        """
        columns = self.codes.unpack(list(group.required), keys)
        # What implies comes after what is implied, in the order of the universe.
        for name in reversed(list(group.elements)):
            element = self.universe[name]
            lacking = [implied for implied in element.implied.names if implied not in columns]
            if not lacking or not element.has_own_table:
                continue
            relation = self.element(name)
            rows = self.record_rows(name, Relation(self.codes, columns, len(keys)))
            for implied in lacking:
                known = relation.columns[implied]
                found = known[rows] if len(known) else np.full(len(keys), -1, dtype=np.int32)
                columns[implied] = np.where(rows >= 0, found, np.int32(-1))
        chosen = {name: columns[name] for name in group.data_coordinate_keys}
        return DataIds(group, keys, Relation(self.codes, chosen, len(keys)))

    def record_rows(self, name: str, relation: Relation) -> Rows:
        """Return which record of an element each row has.

        Parameters
        ----------
        name : `str`
            Name of an element with a table of its own.
        relation : `~workbench.graph.joins.relation.Relation`
            With all of its required dimensions.

        Returns
        -------
        rows : `numpy.ndarray` of `numpy.int64`
            Rows of the snapshot's records; -1 where there is none.
        """
        required = list(self.universe[name].required.names)
        if name not in self._indexes:
            keys = self.element(name).keys(required)
            # Records mostly come sorted by key from the snapshot; then no permutation is kept.
            order = None if (keys[1:] > keys[:-1]).all() else np.argsort(keys)
            self._indexes[name] = (keys if order is None else keys[order], order)
        keys, order = self._indexes[name]
        rows = find_rows(keys, relation.keys(required))
        for column in required:
            # A null packs to some key or other; it must not be taken for the record of that key.
            if (null := relation.columns[column] < 0).any():
                rows = np.where(null, -1, rows)
        return rows if order is None else np.where(rows >= 0, order[rows], -1)

    def distinct(self, relation: Relation, group: DimensionGroup) -> DataIds:
        """Project rows to the data IDs of a group.

        Parameters
        ----------
        relation : `~workbench.graph.joins.relation.Relation`
            With all required dimensions of the group.
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions to project to.

        Returns
        -------
        data_ids : `~workbench.graph.joins.data_ids.DataIds`
            Sorted, none twice.
        """
        keys = relation.keys(list(group.required)) if relation.n_rows else np.empty(0, dtype=np.int64)
        return self.expand(group, unique_keys(keys))

    def natural_join(
        self,
        group: DimensionGroup,
        operands: Sequence[JoinOperand],
        filters: Sequence[KeyFilter] = (),
    ) -> Relation:
        """Join everything that some dimensions must agree with.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions of the result.
        operands : `~collections.abc.Sequence` [ `JoinOperand` ]
            Datasets and data IDs.
        filters : `~collections.abc.Sequence` [ `KeyFilter` ], optional
            What rows must pass, as soon as they have the dimensions.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            All dimensions of the group, implied ones included.

        Raises
        ------
        StockOnlyError
            Raised for regions that cannot be joined.

        Notes
        -----
        Joined are, as in ``lsst.daf.butler``'s query driver: the operands;
        the tables of elements that imply others or are always joined, unless
        an operand satisfies them; data ID tables; the regions of two spatial families, by
        their finest elements; tables of dimensions that are still missing.
        The smallest goes first, then what filters, what adds no rows, and
        what adds fewest.
        """
        left = [self._filter(operand.relation, filters) for operand in operands]
        left += [self._filter(found, filters) for found in self.relations(group, operands)]
        return self._fold(group, left, filters)

    def relations(self, group: DimensionGroup, operands: Sequence[JoinOperand]) -> list[Relation]:
        """Return what some dimensions must agree with beside what operands hold to.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions.
        operands : `~collections.abc.Sequence` [ `JoinOperand` ]
            Datasets and data IDs.

        Returns
        -------
        relations : `list` [ `~workbench.graph.joins.relation.Relation` ]
            Records that relate dimensions, and overlaps.

        Raises
        ------
        StockOnlyError
            As `natural_join`.
        """
        found = []
        for name in group.elements:
            element = self.universe[name]
            wanted = element.has_own_table and element.defines_relationships
            if wanted and not any(name in operand.satisfied for operand in operands):
                found.append(self.element(name))
        return [*found, *self._group_tables.of(group), *self.spatial.relations(group, operands)]

    def grouped(self, group: DimensionGroup) -> frozenset[str]:
        """Return the dimensions of the tables that say who is in which group.

        Parameters
        ----------
        group : `lsst.daf.butler.DimensionGroup`
            Dimensions of a join.

        Returns
        -------
        names : `frozenset` [ `str` ]
            None where no such table takes part in it.
        """
        return frozenset[str]().union(*(table.names for table in self._group_tables.of(group)))

    def _fold(self, group: DimensionGroup, left: list[Relation], filters: Sequence[KeyFilter]) -> Relation:
        missing = set(group.names).difference(*(relation.names for relation in left))
        while missing:
            # The table that gives most of the missing dimensions at once: fewer, larger joins, and
            # relations between them hold that separate tables would lose.
            best = max(
                (self.universe[name] for name in sorted(missing)),
                key=lambda element: len(set(element.dimensions.names) & missing),
            )
            found = self._table_of(best)
            left.append(self._filter(found, filters))
            if not missing & found.names:
                raise GraphBuildError(f"No table gives values of {sorted(missing)}; this is a defect.")
            missing -= found.names
        if not left:
            return Relation(self.codes, {}, 1)
        # Greedy, and enough: tables are few, and what explodes is a product of unrelated ones, which
        # this order leaves until something relates them.
        start = min(range(len(left)), key=lambda index: left[index].n_rows)
        done = left.pop(start)
        while left:
            index = min(range(len(left)), key=lambda number: self._cost(done, left[number]))
            done = self._filter(join(done, left.pop(index)), filters, done.names)
        return done.select(name for name in group.data_coordinate_keys)

    def _table_of(self, element: DimensionElement) -> Relation:
        if element.has_own_table:
            return self.element(element.name)
        target = element.implied_union_target
        if target is None:
            raise StockOnlyError(f"values of {element.name}, which no table has")
        names = list(element.required.names)
        return self.encode(self.snapshot.stored_records(target.name), names).distinct(names)

    def _cost(self, done: Relation, table: Relation) -> tuple[int, float]:
        """Order of joining: filters, lookups, then whatever adds fewest rows to one."""
        shared = [name for name in table.names if name in done.names]
        if not shared:
            return 3, table.n_rows
        if len(shared) == len(table.names):
            return 0, table.n_rows
        # What others imply makes no more data IDs.
        # Growth: rows of the table for each distinct value of what is shared. Above one, every row
        # would become several.
        space = 1
        for name in self.universe.conform(shared).required:
            space *= table.codes.size(name)
        growth = table.n_rows / max(1, min(space, table.n_rows))
        return (1 if growth <= 1.0 else 2), growth

    @staticmethod
    def _filter(
        relation: Relation, filters: Sequence[KeyFilter], done: frozenset[str] = frozenset()
    ) -> Relation:
        """Apply filters, but those whose dimensions were all there before."""
        for one in filters:
            if not done or not done.issuperset(one.names):
                relation = one.apply(relation)
        return relation
