"""One command of the middleware as a subprocess that can be watched and cancelled."""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.errors import RunError

__all__ = ["N_LAST_LINES", "find_executable", "run_command"]

N_LAST_LINES = 20
"""How many of the last log lines an error message carries."""

_POLL_INTERVAL = 0.5
"""Seconds between calls of ``watch`` while the command is silent."""

_TERMINATION_GRACE = 5.0
"""Seconds between asking a cancelled process group to end and killing it."""

_GROUP_POLL_INTERVAL = 0.05
"""Seconds between looks at whether a process group has ended."""


def find_executable(name: str) -> str:
    """Find a command of the middleware.

    Parameters
    ----------
    name : `str`
        ``pipetask`` or ``butler``.

    Returns
    -------
    path : `str`
        The executable beside the running interpreter, so that a graph runs
        in the environment that made it; else the one on ``PATH``, where the
        Rubin science pipelines put it.

    Raises
    ------
    workbench.errors.RunError
        Raised if there is neither.
    """
    beside = Path(sys.executable).parent / name
    if beside.is_file():
        return str(beside)
    if (on_path := shutil.which(name)) is not None:
        return on_path
    raise RunError(
        f"No command {name!r} beside {sys.executable} and none on PATH. "
        "Install lsst-ctrl-mpexec and lsst-daf-butler into this environment."
    )


def run_command(
    argv: Sequence[str], log_path: Path, *, watch: Callable[[str | None], None]
) -> tuple[int, list[str]]:
    """Run a command in its own process group, appending its output to a file.

    Parameters
    ----------
    argv : `~collections.abc.Sequence` [ `str` ]
        The command and its arguments.
    log_path : `pathlib.Path`
        File that receives the command line, standard output and error.
    watch : `~collections.abc.Callable`
        Called with each line of output, and with `None` every half second
        while there is none.  If it raises, the whole process group is ended
        and the exception goes on.

    Returns
    -------
    return_code : `int`
        Exit status; negative if ended by a signal.
    last_lines : `list` [ `str` ]
        The last `N_LAST_LINES` lines of output.
    """
    last_lines: deque[str] = deque(maxlen=N_LAST_LINES)
    with log_path.open("ab", buffering=0) as log:
        log.write(f"$ {shlex.join(argv)}\n".encode())
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(process.stdout, selectors.EVENT_READ)
                pending = b""
                while True:
                    if not selector.select(_POLL_INTERVAL):
                        watch(None)
                        continue
                    block = os.read(process.stdout.fileno(), 65536)
                    if not block:
                        break
                    log.write(block)
                    *lines, pending = (pending + block).split(b"\n")
                    for line in lines:
                        text = line.decode(errors="replace")
                        last_lines.append(text)
                        watch(text)
            if pending:
                last_lines.append(pending.decode(errors="replace"))
            return process.wait(), list(last_lines)
        finally:
            # Also reached by KeyboardInterrupt, a notebook's stop button.
            process.stdout.close()
            if process.returncode is None:
                _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its children, politely and then not.

    The leader ending says nothing of its children, so the group is watched.
    """
    deadline = time.monotonic() + _TERMINATION_GRACE
    there = _signal_group(process, signal.SIGTERM)
    while there and time.monotonic() < deadline:
        process.poll()
        time.sleep(_GROUP_POLL_INTERVAL)
        there = _signal_group(process, 0)
    if there:
        _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Signal a process group; 0 only asks whether it is there, which is returned."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True
