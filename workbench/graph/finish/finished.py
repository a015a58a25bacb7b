"""A finished graph: what is left of the candidates, and everything that its content is made of."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from lsst.daf.butler import DatasetRef

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.hook_effects import HookCost
from workbench.graph.closure.request import GraphRequest
from workbench.graph.columns.graph_columns import GraphColumns, Mask, Rows
from workbench.presentation import presented

__all__ = ["Content", "Finished"]


class Content(Protocol):
    """What a finished graph has beside its masks: records, and the IDs that were minted for it."""

    def make_columns(self, finished: Finished) -> GraphColumns:
        """Put the graph into columns.

        Parameters
        ----------
        finished : `Finished`
            The graph that this belongs to.

        Returns
        -------
        columns : `~workbench.graph.columns.graph_columns.GraphColumns`
            With IDs for quanta and new datasets.
        """
        ...


@presented
@dataclasses.dataclass(frozen=True, eq=False)
class Finished:
    """What is left of a candidate graph, and what it was asked to be.

    It belongs to one request: whatever else is made of the same candidates,
    this stays as it is, with the same IDs each time they are asked for, in
    any thread.

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
    costs : `tuple` [ `~workbench.graph.finish.hooks.HookCost`, ... ]
        Python that ran for each quantum.
    borrowed : `numpy.ndarray` of `bool`, shape (n_datasets,)
        Candidates that are among what ``found`` has.
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates; ``adjust_all_quanta`` may have moved outputs.
    request : `~workbench.graph.GraphRequest`
        What was asked for.
    engine : `str`
        What built it: "columnar", or the stock builder and why.
    content : `Content`
        What the columns are made of.
    ran_in : `~collections.abc.Mapping`, optional
        Numbers of the skipped quanta of each task that has any, and the RUN
        in which each ran.
    unfollowed : `tuple` [ `str`, ... ], optional
        Labels of tasks that may hold more than constraints upstream left.
    """

    quantum: Mask
    edge: Mask
    made: Mask
    skipped: Mask
    found: Mapping[tuple[str, str], tuple[Rows, Sequence[DatasetRef]]]
    costs: tuple[HookCost, ...]
    borrowed: Mask
    graph: CandidateGraph
    request: GraphRequest
    engine: str
    content: Content
    ran_in: Mapping[str, tuple[Rows, Sequence[str]]] = dataclasses.field(default_factory=dict)
    unfollowed: tuple[str, ...] = ()
    _columns: list[GraphColumns] = dataclasses.field(default_factory=list, init=False, repr=False)
    _once: threading.Lock = dataclasses.field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        for mask in (self.quantum, self.edge, self.made, self.skipped, self.borrowed):
            mask.setflags(write=False)

    @property
    def columns(self) -> GraphColumns:
        """The graph itself, made when it is first asked for."""
        # One thread makes it: two would mint two IDs for the same quantum.
        with self._once:
            if not self._columns:
                self._columns.append(self.content.make_columns(self))
            return self._columns[0]
