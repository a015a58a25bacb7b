"""The operations on a Butler that plans are made of.

The source of this file and of `workbench.registry.plan.preconditions` is also the
head of every script that a plan becomes: what is executed and what is reviewed
are the same functions.  So they import only each other, the standard library
and ``lsst.daf.butler``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    DatasetType,
)
from lsst.daf.butler.registry import ConflictingDefinitionError

from workbench.registry.plan.preconditions import PlanError


class NameExistsError(PlanError, ValueError):
    """A collection that was to be registered exists."""


class ChainChangedError(PlanError, RuntimeError):
    """A CHAINED collection no longer has the children that were expected."""


class MissingDatasetsError(PlanError, LookupError):
    """Datasets that were to be associated are no longer in the repository."""


class RecordsExistError(PlanError, ValueError):
    """Dimension records that were to be inserted exist, and say something else."""


def register_dataset_type(
    butler: Butler, name: str, dimensions: Sequence[str], storage_class: str, is_calibration: bool
) -> None:
    """Register a dataset type; an equal one may exist.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler, outside of a transaction.
    name : `str`
        Name of the dataset type.
    dimensions : `~collections.abc.Sequence` [`str`]
        Names of its dimensions.
    storage_class : `str`
        Name of its storage class.
    is_calibration : `bool`
        Whether it may be certified in a CALIBRATION collection.
    """
    butler.registry.registerDatasetType(
        DatasetType(name, butler.dimensions.conform(dimensions), storage_class, isCalibration=is_calibration)
    )


def _register(butler: Butler, name: str, kind: CollectionType, doc: str) -> None:
    # The return value is the only sign that the collection existed: without
    # this check two publishers of one name would silently merge.
    if not butler.collections.register(name, kind, doc=doc or None):
        existing = butler.collections.get_info(name)
        raise NameExistsError(
            f"the {kind.name} collection {name!r} cannot be registered: a {existing.type.name} collection of "
            f"this name exists ({existing.doc or 'without documentation'}); choose another name"
        )


def register_run(butler: Butler, name: str, doc: str) -> None:
    """Register a RUN collection that does not exist yet.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    name, doc : `str`
        Name and documentation of the collection.

    Raises
    ------
    NameExistsError
        Raised if any collection has this name.
    """
    _register(butler, name, CollectionType.RUN, doc)


def register_tagged(butler: Butler, name: str, doc: str) -> None:
    """Register a TAGGED collection that does not exist yet.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    name, doc : `str`
        Name and documentation of the collection.

    Raises
    ------
    NameExistsError
        Raised if any collection has this name.
    """
    _register(butler, name, CollectionType.TAGGED, doc)


def register_chain(butler: Butler, name: str, doc: str) -> None:
    """Register an empty CHAINED collection that does not exist yet.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    name, doc : `str`
        Name and documentation of the collection.

    Raises
    ------
    NameExistsError
        Raised if any collection has this name.
    """
    _register(butler, name, CollectionType.CHAINED, doc)


def associate(butler: Butler, collection: str, dataset_ids: Sequence[UUID]) -> None:
    """Associate datasets with a TAGGED collection.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    collection : `str`
        Name of the TAGGED collection.
    dataset_ids : `~collections.abc.Sequence` [`uuid.UUID`]
        The datasets.

    Raises
    ------
    MissingDatasetsError
        Raised if a dataset is no longer in the repository.
    """
    refs = butler.get_many_datasets(dataset_ids)
    missing = sorted(set(dataset_ids) - {ref.id for ref in refs})
    if missing:
        raise MissingDatasetsError(
            f"{len(missing)} of {len(dataset_ids)} datasets for {collection!r} are no longer in the "
            f"repository, the first is {missing[0]}; select them again"
        )
    butler.registry.associate(collection, refs)


def redefine_chain(butler: Butler, chain: str, children: Sequence[str], expected: Sequence[str]) -> None:
    """Replace the children of a CHAINED collection if they are as expected.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler, inside a transaction.
    chain : `str`
        Name of the CHAINED collection.
    children, expected : `~collections.abc.Sequence` [`str`]
        Its new children, and those that it must have now.

    Raises
    ------
    ChainChangedError
        Raised if the children are not those expected.
    """
    # Extending by nothing takes the lock on the chain: of two publishers that
    # both expect the same children, the second waits here and then sees what
    # the first one did.
    butler.collections.extend_chain(chain, ())
    found = butler.collections.get_info(chain).children
    if tuple(found) != tuple(expected):
        raise ChainChangedError(
            f"the chain {chain!r} was changed by someone else: expected {list(expected)}, "
            f"found {list(found)}; look at what is there now and decide again"
        )
    butler.collections.redefine_chain(chain, list(children))


def set_documentation(butler: Butler, collection: str, doc: str) -> None:
    """Set the documentation of a collection.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    collection, doc : `str`
        Name of the collection, and the text.
    """
    butler.registry.setCollectionDocumentation(collection, doc)


def put_document(butler: Butler, run: str, dataset_type: str, dataset_id: UUID, document: str) -> None:
    """Put a small structured dataset without dimensions into a RUN collection.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    run, dataset_type : `str`
        RUN collection and dataset type.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    document : `str`
        Content, as JSON text of an object.
    """
    ref = DatasetRef(
        butler.get_dataset_type(dataset_type),
        DataCoordinate.make_empty(butler.dimensions),
        run=run,
        id=dataset_id,
    )
    butler.put(json.loads(document), ref)


def _make_ref(
    butler: Butler, run: str, dataset_type: str, dataset_id: UUID, data_id: Sequence[tuple[str, int | str]]
) -> DatasetRef:
    # Names of files need what data IDs imply.
    full = butler.registry.expandDataId(dict(data_id))
    return DatasetRef(butler.get_dataset_type(dataset_type), full, run=run, id=dataset_id)


def put_mapping(
    butler: Butler,
    run: str,
    dataset_type: str,
    dataset_id: UUID,
    data_id: Sequence[tuple[str, int | str]],
    content: Mapping[object, object],
) -> None:
    """Put a mapping into a RUN collection.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    run, dataset_type : `str`
        RUN collection and dataset type, of the storage class
        ``StructuredDataDict``.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    data_id : `~collections.abc.Sequence` [`tuple` [`str`, `int` or `str`]]
        Dimensions and their values.
    content : `~collections.abc.Mapping`
        The mapping; keys that are numbers stay numbers.
    """
    butler.put(dict(content), _make_ref(butler, run, dataset_type, dataset_id, data_id))


def put_table(
    butler: Butler,
    run: str,
    dataset_type: str,
    dataset_id: UUID,
    data_id: Sequence[tuple[str, int | str]],
    columns: Sequence[tuple[str, Sequence[int]]],
) -> None:
    """Put a table of whole numbers into a RUN collection.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    run, dataset_type : `str`
        RUN collection and dataset type, of a storage class of astropy tables.
    dataset_id : `uuid.UUID`
        UUID that the dataset gets.
    data_id : `~collections.abc.Sequence` [`tuple` [`str`, `int` or `str`]]
        Dimensions and their values.
    columns : `~collections.abc.Sequence` [`tuple` [`str`, `~collections.abc.Sequence` [`int`]]]
        Names and values of the columns.
    """
    ref = _make_ref(butler, run, dataset_type, dataset_id, data_id)
    # A plain table or one with units: the Butler converts neither into the other.
    make_table = ref.datasetType.storageClass.pytype
    butler.put(make_table({name: list(values) for name, values in columns}), ref)


def insert_records(
    butler: Butler, element: str, columns: Sequence[str], rows: Sequence[Sequence[int | str]]
) -> None:
    """Insert dimension records; equal ones may exist.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler.
    element : `str`
        Name of the dimension element.
    columns : `~collections.abc.Sequence` [`str`]
        Names of the fields, as in its records.
    rows : `~collections.abc.Sequence` [`~collections.abc.Sequence`]
        Values of the fields.

    Raises
    ------
    RecordsExistError
        Raised if a record with the same key and other values exists.
    """
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if element not in butler.dimensions.dimensions.names:
        # A row of a relation is nothing but its key, so one that is there is equal.
        butler.registry.insertDimensionData(element, *records, skip_existing=True)
        return
    for record in records:
        try:
            butler.registry.syncDimensionData(element, record)
        except ConflictingDefinitionError as error:
            raise RecordsExistError(
                f"the {element} {record} cannot be inserted: a record with its key exists and says something "
                "else; decide again with what is there now"
            ) from error
