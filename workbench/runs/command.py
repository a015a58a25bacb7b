"""One command of the middleware as a subprocess that can be watched and cancelled."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.errors import RunError
from workbench.runs.hold import RunHold, end_group

__all__ = ["N_LAST_LINES", "find_executable", "run_command"]

N_LAST_LINES = 20
"""How many of the last log lines an error message carries."""

_POLL_INTERVAL = 0.1
"""Seconds between two looks at what a command has written."""

_WATCH_INTERVAL = 0.5
"""Seconds between calls of ``watch`` while the command is silent."""


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
    argv: Sequence[str],
    log_path: Path,
    *,
    watch: Callable[[str | None], None],
    hold: RunHold | None = None,
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
    hold : `~workbench.runs.hold.RunHold`, optional
        Handed on to the command, and told its process group.

    Returns
    -------
    return_code : `int`
        Exit status; negative if ended by a signal.
    last_lines : `list` [ `str` ]
        The last `N_LAST_LINES` lines of output.

    Notes
    -----
    The command writes to the file itself, so that it goes on unharmed if
    this process is killed.
    """
    last_lines: deque[str] = deque(maxlen=N_LAST_LINES)
    with log_path.open("ab", buffering=0) as log, log_path.open("rb") as written:
        log.write(f"$ {shlex.join(argv)}\n".encode())
        written.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=() if hold is None else (hold.descriptor,),
        )
        try:
            if hold is not None:
                hold.note(process.pid, log_path)
            told = time.monotonic()
            pending, ended = b"", False
            while True:
                block = written.read(65536)
                *lines, pending = (pending + block).split(b"\n")
                for line in lines:
                    text = line.decode(errors="replace")
                    last_lines.append(text)
                    watch(text)
                    told = time.monotonic()
                if block:
                    continue
                if ended:
                    break
                if time.monotonic() - told >= _WATCH_INTERVAL:
                    watch(None)
                    told = time.monotonic()
                ended = _wait(process)
            if pending:
                last_lines.append(pending.decode(errors="replace"))
            return process.wait(), list(last_lines)
        finally:
            # Also reached by KeyboardInterrupt, a notebook's stop button.
            if process.returncode is None:
                end_group(process.pid, reap=process.poll)
                process.wait()


def _wait(process: subprocess.Popen[bytes]) -> bool:
    """Wait a little for a process; return whether it has ended."""
    try:
        process.wait(_POLL_INTERVAL)
    except subprocess.TimeoutExpired:
        return False
    return True
