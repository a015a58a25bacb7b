"""The rules of a data release on the demonstration's visits (RTN-111, section 2).

Detectors are left out always, others before a date, visits by families, all of
that on the whole graph; the coadds take the best of the rest.
"""

from __future__ import annotations

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.oracle import build_ours
from tests.graph.statements import constraint_on, read_by
from workbench.demo import PIPELINE
from workbench.graph import BuildMode, Mode, PartialPolicy, ResolvedConstraint, Stage
from workbench.graph.columns.graph_columns import GraphColumns

DEMO = ("HSC/defaults",)
ALWAYS = (41, 50)
EARLY = (42, 58)
LAST_EARLY = 20000
FAMILIES = ((58260,), (96860, 59884))
BEST = (96954, 96980, 18202)


@pytest.fixture(scope="module")
def pipeline(demo_butler: Butler) -> PipelineGraph:
    return Pipeline.from_uri(PIPELINE).to_graph(demo_butler.registry)


@pytest.fixture(scope="module")
def whole(demo_butler: Butler, pipeline: PipelineGraph) -> GraphColumns:
    return build_ours(demo_butler, pipeline, DEMO, mode=BuildMode.PER_TASK).columns


def rules(butler: Butler, pipeline: PipelineGraph) -> list[ResolvedConstraint]:
    early = [
        ("HSC", detector, record.id)
        for record in butler.query_dimension_records("visit", explain=False)
        if record.id < LAST_EARLY
        for detector in EARLY
    ]
    visits = [
        constraint_on(
            butler,
            Mode.EXCLUDE,
            ("visit",),
            [("HSC", visit) for visit in family],
            pipeline=pipeline,
            name=f"family-{number}@1",
        )
        for number, family in enumerate(FAMILIES)
    ]
    return [
        constraint_on(
            butler,
            Mode.EXCLUDE,
            ("detector",),
            [("HSC", detector) for detector in ALWAYS],
            pipeline=pipeline,
            name="det-always@1",
        ),
        constraint_on(
            butler, Mode.EXCLUDE, ("visit", "detector"), early, pipeline=pipeline, name="det-early@1"
        ),
        *visits,
        constraint_on(
            butler,
            Mode.INCLUDE,
            ("visit",),
            [("HSC", visit) for visit in BEST],
            tasks=["coadd", "sharpCoadd"],
            name="best@1",
        ),
    ]


@pytest.mark.parametrize("policy", PartialPolicy)
def test_detector_rules_leave_whole_coadds(
    demo_butler: Butler, pipeline: PipelineGraph, whole: GraphColumns, policy: PartialPolicy
) -> None:
    constraints = rules(demo_butler, pipeline)
    preview = build_ours(
        demo_butler, pipeline, DEMO, constraints, mode=BuildMode.PER_TASK, policy=policy, growth_limit=1.0
    )
    preview.require_whole()
    assert preview.conflicts.num_rows == 0
    graph = preview.columns
    # What is left of each warp, by plain words: its detectors that no rule took.
    out = {visit for family in FAMILIES for visit in family}

    def is_left(visit: int, detector: int) -> bool:
        return visit not in out and detector not in ALWAYS and not (visit < LAST_EARLY and detector in EARLY)

    warps = read_by(whole, "warp", "detector_stats", "visit", "detector")
    left = {quantum: {one for one in read if is_left(*one)} for quantum, read in warps.items()}
    visit_of = list(whole.pipeline_graph.tasks["warp"].dimensions.required).index("visit")
    kept = read_by(graph, "warp", "detector_stats", "visit", "detector")
    assert kept == {quantum: read for quantum, read in left.items() if read and quantum[visit_of] in BEST}
    fallen = preview.quanta("warp", stage=Stage.STARVED).to_pylist()
    assert fallen
    assert all("det-" in row["reason"] for row in fallen)
    assert {row["stage"] for row in preview.quanta("coadd").to_pylist()} <= {"kept", "starved"}
    by_name = {row["constraint"]: row for row in preview.constraints.to_pylist()}
    assert by_name["det-always@1"]["quanta_starved"] > 0
