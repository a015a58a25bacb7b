"""Views of saved sets and of groups as ipywidgets: their traits, without a browser."""

from __future__ import annotations

import json
from types import FunctionType

import anywidget
import ipywidgets
import nbformat
import pytest
import traitlets

import workbench as wb
from workbench.bench import Bench
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.groupings import Grouping
from workbench.ui import widgets

pytestmark = pytest.mark.usefixtures("loaded", "saved")


@pytest.fixture
def saved(bench: Bench) -> None:
    """Two sets, one of them in two versions."""
    bench.save(bench.select("visit", "band = 'i'"), "i", reason="one band")
    bench.save(bench.select("visit", "exposure_time > 100"), "long", reason="deep")
    bench.save(bench.select("visit", "exposure_time > 250"), "long", reason="deeper")


@pytest.fixture
def folds(bench: Bench) -> Grouping:
    """Two folds of all visits, saved."""
    visits = bench.save(bench.select("visit"), "all", reason="to be grouped")
    return bench.group("fold", visits, wb.folds(2, seed=42))


def visits_of(bench: Bench, label: str) -> set[tuple[str, int]]:
    return {("HSC", row["visit"]) for row in bench.load(label).table.to_pylist()}


def test_intersections_are_observed_taken_and_linked(bench: Bench) -> None:
    chart = widgets.SetIntersections(bench, ["i@1", "long@1"])
    assert list(chart.counts.values()) == bench.sets.intersections(["i@1", "long@1"])["n_rows"].to_pylist()
    assert (chart.value, chart.selection, chart.rows, chart.to_python()) == ((), (), None, "")
    table = widgets.VisitTable(bench)
    traitlets.dlink((chart, "selection"), (table, "selection"))
    seen: list[object] = []
    chart.observe(lambda change: seen.append(change["new"]), "value")
    # A bar is clicked: as the browser tells it.
    bar = list(chart.counts).index(("i@1",))
    chart._view.chart._receive(type("Event", (), {"data": {"index": bar}})())
    assert seen == [(("i@1",),)]
    assert set(table.selection) == visits_of(bench, "i@1") - visits_of(bench, "long@1")
    chart.value = (("long@1", "i@1"),)
    assert chart.rows == bench.load("i@1") & bench.load("long@1")
    names: dict[str, object] = {"bench": bench}
    exec(chart.to_python(), names)
    assert names["visits"] == chart.rows
    with pytest.raises(traitlets.TraitError, match="no rows are in just"):
        chart.value = (("nosuch@1",),)
    assert chart.value == (("i@1", "long@1"),)
    chart.labels = ("long@1", "long@2")
    assert (chart.value, chart.selection) == ((), ())
    with pytest.raises(traitlets.TraitError, match="nosuch"):
        chart.labels = ("i@1", "nosuch@1")
    assert chart.labels == ("long@1", "long@2")


def test_an_editor_takes_what_is_taken_of_other_sets(bench: Bench) -> None:
    editor = widgets.SetEditor(bench, theme="dark")
    chart = widgets.SetIntersections(bench, ["i@1", "long@1"], editor=editor)
    assert (chart.theme, editor.theme) == ("dark", "dark")
    chart.value = (("i@1", "long@1"),)
    assert set(editor.selection) == visits_of(bench, "i@1") & visits_of(bench, "long@1")
    editor.curation.undo()
    assert chart.value == ()
    versions = widgets.SetVersions(bench, "long", editor=editor)
    versions._view.versions._receive(type("Event", (), {"data": {"kind": "row", "key": "long@1"}})())
    assert editor.value == "long@1"
    chart.theme = "light"
    assert editor.theme == "light"


