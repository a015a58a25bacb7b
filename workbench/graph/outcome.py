"""What an engine made of the kept candidates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from workbench.graph.columns import GraphColumns
from workbench.graph.finish import Finished

__all__ = ["Outcome"]


@dataclasses.dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine made of the kept candidates.

    Parameters
    ----------
    finished : `~workbench.graph.finish.Finished`
        Masks over the candidates.
    engine : `str`
        What built it: "columnar", or the stock builder and why.
    make_content : `~collections.abc.Callable`
        Puts it into the columns of a graph.
    """

    finished: Finished
    engine: str
    make_content: Callable[[], GraphColumns]
