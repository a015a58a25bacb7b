"""The runs of a repository: how far they are, whether they are whole, and where else they may go."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from workbench.arguments import checked
from workbench.bench.committed import find_commit, find_graph, find_graph_path, find_runnable
from workbench.campaigns import Commit, RunPresence, find_run_presence
from workbench.errors import ReadOnlyError
from workbench.exports import write_bps_yaml
from workbench.presentation import presented
from workbench.provenance import Provenance
from workbench.registry import Registry
from workbench.runs import (
    PredictedRun,
    RunStatus,
    RunWatch,
    check_files_seen,
    check_registered,
    stop_graph,
    summarize_ingested,
)

__all__ = ["Runs"]


@checked
@presented
class Runs:
    """The executions of what was committed, whoever executes it.

    ``bench.run`` begins one, and ``bench.ingest`` brings it back.

    Parameters
    ----------
    registry : `~workbench.registry.Registry`
        The repository.
    """

    def __init__(self, registry: Registry):
        self._registry = registry
        self._provenance = Provenance(registry)

    def _shown_facts(self) -> dict[str, object]:
        return {"repository": self._registry.uri}

    def read_status(self, commit: Commit | str) -> RunStatus:
        """Look how far the execution of a commit is, and what became of its RUN.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        status : `~workbench.runs.RunStatus`
            The counts of ``bench.status``, who runs it, and ``presence``: whether the
            RUN is still the commit's.

        Raises
        ------
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN.
        """
        found = find_commit(self._registry, commit)
        status = self.ingested_status(found)
        if status is not None:
            return status
        check_registered(self._registry.butler, PredictedRun.read(find_graph(found)))
        return dataclasses.replace(self.watch(found).read(), presence=self.presence(found))

    def ingested_status(self, commit: Commit | str) -> RunStatus | None:
        """Count the quanta of a run that was brought back.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        status : `~workbench.runs.RunStatus` or `None`
            `None` if it was not ingested.
        """
        found = find_commit(self._registry, commit)
        counts = self._provenance.status_counts(found.commit_id)
        if not counts.num_rows:
            return None
        # The record is JSON with sorted keys; tasks first run in the order of the pipeline.
        tasks = list(dict.fromkeys(str(task) for task in counts["task"].to_pylist()))
        return dataclasses.replace(summarize_ingested(counts, tasks), presence=self.presence(found))

    def presence(self, commit: Commit | str) -> RunPresence | None:
        """Tell what became of the RUN of a commit.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        presence : `~workbench.campaigns.RunPresence` or `None`
            Told by the commit's record in it, not by its name; `None` for a
            commit without a RUN.
        """
        commit_id = find_commit(self._registry, commit).commit_id
        rows = self._registry.journal.read(commit_id=commit_id).to_pylist()
        return find_run_presence(self._registry, rows).get(commit_id)

    def watch(self, commit: Commit | str) -> RunWatch:
        """Watch the execution of a commit; cheaper than asking for its status again and again.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        watch : `~workbench.runs.RunWatch`
            Needs no open bench.  It is of use until the run is ingested,
            which takes what it looks at away.
        """
        check_files_seen(self._registry, found := find_commit(self._registry, commit))
        return RunWatch(self._registry.uri, find_graph(found))

    def stop(self, commit: Commit | str) -> bool:
        """End the execution of a commit on this machine, whoever started it.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        stopped : `bool`
            Whether it was being executed.

        Raises
        ------
        workbench.errors.RunError
            Raised if it runs on another machine, belongs to somebody else, or
            does not end.

        Notes
        -----
        What quanta have finished stays, and ``bench.run`` continues from it.
        """
        return stop_graph(find_graph_path(find_commit(self._registry, commit)))

    def export_bps(self, commit: Commit | str, path: str | Path, *, repo: str | None = None) -> Path:
        """Write a BPS submission file for a committed graph.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        path : `str` or `pathlib.Path`
            YAML file to write; replaced if it exists.
        repo : `str`, optional
            The repository as it is called where the graph is executed; has
            to be given where only its Butler server is known here.

        Returns
        -------
        path : `pathlib.Path`
            What was written.

        Raises
        ------
        workbench.errors.ReadOnlyError
            Raised if the repository is served, and ``repo`` is not given.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another's now.
        """
        if repo is None and self._registry.location.is_served:
            raise ReadOnlyError(
                f"No graph is executed through the Butler server of {self._registry.uri}: say what the "
                "repository is called where its files are, with repo= (--repo)."
            )
        found = find_commit(self._registry, commit)
        graph = find_runnable(self._registry, found)
        return write_bps_yaml(graph, path, repo=repo or self._registry.uri, name=found.campaign)
