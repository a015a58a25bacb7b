"""What has to hold before a plan is executed, asked of any Butler.

As `workbench.registry.plan.steps`, this is a part of every script that a plan
becomes.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterator, Sequence
from typing import Literal
from uuid import UUID

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DatasetType,
    MissingCollectionError,
    MissingDatasetTypeError,
)
from sqlalchemy.exc import DBAPIError


class PlanError(Exception):
    """A plan cannot be executed; nothing was changed."""


class InputsChangedError(PlanError, RuntimeError):
    """What a graph was built from is no longer what it was."""


def digest_inputs(
    butler: Butler, collections: Sequence[str], dataset_types: Sequence[str], elements: Sequence[str] = ()
) -> tuple[tuple[str, str], ...]:
    """Digest what a graph is built from, through the public interface of any Butler.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.
    collections : `~collections.abc.Sequence` [`str`]
        Input collections in the order in which they are searched; chains are
        followed.  One that does not exist holds nothing.
    dataset_types : `~collections.abc.Sequence` [`str`]
        Names of the dataset types that are read.
    elements : `~collections.abc.Sequence` [`str`], optional
        Dimension elements whose records are read.

    Returns
    -------
    digests : `tuple` [`tuple` [`str`, `str`], ...]
        Of the definitions of the collections ("collections"), of each dataset
        type's datasets and validity ranges in them, and of the records of
        each element.
    """
    kinds: dict[str, list[str]] = {"CALIBRATION": [], "": []}
    lines = ["\t".join(collections)]
    for name in collections:
        with contextlib.suppress(MissingCollectionError):
            for info in butler.collections.query_info(name, flatten_chains=True, include_chains=True):
                lines.append("\t".join([info.name, info.type.name, *dict.fromkeys(info.children)]))
                if info.type is not CollectionType.CHAINED:
                    kinds["CALIBRATION" if info.type is CollectionType.CALIBRATION else ""].append(info.name)
    found = [("collections", sorted(set(lines)))]
    for name in sorted(set(dataset_types)):
        rows: list[str] = []
        with contextlib.suppress(MissingDatasetTypeError):
            dataset_type = butler.get_dataset_type(name)
            for kind, some in kinds.items():
                rows += _describe_datasets(butler, dataset_type, sorted(set(some)), timespans=bool(kind))
        found.append((name, sorted(set(rows))))
    for name in elements:
        records = butler.query_dimension_records(name, limit=None, explain=False)
        found.append((f"records of {name}", sorted(str(record.to_simple()) for record in records)))
    return tuple((name, hashlib.sha256("\n".join(rows).encode()).hexdigest()) for name, rows in found)


def _describe_datasets(
    butler: Butler, dataset_type: DatasetType, collections: Sequence[str], *, timespans: bool
) -> list[str]:
    if not collections or (timespans and not dataset_type.isCalibration()):
        return []
    name = dataset_type.name
    fields: set[Literal["collection", "dataset_id", "timespan"]] = {"collection", "dataset_id"}
    if timespans:
        fields.add("timespan")
    with butler.query() as query:
        rows = query.join_dataset_search(dataset_type, collections).general(
            dataset_type.dimensions, dataset_fields={name: fields}, find_first=False
        )
        return [
            f"{row[f'{name}.collection']}\t{row[f'{name}.dataset_id']}"
            + (f"\t{row[f'{name}.timespan'].nsec}" if timespans else "")
            for row in rows
        ]


def check_inputs(
    butler: Butler,
    collections: Sequence[str],
    dataset_types: Sequence[str],
    elements: Sequence[str],
    digests: Sequence[tuple[str, str]],
) -> None:
    """Refuse to go on if what a graph was built from has changed.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.
    collections, dataset_types, elements : `~collections.abc.Sequence` [`str`]
        What was read.
    digests : `~collections.abc.Sequence` [`tuple` [`str`, `str`]]
        What `digest_inputs` gave then.

    Raises
    ------
    InputsChangedError
        Raised if it gives something else now; says of what.
    """
    now = dict(digest_inputs(butler, collections, dataset_types, elements))
    changed = [name for name, digest in digests if now.get(name) != digest]
    if changed:
        raise InputsChangedError(
            f"the inputs have changed since the graph was built: {', '.join(changed)} in "
            f"{', '.join(collections)}; make the preview again, and commit that"
        )


def has_dataset(butler: Butler, dataset_id: UUID) -> bool:
    """Tell whether a repository has a dataset.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.
    dataset_id : `uuid.UUID`
        The dataset.

    Returns
    -------
    found : `bool`
        Whether it is registered.
    """
    return butler.get_dataset(dataset_id) is not None


def has_collection(butler: Butler, name: str, doc: str) -> bool:
    """Tell whether a repository has a collection of this very documentation.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Any Butler.
    name, doc : `str`
        Name and documentation.

    Returns
    -------
    found : `bool`
        `False` also if the name is another's.
    """
    try:
        return butler.collections.get_info(name).doc == doc
    except MissingCollectionError:
        return False


@contextlib.contextmanager
def open_to_write(repository: str) -> Iterator[Butler]:
    """Open the repository that a script's command line names.

    Parameters
    ----------
    repository : `str`
        The repository if the command line names none; may be empty.

    Yields
    ------
    butler : `lsst.daf.butler.Butler`
        Writeable.

    Raises
    ------
    PlanError
        Raised if no repository is named, or it cannot be written.
    """
    named = sys.argv[1] if len(sys.argv) > 1 else repository
    if not named or len(sys.argv) > 2:
        raise PlanError(f"name the repository: python {sys.argv[0]} REPOSITORY")
    try:
        butler = Butler.from_config(named, writeable=True)
    except (OSError, RuntimeError) as error:
        raise PlanError(f"the repository {named} cannot be opened: {error}") from error
    with butler:
        if not butler.isWriteable():
            raise PlanError(f"{named} can only be read; name the repository itself, which you may write")
        try:
            yield butler
        except DBAPIError as error:
            raise PlanError(f"the database of {named} refused: {error.orig}") from error
