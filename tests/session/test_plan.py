"""The campaign under construction, against a real repository."""

from __future__ import annotations

import asyncio
import re

import pytest
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import (
    CURRENT,
    WHOLE_GRAPH,
    PlannedConstraint,
    PlannedScope,
)
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk

KEY = ("HSC", 96954)


@pytest.fixture
def plan(bench: Bench) -> CampaignPlan:
    """The demonstration's campaign, constrained by all visits."""
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    return CampaignPlan(desk, curation, pipeline=PIPELINE, inputs="HSC/defaults", campaign_name="u/test/plan")


def make_preview(plan: CampaignPlan) -> None:
    asyncio.run(plan.make_preview())
    assert plan.desk.message == ""
    assert plan.preview is not None


def test_the_pipeline_says_what_can_be_constrained(plan: CampaignPlan) -> None:
    scopes = plan.read_scopes()
    assert scopes[0] == WHOLE_GRAPH
    assert {"task coadd", "task sharpCoadd", "dataset type raw"} <= set(map(str, scopes))
    assert not any("metadata" in str(scope) for scope in scopes)


def test_a_preview_has_the_numbers_of_the_python_that_is_shown(plan: CampaignPlan, bench: Bench) -> None:
    plan.curation.toggle(KEY, "trailed")
    one_band = PlannedConstraint("", "include", PlannedScope.of_tasks("coadd"), "band = 'i'")
    plan.constraints = [*plan.constraints, one_band]
    make_preview(plan)
    names: dict[str, object] = {"bench": bench}
    exec(plan.to_python(), names)
    assert plan.preview is not None
    assert names["preview"].counts.equals(plan.preview.counts)  # type: ignore[attr-defined]


def test_an_edit_makes_the_preview_out_of_date_and_undo_up_to_date(plan: CampaignPlan) -> None:
    make_preview(plan)
    assert not plan.outdated
    plan.curation.toggle(KEY, "trailed")
    assert plan.outdated
    plan.curation.undo()
    assert not plan.outdated


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("inputs", " , ", "There is no input collection yet"),
        ("pipeline", " ", "There is no pipeline yet"),
        ("campaign_name", "", "There is no name of the campaign yet"),
        ("pipeline", "/", "'/' is a directory. Give a pipeline file in it."),
    ],
)
def test_what_is_wrong_is_said_of_the_field(plan: CampaignPlan, field: str, value: str, told: str) -> None:
    setattr(plan, field, value)
    asyncio.run(plan.make_preview())
    assert plan.problem.startswith(told)
    assert not re.search(r"\w=|Error|\[\]", plan.problem), "no Python"


def test_a_changed_field_makes_the_preview_out_of_date(plan: CampaignPlan) -> None:
    make_preview(plan)
    plan.partial = "drop"
    assert plan.outdated


def test_the_preview_before_is_kept_for_comparison(plan: CampaignPlan) -> None:
    make_preview(plan)
    first = plan.preview
    plan.curation.toggle(KEY, "trailed")
    make_preview(plan)
    assert plan.previous is first
    assert plan.preview is not None
    assert first is not None
    assert plan.preview.n_quanta < first.n_quanta


def test_a_scope_constrains_one_task_alone(plan: CampaignPlan) -> None:
    plan.curation.toggle(KEY, "trailed")
    plan.constraints = [PlannedConstraint(CURRENT, "include", PlannedScope.of_tasks("sharpCoadd"))]
    make_preview(plan)
    assert plan.preview is not None
    cut = {row["task"]: row["inputs_excluded"] for row in plan.preview.counts.to_pylist()}
    assert cut.pop("sharpCoadd") > 0
    assert set(cut.values()) == {0}


def test_a_wrong_pipeline_is_told(plan: CampaignPlan) -> None:
    plan.pipeline = "none-such.yaml"
    assert plan.read_scopes() == [WHOLE_GRAPH]
    asyncio.run(plan.make_preview())
    assert "none-such.yaml" in plan.problem
    assert plan.desk.message == "", "it is said once"
    assert plan.preview is None
    assert plan.desk.busy == ""


def test_cancelling_leaves_nothing_behind(plan: CampaignPlan) -> None:
    async def cancelled() -> None:
        work = asyncio.create_task(plan.make_preview())
        await asyncio.sleep(0)
        assert plan.desk.busy == "Preview"
        plan.desk.cancel()
        await work

    asyncio.run(cancelled())
    assert "cancelled" in plan.desk.message
    assert plan.preview is None
    assert plan.desk.busy == ""
    make_preview(plan)


def test_other_actions_wait_for_long_work(plan: CampaignPlan) -> None:
    async def disturbed() -> None:
        work = asyncio.create_task(plan.make_preview())
        await asyncio.sleep(0)
        plan.curation.toggle(KEY, "")
        assert "under way" in plan.curation.error
        await work

    asyncio.run(disturbed())
    assert plan.curation.verdict(KEY).included
    assert plan.preview is not None


def test_what_is_in_the_way_of_a_commit_is_said(plan: CampaignPlan) -> None:
    assert "no preview" in plan.obstacles()[0]
    make_preview(plan)
    assert [sentence for sentence in plan.obstacles() if "not saved" in sentence]
    plan.curation.save("cosmos", "first look")
    assert plan.outdated
    make_preview(plan)
    assert plan.obstacles() == []
    plan.curation.toggle(KEY, "")
    assert any("out of date" in sentence for sentence in plan.obstacles())


def test_a_commit_writes_the_quanta_of_the_preview(plan: CampaignPlan) -> None:
    plan.curation.toggle(KEY, "trailed")
    plan.curation.save("cosmos", "first look")
    make_preview(plan)
    asyncio.run(plan.make_commit())
    assert plan.commit is not None, plan.desk.message
    assert plan.preview is not None
    path = plan.commit.graph_path
    assert path is not None
    with PredictedQuantumGraph.open(str(path)) as reader:
        reader.read_thin_graph()
        assert {
            label: len(quanta) for label, quanta in reader.components.thin_graph.quanta.items() if quanta
        } == {label: count for label, count in plan.preview.n_quanta_by_task.items() if count}
