"""What killed commits have left in the repository, found and swept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from workbench.campaigns.commits.marker import remove_traces
from workbench.campaigns.commits.presence import read_info
from workbench.campaigns.commits.storage import GRAPHS
from workbench.registry import Registry
from workbench.registry.scratch import Leftover, find_leftovers

__all__ = ["sweep_repository"]

_TEMPORARY = re.compile(r"\.?tmp-([0-9a-f]{32}).*")
"""Files that a commit writes before they get their names."""

_NAMED = re.compile(r"([0-9a-f]{64})\.qg|([0-9a-f]{32})\.py")
"""Graph files, by digest, and scripts, by commit."""

_UNKNOWN = "no commit here knows it; remove it by hand if it is yours"


def sweep_repository(registry: Registry, *, dry_run: bool = False) -> list[Leftover]:
    """Remove what killed writers left in a repository and in the storage of its commits; writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The embedded registry.
    dry_run : `bool`, optional
        Only say what would be removed.

    Returns
    -------
    leftovers : `list` [ `~workbench.registry.scratch.Leftover` ]
        Files that were removed, and those that were left, with the reason:
        their writer may be at work, or nothing says whose they are.
    """
    graphs = registry.storage_dir / GRAPHS
    found = list(_find_of_commits(registry, graphs))
    known = {one.path for one in found}
    for directory in (*_local_root(registry), registry.storage_dir, graphs):
        found += [one for one in find_leftovers(directory) if one.path not in known]
    for one in found:
        if not one.reason and not dry_run:
            one.path.unlink(missing_ok=True)
    return [*found, *_sweep_runs(registry, dry_run=dry_run)]


def _local_root(registry: Registry) -> Iterable[Path]:
    """Yield the directory of ``butler.yaml``, where that is a directory here."""
    root = Path(registry.uri.removeprefix("file://"))
    return [root] if root.is_dir() else []


def _find_of_commits(registry: Registry, graphs: Path) -> Iterator[Leftover]:
    """Yield what commits wrote and did not keep, and what no commit knows."""
    if not graphs.is_dir():
        return
    rows = registry.journal.read(states=["prepared", "committed", "rolled_back"]).to_pylist()
    state = {row["commit_id"]: row["state"] for row in rows}
    kept = {row["graph_digest"] for row in rows if row["state"] != "rolled_back"}
    for path in sorted(graphs.iterdir()):
        if (match := _TEMPORARY.fullmatch(path.name)) is not None:
            match state.get(match[1]):
                case "prepared":
                    yield Leftover(path, "its commit is under way")
                case None:
                    yield Leftover(path, _UNKNOWN)
                case _:
                    yield Leftover(path)
        elif (match := _NAMED.fullmatch(path.name)) is not None:
            digest, commit_id = match.groups()
            if (commit_id not in state) if digest is None else (digest not in kept):
                yield Leftover(path, _UNKNOWN)


def _sweep_runs(registry: Registry, *, dry_run: bool) -> Iterator[Leftover]:
    """Remove the records of commits that were rolled back, which the Butler may have begun to write."""
    rows = registry.journal.read(states=["rolled_back"]).to_pylist()
    reserved = registry.journal.reserved_names()
    for row in rows:
        document_id = json.loads(row["intent"]).get("document_id")
        run = row["run"]
        if not run or not document_id or run in reserved or not registry.butler_writeable:
            continue
        if read_info(registry.butler, run) is None:
            for path in remove_traces(registry.butler, run, UUID(document_id), dry_run=dry_run):
                yield Leftover(path)
