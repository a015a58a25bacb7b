"""What was asked and has no answer: the error is said, and the answer to something else does not stay."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import panel as pn
import pytest

from workbench.bench import Bench
from workbench.demo import PIPELINE
from workbench.graph import Remedy
from workbench.session.campaign.comparison import Comparison
from workbench.session.campaign.plan import CampaignPlan
from workbench.session.campaign.planned_constraint import EXPRESSION, WHOLE_GRAPH, PlannedConstraint
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.notes.noting import Noting
from workbench.session.notes.targets import aim_at_text
from workbench.ui.campaign.commit_view import CommitView
from workbench.ui.campaign.graph_view import GraphView
from workbench.ui.campaign.waterfall_view import WaterfallView
from workbench.ui.explore.browser_view import BrowserView
from workbench.ui.explore.explore_view import ExploreView
from workbench.ui.groups.group_view import GroupView
from workbench.ui.notes.notes_view import NotesView
from workbench.ui.sets.combination_view import CombinationView
from workbench.ui.sets.set_view import SetView
from workbench.ui.sets.versions_view import VersionsView

# Panel means to rename parameters of its widgets one day; both names are understood.
pytestmark = pytest.mark.filterwarnings("ignore:.*will be removed in version 2.0:PendingDeprecationWarning")


@pytest.fixture
def plan(bench: Bench) -> CampaignPlan:
    """The demonstration's campaign, previewed."""
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    made = CampaignPlan(desk, curation, pipeline=PIPELINE, inputs="HSC/defaults", campaign_name="u/test/plan")
    asyncio.run(made.make_preview())
    assert made.preview is not None
    return made


def enter(field: Any, text: str) -> None:
    field.param.update(value=text, value_input=text)


async def restore(remedy: Remedy) -> None:
    raise AssertionError(f"{remedy} was not asked for")


@pytest.mark.parametrize(
    "wrong", ["96860", "visit=abc", "visit=96860 detector=42", "no_such=3", "visit=1e99"]
)
def test_a_question_without_an_answer_leaves_none_to_act_on(plan: CampaignPlan, wrong: str) -> None:
    view = WaterfallView(plan.desk, plan, restore)
    view.show()
    enter(view.data_id, "visit=96954")
    view.explain()
    assert view.answered.visible
    assert "96954" in view.first.object
    enter(view.data_id, wrong)
    view.explain()
    assert 'role="alert"' in view.first.object
    assert "Traceback" not in view.first.object
    assert view.answer.object == ""
    assert not view.answered.visible
    assert not any(one.visible for one in view.remedies)
    assert view.question.answer is None
    assert view.data_id.value_input == wrong
    assert plan.desk.message == "", "it is said once"
    enter(view.data_id, "visit=96954")
    view.explain()
    assert view.answered.visible
    assert 'role="alert"' not in view.first.object


@pytest.mark.parametrize(
    "pipeline", ["resource://workbench/demo/demo.yaml#nosuch", "/etc/passwd", "/no/such.yaml", "\N{SNOWMAN}"]
)
def test_a_preview_that_failed_says_so_and_hides_the_one_before(plan: CampaignPlan, pipeline: str) -> None:
    view = GraphView(plan.desk, plan, plan.curation)
    commit = CommitView(plan.desk, plan)
    asyncio.run(plan.look_ahead())
    assert commit.collections.visible
    view.account.show()
    assert view.account.view.visible
    plan.pipeline = pipeline
    assert "Out of date" in view.state.object
    asyncio.run(plan.make_preview())
    assert "the last one failed" in view.state.object
    assert 'role="alert"' in view.state.object
    assert "Out of date" not in view.state.object
    assert len(plan.problem.splitlines()) < 15
    assert not view.account.view.visible
    assert commit.commit.disabled
    assert "The last preview failed" in commit.verdict.object
    assert "There is no preview" not in commit.verdict.object
    assert "there is no preview" in commit.what.object
    assert not commit.checks.visible
    assert not commit.collections.visible
    assert plan.check_rows()[0]["state"] == "failed"
    plan.pipeline = PIPELINE
    assert plan.problem == ""
    assert "Up to date" in view.state.object
    assert view.account.view.visible


