"""Hooks of tasks: Python for each quantum, only where a task overrides one."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from lsst.daf.butler import Butler, DatasetRef
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode
from lsst.pipe.base.prerequisite_helpers import PrerequisiteInfo

from workbench.errors import GraphBuildError
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.hook_effects import Adjusted, AdjustedAll, HookCost, Inputs
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.finish.refs import ButlerRefs
from workbench.graph.proposal.prerequisites import PrerequisiteSearch
from workbench.graph.tasks.adjust_all import rearrange_quanta
from workbench.graph.tasks.adjust_call import HOOK_ERRORS, AdjustCall

__all__ = ["HookCalls"]


class HookCalls:
    """Calls hooks, and remembers how long they took.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    refs : `~workbench.graph.finish.refs.ButlerRefs`
        Makes what hooks expect.
    searches : `~collections.abc.Sequence` \
            [ `~workbench.graph.proposal.prerequisites.PrerequisiteSearch` ]
        How prerequisites are looked up.
    butler : `lsst.daf.butler.Butler`
        For lookups.
    inputs : `~collections.abc.Sequence` [ `str` ]
        Input collections.
    on_call : `~collections.abc.Callable`, optional
        Called now and then; may raise to cancel.
    """

    def __init__(
        self,
        graph: CandidateGraph,
        pipeline_graph: PipelineGraph,
        refs: ButlerRefs,
        searches: Sequence[PrerequisiteSearch],
        butler: Butler,
        inputs: Sequence[str],
        on_call: Callable[[], None] = lambda: None,
    ):
        self._graph = graph
        self._pipeline = pipeline_graph
        self._refs = refs
        self._butler = butler
        self._inputs = tuple(inputs)
        self._on_call = on_call
        self._deferred: dict[str, list[PrerequisiteSearch]] = collections.defaultdict(list)
        for search in searches:
            if search.deferred:
                self._deferred[search.label].append(search)
        self.costs: list[HookCost] = []

    def use(self, graph: CandidateGraph) -> None:
        """Take other candidates, of the same numbers.

        Parameters
        ----------
        graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
            In which outputs have moved from quantum to quantum.
        """
        self._graph = graph

    # ---- lookups -----------------------------------------------------------

    def look_up(
        self, label: str, task: TaskNode, numbers: Rows, state: Inputs
    ) -> dict[str, tuple[Rows, list[DatasetRef]]]:
        """Find the prerequisites that take Python for each quantum.

        Parameters
        ----------
        label : `str`
            Task label.
        task : `lsst.pipe.base.pipeline_graph.TaskNode`
            The task.
        numbers : `numpy.ndarray` of `numpy.int64`
            Its quanta.
        state : `Inputs`
            Edges and outputs so far.

        Returns
        -------
        found : `dict`
            By dataset type, numbers of quanta and refs, sorted by quantum.
        """
        searches = self._deferred.get(label, [])
        if not searches:
            return {}
        # One of our own: the searches are shared by all previews of these candidates.
        info = PrerequisiteInfo(task, self._pipeline)
        for connection in info.finders.keys() - {search.connection for search in searches}:
            del info.finders[connection]
        info.update_bounds()
        began = time.perf_counter()
        bounding = info.bounds.spatial_connections | info.bounds.temporal_connections
        sides = self._gather(label, task, state, bounding)
        spatial = info.bounds.spatial_connections if info.bounds.all_dataset_skypix else frozenset()
        outlined = {_dataset_type_of(task, connection) for connection in spatial}
        found: dict[str, tuple[list[int], list[DatasetRef]]] = {
            search.dataset_type: ([], []) for search in searches
        }
        ids, start = self._graph.quantum_ids[label], self._graph.quantum_start[label]
        for number in numbers.tolist():
            self._on_call()
            data_id = self._refs.data_id(ids, number - start)
            skypix = info.bounds.make_skypix_bounds_builder(data_id)
            times = info.bounds.make_timespan_builder(data_id)
            for name, by_quantum in sides.items():
                for ref in by_quantum.get(number, ()):
                    if name in outlined and ref.dataId.region is None:
                        raise GraphBuildError(
                            f"{label} looks up {', '.join(found)} where its {name} datasets are on the sky, "
                            f"but {dict(ref.dataId.required)} has no region, which is also what the stock "
                            "builder stops at. Leave that data ID out by a constraint, or define its region."
                        )
                    skypix.handle_dataset(name, ref.dataId)
                    times.handle_dataset(name, ref.dataId)
            pixels, timespan = skypix.finish(), times.finish()
            for search in searches:
                try:
                    found_refs = info.finders[search.connection].find(
                        self._butler, self._inputs, data_id, pixels, timespan
                    )
                except HOOK_ERRORS as error:
                    raise GraphBuildError(
                        f"The lookup of {search.dataset_type} for {label}.{search.connection} failed for "
                        f"{dict(data_id.required)}: {error}"
                    ) from error
                for ref in found_refs:
                    found[search.dataset_type][0].append(number)
                    found[search.dataset_type][1].append(ref)
        seconds = time.perf_counter() - began
        for search in searches:
            self.costs.append(
                HookCost(
                    label, f"{search.connection}: {search.deferred}", len(numbers), seconds / len(searches)
                )
            )
        return {name: (np.array(quanta, dtype=np.int64), refs) for name, (quanta, refs) in found.items()}

    def _gather(
        self, label: str, task: TaskNode, state: Inputs, connections: frozenset[str]
    ) -> dict[str, dict[int, list[DatasetRef]]]:
        """Gather refs of some connections by dataset type and quantum."""
        gathered: dict[str, dict[int, list[DatasetRef]]] = {}
        for connection in connections:
            name = _dataset_type_of(task, connection)
            if connection in task.inputs:
                gathered[name] = self._inputs_of(label, name, state)
            else:
                gathered[name] = self._outputs_of(name, state)
        return gathered

    def _inputs_of(self, label: str, name: str, state: Inputs) -> dict[int, list[DatasetRef]]:
        graph = self._graph
        block = graph.blocks.get((label, name), slice(0, 0))
        chosen = np.flatnonzero(state.edge[block]) + block.start
        refs: dict[int, list[DatasetRef]] = collections.defaultdict(list)
        for quantum, dataset in zip(
            graph.edge_quantum[chosen].tolist(), graph.edge_dataset[chosen].tolist(), strict=True
        ):
            refs[quantum].append(self._refs.ref(dataset, name))
        quanta, looked_up = state.found.get((label, name), ((), ()))
        for quantum, ref in zip(quanta, looked_up, strict=True):
            refs[int(quantum)].append(ref)
        return {quantum: sorted(mine) for quantum, mine in refs.items()} if len(quanta) else refs

    def _outputs_of(self, name: str, state: Inputs) -> dict[int, list[DatasetRef]]:
        graph = self._graph
        span = graph.dataset_span(name)
        chosen = np.flatnonzero(state.made[span]) + span.start
        refs: dict[int, list[DatasetRef]] = collections.defaultdict(list)
        for quantum, dataset in zip(graph.producer[chosen].tolist(), chosen.tolist(), strict=True):
            refs[quantum].append(self._refs.ref(dataset, name))
        return refs

    # ---- adjust_all_quanta -------------------------------------------------

    def rearrange(self, label: str, task: TaskNode, numbers: Rows, state: Inputs) -> AdjustedAll:
        """Call ``adjust_all_quanta`` of a task.

        Parameters
        ----------
        label : `str`
            Task label.
        task : `lsst.pipe.base.pipeline_graph.TaskNode`
            The task.
        numbers : `numpy.ndarray` of `numpy.int64`
            Its quanta.
        state : `Inputs`
            Edges and outputs so far.

        Returns
        -------
        rearranged : `AdjustedAll`
            What it changed.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised with the words of the hook, where it raises anything.
        """
        self._on_call()
        began = time.perf_counter()
        ids, start = self._graph.quantum_ids[label], self._graph.quantum_start[label]
        quanta = {number: self._refs.data_id(ids, number - start) for number in numbers.tolist()}
        reads = dict.fromkeys(edge.parent_dataset_type_name for edge in task.iter_all_inputs())
        writes = dict.fromkeys(edge.parent_dataset_type_name for edge in task.iter_all_outputs())
        inputs = {name: self._inputs_of(label, name, state) for name in reads}
        outputs = {name: self._outputs_of(name, state) for name in writes}
        butler = self._butler.clone(collections=self._inputs)
        done = rearrange_quanta(self._pipeline, task, butler, quanta, inputs, outputs)
        found = {}
        for name, pairs in done.added.items():
            ordered = sorted(pairs, key=lambda pair: pair[0])
            found[name] = (np.array([number for number, _ in ordered]), [ref for _, ref in ordered])
        numbered = AdjustedAll(
            list(done.removed),
            found,
            self._refs.numbers(ref for _, ref in done.makers),
            np.array([-1 if maker is None else maker for maker in done.makers.values()], dtype=np.int64),
        )
        self.costs.append(HookCost(label, "adjust_all_quanta", len(numbers), time.perf_counter() - began))
        return numbered

    # ---- adjustQuantum -----------------------------------------------------

    def adjust(self, label: str, task: TaskNode, numbers: Rows, state: Inputs) -> Adjusted:
        """Call ``adjustQuantum`` for each quantum of a task.

        Parameters
        ----------
        label : `str`
            Task label.
        task : `lsst.pipe.base.pipeline_graph.TaskNode`
            The task.
        numbers : `numpy.ndarray` of `numpy.int64`
            Its quanta.
        state : `Inputs`
            Edges and outputs so far.

        Returns
        -------
        adjusted : `Adjusted`
            What it took away.

        Raises
        ------
        workbench.errors.GraphBuildError
            Raised with the words of the hook, where it raises anything but
            `lsst.pipe.base.NoWorkFound`.
        workbench.errors.MissingInputsError
            Raised where it misses a prerequisite.
        """
        began = time.perf_counter()
        call = AdjustCall(self._pipeline, task, label)
        inputs = {
            name: self._inputs_of(label, name, state)
            for name in dict.fromkeys(edge.parent_dataset_type_name for edge in task.iter_all_inputs())
        }
        outputs = {
            name: self._outputs_of(name, state)
            for name in dict.fromkeys(edge.parent_dataset_type_name for edge in task.iter_all_outputs())
        }
        ids, start = self._graph.quantum_ids[label], self._graph.quantum_start[label]
        removed: list[int] = []
        lost_inputs: dict[str, set[tuple[int, bytes]]] = collections.defaultdict(set)
        lost_outputs: dict[str, set[bytes]] = collections.defaultdict(set)
        for number in numbers.tolist():
            self._on_call()
            data_id = self._refs.data_id(ids, number - start)
            mine = {name: refs.get(number, []) for name, refs in inputs.items()}
            makes = {name: refs.get(number, []) for name, refs in outputs.items()}
            kept = call(data_id, mine, makes)
            if kept is None:
                removed.append(number)
                continue
            for name, left in kept[0].items():
                lost_inputs[name].update((number, r.id.bytes) for r in mine[name] if r.id not in left)
            for name, left in kept[1].items():
                lost_outputs[name].update(r.id.bytes for r in makes[name] if r.id not in left)
        self.costs.append(HookCost(label, "adjustQuantum", len(numbers), time.perf_counter() - began))
        return self._numbers(label, removed, lost_inputs, lost_outputs, state)

    def _numbers(
        self,
        label: str,
        removed: list[int],
        lost_inputs: Mapping[str, set[tuple[int, bytes]]],
        lost_outputs: Mapping[str, set[bytes]],
        state: Inputs,
    ) -> Adjusted:
        graph = self._graph
        edges: list[int] = []
        datasets: list[int] = []
        kept_found: dict[tuple[str, str], Mask] = {}
        for name, lost in lost_inputs.items():
            block = graph.blocks.get((label, name), slice(0, 0))
            chosen = np.flatnonzero(state.edge[block]) + block.start if lost else np.empty(0, dtype=np.int64)
            for edge in chosen.tolist():
                ref = self._refs.ref(int(graph.edge_dataset[edge]), name)
                if (int(graph.edge_quantum[edge]), ref.id.bytes) in lost:
                    edges.append(edge)
            if lost and (label, name) in state.found:
                quanta, refs = state.found[label, name]
                kept_found[label, name] = np.array(
                    [(int(q), ref.id.bytes) not in lost for q, ref in zip(quanta, refs, strict=True)],
                    dtype=np.bool_,
                )
        for name, gone in lost_outputs.items():
            span = graph.dataset_span(name)
            chosen = np.flatnonzero(state.made[span]) + span.start if gone else np.empty(0, dtype=np.int64)
            datasets += [d for d in chosen.tolist() if self._refs.ref(d, name).id.bytes in gone]
        return Adjusted(removed, edges, datasets, kept_found)


def _dataset_type_of(task: TaskNode, connection: str) -> str:
    """Name the dataset type of a regular input or output connection."""
    edges = task.inputs if connection in task.inputs else task.outputs
    return edges[connection].parent_dataset_type_name
