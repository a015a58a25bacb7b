"""The marker of a commit in the Butler: its identifier in a collection's documentation."""

from __future__ import annotations

import re
from uuid import UUID

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    MissingCollectionError,
    MissingDatasetTypeError,
)

from workbench.registry.plan import RegisterDatasetType

__all__ = ["WORKFLOW", "find_commit_id", "find_marker", "has_marker", "make_marker"]

WORKFLOW = RegisterDatasetType("workbench_workflow", (), "StructuredDataDict")
"""Dataset type of the workflow's record in its RUN (DMTN-220 recommendation 1)."""


class _UndoProbeError(Exception):
    """Ends the transaction of a probe without its effect."""


def make_marker(commit_id: str) -> str:
    """Write the marker that documentation carries.

    Parameters
    ----------
    commit_id : `str`
        The commit.

    Returns
    -------
    marker : `str`
        A few words.
    """
    return f"Campaign Workbench commit {commit_id}"


_MARKER = re.compile(make_marker(r"([0-9a-f]{32})"))


def find_commit_id(documentation: str) -> str:
    """Find the commit whose marker a documentation carries.

    Parameters
    ----------
    documentation : `str`
        Of a collection.

    Returns
    -------
    commit_id : `str`
        Its identifier; empty if no commit registered the collection.
    """
    match = _MARKER.search(documentation or "")
    return match[1] if match is not None else ""


def has_marker(butler: Butler, collection: str, commit_id: str) -> bool:
    """Look for the marker; never writes.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler to read.
    collection : `str`
        Collection that the commit registers.
    commit_id : `str`
        The commit.

    Returns
    -------
    found : `bool`
        Whether this commit registered the collection.
    """
    try:
        return make_marker(commit_id) in butler.collections.get_info(collection).doc
    except MissingCollectionError:
        return False


def find_marker(
    butler: Butler, collection: str, kind: CollectionType, commit_id: str, document_id: UUID | None
) -> bool:
    """Look for the marker where the commit's process may have died a moment ago.

    A database server can still be finishing the last statement of a client
    that is gone.  Registering the same name waits for that; the registration
    itself is undone.  Where the name is free, the file of a workflow record
    that an undone transaction left behind is removed.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Writeable Butler, outside of a transaction.
    collection : `str`
        Collection that the commit registers.
    kind : `lsst.daf.butler.CollectionType`
        Type that the commit gives it.
    commit_id : `str`
        The commit.
    document_id : `uuid.UUID` or `None`
        UUID of the workflow record that it puts into the collection.

    Returns
    -------
    found : `bool`
        Whether this commit registered the collection.
    """
    try:
        with butler.transaction():
            if butler.collections.register(collection, kind):
                if document_id is not None:
                    _remove_document_file(butler, collection, document_id)
                raise _UndoProbeError
    except _UndoProbeError:
        return False
    return has_marker(butler, collection, commit_id)


def _remove_document_file(butler: Butler, run: str, document_id: UUID) -> None:
    try:
        dataset_type = butler.get_dataset_type(WORKFLOW.name)
    except MissingDatasetTypeError:
        return  # It is registered before anything is put.
    ref = DatasetRef(dataset_type, DataCoordinate.make_empty(butler.dimensions), run=run, id=document_id)
    uri = butler.getURI(ref, predict=True).replace(fragment="")
    if uri.exists():
        uri.remove()
