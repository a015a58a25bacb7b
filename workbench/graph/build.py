"""Building: pipeline, inputs and constraints in, a `Preview` out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from lsst.daf.butler import (
    Butler,
    ButlerUserError,
    CollectionType,
    MissingCollectionError,
)
from lsst.pipe.base import ScalarError
from lsst.pipe.base.quantum_graph_builder import QuantumGraphBuilderError

from workbench.errors import (
    GraphBuildError,
    GrowthError,
    OutputRunExistsError,
    UnknownNameError,
)
from workbench.graph.account.absence import Absence
from workbench.graph.account.skipping import Skipping, find_committed_graphs
from workbench.graph.closure.binding import UNCUT, Binding, bind_constraints
from workbench.graph.closure.closure import Closure, Stage, compute_closure
from workbench.graph.closure.request import BuildMode, GraphRequest
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint
from workbench.graph.difference.requested import READ, describe_fence
from workbench.graph.engines.columnar import list_reads
from workbench.graph.engines.source import Basis, GraphSource
from workbench.graph.engines.stock import StockEngine
from workbench.graph.finish.engine import Engine, Origin
from workbench.graph.finish.members import check_groupings
from workbench.graph.joins.natural_join import Joins
from workbench.graph.joins.operands import KeyFilter, StockOnlyError
from workbench.graph.joins.relation import Relation, unique_keys
from workbench.graph.preview import Preview
from workbench.graph.proposal.overall import find_lacking_inputs, find_unable, require_inputs
from workbench.progress import Progress, silent
from workbench.snapshot.reads import Fence

__all__ = ["build_preview"]

_STOCK_REFUSALS = (QuantumGraphBuilderError, ButlerUserError, ScalarError, FileNotFoundError)
"""What the stock builder raises for what cannot be built."""


def build_preview(
    origin: Origin | GraphSource,
    request: GraphRequest,
    constraints: Sequence[ResolvedConstraint],
    *,
    progress: Progress = silent,
) -> Preview:
    """Build a quantum graph in memory; nothing is written.

    Parameters
    ----------
    origin : `lsst.daf.butler.Butler`, `~workbench.registry.Registry` or `GraphSource`
        The repository.
    request : `GraphRequest`
        What to build.
    constraints : `~collections.abc.Sequence` [ `ResolvedConstraint` ]
        In the order in which they are named as the cause.
    progress : `~workbench.progress.Progress`, optional
        Told the stage; may cancel.

    Returns
    -------
    preview : `Preview`
        The graph and its explanation.

    Raises
    ------
    workbench.errors.MissingInputsError
        Raised if overall inputs are not in the input collections, or if kept
        quanta lack a prerequisite.
    workbench.errors.OutputRunExistsError
        Raised if the output RUN exists.
    workbench.errors.BindingError
        Raised if a constraint binds to nothing.
    workbench.errors.GroupingError
        Raised if a group has other members in the graph than in its grouping.
    workbench.errors.GrowthError
        Raised if completing the inputs grows the graph above the limit.
    workbench.errors.GraphBuildError
        Raised if the graph cannot be built; the message says why.

    Notes
    -----
    Candidates are found in columns (`~workbench.graph.engines.columnar`).  What only
    the stock builder can do is done by it, slower, and the preview's
    ``engine`` says so.
    """
    source = origin if isinstance(origin, GraphSource) else GraphSource(origin)
    butler = source.butler
    progress("checking inputs", 0.0)
    if not (request.clobber or request.skip_existing_in):
        _check_output_run(butler, request.output_run)
    pipeline_graph = request.pipeline_graph
    # One of its own: resolving again would change the graph that an earlier preview has.
    request = dataclasses.replace(request, pipeline_graph=pipeline_graph.copy())
    dataset_types = _resolve(butler, request)
    staged = _Staged(progress)
    engine: Engine
    try:
        try:
            engine, fence = source.find_candidates(
                request,
                Basis.of(request, pipeline_graph),
                lambda joins: _make_filters(joins, request, constraints),
                staged.upto(0.5),
            )
        except StockOnlyError as reason:
            fence = Fence.read(butler, list_reads(request))
            engine = StockEngine(butler, request, str(reason), constraints, staged.upto(0.5))
    except _STOCK_REFUSALS as error:
        raise GraphBuildError(f"The stock builder cannot propose quanta: {error}") from error
    graph = engine.graph
    lacking = find_lacking_inputs(butler, request, graph, dataset_types)
    published = (
        source.publications.resolve(request.inputs, frozenset(graph.tasks)) if source.publications else ()
    )
    if not graph.n_quanta:
        require_inputs(butler, request, lacking, request.pipeline_graph.tasks)
        raise GraphBuildError(_explain_empty(request, dataset_types, constraints))
    progress("applying constraints", 0.5)

    def bind(some: Sequence[ResolvedConstraint]) -> Binding:
        if request.mode is BuildMode.ALL_DIMENSIONS:
            # They restricted the one join, also by dimensions that no task has alone.
            return Binding(
                some,
                np.full(graph.n_quanta, UNCUT, dtype=np.int16),
                np.full(graph.n_edges, UNCUT, dtype=np.int16),
                [frozenset(graph.tasks) for _ in some],
            )
        return engine.follow(bind_constraints(graph, some))

    binding = bind(constraints)
    if request.mode is BuildMode.ALL_DIMENSIONS:
        closure = Closure.of_everything(graph)
    else:
        closure = compute_closure(graph, binding, request.policy, find_unable(lacking))
        # What nobody asked for by name is left out, and said; but something has to be able to run.
        able = (closure.stage != Stage.NO_INPUTS).any()
        require_inputs(butler, request, lacking, closure.named if able else graph.tasks)
    if closure.growth > request.growth_limit:
        raise GrowthError(
            f"Completing the inputs would grow the graph {closure.growth:.1f} times, to "
            f"{int(closure.kept.sum())} quanta; the limit is {request.growth_limit:g}. Raise "
            "growth_limit if that "
            "is what you want, or choose partial='drop' to leave the partial quanta out."
        )
    progress("resolving quanta", 0.6)
    request = dataclasses.replace(
        request, metadata=MappingProxyType({**request.metadata, READ: describe_fence(fence)})
    )
    uncut, unmade = binding.edge_cut == UNCUT, binding.unmade(graph)
    try:
        finished = engine.finish(request, closure.kept, uncut, staged.upto(1.0), unmade=unmade)
    except _STOCK_REFUSALS as error:
        raise GraphBuildError(f"The stock builder cannot resolve the quanta: {error}") from error
    check_groupings(finished.graph, finished, request.groupings)
    ran_in = {run for _, runs in finished.ran_in.values() for run in runs}
    progress("resolving quanta", 1.0)
    return Preview(
        graph=finished.graph,
        binding=binding,
        closure=closure,
        finished=finished,
        fence=fence,
        skipping=Skipping(
            engine, finished, closure.kept, uncut, unmade, find_committed_graphs(source.origin, ran_in)
        ),
        absence=Absence(butler, request, source.publications, tuple(constraints)),
        lacking=lacking,
        published=published,
        bind=bind,
    )


class _Staged:
    """Progress whose fraction is that of the whole."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._done = 0.0

    def upto(self, end: float) -> Progress:
        begin, self._done = self._done, end

        def report(stage: str, fraction: float | None = None) -> None:
            self._progress(stage, begin if fraction is None else begin + (end - begin) * fraction)

        return report


