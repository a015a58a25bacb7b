"""Progress on a terminal, and Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from workbench.errors import OperationCancelledError
from workbench.progress import Progress

__all__ = ["reporting"]

_CLEAR_LINE = "\r\x1b[K"


@contextlib.contextmanager
def reporting() -> Iterator[Progress]:
    """Report progress on standard error while it is a terminal.

    The first Ctrl-C cancels at the next report, where the work can leave
    nothing behind; a second one interrupts at once.

    Yields
    ------
    progress : `~workbench.progress.Progress`
        To be given to the work.
    """
    line = _Line()
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, line.cancel) if in_main_thread else None
    try:
        yield line.report
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, before)
        line.clear()


class _Line:
    """One line of a terminal that is written again and again."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._cancelled = False
        self._is_terminal = sys.stderr.isatty()

    def report(self, stage: str, fraction: float | None = None) -> None:
        if self._cancelled:
            raise OperationCancelledError(f"Stopped while {stage}; nothing was left behind.")
        share = "" if fraction is None else f" {fraction:4.0%}"
        self._write(f"{_CLEAR_LINE}{stage}{share}, {time.monotonic() - self._begin:.0f} s")

    def cancel(self, number: int, frame: FrameType | None) -> None:
        if self._cancelled:
            signal.default_int_handler(number, frame)
        self._cancelled = True
        self._write(f"{_CLEAR_LINE}cancelling; once more to interrupt at once")

    def clear(self) -> None:
        self._write(_CLEAR_LINE)

    def _write(self, text: str) -> None:
        if self._is_terminal:
            sys.stderr.write(text)
            sys.stderr.flush()
