"""Reads of the Butler's own tables, in bulk."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from lsst.daf.butler import CollectionType, DatasetType, DimensionElement, DimensionGroup, DimensionUniverse

from workbench.snapshot._butler_schema import ButlerTables
from workbench.snapshot.frames import make_names
from workbench.snapshot.packing import Kind, PackedColumn, read_columns
from workbench.snapshot.reader import Collection, CollectionChains, Reader
from workbench.snapshot.schemas import data_id_schema, pixel_schema, stored_schema

__all__ = ["TableReader"]

_NAMED = 10_000
"""How many names or ids one statement takes."""


@dataclasses.dataclass(frozen=True, slots=True)
class _TypeRow:
    """What the table of dataset types says."""

    id: int
    storage_class: str
    dimensions_key: int
    tags: str
    calibs: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one collection and one governor."""

    collection: int
    governors: tuple[str, ...]
    rows: int


class TableReader(Reader):
    """Reads the Butler's tables in one transaction.

    Parameters
    ----------
    tables : `~workbench.snapshot._butler_schema.ButlerTables`
        The open transaction.
    universe : `lsst.daf.butler.DimensionUniverse`
        Dimensions of the repository.
    """

    def __init__(self, tables: ButlerTables, universe: DimensionUniverse):
        self._tables = tables
        self._universe = universe
        self._ids: dict[str, int] = {}
        self._types: dict[str, _TypeRow] = {}
        self._groups: dict[int, DimensionGroup] = {}
        self._found: dict[str, DatasetType | None] = {}

    def _select(
        self, columns: Sequence[sa.ColumnElement[Any]], by: sa.ColumnElement[Any], values: Iterable[Any]
    ) -> Iterator[Any]:
        wanted = list(values)
        for begin in range(0, len(wanted), _NAMED):
            statement = sa.select(*columns).where(by.in_(wanted[begin : begin + _NAMED]))
            yield from self._tables.connection.execute(statement)

    def read_keys(self, element: DimensionElement) -> pa.Table:
        """Read the keys of all records of an element.

        Parameters
        ----------
        element : `~lsst.daf.butler.DimensionElement`
            An element that has records.

        Returns
        -------
        keys : `pyarrow.Table`
            Required dimensions, in no order.
        """
        schema = data_id_schema(element.minimal_group, implied=False)
        if element.implied_union_target is not None:
            return self._fetch_records(element).select(schema.names).cast(schema)
        table, names = self._tables.element(element)
        columns = [PackedColumn(name, self._key_kind(name), table.c[names[name]]) for name in schema.names]
        return read_columns(self._tables.connection, columns, table).cast(schema)

    def _fetch_collections(self, names: tuple[str, ...]) -> CollectionChains:
        table, chains = self._tables.collections, self._tables.chains
        columns = [table.c.collection_id, table.c.name, table.c.type]
        found = {row.collection_id: row for row in self._select(columns, table.c.name, names)}
        children: dict[int, list[int]] = {}
        level = set(found)
        while level:
            parents = [key for key in level if found[key].type == CollectionType.CHAINED.value]
            links = self._select(
                [chains.c.parent, chains.c.position, chains.c.child], chains.c.parent, parents
            )
            children |= {key: [] for key in parents}
            for link in sorted(links, key=lambda link: (link.parent, link.position)):
                children[link.parent].append(link.child)
            level = {child for key in parents for child in children[key]} - set(found)
            found |= {row.collection_id: row for row in self._select(columns, table.c.collection_id, level)}
        self._ids |= {row.name: key for key, row in found.items()}
        return CollectionChains(
            {row.name: CollectionType(row.type) for row in found.values()},
            {
                found[key].name: tuple(dict.fromkeys(found[child].name for child in kept))
                for key, kept in children.items()
            },
        )

    def expect_dataset_types(self, names: Iterable[str]) -> None:
        """Look dataset types up at once: each by itself costs more than what a small graph reads of it.

        Parameters
        ----------
        names : `~collections.abc.Iterable` [ `str` ]
            Their names.
        """
        wanted = [name for name in dict.fromkeys(names) if name not in self._found]
        table, groups = self._tables.dataset_types, self._tables.dimension_groups
        rows = list(self._select(list(table.c), table.c.name, wanted))
        keys = {row.dimensions_key for row in rows} - self._groups.keys()
        dimensions: dict[int, list[str]] = {key: [] for key in keys}
        columns = [groups.c.dimension_graph_id, groups.c.dimension_name]
        for key, dimension in self._select(columns, groups.c.dimension_graph_id, keys):
            dimensions[key].append(dimension)
        self._groups |= {key: self._universe.conform(found) for key, found in dimensions.items()}
        self._found |= dict.fromkeys(wanted)
        for row in rows:
            self._types[row.name] = _TypeRow(
                row.id,
                row.storage_class,
                row.dimensions_key,
                row.tag_association_table,
                row.calibration_association_table,
            )
            self._found[row.name] = DatasetType(
                row.name,
                self._groups[row.dimensions_key],
                row.storage_class,
                isCalibration=row.calibration_association_table is not None,
            )

    def _find_dataset_type(self, name: str) -> DatasetType | None:
        self.expect_dataset_types([name])
        return self._found[name]

    def _fetch_associations(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        name = self._type_row(dataset_type).tags
        tagged = {found.name for found in collections if found.type is CollectionType.TAGGED}
        return self._read_datasets(dataset_type, name, collections, tagged, schema, ())

    def _fetch_certifications(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        name = self._type_row(dataset_type).calibs
        assert name is not None, "only called for calibrations"
        elsewhere = {found.name for found in collections}
        times = self._tables.timespan_columns()
        return self._read_datasets(dataset_type, name, collections, elsewhere, schema, times)

    def _type_row(self, dataset_type: DatasetType) -> _TypeRow:
        if dataset_type.name not in self._types:
            self._find_dataset_type(dataset_type.name)
        return self._types[dataset_type.name]

    def _read_datasets(
        self,
        dataset_type: DatasetType,
        name: str,
        collections: Sequence[Collection],
        elsewhere: set[str],
        schema: pa.Schema,
        times: Sequence[str],
    ) -> pa.Table:
        """Read the table of tags or of validity ranges, collection by collection.

        A collection and a governor's value are the same for very many rows,
        so they are constants of a statement and never cross the driver.
        """
        group = dataset_type.dimensions
        table = self._tables.table(
            name, "dataset_type_id", "dataset_id", "collection_id", *group.required, *times
        )
        own = table.c.dataset_type_id == self._type_row(dataset_type).id
        names = {self._ids[found.name]: found.name for found in collections}
        governors = [dimension for dimension in group.required if dimension in group.governors]
        parts: list[dict[str, Any]] = []
        for part in self._iter_parts(table, own, list(names), governors):
            where = [own, table.c.collection_id == part.collection]
            where += [table.c[key] == value for key, value in zip(governors, part.governors, strict=True)]
            columns = [
                *self._key_columns(group, table, governors),
                PackedColumn("dataset_id", Kind.UUID, table.c.dataset_id),
            ]
            joined: sa.FromClause = table
            if names[part.collection] in elsewhere:
                datasets = self._tables.datasets
                joined = table.join(datasets, datasets.c.id == table.c.dataset_id)
                columns.append(PackedColumn("run", Kind.INT, datasets.c.run_id))
            columns += self._time_columns(table, nullable=False) if times else []
            frame = read_columns(
                self._tables.connection, columns, table, where, joined=joined, rows=part.rows
            )
            n_rows = frame.num_rows
            known: dict[str, Any] = {name: frame[name] for name in frame.schema.names}
            known |= {
                key: pa.chunked_array([pa.repeat(value, n_rows)])
                for key, value in zip(governors, part.governors, strict=True)
            }
            known["collection"] = np.full(n_rows, part.collection)
            known["run"] = known["run"].to_numpy() if "run" in known else known["collection"]
            parts.append(known)
        return self._assemble(schema, parts, names)

    def _assemble(
        self, schema: pa.Schema, parts: Sequence[dict[str, Any]], names: dict[int, str]
    ) -> pa.Table:
        columns: list[Any] = []
        for field in schema:
            values = [part[field.name] for part in parts]
            if pa.types.is_dictionary(field.type):
                ids, codes = np.unique(np.concatenate([*values, np.zeros(0, np.int64)]), return_inverse=True)
                known = names | self._read_names(set(ids.tolist()) - set(names))
                columns.append(make_names([known[key] for key in ids.tolist()], codes))
            else:
                columns.append(
                    pa.chunked_array([chunk for value in values for chunk in value.chunks], field.type)
                )
        return pa.table(columns, schema=schema)

    def _read_names(self, ids: Iterable[int]) -> dict[int, str]:
        table = self._tables.collections
        rows = self._select([table.c.collection_id, table.c.name], table.c.collection_id, ids)
        return {row.collection_id: row.name for row in rows}

    def _iter_parts(
        self,
        table: sa.TableClause,
        own: sa.ColumnElement[bool],
        collections: Sequence[int],
        governors: Sequence[str],
    ) -> Iterator[_Part]:
        keys = [table.c.collection_id, *(table.c[name] for name in governors)]
        for begin in range(0, len(collections), _NAMED):
            wanted = table.c.collection_id.in_(collections[begin : begin + _NAMED])
            statement = sa.select(*keys, sa.func.count()).where(own, wanted).group_by(*keys)
            for row in self._tables.connection.execute(statement).all():
                yield _Part(row[0], tuple(row[1:-1]), row[-1])

    def _key_columns(
        self, group: DimensionGroup, table: sa.TableClause, constant: Sequence[str]
    ) -> list[PackedColumn]:
        return [
            PackedColumn(name, self._key_kind(name), table.c[name])
            for name in group.required
            if name not in constant
        ]

    def _key_kind(self, dimension: str) -> Kind:
        return _KINDS[self._universe.dimensions[dimension].primary_key.type]

    def _time_columns(self, table: sa.TableClause, *, nullable: bool) -> list[PackedColumn]:
        if self._tables.is_sqlite:
            return [
                PackedColumn(name, Kind.INT, table.c[name], nullable)
                for name in self._tables.timespan_columns()
            ]
        return [
            PackedColumn("timespan_begin", Kind.BEGIN, table.c.timespan, nullable),
            PackedColumn("timespan_end", Kind.END, table.c.timespan, nullable),
        ]

    def _fetch_records(self, element: DimensionElement) -> pa.Table:
        schema = stored_schema(element)
        target = element.implied_union_target
        if target is not None:
            table, names = self._tables.element(target)
            column = table.c[names[element.name]]
            values = self._tables.connection.execute(sa.select(column).distinct()).scalars().all()
            return pa.table([pa.array(values, schema.field(0).type)], schema=schema)
        table, names = self._tables.element(element)
        kinds = {spec.name: _KINDS[spec.type] for spec in element.schema.remainder if spec.type in _KINDS}
        columns = []
        for name, stored in names.items():
            kind = kinds.get(name) or self._key_kind(name)
            columns.append(PackedColumn(name, kind, table.c[stored], name not in element.required.names))
        if element.temporal is not None:
            columns += self._time_columns(table, nullable=True)
        return read_columns(self._tables.connection, columns, table).select(schema.names).cast(schema)

    def _fetch_pixels(self, element: DimensionElement) -> pa.Table:
        schema = pixel_schema(element)
        table, where = self._tables.pixels(element)
        columns = [PackedColumn(name, self._key_kind(name), table.c[name]) for name in element.required.names]
        columns.append(PackedColumn(schema.names[-1], Kind.INT, table.c.skypix_index))
        return read_columns(self._tables.connection, columns, table, where).cast(schema)


_KINDS: dict[str, Kind] = {
    "int": Kind.INT,
    "string": Kind.STRING,
    "float": Kind.FLOAT,
    "bool": Kind.BOOL,
    "hash": Kind.BASE64,
    "region": Kind.BASE64,
}
"""Kind by the type that a dimension's configuration names."""
