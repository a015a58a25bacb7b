"""How a page of Panel begins work: with the lock of its document held, and for as long as it is open."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import panel as pn

from workbench.session.desk.schedule import Repeated

__all__ = ["PageSchedule"]


class PageSchedule:
    """Begins work through Panel, which ends what repeats with the page."""

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin long work.

        Parameters
        ----------
        work : `~collections.abc.Callable`
            Gives the coroutine.
        """

        async def run() -> None:
            # Panel schedules coroutine functions alone.
            await work()

        pn.state.execute(run)

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
        repeated : `~workbench.session.desk.schedule.Repeated`
            Stops it.
        """
        repeated: Repeated = pn.state.add_periodic_callback(call, period=round(1000 * period))
        return repeated
