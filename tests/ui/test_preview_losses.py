"""What a preview goes without, as its page and the checks of a commit say it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetType
from lsst.pipe.base import TaskMetadata

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import WHOLE_GRAPH, PlannedConstraint
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui.campaign.graph_view import GraphView
from workbench.ui.elements.tables.table import DataTable

# Panel means to rename parameters of its widgets one day; both names are understood.
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")

EARLIER = "u/test/earlier"


def make_plan(bench: Bench, *constraints: PlannedConstraint, **params: Any) -> CampaignPlan:
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    given = {"pipeline": PIPELINE, "inputs": "HSC/defaults", "campaign_name": "u/test/plan", **params}
    return CampaignPlan(desk, curation, constraints=list(constraints), **given)


def preview_in(plan: CampaignPlan) -> GraphView:
    view = GraphView(plan.desk, plan, plan.curation)
    asyncio.run(plan.make_preview())
    assert plan.preview is not None, plan.desk.message
    return view


def columns_of(table: DataTable) -> list[str]:
    return [column["name"] for column in table.columns]


def row_of(plan: CampaignPlan, check: str) -> dict[str, str]:
    asyncio.run(plan.look_ahead())
    (found,) = [row for row in plan.check_rows() if row["check"] == check]
    return found


def test_rows_that_reach_nothing_are_counted_on_the_page_and_in_the_checks(bench: Bench) -> None:
    with bench.registry.writeable_butler() as butler:
        for ref in butler.query_datasets("raw", "HSC/raw/all", where="instrument = 'HSC' AND visit = 96954"):
            butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    bench.save(bench.select("visit", ""), "every", reason="all there are")
    plan = make_plan(bench, PlannedConstraint("every@1", "include", WHOLE_GRAPH))
    counts = preview_in(plan).account.counts
    assert counts._named.visible
    shown = [" ".join(row) for row in counts.accounts.rows]
    (lost,) = [row for row in shown if "raw" in row]
    assert "every@1" in lost
    assert "96954" in lost
    assert "every@1" in counts.summary.object, "the sentence beside the numbers"
    check = row_of(plan, "Every row that is named reaches a quantum")
    assert check["state"] == "note"
    assert "raw" in check["found"]


def test_what_is_kept_from_before_is_said(bench: Bench) -> None:
    with bench.registry.writeable_butler() as butler:
        register_outputs(butler, bench)
    plan = make_plan(bench, skip=f" {EARLIER} ")
    view = preview_in(plan)
    counts = view.account.counts
    assert plan.preview is not None
    assert plan.preview.skipping.n_skipped == 2
    assert counts._kept.visible
    assert "2 quanta ran before and are skipped" in counts.skipping.object
    assert "skipped" in columns_of(counts.counts)
    assert [row[:2] for row in counts.skipped.rows] == [["calibrate", "2"]]
    assert "2 quanta ran before" in row_of(plan, "What is skipped is as this graph would make it")["found"]
    names: dict[str, object] = {"bench": bench}
    exec(plan.to_python(), names)
    assert names["preview"].counts.equals(plan.preview.counts)  # type: ignore[attr-defined]
    view.skip.value = ""
    assert plan.outdated
    asyncio.run(plan.make_preview())
    assert "without skipped" not in plan.kept[-1].changed
    assert "skipped runs" in plan.kept[-1].changed
    assert not counts._kept.visible


def register_outputs(butler: Butler, bench: Bench) -> None:
    """Let two quanta have run: of a skipped one the metadata is looked for."""
    butler.collections.register(EARLIER, CollectionType.RUN)
    preview = bench.campaign("u/test/types", PIPELINE, ["HSC/defaults"]).preview()
    dataset_type = DatasetType(
        "calibrate_metadata", butler.dimensions.conform(["visit", "detector"]), "TaskMetadata"
    )
    butler.registry.registerDatasetType(dataset_type)
    for row in preview.quanta("calibrate", limit=2).to_pylist():
        data_id = {name: row[name] for name in ("instrument", "visit", "detector")}
        butler.put(TaskMetadata(), "calibrate_metadata", data_id, run=EARLIER)


def test_an_empty_graph_says_that_a_commit_is_refused(bench: Bench) -> None:
    nothing = PlannedConstraint("", "include", WHOLE_GRAPH, "instrument = 'HSC' AND visit = 1")
    plan = make_plan(bench, nothing)
    view = preview_in(plan)
    assert "A commit would be refused: " in view.state.object
    assert view.state.object.count("<li>") == 1


def test_what_was_filled_in_is_said(bench: Bench) -> None:
    plan = make_plan(bench, PlannedConstraint("", "include", WHOLE_GRAPH, "visit IN (96954, 96980)"))
    counts = preview_in(plan).account.counts
    assert plan.preview is not None
    assert plan.preview.notes
    assert all(note[1:].replace("'", "&#x27;") in counts.summary.object for note in plan.preview.notes)
