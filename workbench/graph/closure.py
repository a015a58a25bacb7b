"""Demand and completeness: which candidate quanta a graph keeps.

After the explicit cuts, quanta upstream are kept where a kept quantum
downstream needs them, with all of their own inputs; side branches are kept
where none of their inputs is missing.  An input is *excluded* when a
constraint cut its own edge or its producer; it is *missing* when its producer
fell only as a consequence.  A quantum is partial when inputs are missing, never
because they are excluded.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from workbench.graph.binding import UNCUT, Binding
from workbench.graph.candidates import CandidateGraph
from workbench.graph.columns import Mask
from workbench.graph.constraints import Mode, Scope

__all__ = ["Closure", "PartialPolicy", "Stage", "compute_closure", "find_roots"]


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
    """

    stage: npt.NDArray[np.int8]
    partial: Mask
    added: Mask
    missing_edge: Mask
    roots: frozenset[str]

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


def find_roots(graph: CandidateGraph, binding: Binding) -> frozenset[str]:
    """Find the tasks from which demand starts.

    A task that an include constraint names is demanded in its own right
    ("process these").  Include constraints on the whole graph demand the last
    of the tasks that feel most of them: with visits and a tract given, the
    coadd, not a side branch that knows of visits alone.  An exclusion takes
    away and demands nothing new: where there is nothing else, all ends of the
    pipeline are demanded as before; and a task that an exclusion names beside
    the demanded ones ("all but these") is demanded with them, unless it only
    serves them.  So are tasks that work by group.

    Parameters
    ----------
    graph : `CandidateGraph`
        The candidates.
    binding : `Binding`
        The explicit cuts.

    Returns
    -------
    roots : `frozenset` [ `str` ]
        Task labels; empty where there are no constraints.
    """
    if not binding.constraints:
        return frozenset()
    roots: set[str] = set()
    spared: set[str] = set()
    grouped: set[str] = set()
    felt: dict[str, set[int]] = {label: set() for label in graph.tasks}
    for position, (constraint, labels) in enumerate(
        zip(binding.constraints, binding.bound_tasks, strict=True)
    ):
        if constraint.of_grouping:
            grouped.update(labels if constraint.scope is Scope.TASKS else ())
        elif constraint.mode is Mode.INCLUDE and constraint.scope is Scope.TASKS:
            roots.update(labels)
        elif constraint.mode is Mode.INCLUDE and constraint.scope is Scope.GRAPH:
            for label in labels:
                felt[label].add(position)
        elif constraint.scope is Scope.TASKS:
            spared.update(labels)
    most = [
        label for label, mine in felt.items() if mine and not any(mine < theirs for theirs in felt.values())
    ]
    roots.update(label for label in most if not graph.tasks[label].downstream.intersection(most))
    if not roots:
        return frozenset(label for label, task in graph.tasks.items() if not task.downstream)
    roots |= grouped
    roots.update(label for label in spared if not graph.tasks[label].downstream & (roots | spared))
    return frozenset(roots)


def compute_closure(graph: CandidateGraph, binding: Binding, policy: PartialPolicy) -> Closure:
    """Decide which candidate quanta to keep.

    Parameters
    ----------
    graph : `CandidateGraph`
        The candidates.
    binding : `Binding`
        The explicit cuts.
    policy : `PartialPolicy`
        What to do about quanta of which an input is missing.

    Returns
    -------
    closure : `Closure`
        The decision, with the stage at which each quantum fell.
    """
    return _Closer(graph, binding).close(policy)


