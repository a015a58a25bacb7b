"""What calling the hooks of tasks changed and cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lsst.daf.butler import DatasetRef

from workbench.graph.columns.graph_columns import Mask, Rows

__all__ = ["Adjusted", "HookCost", "Inputs", "AdjustedAll"]


@dataclasses.dataclass(frozen=True, slots=True)
class HookCost:
    """Python that ran for each quantum of a task, or the stock builder for all of them.

    Parameters
    ----------
    label : `str`
        Task label.
    hook : `str`
        "adjustQuantum", or a prerequisite connection and why it is looked up
        so, or "stock builder" and why it proposed the quanta.
    calls : `int`
        Number of calls.
    seconds : `float`
        Time that they took, making their arguments included.
    """

    label: str
    hook: str
    calls: int
    seconds: float


@dataclasses.dataclass(frozen=True, eq=False)
class Adjusted:
    """What ``adjustQuantum`` took away from the quanta of a task.

    Parameters
    ----------
    removed_quanta, removed_edges, removed_outputs : `list` [ `int` ]
        Numbers of quanta, input edges and datasets.
    kept_found : `dict`
        By task label and dataset type, a mask over what lookups found.
    """

    removed_quanta: list[int]
    removed_edges: list[int]
    removed_outputs: list[int]
    kept_found: dict[tuple[str, str], Mask]


@dataclasses.dataclass(frozen=True, eq=False)
class AdjustedAll:
    """What ``adjust_all_quanta`` made of the quanta of a task, by number.

    Parameters
    ----------
    removed_quanta : `list` [ `int` ]
        Numbers of quanta.
    found : `~collections.abc.Mapping`
        By dataset type, quanta and the refs that they were given, sorted by
        quantum.
    moved, makers : `numpy.ndarray` of `numpy.int64`
        Datasets, and the quanta that make them now; -1 where nothing does.
    """

    removed_quanta: list[int]
    found: Mapping[str, tuple[Rows, Sequence[DatasetRef]]]
    moved: Rows
    makers: Rows


@dataclasses.dataclass(frozen=True, eq=False)
class Inputs:
    """What a task has before its hooks run.

    Parameters
    ----------
    edge : `numpy.ndarray` of `bool`, shape (n_edges,)
        Input edges of the graph so far.
    made : `numpy.ndarray` of `bool`, shape (n_datasets,)
        Datasets that are going to be made.
    found : `~collections.abc.Mapping`
        What lookups found, by task label and dataset type.
    """

    edge: Mask
    made: Mask
    found: Mapping[tuple[str, str], tuple[Rows, Sequence[DatasetRef]]]
