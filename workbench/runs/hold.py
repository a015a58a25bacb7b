"""The hold on a graph while it is executed or brought back here: one at a time, seen by everybody."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workbench.errors import RunError
from workbench.presentation import presented

__all__ = ["HoldFor", "RunHold", "RunningNote", "end_group", "read_running"]

_TERMINATION_GRACE = 5.0
"""Seconds between asking a process group to end and killing it."""

_GROUP_POLL_INTERVAL = 0.05
"""Seconds between looks at whether a process group has ended."""

_PATIENCE = 2.0
"""Seconds to try: whoever looks whether a graph is held takes it for an instant."""


class HoldFor(enum.StrEnum):
    """What a graph is held for; the value is the ending of the lock's file."""

    RUN = "running"
    """It is executed."""
    INGEST = "ingesting"
    """What ran of it is brought back, which finishes the RUN."""

    @property
    def other(self) -> HoldFor:
        """What must not be done at the same time (`HoldFor`)."""
        return HoldFor.INGEST if self is HoldFor.RUN else HoldFor.RUN


@presented
@dataclass(frozen=True, slots=True)
class RunningNote:
    """What is known of an execution that is under way.

    Parameters
    ----------
    host : `str`
        Machine on which it runs.
    group : `int`
        Process group of its command there.
    started : `float`
        When it began (s since 1970, UTC).
    log_path : `pathlib.Path`
        File with the output.
    """

    host: str
    group: int
    started: float
    log_path: Path

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine (`bool`)."""
        return self.host == socket.gethostname()

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the note of the last execution.

        Parameters
        ----------
        path : `pathlib.Path`
            File of the hold.

        Returns
        -------
        note : `RunningNote` or `None`
            `None` if there was no execution, or it has only just begun.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        if not text:
            return None
        body = json.loads(text)
        return cls(body["host"], body["group"], body["started"], Path(body["log"]))


class RunHold:
    """A lock on a graph that its commands keep on holding.

    The lock belongs to an open file that the commands inherit.  So it lasts
    exactly as long as one of the processes lives, even if the one that
    started them is killed.

    Parameters
    ----------
    graph : `pathlib.Path`
        The graph file; the lock is a file beside it.
    hold_for : `HoldFor`, optional
        What is about to be done.
    """

    def __init__(self, graph: Path, hold_for: HoldFor = HoldFor.RUN):
        self._graph = graph
        self._for = hold_for
        self._started = time.time()
        self.descriptor = -1

    def __enter__(self) -> Self:
        path = _hold_path(self._graph, self._for)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o664)
        deadline = time.monotonic() + _PATIENCE
        while not _try_lock(self.descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(self.descriptor)
                raise RunError(_describe_held(self._graph, self._for))
            time.sleep(_GROUP_POLL_INTERVAL)
        # Each takes its own lock before it looks at the other's: of two that begin at once, one sees it.
        if read_running(self._graph, self._for.other)[0]:
            os.close(self.descriptor)
            raise RunError(_describe_held(self._graph, self._for.other))
        os.ftruncate(self.descriptor, 0)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def note(self, group: int, log_path: Path) -> None:
        """Note who holds it.

        Parameters
        ----------
        group : `int`
            Process group of the command.
        log_path : `pathlib.Path`
            File with its output.
        """
        body = {
            "host": socket.gethostname(),
            "group": group,
            "started": self._started,
            "log": str(log_path.absolute()),
        }
        text = json.dumps(body).encode()
        # Longer first, then cut: a reader never finds half a note.
        os.pwrite(self.descriptor, text, 0)
        os.ftruncate(self.descriptor, len(text))


def read_running(graph: Path, hold_for: HoldFor = HoldFor.RUN) -> tuple[bool, RunningNote | None]:
    """Look whether a graph is being executed, or brought back; writes nothing.

    Parameters
    ----------
    graph : `pathlib.Path`
        The graph file.
    hold_for : `HoldFor`, optional
        Which of the two.

    Returns
    -------
    running : `bool`
        Whether a process of it lives.
    note : `RunningNote` or `None`
        What is known of it, or of the last one.
    """
    path = _hold_path(graph, hold_for)
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False, None
    try:
        running = not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)
    return running, RunningNote.read(path)


def end_group(group: int, *, reap: Callable[[], object] = lambda: None) -> None:
    """End all processes of a group, politely and then not.

    The leader ending says nothing of its children, so the group is watched.

    Parameters
    ----------
    group : `int`
        Process group.
    reap : `~collections.abc.Callable`, optional
        Takes note of a child of this process that has ended.
    """
    deadline = time.monotonic() + _TERMINATION_GRACE
    there = _signal_group(group, signal.SIGTERM)
    while there and time.monotonic() < deadline:
        reap()
        time.sleep(_GROUP_POLL_INTERVAL)
        there = _signal_group(group, 0)
    if there:
        _signal_group(group, signal.SIGKILL)


def _hold_path(graph: Path, hold_for: HoldFor) -> Path:
    return graph.with_name(f"{graph.stem}.{hold_for.value}")


def _describe_held(graph: Path, hold_for: HoldFor) -> str:
    _, note = read_running(graph, hold_for)
    where = "" if note is None else f" on {note.host} (process {note.group}, log {note.log_path})"
    if hold_for is HoldFor.INGEST:
        return f"What ran of {graph} is being ingested{where}. Wait for it."
    return f"{graph} is being executed already{where}. Wait for it, or stop it first."


def _try_lock(descriptor: int, kind: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False


def _signal_group(group: int, number: int) -> bool:
    """Signal a process group; 0 only asks whether it is there, which is returned."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
