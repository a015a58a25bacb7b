"""What a graph per task promises, on the demonstration's visits.

process {visit, detector} -> summary {visit}, fit {visit, tract}, warp {visit, patch};
warp -> deep, sharp {patch, band}
"""

from __future__ import annotations

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.mocked import add_task, makes, reads
from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.statements import (
    assert_all_inputs,
    assert_counts,
    assert_reads_exactly,
    constraint_on,
    read_by,
)
from workbench.graph import BuildMode, Mode, PartialPolicy, Preview, ResolvedConstraint
from workbench.graph.columns.graph_columns import GraphColumns

INPUTS = ("HSC/defaults",)
SKYMAP, TRACT = "cosmos_rings", 0
BAD = ("HSC", 58260)
BEST = (("HSC", 96954), ("HSC", 96980))
VD = ("instrument", "visit", "detector")
V = ("instrument", "visit")
VP = ("instrument", "visit", "skymap", "tract", "patch")
VT = ("instrument", "visit", "skymap", "tract")
PB = ("skymap", "tract", "patch", "band")


def make(*, gather: bool = False, final: bool = False) -> PipelineGraph:
    """Make the pipeline; with a gather of all summaries, or with a summary after the fits."""
    graph = PipelineGraph()
    raw = reads("raw", "instrument", "exposure", "detector", real="StructuredDataDict")
    add_task(graph, "process", VD, raw, makes("stats", *VD))
    add_task(graph, "summary", V, reads("stats", *VD), makes("summaries", *V))
    add_task(graph, "fit", VT, reads("stats", *VD), makes("fits", *VT))
    warp_inputs = [reads("stats", *VD), reads("summaries", *V)]
    add_task(graph, "warp", VP, *warp_inputs, makes("warps", *VP))
    for label in ("deep", "sharp"):
        add_task(graph, label, PB, reads("warps", *VP), makes(f"{label}_coadd", *PB))
    if gather:
        add_task(graph, "gather", ("instrument",), reads("summaries", *V), makes("plot", "instrument"))
    if final:
        add_task(graph, "final", V, reads("stats", *VD), reads("fits", *VT, minimum=0), makes("finals", *V))
    graph.sort()
    return graph


def build(
    butler: Butler,
    pipeline: PipelineGraph,
    *constraints: ResolvedConstraint,
    policy: PartialPolicy = PartialPolicy.COMPLETE,
) -> Preview:
    options = {"mode": BuildMode.PER_TASK, "policy": policy, "growth_limit": 100.0}
    return build_ours(butler, pipeline, INPUTS, constraints, **options)


@pytest.fixture(scope="module")
def whole(demo_butler: Butler) -> GraphColumns:
    """The graph without constraints; `test_without_constraints` proves it the stock builder's."""
    return build(demo_butler, make(gather=True, final=True)).columns


def one_tract(butler: Butler, pipeline: PipelineGraph, *tasks: str) -> ResolvedConstraint:
    rows = [(SKYMAP, TRACT)]
    return constraint_on(butler, Mode.INCLUDE, ("tract",), rows, tasks=tasks, pipeline=pipeline, name="tract")


def test_without_constraints(demo_butler: Butler, whole: GraphColumns) -> None:
    assert_same_graph(whole, build_stock(demo_butler, make(gather=True, final=True), INPUTS))


@pytest.mark.parametrize("policy", PartialPolicy)
def test_two_coadds_share_one_type_of_warps(
    demo_butler: Butler, whole: GraphColumns, policy: PartialPolicy
) -> None:
    pipeline = make()
    constraints = [
        constraint_on(demo_butler, Mode.EXCLUDE, V, [BAD], tasks=["deep"], name="bad"),
        constraint_on(demo_butler, Mode.INCLUDE, V, BEST, tasks=["sharp"], name="best"),
    ]
    preview = build(demo_butler, pipeline, *constraints, policy=policy)
    graph = preview.columns
    assert_reads_exactly(graph, whole, "deep", "warps", bad=[BAD[1]])
    assert_reads_exactly(graph, whole, "sharp", "warps", visits=[visit for _, visit in BEST])
    assert_all_inputs(graph, whole, "warp", "stats", "visit", "detector")
    assert not preview.conflicts.num_rows


