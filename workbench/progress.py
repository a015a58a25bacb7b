"""Progress of long work, and its cancellation.

Long functions take a ``progress`` callback and call it with the name of the
stage and the fraction done.  The callback cancels by raising
`~workbench.errors.OperationCancelledError`.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """What a long function tells its caller."""

    def __call__(self, stage: str, fraction: float | None = None) -> None:
        """Report the state of the work.

        Parameters
        ----------
        stage : `str`
            What is being done, in a few words.
        fraction : `float`, optional
            Fraction of the stage that is done, 0 to 1; `None` where the size
            of the work is not known.

        Raises
        ------
        workbench.errors.OperationCancelledError
            Raised by the callback to cancel the work.
        """


def silent(stage: str, fraction: float | None = None) -> None:
    """Report nothing and never cancel.

    Parameters
    ----------
    stage : `str`
        Ignored.
    fraction : `float`, optional
        Ignored.
    """
