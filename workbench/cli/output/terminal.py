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

__all__ = ["ProgressLine", "reporting"]

_CLEAR_LINE = "\r\x1b[K"
_FIRST_LINE = 10.0
_BETWEEN_LINES = 15.0
"""Seconds until the first line, and between two, where standard error is a file or a pipe."""


class ProgressLine:
    """A line of a terminal that is written again and again.

    It is a `~workbench.progress.Progress`.  Where standard error is no
    terminal, as in a batch job, what takes longer than ten seconds is told
    by a line of its own now and then.
    """

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._cancelled = False
        self._is_terminal = sys.stderr.isatty()
        self._next_line = self._begin + _FIRST_LINE

    def __call__(self, stage: str, fraction: float | None = None) -> None:
        """Report the state of the work.

        Parameters
        ----------
        stage : `str`
            What is being done.
        fraction : `float`, optional
            Fraction of the stage that is done, 0 to 1.

        Raises
        ------
        workbench.errors.OperationCancelledError
            Raised if Ctrl-C was pressed.
        """
        if self._cancelled:
            raise OperationCancelledError(f"Stopped at: {stage}.")
        share = "" if fraction is None else f" {fraction:4.0%}"
        now = time.monotonic()
        text = f"{stage}{share}, {now - self._begin:.0f} s"
        if self._is_terminal:
            self._write(f"{_CLEAR_LINE}{text}")
        elif now >= self._next_line:
            self._next_line = now + _BETWEEN_LINES
            print(text, file=sys.stderr, flush=True)

    def cancel(self, number: int, frame: FrameType | None) -> None:
        """Take an interrupt: the next report cancels, a second interrupt ends at once.

        Parameters
        ----------
        number : `int`
            The signal.
        frame : `types.FrameType` or `None`
            Where it arrived.
        """
        if self._cancelled:
            signal.default_int_handler(number, frame)
        self._cancelled = True
        self._write(f"{_CLEAR_LINE}cancelling; once more to interrupt at once")

    def print(self, text: str) -> None:
        """Print a line on standard output, above the progress.

        Parameters
        ----------
        text : `str`
            The line.
        """
        self.clear()
        print(text, flush=True)

    def clear(self) -> None:
        """Make the line empty."""
        self._write(_CLEAR_LINE)

    def _write(self, text: str) -> None:
        if self._is_terminal:
            sys.stderr.write(text)
            sys.stderr.flush()


@contextlib.contextmanager
def reporting() -> Iterator[ProgressLine]:
    """Report progress on standard error while it is a terminal.

    The first Ctrl-C cancels at the next report, where the work can leave
    nothing behind; a second one interrupts at once.

    Yields
    ------
    progress : `ProgressLine`
        To be given to the work.
    """
    line = ProgressLine()
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, line.cancel) if in_main_thread else None
    try:
        yield line
    finally:
        if in_main_thread:
            signal.signal(signal.SIGINT, before)
        line.clear()