def _make_filters(
    joins: Joins, request: GraphRequest, constraints: Sequence[ResolvedConstraint]
) -> list[KeyFilter]:
    """Turn constraints into restrictions of the one join of all dimensions."""
    if request.mode is not BuildMode.ALL_DIMENSIONS:
        return []
    dimensions = request.pipeline_graph.get_all_dimensions()
    filters = []
    for constraint in constraints:
        if (form := constraint.restricting_form(dimensions)) is None:
            continue
        keys, table = form
        codes = joins.codes
        given = Relation(codes, {name: codes.encode(name, table[name]) for name in keys}, table.height)
        known = np.ones(len(given), dtype=np.bool_)
        for name in keys:
            known &= given.columns[name] >= 0
        packed = unique_keys(given.take(known).keys(keys))
        filters.append(KeyFilter(tuple(keys), packed, constraint.mode is Mode.INCLUDE))
    return filters


def _check_output_run(butler: Butler, output_run: str) -> None:
    try:
        found = butler.collections.get_info(output_run)
    except MissingCollectionError:
        return
    kind = "RUN" if found.type is CollectionType.RUN else found.type.name
    raise OutputRunExistsError(
        f"The output RUN {output_run!r} exists already (as a {kind} collection); a workflow needs a "
        "RUN of its own. "
        "Name another with output_run, or leave it out to get the next free one."
    )


def _resolve(butler: Butler, request: GraphRequest) -> tuple[str, ...]:
    """Resolve the pipeline; return the registered overall-input dataset types."""
    try:
        butler.collections.query_info(list(request.inputs), flatten_chains=True)
    except MissingCollectionError as error:
        raise UnknownNameError(
            f"Input collections {list(request.inputs)} do not all exist: {error} "
            "Collections can be listed with bench.collections.list(), or 'workbench collections'."
        ) from error
    if not request.pipeline_graph.tasks:
        raise GraphBuildError("The pipeline has no tasks, so there is nothing to build. Name one that has.")
    request.pipeline_graph.resolve(butler.registry)
    overall = [name for name, _ in request.pipeline_graph.iter_overall_inputs()]
    known = {found.name for found in butler.registry.queryDatasetTypes(overall)}
    return tuple(sorted(known))


def _explain_empty(
    request: GraphRequest, dataset_types: Sequence[str], constraints: Sequence[ResolvedConstraint]
) -> str:
    lines = [
        f"{one.mode.value} {one.name}: " + ("; ".join(one.notes) or "nothing satisfies it")
        for one in constraints
        if one.mode is Mode.INCLUDE and any(group and keys.is_empty() for group, keys in one.forms)
    ]
    if lines:
        return "The graph has no quanta, for there is nothing that satisfies\n  " + "\n  ".join(lines)
    counts = ", ".join(dataset_types)
    names = ", ".join(f"{one.mode.value} {one.name}" for one in constraints)
    return (
        f"The inputs join to no quantum at all{f' with {names}' if names else ''}. The overall inputs "
        f"{counts} are in {list(request.inputs)}, but no data ID has all of the dimensions "
        f"{sorted(request.pipeline_graph.get_all_dimensions().names)}"
        + (" and satisfies all of these conditions: take one away, or look for" if names else ": look for")
        + " visits without regions, or a skymap that does not overlap them."
    )