def test_versions_and_what_changed_are_observed(bench: Bench) -> None:
    versions = widgets.SetVersions(bench)
    assert (versions.name, versions.value, versions.changes) == ("i", (), None)
    assert versions._view.versions.action == ""
    seen: list[object] = []
    versions.observe(lambda change: seen.append(change["new"]), "value")
    versions.name = "long"
    versions._view.compare.clicks += 1
    assert seen == [("long@1", "long@2")]
    assert versions.changes is not None
    assert versions.changes.equals(bench.sets.diff("long@1", "long@2"))
    assert set(versions.selection) == visits_of(bench, "long@1") - visits_of(bench, "long@2")
    versions.value = ("long@2", "long@2")
    assert versions.selection == ()
    assert (versions._view.before.value, versions._view.after.value) == ("long@2", "long@2")
    for wrong, said in (
        (("long@2",), "two versions"),
        (("i@1", "long@1"), "one set"),
        (("long@1", "long@9"), "9"),
    ):
        with pytest.raises(traitlets.TraitError, match=said):
            versions.value = wrong
        assert versions.value == ("long@2", "long@2")
    with pytest.raises(traitlets.TraitError, match="nosuch"):
        versions.name = "nosuch"
    with pytest.raises(traitlets.TraitError, match="read-only"):
        versions.selection = ()


def test_the_group_editor_tells_and_takes_groups(bench: Bench, folds: Grouping) -> None:
    editor = widgets.GroupEditor(bench, "fold@1", author="ana")
    lanes = widgets.GroupLanes(bench, "fold@1")
    assert editor.value == lanes.value
    assert (editor.version, editor.selection) == ("fold@1", ())
    first = lanes.rows.keys[0]
    (group,) = editor.value[first]
    other = "fold1" if group == "fold0" else "fold0"
    view = editor._view
    asked = {"number": 1, "by": "page", "revision": view.regrouping.revision}
    view.lanes.request = json.dumps({**asked, "do": "move", "members": [0], "to": other, "from": group})
    assert editor.value == {**lanes.value, first: (other,)}
    assert editor.version == ""
    editor.value = {("HSC", 96980): ("held",)}
    assert editor.grouping is not None
    assert editor.grouping["held"].table["visit"].to_pylist() == [96980]
    assert editor.check == bench.groupings.check(editor.grouping)
    names: dict[str, object] = {"bench": bench, "wb": wb}
    exec(editor.to_python(), names)
    made = names["grouping"]
    assert isinstance(made, Grouping)
    assert made.digest == editor.grouping.digest
    with pytest.raises(traitlets.TraitError, match="several groups"):
        editor.value = {first: ("a", "b")}
    editor.selection = [first]
    assert view.marked.keys == (first,)
    view.marked.select([])
    editor.version = "fold@1"
    assert editor.value == lanes.value
    with pytest.raises(traitlets.TraitError, match="nothing"):
        editor.version = "nothing@1"
    assert editor.version == "fold@1"
    with pytest.raises(UnknownNameError):
        widgets.GroupEditor(bench, "nothing")
    empty = widgets.GroupEditor(bench)
    assert (empty.value, empty.grouping, empty.check, empty.to_python()) == ({}, None, None, "")
    with pytest.raises(traitlets.TraitError, match="no groups yet"):
        empty.value = {first: ("a",)}


def test_a_session_in_cells_is_replayed(bench: Bench) -> None:
    editor = widgets.SetEditor(bench)
    replay = widgets.SessionReplay(editor)
    seen: list[str] = []
    replay.observe(lambda change: seen.append(change["new"]), "value")
    editor.where = "band = 'i'"
    editor.curation.save("again", "one band")
    assert "bench.save(visits, 'again'" in seen[-1]
    notebook = nbformat.reads(replay.to_notebook().decode(), as_version=4)
    assert any("bench.save(visits, 'again'" in cell.source for cell in notebook.cells)
    with pytest.raises(WorkbenchError, match="not in RunPanel"):
        widgets.SessionReplay(widgets.RunPanel(bench))


def test_no_widget_replaces_what_ipywidgets_needs() -> None:
    bases = (ipywidgets.VBox, anywidget.AnyWidget)
    foreign = {
        name
        for base in bases
        for kind in base.mro()
        for name, value in vars(kind).items()
        if isinstance(value, FunctionType | staticmethod | classmethod)
    }
    for name in widgets.__all__:
        kinds = [kind for kind in getattr(widgets, name).mro() if kind.__module__.startswith("workbench")]
        assert {key for kind in kinds for key in vars(kind)} & foreign <= {
            "__init__",
            "close",
            "_handle_msg",
        }, name
