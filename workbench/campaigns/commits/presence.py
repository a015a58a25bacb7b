"""What the Butler still has of what was committed, told by the commit's own marks.

A commit leaves its record as a dataset in its RUN, and its marker in the
documentation of every collection that it registers.  Names are no mark: after
a RUN was removed, a later commit may take its name.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lsst.daf.butler import Butler, CollectionInfo, MissingCollectionError

from workbench.campaigns.commits.marker import find_commit_id
from workbench.campaigns.commits.record import Commit
from workbench.campaigns.commits.withdrawing import read_withdrawn
from workbench.errors import RunGoneError
from workbench.presentation import presented
from workbench.registry import Registry

__all__ = ["Presence", "RunPresence", "check_run_present", "find_run_presence", "read_info"]


class Presence(enum.StrEnum):
    """What became of a collection that a commit registered."""

    PRESENT = "present"
    """It is there, and of this commit."""
    PROMISED = "promised"
    """Somebody has still to run the script that registers it."""
    GONE = "gone"
    """There is no collection of its name."""
    WITHDRAWN = "withdrawn"
    """Nobody has run the script that registers it, and nobody is to."""
    REPLACED = "replaced"
    """What has its name now is not of this commit."""


@presented
@dataclass(frozen=True, slots=True)
class RunPresence:
    """What became of the RUN of a commit.

    Parameters
    ----------
    run : `str`
        The collection.
    presence : `Presence`
        What became of it.
    has_record : `bool`
        Whether the commit's record is in it.
    by : `str`
        Identifier of the commit that has the name now, where it was replaced
        by one.
    reason : `str`
        Why the commit was withdrawn, where it was.
    """

    run: str
    presence: Presence
    has_record: bool = False
    by: str = ""
    reason: str = ""

    @property
    def is_present(self) -> bool:
        """Whether the RUN is there, and the commit's (`bool`)."""
        return self.presence is Presence.PRESENT

    def __str__(self) -> str:
        match self.presence:
            case Presence.PRESENT:
                return "present" if self.has_record else "present, without the record of its commit"
            case Presence.PROMISED:
                return "not registered yet: somebody has to run the commit's script"
            case Presence.WITHDRAWN:
                return f"never registered: the commit was withdrawn ({self.reason})"
            case Presence.GONE:
                return "gone: the RUN was removed since"
        by = f"commit {self.by}" if self.by else "somebody else, not by a commit"
        return f"gone: the RUN was removed since, and what has its name now was made by {by}"


def find_run_presence(registry: Registry, rows: Sequence[Mapping[str, Any]]) -> dict[str, RunPresence]:
    """Find out what became of the RUNs of commits; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    rows : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Rows of `~workbench.registry.journal.COMMIT_SCHEMA`; those without a
        RUN are left out.

    Returns
    -------
    presence : `dict` [ `str`, `RunPresence` ]
        By identifier of the commit.
    """
    butler = registry.butler
    intents = {row["commit_id"]: json.loads(row["intent"]) for row in rows if row["run"]}
    record_ids = {
        UUID(intent["document_id"]): commit_id
        for commit_id, intent in intents.items()
        if intent.get("document_id")
    }
    homes = (
        {record_ids[ref.id]: ref.run for ref in butler.get_many_datasets(record_ids)} if record_ids else {}
    )
    reserved = registry.journal.reserved_names()
    withdrawn = read_withdrawn(registry)
    found = {}
    for row in rows:
        commit_id, run = row["commit_id"], row["run"]
        if not run:
            continue
        if homes.get(commit_id) == run:
            found[commit_id] = RunPresence(run, Presence.PRESENT, has_record=True)
            continue
        info = read_info(butler, run)
        if commit_id in withdrawn and (info is None or find_commit_id(info.doc) != commit_id):
            found[commit_id] = RunPresence(run, Presence.WITHDRAWN, reason=withdrawn[commit_id])
            continue
        if info is None:
            promised = reserved.get(run) == commit_id
            found[commit_id] = RunPresence(run, Presence.PROMISED if promised else Presence.GONE)
            continue
        by = find_commit_id(info.doc)
        presence = Presence.PRESENT if by == commit_id else Presence.REPLACED
        found[commit_id] = RunPresence(run, presence, by=by if presence is Presence.REPLACED else "")
    return found


def read_info(butler: Butler, collection: str) -> CollectionInfo | None:
    """Read what a collection is, with its documentation; writes nothing.

    Parameters
    ----------
    butler : `lsst.daf.butler.Butler`
        Asked.
    collection : `str`
        Its name.

    Returns
    -------
    info : `lsst.daf.butler.CollectionInfo` or `None`
        `None` if there is none.
    """
    try:
        return butler.collections.get_info(collection)
    except MissingCollectionError:
        return None


def check_run_present(registry: Registry, commit: Commit) -> None:
    """Refuse to work in a RUN that is not the commit's any more; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    commit : `Commit`
        A commit of a graph.

    Raises
    ------
    workbench.errors.RunGoneError
        Raised if the RUN was removed, or is another's now.
    """
    rows = registry.journal.read(commit_id=commit.commit_id).to_pylist()
    found = find_run_presence(registry, rows).get(commit.commit_id)
    if found is not None and found.presence in {Presence.GONE, Presence.REPLACED, Presence.WITHDRAWN}:
        raise RunGoneError(
            f"{commit.run} of {commit} is {found}. A commit is executed and brought back in its own RUN "
            "only: commit the campaign again, and run that."
        )
