"""What the page of a preview shows: its numbers are those of the Python API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lsst.daf.butler import Butler

from tests.ui.wide_pipeline import make_wide_preview
from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.errors import UnknownNameError
from workbench.graph import Preview, Stage
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import (
    CURRENT,
    WHOLE_GRAPH,
    PlannedConstraint,
    PlannedScope,
)
from workbench.session.campaign.supposing import SupposedEdit, Supposition
from workbench.session.content.counted import make_changes, make_waterfall
from workbench.session.content.depth import DepthChoice, make_depth_map
from workbench.session.content.graph_drawing import make_neighbourhood, make_task_graph, task_links
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.ui import widgets
from workbench.ui.campaign.account_view import AccountView
from workbench.ui.elements.tables.table import DataTable

# Panel means to rename parameters of its widgets one day; both names are understood.
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")

KEY = ("HSC", 96954)
ARRAYS = {"f8": np.float64, "f4": np.float32, "i4": np.int32, "u1": np.uint8}


def read_message(message: bytes) -> dict[str, Any]:
    """Read what a view is sent, as ``hub.js`` does."""
    length = int.from_bytes(message[:4], "little")
    told: dict[str, Any] = json.loads(message[4 : 4 + length])
    begin = (4 + length + 7) // 8 * 8
    told["arrays"] = {
        part["name"]: np.frombuffer(message, ARRAYS[part["kind"]], part["length"], begin + part["offset"])
        for part in told["parts"]
    }
    return told


@pytest.fixture
def plan(bench: Bench) -> CampaignPlan:
    """The demonstration's campaign: all visits, without a trailed one for the coadd."""
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    bad = bench.make_set([{"instrument": "HSC", "visit": 58260}], dimensions=["visit"], role="exclude")
    bench.save(bad, "bad", reason="trailed")
    constraints = [
        PlannedConstraint(CURRENT, "include", WHOLE_GRAPH),
        PlannedConstraint("bad@1", "exclude", PlannedScope.of_tasks("coadd")),
    ]
    made = CampaignPlan(
        desk,
        curation,
        pipeline=PIPELINE,
        inputs="HSC/defaults",
        campaign_name="u/test/plan",
        constraints=constraints,
    )
    asyncio.run(made.make_preview())
    assert made.preview is not None, desk.message
    return made


@pytest.fixture
def preview(plan: CampaignPlan) -> Preview:
    assert plan.preview is not None
    return plan.preview


