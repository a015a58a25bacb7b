"""How far executions are: states by task, whoever executes, and the hold on a graph."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.executed import BROKEN, break_raw, commit_campaign
from workbench.bench import Bench, open_bench
from workbench.campaigns import Commit
from workbench.demo import PIPELINE, create_repository
from workbench.errors import OperationCancelledError, ReadOnlyError, RunError
from workbench.runs import STATES, RunWatch, run_graph, stop_graph
from workbench.runs.command import run_command
from workbench.runs.hold import RunHold, read_running

PATIENCE = 240.0  # s


@pytest.fixture(scope="module")
def _committed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository with a commit of two visits, one of whose raws has lost its file."""
    root = tmp_path_factory.mktemp("status") / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        commit = commit_campaign(
            bench.registry,
            "u/test/status",
            f"{PIPELINE}#visit-level",
            f"instrument = 'HSC' AND visit IN (96980, {BROKEN})",
            doubtful=False,
        )
    break_raw(root)
    return root, commit.commit_id


@pytest.fixture
def bench(_committed: tuple[Path, str], tmp_path: Path) -> Iterator[Bench]:
    """An open bench on a copy of it."""
    root = Path(shutil.copytree(_committed[0], tmp_path / "repo"))
    with open_bench(root) as opened:
        yield opened


@pytest.fixture
def commit(bench: Bench, _committed: tuple[Path, str]) -> Commit:
    """The commit in the copy."""
    (row,) = bench.campaigns.list().to_pylist()
    assert row["commit_id"] == _committed[1]
    return bench.campaigns.find(row["commit_id"])


def totals(bench: Bench, commit: Commit) -> dict[str, int]:
    table = bench.status(commit)
    return {state: n for state in STATES if (n := sum(table[state].to_pylist()))}


def run_elsewhere(bench: Bench, commit: Commit) -> subprocess.Popen[bytes]:
    """Run the commit by a process of its own."""
    code = f"from workbench.bench import open_bench; open_bench({bench.uri!r}).run({commit.commit_id!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_before_a_run_everything_waits(bench: Bench, commit: Commit) -> None:
    table = bench.status(commit)
    assert table.select(["task", "n_quanta", "waiting"]).to_pylist() == [
        {"task": "calibrate", "n_quanta": 12, "waiting": 12},
        {"task": "summarizeVisit", "n_quanta": 2, "waiting": 2},
    ]
    assert totals(bench, commit) == {"waiting": 14}
    assert not bench.runs.watch(commit).read().running


def test_a_run_is_counted_by_task_as_it_goes_and_its_failures_are_read(bench: Bench, commit: Commit) -> None:
    watch = bench.runs.watch(commit)
    seen = []

    def look(stage: str, fraction: float | None = None) -> None:
        if stage.startswith("executed") and fraction != 1.0:
            seen.append(watch.read())

    with pytest.raises(RunError):
        bench.run(commit, progress=look)
    assert all(status.running and status.n_quanta == 14 for status in seen[:-1])
    successes = [status.counts["successful"] for status in seen]
    assert successes == sorted(successes)
    assert successes[0] < successes[-1]
    assert any(status.counts["running"] == 1 for status in seen)
    assert max(status.counts["running"] for status in seen) == 1

    status = watch.read()
    assert not status.running
    assert [row for row in status.table.to_pylist() if row["task"] == "calibrate"] == [
        {
            "task": "calibrate",
            "n_quanta": 12,
            "successful": 11,
            "failed": 1,
            "blocked": 0,
            "running": 0,
            "waiting": 0,
        }
    ]
    assert str(status) == "14 quanta: 12 successful, 1 failed, 1 blocked"
    (failure,) = watch.read_failures().to_pylist()
    assert failure["task"] == "calibrate"
    assert json.loads(failure["data_id"]) == {"instrument": "HSC", "visit": BROKEN, "detector": 41}
    assert "FileNotFoundError" in failure["log"]
    (short,) = watch.read_failures(n_lines=2).to_pylist()
    assert failure["log"].endswith(short["log"])
    assert "Executed 12 quanta successfully" in watch.read_log()
    assert watch.read_log(n_bytes=300) == watch.read_log()[-len(watch.read_log(n_bytes=300)) :]

    # What was ingested is counted from its provenance, to the same numbers.
    before = bench.status(commit)
    bench.ingest(commit)
    assert bench.status(commit).equals(before)
    found = bench.runs.ingested_status(commit)
    assert found is not None
    assert found.ingested