class _Closer:
    """The state of one closure; masks are over quanta or over edges.

    Works task by task in topological order, so that each pass sees what its
    producers became.
    """

    def __init__(self, graph: CandidateGraph, binding: Binding):
        self._graph = graph
        self._binding = binding
        self._edge_producer = graph.edge_producer
        self._made = self._edge_producer >= 0
        self._exists = graph.exists[graph.edge_dataset]
        self._uncut_edge = binding.edge_cut == UNCUT
        uncut = binding.quantum_cut == UNCUT
        self._producer_cut = self._made & ~uncut[self._edge_producer] if graph.n_quanta else self._made

    def close(self, policy: PartialPolicy) -> Closure:
        graph = self._graph
        everything = np.ones(graph.n_quanta, dtype=np.bool_)
        any_edge = np.ones(graph.n_edges, dtype=np.bool_)
        viable = self._runnable(everything, any_edge)
        uncut = viable & (self._binding.quantum_cut == UNCUT)
        alive = viable if uncut.all() and self._uncut_edge.all() else self._runnable(uncut, self._uncut_edge)
        starved = uncut & ~alive
        dropped = np.zeros_like(alive)
        if policy is PartialPolicy.DROP:
            complete = self._complete_only(alive, viable)
            dropped = alive & ~complete
            alive = complete
        roots = find_roots(graph, self._binding)
        kept, added = self._demand(alive, viable, roots, policy)
        missing_edge = np.zeros(graph.n_edges, dtype=np.bool_)
        partial = np.zeros_like(kept)
        for label in graph.tasks:
            span = graph.edge_span(label)
            missing_edge[span] = kept[graph.edge_quantum[span]] & self._missing(kept, viable, span)
            partial[graph.edge_quantum[span][missing_edge[span]]] = True
        stage = np.full(graph.n_quanta, int(Stage.NOT_DEMANDED), dtype=np.int8)
        stage[~viable] = Stage.NO_INPUTS
        stage[starved] = Stage.STARVED
        stage[dropped] = Stage.PARTIAL
        stage[viable & ~uncut] = Stage.CONSTRAINT
        stage[kept] = Stage.KEPT
        return Closure(stage, partial, added & kept, missing_edge, roots)

    def _available(self, quanta: Mask, edges: slice) -> Mask:
        """Edges of a span whose dataset exists or is made by one of ``quanta``."""
        if not len(quanta):
            return self._exists[edges].copy()
        # A producer of -1 reads the last quantum, and is masked out.
        available: Mask = self._exists[edges] | (self._made[edges] & quanta[self._edge_producer[edges]])
        return available

    def _missing(self, kept: Mask, viable: Mask, edges: slice) -> Mask:
        """Edges of a span whose dataset fell only as a consequence of cuts elsewhere."""
        fell: Mask = (
            self._available(viable, edges)
            & ~self._available(kept, edges)
            & self._uncut_edge[edges]
            & ~self._producer_cut[edges]
        )
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

    def _complete_only(self, alive: Mask, viable: Mask) -> Mask:
        """Greatest subset of ``alive`` of which no quantum misses an input."""
        result = alive.copy()
        for label in self._graph.tasks:
            edges = self._graph.edge_span(label)
            result[self._graph.edge_quantum[edges][self._missing(result, viable, edges)]] = False
        return self._runnable(result, self._uncut_edge)

    def _upstream_of(self, wanted: Mask, alive: Mask) -> Mask:
        """Close ``wanted`` backward over uncut edges, within ``alive``."""
        kept = wanted.copy()
        for label in reversed(self._graph.labels):
            edges = self._graph.edge_span(label)
            needed = kept[self._graph.edge_quantum[edges]] & self._uncut_edge[edges] & self._made[edges]
            producers = self._edge_producer[edges][needed]
            kept[producers] |= alive[producers]
        return kept

    def _demand(
        self, alive: Mask, viable: Mask, roots: frozenset[str], policy: PartialPolicy
    ) -> tuple[Mask, Mask]:
        added = np.zeros_like(alive)
        if not roots:
            return alive.copy(), added
        tasks = self._graph.tasks
        wanted = np.zeros_like(alive)
        for label in roots:
            span = self._graph.span(label)
            wanted[span] = alive[span]
        kept = self._upstream_of(wanted, alive)
        upstream = frozenset[str]().union(*(tasks[label].upstream for label in roots))
        downstream = frozenset[str]().union(*(tasks[label].downstream for label in roots))
        settled = roots | upstream
        fed = wanted.copy()
        for label in tasks:
            if label in downstream - settled:
                added |= self._keep_downstream(label, kept, fed, alive, viable, policy)
        side = [label for label in tasks if label not in settled and label not in downstream]
        for label in side:
            self._keep_side_branch(label, kept, alive, viable)
        self._trim_side_branches(side, kept)
        return kept, added

    def _keep_downstream(
        self, label: str, kept: Mask, fed: Mask, alive: Mask, viable: Mask, policy: PartialPolicy
    ) -> Mask:
        """Keep what the roots feed; return what had to be added upstream."""
        graph = self._graph
        edges = graph.edge_span(label)
        from_roots = self._uncut_edge[edges] & self._made[edges] & fed[self._edge_producer[edges]]
        mine = np.zeros_like(kept)
        mine[graph.edge_quantum[edges][from_roots]] = True
        mine &= alive
        if policy is PartialPolicy.DROP:
            mine[graph.edge_quantum[edges][self._missing(kept, viable, edges)]] = False
        before = kept.copy()
        kept |= mine
        fed |= mine
        if policy is not PartialPolicy.COMPLETE:
            return np.zeros_like(kept)
        kept |= self._upstream_of(mine, alive)
        return kept & ~before & ~mine

    def _keep_side_branch(self, label: str, kept: Mask, alive: Mask, viable: Mask) -> None:
        span, edges = self._graph.span(label), self._graph.edge_span(label)
        lacking = self._count(label, edges, self._missing(kept, viable, edges)) > 0
        fed = self._count(label, edges, self._uncut_edge[edges] & self._available(kept, edges)) > 0
        has_edges = self._count(label, edges, np.ones(edges.stop - edges.start, dtype=np.bool_)) > 0
        kept[span] = alive[span] & ~lacking & (fed | ~has_edges)

    def _trim_side_branches(self, side: Iterable[str], kept: Mask) -> None:
        """Drop side quanta all of whose consumers are side quanta that fell."""
        n_quanta = self._graph.n_quanta
        for label in reversed(list(side)):
            span = self._graph.span(label)
            outgoing = (self._edge_producer >= span.start) & (self._edge_producer < span.stop)
            outgoing &= self._uncut_edge
            consumers = np.bincount(self._edge_producer[outgoing], minlength=n_quanta)
            live = outgoing & kept[self._graph.edge_quantum]
            alive_consumers = np.bincount(self._edge_producer[live], minlength=n_quanta)
            kept[span] &= (consumers[span] == 0) | (alive_consumers[span] > 0)
