"""Work of which the last that was asked for counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from workbench.progress import Progress, silent
from workbench.session.desk.desk import Desk

__all__ = ["LatestWork"]

T = TypeVar("T")


class LatestWork(Generic[T]):
    """Reads or computes what a page shows: at once where that is short, otherwise in a thread.

    The page changes when the work is complete, and not at all if it fails or
    is cancelled.

    Parameters
    ----------
    desk : `~workbench.session.desk.desk.Desk`
        Carries out the work.
    title : `str`
        What the work is, such as "Grouping".
    done : `~collections.abc.Callable`
        Takes the result, or `None`, and what went wrong; both are empty for
        work that was cancelled.
    """

    def __init__(self, desk: Desk, title: str, done: Callable[[T | None, str], None]):
        self.desk = desk
        self.title = title
        self.is_working = False
        self._done = done
        self._asked: object = None
        self._next: Callable[[Progress], T] | None = None

    def begin(self, call: Callable[[Progress], T], *, asked: object, n_rows: int = 0) -> None:
        """Do it; what is under way is cancelled, unless it is just this.

        Parameters
        ----------
        call : `~collections.abc.Callable`
            Does it; takes the progress callback.  May run in a thread: it
            changes nothing that others see.
        asked : `object`
            What it is asked to do, to be compared.
        n_rows : `int`, optional
            As for `~workbench.session.desk.desk.Desk.is_long`.
        """
        same, self._asked = asked == self._asked, asked
        if self.is_working and same and not self.desk.is_cancelling:
            return
        if self.is_working:
            self._next = call
            self.desk.cancel()
        elif self.desk.is_long(n_rows):
            self.is_working = True
            self.desk.start(lambda: self._work(call))
        else:
            self._done(*self.desk.attempt(lambda: call(silent)))

    async def _work(self, call: Callable[[Progress], T]) -> None:
        wanted: Callable[[Progress], T] | None = call
        done: tuple[T | None, str] = (None, "")
        try:
            while wanted is not None:
                done = await self.desk.attempt_long(self.title, wanted)
                wanted, self._next = self._next, None
        finally:
            self.is_working = False
        self._done(*done)
