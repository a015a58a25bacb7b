"""Processes that die by SIGKILL at the n-th thing that they do to files and to a database.

`arm` is called in the process itself.  A command that is started by another one is armed
by `environment`: its interpreter loads `sitecustomize` before anything else.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sqlite3.dbapi2
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

_AT, _BELOW, _COMMAND = "DIE_AT", "DIE_BELOW", "DIE_IN"
_FILE_ACTS = frozenset({"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.truncate"})
_STATEMENTS = ("COMMIT", "INSERT", "UPDATE", "DELETE", "CREATE", "RELEASE")


def arm(at: int, below: Path) -> None:
    """Die just before the act of this number.

    Parameters
    ----------
    at : `int`
        Counted from 1.
    below : `pathlib.Path`
        Only what is done to files below this directory counts, and statements that write
        to SQLite or PostgreSQL.
    """
    n_acts, root = 0, str(below)

    def act() -> None:
        nonlocal n_acts
        n_acts += 1
        if n_acts == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(statement: str) -> None:
        if statement.startswith(_STATEMENTS):
            act()

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if (event in _FILE_ACTS and str(args[0]).startswith(root)) or (
            event == "open"
            and isinstance(args[0], str)
            and args[0].startswith(root)
            and isinstance(args[2], int)
            and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            act()

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = real_connect(*args, **kwargs)
        connection.set_trace_callback(trace)
        return connection

    def execute(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if connection.dialect.name == "postgresql":
            trace(statement)

    def end(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            act()

    sa.event.listen(sa.Engine, "before_cursor_execute", execute)
    sa.event.listen(sa.Engine, "commit", end)
    sys.addaudithook(hook)
    real_connect = sqlite3.connect
    sqlite3.connect = sqlite3.dbapi2.connect = connect  # type: ignore[assignment]


def environment(command: str, at: int, below: Path, directory: Path) -> dict[str, str]:
    """Make the environment in which a command dies, whoever starts it.

    Parameters
    ----------
    command : `str`
        A word of its command line, such as "ingest-graph".
    at : `int`
        Counted from 1.
    below : `pathlib.Path`
        As for `arm`.
    directory : `pathlib.Path`
        Where a file is written that its interpreter loads.

    Returns
    -------
    variables : `dict` [ `str`, `str` ]
        To be added to the environment.
    """
    directory.mkdir(exist_ok=True)
    (directory / "sitecustomize.py").write_text(
        "from tests.killing import _arm_if_asked\n\n_arm_if_asked()\n"
    )
    paths = [str(directory), str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        _AT: str(at),
        _BELOW: str(below),
        _COMMAND: command,
    }


def _arm_if_asked() -> None:
    if os.environ.get(_COMMAND) in sys.orig_argv:
        arm(int(os.environ[_AT]), Path(os.environ[_BELOW]))
