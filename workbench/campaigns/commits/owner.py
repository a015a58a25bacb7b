"""Which process prepared a commit, and whether it still runs."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Liveness", "Owner", "is_under_way", "working_on"]

Liveness = Literal["alive", "dead", "unknown"]

_under_way: set[str] = set()


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told from later ones that get its number again.

    Parameters
    ----------
    host : `str`
        Name of the machine.
    machine : `str`
        Tells boots and containers of one host name apart; empty where the
        system does not say.
    pid : `int`
        Number of the process.
    started : `str`
        When the process started, as the system writes it.
    """

    host: str
    machine: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> Owner:
        """Return the process that calls.

        Returns
        -------
        owner : `Owner`
            This process.
        """
        pid = os.getpid()
        return cls(socket.gethostname(), _read_machine(), pid, _read_start(pid) or "")

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Owner:
        """Make an owner from what `to_json` returned.

        Parameters
        ----------
        body : `~collections.abc.Mapping`
            The fields.

        Returns
        -------
        owner : `Owner`
            The process.
        """
        return cls(str(body["host"]), str(body["machine"]), int(str(body["pid"])), str(body["started"]))

    def to_json(self) -> dict[str, object]:
        """Return the fields as JSON values.

        Returns
        -------
        body : `dict`
            For `from_json`.
        """
        return asdict(self)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    def liveness(self) -> Liveness:
        """Tell whether the process still runs, as far as this one can see.

        Returns
        -------
        liveness : `str`
            "alive", "dead", or "unknown" for a process of another machine,
            boot or container.
        """
        if self.host != socket.gethostname():
            return "unknown"
        boot, _, space = self.machine.partition("/")
        our_boot, _, our_space = _read_machine().partition("/")
        if boot != our_boot:
            # The same host name after a reboot: nothing survives that.
            return "dead"
        if space != our_space:
            return "unknown"
        return "alive" if _read_start(self.pid) == self.started else "dead"


def _read_machine() -> str:
    """Return boot and process namespace, so that containers do not see each other's numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _read_start(pid: int) -> str | None:
    """Return when a running process started; `None` if there is none of this number."""
    if not Path("/proc/self/stat").exists():
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or None
    try:
        # The command in parentheses may hold spaces: count from behind it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = fields[0], fields[19]
    # A zombie has ended; its parent has only not asked yet.
    return None if state in "ZX" else started


@contextlib.contextmanager
def working_on(commit_id: str) -> Iterator[None]:
    """Mark a commit as under way in this process for the length of a block.

    Parameters
    ----------
    commit_id : `str`
        The commit.

    Yields
    ------
    `None`
        While the block runs.
    """
    _under_way.add(commit_id)
    try:
        yield
    finally:
        _under_way.discard(commit_id)


def is_under_way(commit_id: str) -> bool:
    """Tell whether a thread of this process is at work on a commit.

    Parameters
    ----------
    commit_id : `str`
        The commit.

    Returns
    -------
    under_way : `bool`
        `False` for one that this process prepared and gave up.
    """
    return commit_id in _under_way
