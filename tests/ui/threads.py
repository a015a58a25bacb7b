"""In which threads the views of another process act."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read_threads", "witness"]

_WITNESS = """
import threading
from workbench.session.desk.desk import Desk

def witness(method):
    def told(self, *args, **kwargs):
        with open({log!r}, 'a') as log:
            print(threading.current_thread().name, file=log)
        return method(self, *args, **kwargs)
    return told

for name in ('attempt', 'record', 'tell'):
    setattr(Desk, name, witness(getattr(Desk, name)))
"""


def witness(log: str | Path) -> str:
    """Code that writes down the thread of everything that a view does from then on."""
    return _WITNESS.format(log=str(log))


def read_threads(log: Path) -> set[str]:
    """Names of the threads that were written down."""
    return set(log.read_text().split("\n")) - {""}
