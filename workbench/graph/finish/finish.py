"""Finishing: what becomes of kept candidates before they are a graph.

The order is that of the stock builder: quanta that ran already are skipped,
outputs get in the way or not, inputs that nobody makes fall away, and then the
hooks of each task see what is left, in the order of the pipeline.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from lsst.daf.butler import DatasetRef
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.errors import GraphBuildError, MissingInputsError
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.candidates.hook_effects import Inputs
from workbench.graph.candidates.identities import Identities
from workbench.graph.closure.request import GraphRequest
from workbench.graph.columns.graph_columns import Mask, Rows
from workbench.graph.finish.finished import Content, Finished
from workbench.graph.finish.hooks import HookCalls
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.relation import find_rows
from workbench.graph.tasks.overrides import overridden_hooks

__all__ = ["finish_graph"]


def finish_graph(
    graph: CandidateGraph,
    pipeline_graph: PipelineGraph,
    joins: Joins,
    kept: Mask,
    uncut: Mask,
    *,
    unmade: Mask | None = None,
    request: GraphRequest,
    hooks: HookCalls,
    identities: Identities,
    engine: str,
    content: Content,
    on_task: Callable[[float], None] = lambda _: None,
) -> Finished:
    """Take out what ran already, what lacks inputs, and what hooks refuse.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    joins : `~workbench.graph.joins.natural_join.Joins`
        Knows the snapshot.
    kept : `numpy.ndarray` of `bool`, shape (n_quanta,)
        Quanta to finish.
    uncut : `numpy.ndarray` of `bool`, shape (n_edges,)
        Input edges that no constraint cut.
    unmade : `numpy.ndarray` of `bool`, shape (n_datasets,), optional
        Datasets that kept quanta do not make.
    request : `~workbench.graph.GraphRequest`
        What is asked for: what to skip, and what may be in the way.
    hooks : `~workbench.graph.finish.hooks.HookCalls`
        Calls what a task overrides.
    identities : `~workbench.graph.candidates.identities.Identities`
        Told which outputs exist already.
    engine : `str`
        What builds the graph.
    content : `~workbench.graph.finish.finished.Content`
        What the columns of the graph will be made of.
    on_task : `~collections.abc.Callable`, optional
        Called with the fraction that is done; may raise to cancel.

    Returns
    -------
    finished : `~workbench.graph.finish.finished.Finished`
        Masks over the candidates.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised if outputs are in the way, if a connection that takes one
        dataset would have several, or if a hook fails.
    workbench.errors.MissingInputsError
        Raised if quanta lack a prerequisite.
    """
    finisher = _Finishing(graph, pipeline_graph, joins, kept, uncut, hooks, identities)
    if unmade is not None:
        finisher.leave(unmade)
    finisher.work(request, on_task)
    return finisher.finished(request, engine, content)


class _Finishing:
    """Masks that shrink from step to step."""

    def __init__(
        self,
        graph: CandidateGraph,
        pipeline_graph: PipelineGraph,
        joins: Joins,
        kept: Mask,
        uncut: Mask,
        hooks: HookCalls,
        identities: Identities,
    ):
        self._graph = graph
        self._pipeline = pipeline_graph
        self._joins = joins
        self._hooks = hooks
        self._identities = identities
        self._quantum = kept.copy()
        self._edge = uncut & kept[graph.edge_quantum]
        self._skipped = np.zeros_like(kept)
        self._tables: dict[str, pa.Table] = {}
        self._existing = np.full(len(graph.producer), -1, dtype=np.int64)
        self._kept_output = np.zeros(len(graph.producer), dtype=np.bool_)
        has_producer = graph.producer >= 0
        self._made = has_producer & kept[graph.producer] if len(kept) else has_producer
        self._found: dict[tuple[str, str], tuple[Rows, Sequence[DatasetRef]]] = {}

    def work(self, request: GraphRequest, on_task: Callable[[float], None]) -> None:
        """Go through all steps, each of which needs the ones before it."""
        self._skip(request.skip_existing_in, None if request.retains_all else request.retains)
        self._check_outputs(request.output_run, request.clobber)
        self._identities.use_existing(self._tables, self._existing)
        self._edge &= self._available()[self._graph.edge_dataset]
        self._run_tasks(on_task)
        if request.prune_unanchored_quanta is not None:
            self._prune(*request.prune_unanchored_quanta)

    def leave(self, unmade: Mask) -> None:
        """Predict no such outputs."""
        self._made &= ~unmade

    # ---- skipping ----------------------------------------------------------

    def _find(self, name: str, collections: Sequence[str]) -> Rows:
        """Return the row of the table of existing datasets for each dataset of a type."""
        ids = self._graph.dataset_ids[name]
        table = self._joins.snapshot.existing(name, collections)
        self._tables[name] = table
        required = list(ids.group.required)
        relation = self._joins.encode(table, required)
        known = np.ones(len(table), dtype=np.bool_)
        for column in relation.columns.values():
            known &= column >= 0
        rows = np.flatnonzero(known)
        keys = relation.take(rows).keys(required)
        order = np.argsort(keys, kind="stable")
        place = find_rows(keys[order], ids.keys)
        if not len(rows):
            return place
        return np.where(place >= 0, rows[order[place]], -1)

    def _skip(self, collections: Sequence[str], retained: Callable[[str], bool] | None) -> None:
        if not collections:
            return
        graph = self._graph
        for task in self._pipeline.tasks.values():
            name = task.metadata_output.parent_dataset_type_name
            rows = self._find(name, collections)
            ran = rows >= 0
            makers = graph.producer[graph.dataset_span(name)][ran]
            self._skipped[makers[makers >= 0]] = True
        self._skipped &= self._quantum
        if retained is not None:
            self._run_again(retained)
        for name in graph.dataset_ids:
            span = graph.dataset_span(name)
            makers = graph.producer[span]
            mine = (makers >= 0) & self._skipped[makers]
            if mine.any():
                self._existing[span] = np.where(mine, self._find(name, collections), -1)
        self._quantum &= ~self._skipped
        by_skipped = (graph.producer >= 0) & self._skipped[graph.producer]
        self._made &= ~by_skipped
        self._kept_output = by_skipped & (self._existing >= 0)
        self._edge &= self._quantum[graph.edge_quantum]

    def _run_again(self, retained: Callable[[str], bool]) -> None:
        """Take back the skipping of quanta whose outputs are needed and not retained."""
        graph = self._graph
        runs = self._quantum & ~self._skipped
        for label in reversed(graph.labels):
            for (reader, name), block in graph.blocks.items():
                if reader != label or retained(name):
                    continue
                makers = graph.edge_producer[block]
                needed = runs[graph.edge_quantum[block]] & (makers >= 0) & self._edge[block]
                runs[makers[needed]] = True
        self._skipped &= ~runs

    # ---- outputs and inputs ------------------------------------------------

    def _check_outputs(self, output_run: str, clobber: bool) -> None:
        if output_run not in self._joins.snapshot.tree.types:
            return
        graph = self._graph
        for name in graph.dataset_ids:
            span = graph.dataset_span(name)
            mine = self._made[span]
            if not mine.any():
                continue
            before = self._tables.get(name)
            rows = np.where(mine, self._find(name, [output_run]), -1)
            if (rows >= 0).any() and not clobber:
                in_the_way = np.flatnonzero(rows >= 0)
                raise GraphBuildError(
                    f"{len(in_the_way)} {name} datasets are in the output run {output_run!r} already, the "
                    f"first {graph.dataset_ids[name].show(in_the_way[:1])}. Choose another run, skip what is "
                    "there with skip_existing_in (it skips quanta whose metadata is there), or say "
                    "clobber=True ('clobber: true' among the options in the campaign file) and run with "
                    "clobbering."
                )
            if (rows >= 0).any():
                # One table a type: what was found in the way goes after what was skipped.
                found = self._tables[name]
                if before is not None:
                    self._tables[name] = pa.concat_tables(
                        [before.unify_dictionaries(), found.unify_dictionaries()]
                    )
                    rows = np.where(rows >= 0, rows + len(before), rows)
                self._existing[span] = np.where(rows >= 0, rows, self._existing[span])
            elif before is not None:
                self._tables[name] = before

    def _available(self) -> Mask:
        return self._graph.exists | self._made | self._kept_output

    # ---- hooks -------------------------------------------------------------

    def _run_tasks(self, on_task: Callable[[float], None]) -> None:
        graph = self._graph
        for done, label in enumerate(graph.tasks):
            on_task(done / len(graph.tasks))
            task = self._pipeline.tasks[label]
            edges = graph.edge_span(label)
            self._edge[edges] &= self._quantum[graph.edge_quantum[edges]]
            self._edge[edges] &= self._available()[graph.edge_dataset[edges]]
            self._look_up(label, task)
            if overridden_hooks(task).adjust_all_quanta:
                self._rearrange(label, task)
            if overridden_hooks(task).adjust_quantum:
                self._adjust(label, task)
            else:
                self._check_numbers(label, task)
            self._settle(label)

    def _look_up(self, label: str, task: TaskNode) -> None:
        span = self._graph.span(label)
        numbers = np.flatnonzero(self._quantum[span]) + span.start
        for name, (quanta, refs) in self._hooks.look_up(label, task, numbers, self._inputs()).items():
            self._found[label, name] = (quanta, refs)

    def _inputs(self) -> Inputs:
        return Inputs(self._edge, self._made, self._found)

    def counts(self, label: str, name: str) -> Rows:
        """Return how many inputs of a type each quantum of a task has."""
        graph = self._graph
        span, block = graph.span(label), graph.blocks.get((label, name), slice(0, 0))
        chosen = graph.edge_quantum[block][self._edge[block]] - span.start
        counts = np.bincount(chosen, minlength=span.stop - span.start)
        if (label, name) in self._found:
            found, _ = self._found[label, name]
            counts = counts + np.bincount(found - span.start, minlength=span.stop - span.start)
        return counts

    def _check_numbers(self, label: str, task: TaskNode) -> None:
        connections = task.get_connections()
        span = self._graph.span(label)
        alive = self._quantum[span].copy()
        # Regular inputs first: what has no work to do misses no prerequisite.
        for edge in (*task.inputs.values(), *task.prerequisite_inputs.values()):
            connection = getattr(connections, edge.connection_name)
            counts = self.counts(label, edge.parent_dataset_type_name)
            what = f"{label}.{edge.connection_name} ({edge.parent_dataset_type_name})"
            if not connection.multiple and (alive & (counts > 1)).any():
                raise GraphBuildError(
                    f"Input {what} takes one dataset, but {int((alive & (counts > 1)).sum())} quanta would "
                    f"have several, the first {self._first(label, alive & (counts > 1))}. Correct the "
                    "connection (multiple=True) or the dimensions of the task."
                )
            few = alive & (counts < connection.minimum)
            if few.any() and edge.is_prerequisite:
                raise MissingInputsError(
                    f"The prerequisite {what} is missing for {int(few.sum())} quanta, which need "
                    f"{connection.minimum}: {self._first(label, few, 5)}. Add a collection that holds it, "
                    "or constrain the task to data IDs that have it."
                )
            alive &= ~few
        self._quantum[span] = alive

    def _first(self, label: str, mask: Mask, n_rows: int = 1) -> str:
        return self._graph.quantum_ids[label].show(np.flatnonzero(mask)[:n_rows])

    def _rearrange(self, label: str, task: TaskNode) -> None:
        span = self._graph.span(label)
        numbers = np.flatnonzero(self._quantum[span]) + span.start
        result = self._hooks.rearrange(label, task, numbers, self._inputs())
        producer = self._graph.producer.copy()
        gone = result.makers < 0
        self._made[result.moved[gone]] = False
        producer[result.moved[~gone]] = result.makers[~gone]
        self._graph = dataclasses.replace(self._graph, producer=producer)
        self._hooks.use(self._graph)
        self._quantum[result.removed_quanta] = False
        for name, (quanta, refs) in result.found.items():
            before, known = self._found.get((label, name), (np.empty(0, dtype=np.int64), ()))
            together, every = np.concatenate([before, quanta]), [*known, *refs]
            order = np.argsort(together, kind="stable")
            self._found[label, name] = (together[order], [every[row] for row in order.tolist()])
        self._settle(label)

    def _adjust(self, label: str, task: TaskNode) -> None:
        graph = self._graph
        span = graph.span(label)
        numbers = np.flatnonzero(self._quantum[span]) + span.start
        result = self._hooks.adjust(label, task, numbers, self._inputs())
        self._quantum[result.removed_quanta] = False
        self._edge[result.removed_edges] = False
        self._made[result.removed_outputs] = False
        for block, keep in result.kept_found.items():
            self._keep_found(block, keep)

    def _settle(self, label: str) -> None:
        """Take edges and outputs from quanta that fell."""
        graph = self._graph
        edges = graph.edge_span(label)
        self._edge[edges] &= self._quantum[graph.edge_quantum[edges]]
        for name, shape in graph.dataset_types.items():
            if shape.producer == label and name in graph.dataset_ids:
                outputs = graph.dataset_span(name)
                makers = graph.producer[outputs]
                self._made[outputs] &= (makers < 0) | self._quantum[makers]
        for block, (quanta, _) in list(self._found.items()):
            if block[0] == label and not (keep := self._quantum[quanta]).all():
                self._keep_found(block, keep)

    def _keep_found(self, block: tuple[str, str], keep: Mask) -> None:
        quanta, refs = self._found[block]
        self._found[block] = (quanta[keep], [refs[row] for row in np.flatnonzero(keep).tolist()])

    def _prune(self, source: str, anchor: str) -> None:
        graph = self._graph
        if source not in graph.tasks:
            return
        reaching = np.zeros_like(self._quantum)
        if anchor in graph.tasks:
            reaching[graph.span(anchor)] = self._quantum[graph.span(anchor)]
        for label in reversed(graph.labels):
            edges = graph.edge_span(label)
            makers = graph.edge_producer[edges]
            live = self._edge[edges] & (makers >= 0) & self._made[graph.edge_dataset[edges]]
            live &= reaching[graph.edge_quantum[edges]]
            reaching[makers[live]] = True
        falling = np.zeros_like(self._quantum)
        span = graph.span(source)
        falling[span] = self._quantum[span] & ~reaching[span]
        for label in graph.labels:
            edges = graph.edge_span(label)
            makers = graph.edge_producer[edges]
            live = self._edge[edges] & (makers >= 0) & falling[makers]
            falling[graph.edge_quantum[edges][live]] = True
        self._quantum &= ~falling
        for label in graph.labels:
            self._settle(label)
        self._edge &= self._available()[graph.edge_dataset]

    def finished(self, request: GraphRequest, engine: str, content: Content) -> Finished:
        borrowed = np.zeros(len(self._made), dtype=np.bool_)
        for (_, name), (_, refs) in self._found.items():
            if refs and name in self._graph.dataset_ids:
                uuids = np.ascontiguousarray(self._identities.of(name)[0]).view("S16").ravel()
                found = np.array([ref.id.bytes for ref in refs], dtype="S16")
                borrowed[self._graph.dataset_span(name)] |= np.isin(uuids, found)
        return Finished(
            self._quantum, self._edge, self._made, self._skipped, self._found, tuple(self._hooks.costs),
            borrowed, self._graph, request, engine, content, self._ran_in(),
        )  # fmt: skip

    def _ran_in(self) -> dict[str, tuple[Rows, tuple[str, ...]]]:
        """Say where the skipped quanta of each task ran: in the RUN of their metadata."""
        found = {}
        for label, task in self._pipeline.tasks.items():
            span = self._graph.span(label)
            if len(numbers := span.start + np.flatnonzero(self._skipped[span])):
                name = task.metadata_output.parent_dataset_type_name
                found[label] = (numbers, self._identities.runs_made_by(numbers, name))
        return found
