"""The commit that is looked at, and its execution, on a track beside the desk's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

import param
import pyarrow as pa

from workbench.campaigns import Commit
from workbench.errors import OperationCancelledError
from workbench.faults import describe_error
from workbench.progress import Progress
from workbench.runs import IngestResult, RunStatus, RunWatch
from workbench.session.desk.desk import Desk
from workbench.session.desk.threads import do_in_thread

__all__ = ["Execution"]

_PERIOD = 1.0
"""Seconds between two looks while a graph is executed."""

_IDLE_PERIOD = 4.0
"""Seconds between two looks otherwise: somebody else may begin."""

_SHARE = 3
"""A look that takes long is followed by a pause this many times as long."""


class Execution(param.Parameterized):
    """One of the repository's commits, its status, and how it is run.

    A run takes an hour or a day, so it does not keep the desk busy: it is a
    process of its own, which is watched by what it leaves.  It does not
    depend on this object, nor on the page that shows it.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Shows the Python of what is done, and tells of errors.
    """

    revision = param.Integer(default=0, doc="counts the commits that were chosen")
    looked = param.Integer(default=0, doc="counts the looks at the status")
    n_listed = param.Integer(default=0, doc="counts the lists of commits that were read")
    starting = param.Boolean(default=False, doc="whether a run was asked for that is not seen yet")
    stopping = param.Boolean(default=False, doc="whether the run was asked to stop")
    problem = param.String(doc="what the last run ended with")

    def __init__(self, desk: Desk):
        super().__init__()
        self.desk = desk
        self.commits: list[Mapping[str, Any]] = []
        self.commit: Commit | None = None
        self.status: RunStatus | None = None
        self.failures: pa.Table | None = None
        self.log = ""
        self.ingest_result: IngestResult | None = None
        self._watch: RunWatch | None = None
        self._follower: asyncio.Task[None] | None = None
        self._visible = False
        self._was_stopped = False

    @property
    def is_running(self) -> bool:
        """Whether the graph is being executed, as far as known (`bool`)."""
        return self.starting or (self.status is not None and self.status.running)

    def list_commits(self) -> None:
        """Read the commits of the repository, newest first."""
        found, _ = self.desk.attempt(self.desk.bench.campaigns.list)
        if found is not None:
            self.commits = [row for row in reversed(found.to_pylist()) if row["graph_path"]]
            self.n_listed += 1

    def choose(self, name: str) -> bool:
        """Look at a commit.

        Parameters
        ----------
        name : `str`
            Its identifier or its RUN.

        Returns
        -------
        found : `bool`
            `False` if there is none, and the user was told; the one before
            stays.
        """
        bench = self.desk.bench
        found = self.desk.act("", lambda: bench.campaigns.find(name))
        if found is None:
            return False
        # Shown and not kept: before its commits are made again, a replay has no run to look at.
        self.desk.hint = f"bench.status({found.run!r})"
        self.commit, self.failures, self.ingest_result, self.log = found, None, None, ""
        self.param.update(problem="", starting=False, stopping=False)
        self.status = self.desk.act("", lambda: bench.runs.ingested_status(found))
        self._watch, unseen = None, ""
        if self.status is None:
            # A server shows no files: that is said where the run is, and the commit is shown all the same.
            self._watch, unseen = self.desk.attempt(lambda: bench.runs.watch(found))
        self.problem = unseen
        self.revision += 1
        self.follow()
        return True

    def forget(self) -> None:
        """Look at no commit."""
        self.commit = self.status = self.failures = self.ingest_result = self._watch = None
        self.revision += 1

    def show(self, visible: bool) -> None:
        """Follow the status only while somebody looks, or while it runs.

        Parameters
        ----------
        visible : `bool`
            Whether the page of the run is shown.
        """
        self._visible = visible
        if visible:
            self.follow()

    def follow(self) -> None:
        """Look at the status again and again, in the background."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # a script looks when it wants to
        if self._follower is not None and not self._follower.done():
            self._follower.cancel()
        if self._watch is not None:
            self._follower = loop.create_task(self._follow(self._watch))

    def close(self) -> None:
        """Stop looking; what runs goes on."""
        self._visible = False
        if self._follower is not None:
            self._follower.get_loop().call_soon_threadsafe(self._follower.cancel)

    async def look(self) -> None:
        """Look at the status once."""
        watch = self._watch
        if watch is None:
            return
        try:
            status, failures, log = await do_in_thread(_look, watch)
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            self.problem = describe_error(error)
            return
        if watch is not self._watch:
            return
        self.status, self.failures, self.log = status, failures, log
        if status.running:
            self.starting = False
        self.looked += 1

    def start(self, jobs: int) -> threading.Thread | None:
        """Run the chosen commit, or continue it.

        Parameters
        ----------
        jobs : `int`
            Number of processes.

        Returns
        -------
        thread : `threading.Thread` or `None`
            Waits for the processes; `None` if there was nothing to start.
        """
        commit, bench = self.commit, self.desk.bench
        if commit is None or self.is_running or self._watch is None:
            return None
        if bench.registry.read_only:
            self.desk.tell("The repository was opened read-only: nothing can be run.", "error")
            return None
        self._was_stopped = False
        self.param.update(problem="", starting=True, stopping=False)
        self.desk.record(f"bench.run({commit.run!r}{'' if jobs == 1 else f', jobs={jobs}'})", "write")
        ended = self._make_ender()

        def run() -> None:
            problem = ""
            try:
                # Nothing of the bench's connection is used: it may be closed meanwhile.
                bench.run(commit, jobs=jobs)
            except OperationCancelledError:
                problem = "Cancelled."
            except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
                problem = describe_error(error)
            ended(problem)

        thread = threading.Thread(target=run, name=f"run {commit.run}", daemon=True)
        thread.start()
        self.follow()
        return thread

    async def stop(self) -> None:
        """End the run, whoever started it on this machine."""
        commit, bench = self.commit, self.desk.bench
        if commit is None or self.stopping:
            return
        self.stopping = True
        try:
            stopped = await do_in_thread(bench.runs.stop, commit)
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            self.desk.tell(describe_error(error), "error")
            self.stopping = False
            return
        if stopped:
            self._was_stopped = True
            self.desk.hint = f"bench.runs.stop({commit.run!r})"
            self.desk.tell("The run was stopped. What is done stays; run again to continue.", "done")
        await self.look()
        self.param.update(stopping=False, starting=False)

    async def ingest(self) -> None:
        """Bring back what ran."""
        commit, bench = self.commit, self.desk.bench
        if commit is None or self.is_running:
            return

        def call(progress: Progress) -> IngestResult:
            return bench.ingest(commit, progress=progress)

        done, error = await self.desk.attempt_long(
            "Ingest", call, f"bench.ingest({commit.run!r})", kind="write"
        )
        if done is None:
            self.problem = error or self.problem
            return
        self.ingest_result = done
        self.status = self.desk.act("", lambda: bench.runs.ingested_status(commit))
        self._watch = None
        self.param.update(problem="")
        self.looked += 1

    def _make_ender(self) -> Callable[[str], None]:
        """Return what tells of the end of a run, from its thread."""
        watch = self._watch
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None

        def end(problem: str) -> None:
            if watch is self._watch:
                quiet = self.stopping or self._was_stopped
                self.param.update(starting=False, problem="" if quiet else problem)
                if loop is not None:
                    self.follow()

        def ended(problem: str) -> None:
            if loop is None:
                end(problem)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(end, problem)

        return ended

    async def _follow(self, watch: RunWatch) -> None:
        loop = asyncio.get_running_loop()
        while watch is self._watch:
            began = loop.time()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - an edge: a task of which nobody asks for the result
                self.problem = describe_error(error)
            if not (self._visible or self.is_running):
                return
            period = _PERIOD if self.is_running else _IDLE_PERIOD
            await asyncio.sleep(max(period, _SHARE * (loop.time() - began)))


def _look(watch: RunWatch) -> tuple[RunStatus, pa.Table, str]:
    status = watch.read()
    return status, watch.read_failures(), watch.read_log()
