"""The thread of a notebook's kernel that runs its cells: everything of a view is done in it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["call_in_main_thread"]


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
