"""The marker of a commit in the Butler: its identifier in a collection's documentation."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from uuid import UUID

from lsst.daf.butler import (
    Butler,
    CollectionType,
    DataCoordinate,
    DatasetRef,
    MissingCollectionError,
    MissingDatasetTypeError,
)

from workbench.registry.plan.plan import RegisterDatasetType

__all__ = ["WORKFLOW", "find_commit_id", "find_marker", "has_marker", "make_marker", "remove_traces"]

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
                    remove_traces(butler, collection, document_id)
                raise _UndoProbeError
    except _UndoProbeError:
        return False
    return has_marker(butler, collection, commit_id)


def remove_traces(butler: Butler, run: str, document_id: UUID, *, dry_run: bool = False) -> list[Path]:
    """Remove the files that a workflow record left without its RUN.  Writes.

    The datastore writes the record beside its final place before it renames
    it; a process that is killed there leaves a file that no Butler knows.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Butler of the repository.
    run : `str`
        A RUN that does not exist, and that no commit is about to register.
    document_id : `uuid.UUID`
        UUID of the record.
    dry_run : `bool`, optional
        Only say what would be removed.

    Returns
    -------
    files : `list` [ `pathlib.Path` ]
        What was removed; the directories that became empty are not listed.
    """
    try:
        dataset_type = butler.get_dataset_type(WORKFLOW.name)
    except MissingDatasetTypeError:
        return []  # It is registered before anything is put.
    ref = DatasetRef(dataset_type, DataCoordinate.make_empty(butler.dimensions), run=run, id=document_id)
    uri = butler.getURI(ref, predict=True).replace(fragment="")
    if not uri.isLocal:
        if uri.exists() and not dry_run:
            uri.remove()
        return []
    final = Path(uri.ospath)
    found = sorted(final.parent.glob(f"*{glob.escape(final.stem)}.tmp{final.suffix}"))
    if final.exists():
        found.append(final)
    if dry_run:
        return found
    for path in found:
        path.unlink(missing_ok=True)
    # Up to the root of the datastore, which holds other things.
    for directory in list(final.parents)[: 1 + len(run.split("/"))]:
        try:
            directory.rmdir()
        except OSError:
            break
    return found
