"""Progress on a terminal, and Ctrl-C, with real signals."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.cli.output.terminal import reporting
from workbench.errors import OperationCancelledError


def test_the_first_interrupt_cancels_at_the_next_report() -> None:
    before = signal.getsignal(signal.SIGINT)  # a page that was served in this process leaves its own
    with reporting() as progress:
        progress("building", 0.5)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(OperationCancelledError, match="building"):
            progress("building", 0.6)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_ends_at_once() -> None:
    with reporting():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_short_work_writes_nothing_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting() as progress:
        progress("building", 0.5)
        progress.print("done")
    assert capsys.readouterr() == ("done\n", "")


def test_long_work_writes_a_line_now_and_then_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([100.0, 109.0, 111.0, 112.0, 127.0])
    monkeypatch.setattr("workbench.cli.output.terminal.time.monotonic", lambda: next(seconds))
    with reporting() as progress:
        for fraction in (0.1, 0.2, 0.3, 0.4):
            progress("raws", fraction)
    assert capsys.readouterr() == ("", "raws  20%, 11 s\nraws  40%, 27 s\n")


def test_interrupting_a_command_leaves_nothing(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [
        Path(sys.executable).parent / "workbench",
        "demo",
        "create",
        tmp_path / "repo",
        "--survey",
        "300",
    ]
    process = subprocess.Popen(command, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 120
    while b" s" not in shown and time.monotonic() < deadline:
        shown += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            block = os.read(ours, 1000)
        except OSError:  # Linux says so when the last writer of a terminal is gone
            break
        if not block:
            break
        shown += block
    stdout, _ = process.communicate(timeout=120)
    os.close(ours)
    assert process.returncode == 130, shown
    assert stdout == b""
    assert b"making the repository" in shown
    assert b"Cancelled." in shown
    assert b"Traceback" not in shown
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_that_knows_ascii_alone(tmp_path: Path) -> None:
    """What it cannot show is written as an escape, and JSON stays JSON."""
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    body = (
        "import click\nfrom workbench.cli.root import EdgeGroup\n"
        "from workbench.cli.output.printing import print_json\n"
        "group = EdgeGroup('said', commands=[click.Command('text', callback=lambda: print('caf\\xe9')),"
        " click.Command('json', callback=lambda: print_json(['caf\\xe9']))])\n"
        "group()"
    )
    command = [sys.executable, "-c", body]
    text, data = (
        subprocess.run([*command, word], env=environment, capture_output=True, text=True, check=True).stdout
        for word in ("text", "json")
    )
    assert text == "caf\\xe9\n"
    assert json.loads(data) == ["caf\xe9"]
