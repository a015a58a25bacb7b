"""Commits for the tests, in this process or in one that is killed or raced."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.butler_server import TOKEN, VARIABLE
from workbench.campaigns.commits.commit import Commit, CommitRequest, Publication, commit
from workbench.progress import Progress
from workbench.registry import Registry, open_registry
from workbench.snapshot.reads import Fence, Reads

RUN, TAG, CHAIN = "u/ana/DM-1234/r1", "HSC/raw/DM-1234", "HSC/raw"
INPUTS, TYPES = ("HSC/defaults",), ("raw", "bias")
GRAPH = b"the graph file of a commit\n" * 1000
INSIDE_WRITE = "inside write_graph"

# A clean server forks the processes that die: forking pytest itself would
# take along the threads of other libraries.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.campaigns.committing"])


@dataclass(frozen=True)
class Place:
    """A repository, and where the workbench's tables of it are."""

    uri: str
    sidecar: str | None
    owner: str | None = None
    """What somebody opens who may write where we may not."""

    def open(self, **kwargs: Any) -> Registry:
        """Open the registry there."""
        if "://" in self.uri:
            # The server of processes that die was started before the test.
            os.environ.setdefault(VARIABLE, TOKEN)
        return open_registry(self.uri, sidecar=self.sidecar, **kwargs)


def some_raws(registry: Registry, n: int) -> tuple[UUID, ...]:
    """Return the UUIDs of some raws, the same in every process."""
    return tuple(sorted(ref.id for ref in registry.butler.query_datasets("raw", "HSC/raw/all")))[:n]


def make_request(
    registry: Registry,
    *,
    run: str | None = RUN,
    tagged: str | None = TAG,
    chain: str = CHAIN,
    n: int = 5,
    author: str = "ana",
    write_graph: Callable[[Path], None] | None = None,
) -> CommitRequest:
    """Make a request that does all a commit can do; `None` leaves a part out."""
    publication = tagged and Publication(
        chain=chain,
        tagged=tagged,
        dataset_type="raw",
        dataset_ids=some_raws(registry, n),
        set_label="cosmos-i@1",
        key_digest="0123abcd",
        reason="seeing cut",
        allow_empty=not n,
    )
    return CommitRequest(
        campaign="u/ana/DM-1234",
        kind="graph" if run else "publish",
        author=author,
        run=run,
        fence=Fence.read(registry.butler, Reads(INPUTS, TYPES)),
        write_graph=(write_graph or write_bytes) if run else None,
        workflow_record={"pipeline": {"text": "tasks: {}"}, "quanta": {"coadd": 3}},
        publication=publication or None,
        output="u/ana/DM-1234",
    )


def write_bytes(path: Path, act: Callable[[], None] | None = None) -> None:
    """Write a graph file, in two halves with an act between them."""
    with path.open("wb") as stream:
        stream.write(GRAPH[: len(GRAPH) // 2])
        stream.flush()
        if act is not None:
            act()
        stream.write(GRAPH[len(GRAPH) // 2 :])


def stop_at(stage: str, act: Callable[[], None]) -> Progress:
    """Make a progress callback that acts when a stage is told."""

    def progress(told: str, fraction: float | None = None) -> None:
        if told == stage:
            act()

    return progress


def commit_until(place: Place, stage: str, act: Callable[[], None]) -> Commit:
    """Commit, and do something just before a stage (or in the middle of the graph file)."""
    with place.open() as registry:

        def write_graph(path: Path) -> None:
            write_bytes(path, act if stage == INSIDE_WRITE else None)

        return commit(registry, make_request(registry, write_graph=write_graph), stop_at(stage, act))


def kill_this_process() -> None:
    """Die as by a power cut: no handler and no cleanup runs."""
    os.kill(os.getpid(), signal.SIGKILL)


def _commit_and_die(place: Place, stage: str) -> None:
    commit_until(place, stage, kill_this_process)


def commit_in_a_process_killed_at(place: Place, stage: str) -> None:
    """Commit in another process, which is killed just before a stage."""
    process = CONTEXT.Process(target=_commit_and_die, args=(place, stage))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, f"{stage}: {process.exitcode}"


def race(place: Place, requests: list[dict[str, Any]], stage: str) -> list[str]:
    """Commit from one process for each request; all meet just before a stage.

    Returns
    -------
    outcomes : `list` [ `str` ]
        For each, "done" or the error's type and message.
    """
    barrier, queue = CONTEXT.Barrier(len(requests)), CONTEXT.SimpleQueue()
    processes = [
        CONTEXT.Process(target=_race_one, args=(place, request, stage, barrier, queue, number))
        for number, request in enumerate(requests)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(180)
        assert process.exitcode == 0
    return [outcome for _, outcome in sorted(queue.get() for _ in processes)]


def _race_one(
    place: Place, request: dict[str, Any], stage: str, barrier: Any, queue: Any, number: int
) -> None:
    def meet() -> None:
        # Who was refused earlier breaks the barrier.
        with contextlib.suppress(Exception):
            barrier.wait(60)

    try:
        sidecar = request.pop("sidecar", place.sidecar)
        with Place(place.uri, sidecar).open() as registry:
            commit(registry, make_request(registry, **request), stop_at(stage, meet))
    except Exception as error:  # noqa: BLE001 - the parent judges it
        barrier.abort()
        queue.put((number, f"{type(error).__name__}: {error}"))
    else:
        queue.put((number, "done"))


def hold_open(place: Place, stage: str, ready: Any, go_on: Any) -> None:
    """Commit in this process, waiting before a stage until told to go on."""

    def wait() -> None:
        ready.set()
        assert go_on.wait(120)

    commit_until(place, stage, wait)
