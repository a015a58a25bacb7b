"""Groups as the page of groups keeps them: tried, edited, undone, saved, replayed; without a browser."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

import workbench as wb
from workbench.bench import Bench, open_bench
from workbench.errors import GroupingError
from workbench.groupings import GROUP_KEY, RULES, Requirements
from workbench.session.content.selection import SharedSelection
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.session.desk.replay import make_notebook
from workbench.session.groups.regrouping import Regrouping
from workbench.sets import DataIdSet
from workbench.ui.groups.group_view import GroupView

# Views name widgets as all releases of Panel take it.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture
def rows(bench: Bench) -> DataIdSet:
    """All visits, saved."""
    return bench.save(bench.select("visit"), "all", reason="to be grouped")


def make_view(bench: Bench, selection: SharedSelection | None = None) -> GroupView:
    desk = Desk(bench, author="ana")
    curation = Curation(desk)
    view = GroupView(desk, curation, selection)
    view.refresh()
    return view


@pytest.fixture
def view(bench: Bench, rows: DataIdSet) -> GroupView:
    """The page, with two folds of the set."""
    made = make_view(bench)
    made.try_rule()
    return made


def told(message: bytes) -> dict[str, Any]:
    length = int.from_bytes(message[:4], "little")
    found: dict[str, Any] = json.loads(message[4 : 4 + length])
    return found


def array(message: bytes, name: str) -> list[Any]:
    described = told(message)
    length = int.from_bytes(message[:4], "little")
    begin = -(-(4 + length) // 8) * 8
    part = next(part for part in described["parts"] if part["name"] == name)
    kinds = {"f8": np.float64, "i4": np.int32}
    values = np.frombuffer(message, kinds[part["kind"]], part["length"], begin + part["offset"])
    return list(values.tolist())


def ask(view: GroupView, **more: object) -> None:
    """Do what the browser does when a member is dropped."""
    asked = {"number": view.regrouping.revision, "by": "page", "revision": view.regrouping.revision}
    view.lanes.request = json.dumps({**asked, **more})


def visits_of(view: GroupView, key: str) -> list[int]:
    assert view.regrouping.grouping is not None
    visits: list[int] = view.regrouping.grouping.members(key)["visit"].to_pylist()
    return visits


@pytest.mark.parametrize(
    ("rule", "fields", "told"),
    [
        ("folds", {"n": 0}, "Number: cross-validation needs at least 2 folds."),
        ("quantiles", {"n": 1}, "Number: give at least 2 parts"),
        ("quantiles", {"n": 9999}, "Number: the largest stratum has"),
        ("nights", {"n": 0}, "Number: a group has at least one night"),
        ("best_seeing", {"fraction": 2.0}, "Sharpest fraction: give a fraction above 0 and at most 1."),
        ("thresholds", {"edges": ""}, "Limits, rising, with commas: give one limit or more"),
        (
            "even_odd",
            {"column": "visit.exposure_time", "of": "value"},
            "Visit.exposure_time is no whole number",
        ),
        ("sweeps", {"minimum": 1}, "A sweep has at least 3 exposures"),
        ("pairs", {"max_gap": -1.0}, "'Longest gap (s)' must be above 0."),
        ("campaign_bands", {"bands": "x"}, "Name the band of one physical filter or more."),
    ],
)
def test_what_is_wrong_is_said_of_the_field(
    view: GroupView, rule: str, fields: dict[str, Any], told: str
) -> None:
    """In the words of the form; in Python and by commands the rule is told as it is called."""
    view.form.rule.value = rule
    for name, value in fields.items():
        widget = view.form.fields[name]
        if "options" in widget.param and value not in widget.options:
            widget.options = [*widget.options, value]
        widget.value = value
    view.try_rule()
    assert html.unescape(view.error.object).partition(told)[1], view.error.object
    assert f"{rule}(" not in view.error.object


def test_every_rule_has_its_fields_and_makes_the_same_groups(
    view: GroupView, bench: Bench, rows: DataIdSet
) -> None:
    for name in (*RULES, "by_table"):
        view.form.rule.value = name
        if name == "thresholds":
            assert "one limit or more" in view.error.object
            view.form.fields["edges"].value = "0.6, 0.8"
        if name == "by_table":
            assert "Drop a file of groups" in view.error.object
            assert view.drop_place.objects == [view.drop]
            view._take_table([("mine.csv", b"visit,group_key\n96954,a\n96980,b\n")])
        if name == "sweeps":
            assert "puts no row of all@1 into any group" in view.error.object
            continue
        assert not view.error.visible, view.error.object
        grouping = view.regrouping.grouping
        assert grouping is not None
        rule, python = view.form.make_rule()
        expected, check = bench.groupings.try_rule("again", rows, rule)
        assert grouping.digest == expected.digest, name
        assert view.regrouping.check == check
        assert view.name.value == view.form.default_name
        if name != "by_table":
            fields = {field for field, widget in view.form.fields.items() if widget.visible}
            assert fields == set(getattr(RULES[name], "__dataclass_fields__", ()))
            again: Any = eval(python, {"wb": wb})
            assert again == rule


def test_a_move_is_one_relation_edit_and_is_undone(view: GroupView, bench: Bench) -> None:
    before = view.regrouping.grouping
    assert before is not None
    first = visits_of(view, "fold0")[0]
    detail = view.lanes.detail
    assert told(detail)["lanes"] == ["fold0", "fold1"]
    assert array(detail, "lane").count(0) == 6
    ask(view, do="move", members=[0], to="fold1", **{"from": "fold0"})
    after = view.regrouping.grouping
    assert after is not None
    assert after.relation.equals(before.move([{"visit": first}], "fold1").relation)
    assert view.regrouping.check == bench.groupings.check(after)
    assert "The groups have from 5 to 7 members." in view.checks.object
    assert told(view.lanes.detail)["undo"] == f"move visit {first} to fold1"
    stale = json.dumps({"number": 9, "revision": 1, "do": "move", "members": [0], "to": "x", "from": None})
    view.lanes.request = stale
    assert view.regrouping.grouping is after
    ask(view, do="undo")
    assert view.regrouping.grouping is before
    assert "All that is asked" in view.checks.object
    ask(view, do="redo")
    assert view.regrouping.grouping is after
    namespace: dict[str, Any] = {"bench": bench, "wb": wb}
    exec(view.desk.hint, namespace)
    assert namespace["grouping"].digest == after.digest


def test_new_groups_are_shown_with_the_hint_that_makes_them(view: GroupView) -> None:
    told_with: list[tuple[str, str]] = []
    view.lanes.param.watch(
        lambda event: told_with.append((told(event.new)["undo"], view.desk.hint)), "detail"
    )
    saved_with: list[str] = []
    view.saved.param.watch(lambda _: saved_with.append(view.desk.hint), "object")
    ask(view, do="move", members=[0], to="fold1", **{"from": "fold0"})
    ask(view, do="undo")
    (moved, move), (_, undone) = told_with
    assert moved.startswith("move visit")
    assert "grouping.move" in move
    assert "grouping.move" not in undone
    view.reason.value = "kept"
    view._save()
    assert "bench.group('fold'" in saved_with[-1]


def test_an_edit_is_saved_as_the_next_version_and_opened_again(view: GroupView, bench: Bench) -> None:
    view.name.value = "kept"
    view._save()
    assert "Say why" in view.desk.message
    view.reason.value = "as tried"
    view._save()
    assert view.regrouping.saved is not None
    first = bench.groupings.load("kept@1")
    assert first.rule == "folds(2, seed=42, by=('band',))"
    ask(view, do="move", members=[0, 1], to="extra", **{"from": None})
    assert view.regrouping.saved is None
    view.form.requirements["all"].value = ["disjoint"]
    assert "All that is asked" in view.checks.object
    view.reason.value = "two are odd"
    view._save()
    second = bench.groupings.load("kept")
    assert (second.version, second.keys) == (2, ["extra", "fold0", "fold1"])
    assert bench.groupings.load("kept@1").digest == first.digest
    assert second.requirements == Requirements(disjoint=True)
    kept = {(row["version"], row["reason"], row["author"]) for row in bench.groupings.list().to_pylist()}
    assert kept == {(1, "as tried", "ana"), (2, "two are odd", "ana")}
    assert view.opened.options == ["kept@2", "kept@1"]
    view.opened.value = "kept@1"
    view._open()
    assert view.desk.hint == "grouping = bench.groupings.load('kept@1')"
    view.reason.value = "again"
    view._save()
    assert "kept@1 holds just these groups" in view.desk.message


def test_a_session_of_groups_is_replayed(view: GroupView, bench: Bench) -> None:
    view.form.fields["seed"].value = 7
    ask(view, do="move", members=[0, 1], to="extra", **{"from": None})
    view.form.requirements["all"].value = ["disjoint"]
    view.name.value, view.reason.value = "kept", "two are odd"
    view._save()
    wanted = bench.groupings.load("kept@1")
    notebook = nbformat.reads(make_notebook(view.desk.log, bench, {}).decode(), as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    # The tries that another one stands for are left out.
    assert code.count("try_rule") == 2
    names: dict[str, Any] = {}
    exec(code, names)
    try:
        assert names["grouping"].digest == wanted.digest
        assert names["bench"].groupings.list().num_rows == bench.groupings.list().num_rows
    finally:
        names["bench"].close()
    # For another reason: the same groups for the same one are the version that there is.
    exec(code.replace("write = False", "write = True").replace("two are odd", "they are odd"), names)
    try:
        again = bench.groupings.load("kept@2")
        assert (again.digest, again.rule) == (wanted.digest, wanted.rule)
    finally:
        names["bench"].close()


def test_an_emptied_group_keeps_its_lane(view: GroupView) -> None:
    members = array(view.lanes.detail, "lane")
    ask(
        view,
        do="move",
        members=[n for n, lane in enumerate(members) if lane == 1],
        to="fold0",
        **{"from": "fold1"},
    )
    assert told(view.lanes.detail)["lanes"] == ["fold0", "fold1"]
    assert "Emptied, and not saved as they are: fold1." in view.checks.object
    ask(view, do="move", members=list(range(12)), to=None, **{"from": None})
    assert array(view.lanes.detail, "lane") == [2] * 12
    assert "0 groups" in view.checks.object
    view.reason.value = "nothing"
    view._save()
    assert "puts no row of all@1 into any group" in view.desk.message


def test_what_is_selected_is_shared_by_key(bench: Bench, rows: DataIdSet) -> None:
    selection = SharedSelection()
    view = make_view(bench, selection)
    view.try_rule()
    selection.select([("HSC", 96954)])
    assert view.marked.keys == (("HSC", 96954),)
    view.marked.select([("HSC", 18202)])
    assert selection.keys == (("HSC", 96954),)
    brushed = json.loads(view.nights.selected)
    assert brushed == json.loads(view.lanes.selected) == json.loads(view.sky.selected)
    view.lanes.brush = json.dumps({**brushed, "from": "page", "revision": 4, "cuts": [], "by_hand": 1})
    assert selection.keys == (("HSC", 18202),)


def test_members_that_are_no_visits_are_lanes_all_the_same(bench: Bench) -> None:
    bench.save(bench.select("exposure"), "shots", reason="no visits")
    view = make_view(bench)
    view.try_rule()
    assert view.regrouping.lanes is not None
    assert not view.sky.visible
    assert "data IDs of instrument, exposure, and no visits" in view.limits.object
    assert array(view.lanes.detail, "lane").count(0) == 6
    assert {part["name"] for part in told(view.lanes.content)["parts"]} >= {"band", "night"}
    ask(view, do="move", members=[0], to="fold1", **{"from": "fold0"})
    assert view.regrouping.grouping is not None
    assert len(view.regrouping.grouping["fold1"]) == 7
    assert "By band: Largest imbalance" in view.balance.sentences.object
    assert "By patch and band: cannot be counted." in view.balance.sentences.object


def test_members_finer_than_visits_are_moved_one_by_one_or_by_visit(bench: Bench) -> None:
    bench.save(bench.select(["visit", "detector"]), "chips", reason="detectors")
    view = make_view(bench)
    view.try_rule()
    lanes = view.regrouping.lanes
    assert lanes is not None
    assert "A member is a visit in one detector" in view.limits.object
    ask(view, do="move", members=[0], to="one", **{"from": None})
    assert view.regrouping.grouping is not None
    assert len(view.regrouping.grouping["one"]) == 1
    assert "'detector': " in view.desk.hint
    lanes = view.regrouping.lanes
    assert lanes is not None
    whole = [n for n, row in enumerate(lanes.members.to_dicts()) if row["visit"] == 96954]
    ask(view, do="move", members=whole, to="all-of-it", **{"from": None})
    assert len(view.regrouping.grouping["all-of-it"]) == 6
    assert "visit in [96954]], 'all-of-it')" in view.desk.hint


def test_visits_in_several_groups_have_a_colour_of_their_own(view: GroupView) -> None:
    view.form.rule.value = "best_seeing"
    lanes = view.regrouping.lanes
    assert lanes is not None
    codes, names = lanes.groups_of_rows()
    assert names == ["deep", "sharp", "deep + sharp"]
    assert view.regrouping.grouping is not None
    assert (codes == 2).sum() == len(view.regrouping.grouping["sharp"])
    assert lanes.members.filter(lanes.members[GROUP_KEY].is_null()).is_empty()


def test_a_read_only_bench_tries_and_says_why_it_does_not_save(demo_repo: Path) -> None:
    with open_bench(demo_repo) as writer:
        writer.save(writer.select("visit"), "all", reason="to be grouped")
    with open_bench(demo_repo, read_only=True) as bench:
        view = make_view(bench)
        view.try_rule()
        assert "2 groups of 6 visits" in view.checks.object
        assert "opened read-only" in view.saved.object
        ask(view, do="move", members=[0], to="fold1", **{"from": "fold0"})
        view.form.requirements["all"].value = []
        view.reason.value = "in vain"
        view._save()
        assert "read-only" in view.desk.message


def test_a_table_of_markup_is_text(view: GroupView) -> None:
    view.form.rule.value = "by_table"
    content = "visit,group_key\n96954,<b>x</b>\n96980,y\n"
    view._take_table([("mine.csv", content.encode())])
    assert told(view.lanes.detail)["lanes"] == ["<b>x</b>", "y"]
    view.members.choose("<b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;: 1 member" in view.members.sentence.object
    assert view.members.group.value == "<b>x</b>"


@pytest.fixture
def regrouping(bench: Bench) -> Regrouping:
    """Nothing yet."""
    return Regrouping(bench)


def test_without_groups_there_is_nothing_to_move(regrouping: Regrouping) -> None:
    assert (regrouping.grouping, regrouping.lanes, regrouping.to_wire()) == (None, None, b"")
    with pytest.raises(GroupingError, match="try a rule, or open"):
        regrouping.save("x", "y")
