"""Builders that are wrong: what the other tests assert has to fail for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.incomplete import PARTS, inputs_of
from tests.graph.mocked import make_pipeline
from tests.graph.oracle import assert_edges_agree, assert_same_graph, build_ours, build_stock
from tests.graph.statements import assert_all_inputs, assert_reads_exactly, constraint_on
from tests.graph.test_naive import assert_equals_plain_sets
from workbench.demo import PIPELINE
from workbench.errors import GraphBuildError
from workbench.graph import BuildMode, Mode, PartialPolicy, Preview, ResolvedConstraint, build
from workbench.graph.account import causes, row_tally
from workbench.graph.closure import binding, closure
from workbench.graph.columns import check as columns_check
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.engines import columnar
from workbench.graph.joins.natural_join import Joins
from workbench.graph.proposal import propose
from workbench.graph.proposal.propose import Proposal
from workbench.graph.proposal.subgraphs import Candidates

DEMO = ("HSC/defaults",)
BAD = 58260
BEST = (96954, 96980)
WHERE = f"instrument = 'HSC' AND visit != {BAD} AND skymap = 'cosmos_rings' AND tract = 3"

Patch = pytest.MonkeyPatch


def whole_graph(butler: Butler) -> list[ResolvedConstraint]:
    """What `WHERE` says, conjunct by conjunct."""
    return [
        constraint_on(butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], name="bad"),
        constraint_on(butler, Mode.INCLUDE, ("tract",), [("cosmos_rings", 3)], name="tract"),
    ]


def each_task(butler: Butler) -> list[ResolvedConstraint]:
    """Two coadds of different visits."""
    best = [("HSC", visit) for visit in BEST]
    return [
        constraint_on(butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], tasks=["coadd"], name="bad"),
        constraint_on(butler, Mode.INCLUDE, ("visit",), best, tasks=["sharpCoadd"], name="best"),
    ]


# ---- builders that are wrong ---------------------------------------------------


def ignore_the_where(patch: Patch) -> None:
    patch.setattr(build, "_make_filters", lambda *_: [])
    patch.setattr(build, "bind_constraints", lambda graph, _: binding.bind_constraints(graph, []))


def ignore_constraint(number: int) -> Callable[[Patch], None]:
    def mutate(patch: Patch) -> None:
        make_filters = build._make_filters

        def without(constraints: Sequence[ResolvedConstraint]) -> list[ResolvedConstraint]:
            return [one for place, one in enumerate(constraints) if place != number]

        patch.setattr(
            build,
            "_make_filters",
            lambda joins, request, constraints: make_filters(joins, request, without(constraints)),
        )
        patch.setattr(
            build,
            "bind_constraints",
            lambda graph, constraints: binding.bind_constraints(graph, without(constraints)),
        )

    return mutate


def drop_one(what: str, label: str) -> Callable[[Patch], None]:
    """Drop the first kept quantum, or the last input edge, of a task before the graph is finished."""

    def mutate(patch: Patch) -> None:
        finish_graph = columnar.finish_graph

        def finish(graph: Any, pipeline: Any, joins: Any, kept: Any, uncut: Any, **rest: Any) -> Any:
            kept, uncut = kept.copy(), uncut.copy()
            span, edges = graph.span(label), graph.edge_span(label)
            if what == "quantum":
                kept[span.start + np.flatnonzero(kept[span])[0]] = False
            else:
                live = uncut[edges] & kept[graph.edge_quantum[edges]]
                uncut[edges.start + np.flatnonzero(live)[-1]] = False
            return finish_graph(graph, pipeline, joins, kept, uncut, **rest)

        patch.setattr(columnar, "finish_graph", finish)

    return mutate


def count_dead_consumers(patch: Patch) -> None:
    """Let what could never run decide about side branches and ends."""
    for name in ("_trim_side_branches", "_ends"):
        right = getattr(closure._Closing, name)

        def wrong(self: Any, *given: Any, right: Any = right) -> Any:
            viable, self._viable = self._viable, np.ones_like(self._viable)
            try:
                return right(self, *given)
            finally:
                self._viable = viable

        patch.setattr(closure._Closing, name, wrong)


def blame_all_as_missing(patch: Patch) -> None:
    """Take what fell by a constraint for what fell for want of demand."""
    right = closure._Closing._missing

    def wrong(self: Any, kept: Any, edges: slice) -> Any:
        alive, self._alive = self._alive, self._viable
        try:
            return right(self, kept, edges)
        finally:
            self._alive = alive

    patch.setattr(closure._Closing, "_missing", wrong)


def demand_what_cannot_run(patch: Patch) -> None:
    right = closure.find_demand
    patch.setattr(closure, "find_demand", lambda graph, bound, _: right(graph, bound, frozenset(graph.tasks)))


def blame_the_first_alone(patch: Patch) -> None:
    patch.setattr(causes.Causes, "_note_causes", note_first)


def note_first(self: Any, causes: Any, numbers: Any, edges: Any) -> None:
    causes[np.searchsorted(numbers, self.graph.edge_quantum[edges]), 0] = True


CLOSURES = {
    "let dead consumers decide": count_dead_consumers,
    "call everything missing": blame_all_as_missing,
    "demand what cannot run": demand_what_cannot_run,
    "blame the first constraint for all that starves": blame_the_first_alone,
}
"""Of demand and completeness; the graphs that they need are random."""

MUTATIONS = {
    "ignore the where": ignore_the_where,
    "ignore the first constraint": ignore_constraint(0),
    "ignore the second constraint": ignore_constraint(1),
    "drop one quantum of coadd": drop_one("quantum", "coadd"),
    "drop one edge into coadd": drop_one("edge", "coadd"),
    "drop one quantum of warp": drop_one("quantum", "warp"),
    "drop one edge into warp": drop_one("edge", "warp"),
}


# ---- what the other tests assert -------------------------------------------------


@pytest.fixture(scope="module")
def whole_pipeline(demo_butler: Butler) -> PipelineGraph:
    return Pipeline.from_uri(PIPELINE).to_graph(demo_butler.registry)


@pytest.fixture(scope="module")
def stock(demo_butler: Butler, whole_pipeline: PipelineGraph) -> GraphColumns:
    return build_stock(demo_butler, whole_pipeline, DEMO, where=WHERE)


@pytest.fixture(scope="module")
def whole(demo_butler: Butler, whole_pipeline: PipelineGraph) -> GraphColumns:
    """The graph per task without constraints, equal to the stock builder's."""
    ours = build_ours(demo_butler, whole_pipeline, DEMO, mode=BuildMode.PER_TASK)
    assert_same_graph(ours.columns, build_stock(demo_butler, whole_pipeline, DEMO))
    return ours.columns


