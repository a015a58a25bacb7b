"""Commands as subprocesses."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import OperationCancelledError, RunError
from workbench.runs.command import N_LAST_LINES, find_executable, run_command


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "zombie" not in status.read_text()


def test_streams_lines_to_the_caller_and_to_the_log(tmp_path: Path) -> None:
    lines: list[str | None] = []
    code, last = run_command(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"],
        tmp_path / "log",
        watch=lines.append,
    )
    assert code == 3
    assert sorted(last) == ["err", "out"]
    assert sorted(line for line in lines if line is not None) == ["err", "out"]
    assert "out\n" in (tmp_path / "log").read_text()


def test_keeps_the_last_lines_only_and_all_in_the_log(tmp_path: Path) -> None:
    code, last = run_command(
        [sys.executable, "-c", "for i in range(100): print(i)"], tmp_path / "log", watch=lambda _: None
    )
    assert code == 0
    assert last == [str(i) for i in range(100 - N_LAST_LINES, 100)]
    assert len((tmp_path / "log").read_text().splitlines()) == 101


def test_calls_back_while_the_command_is_silent(tmp_path: Path) -> None:
    lines: list[str | None] = []
    run_command([sys.executable, "-c", "import time; time.sleep(1.3)"], tmp_path / "log", watch=lines.append)
    assert lines.count(None) >= 2


def test_cancelling_ends_children_that_ignore_it(tmp_path: Path) -> None:
    # The child ignores SIGTERM, so that only the kill of the group ends it.
    child = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        "print('child', child.pid, flush=True)\n"
        "child.wait()\n"
    )
    seen: dict[str, int] = {}

    def watch(line: str | None) -> None:
        if line and line.startswith("child"):
            seen["child"] = int(line.split()[1])
        if line == "ready":
            raise OperationCancelledError("stop")

    with pytest.raises(OperationCancelledError):
        run_command([sys.executable, "-c", parent], tmp_path / "log", watch=watch)
    deadline = time.monotonic() + 10
    while is_alive(seen["child"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_alive(seen["child"])


def test_finds_the_executable_beside_the_interpreter() -> None:
    assert find_executable("pipetask") == os.fspath(Path(sys.executable).parent / "pipetask")


def test_says_which_executable_is_missing() -> None:
    with pytest.raises(RunError, match=r"No command 'no-such-command' beside .*Install lsst-ctrl-mpexec"):
        find_executable("no-such-command")
