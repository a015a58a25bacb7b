"""Reads through the public interface of any Butler: slower, and always possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import pyarrow as pa
from lsst.daf.butler import (
    Butler,
    CollectionType,
    DatasetType,
    DimensionElement,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from lsst.sphgeom import Region

from workbench.snapshot.frames import make_names
from workbench.snapshot.reader import Collection, CollectionChains, Reader
from workbench.snapshot.records import store_records
from workbench.snapshot.schemas import pixel_schema

__all__ = ["PublicReader", "make_pixels"]

_Field: TypeAlias = Literal["dataset_id", "ingest_date", "run", "collection", "timespan"]


class PublicReader(Reader):
    """Reads from any Butler, remote ones included.

    Each read sees a state of its own; `workbench.snapshot.take_snapshot`
    reads until two passes agree.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Where to read from; nothing is written.
    """

    def __init__(self, butler: Butler):
        self._butler = butler

    def _fetch_collections(self, names: tuple[str, ...]) -> CollectionChains:
        types: dict[str, CollectionType] = {}
        chains: dict[str, tuple[str, ...]] = {}
        for name in names:
            try:
                infos = self._butler.collections.query_info(name, flatten_chains=True, include_chains=True)
            except MissingCollectionError:
                continue
            for info in infos:
                types[info.name] = info.type
                if info.type is CollectionType.CHAINED:
                    # A chain that is reached by two ways comes with its children twice.
                    chains[info.name] = tuple(dict.fromkeys(info.children))
        return CollectionChains(types, chains)

    def _find_dataset_type(self, name: str) -> DatasetType | None:
        try:
            return self._butler.get_dataset_type(name)
        except MissingDatasetTypeError:
            return None

    def _fetch_associations(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        return _make_frame(
            schema, self._query(dataset_type, collections, ["dataset_id", "run", "collection"])
        )

    def _fetch_certifications(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table:
        fields: list[_Field] = ["dataset_id", "run", "collection", "timespan"]
        rows = self._query(dataset_type, collections, fields)
        return _make_frame(schema, [(*row[:-1], *row[-1].nsec) for row in rows])

    def _query(
        self, dataset_type: DatasetType, collections: Sequence[Collection], fields: Sequence[_Field]
    ) -> list[tuple[Any, ...]]:
        name = dataset_type.name
        with self._butler.query() as query:
            joined = query.join_dataset_search(dataset_type, [collection.name for collection in collections])
            results = joined.general(
                dataset_type.dimensions, dataset_fields={name: set(fields)}, find_first=False
            )
            columns = [*dataset_type.dimensions.required, *(f"{name}.{field}" for field in fields)]
            return [tuple(map(row.__getitem__, columns)) for row in results]

    def _fetch_records(self, element: DimensionElement) -> pa.Table:
        with self._butler.query() as query:
            return store_records(element, query.dimension_records(element.name))

    def _fetch_pixels(self, element: DimensionElement) -> pa.Table:
        return make_pixels(element, self._fetch_records(element))


def make_pixels(element: DimensionElement, records: pa.Table) -> pa.Table:
    """Compute which common pixels the regions of an element touch.

    The Butler stores the same when a record is inserted.

    Parameters
    ----------
    element : `lsst.daf.butler.DimensionElement`
        A spatial element.
    records : `pyarrow.Table`
        Its records.

    Returns
    -------
    pixels : `pyarrow.Table`
        With `~workbench.snapshot.schemas.pixel_schema`, in no order.
    """
    schema = pixel_schema(element)
    envelope = element.universe.commonSkyPix.pixelization.envelope
    rows: list[int] = []
    pixels: list[int] = []
    for row, region in enumerate(records["region"].to_pylist()):
        for begin, end in envelope(Region.decode(region)) if region is not None else ():
            pixels.extend(range(begin, end))
            rows.extend([row] * (end - begin))
    keys = records.select(list(element.required.names)).take(pa.array(rows, pa.int64()))
    table = keys.append_column(schema.names[-1], pa.array(pixels, pa.int64()))
    return table.cast(schema)


def _make_frame(schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays: list[pa.Array[Any]] = []
    for field, values in zip(schema, columns, strict=True):
        if field.name == "dataset_id":
            arrays.append(pa.array([value.bytes for value in values], field.type))
        elif pa.types.is_dictionary(field.type):
            names = sorted(set(values))
            codes = {name: code for code, name in enumerate(names)}
            arrays.append(make_names(names, [codes[value] for value in values]))
        else:
            arrays.append(pa.array(values, field.type))
    return pa.table(arrays, schema=schema)