def cells_of(table: DataTable) -> list[dict[str, str]]:
    names = [column["name"] for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def test_tasks_are_drawn_with_their_counts_and_what_binds_them(preview: Preview, plan: CampaignPlan) -> None:
    told = read_message(make_task_graph(preview, value="coadd"))
    counts = {row["task"]: row for row in preview.counts.to_pylist()}
    nodes = {node["id"]: node for node in told["nodes"]}
    assert nodes.keys() == counts.keys()
    for label, node in nodes.items():
        row = counts[label]
        assert node["lines"][0] == label
        assert f"{row['kept']:,} of {row['candidates']:,}" in node["lines"][1]
        assert (node["kind"] == "kept") == (row["kept"] > 0 and not row["partial"])
    assert "exclude bad@1" in nodes["coadd"]["says"]
    assert "bad@1" not in nodes["sharpCoadd"]["says"]
    assert plan.campaign is not None
    graph = plan.campaign.pipeline_graph
    expected = {
        (producer.label, label)
        for label, task in graph.tasks.items()
        for edge in task.inputs.values()
        if (producer := graph.producer_of(edge.parent_dataset_type_name)) is not None
        and producer.label in graph.tasks
    }
    assert set(task_links(preview)) == expected


def test_a_pipeline_of_120_tasks_has_a_box_for_each(demo_repo: Path) -> None:
    with Butler.from_config(str(demo_repo), writeable=True) as butler:
        wide = make_wide_preview(butler)
    told = read_message(make_task_graph(wide))
    assert len(told["nodes"]) == 120
    assert len({tuple(node["place"]) for node in told["nodes"]}) == 120
    assert (told["n_layers"], told["breadth"]) == (15, 8)
    assert len(make_task_graph(wide)) < 100_000


def test_quanta_are_read_page_by_page(plan: CampaignPlan, preview: Preview) -> None:
    view = AccountView(plan.desk, plan, plan.curation)
    view.show()
    view.counts.choose("calibrate")
    quanta = view.quanta
    assert quanta.table.total == preview.count("calibrate")
    assert len(quanta.table.rows) == 12
    quanta.table._receive(type("Event", (), {"data": {"kind": "page", "page": 2}})())
    assert plan.desk.hint == "preview.quanta('calibrate', offset=24, limit=12)"
    shown = [row["detector"] for row in cells_of(quanta.table)]
    rows = preview.quanta("calibrate", offset=24, limit=12).to_pylist()
    assert shown == [str(row["detector"]) for row in rows]
    view.counts.choose("coadd")
    starved = next(name for name in quanta.stage.options if name.startswith("kept"))
    quanta.stage.value = starved
    assert quanta.table.total == preview.count("coadd", stage=Stage.KEPT)
    names: dict[str, Any] = {"preview": preview}
    exec(plan.desk.hint, names)
    # The way around and back.
    quanta.look("coadd", quanta._rows[quanta.table.keys[0]])
    first = quanta.heading.object
    around = preview.neighbourhood("coadd", quanta._rows[quanta.table.keys[0]])
    assert str(around) in first
    assert quanta.quanta.total == around.quanta.num_rows
    other = next(row for row in around.quanta.to_pylist() if row["task"] == "warp")
    quanta.drawing.state = json.dumps({"value": str(other["quantum"]), "presses": 1})
    assert "Around warp" in quanta.heading.object
    quanta._go_back()
    assert quanta.heading.object == first


def test_the_neighbourhood_is_drawn_in_layers(preview: Preview) -> None:
    row = preview.quanta("coadd", stage=Stage.KEPT, limit=1).to_pylist()[0]
    around = preview.neighbourhood(
        "coadd", {name: row[name] for name in ("skymap", "tract", "patch", "band")}
    )
    told = read_message(make_neighbourhood(around, "Neighbourhood"))
    acting = {node["id"] for node in told["nodes"] if node["acts"]}
    assert acting <= {str(number) for number in around.data_ids}
    assert len({tuple(node["place"]) for node in told["nodes"]}) == len(told["nodes"])
    places = {tuple(node["place"]) for node in told["nodes"]}
    assert told["paths"]
    assert all(tuple(end) in places for path in told["paths"] for end in path)
    assert all(first[0] < last[0] for first, last in told["paths"])


def test_bars_are_the_waterfall(preview: Preview) -> None:
    waterfall = preview.waterfall
    told = read_message(make_waterfall(waterfall, "Where"))
    for row, counts in zip(told["rows"], preview.counts.to_pylist(), strict=True):
        assert sum(part["value"] for part in row["parts"]) == counts["candidates"]
        assert row["parts"][0]["value"] == counts["kept"]


def test_a_remedy_is_tried_kept_and_undone(plan: CampaignPlan, preview: Preview) -> None:
    view = AccountView(plan.desk, plan, plan.curation)
    view.show()
    view.waterfall.data_id.value = "visit=58260"
    view.waterfall.explain()
    assert str(preview.why_not(visit=58260)) in view.waterfall.first.object.replace("&#x27;", "'")
    (remedy,) = view.waterfall._remedies
    asyncio.run(view.restore(remedy))
    supposition = view.what_if.supposition
    what_if = supposition.what_if
    assert what_if is not None, plan.desk.message
    assert plan.preview is preview
    wanted = plan.campaign.what_if(toggle={"visit": 58260}, of=1)  # type: ignore[union-attr]
    assert what_if.difference.tasks.equals(wanted.difference.tasks)
    shown = {row["task"]: (row["gained"], row["lost"]) for row in cells_of(view.what_if.result.tasks)}
    assert shown == {
        row["task"]: (str(row["gained"]), str(row["lost"]))
        for row in wanted.difference.tasks.to_pylist()
        if any(row[name] for name in wanted.difference.totals)
    }
    # Saved sets are not changed here while the set in Choose is in use elsewhere.
    supposition.keep()
    assert "is a saved version" in plan.desk.message
    assert not plan.outdated


def test_a_visit_is_kept_in_the_draft_and_undone(plan: CampaignPlan, bench: Bench) -> None:
    supposition = Supposition(plan.desk, plan, plan.curation)
    edit = SupposedEdit(toggle={"instrument": "HSC", "visit": 96954}, of=0)
    asyncio.run(supposition.suppose(edit))
    what_if = supposition.what_if
    assert what_if is not None, plan.desk.message
    assert not plan.outdated
    assert plan.curation.verdict(KEY).included
    names: dict[str, Any] = {"bench": bench}
    exec(plan.desk.hint, names)
    assert names["what_if"].difference.tasks.equals(what_if.difference.tasks)
    supposition.keep()
    assert plan.outdated
    assert not plan.curation.verdict(KEY).included
    asyncio.run(plan.make_preview())
    assert plan.preview is not None
    assert plan.preview.compare(what_if.preview).is_empty
    assert plan.kept[-1].label.endswith("quanta: the set in Choose")
    supposition.undo()
    assert plan.curation.verdict(KEY).included
    assert supposition.undo_label == ""


def test_a_saved_set_is_changed_in_the_draft(plan: CampaignPlan) -> None:
    plan.constraints = [PlannedConstraint("bad@1", "exclude", PlannedScope.of_tasks("coadd"))]
    asyncio.run(plan.make_preview())
    draft = plan.curation.draft
    supposition = Supposition(plan.desk, plan, plan.curation)
    asyncio.run(supposition.suppose(SupposedEdit(toggle={"visit": 96954}, of=0)))
    what_if = supposition.what_if
    assert what_if is not None, plan.desk.message
    supposition.keep()
    assert plan.constraints == [PlannedConstraint(CURRENT, "exclude", PlannedScope.of_tasks("coadd"))]
    assert plan.curation.rows is not None
    assert sorted(plan.curation.rows.table["visit"].to_pylist()) == [58260, 96954]
    asyncio.run(plan.make_preview())
    assert plan.preview is not None, plan.desk.message
    assert plan.preview.compare(what_if.preview).is_empty
    supposition.undo()
    assert plan.curation.draft is draft
    assert plan.constraints[0].rows == "bad@1"


@pytest.mark.parametrize("kind", ["without", "add"])
def test_a_constraint_is_kept_in_the_plan_and_undone(plan: CampaignPlan, kind: str) -> None:
    before = list(plan.constraints)
    supposition = Supposition(plan.desk, plan, plan.curation)
    added = PlannedConstraint("", "include", PlannedScope.of_tasks("sharpCoadd"), "band = 'i'")
    edit = SupposedEdit(without=1) if kind == "without" else SupposedEdit(add=added)
    asyncio.run(supposition.suppose(edit))
    assert supposition.what_if is not None, plan.desk.message
    what_if = supposition.what_if
    supposition.keep()
    assert plan.constraints == (before[:1] if kind == "without" else [*before, added])
    asyncio.run(plan.make_preview())
    assert plan.preview is not None
    assert plan.preview.compare(what_if.preview).is_empty
    supposition.undo()
    assert plan.constraints == before
    asyncio.run(supposition.suppose(edit))
    assert "out of date" in supposition.error


def test_what_is_discarded_changes_nothing(plan: CampaignPlan) -> None:
    supposition = Supposition(plan.desk, plan, plan.curation)
    asyncio.run(supposition.suppose(SupposedEdit(without=0)))
    assert supposition.what_if is not None
    supposition.discard()
    assert supposition.what_if is None
    assert not plan.outdated
    assert plan.desk.bench.campaigns.list().num_rows == 0


def test_gains_losses_and_depths_are_those_of_the_api(plan: CampaignPlan) -> None:
    assert plan.campaign is not None
    difference = plan.campaign.what_if(toggle={"visit": 96954}, of=0).difference
    told = read_message(make_changes(difference, "Quanta"))
    changed = [row for row in difference.tasks.to_pylist() if any(row[name] for name in difference.totals)]
    assert difference.totals["downstream"]
    assert [row["label"] for row in told["rows"]] == [row["task"] for row in changed]
    for row, numbers in zip(told["rows"], changed, strict=True):
        values = [part["value"] for part in row["parts"]]
        assert values == [-numbers["lost"], numbers["gained"], numbers["changed"], numbers["downstream"]]
    choice = DepthChoice("coadd", "i").within(difference)
    depths = read_message(make_depth_map(difference, choice, "Depth"))
    table = difference.depth("coadd", "i")
    assert depths["arrays"]["before"].tolist() == table["before"].to_pylist()
    assert depths["arrays"]["after"].tolist() == table["after"].to_pylist()
    assert (depths["arrays"]["change"] < 0).any()
    assert len(depths["arrays"]["starts"]) == table.num_rows + 1
    assert (np.diff(depths["arrays"]["starts"]) >= 3).all()


def test_any_two_previews_and_a_committed_graph_are_compared(plan: CampaignPlan, bench: Bench) -> None:
    view = AccountView(plan.desk, plan, plan.curation)
    plan.curation.toggle(KEY, "trailed")
    plan.curation.save("cosmos", "one trailed")
    asyncio.run(plan.make_preview())
    first, second = (one.preview for one in plan.kept)
    asyncio.run(view.compare._compare(None))
    difference = view.compare.result.difference
    assert difference is not None, plan.desk.message
    assert difference.tasks.equals(second.compare(first).tasks)
    asyncio.run(plan.make_commit())
    assert plan.commit is not None, plan.desk.message
    committed = next(name for name in view.compare.before.options if name.startswith("committed"))
    view.compare.before.value = committed
    asyncio.run(view.compare._compare(None))
    assert "same quanta" in view.compare.state.object
    names: dict[str, Any] = {"bench": bench}
    exec(plan.desk.hint.replace("u/test/plan", "u/test/again"), names)
    assert names["difference"].tasks["lost"].to_pylist() == [0] * 8


def test_widgets_choose_a_task_and_a_depth(plan: CampaignPlan, preview: Preview) -> None:
    graph = widgets.TaskGraph(preview)
    seen: list[object] = []
    graph.observe(lambda change: seen.append(change["new"]), "value")
    graph.state = json.dumps({"value": "coadd", "presses": 1})
    assert seen == ["coadd"]
    assert len(graph.selection) == preview.n_quanta_by_task["coadd"]
    assert graph.selection[0].keys() == {"band", "skymap", "tract", "patch"}
    assert read_message(graph.content)["value"] == "coadd"
    with pytest.raises(UnknownNameError, match="No task 'coda'"):
        graph.value = "coda"
    assert plan.campaign is not None
    what_if = plan.campaign.what_if(without=1)
    depth = widgets.DepthMap(what_if.difference)
    assert depth.value == ("coadd", "i")
    depth.state = json.dumps({"task": "sharpCoadd", "band": "r"})
    assert depth.value == ("sharpCoadd", "r")
    shown = read_message(depth.content)["arrays"]["before"].tolist()
    assert shown == what_if.difference.depth("sharpCoadd", "r")["before"].to_pylist()
