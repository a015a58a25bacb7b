"""Hand a commit on to other systems."""

from __future__ import annotations

from workbench.cli.place import Place
from workbench.cli.printing import print_facts

__all__ = ["export_bps"]


def export_bps(place: Place, commit: str, path: str, *, repo: str | None = None) -> None:
    """Write a BPS submission file for a committed graph.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    commit : `str`
        Identifier of the commit, or its RUN.
    path : `str`
        YAML file to write.
    repo : `str`, optional
        The repository as it is called where the graph is executed.
    """
    with place.look() as bench:
        written = bench.export_bps(commit, path, repo=repo)
    print_facts({"commit": commit, "file": str(written)})
