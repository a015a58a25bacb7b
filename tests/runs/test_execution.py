"""Execution of graphs: counts, progress, failures, cancellation."""

from __future__ import annotations

import shutil
from pathlib import Path

import psutil
import pytest

from tests.executed import BROKEN, Executed
from workbench.errors import OperationCancelledError, RunError
from workbench.runs import run_graph


def test_counts_every_quantum(executed: Executed) -> None:
    run = executed.good.run
    assert run.ok
    assert run.n_quanta == 48
    assert run.counts == {"successful": 48}
    assert run.failures == ()
    assert run.wall_time > 0


def test_tells_the_quanta_done(executed: Executed) -> None:
    stages = [stage for stage, _ in executed.good.progress]
    fractions = [fraction for _, fraction in executed.good.progress]
    assert stages[0] == "checking what is in the RUN"
    assert "writing init outputs" in stages
    assert "executed 1 of 48 quanta" in stages
    assert "executed 48 of 48 quanta" in stages
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_logs_the_commands_and_what_they_print(executed: Executed) -> None:
    log = executed.good.run.log_path.read_text()
    assert "pipetask pre-exec-init-qbb" in log
    assert "pipetask run-qbb" in log
    assert "Executed 48 quanta successfully" in log


def test_counts_failed_and_blocked_quanta(executed: Executed) -> None:
    run = executed.failed.run
    assert not run.ok
    assert run.n_quanta == 14
    assert run.counts["blocked"] == 1
    assert run.counts["failed"] >= 1
    assert sum(run.counts.values()) == 14
    assert all(f"visit={BROKEN}" in failure for failure in run.failures)


def test_names_the_failing_quantum(executed: Executed, tmp_path: Path) -> None:
    root = Path(shutil.copytree(executed.root, tmp_path / "repo"))
    graph = Path(shutil.copy(executed.failed.commit.graph_path, tmp_path / "failed.qg"))
    with pytest.raises(RunError) as caught:
        run_graph(str(root), graph, log_dir=tmp_path / "logs")
    message = str(caught.value)
    assert "calibrate (instrument=HSC, " in message
    assert f"visit={BROKEN}" in message
    assert "Error" in message
    assert "run again" in message
    assert str(tmp_path / "logs") in message


def test_wants_a_graph_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no graph file"):
        run_graph("repo", tmp_path / "none.qg")


def test_says_why_a_command_breaks(executed: Executed, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="pre-exec-init-qbb") as caught:
        run_graph(str(tmp_path / "none"), executed.good.commit.graph_path, log_dir=tmp_path)
    assert "none" in str(caught.value)


def test_cancel_ends_the_process_group(executed: Executed, tmp_path: Path) -> None:
    stages: list[str] = []

    def cancel(stage: str, fraction: float | None = None) -> None:
        stages.append(stage)
        raise OperationCancelledError("enough")

    with pytest.raises(OperationCancelledError, match="enough"):
        run_graph(str(executed.root), executed.good.commit.graph_path, log_dir=tmp_path, progress=cancel)
    assert stages
    # None is one that has ended meanwhile, or is another user's.
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [words for words in commands if f"{tmp_path}" in " ".join(words)]
