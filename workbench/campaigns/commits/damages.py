"""Whether what was committed is whole, and what of it was removed on purpose."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler, MissingDatasetTypeError

from workbench.campaigns.commits.marker import find_commit_id
from workbench.campaigns.commits.presence import Presence, find_run_presence, read_info
from workbench.campaigns.commits.record import read_commits
from workbench.campaigns.commits.storage import compute_digest
from workbench.campaigns.commits.withdrawing import read_withdrawn
from workbench.errors import UnknownNameError
from workbench.presentation import presented
from workbench.registry import Column, Registry, TableDeclaration

__all__ = ["ACKNOWLEDGED", "Damage", "acknowledge", "find_damages", "read_acknowledged"]

ACKNOWLEDGED = TableDeclaration(
    name="acknowledged",
    columns=(
        Column("damage", "str", doc="What doctor found, as it names it", nullable=False),
        Column("reason", "str", doc="Why it is as it should be", nullable=False),
        Column("author", "str", doc="Who says so", nullable=False),
    ),
    key=("damage",),
    current="latest",
    doc="What of commits was removed or changed on purpose",
    visible=False,
)


@presented
@dataclass(frozen=True, slots=True)
class Damage:
    """A part of a commit that is not what was committed.

    Parameters
    ----------
    key : `str`
        Tells it from any other, and from the same with more missing.
    subjects : `tuple` [ `str`, ... ]
        What it may be called by: the commit, its RUN, its collections.
    sentence : `str`
        What is amiss.
    """

    key: str
    subjects: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def find_damages(registry: Registry) -> Iterator[Damage]:
    """Find what of commits is missing or was changed; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Yields
    ------
    damage : `Damage`
        Acknowledged ones too.
    """
    rows = read_commits(registry).to_pylist()
    presence = find_run_presence(registry, rows)
    withdrawn = read_withdrawn(registry)
    newest = {_chain_of(row): row["commit_id"] for row in rows}
    for row in rows:
        name, commit_id = f"commit {row['commit_id']}", row["commit_id"]
        intent = json.loads(row["intent"])
        run = presence.get(commit_id)
        subjects = (commit_id, row["run"] or "")
        if run is not None and run.presence in {Presence.GONE, Presence.REPLACED}:
            text = (
                f"the collection {run.run} is gone"
                if run.presence is Presence.GONE
                else f"the collection {run.run} is {run}"
            )
            yield Damage(f"{commit_id}:run:{run.by or run.presence.value}", subjects, f"{name}: {text}")
        elif run is not None and run.presence is Presence.PRESENT and not run.has_record:
            yield Damage(
                f"{commit_id}:record",
                subjects,
                f"{name}: its record was removed from the collection {run.run}",
            )
        elif run is not None and run.presence is Presence.PRESENT and commit_id in withdrawn:
            yield Damage(
                f"{commit_id}:withdrawn",
                subjects,
                f"{name}: it was withdrawn ({withdrawn[commit_id]}), and somebody executed its script since: "
                f"the collection {run.run} is there",
            )
        publication = intent.get("publication")
        # Where a script has to be run by somebody else, its collections may still have to come.
        if publication and not intent.get("script"):
            is_newest = newest[publication["chain"]] == commit_id
            yield from _iter_published(registry.butler, commit_id, publication, is_newest=is_newest)
        yield from _iter_graph(row, name, subjects)


def _chain_of(row: Mapping[str, Any]) -> str:
    return (json.loads(row["intent"]).get("publication") or {}).get("chain") or ""


def _iter_published(
    butler: Butler, commit_id: str, publication: Mapping[str, Any], *, is_newest: bool
) -> Iterator[Damage]:
    tagged, chain = publication["tagged"], publication["chain"]
    subjects, name = (commit_id, tagged, chain or ""), f"commit {commit_id}"
    info = read_info(butler, tagged)
    if info is None:
        yield Damage(f"{commit_id}:tagged", subjects, f"{name}: the collection {tagged} is gone")
    elif find_commit_id(info.doc) != commit_id:
        yield Damage(
            f"{commit_id}:tagged:replaced",
            subjects,
            f"{name}: the collection {tagged} was removed, and somebody made another one of its name",
        )
    elif (n_now := _count(butler, publication["dataset_type"], tagged)) != publication["n_datasets"]:
        yield Damage(
            f"{commit_id}:tagged:{n_now}",
            subjects,
            f"{name}: {tagged} holds {n_now} {publication['dataset_type']}, and {publication['n_datasets']} "
            "were published",
        )
    if not chain or not is_newest:
        return
    children = (pointer := read_info(butler, chain)) and pointer.children
    if pointer is None:
        yield Damage(f"{commit_id}:chain", subjects, f"{name}: the chain {chain} is gone")
    elif tagged not in (children or ()):
        held = ", ".join(children or ()) or "nothing"
        yield Damage(
            f"{commit_id}:chain:{held}",
            subjects,
            f"{name}: the chain {chain} no longer points to {tagged}: the publication was undone "
            f"(it holds {held})",
        )


def _count(butler: Butler, dataset_type: str, collection: str) -> int:
    try:
        with butler.query() as query:
            return int(query.datasets(dataset_type, [collection], find_first=False).count(exact=True))
    except MissingDatasetTypeError:
        return 0


def _iter_graph(row: Mapping[str, Any], name: str, subjects: tuple[str, ...]) -> Iterator[Damage]:
    if not row["graph_path"]:
        return
    commit_id, digest = row["commit_id"], ""
    try:
        digest = compute_digest(Path(row["graph_path"]))
    except FileNotFoundError:
        text = "is gone"
    except OSError as error:
        text = f"cannot be read: {error.strerror}"
    else:
        if digest == row["graph_digest"]:
            return
        text = "was changed"
    yield Damage(
        f"{commit_id}:graph:{digest}", subjects, f"{name}: the graph file {row['graph_path']} {text}"
    )


def read_acknowledged(registry: Registry) -> dict[str, str]:
    """Read what was acknowledged; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Returns
    -------
    reasons : `dict` [ `str`, `str` ]
        Why, by `Damage.key`.
    """
    table = registry.tables().get(ACKNOWLEDGED.name)
    if table is None:
        return {}
    return {row["damage"]: row["reason"] for row in table.read(columns=["damage", "reason"]).to_pylist()}


def acknowledge(
    registry: Registry, damages: Sequence[Damage], subjects: Sequence[str], *, reason: str
) -> list[Damage]:
    """Acknowledge that something was removed or changed on purpose; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    damages : `~collections.abc.Sequence` [ `Damage` ]
        What was found.
    subjects : `~collections.abc.Sequence` [ `str` ]
        RUNs, other collections, or commits.
    reason : `str`
        Why.

    Returns
    -------
    acknowledged : `list` [ `Damage` ]
        What of the damages belongs to the subjects.  If more of it goes
        missing later, that is another damage.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if nothing is amiss with a subject.
    """
    for subject in subjects:
        if not any(subject in one.subjects for one in damages):
            known = sorted({name for one in damages for name in one.subjects if name})
            raise UnknownNameError(
                f"Nothing is amiss with {subject!r}, so that there is nothing to acknowledge. "
                f"Something is with: {', '.join(known) or 'nothing'}."
            )
    chosen = [one for one in damages if set(subjects) & set(one.subjects)]
    author = getpass.getuser()
    rows = [{"damage": one.key, "reason": reason, "author": author} for one in chosen]
    registry.declare(ACKNOWLEDGED).append(rows)
    return chosen