def build_all_dimensions(butler: Butler, pipeline: PipelineGraph) -> Preview:
    return build_ours(butler, pipeline, DEMO, whole_graph(butler))


def build_per_task(butler: Butler, pipeline: PipelineGraph) -> Preview:
    return build_ours(butler, pipeline, DEMO, each_task(butler), mode=BuildMode.PER_TASK)


def assert_per_task(graph: GraphColumns, whole: GraphColumns) -> None:
    assert_reads_exactly(graph, whole, "coadd", "warp_stats", bad=[BAD])
    assert_reads_exactly(graph, whole, "sharpCoadd", "warp_stats", visits=BEST)
    assert_all_inputs(graph, whole, "warp", "detector_stats", "visit", "detector")
    assert_all_inputs(graph, whole, "warp", "visit_summary", "visit")


def test_the_right_builder_passes(
    demo_butler: Butler, whole_pipeline: PipelineGraph, stock: GraphColumns, whole: GraphColumns
) -> None:
    assert_same_graph(build_all_dimensions(demo_butler, whole_pipeline).columns, stock)
    assert_per_task(build_per_task(demo_butler, whole_pipeline).columns, whole)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_oracle_goes_red(
    mutation: str,
    demo_butler: Butler,
    whole_pipeline: PipelineGraph,
    stock: GraphColumns,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    MUTATIONS[mutation](monkeypatch)
    wrong = build_all_dimensions(demo_butler, whole_pipeline)
    assert wrong.n_quanta
    with pytest.raises(AssertionError):
        assert_same_graph(wrong.columns, stock)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_statements_go_red(
    mutation: str,
    demo_butler: Butler,
    whole_pipeline: PipelineGraph,
    whole: GraphColumns,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    MUTATIONS[mutation](monkeypatch)
    wrong = build_per_task(demo_butler, whole_pipeline)
    assert wrong.n_quanta
    with pytest.raises(AssertionError):
        assert_per_task(wrong.columns, whole)


def forget_what_excludes(patch: Patch) -> None:
    """Account for rows that exclude as if they had to feed something."""
    right = row_tally._Tally.__init__

    def wrong(self: Any, taken: Any, n_rows: int, _: Mode) -> None:
        right(self, taken, n_rows, Mode.INCLUDE)

    patch.setattr(row_tally._Tally, "__init__", wrong)


def account_of(butler: Butler, pipeline: PipelineGraph) -> tuple[int, int]:
    """Rows that reach something, of one that excludes and of two that include."""
    bad, best = build_per_task(butler, pipeline).row_accounts
    return len(bad.keys) - bad.n_idle, len(best.keys) - best.n_idle


def test_accounts_go_red(
    demo_butler: Butler, whole_pipeline: PipelineGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account_of(demo_butler, whole_pipeline) == (1, 2)
    forget_what_excludes(monkeypatch)
    assert account_of(demo_butler, whole_pipeline) != (1, 2)


@pytest.mark.parametrize("mutation", CLOSURES)
def test_plain_sets_go_red(mutation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    CLOSURES[mutation](monkeypatch)
    with pytest.raises(AssertionError):
        _ = [assert_equals_plain_sets(policy) for policy in PartialPolicy]


# ---- parts that share inputs, and what checks a graph ------------------------------


def overwrite_tables(patch: Patch) -> None:
    """Keep the shared inputs of one part, and number the edges of all parts by them."""

    def overwrite(parts: Sequence[Candidates], _: Joins) -> Candidates:
        whole = Candidates({}, {}, {}, {})
        # With the larger table, the rows of all parts exist: they are wrong, but no error.
        for part in sorted(parts, key=lambda part: len(part.datasets["x"])):
            for name in ("quanta", "datasets", "edges", "producers"):
                getattr(whole, name).update(getattr(part, name))
        return whole

    patch.setattr(propose, "unite", overwrite)


def filter_prerequisites(patch: Patch) -> None:
    add_prerequisites = Proposal._add_prerequisites

    def filtered(self: Proposal) -> None:
        self._lookups = self._pairs
        add_prerequisites(self)

    patch.setattr(Proposal, "_add_prerequisites", filtered)


def allow_other_data_ids(patch: Patch) -> None:
    patch.setattr(columns_check._DataIds, "compare", lambda *_: iter(()))


PARTED = {
    "tables overwritten": (overwrite_tables, "three share two inputs"),
    "prerequisites filtered": (filter_prerequisites, "prerequisites"),
}


@pytest.mark.parametrize("mutation", PARTED)
def test_shared_inputs_go_red(
    mutation: str, incomplete_butler: Butler, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate, name = PARTED[mutation]
    tasks, inputs = PARTS[name], inputs_of(0.7)
    chip = constraint_on(incomplete_butler, Mode.EXCLUDE, ("detector",), [("HSC", 50)])
    where = "instrument = 'HSC' AND detector != 50"
    stock = build_stock(incomplete_butler, make_pipeline(tasks), inputs, where=where)
    assert_same_graph(build_ours(incomplete_butler, make_pipeline(tasks), inputs, [chip]).columns, stock)
    mutate(monkeypatch)
    monkeypatch.setattr(GraphColumns, "check", lambda _: None)
    wrong = build_ours(incomplete_butler, make_pipeline(tasks), inputs, [chip])
    with pytest.raises(AssertionError):
        assert_same_graph(wrong.columns, stock)


def test_the_check_finds_overwritten_tables(
    incomplete_butler: Butler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, without the stock builder; a check that does not compare data IDs lets them pass."""
    tasks = PARTS["two tasks, one with another input"]
    overwrite_tables(monkeypatch)
    with pytest.raises(GraphBuildError, match=r"edges of .* join a quantum with a x of another .*visit"):
        build_ours(incomplete_butler, make_pipeline(tasks), inputs_of(0.9))
    allow_other_data_ids(monkeypatch)
    columns = build_ours(incomplete_butler, make_pipeline(tasks), inputs_of(0.9)).columns
    with pytest.raises(AssertionError):
        assert_edges_agree(columns)
