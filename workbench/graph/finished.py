"""A candidate graph after finishing: what is left of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from lsst.daf.butler import DatasetRef

from workbench.graph.candidates import CandidateGraph
from workbench.graph.columns import Mask, Rows
from workbench.graph.hook_effects import HookCost

__all__ = ["Finished"]


@dataclasses.dataclass(frozen=True, eq=False)
class Finished:
    """What is left of a candidate graph.

    Parameters
    ----------
    quantum : `numpy.ndarray` of `bool`, shape (n_quanta,)
        Quanta of the graph.
    edge : `numpy.ndarray` of `bool`, shape (n_edges,)
        Their input edges.
    made : `numpy.ndarray` of `bool`, shape (n_datasets,)
        Datasets that these quanta make.
    skipped : `numpy.ndarray` of `bool`, shape (n_quanta,)
        Kept quanta that ran before.
    found : `~collections.abc.Mapping`
        Input edges that lookups found quantum by quantum: by task label and
        dataset type, quantum numbers and refs.
    costs : `tuple` [ `~workbench.graph.hooks.HookCost`, ... ]
        Python that ran for each quantum.
    borrowed : `numpy.ndarray` of `bool`, shape (n_datasets,)
        Candidates that are among what ``found`` has.
    graph : `~workbench.graph.candidates.CandidateGraph`
        The candidates; ``adjust_all_quanta`` may have moved outputs.
    """

    quantum: Mask
    edge: Mask
    made: Mask
    skipped: Mask
    found: Mapping[tuple[str, str], tuple[Rows, Sequence[DatasetRef]]]
    costs: tuple[HookCost, ...]
    borrowed: Mask
    graph: CandidateGraph
