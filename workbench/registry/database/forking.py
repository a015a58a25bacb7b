"""Processes that were forked off one that had a repository open."""

from __future__ import annotations

import os

from workbench.errors import ForkedProcessError

__all__ = ["refuse_forked"]

_state = {"opened": False, "forked": False}


def refuse_forked() -> None:
    """Note that a repository is used, and refuse that after a fork.

    Raises
    ------
    workbench.errors.ForkedProcessError
        Raised in a child that was forked after its parent used a repository:
        the threads of polars are not in the child, which would wait for them
        for ever, and both would use the same connections.
    """
    if _state["forked"]:
        raise ForkedProcessError(
            "This process was forked off one that had a repository open. Its threads and connections are "
            "not here, so that nothing can be read. Start workers before the first wb.open, or by "
            "multiprocessing.get_context('spawn') or 'forkserver', and open the repository in each."
        )
    _state["opened"] = True


def _note_fork() -> None:
    _state["forked"] = _state["opened"]


os.register_at_fork(after_in_child=_note_fork)
