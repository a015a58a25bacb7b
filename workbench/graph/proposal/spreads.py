"""Dimensions that neither a task nor its inputs have: of its outputs, or of its quanta.

What they are joined with is what occurs upstream (`~workbench.graph.proposal.upstream`),
but for tiles of the sky that the regions at hand touch: of those, all.
Where constraints take that away, they take what was there for it alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from lsst.daf.butler import DimensionGroup, DimensionUniverse
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.columns.graph_columns import Mask
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand, KeyFilter, StockOnlyError
from workbench.graph.joins.relation import Relation, member, unique_keys
from workbench.graph.proposal.subgraphs import Candidates
from workbench.graph.proposal.upstream import Upstream
from workbench.graph.tasks.shapes import TaskShape

__all__ = ["Spreads", "iter_spreading"]


def iter_spreading(pipeline_graph: PipelineGraph) -> Iterator[str]:
    """Yield the tasks that have, or make, values of dimensions that their inputs do not have.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.

    Yields
    ------
    label : `str`
        In the order of the pipeline.
    """
    groups = {name: node.dimensions for name, node in pipeline_graph.dataset_types.items()}
    for label, task in pipeline_graph.tasks.items():
        read = (groups[edge.parent_dataset_type_name] for edge in task.inputs.values())
        near = frozenset[str]().union(*(group.names for group in read))
        made = (groups[edge.parent_dataset_type_name] for edge in task.outputs.values())
        if not task.dimensions.names <= near or not all(group <= task.dimensions for group in made):
            yield label


class Spreads:
    """Joins of the mode ``per-task`` that have to look upstream.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    shapes : `~collections.abc.Mapping` [ `str`, `~workbench.graph.tasks.shapes.TaskShape` ]
        By task label.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ]
        What the rows of all joins must pass.
    """

    def __init__(
        self,
        pipeline_graph: PipelineGraph,
        joins: Joins,
        shapes: Mapping[str, TaskShape],
        filters: Sequence[KeyFilter],
    ):
        self._joins = joins
        self._filters = tuple(filters)
        self._shapes = shapes
        self._groups = {name: node.dimensions for name, node in pipeline_graph.dataset_types.items()}
        self._makers: dict[str, str] = {}
        self._restricting: dict[str, list[str]] = {}
        self._other: dict[str, list[str]] = {}
        self.outputs: dict[str, list[str]] = {}
        self._far: dict[str, tuple[str, tuple[str, ...]]] = {}
        for label, task in pipeline_graph.tasks.items():
            self._read(pipeline_graph, label, task)

    def _read(self, pipeline_graph: PipelineGraph, label: str, task: TaskNode) -> None:
        minimum = self._shapes[label].minimum
        # What the pipeline leaves out of the first query restricts nothing here either.
        deferred = {
            name
            for name in minimum
            if pipeline_graph.producer_of(name) is None
            and not pipeline_graph.dataset_types[name].is_initial_query_constraint
        }
        self._restricting[label] = [
            name for name, least in minimum.items() if least > 0 and name not in deferred
        ]
        self._other[label] = [name for name in minimum if name not in self._restricting[label]]
        made = dict.fromkeys(edge.parent_dataset_type_name for edge in task.iter_all_outputs())
        self._makers.update(dict.fromkeys(made, label))
        self.outputs[label] = [name for name in made if not self._groups[name] <= task.dimensions]

    def upstream(self, candidates: Candidates) -> Upstream:
        """Return what finds values upstream.

        Parameters
        ----------
        candidates : `~workbench.graph.proposal.subgraphs.Candidates`
            Of the tasks so far.

        Returns
        -------
        upstream : `~workbench.graph.proposal.upstream.Upstream`
            Of this pipeline.
        """
        return Upstream(candidates, self._makers, self._restricting, self._other)

    def join_output(self, upstream: Upstream, label: str, quanta: DataIds, name: str) -> Relation:
        """Join quanta with the dimensions of what they make.

        Parameters
        ----------
        upstream : `~workbench.graph.proposal.upstream.Upstream`
            With the task's input edges.
        label : `str`
            Task label.
        quanta : `~workbench.graph.joins.data_ids.DataIds`
            Its quanta.
        name : `str`
            Dataset type that it makes.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            With the dimensions of both.
        """
        group = self._groups[name]
        own = frozenset(quanta.group.names)
        fresh = _unsaid(group.universe, frozenset(group.names) - own, own)
        operands = upstream.of_task(label, fresh, own) if fresh else []
        return self._join(group.union(quanta.group), JoinOperand.of_data_ids(quanta), operands)

    def join_quanta(
        self, upstream: Upstream, label: str, found: tuple[str, DataIds], required: Sequence[str]
    ) -> Relation:
        """Join an input with the dimensions of a task that it does not have.

        Parameters
        ----------
        upstream : `~workbench.graph.proposal.upstream.Upstream`
            Of the tasks before.
        label : `str`
            Task label.
        found : `tuple` [ `str`, `~workbench.graph.joins.data_ids.DataIds` ]
            The input, and what there is of it.
        required : `~collections.abc.Sequence` [ `str` ]
            All inputs that the task cannot do without.

        Returns
        -------
        relation : `~workbench.graph.joins.relation.Relation`
            With the dimensions of both.
        """
        group = self._shapes[label].dimensions
        name, ids = found
        near = frozenset[str]().union(*(self._groups[one].names for one in required))
        # Members of groups are said by a table: upstream are but the groups of exposures.
        near |= self._joins.grouped(group.union(ids.group))
        operands: list[JoinOperand] = []
        if lacking := _unsaid(group.universe, frozenset(group.names) - near, near):
            operands = upstream.of_inputs(required, lacking)
            if operands:
                self._far[label] = (name, tuple(required))
        return self._join(group.union(ids.group), JoinOperand.of_data_ids(ids), operands)

    def _join(self, group: DimensionGroup, first: JoinOperand, operands: Sequence[JoinOperand]) -> Relation:
        wide = DimensionGroup.union(group, *(one.group for one in operands), universe=group.universe)
        if operands:
            try:
                return self._joins.natural_join(wide, [first, *operands], self._filters)
            except StockOnlyError:
                # Of three families of regions, those upstream are left out.
                pass
        return self._joins.natural_join(group, [first], self._filters)

    # ---- after constraints -------------------------------------------------------

    def follow(self, graph: CandidateGraph, binding: Binding) -> Binding:
        """Cut what was there only for values that constraints took away upstream.

        Parameters
        ----------
        graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
            The candidates of this pipeline.
        binding : `~workbench.graph.closure.binding.Binding`
            What constraints cut by themselves.

        Returns
        -------
        binding : `~workbench.graph.closure.binding.Binding`
            With more quanta, datasets and edges cut, each by the first
            constraint with which its values occur nowhere upstream.
        """
        if not binding.constraints or not (self._far or any(self.outputs.values())):
            return binding
        quantum_cut, edge_cut = binding.quantum_cut.copy(), binding.edge_cut.copy()
        assert binding.dataset_cut is not None, "bound constraints say what they cut of outputs"
        dataset_cut = binding.dataset_cut.copy()
        without = self._gone(graph, UNCUT, binding)
        for position in range(len(binding.constraints)):
            quanta, datasets = self._gone(graph, position, binding)
            quantum_cut[quanta & ~without[0] & (quantum_cut == UNCUT)] = position
            dataset_cut[datasets & ~without[1] & (dataset_cut == UNCUT)] = position
        cut = dataset_cut[graph.edge_dataset]
        edge_cut = np.where(edge_cut == UNCUT, cut, edge_cut)
        return dataclasses.replace(
            binding, quantum_cut=quantum_cut, edge_cut=edge_cut, dataset_cut=dataset_cut
        )

    def _gone(self, graph: CandidateGraph, position: int, binding: Binding) -> tuple[Mask, Mask]:
        """Return quanta and datasets whose values do not occur with the constraints up to a position."""

        def passes(cut: np.ndarray[tuple[int], np.dtype[np.int16]]) -> Mask:
            passed: Mask = (cut == UNCUT) | (cut > position)
            return passed

        alive, edge = passes(binding.quantum_cut), passes(binding.edge_cut)
        assert binding.dataset_cut is not None, "bound constraints say what they cut of outputs"
        there = graph.exists | ((graph.producer >= 0) & passes(binding.dataset_cut))
        gone = np.zeros_like(alive), np.zeros_like(there)
        candidates = Candidates({}, dict(graph.dataset_ids), {}, {})
        upstream = self.upstream(candidates)
        for label, task in graph.tasks.items():
            span, ids = graph.span(label), graph.quantum_ids[label]
            assert isinstance(candidates.quanta, dict)
            assert isinstance(candidates.edges, dict)
            assert isinstance(candidates.producers, dict)
            candidates.quanta[label] = ids
            if label in self._far:
                name, required = self._far[label]
                found = graph.dataset_ids[name].take(there[graph.dataset_span(name)])
                joined = self.join_quanta(upstream, label, (name, found), required)
                lost = ~_occur(ids, joined)
                gone[0][span] = lost & alive[span]
                alive[span] &= ~lost
            for name, least in task.minimum.items():
                block = graph.blocks.get((label, name), slice(0, 0))
                live = edge[block] & there[graph.edge_dataset[block]]
                rows = graph.edge_quantum[block] - span.start
                alive[span] &= np.bincount(rows[live], minlength=len(ids)) >= least
            for name in task.minimum:
                block = graph.blocks.get((label, name), slice(0, 0))
                live = edge[block] & there[graph.edge_dataset[block]] & alive[graph.edge_quantum[block]]
                candidates.edges[label, name] = (
                    graph.edge_quantum[block][live] - span.start,
                    graph.edge_dataset[block][live] - graph.dataset_start[name],
                )
            for name, shape in graph.dataset_types.items():
                if shape.producer != label or name not in graph.dataset_ids:
                    continue
                outputs = graph.dataset_span(name)
                there[outputs] &= alive[graph.producer[outputs]]
                if name in self.outputs[label]:
                    joined = self.join_output(upstream, label, ids.take(alive[span]), name)
                    lost = there[outputs] & ~_occur(graph.dataset_ids[name], joined)
                    gone[1][outputs] = lost
                    there[outputs] &= ~lost
                rows = graph.producer[outputs] - span.start
                candidates.producers[name] = np.where(there[outputs], rows, -1)
        return gone


def _unsaid(universe: DimensionUniverse, fresh: frozenset[str], near: frozenset[str]) -> frozenset[str]:
    """Leave out the tiles of the sky that the regions at hand touch: these say themselves which there are.

    Tracts, patches and pixels cover the sky, whatever of it was used
    upstream.  Of observations, which have a time, there may be many that
    touch a tile and have no part in it.
    """
    regions = universe.conform(near).spatial
    said: set[str] = set()
    for name in fresh:
        group = universe.conform([name])
        # Pixels touch even those of their own system, of other levels.
        others = regions if group.skypix else regions - group.spatial
        if group.spatial and not group.temporal and others:
            said |= group.names
    return fresh - said


def _occur(ids: DataIds, joined: Relation) -> Mask:
    """Tell which data IDs are among the rows of a join."""
    if not joined.n_rows:
        return np.zeros(len(ids), dtype=np.bool_)
    return member(unique_keys(joined.keys(list(ids.group.required))), ids.keys)
