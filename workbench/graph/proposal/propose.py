"""Proposing candidates: which quanta, datasets and edges a snapshot allows.

Two ways lead to a `~workbench.graph.candidates.candidate_graph.CandidateGraph`: one join for
all dimensions of a subgraph, as the stock builder makes it, and one join a
task, in the order of the pipeline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from lsst.daf.butler import DimensionGroup
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.hook_effects import HookCost
from workbench.graph.candidates.identities import read_uuids
from workbench.graph.closure.binding import Binding
from workbench.graph.columns.graph_columns import Rows, Uuids
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import JoinOperand, KeyFilter, StockOnlyError
from workbench.graph.joins.relation import find_rows
from workbench.graph.proposal.calibrations import Calibrations, find_calibrations
from workbench.graph.proposal.found import Found, find_datasets
from workbench.graph.proposal.pairs import Pairs, are_distinct, single_producers
from workbench.graph.proposal.prerequisites import match_calibrations, read_searches
from workbench.graph.proposal.spreads import Spreads
from workbench.graph.proposal.stock_parts import StockPart
from workbench.graph.proposal.subgraphs import Candidates, filters_of, join_subgraph, unite
from workbench.graph.tasks.shapes import DatasetTypeShape, read_task_shapes

__all__ = ["Proposal"]


class Proposal:
    """Proposes candidates from what a `~workbench.graph.joins.natural_join.Joins` knows.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Joins dimensions.
    filters : `~collections.abc.Sequence` [ `~workbench.graph.joins.operands.KeyFilter` ], optional
        What the rows of all joins must pass.
    on_task : `~collections.abc.Callable`, optional
        Called with the fraction that is done; may raise to cancel.
    by_stock : `~collections.abc.Callable`, optional
        Lets the stock builder propose for an independent subgraph.

    Attributes
    ----------
    stock_costs : `list` [ `~workbench.graph.candidates.hook_effects.HookCost` ]
        Why it did, and how long it took, one a task.
    """

    def __init__(
        self,
        pipeline_graph: PipelineGraph,
        joins: Joins,
        filters: Sequence[KeyFilter] = (),
        on_task: Callable[[float], None] = lambda _: None,
        by_stock: Callable[[PipelineGraph], StockPart] | None = None,
    ):
        self._graph = pipeline_graph
        self._joins = joins
        self._filters = tuple(filters)
        self._on_task = on_task
        self._by_stock = by_stock
        self._from_stock: dict[str, list[tuple[DataIds, Uuids]]] = {}
        self.stock_costs: list[HookCost] = []
        self._found: dict[str, Found] = {}
        self._pairs = Pairs(joins, self._filters)
        # What a quantum looks up is found by its data ID alone.
        self._lookups = Pairs(joins, ())
        self._quanta: dict[str, DataIds] = {}
        self._datasets: dict[str, DataIds] = {}
        self._producers: dict[str, Rows] = {}
        self._sources: dict[str, Rows] = {}
        self._edges: dict[tuple[str, str], tuple[Rows, Rows]] = {}
        self._calibrations: dict[str, Calibrations] = {}
        self._shapes = read_task_shapes(pipeline_graph)
        # The data ID that the pipeline itself is for (such as an instrument) restricts as a constraint
        # would, but it is part of the question: what it leaves out is no candidate and needs no account.
        self._own = filters_of(pipeline_graph, joins)
        self._spreads = Spreads(pipeline_graph, joins, self._shapes, [*self._filters, *self._own])
        self._upstream = self._spreads.upstream(
            Candidates(self._quanta, self._datasets, self._edges, self._producers)
        )
        self.searches = tuple(read_searches(pipeline_graph))

    def find(self, name: str) -> Found:
        """Return the datasets of an overall input.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        found : `~workbench.graph.proposal.found.Found`
            Those whose data IDs agree with the dimension records.
        """
        if name not in self._found:
            group = self._graph.dataset_types[name].dimensions
            self._found[name] = find_datasets(self._joins, name, group)
        return self._found[name]

    # ---- one join a task -------------------------------------------------

    def propose_per_task(self) -> CandidateGraph:
        """Join the inputs of each task, in the order of the pipeline.

        Returns
        -------
        graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
            Tasks have the data IDs of their dimensions for which every
            required regular input has a dataset.
        """
        for name, node in self._graph.dataset_types.items():
            if self._graph.producer_of(name) is None and not self._is_init_only(name):
                if node.is_prerequisite:
                    continue
                if node.is_calibration:
                    ranges = self._find_calibrations(name, node.dimensions)
                    self._datasets[name], self._sources[name] = ranges.data_ids, ranges.row
                    continue
                found = self.find(name)
                self._datasets[name], self._sources[name] = self._let_in(found)
        for done, (label, task) in enumerate(self._graph.tasks.items()):
            self._on_task(done / len(self._graph.tasks))
            names = self._inputs_of(label)
            timed = [name for name in names if name in self._calibrations]
            names = [name for name in names if name not in timed]
            # Optional inputs make no quanta; they only join those that the required ones allow.
            required = [name for name in names if self._shapes[label].minimum[name] > 0]
            ids = self._propose_quanta(task, required)
            ids = self._add_calibrations(label, ids, timed, self._shapes[label].minimum)
            self._quanta[label] = ids
            for name in names:
                self._edges[label, name] = self._pairs.of(ids, self._datasets[name])
            for name in dict.fromkeys(edge.parent_dataset_type_name for edge in task.outputs.values()):
                self._add_output(label, ids, name)
            self._add_automatic_outputs(task, ids)
        return self._assemble()

    def _let_in(self, found: Found) -> tuple[DataIds, Rows]:
        """Return data IDs and rows of what agrees with the pipeline's own data ID."""
        inside = np.ones(len(found.data_ids), dtype=np.bool_)
        for one in self._own:
            inside &= one.mask(found.data_ids.relation)
        if inside.all():
            return found.data_ids, found.row
        return found.data_ids.take(inside), found.row[inside]

    def _propose_quanta(self, node: TaskNode, required: Sequence[str]) -> DataIds:
        group = node.dimensions
        # One entry for inputs with the same data IDs, under the first name: joining them twice
        # would change nothing and cost as much again.
        inputs = {self._datasets[name]: name for name in reversed(required)}
        ids: DataIds | None = None
        # The input that shares most dimensions comes first, since quanta made from it are nearly
        # the right ones already; of those the smallest. What follows only takes quanta away.
        for found in sorted(inputs, key=lambda one: (-len(group.names & one.group.names), len(one))):
            if ids is None:
                ids = self._first_quanta(node, (inputs[found], found), required)
                continue
            left, _ = self._pairs.of(ids, found)
            fed = np.zeros(len(ids), dtype=np.bool_)
            fed[left] = True
            # Pairs that were found stay usable when their quanta are narrowed: they are renumbered,
            # not searched again.
            if not fed.all():
                ids = self._pairs.narrow(ids, fed)
        if ids is None:
            joined = self._joins.natural_join(group, [], [*self._filters, *self._own])
            ids = self._joins.distinct(joined, group)
        return ids

    def _add_calibrations(
        self, label: str, ids: DataIds, names: Sequence[str], minimum: Mapping[str, int]
    ) -> DataIds:
        """Read calibrations that no task makes as regular inputs: those valid at the time of the quantum."""
        for name in names:
            ranges = self._calibrations[name]
            what = f"The lookup of {name} for {label}"
            # A calibration has no data ID for a time: candidates by data ID are matched to the
            # timespan of the quantum afterwards.
            rows, found = match_calibrations(
                self._joins, ids, ranges, self._lookups.of(ids, ranges.distinct), what
            )
            fed = np.zeros(len(ids), dtype=np.bool_)
            fed[rows] = True
            if minimum[name] > 0 and not fed.all():
                ids = self._pairs.narrow(ids, fed)
                rows = (np.cumsum(fed) - 1)[rows]
                # Quanta lost here lose the edges to the calibrations before as well.
                for other in names[: names.index(name)]:
                    before, datasets = self._edges[label, other]
                    kept = fed[before]
                    self._edges[label, other] = ((np.cumsum(fed) - 1)[before[kept]], datasets[kept])
            self._edges[label, name] = rows, found
        return ids

    def _first_quanta(self, node: TaskNode, first: tuple[str, DataIds], required: Sequence[str]) -> DataIds:
        group, found = node.dimensions, first[1]
        # The frequent case, a task with the dimensions of its input: the very same array, so that
        # pairs between the two are known without a join.
        if found.group == group and are_distinct(found):
            return found
        if group <= found.group:
            return self._joins.distinct(found.relation, group)
        joined = self._spreads.join_quanta(self._upstream, node.label, first, required)
        ids = self._joins.distinct(joined, group)
        self._pairs.keep(ids, found, joined)
        return ids

    def _add_output(self, label: str, quanta: DataIds, name: str) -> None:
        group = self._graph.dataset_types[name].dimensions
        if group == quanta.group:
            ids, rows = quanta, np.arange(len(quanta))
        else:
            joined = self._spreads.join_output(self._upstream, label, quanta, name)
            ids = self._joins.distinct(joined, group)
            makers, made = self._pairs.keep(quanta, ids, joined)
            rows = single_producers(label, name, makers, made, len(ids))
        self._datasets[name], self._producers[name] = ids, rows

    def follow(self, graph: CandidateGraph, binding: Binding) -> Binding:
        """Cut what was there only for values that constraints took away upstream.

        Parameters
        ----------
        graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
            As it was proposed.
        binding : `~workbench.graph.closure.binding.Binding`
            What constraints cut by themselves.

        Returns
        -------
        binding : `~workbench.graph.closure.binding.Binding`
            See `~workbench.graph.proposal.spreads.Spreads.follow`.
        """
        return self._spreads.follow(graph, binding)

    def _inputs_of(self, label: str) -> list[str]:
        edges = self._graph.tasks[label].inputs.values()
        return list(dict.fromkeys(edge.parent_dataset_type_name for edge in edges))

    def _add_automatic_outputs(self, task: TaskNode, ids: DataIds) -> None:
        for edge in task.iter_all_outputs():
            name = edge.parent_dataset_type_name
            if name not in self._datasets:
                self._datasets[name], self._producers[name] = ids, np.arange(len(ids))

    # ---- one join for everything ------------------------------------------

    def propose_all_dimensions(self, constraints: Sequence[str] | None = None) -> CandidateGraph:
        """Join all dimensions and overall inputs of each subgraph at once.

        Parameters
        ----------
        constraints : `~collections.abc.Sequence` [ `str` ], optional
            Overall inputs that restrict the join; by default those that the
            pipeline does not defer.

        Returns
        -------
        graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
            As the stock ``AllDimensionsQuantumGraphBuilder`` starts from.
        """
        subgraphs = list(self._graph.split_independent())
        parts = []
        for done, subgraph in enumerate(subgraphs):
            # The stock builder joins each independent subgraph by itself; one join of all would multiply
            # data IDs that have nothing to do with each other.
            self._on_task(done / len(subgraphs))
            parts.append(self._join(subgraph, constraints))
        # A dataset type that two subgraphs share has one table from here on: edges of either
        # point into the same rows.
        whole = unite(parts, self._joins)
        self._quanta.update(whole.quanta)
        self._datasets.update(whole.datasets)
        self._edges.update(whole.edges)
        self._producers.update(whole.producers)
        for name, ids in whole.datasets.items():
            if name not in whole.producers:
                self._sources[name] = self._find_sources(name, ids)
        return self._assemble()

    def _join(self, subgraph: PipelineGraph, constraints: Sequence[str] | None) -> Candidates:
        """Join a subgraph in columns, or have it proposed where that is beyond them."""
        try:
            return self._join_columns(subgraph, constraints)
        except StockOnlyError as reason:
            if self._by_stock is None:
                raise
            why = str(reason)
        # Only the subgraph that needs it pays for the stock builder, and the account says what it paid.
        began = time.perf_counter()
        part = self._by_stock(subgraph)
        seconds = (time.perf_counter() - began) / len(subgraph.tasks)
        self.stock_costs += [HookCost(label, f"stock builder: {why}", 1, seconds) for label in subgraph.tasks]
        for name, found in part.existing.items():
            if self._graph.dataset_types[name].is_calibration:
                self._from_stock.setdefault(name, []).append(found)
        return part.candidates

    def _join_columns(self, subgraph: PipelineGraph, constraints: Sequence[str] | None) -> Candidates:
        overall = {
            name: node
            for name, node in subgraph.iter_overall_inputs()
            if node is not None and not node.is_prerequisite and not self._is_init_only(name)
        }
        if constraints is None:
            chosen = [name for name, node in overall.items() if node.is_initial_query_constraint]
        else:
            chosen = [name for name in constraints if name in overall]
        if any(node.is_calibration for node in overall.values()):
            timed = ", ".join(sorted(name for name, node in overall.items() if node.is_calibration))
            raise StockOnlyError(f"the calibration {timed} as a regular input")
        operands = []
        for name in chosen:
            group = overall[name].dimensions
            if group:
                relation = self.find(name).data_ids.relation.select(group.required)
                operands.append(JoinOperand.of_datasets(relation, group))
        names = [
            name
            for name, node in subgraph.dataset_types.items()
            if not node.is_prerequisite and not self._is_init_only(name)
        ]
        return join_subgraph(subgraph, self._joins, names, operands, self._filters, constraints)

    def _find_sources(self, name: str, ids: DataIds) -> Rows:
        """Return the row of the table for each data ID of an overall input; -1 where it does not exist."""
        if name in self._from_stock:
            table = self._find_calibrations(name, ids.group).table
            # The stock builder gives dataset IDs, not rows of our table: they are found by their bytes.
            places = {one.tobytes(): row for row, one in enumerate(read_uuids(table))}
            sources = np.full(len(ids), -1, dtype=np.int64)
            for some, uuids in self._from_stock[name]:
                sources[find_rows(ids.keys, some.keys)] = [places[one.tobytes()] for one in uuids]
            return sources
        found = self.find(name)
        rows = find_rows(found.data_ids.keys, ids.keys)
        known = found.row if len(found.row) else np.full(1, -1, dtype=np.int64)
        return np.where(rows >= 0, known[rows], -1)

    # ---- common ------------------------------------------------------------

    def _add_prerequisites(self) -> None:
        for search in self.searches:
            if search.deferred:
                continue
            name, quanta = search.dataset_type, self._quanta[search.label]
            group = search.finder.dataset_type_node.dimensions
            if search.finder.dataset_type_node.is_calibration:
                found = self._find_calibrations(name, group)
                self._datasets[name], self._sources[name] = found.data_ids, found.row
                pairs = self._lookups.of(quanta, found.distinct)
                what = f"The lookup of {name} for {search.label}.{search.connection}"
                self._edges[search.label, name] = match_calibrations(self._joins, quanta, found, pairs, what)
            else:
                plain = self.find(name)
                self._datasets[name], self._sources[name] = plain.data_ids, plain.row
                self._edges[search.label, name] = self._lookups.of(quanta, plain.data_ids)

    def _find_calibrations(self, name: str, group: DimensionGroup) -> Calibrations:
        if name not in self._calibrations:
            self._calibrations[name] = find_calibrations(self._joins, name, group)
        return self._calibrations[name]

    def table_of(self, name: str) -> pa.Table:
        """Return the table whose rows are the sources of an overall input.

        Parameters
        ----------
        name : `str`
            Dataset type name.

        Returns
        -------
        table : `pyarrow.Table`
            With ``dataset_id`` and ``run``.
        """
        if name in self._calibrations:
            return self._calibrations[name].table
        return self.find(name).table

    def _is_init_only(self, name: str) -> bool:
        return not any(
            name == edge.parent_dataset_type_name
            for task in self._graph.tasks.values()
            for edge in (*task.iter_all_inputs(), *task.iter_all_outputs())
        )

    def _assemble(self) -> CandidateGraph:
        self._add_prerequisites()
        shapes = {}
        for name, node in self._graph.dataset_types.items():
            producer = self._graph.producer_of(name)
            maker = producer.label if isinstance(producer, TaskNode) else None
            shapes[name] = DatasetTypeShape(name, node.dimensions, maker)
        return CandidateGraph.assemble(
            self._shapes,
            shapes,
            {label: self._quanta[label] for label in self._graph.tasks},
            {name: self._datasets[name] for name in self._graph.dataset_types if name in self._datasets},
            producers=self._producers,
            sources=self._sources,
            edges=self._edges,
        )
