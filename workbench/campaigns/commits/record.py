"""The record of a commit, as readers see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.campaigns.commits.storage import compute_digest
from workbench.campaigns.commits.withdrawing import read_withdrawn
from workbench.errors import GraphChangedError, UnknownNameError
from workbench.presentation import presented
from workbench.registry import Registry

__all__ = ["Commit", "check_committed_graph", "load_commit", "read_commits"]


@presented
@dataclass(frozen=True, slots=True)
class Commit:
    """What was committed.

    Parameters
    ----------
    commit_id : `str`
        Identifier, 32 hexadecimal digits; also in the documentation of the
        collections that it registered.
    state : `str`
        "committed", "prepared" while it is under way, or "withdrawn" before
        anybody executed its script.
    kind, campaign, author : `str`
        As requested.
    run : `str` or `None`
        Output RUN collection.
    output : `str` or `None`
        CHAINED collection to which the RUN is added after execution.
    created, finished : `float`
        MJD TAI in days; ``finished`` is `None` while it is under way.
    fence : `str`
        Digest of what the preview read.
    graph_path : `pathlib.Path` or `None`
        The graph file.
    graph_digest : `str` or `None`
        Its SHA-256 in hex.
    script_path : `pathlib.Path` or `None`
        Script with the writes to the Butler, where they could not be made
        from here: somebody with permission has to run it.
    tagged, chain : `str` or `None`
        Collection that was published, and the chain that points to it.
    n_published : `int`
        Number of datasets that were published.
    record : `~collections.abc.Mapping`
        The workflow's record.
    """

    commit_id: str
    state: str
    kind: str
    campaign: str
    author: str
    run: str | None
    output: str | None
    created: float
    finished: float | None
    fence: str
    graph_path: Path | None
    graph_digest: str | None
    script_path: Path | None
    tagged: str | None
    chain: str | None
    n_published: int
    record: Mapping[str, object]

    def __str__(self) -> str:
        what = ", ".join(filter(None, [self.run, self.tagged]))
        return f"{self.kind} commit {self.commit_id[:12]} of {self.campaign} ({what}), {self.state}"


def read_commits(registry: Registry, *, pending: bool = False) -> pa.Table:
    """Return the commits; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    pending : `bool`, optional
        Show also commits that are under way or were interrupted.

    Returns
    -------
    commits : `pyarrow.Table`
        Of `~workbench.registry.journal.COMMIT_SCHEMA`, oldest first, with
        absolute graph paths.
    """
    rows = registry.journal.read(states=["committed", "prepared"] if pending else ["committed"])
    if withdrawn := read_withdrawn(registry):
        states = [
            "withdrawn" if row["commit_id"] in withdrawn else row["state"]
            for row in rows.select(["commit_id", "state"]).to_pylist()
        ]
        position = rows.schema.get_field_index("state")
        rows = rows.set_column(position, rows.schema.field(position), pa.array(states, pa.string()))
    position = rows.schema.get_field_index("graph_path")
    paths = [path and str(registry.storage_dir / path) for path in rows.column(position).to_pylist()]
    return rows.set_column(position, rows.schema.field(position), pa.array(paths, pa.string()))


def load_commit(registry: Registry, name: str) -> Commit:
    """Return one committed commit; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    name : `str`
        Identifier of the commit, or its output RUN.

    Returns
    -------
    commit : `Commit`
        The newest of this name.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if nothing of this name was committed; lists what was.
    """
    found = registry.journal.read(commit_id=name)
    if not found.num_rows:
        found = registry.journal.read(run=name)
    if not found.num_rows:
        there = registry.journal.read().select(["commit_id", "run"]).to_pylist()
        known = ", ".join(str(row["run"] or row["commit_id"]) for row in there[-10:]) or "none yet"
        raise UnknownNameError(f"There is no commit {name!r}; the newest are: {known}.")
    return _make_commit(registry, found.slice(found.num_rows - 1).to_pylist()[0])


def check_committed_graph(commit: Commit) -> None:
    """Refuse a graph file that is not the one that was committed.

    Parameters
    ----------
    commit : `Commit`
        A commit; one that has no graph is left alone.

    Raises
    ------
    workbench.errors.GraphChangedError
        Raised if the file is gone or has another content.
    """
    if commit.graph_path is None:
        return
    advice = "Restore it from a backup, or commit the campaign again, which takes a new RUN."
    if not commit.graph_path.is_file():
        raise GraphChangedError(f"The graph file {commit.graph_path} of {commit} is gone. {advice}")
    if (digest := compute_digest(commit.graph_path)) != commit.graph_digest:
        raise GraphChangedError(
            f"The graph file {commit.graph_path} of {commit} was changed: its SHA-256 is {digest}, and "
            f"{commit.graph_digest} was committed. What runs has to be what was committed. {advice}"
        )


def _make_commit(registry: Registry, row: Mapping[str, Any]) -> Commit:
    intent = json.loads(row["intent"])
    publication = intent["publication"] or {}
    storage = registry.storage_dir
    return Commit(
        commit_id=row["commit_id"],
        state="withdrawn" if row["commit_id"] in read_withdrawn(registry) else row["state"],
        kind=row["kind"],
        campaign=row["campaign"],
        author=row["author"],
        run=row["run"],
        created=row["created"],
        finished=row["finished"],
        fence=row["fence"],
        graph_digest=row["graph_digest"],
        output=intent["output"],
        graph_path=storage / row["graph_path"] if row["graph_path"] else None,
        script_path=storage / intent["script"] if intent["script"] else None,
        tagged=publication.get("tagged"),
        chain=publication.get("chain") or None,
        n_published=publication.get("n_datasets", 0),
        record=intent["record"],
    )
