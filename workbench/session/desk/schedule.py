"""How work is begun that nobody awaits: by the event loop, or by whoever draws."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

__all__ = ["LoopSchedule", "Repeated", "Schedule"]


class Repeated(Protocol):
    """A call that is made again and again."""

    @property
    def running(self) -> bool:
        """Whether it is still made (`bool`)."""

    def stop(self) -> None:
        """Make it no more."""


class Schedule(Protocol):
    """Begins work within a running event loop."""

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin long work.

        Parameters
        ----------
        work : `~collections.abc.Callable`
            Gives the coroutine.
        """

    def repeat(self, call: Callable[[], None], period: float) -> Repeated:
        """Call something again and again.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            What to call.
        period : `float`
            Time between two calls (s).

        Returns
        -------
        repeated : `Repeated`
            Stops it.
        """


class LoopSchedule:
    """Uses the running event loop of the caller, as scripts and kernels have it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin long work.

        Parameters
        ----------
        work : `~collections.abc.Callable`
            Gives the coroutine.
        """
        self._hold(asyncio.get_running_loop().create_task(work()))

    def repeat(self, call: Callable[[], None], period: float) -> Repeated:
        """Call something again and again.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            What to call.
        period : `float`
            Time between two calls (s).

        Returns
        -------
        repeated : `Repeated`
            Stops it.
        """
        return _LoopRepeated(call, period, self._hold)

    def _hold(self, task: asyncio.Task[None]) -> None:
        # A loop keeps weak references to its tasks alone.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _LoopRepeated:
    def __init__(self, call: Callable[[], None], period: float, hold: Callable[[asyncio.Task[None]], None]):
        self._call = call
        self._period = period
        self._stopped = False
        hold(asyncio.get_running_loop().create_task(self._run()))

    @property
    def running(self) -> bool:
        return not self._stopped

    def stop(self) -> None:
        self._stopped = True

    async def _run(self) -> None:
        while not self._stopped:
            await asyncio.sleep(self._period)
            if not self._stopped:
                self._call()
