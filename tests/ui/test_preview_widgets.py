"""Parts of a preview and runs as ipywidgets: their traits, without a browser."""

from __future__ import annotations

import asyncio
import json

import pytest
import traitlets

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.errors import CampaignError
from workbench.ui import widgets

pytestmark = pytest.mark.usefixtures("loaded")


@pytest.fixture
def panel(bench: Bench) -> widgets.GraphPreview:
    """A preview of all visits but one."""
    bench.save(
        bench.select("visit", "instrument = 'HSC' AND visit != 58260"), "good", reason="one is trailed"
    )
    made = widgets.GraphPreview(bench, "u/ana/parts", PIPELINE, ["HSC/defaults"], selection=["good@1"])
    asyncio.run(made.plan.make_preview())
    assert made.preview is not None, made.desk.message
    return made


def test_why_not_is_asked_of_a_preview(panel: widgets.GraphPreview) -> None:
    why = widgets.WaterfallPanel(panel)
    preview = panel.preview
    assert preview is not None
    assert str(why.answer) == str(preview.why_not())
    seen: list[object] = []
    why.observe(lambda change: seen.append((change["name"], change["new"])), ["value", "task"])
    view = why._view
    view.data_id.value = "visit=58260"
    view.ask.clicks += 1
    assert seen == [("value", {"visit": 58260})]
    why.task = "calibrate"
    assert str(why.answer) == str(preview.why_not(task="calibrate", visit=58260))
    assert view.task.value == "calibrate"
    why.value = {"visit": 96954, "detector": 42}
    assert view.data_id.value == "visit=96954, detector=42"
    for name, wrong in (("task", "nosuch"), ("value", {"nosuch": 1})):
        before = (why.value, why.task)
        with pytest.raises(traitlets.TraitError, match="nosuch"):
            setattr(why, name, wrong)
        assert (why.value, why.task) == before

    why.task, why.value = "", {"visit": 58260}
    assert why.answer is not None
    (remedy,) = why.answer.remedies
    asyncio.run(view._make_restoring(0)(None))
    tried = panel._view.account.what_if.supposition.what_if
    assert tried is not None, panel.desk.message
    assert remedy.kind in {"toggle", "without"}
    asyncio.run(panel.plan.make_preview())
    assert (why.value, why.task) == ({}, "")
    assert panel.preview is not None
    assert str(why.answer) == str(panel.preview.why_not())
    with pytest.raises(CampaignError, match="of a GraphPreview widget, not of Preview"):
        widgets.WaterfallPanel(preview)  # type: ignore[arg-type]  # what is refused


def test_a_change_is_tried_by_its_trait_and_kept(panel: widgets.GraphPreview) -> None:
    tried = widgets.WhatIfPanel(panel)
    campaign = panel.plan.campaign
    assert campaign is not None
    seen: list[object] = []
    tried.observe(lambda change: seen.append(change["new"]), "value")
    for change in (
        {"without": 0},
        {"toggle": {"instrument": "HSC", "visit": 96954}, "of": 0},
        {"where": "detector != 42", "tasks": "calibrate"},
        {"exclude": "good@1", "dataset_type": "raw"},
    ):
        tried.value = change
        assert tried.what_if is not None, panel.desk.message
        assert str(tried.what_if) == str(campaign.what_if(**change))  # type: ignore[arg-type]  # of four kinds
        assert seen[-1] == change
    tried.value = {}
    assert tried.what_if is None
    for wrong in ({"whithout": 1}, {"without": 0, "toggle": {"visit": 1}}, {"where": "x", "of": 1}):
        with pytest.raises(traitlets.TraitError, match="not one change"):
            tried.value = wrong
    tried.value = {"toggle": {"instrument": "HSC", "visit": 7}, "of": 0}
    assert (tried.value, tried.what_if) == ({}, None)
    assert "visit" in tried._supposition.error
    assert panel.desk.message == "", "it is said once"
    tried.value = {"without": 0}
    tried.keep()
    assert (panel.selection, tried.value) == ((), {})


def test_two_previews_are_compared(panel: widgets.GraphPreview) -> None:
    compared = widgets.ComparisonPanel(panel)
    assert len(compared.names) == 1
    panel.where = "instrument = 'HSC' AND visit != 96954"
    first = panel.preview
    asyncio.run(panel.plan.make_preview())
    after, before = compared.names
    assert (compared.graphs, compared.value, compared.difference) == ((), "", None)
    compared.graphs = (before, after)
    assert first is not None
    assert panel.preview is not None
    assert compared.difference is not None, panel.desk.message
    assert compared.difference.tasks.equals(panel.preview.compare(first).tasks)
    assert compared.value in compared.difference.labels
    compared.value = "warp"
    assert compared._view.result.task.value == "warp"
    compared._view.result.task.value = "coadd"
    assert compared.value == "coadd"
    for name, wrong in (("value", "nosuch"), ("graphs", (before, "nosuch"))):
        with pytest.raises(traitlets.TraitError, match="nosuch"):
            setattr(compared, name, wrong)
    assert (compared.graphs, compared.value) == ((before, after), "coadd")


def test_a_task_is_linked_to_its_quanta_and_their_neighbours(panel: widgets.GraphPreview) -> None:
    preview = panel.preview
    assert preview is not None
    graph, quanta = widgets.TaskGraph(preview), widgets.QuantumBrowser(panel)
    traitlets.link((graph, "value"), (quanta, "value"))
    graph.state = json.dumps({"value": "coadd", "presses": 1})
    assert quanta.value == "coadd"
    assert quanta._view.table.total == preview.count("coadd")
    first = quanta._view.table.keys[0]
    quanta._view.table._receive(type("Event", (), {"data": {"kind": "row", "key": first}})())
    ((task, data_id),) = quanta.selection
    assert (task, f"band={data_id['band']}") == ("coadd", first.partition(",")[0])
    quanta.selection = (("calibrate", {"instrument": "HSC", "visit": 96954, "detector": 42}),)
    assert "Around calibrate" in quanta._view.heading.object
    for name, wrong in (("value", "nosuch"), ("selection", (("coadd", {"patch": 999}),))):
        with pytest.raises(traitlets.TraitError):
            setattr(quanta, name, wrong)
    assert (quanta.value, quanta.selection[0][0]) == ("coadd", "calibrate")
    quanta.value = ""
    assert quanta.selection == ()


def test_the_counts_of_a_run_are_observed(panel: widgets.GraphPreview, bench: Bench) -> None:
    runs = widgets.RunPanel(bench)
    assert (runs.run, runs.value, runs.status) == ("", {}, None)
    asyncio.run(panel.plan.make_commit())
    runs.refresh()
    (made,) = bench.campaigns.list()["run"].to_pylist()
    assert runs.run == made
    seen: list[object] = []
    runs.observe(lambda change: seen.append(change["new"]), "value")
    asyncio.run(runs.look())
    told = bench.status(made)
    states = [name for name in told.column_names if name not in {"task", "n_quanta"}]
    assert seen == [{state: sum(told[state].to_pylist()) for state in states}]
    assert panel.preview is not None
    assert sum(runs.value.values()) == panel.preview.n_quanta
    with pytest.raises(traitlets.TraitError, match="nosuch"):
        runs.run = "nosuch"
    assert runs.run == made
    runs.close()
