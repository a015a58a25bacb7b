"""Where a server does what it would hand to other threads: in the one of its event loop."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["OneThread"]

P = ParamSpec("P")
T = TypeVar("T")


class OneThread(ThreadPoolExecutor):
    """An executor for an event loop that does everything at once, where it is asked to.

    Bokeh from 3.10 on makes documents, hears what the browser sends and calls
    what was scheduled in threads of the loop's default executor, while
    coroutines go on in the loop.  A Butler, a document of Bokeh and the state
    of our views are for one thread; and there alone is a running loop, which
    begins long work and looks for what others write.  Bokeh before 3.10 did
    the same by itself.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do something now.

        Parameters
        ----------
        fn : `~collections.abc.Callable`
            What to do.
        *args, **kwargs
            Its arguments.

        Returns
        -------
        done : `concurrent.futures.Future`
            Holds what it returned; what it raises is raised here.
        """
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done
