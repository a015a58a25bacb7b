"""See whether all that was committed is whole, and settle what was not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json
from workbench.errors import CommitError

if TYPE_CHECKING:
    from workbench.bench import Bench

__all__ = ["examine"]


def examine(place: Place, *, force: bool = False, as_json: bool = False) -> None:
    """Settle interrupted commits and check all others.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; written only where an interrupted commit is settled.
    force : `bool`, optional
        Settle also commits of processes that may still be at work elsewhere.
    as_json : `bool`, optional
        Print one object.

    Raises
    ------
    workbench.errors.CommitError
        Raised if something that was committed is damaged.
    """
    from workbench.bench import Bench
    from workbench.campaigns import recover
    from workbench.registry import open_registry

    # Not through open_bench, which settles what it may in silence.
    with Bench(open_registry(place.uri, sidecar=place.sidecar)) as bench:
        actions = recover(bench.registry, force=force)
        n_commits = bench.commits().num_rows
        damages = list(_iter_damages(bench))
    if as_json:
        print_json(
            {
                "settled": [{"commit": name, "action": action} for name, action in actions],
                "commits": n_commits,
                "damages": damages,
            }
        )
    else:
        for name, action in actions:
            print(f"commit {name}: {action}")
        for damage in damages:
            print(damage)
        print_facts({"interrupted commits": len(actions), "commits": n_commits, "damages": len(damages)})
    if damages:
        raise CommitError(
            f"{len(damages)} part(s) of what was committed are missing or changed. "
            "Restore them from a backup, or commit the campaigns again."
        )


def _iter_damages(bench: Bench) -> Iterator[str]:
    there = set(bench.collections()["name"].to_pylist())
    for row in bench.commits().to_pylist():
        intent = json.loads(row["intent"])
        name = f"commit {row['commit_id']}"
        tagged = (intent.get("publication") or {}).get("tagged")
        # Where a script has to be run by somebody else, its collections may still have to come.
        promised = [] if intent.get("script") else [row["run"], tagged]
        for collection in filter(None, promised):
            if collection not in there:
                yield f"{name}: the collection {collection} is gone"
        if row["graph_path"]:
            path = Path(row["graph_path"])
            if not path.is_file():
                yield f"{name}: the graph file {path} is gone"
            elif _digest(path) != row["graph_digest"]:
                yield f"{name}: the graph file {path} was changed"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
