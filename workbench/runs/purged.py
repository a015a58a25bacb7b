"""Outputs that were brought back and that the Butler has no more."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator

from workbench.campaigns import Presence, find_run_presence, read_commits
from workbench.campaigns.commits.damages import Damage
from workbench.provenance.tables import PROV_DATASET
from workbench.registry import Registry
from workbench.snapshot import find_existence, read_registered

__all__ = ["find_purged"]

_MOST_ASKED = 2_000
"""Datasets of a commit whose files are asked for, each by itself."""


def find_purged(registry: Registry) -> Iterator[Damage]:
    """Find outputs that were removed from their RUN after an ingest; writes nothing.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.

    Yields
    ------
    damage : `~workbench.campaigns.commits.damages.Damage`
        One a commit and dataset type.  What went with a whole RUN is told
        once, of the RUN.
    """
    table = registry.tables().get(PROV_DATASET.name)
    if table is None:
        return
    rows = read_commits(registry).to_pylist()
    presence = find_run_presence(registry, rows)
    for row in rows:
        commit_id, run = row["commit_id"], row["run"]
        if not run or presence[commit_id].presence is not Presence.PRESENT:
            continue
        made: dict[str, set[uuid.UUID]] = defaultdict(set)
        where = {"commit_id": commit_id, "run": run, "produced": True}
        for one in table.read(where=where, columns=["dataset_type", "dataset_id"]).to_pylist():
            made[one["dataset_type"]].add(uuid.UUID(one["dataset_id"]))
        if not made:
            continue
        registered = read_registered(registry.butler, run)
        for dataset_type, ids in sorted(made.items()):
            there = ids & set(registered.get(dataset_type, ()))
            asked = sorted(there)[:: 1 + len(there) // _MOST_ASKED]
            existence = find_existence(registry.butler, asked)
            n_unstored = sum(one == "registered" for one in existence.values())
            for n_lost, of, what in (
                (len(ids - there), len(ids), "were removed from the Butler"),
                (n_unstored, len(asked), "have no file any more"),
            ):
                if n_lost:
                    yield Damage(
                        f"{commit_id}:{dataset_type}:{what}:{n_lost}",
                        (commit_id, run, dataset_type),
                        f"commit {commit_id}: {n_lost} of {of} {dataset_type} in {run} {what}",
                    )
