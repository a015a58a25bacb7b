"""What a notebook's kernel hears of the browser: in which thread, and in which order."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["call_in_main_thread", "split_message"]


def call_in_main_thread(call: Callable[[], object]) -> None:
    """Do something in the main thread: at once there, in turn from any other.

    Parameters
    ----------
    call : `~collections.abc.Callable`
        What to do; what it raises there is logged by the kernel.

    Notes
    -----
    JupyterLab from 4.4 on hands what happens in the browser to a thread
    beside the one that runs cells, where the kernel (ipykernel 7) offers
    subshells.  A Butler, the documents of Bokeh and the state of our views
    are for one thread: a click is handled when the cell that runs has ended,
    as in every other notebook, and never amid a look for what others wrote.
    """
    loop = None if threading.current_thread() is threading.main_thread() else _find_kernel_loop()
    if loop is None:
        call()
    else:
        loop.add_callback(call)


def _find_kernel_loop() -> Any:
    """Return Tornado's loop of the main thread, if this process is a kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(getattr(shell, "kernel", None), "io_loop", None)


def split_message(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Split what the browser sends of a document into what is heard in order.

    Parameters
    ----------
    message : `~collections.abc.Mapping`
        A patch of Bokeh's protocol, as Panel's comm hands it on.

    Yields
    ------
    part : `dict`
        The same with only one of the events, a change or a press.

    Notes
    -----
    Where the kernel is slow, much comes in one message.  Panel applies the
    changes of a message when it is done with its events, and a button's press
    at once: the press would be heard before the text that was typed before
    it.  And from Panel 1.10 on, what Python does about the first of several
    changes holds the document again, and the others with it: they would be
    heard with the next message, or never.
    """
    events = message.get("content", {}).get("events", [])
    if len(events) < 2:
        yield dict(message)
        return
    for event in events:
        # Whoever assembles a part writes into its header and takes its buffers out.
        yield {
            **message,
            "header": dict(message["header"]),
            "content": {**message["content"], "events": [event]},
            "_buffers": dict(message.get("_buffers") or {}),
        }
