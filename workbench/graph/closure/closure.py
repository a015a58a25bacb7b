"""Demand and completeness: which candidate quanta a graph keeps.

After the explicit cuts, quanta upstream are kept where a kept quantum
downstream needs them, with all of their own inputs; side branches are kept
where none of their inputs is missing.  An input that is not there is judged by
the cause: *excluded* where constraints took it, its producer, or so many of the
producer's inputs that it fell; *missing* where its producer fell for want of
demand.  What could never run is neither, and its own inputs owe it nothing.
"""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import numpy.typing as npt

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.closure.demand import Demand, find_demand
from workbench.graph.columns.graph_columns import Mask
from workbench.presentation import presented

__all__ = ["Closure", "PartialPolicy", "Stage", "compute_closure"]


class PartialPolicy(enum.Enum):
    """What to do about quanta of which an input is missing."""

    COMPLETE = "complete"
    """Add the producers of the missing inputs, but never against a constraint."""

    DROP = "drop"
    """Leave the partial quanta out, and what would then be partial."""

    ALLOW = "allow"
    """Keep the partial quanta and mark them."""


class Stage(enum.IntEnum):
    """Where a candidate quantum ended."""

    KEPT = 0
    """In the graph."""

    NO_INPUTS = 1
    """An input that the task cannot do without is not in the input collections."""

    CONSTRAINT = 2
    """Cut by a constraint that bound to the task."""

    STARVED = 3
    """A constraint upstream left fewer inputs than the task's minimum."""

    NOT_DEMANDED = 4
    """No kept quantum needs its outputs."""

    PARTIAL = 5
    """Left out by the policy because an input is missing."""

    HOOK = 6
    """Removed by the task's own hooks or by the builder's last checks."""

    SKIPPED = 7
    """Ran before, in one of the collections of ``skip_existing_in``."""


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """What is kept of a candidate graph, and why the rest is not.

    Parameters
    ----------
    stage : `numpy.ndarray`, shape (n_quanta,)
        A `Stage` for each candidate quantum.
    partial : `numpy.ndarray`, shape (n_quanta,)
        Kept quanta of which an input is missing.
    added : `numpy.ndarray`, shape (n_quanta,)
        Kept quanta that are there only to complete the inputs of others.
    missing_edge : `numpy.ndarray`, shape (n_edges,)
        Input edges of kept quanta whose dataset is missing.
    roots : `frozenset` [ `str` ]
        Labels of the tasks from which demand starts; empty if everything is
        demanded.
    named : `frozenset` [ `str` ], optional
        Those of the roots that a constraint or a grouping names.
    """

    stage: npt.NDArray[np.int8]
    partial: Mask
    added: Mask
    missing_edge: Mask
    roots: frozenset[str]
    named: frozenset[str] = frozenset()

    @classmethod
    def of_everything(cls, graph: CandidateGraph) -> Closure:
        """Keep all candidates.

        Parameters
        ----------
        graph : `CandidateGraph`
            The candidates.

        Returns
        -------
        closure : `Closure`
            In which nothing is missing.
        """
        nothing = np.zeros(graph.n_quanta, dtype=np.bool_)
        stage = np.full(graph.n_quanta, int(Stage.KEPT), dtype=np.int8)
        return cls(stage, nothing, nothing, np.zeros(graph.n_edges, dtype=np.bool_), frozenset())

    @property
    def kept(self) -> Mask:
        """Mask of the kept quanta (`numpy.ndarray`, shape (n_quanta,))."""
        return np.equal(self.stage, Stage.KEPT)

    @property
    def growth(self) -> float:
        """Kept quanta over those kept without completing any (`float`)."""
        n_kept = int(self.kept.sum())
        return n_kept / max(1, n_kept - int(self.added.sum()))


def compute_closure(
    graph: CandidateGraph,
    binding: Binding,
    policy: PartialPolicy,
    unable: frozenset[str] = frozenset(),
) -> Closure:
    """Decide which candidate quanta to keep.

    Parameters
    ----------
    graph : `CandidateGraph`
        The candidates.
    binding : `Binding`
        The explicit cuts.
    policy : `PartialPolicy`
        What to do about quanta of which an input is missing.
    unable : `frozenset` [ `str` ], optional
        Labels of tasks that cannot run for want of something that is no
        candidate, such as a prerequisite.

    Returns
    -------
    closure : `Closure`
        The decision, with the stage at which each quantum fell.
    """
    return _Closing(graph, binding, unable).close(policy)