def test_no_other_set_is_previewed_or_committed_than_the_one_that_stands_there(plan: CampaignPlan) -> None:
    curation = plan.curation
    editor = SetView(plan.desk, curation, SharedSelection())
    view, commit = GraphView(plan.desk, plan, curation), CommitView(plan.desk, plan)
    enter(editor.choose.where, "bnad = 'r'")
    editor.choose.apply.param.trigger("clicks")
    assert "Not of what stands in Choose" in view.state.object
    assert "still the one before: 12 visits, of no rule" in view.state.object
    assert "still the one before" in commit.verdict.object
    asyncio.run(plan.make_preview())
    assert "still the one before" in plan.problem
    assert "bnad" in plan.problem
    # Another change of the set does not make the rule in the field right.
    curation.edit([("HSC", 96954)], included=False, reason="trailed")
    assert "bnad" in editor.choose.error.object
    asyncio.run(plan.make_preview())
    assert "11 visits" in plan.problem
    assert editor.choose.keep.visible
    editor.choose.keep.param.trigger("clicks")
    assert editor.choose.where.value_input == ""
    assert not editor.choose.error.visible
    assert plan.problem == ""
    asyncio.run(plan.make_preview())
    assert plan.preview is not None
    assert not plan.outdated
    # A constraint by a saved set has nothing to do with what stands in the field.
    curation.save("eleven", "to be named")
    plan.constraints = [PlannedConstraint("eleven@1", "include", WHOLE_GRAPH)]
    curation.choose("bnad = 'r'")
    asyncio.run(plan.make_preview())
    assert plan.problem == ""


def test_an_edit_by_hand_that_fails_is_said_beside_the_visits(plan: CampaignPlan) -> None:
    editor = SetView(plan.desk, plan.curation, SharedSelection())
    members = editor.members
    for wrong in ("96954x", "", "4711"):
        enter(members.numbers, wrong)
        members.leave_out.param.trigger("clicks")
        assert 'role="alert"' in members.refused.object, wrong
        assert members.refused.visible
        assert not editor.choose.error.visible
        assert plan.desk.message == ""
        assert plan.doubt == "", "the set is as it is shown"
    enter(members.numbers, "96954")
    members.leave_out.param.trigger("clicks")
    assert not members.refused.visible


def test_fields_about_flags_have_names_of_their_own(bench: Bench) -> None:
    """What a reader of the screen hears tells them apart, and from each other field of the page."""
    desk = Desk(bench)
    view = NotesView(desk, Curation(desk))
    fields = [one for one in view.view.select(pn.widgets.Widget) if not isinstance(one, pn.widgets.Button)]
    names = [one.name for one in fields if one.name]
    assert {"Flag", "Flag to add", "Flag from now on", "Of the notes with flag"} <= set(names)
    assert len(names) == len(set(names)), names


def test_a_note_is_about_what_stands_in_the_field(bench: Bench) -> None:
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    view = NotesView(desk, curation)
    enter(view.targets, "96954")
    view.look.param.trigger("clicks")
    enter(view.targets, "96980")
    enter(view.form.text, "a trail")
    view.form.preview.param.trigger("clicks")
    assert view.noting.pending is not None
    assert view.noting.pending.targets == ("instrument=HSC, visit=96980",)
    enter(view.targets, "no such thing")
    view.form.preview.param.trigger("clicks")
    assert view.noting.pending is None
    assert 'role="alert"' in view.summary.object
    assert desk.message == ""


