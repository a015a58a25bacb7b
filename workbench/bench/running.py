"""Running what was committed, watching it, and bringing it back."""

from __future__ import annotations

import dataclasses

import pyarrow as pa

from workbench.bench.base import Base
from workbench.campaigns import Commit, RunPresence, find_run_presence
from workbench.errors import ReadOnlyError
from workbench.progress import Progress, silent
from workbench.runs import (
    IngestResult,
    PredictedRun,
    RunResult,
    RunStatus,
    RunWatch,
    check_files_here,
    check_files_seen,
    check_registered,
    ingest_elsewhere,
    ingest_graph,
    run_graph,
    stop_graph,
    summarize_ingested,
)

__all__ = ["Running"]


class Running(Base):
    """The part of a bench that runs, watches and ingests."""

    def find_commit(self, commit: str) -> Commit:
        """Find a commit.

        Parameters
        ----------
        commit : `str`
            Its identifier or its RUN.

        Returns
        -------
        commit : `~workbench.campaigns.Commit`
            The newest of this name.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if nothing of this name was committed; lists what was.
        """
        return self._commit(commit)

    def run(self, commit: Commit | str, *, jobs: int = 1, progress: Progress = silent) -> RunResult:
        """Execute a committed graph with ``pipetask``.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        jobs : `int`, optional
            Number of processes.
        progress : `~workbench.progress.Progress`, optional
            Told quanta done; may cancel, which ends the processes.

        Returns
        -------
        result : `~workbench.runs.RunResult`
            Counts, wall time and log.

        Raises
        ------
        workbench.errors.RunError
            Raised if a quantum failed, with the end of its log, or if the
            graph is being executed already.
        workbench.errors.GraphChangedError
            Raised if the graph file is not what was committed.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another commit's now.
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN.
        workbench.errors.ReadOnlyError
            Raised if the repository was opened read-only, or its files cannot
            be written from here; says what to do where they are.

        Notes
        -----
        Writes to the datastore; the database learns of it by `ingest`.  Quanta
        that are done are skipped, so that doing it again continues.
        """
        if self.registry.read_only:
            raise ReadOnlyError(
                f"The execution of a graph was asked, but {self.uri} was opened read-only. "
                "Open it without read_only=True or --read-only."
            )
        check_files_here(self.registry, self._commit(commit))
        return run_graph(self.uri, self._runnable(commit), jobs=jobs, progress=progress)

    def ingest(self, commit: Commit | str, *, progress: Progress = silent) -> IngestResult:
        """Bring back what ran: outputs and provenance.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.
        progress : `~workbench.progress.Progress`, optional
            Told the stage.

        Returns
        -------
        result : `~workbench.runs.IngestResult`
            Quanta by status, and what is new.

        Raises
        ------
        workbench.errors.GraphChangedError
            Raised if the graph file is not what was committed.
        workbench.errors.RunGoneError
            Raised if the RUN was removed, or is another commit's now.
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN; nothing was done.

        Notes
        -----
        Writes to the Butler (``butler aggregate-graph``, ``ingest-graph``)
        and to our tables; doing it again adds nothing.  Where the Butler
        cannot be written, what somebody else brought back is read into our
        tables.
        """
        found = self._commit(commit)
        if not self.registry.butler_writeable and not self.registry.read_only:
            return ingest_elsewhere(self.registry, found, progress)
        graph = self._runnable(found)
        done = ingest_graph(self.registry, graph, commit_id=found.commit_id, progress=progress)
        self.registry.refresh()
        return done

    def status(self, commit: Commit | str) -> pa.Table:
        """Look how far the execution of a commit is, whoever executes it.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        status : `pyarrow.Table`
            One row a task, in the order of the pipeline: ``task``,
            ``n_quanta``, and how many of them are ``successful``, ``failed``,
            ``blocked`` (something upstream failed), ``running`` (known of
            executions on this machine) and ``waiting``.

        Notes
        -----
        Writes nothing.  Of a run that was ingested, its provenance is
        counted; before, what its quanta have left in the datastore.
        """
        return self.read_status(commit).table

    def read_status(self, commit: Commit | str) -> RunStatus:
        """Look how far the execution of a commit is, and what became of its RUN.

        Parameters
        ----------
        commit : `~workbench.campaigns.Commit` or `str`
            The commit, its identifier or its RUN.

        Returns
        -------
        status : `~workbench.runs.RunStatus`
            The counts of `status`, who runs it, and ``presence``: whether the
            RUN is still the commit's.

        Raises
        ------
        workbench.errors.ForeignOutputsError
            Raised if another graph was executed in the RUN.
        """
        found = self._commit(commit)
        status = self.ingested_status(found)
        if status is not None:
            return status
        check_registered(self.butler, PredictedRun.read(self._graph(found)))
        return dataclasses.replace(self.watch_run(found).read(), presence=self.run_presence(found))

    def run_presence(self, commit: Commit | str) -> RunPresence | None:
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
        commit_id = self._commit(commit).commit_id
        rows = self.registry.journal.read(commit_id=commit_id).to_pylist()
        return find_run_presence(self.registry, rows).get(commit_id)

    def watch_run(self, commit: Commit | str) -> RunWatch:
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
        check_files_seen(self.registry, self._commit(commit))
        return RunWatch(self.uri, self._graph(commit))

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
        found = self._commit(commit)
        counts = self.provenance.status_counts(found.commit_id)
        if not counts.num_rows:
            return None
        # The record is JSON with sorted keys; tasks first run in the order of the pipeline.
        tasks = list(dict.fromkeys(str(task) for task in counts["task"].to_pylist()))
        return dataclasses.replace(summarize_ingested(counts, tasks), presence=self.run_presence(found))

    def stop_run(self, commit: Commit | str) -> bool:
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
        What quanta have finished stays, and `run` continues from it.
        """
        return stop_graph(self._graph_path(self._commit(commit)))