class _Closing:
    """The state of one closure; masks are over quanta or over edges.

    Works task by task in topological order, so that each pass sees what its
    producers became.
    """

    def __init__(self, graph: CandidateGraph, binding: Binding, unable: frozenset[str]):
        self._graph = graph
        self._binding = binding
        self._unable = unable
        self._edge_producer = graph.edge_producer
        self._made = self._edge_producer >= 0
        self._exists = graph.exists[graph.edge_dataset]
        self._uncut_edge = binding.edge_cut == UNCUT

    def close(self, policy: PartialPolicy) -> Closure:
        graph = self._graph
        everything = np.ones(graph.n_quanta, dtype=np.bool_)
        for label in self._unable & graph.tasks.keys():
            everything[graph.span(label)] = False
        any_edge = np.ones(graph.n_edges, dtype=np.bool_)
        # What could run if nobody constrained anything: "its inputs are not there" must never be
        # said of a quantum that a constraint starved, so the two are told apart by two passes.
        self._viable = viable = self._runnable(everything, any_edge)
        # The second pass is the first one where no constraint cuts, which is the common case.
        uncut = viable & (self._binding.quantum_cut == UNCUT)
        alive = viable if uncut.all() and self._uncut_edge.all() else self._runnable(uncut, self._uncut_edge)
        self._alive = alive
        # Demand is not put on a task that could never run: its whole upstream would be asked for in vain.
        able = frozenset(label for label in graph.tasks if viable[graph.span(label)].any())
        demand = find_demand(graph, self._binding, able)
        kept, added, dropped = self._demand(demand, policy)
        missing_edge = np.zeros(graph.n_edges, dtype=np.bool_)
        partial = np.zeros_like(kept)
        for label in graph.tasks:
            span = graph.edge_span(label)
            missing_edge[span] = kept[graph.edge_quantum[span]] & self._missing(kept, span)
            partial[graph.edge_quantum[span][missing_edge[span]]] = True
        # From the weakest statement to the strongest, so that the last one that holds is the one
        # that is told: an explicit constraint is the cause even of what would not have been demanded.
        stage = np.full(graph.n_quanta, int(Stage.NOT_DEMANDED), dtype=np.int8)
        stage[~viable] = Stage.NO_INPUTS
        stage[uncut & ~alive] = Stage.STARVED
        stage[dropped] = Stage.PARTIAL
        stage[viable & ~uncut] = Stage.CONSTRAINT
        stage[kept] = Stage.KEPT
        return Closure(stage, partial, added & kept, missing_edge, demand.roots, demand.named)

    def _available(self, quanta: Mask, edges: slice) -> Mask:
        """Edges of a span whose dataset exists or is made by one of ``quanta``."""
        if not len(quanta):
            return self._exists[edges].copy()
        # A producer of -1 reads the last quantum, and is masked out.
        available: Mask = self._exists[edges] | (self._made[edges] & quanta[self._edge_producer[edges]])
        return available

    def _missing(self, kept: Mask, edges: slice) -> Mask:
        """Edges of a span whose dataset would be there, but for want of demand for its producer."""
        # What constraints took, however indirectly, is not among the living.
        fell: Mask = self._available(self._alive, edges) & ~self._available(kept, edges)
        fell &= self._uncut_edge[edges]
        return fell

    def _count(self, label: str, span: slice, edges: Mask) -> npt.NDArray[np.int64]:
        """Count the chosen edges of a span for each quantum of a task."""
        graph = self._graph
        chosen = graph.edge_quantum[span][edges] - graph.quantum_start[label]
        return np.bincount(chosen, minlength=len(graph.quantum_ids[label]))

    def _runnable(self, allowed: Mask, edges: Mask) -> Mask:
        """Quanta of ``allowed`` that have at least their minimum of inputs."""
        graph = self._graph
        result = np.zeros_like(allowed)
        for label, task in graph.tasks.items():
            span = graph.span(label)
            ok = allowed[span].copy()
            for name, minimum in task.minimum.items():
                if minimum > 0:
                    block = graph.blocks.get((label, name), slice(0, 0))
                    usable = edges[block] & self._available(result, block)
                    ok &= self._count(label, block, usable) >= minimum
            result[span] = ok
        return result

    def _upstream_of(self, wanted: Mask) -> Mask:
        """Close ``wanted`` backward over uncut edges, within what is alive."""
        kept = wanted.copy()
        # Tasks are in topological order, so one pass from the end reaches every ancestor.
        for label in reversed(self._graph.labels):
            edges = self._graph.edge_span(label)
            needed = kept[self._graph.edge_quantum[edges]] & self._uncut_edge[edges] & self._made[edges]
            producers = self._edge_producer[edges][needed]
            kept[producers] |= self._alive[producers]
        return kept

    def _ends(self) -> Mask:
        """Quanta whose outputs nothing could ever use; a consumer that could never run is none."""
        used = np.zeros_like(self._alive)
        # Viable, not alive: a consumer that constraints cut still says that its producer is no end.
        # Otherwise excluding the last task would silently ask for the one before it.
        used[self._edge_producer[self._made & self._viable[self._graph.edge_quantum]]] = True
        return ~used

    def _demand(self, demand: Demand, policy: PartialPolicy) -> tuple[Mask, Mask, Mask]:
        """Return what is kept, what of it completes others, and what the policy left out."""
        alive = self._alive
        added, dropped = np.zeros_like(alive), np.zeros_like(alive)
        if demand.of_ends:
            return self._upstream_of(alive & self._ends()), added, dropped
        tasks, roots = self._graph.tasks, demand.roots
        wanted = np.zeros_like(alive)
        for label in roots:
            span = self._graph.span(label)
            wanted[span] = alive[span]
        kept = self._upstream_of(wanted)
        upstream = frozenset[str]().union(*(tasks[label].upstream for label in roots))
        downstream = frozenset[str]().union(*(tasks[label].downstream for label in roots))
        settled = roots | upstream
        # Neither above nor below what is demanded, yet fed by the same quanta: kept where it costs
        # nothing upstream, as a user of the stock builder expects of, say, a metrics task.
        side = [label for label in tasks if label not in settled and label not in downstream]
        fed = wanted.copy()
        for label in tasks:
            if label in downstream - settled:
                self._keep_downstream(label, kept, fed, added, dropped, policy)
            elif label in side and policy is not PartialPolicy.COMPLETE:
                # Before its consumers are judged; where these complete, they ask for it themselves.
                self._keep_side_branch(label, kept)
        # Again for all: under COMPLETE consumers have asked for more upstream by now, and a side
        # branch that lacked an input before has it.
        for label in side:
            self._keep_side_branch(label, kept)
        self._trim_side_branches(frozenset(side), kept)
        return kept, added, dropped

    def _keep_downstream(
        self, label: str, kept: Mask, fed: Mask, added: Mask, dropped: Mask, policy: PartialPolicy
    ) -> None:
        """Keep what the roots feed, and what has to be added upstream."""
        graph = self._graph
        edges = graph.edge_span(label)
        from_roots = self._uncut_edge[edges] & self._made[edges] & fed[self._edge_producer[edges]]
        mine = np.zeros_like(kept)
        mine[graph.edge_quantum[edges][from_roots]] = True
        mine &= self._alive
        if policy is PartialPolicy.DROP:
            lacking = np.zeros_like(mine)
            lacking[graph.edge_quantum[edges][self._missing(kept, edges)]] = True
            dropped |= mine & lacking
            mine &= ~lacking
        before = kept.copy()
        # `fed` follows the roots alone, `kept` also what was added upstream: a quantum that was added
        # to complete another must not by itself demand what it feeds.
        kept |= mine
        fed |= mine
        if policy is PartialPolicy.COMPLETE:
            kept |= self._upstream_of(mine)
            added |= kept & ~before & ~mine

    def _keep_side_branch(self, label: str, kept: Mask) -> None:
        span, edges = self._graph.span(label), self._graph.edge_span(label)
        lacking = self._count(label, edges, self._missing(kept, edges)) > 0
        fed = self._count(label, edges, self._uncut_edge[edges] & self._available(kept, edges)) > 0
        has_edges = self._count(label, edges, np.ones(edges.stop - edges.start, dtype=np.bool_)) > 0
        kept[span] |= self._alive[span] & ~lacking & (fed | ~has_edges)

    def _trim_side_branches(self, side: frozenset[str], kept: Mask) -> None:
        """Drop side quanta that others could have used, where none of these is kept.

        A consumer that could never run has no say: without it, the quantum is
        an end like any other.
        """
        graph = self._graph
        used, live = np.zeros_like(kept), np.zeros_like(kept)
        for label in reversed(graph.labels):
            span, edges = graph.span(label), graph.edge_span(label)
            if label in side:
                kept[span] &= ~used[span] | live[span]
            consumers = graph.edge_quantum[edges]
            makers = self._edge_producer[edges]
            uses = self._uncut_edge[edges] & self._made[edges] & self._viable[consumers]
            used[makers[uses]] = True
            live[makers[uses & kept[consumers]]] = True