def test_what_another_process_executes_is_seen_and_a_second_execution_refused(
    bench: Bench, commit: Commit
) -> None:
    with run_elsewhere(bench, commit) as other:
        watch = RunWatch(bench.uri, commit.graph_path or "")
        wait_for(lambda: watch.read().running)
        with pytest.raises(RunError, match="is being executed already"):
            run_graph(bench.uri, commit.graph_path or "")
        wait_for(lambda: watch.read().counts["successful"] > 0)
        assert bench.runs.stop(commit)
        assert other.wait(PATIENCE) != 0
    stopped = watch.read()
    assert not stopped.running
    assert 0 < stopped.counts["successful"] < 14
    assert not bench.runs.stop(commit)

    # Again: what was done is kept.
    with pytest.raises(RunError, match="12 successful"):
        bench.run(commit)
    assert totals(bench, commit) == {"successful": 12, "failed": 1, "blocked": 1}


def test_a_stop_between_two_commands_ends_the_second_too(tmp_path: Path) -> None:
    graph, log = tmp_path / "graph.qg", tmp_path / "log"
    asked, stopped = threading.Event(), threading.Event()
    codes: list[int] = []

    def execute() -> None:
        with RunHold(graph) as hold:
            asked.wait(PATIENCE)  # nothing has begun yet
            codes.append(run_command(["true"], log, watch=lambda _: None, hold=hold)[0])
            time.sleep(0.5)  # nothing runs, but the next command will
            codes.append(run_command(["sleep", "600"], log, watch=lambda _: None, hold=hold)[0])

    runner = threading.Thread(target=execute)
    runner.start()
    wait_for(lambda: read_running(graph)[0])

    def stop() -> None:
        if stop_graph(graph):
            stopped.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    asked.set()
    stopper.join(PATIENCE)
    runner.join(PATIENCE)
    assert stopped.is_set()
    assert not runner.is_alive()
    assert codes[-1] == -signal.SIGTERM
    assert not read_running(graph)[0]
    assert not stop_graph(graph)


def test_a_run_outlives_whoever_started_it_and_is_continued(bench: Bench, commit: Commit) -> None:
    with run_elsewhere(bench, commit) as other:
        watch = bench.runs.watch(commit)
        wait_for(lambda: watch.read().counts["successful"] > 0)
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
    assert watch.read().running
    wait_for(lambda: not watch.read().running)
    assert totals(bench, commit) == {"successful": 12, "failed": 1, "blocked": 1}


def test_cancelling_ends_the_hold(bench: Bench, commit: Commit) -> None:
    cancelled = threading.Event()

    def cancel(stage: str, fraction: float | None = None) -> None:
        if stage.startswith("executed 2"):
            cancelled.set()
            raise OperationCancelledError("enough")

    with pytest.raises(OperationCancelledError):
        bench.run(commit, progress=cancel)
    assert cancelled.is_set()
    status = bench.runs.watch(commit).read()
    assert not status.running
    assert status.counts["successful"] >= 2
    assert status.counts["running"] == 0


def test_a_read_only_bench_runs_nothing(bench: Bench, commit: Commit) -> None:
    with (
        open_bench(bench.uri, read_only=True) as closed,
        pytest.raises(ReadOnlyError, match="opened read-only"),
    ):
        closed.run(commit)
    assert totals(bench, commit) == {"waiting": 14}


def test_wants_a_graph_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no graph file"):
        RunWatch("repo", tmp_path / "none.qg").read()