@pytest.mark.parametrize("policy", PartialPolicy)
@pytest.mark.parametrize("tasks", [(), ("deep", "sharp")], ids=["everywhere", "in coadds"])
def test_a_bad_visit_stays_excluded(
    demo_butler: Butler, whole: GraphColumns, policy: PartialPolicy, tasks: tuple[str, ...]
) -> None:
    pipeline = make(final=True)
    bad = constraint_on(demo_butler, Mode.EXCLUDE, V, [BAD], tasks=tasks, pipeline=pipeline, name="bad")
    preview = build(demo_butler, pipeline, bad, one_tract(demo_butler, pipeline), policy=policy)
    graph = preview.columns
    for label in ("deep", "sharp"):
        read = read_by(graph, label, "warps", "visit")
        full = read_by(whole, label, "warps", "visit")
        assert read == {
            quantum: full[quantum] - {(BAD[1],)}
            for quantum in full
            if full[quantum] - {(BAD[1],)} and quantum[2] == TRACT
        }
    if not tasks:
        for columns in (*graph.quanta.values(), *graph.datasets.values()):
            if "visit" in columns.data_ids.columns:
                assert BAD[1] not in columns.data_ids["visit"].to_list()
    assert not preview.conflicts.num_rows
    assert not any(row["partial"] for row in preview.counts.to_pylist())


def test_a_gather_on_a_side_branch_causes_no_growth(demo_butler: Butler) -> None:
    with_gather, without = make(gather=True), make()
    ours = build(demo_butler, with_gather, one_tract(demo_butler, with_gather))
    plain = build(demo_butler, without, one_tract(demo_butler, without))
    assert ours.closure.growth == 1.0
    assert ours.n_quanta_by_task.pop("gather") == 0  # it would lack visits of other tracts
    assert ours.n_quanta_by_task | {"gather": 0} == plain.n_quanta_by_task | {"gather": 0}
    assert plain.n_quanta_by_task["process"] < len(build(demo_butler, without).columns.quanta["process"])


@pytest.mark.parametrize("policy", PartialPolicy)
def test_one_tract_of_whole_visits(demo_butler: Butler, whole: GraphColumns, policy: PartialPolicy) -> None:
    """The summaries that the coadds of a tract need have all of their detectors, whatever the policy."""
    pipeline = make()
    preview = build(demo_butler, pipeline, one_tract(demo_butler, pipeline), policy=policy)
    assert_all_inputs(preview.columns, whole, "summary", "stats", "visit", "detector")
    assert not preview.conflicts.num_rows


def test_the_stock_builder_slices(demo_butler: Butler, whole: GraphColumns) -> None:
    """What the other tests assert fails for its graph of one tract."""
    sliced = build_stock(demo_butler, make(), INPUTS, where=f"skymap = '{SKYMAP}' AND tract = {TRACT}")
    with pytest.raises(AssertionError, match="lacks"):
        assert_all_inputs(sliced, whole, "summary", "stats", "visit", "detector")


@pytest.mark.parametrize("policy", PartialPolicy)
def test_one_tract_asked_of_the_fits(demo_butler: Butler, whole: GraphColumns, policy: PartialPolicy) -> None:
    """Summaries after the fits would lack the detectors outside: completed, dropped or marked."""
    pipeline = make(final=True)
    preview = build(demo_butler, pipeline, one_tract(demo_butler, pipeline, "fit"), policy=policy)
    graph = preview.columns
    every, read = (read_by(one, "final", "stats", "visit", "detector") for one in (whole, graph))
    (counts,) = (row for row in preview.counts.to_pylist() if row["task"] == "final")
    # Keys of fits are instrument, sky map, tract and visit.
    fits = read_by(whole, "fit", "stats", "visit", "detector").items()
    inside = {(fit[0], fit[3]): pairs for fit, pairs in fits if fit[2] == TRACT}
    fitted = inside.keys()
    entire = {quantum for quantum in fitted if inside[quantum] == every[quantum]}
    assert entire < fitted, "some visits are only partly in the tract"
    if policy is PartialPolicy.COMPLETE:
        assert read == {quantum: every[quantum] for quantum in fitted}
        assert counts["partial"] == 0
        assert preview.closure.growth > 1.0
    elif policy is PartialPolicy.DROP:
        assert read == {quantum: every[quantum] for quantum in entire}
        assert counts["partial_dropped"] + counts["not_demanded"] >= len(fitted - entire)
        assert counts["partial"] == 0
    else:
        assert read == {quantum: inside[quantum] for quantum in fitted}
        marked = {
            (row["instrument"], row["visit"]) for row in preview.quanta("final").to_pylist() if row["partial"]
        }
        assert marked == fitted - entire
    assert_counts(preview.n_quanta_by_task, final=len(read))
