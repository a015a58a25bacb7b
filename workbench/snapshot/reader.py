"""What a snapshot is read through: one consistent state of a repository."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
from lsst.daf.butler import CollectionType, DatasetType, DimensionElement

from workbench.errors import UnknownNameError
from workbench.snapshot.frames import sort_frame
from workbench.snapshot.schemas import association_schema, certification_schema

__all__ = ["Collection", "CollectionChains", "Reader"]


@dataclasses.dataclass(frozen=True, slots=True)
class Collection:
    """A collection and its type.

    Parameters
    ----------
    name : `str`
        Name of the collection.
    type : `~lsst.daf.butler.CollectionType`
        What it is.
    """

    name: str
    type: CollectionType


@dataclasses.dataclass(frozen=True, slots=True)
class CollectionChains:
    """Collections by name, and what chains are made of.

    Parameters
    ----------
    types : `~collections.abc.Mapping` [ `str`, `~lsst.daf.butler.CollectionType` ]
        Type of every collection that was asked for or is below one.
    chains : `~collections.abc.Mapping` [ `str`, `tuple` [ `str`, ... ] ]
        Children of every chain among them, in their order.
    """

    types: Mapping[str, CollectionType]
    chains: Mapping[str, tuple[str, ...]]

    def flatten(self, names: Sequence[str]) -> tuple[Collection, ...]:
        """Put collections in the order in which they are searched.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Collections, chains among them.

        Returns
        -------
        collections : `tuple` [ `Collection`, ... ]
            No chain, and each collection once, where it is first met.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if a collection is not in this tree.
        """
        found = dict.fromkeys(self._iter_leaves(names))
        return tuple(Collection(name, self.types[name]) for name in found)

    def _iter_leaves(self, names: Sequence[str]) -> Iterator[str]:
        for name in names:
            if name not in self.types:
                raise UnknownNameError(
                    f"There is no collection {name!r} among those that were read: {', '.join(self.types)}."
                )
            if name in self.chains:
                yield from self._iter_leaves(self.chains[name])
            else:
                yield name


class Reader(abc.ABC):
    """Reads frames in canonical form: declared schema, sorted, one chunk."""

    def read_collections(self, names: Sequence[str]) -> CollectionChains:
        """Read collections and all that is below them.

        Parameters
        ----------
        names : `~collections.abc.Sequence` [ `str` ]
            Collection names; one that does not exist is left out.

        Returns
        -------
        tree : `CollectionChains`
            What there is.
        """
        return self._fetch_collections(tuple(dict.fromkeys(names)))

    def expect_dataset_types(self, names: Iterable[str]) -> None:  # noqa: B027 - most need no notice
        """Take notice of dataset types that are going to be looked up.

        Parameters
        ----------
        names : `~collections.abc.Iterable` [ `str` ]
            Their names; whoever can, looks them up at once.
        """

    def find_dataset_type(self, name: str) -> DatasetType | None:
        """Look up a dataset type.

        Parameters
        ----------
        name : `str`
            Its name.

        Returns
        -------
        dataset_type : `~lsst.daf.butler.DatasetType` or `None`
            `None` where the repository does not know it.
        """
        return self._find_dataset_type(name)

    def read_associations(self, dataset_type: DatasetType, collections: Sequence[Collection]) -> pa.Table:
        """Read the datasets of RUN and TAGGED collections.

        Parameters
        ----------
        dataset_type : `~lsst.daf.butler.DatasetType`
            A registered dataset type.
        collections : `~collections.abc.Sequence` [ `Collection` ]
            Where to look; others than RUN and TAGGED are passed over.

        Returns
        -------
        associations : `pyarrow.Table`
            With `~workbench.snapshot.schemas.association_schema`, by key and
            collection.
        """
        schema = association_schema(dataset_type.dimensions)
        kinds = {CollectionType.RUN, CollectionType.TAGGED}
        places = [collection for collection in collections if collection.type in kinds]
        if not places:
            return schema.empty_table()
        frame = self._fetch_associations(dataset_type, places, schema)
        return sort_frame(frame, [*dataset_type.dimensions.required, "collection"])

    def read_certifications(self, dataset_type: DatasetType, collections: Sequence[Collection]) -> pa.Table:
        """Read the datasets of CALIBRATION collections.

        Parameters
        ----------
        dataset_type : `~lsst.daf.butler.DatasetType`
            A registered dataset type.
        collections : `~collections.abc.Sequence` [ `Collection` ]
            Where to look; others than CALIBRATION are passed over.

        Returns
        -------
        certifications : `pyarrow.Table`
            With `~workbench.snapshot.schemas.certification_schema`, by key,
            collection, range and dataset.
        """
        schema = certification_schema(dataset_type.dimensions)
        places = [found for found in collections if found.type is CollectionType.CALIBRATION]
        if not places or not dataset_type.isCalibration():
            return schema.empty_table()
        frame = self._fetch_certifications(dataset_type, places, schema)
        order = ["collection", "timespan_begin", "timespan_end", "dataset_id"]
        return sort_frame(frame, [*dataset_type.dimensions.required, *order])

    def read_records(self, element: DimensionElement) -> pa.Table:
        """Read all records of an element.

        Parameters
        ----------
        element : `~lsst.daf.butler.DimensionElement`
            An element that has records.

        Returns
        -------
        records : `pyarrow.Table`
            With `~workbench.snapshot.schemas.stored_schema`, by key.
        """
        return sort_frame(self._fetch_records(element), list(element.required.names))

    def read_pixels(self, element: DimensionElement) -> pa.Table:
        """Read which common pixels the regions of an element touch.

        Parameters
        ----------
        element : `~lsst.daf.butler.DimensionElement`
            A spatial element.

        Returns
        -------
        pixels : `pyarrow.Table`
            With `~workbench.snapshot.schemas.pixel_schema`, by key and pixel.
        """
        frame = self._fetch_pixels(element)
        return sort_frame(frame, frame.schema.names)

    @abc.abstractmethod
    def _fetch_collections(self, names: tuple[str, ...]) -> CollectionChains: ...

    @abc.abstractmethod
    def _find_dataset_type(self, name: str) -> DatasetType | None: ...

    @abc.abstractmethod
    def _fetch_associations(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table: ...

    @abc.abstractmethod
    def _fetch_certifications(
        self, dataset_type: DatasetType, collections: Sequence[Collection], schema: pa.Schema
    ) -> pa.Table: ...

    @abc.abstractmethod
    def _fetch_records(self, element: DimensionElement) -> pa.Table: ...

    @abc.abstractmethod
    def _fetch_pixels(self, element: DimensionElement) -> pa.Table: ...
