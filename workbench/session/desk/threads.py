"""Work that is done beside the event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["do_in_thread"]

P = ParamSpec("P")
T = TypeVar("T")


async def do_in_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something in a thread of its own, and wait for it while the event loop goes on.

    Parameters
    ----------
    call : `~collections.abc.Callable`
        What to do.
    *args, **kwargs
        Its arguments.

    Returns
    -------
    result : `object`
        What it returned; what it raises is raised here.

    Notes
    -----
    `asyncio.to_thread` leaves the thread to the loop, and that of a served
    page has none to give: what Bokeh would do in others is done in the
    loop's own there (`~workbench.ui.one_thread.OneThread`).  Nothing is kept
    between calls that a forked process could not use.
    """
    context = contextvars.copy_context()
    executor = ThreadPoolExecutor(1, thread_name_prefix="workbench")
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(executor, lambda: context.run(call, *args, **kwargs))
    finally:
        executor.shutdown(wait=False)
