"""Graphs that are executed where this process cannot write: what is left to be done, and by whom."""

from __future__ import annotations

import os
import shlex

from lsst.daf.butler import MissingCollectionError, MissingDatasetTypeError
from lsst.pipe.base.automatic_connection_constants import PROVENANCE_DATASET_TYPE_NAME
from lsst.resources import ResourcePath

from workbench.campaigns import Commit
from workbench.campaigns.commits.marker import has_marker
from workbench.campaigns.commits.recovery import release_registered
from workbench.campaigns.commits.withdrawing import read_withdrawn
from workbench.errors import ReadOnlyError, RunError
from workbench.progress import Progress, silent
from workbench.registry import Registry
from workbench.runs.ingestion import IngestResult, read_provenance

__all__ = [
    "check_files_here",
    "check_files_seen",
    "describe_next_step",
    "find_ingested",
    "ingest_elsewhere",
    "run_commands",
]

_REPOSITORY = "REPOSITORY"
"""The repository as it is called where its files are."""


def check_files_here(registry: Registry, commit: Commit) -> None:
    """Refuse to execute a graph where its outputs cannot be written; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    commit : `~workbench.campaigns.Commit`
        A commit with a graph.

    Raises
    ------
    workbench.errors.ReadOnlyError
        Raised if its files cannot be written from here; says what to do.
    """
    location = registry.location
    if location.is_served:
        why = f"{registry.uri} is served by a Butler server, through which no files are written"
    elif location.root is not None and not os.access(location.root, os.W_OK):
        why = f"the files in {location.root} cannot be written from here"
    else:
        return
    raise ReadOnlyError(
        f"The execution of {commit.run} was asked, but {why}. {describe_next_step(registry, commit)}"
    )


def check_files_seen(registry: Registry, commit: Commit) -> None:
    """Refuse to look how far an execution is where its files cannot be seen; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    commit : `~workbench.campaigns.Commit`
        A commit with a graph.

    Raises
    ------
    workbench.errors.RunError
        Raised if a server stands before them; says what is known, and what
        to do.
    """
    if registry.location.is_served:
        raise RunError(
            f"How far {commit.run} is cannot be seen through the Butler server of {registry.uri} before it "
            f"is brought back. {describe_next_step(registry, commit)}"
        )


def describe_next_step(registry: Registry, commit: Commit) -> str:
    """Say what has to be done next where the files are; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    commit : `~workbench.campaigns.Commit`
        A commit with a graph.

    Returns
    -------
    step : `str`
        Sentences with commands.
    """
    run, graph = str(commit.run), str(commit.graph_path)
    registered = has_marker(registry.butler, run, commit.commit_id)
    if not registered and (reason := read_withdrawn(registry).get(commit.commit_id)) is not None:
        return f"It was withdrawn ({reason}): commit the campaign again."
    if find_ingested(registry, run) is not None:
        return f"It was brought back there: read what ran with bench.ingest({run!r}), or 'workbench ingest'."
    execute = "` and `".join(run_commands(_REPOSITORY, graph))
    if commit.script_path is not None and not registered:
        register = shlex.join(["python", str(commit.script_path), _REPOSITORY])
        return f"Have somebody who may write the repository run `{register}`, then `{execute}`."
    aggregate = shlex.join(
        [
            *("butler", "aggregate-graph", graph, _REPOSITORY),
            *("--complete", "--register-dataset-types", "--update-output-chain", "-o", "prov.qg"),
        ]
    )
    ingest = shlex.join(["butler", "ingest-graph", _REPOSITORY, "prov.qg"])
    return (
        f"It is registered there: where its files are, `{execute}` execute it, and `{aggregate}` and "
        f"`{ingest}` bring it back; then ingest it here, too."
    )


def run_commands(repository: str, graph: str) -> list[str]:
    """Return the commands that execute a committed graph.

    Parameters
    ----------
    repository : `str`
        Root of the Butler repository.
    graph : `str`
        Path of the graph file.

    Returns
    -------
    commands : `list` [ `str` ]
        For a POSIX shell.
    """
    return [
        shlex.join(["pipetask", "pre-exec-init-qbb", repository, graph]),
        shlex.join(["pipetask", "run-qbb", repository, graph, "-j", "2"]),
    ]


def find_ingested(registry: Registry, run: str) -> ResourcePath | None:
    """Find the provenance graph that an ingest put into a RUN; never writes.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    run : `str`
        The RUN collection.

    Returns
    -------
    graph : `lsst.resources.ResourcePath` or `None`
        Where it can be read; `None` if the RUN was not ingested.
    """
    try:
        ref = registry.butler.find_dataset(PROVENANCE_DATASET_TYPE_NAME, collections=[run])
    except (MissingDatasetTypeError, MissingCollectionError):
        return None
    return None if ref is None else registry.butler.getURI(ref)


def ingest_elsewhere(registry: Registry, commit: Commit, progress: Progress = silent) -> IngestResult:
    """Read what somebody else brought back into our tables.  Writes to our tables alone.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        A repository whose Butler cannot be written from here.
    commit : `~workbench.campaigns.Commit`
        A commit with a graph.
    progress : `~workbench.progress.Progress`, optional
        Told the stage.

    Returns
    -------
    result : `IngestResult`
        Counts; reading it again adds no row.

    Raises
    ------
    workbench.errors.ReadOnlyError
        Raised if nobody brought it back yet; says what to do.
    """
    ingested = find_ingested(registry, str(commit.run))
    if ingested is None:
        raise ReadOnlyError(
            f"What ran of {commit.run} cannot be brought back from here, since {registry.uri} may not be "
            f"written. {describe_next_step(registry, commit)}"
        )
    release_registered(registry)
    progress("reading provenance")
    return read_provenance(registry, ingested, commit_id=commit.commit_id)
