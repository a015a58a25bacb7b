"""What was committed, found by the commit, its identifier or its RUN."""

from __future__ import annotations

from pathlib import Path

from workbench.campaigns import Commit, check_committed_graph, check_run_present, load_commit
from workbench.errors import CampaignError
from workbench.registry import Registry

__all__ = ["find_commit", "find_graph", "find_graph_path", "find_runnable"]


def find_commit(registry: Registry, commit: Commit | str) -> Commit:
    """Return a commit, which may be named by its identifier or its RUN.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where it is recorded.
    commit : `~workbench.campaigns.Commit` or `str`
        The commit, its identifier or its RUN.

    Returns
    -------
    commit : `~workbench.campaigns.Commit`
        The newest of this name.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if nothing of this name was committed; lists what was.
    """
    return commit if isinstance(commit, Commit) else load_commit(registry, commit)


def find_graph_path(commit: Commit) -> Path:
    """Return where the graph file of a commit is to be.

    Parameters
    ----------
    commit : `~workbench.campaigns.Commit`
        The commit.

    Returns
    -------
    path : `pathlib.Path`
        Whether or not the file is there.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if it published a set and has no graph.
    """
    if commit.graph_path is None:
        raise CampaignError(f"{commit} published a set and has no graph.")
    return commit.graph_path


def find_graph(commit: Commit) -> Path:
    """Return the graph file of a commit, as it was committed.

    Parameters
    ----------
    commit : `~workbench.campaigns.Commit`
        The commit.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.GraphChangedError
        Raised if it is not what was committed.
    """
    check_committed_graph(commit)
    return find_graph_path(commit)


def find_runnable(registry: Registry, commit: Commit) -> Path:
    """Return the graph file of a commit whose RUN is still its own.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        Where it is recorded.
    commit : `~workbench.campaigns.Commit`
        The commit.

    Returns
    -------
    path : `pathlib.Path`
        The file.

    Raises
    ------
    workbench.errors.RunGoneError
        Raised if the RUN was removed, or is another commit's now.
    """
    check_run_present(registry, commit)
    return find_graph(commit)
