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
from workbench.graph.constraints import Mode, Scope

__all__ = ["Closure", "PartialPolicy", "Stage", "compute_closure", "find_roots"]

Mask = npt.NDArray[np.bool_]


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

    stage: npt.NDArray[np.int64]
    partial: Mask
    added: Mask
    missing_edge: Mask
    roots: frozenset[str]

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
    serves them.

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
    felt: dict[str, set[int]] = {label: set() for label in graph.tasks}
    for position, (constraint, labels) in enumerate(
        zip(binding.constraints, binding.bound_tasks, strict=True)
    ):
        if constraint.mode is Mode.INCLUDE and constraint.scope is Scope.TASKS:
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
        self._edge_producer = graph.edge_producer()
        self._edges_of = {
            label: np.flatnonzero(np.isin(graph.edge_quantum, graph.nodes_of(label))) for label in graph.tasks
        }
        self._uncut_edge = binding.edge_cut == UNCUT
        self._producer_cut = np.zeros(graph.n_edges, dtype=np.bool_)
        made = self._edge_producer >= 0
        self._producer_cut[made] = binding.quantum_cut[self._edge_producer[made]] != UNCUT

    def close(self, policy: PartialPolicy) -> Closure:
        graph = self._graph
        everything = np.ones(graph.n_quanta, dtype=np.bool_)
        any_edge = np.ones(graph.n_edges, dtype=np.bool_)
        viable = self._runnable(everything, any_edge)
        uncut = viable & (self._binding.quantum_cut == UNCUT)
        alive = self._runnable(uncut, self._uncut_edge)
        starved = uncut & ~alive
        dropped = np.zeros_like(alive)
        if policy is PartialPolicy.DROP:
            complete = self._complete_only(alive, viable)
            dropped = alive & ~complete
            alive = complete
        roots = find_roots(graph, self._binding)
        kept, added = self._demand(alive, viable, roots, policy)
        missing_edge = kept[graph.edge_quantum] & self._missing(kept, viable)
        partial = np.zeros_like(kept)
        partial[graph.edge_quantum[missing_edge]] = True
        stage = np.full(graph.n_quanta, int(Stage.NOT_DEMANDED), dtype=np.int64)
        stage[~viable] = Stage.NO_INPUTS
        stage[starved] = Stage.STARVED
        stage[dropped] = Stage.PARTIAL
        stage[viable & ~uncut] = Stage.CONSTRAINT
        stage[kept] = Stage.KEPT
        return Closure(stage, partial, added & kept, missing_edge, roots)

    def _available(self, quanta: Mask) -> Mask:
        """Edges whose dataset exists or is made by one of ``quanta``."""
        available = self._graph.exists[self._graph.edge_dataset].copy()
        made = self._edge_producer >= 0
        available[made] |= quanta[self._edge_producer[made]]
        return available

    def _missing(self, kept: Mask, viable: Mask) -> Mask:
        """Edges whose dataset fell only as a consequence of cuts elsewhere."""
        could_be = self._available(viable)
        fell: Mask = could_be & ~self._available(kept) & self._uncut_edge & ~self._producer_cut
        return fell

    def _runnable(self, allowed: Mask, edges: Mask) -> Mask:
        """Quanta of ``allowed`` that have at least their minimum of inputs."""
        graph = self._graph
        result = np.zeros_like(allowed)
        type_index = {name: index for index, name in enumerate(graph.dataset_types)}
        for label, task in graph.tasks.items():
            nodes = graph.nodes_of(label)
            ok = allowed[nodes].copy()
            mine = self._edges_of[label]
            usable = mine[edges[mine] & self._available_among(mine, result)]
            for name, minimum in task.minimum.items():
                if minimum > 0:
                    of_type = usable[graph.edge_type[usable] == type_index[name]]
                    ok &= np.bincount(graph.edge_quantum[of_type], minlength=graph.n_quanta)[nodes] >= minimum
            result[nodes] = ok
        return result

    def _available_among(self, edges: npt.NDArray[np.int64], quanta: Mask) -> Mask:
        producer = self._edge_producer[edges]
        made: Mask = (producer >= 0) & quanta[np.maximum(producer, 0)]
        return self._graph.exists[self._graph.edge_dataset[edges]] | made

    def _complete_only(self, alive: Mask, viable: Mask) -> Mask:
        """Greatest subset of ``alive`` of which no quantum misses an input."""
        result = alive.copy()
        for label in self._graph.tasks:
            nodes = self._graph.nodes_of(label)
            partial = np.zeros_like(result)
            edges = self._edges_of[label]
            partial[self._graph.edge_quantum[edges[self._missing(result, viable)[edges]]]] = True
            result[nodes] &= ~partial[nodes]
        return self._runnable(result, self._uncut_edge)

    def _upstream_of(self, wanted: Mask, alive: Mask) -> Mask:
        """Close ``wanted`` backward over uncut edges, within ``alive``."""
        kept = wanted.copy()
        for label in reversed(self._graph.labels):
            edges = self._edges_of[label]
            needed = edges[
                kept[self._graph.edge_quantum[edges]]
                & self._uncut_edge[edges]
                & (self._edge_producer[edges] >= 0)
            ]
            producers = self._edge_producer[needed]
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
            nodes = self._graph.nodes_of(label)
            wanted[nodes] = alive[nodes]
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
        edges = self._edges_of[label]
        from_roots = edges[self._uncut_edge[edges] & (self._edge_producer[edges] >= 0)]
        from_roots = from_roots[fed[self._edge_producer[from_roots]]]
        mine = np.zeros_like(kept)
        mine[graph.edge_quantum[from_roots]] = True
        mine &= alive
        if policy is PartialPolicy.DROP:
            partial = edges[self._missing(kept, viable)[edges]]
            mine[graph.edge_quantum[partial]] = False
        before = kept.copy()
        kept |= mine
        fed |= mine
        if policy is not PartialPolicy.COMPLETE:
            return np.zeros_like(kept)
        kept |= self._upstream_of(mine, alive)
        return kept & ~before & ~mine

    def _keep_side_branch(self, label: str, kept: Mask, alive: Mask, viable: Mask) -> None:
        nodes = self._graph.nodes_of(label)
        edges = self._edges_of[label]
        lacking = edges[self._missing(kept, viable)[edges]]
        whole = alive.copy()
        whole[self._graph.edge_quantum[lacking]] = False
        usable = edges[self._uncut_edge[edges] & self._available_among(edges, kept)]
        fed = np.bincount(self._graph.edge_quantum[usable], minlength=self._graph.n_quanta) > 0
        has_edges = np.bincount(self._graph.edge_quantum[edges], minlength=self._graph.n_quanta) > 0
        kept[nodes] = whole[nodes] & (fed | ~has_edges)[nodes]

    def _trim_side_branches(self, side: Iterable[str], kept: Mask) -> None:
        """Drop side quanta all of whose consumers are side quanta that fell."""
        for label in reversed(list(side)):
            nodes = self._graph.nodes_of(label)
            outgoing = np.isin(self._edge_producer, nodes) & self._uncut_edge
            consumers = np.bincount(self._edge_producer[outgoing], minlength=self._graph.n_quanta)
            live = outgoing & kept[self._graph.edge_quantum]
            alive_consumers = np.bincount(self._edge_producer[live], minlength=self._graph.n_quanta)
            kept[nodes] &= (consumers[nodes] == 0) | (alive_consumers[nodes] > 0)