def test_counts_that_fail_for_an_unforeseen_reason_are_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(bench.select("visit"), "all", reason="to be grouped")
    desk = Desk(bench)
    view = GroupView(desk, Curation(desk))
    view.refresh()

    def divide(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(view.regrouping, "balance", divide)
    view.try_rule()
    assert view.lanes.visible
    assert "cannot be counted. ZeroDivisionError" in view.balance.sentences.object


def test_a_change_that_cannot_be_tried_takes_the_one_before_away(plan: CampaignPlan) -> None:
    view = GraphView(plan.desk, plan, plan.curation).account.what_if
    enter(view.numbers, "96954")
    asyncio.run(view._try_toggle(None))
    assert view.result.view.visible
    assert not view.keep.disabled
    for wrong in ("abc", "96954, 96980", "99999999999999999999"):
        enter(view.numbers, wrong)
        asyncio.run(view._try_toggle(None))
        assert 'role="alert"' in view.state.object, wrong
        assert view.keep.disabled
        assert not view.result.view.visible
    assert view.stated.rows.value == EXPRESSION
    enter(view.stated.where, "bnad = 'r'")
    asyncio.run(view._try_add(None))
    assert "bnad" in view.state.object
    assert plan.desk.message == "", "it is said once"
    assert view.keep.disabled
    enter(view.numbers, "96954")
    asyncio.run(view._try_toggle(None))
    assert not view.keep.disabled
    plan.constraints = []
    assert view.keep.disabled, "the constraints that it speaks of are others now"


def test_graphs_that_cannot_be_compared_leave_no_comparison(plan: CampaignPlan, tmp_path: Path) -> None:
    view = GraphView(plan.desk, plan, plan.curation).account.compare
    asyncio.run(plan.make_preview())
    comparison: Comparison = view.comparison
    first, second = list(comparison.graphs)[:2]
    asyncio.run(comparison.compare(first, second))
    assert view.result.view.visible
    gone = tmp_path / "gone.qg"
    comparison.graphs["committed gone"] = gone
    asyncio.run(comparison.compare(first, "committed gone"))
    assert str(gone) in view.state.object
    assert plan.desk.message == "", "it is said once"
    assert not view.result.view.visible
    assert comparison.difference is None


def test_a_wrong_condition_says_that_the_set_is_the_one_before(bench: Bench) -> None:
    desk = Desk(bench)
    curation = Curation(desk)
    view = SetView(desk, curation, SharedSelection())
    view.refresh()
    curation.choose("band = 'i'")
    assert view.choose.waterfall.visible
    assert "band = 'i'" in desk.hint
    curation.choose("bnad = 'r'")
    assert "bnad" in view.choose.error.object
    assert f"still the one before: {curation.size}, of the rule band" in view.choose.error.object
    assert not view.choose.waterfall.visible
    assert desk.hint == ""
    assert "the one before" in view.saving.saved.object
    curation.choose("band = 'r'")
    assert view.choose.waterfall.visible
    assert not view.choose.error.visible
    assert "before" not in view.saving.saved.object
    curation.load("no-such-set")
    assert "no-such-set" in view.choose.error.object
    assert "of the rule band" in view.choose.error.object


def test_groups_that_cannot_be_made_leave_no_groups_that_seem_to_be_them(bench: Bench) -> None:
    bench.save(bench.select("visit"), "all", reason="to be grouped")
    desk = Desk(bench)
    view = GroupView(desk, Curation(desk))
    view.refresh()
    view.try_rule()
    assert "All that is asked of the groups holds" in view.checks.object
    seed = view.form.fields["seed"]
    seed._process_events({"value": 1e23})  # as the browser sends 99999999999999999999999
    assert "Seed takes a whole number" in view.error.object
    assert "holds" not in view.checks.object
    assert not view.lanes.visible
    assert view.save.disabled
    assert desk.hint == ""
    view.back.param.trigger("clicks")
    assert view.lanes.visible
    assert not view.save.disabled
    seed._process_events({"value": 2**53})
    assert not view.lanes.visible
    seed._process_events({"value": 42})
    assert not view.error.visible
    assert view.lanes.visible
    assert "All that is asked of the groups holds" in view.checks.object
    enter(view.form.fields["by"], "no_such_column")
    assert "no_such_column" in view.error.object
    assert not view.lanes.visible


@pytest.mark.parametrize(
    ("rule", "field", "number", "said"),
    [
        ("nights", "since", 10**15, "is no observing day"),
        ("nights", "n", 2**40, "at most 100,000"),
        ("quantiles", "n", 2**52, "at most 1,000,000"),
        ("pairs", "max_gap", float("inf"), "takes a number; there is inf"),
    ],
)
def test_numbers_of_any_size_end_in_a_sentence(
    bench: Bench, rule: str, field: str, number: float, said: str
) -> None:
    bench.save(bench.select("visit"), "all", reason="to be grouped")
    desk = Desk(bench)
    view = GroupView(desk, Curation(desk))
    view.refresh()
    view.form.rule.value = rule
    view.form.fields[field]._process_events({"value": number})
    assert said in view.error.object
    assert "not foreseen" not in view.error.object
    assert not view.lanes.visible


def test_sets_that_cannot_be_compared_leave_no_rows_to_take(bench: Bench) -> None:
    for name, where in (("a", "band = 'i'"), ("b", "")):
        bench.save(bench.select("visit", where), name, reason="x")
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    view = CombinationView(desk, curation)
    view.list_sets()
    for wrong in (["a@1"], ["a@1", "gone@7"]):
        view.combination.compare(["a@1", "b@1"])
        assert view.chart.visible
        assert not view.union.disabled
        view.sets.param.update(options=[*view.sets.options, *wrong], value=wrong)
        view._compare()
        assert 'role="alert"' in view.summary.object
        assert not view.chart.visible
        assert view.union.disabled
    assert view.combination.counts == {}


def test_versions_that_cannot_be_compared_leave_no_changes(bench: Bench) -> None:
    for where in ("band = 'i'", ""):
        bench.save(bench.select("visit", where), "mine", reason="x")
    desk = Desk(bench)
    view = VersionsView(desk, Curation(desk))
    view.list_sets()
    view.compared.compare("mine@1", "mine@2")
    assert view._changes.visible
    view.after.param.update(options=["mine@9"], value="mine@9")
    view._compare()
    assert "mine@9" in desk.error
    assert not view._changes.visible


@pytest.mark.parametrize("wrong", ["visit=abc", "no_such=1", "", "visit=99999999999999999999"])
def test_a_note_is_not_written_on_what_was_aimed_at_before(bench: Bench, wrong: str) -> None:
    noting = Noting(Desk(bench))
    noting.take_aim(lambda: aim_at_text(bench, "96954", ["HSC"]))
    assert noting.aim.targets
    noting.take_aim(lambda: aim_at_text(bench, wrong, ["HSC"]))
    assert noting.aim_error
    assert not noting.aim.targets
    assert not noting.write()


def test_what_explore_still_shows_is_said(bench: Bench) -> None:
    desk = Desk(bench)
    view = ExploreView(desk, SharedSelection())
    enter(view.where, "band = 'i'")
    assert "band" in desk.hint
    enter(view.where, "bnad = 'r'")
    assert "bnad" in view.error.object
    assert "still show the visits of before" in view.error.object
    assert desk.hint == ""
    enter(view.where, "band = 'r'")
    assert not view.error.visible


def test_what_the_browser_still_shows_is_said(bench: Bench) -> None:
    desk = Desk(bench)
    view = BrowserView(desk, SharedSelection())
    view.refresh()
    view.records.state = '{"element": "visit", "where": "bnad = 3"}'
    assert b"Still shown: " in view.records.content
    assert b"bnad" in view.records.content
    assert desk.hint == ""
    view.records.state = '{"element": "visit", "where": "band = \'i\'"}'
    assert b"Still shown: " not in view.records.content
    assert "band" in desk.hint


def test_another_commit_that_is_not_found_leaves_none_to_run(plan: CampaignPlan, bench: Bench) -> None:
    view = CommitView(plan.desk, plan)
    plan.curation.save("all", "to be committed")
    asyncio.run(plan.make_preview())
    asyncio.run(plan.make_commit())
    assert plan.commit is not None, plan.desk.message
    view.execution.choose(plan.commit.commit_id)
    assert view.run._one.visible
    view.run._choose("u/no/such")
    assert "u/no/such" in plan.desk.error
    assert not view.run._one.visible
    assert view.execution.start(1) is None
