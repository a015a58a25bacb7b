"""Settling commits that a process left half done: forward if published, otherwise back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from lsst.daf.butler import CollectionType

from workbench.campaigns.commits.marker import find_marker, has_marker
from workbench.campaigns.commits.owner import Owner, is_under_way
from workbench.campaigns.commits.storage import CommitFiles
from workbench.errors import RepositoryLockedError
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.registry.database.clock import now

__all__ = ["Outcome", "recover", "release_registered", "settle"]

Outcome = Literal["committed", "rolled back"]

_FOREIGN_AGE_LIMIT = 1.0
"""Age after which a commit of a process that we cannot see counts as given up, in days."""

_MARK_ATTEMPTS = 12
"""How often to wait for another writer once all is published, each time as long as any writer waits."""


def settle(registry: Registry, commit_id: str, *, maybe_published: bool = True) -> Outcome:
    """Bring a prepared commit to one of its two ends.  Writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry, opened to be written.
    commit_id : `str`
        A prepared commit that no process is at work on.
    maybe_published : `bool`, optional
        `False` spares looking for the marker where the Butler was never
        touched.

    Returns
    -------
    outcome : `str`
        "committed" if the Butler has all of it, "rolled back" if nothing of
        it remains.

    Raises
    ------
    workbench.errors.RepositoryLockedError
        Raised if another writer holds the database; the commit stays prepared.
    """
    states = ("prepared", "committed", "rolled_back")
    row: Mapping[str, object] = registry.journal.read(states=states, commit_id=commit_id).to_pylist()[0]
    if row["state"] != "prepared":
        return "committed" if row["state"] == "committed" else "rolled back"
    intent = json.loads(str(row["intent"]))
    if maybe_published and intent["script"] is None and _is_published(registry, commit_id, intent):
        mark_committed(registry, commit_id, keep_names=False)
        return "committed"
    digest = str(row["graph_digest"]) if row["graph_digest"] else None
    if digest is not None and registry.journal.is_graph_in_use(digest, except_by=commit_id):
        digest = None
    # Files first: killed here, the next recovery finds the commit still prepared.
    CommitFiles(registry.storage_dir, commit_id).remove(graph_digest=digest)
    registry.journal.roll_back(commit_id)
    return "rolled back"


def _is_published(registry: Registry, commit_id: str, intent: Mapping[str, object]) -> bool:
    names = intent["names"]
    assert isinstance(names, list)
    if not registry.butler_writeable:
        registry.refresh()
        return has_marker(registry.butler, names[0], commit_id)
    document_id = UUID(str(intent["document_id"])) if intent["document_id"] else None
    with registry.writeable_butler() as butler:
        # Only a RUN has a workflow record, and a RUN comes first among the names.
        kind = CollectionType.TAGGED if document_id is None else CollectionType.RUN
        return find_marker(butler, names[0], kind, commit_id, document_id)


def mark_committed(
    registry: Registry, commit_id: str, *, keep_names: bool, progress: Progress = silent
) -> None:
    """Set a commit to committed, waiting for other writers.  Writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    commit_id : `str`
        A prepared commit.
    keep_names : `bool`
        Keep its names reserved, because a script has still to register them.
    progress : `~workbench.progress.Progress`, optional
        Told each time that another writer is waited for.

    Raises
    ------
    workbench.errors.RepositoryLockedError
        Raised if another writer never finishes.
    """
    for _ in range(_MARK_ATTEMPTS - 1):
        try:
            registry.journal.mark_committed(commit_id, keep_names=keep_names)
        except RepositoryLockedError:
            progress("wait for another writer")
        else:
            return
    registry.journal.mark_committed(commit_id, keep_names=keep_names)


def recover(registry: Registry, *, force: bool = False) -> list[tuple[str, str]]:
    """Settle the commits that dead processes left prepared.

    Called by every open that may write, and by ``workbench doctor``.  Writes
    only if there is such a commit.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    force : `bool`, optional
        Settle also those of processes that run, or may run, elsewhere: right
        only if you know that they do not.

    Returns
    -------
    actions : `list` [`tuple` [`str`, `str`]]
        Identifier of each prepared commit, and what was done: "rolled
        forward", "rolled back", or "left" with the reason.
    """
    actions: list[tuple[str, str]] = []
    for row in registry.journal.pending().to_pylist():
        commit_id = row["commit_id"]
        reason = _why_leave(registry, row, force=force)
        if reason:
            actions.append((commit_id, f"left: {reason}"))
            continue
        try:
            outcome = settle(registry, commit_id)
        except RepositoryLockedError as error:
            actions.append((commit_id, f"left: {error}"))
        else:
            actions.append((commit_id, "rolled forward" if outcome == "committed" else outcome))
    if not registry.read_only:
        release_registered(registry)
    if any(action == "rolled forward" for _, action in actions):
        registry.refresh()
    return actions


def release_registered(registry: Registry) -> None:
    """Release the names that scripts of commits have registered by now.  Writes only if there are such.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry, opened to be written.
    """
    reserved = {commit_id: name for name, commit_id in registry.journal.reserved_names().items()}
    for commit_id, name in reserved.items():
        done = registry.journal.read(commit_id=commit_id).num_rows > 0
        # All or nothing of a script is executed, so that one name tells of all.
        if done and has_marker(registry.butler, name, commit_id):
            registry.journal.release(commit_id)


def _why_leave(registry: Registry, row: Mapping[str, object], *, force: bool) -> str:
    """Return why a prepared commit has to stay as it is; empty if it may be settled."""
    if registry.read_only:
        return "opened read-only; open to write to settle it"
    if is_under_way(str(row["commit_id"])):
        return "this process is at work on it"
    owner = Owner.from_json(json.loads(str(row["intent"]))["owner"])
    # A commit of this very process that is not under way was given up.
    if force or owner == Owner.current():
        return ""
    liveness = owner.liveness()
    if liveness == "alive":
        return f"{owner} is at work on it; wait for it, or end it"
    age = now() - float(str(row["created"]))
    if liveness == "unknown" and age < _FOREIGN_AGE_LIMIT:
        return (
            f"{owner} may be at work on it, which cannot be seen from here; it is {age * 24:.1f} h old "
            f"and is settled after {_FOREIGN_AGE_LIMIT * 24:.0f} h, or now with force "
            "(workbench doctor --force)"
        )
    return ""
