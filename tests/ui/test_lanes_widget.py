"""The lanes as a user's own cell has them: traits, moves and value, without a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
import traitlets

import workbench as wb
from workbench.bench import Bench
from workbench.errors import ExpressionError, UnknownNameError
from workbench.groupings import Grouping
from workbench.session.content.wire import pack_mask
from workbench.ui import widgets


@pytest.fixture
def folds(bench: Bench) -> Grouping:
    """Two folds of all visits, saved."""
    visits = bench.save(bench.select("visit"), "all", reason="to be grouped")
    return bench.group("fold", visits, wb.folds(2, seed=42))


def ask(widget: widgets.GroupLanes, what: str, **more: object) -> None:
    """Do what the browser does."""
    length = int.from_bytes(widget.detail[:4], "little")
    revision = json.loads(widget.detail[4 : 4 + length])["revision"]
    widget.request = json.dumps({"number": revision, "revision": revision, "do": what, **more})


def test_value_says_in_which_group_each_member_is(bench: Bench, folds: Grouping) -> None:
    lanes = widgets.GroupLanes(bench, "fold@1")
    told = {("HSC", row["visit"]): (row["group_key"],) for row in folds.relation.to_pylist()}
    assert lanes.value == told
    seen: list[object] = []
    lanes.observe(lambda change: seen.append(change["new"]), "value")
    first = folds.members("fold0")["visit"].to_pylist()[0]
    ask(lanes, "move", members=[0], to="fold1", **{"from": "fold0"})
    assert lanes.value == {**told, ("HSC", first): ("fold1",)}
    assert seen == [lanes.value]
    assert lanes.grouping.digest == folds.move([{"visit": first}], "fold1").digest
    assert lanes.check == bench.groupings.check(lanes.grouping)
    ask(lanes, "undo")
    assert lanes.value == told
    # Nothing was written.
    assert bench.groupings.list()["version"].to_pylist() == [1, 1]


def test_value_is_set_and_saved_as_the_next_version(bench: Bench, folds: Grouping) -> None:
    lanes = widgets.GroupLanes(bench, folds)
    lanes.value = {("HSC", 96954): ("held",), ("HSC", 96980): ()}
    grouping = lanes.grouping
    assert grouping["held"].table["visit"].to_pylist() == [96954]
    assert lanes.value[("HSC", 96980)] == ()
    assert not lanes.check.covering
    kept = bench.group("fold", grouping.parent, wb.by_table(grouping.relation), reason="one held")
    assert (kept.label, kept.digest) == ("fold@2", grouping.digest)
    names: dict[str, object] = {"bench": bench, "wb": wb}
    exec(lanes.to_groups(), names)
    made = names["grouping"]
    assert isinstance(made, Grouping)
    assert made.digest == grouping.digest
    for wrong in (7, {("HSC", 96954): ("a", "b")}):
        with pytest.raises(traitlets.TraitError):
            lanes.value = wrong
    assert lanes.grouping.digest == grouping.digest


def test_selection_and_where_are_those_of_the_other_widgets(bench: Bench, folds: Grouping) -> None:
    lanes = widgets.GroupLanes(bench, folds, selection=[("HSC", 96954)], where="band = 'i'")
    table = widgets.VisitTable(bench)
    traitlets.link((lanes, "selection"), (table, "selection"))
    assert table.selection == (("HSC", 96954),)
    assert len(lanes.rows) == 6
    assert len(lanes.value) == 12
    mask = np.zeros(6, bool)
    mask[0] = True
    told = {"from": "page", "revision": 1, "digest": lanes.rows.digest, "mask": pack_mask(mask)}
    lanes.brush = json.dumps({**told, "cuts": [], "by_hand": 1, "detectors": []})
    assert table.selection == lanes.selection == (lanes.rows.keys[0],)
    before = lanes.content
    with pytest.raises(ExpressionError, match="bnad"):
        lanes.where = "bnad = 'i'"
    assert (lanes.where, lanes.content) == ("band = 'i'", before)
    lanes.where = ""
    assert len(lanes.rows) == 12


def test_what_cannot_be_moved_is_said(bench: Bench, folds: Grouping) -> None:
    lanes = widgets.GroupLanes(bench, folds)
    ask(lanes, "move", members=[0], to="fold0", **{"from": None})
    assert "in fold0 already" in lanes.error
    assert lanes.grouping.digest == folds.digest
    ask(lanes, "move", members=[0], to="fold1", **{"from": None})
    assert lanes.error == ""
    with pytest.raises(UnknownNameError, match="no grouping 'nothing'"):
        widgets.GroupLanes(bench, "nothing")
