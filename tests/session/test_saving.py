"""Two people who save under one name."""

from __future__ import annotations

import pytest

from workbench.bench import Bench
from workbench.session.curation.curation import Curation
from workbench.session.curation.saving import Saving
from workbench.session.desk.desk import Desk

KEY = ("HSC", 96954)
OTHER = ("HSC", 96980)


def begin(bench: Bench, author: str) -> Saving:
    desk = Desk(bench, author=author)
    curation = Curation(desk)
    curation.refresh()
    return Saving(desk, curation)


@pytest.fixture
def ana(bench: Bench) -> Saving:
    """One of two who edit cosmos@1."""
    saving = begin(bench, "ana")
    assert saving.save("cosmos", "first") is not None
    return saving


@pytest.fixture
def ben(bench: Bench, ana: Saving) -> Saving:
    """The other one."""
    saving = begin(bench, "ben")
    saving.curation.load("cosmos")
    return saving


def test_a_version_of_another_is_shown_before_mine_is_saved(ana: Saving, ben: Saving, bench: Bench) -> None:
    ben.curation.edit([OTHER], included=False, reason="clouds")
    assert ben.save("cosmos", "without clouds") is not None
    ana.curation.edit([KEY], included=False, reason="trailed")
    assert ana.save("cosmos", "without trails") is None
    assert [(item["version"], item["author"]) for item in ana.newer] == [(2, "ben")]
    assert [(change["visit"], change["change"]) for change in ana.changes] == [(OTHER[1], "removed")]
    assert bench.sets.history("cosmos").num_rows == 2

    saved = ana.save("cosmos", "without trails", knowingly=True)
    assert saved is not None
    assert saved.label == "cosmos@3"
    assert bench.sets.history("cosmos")["author"].to_pylist() == ["ana", "ben", "ana"]
    # Both edits are there, each in its version.
    assert len(bench.load("cosmos@2")) == len(bench.load("cosmos@3")) == 11
    assert ana.newer == ()


def test_the_changes_of_another_are_taken_in_with_their_reasons(
    ana: Saving, ben: Saving, bench: Bench
) -> None:
    ben.curation.edit([OTHER], included=False, reason="clouds")
    ben.save("cosmos", "without clouds")
    ana.curation.edit([KEY], included=False, reason="trailed")
    ana.save("cosmos", "without trails")
    ana.take_in()
    assert ana.curation.history.undo_label == "take in cosmos@2 of ben"
    assert ana.curation.verdict(OTHER).why.startswith("by hand: cosmos@2 of ben")
    saved = ana.save("cosmos", "without clouds and trails")
    assert saved is not None
    assert saved.label == "cosmos@3"
    assert len(saved) == 10


def test_saving_on_is_no_conflict_with_oneself(ana: Saving) -> None:
    ana.curation.edit([KEY], included=False, reason="trailed")
    saved = ana.save("cosmos", "second")
    assert saved is not None
    assert saved.label == "cosmos@2"


def test_a_name_that_is_taken_is_not_saved_over_unseen(ana: Saving, bench: Bench) -> None:
    other = begin(bench, "cyd")
    other.curation.choose("band = 'r'")
    assert other.save("cosmos", "mine") is None
    assert other.newer[0]["version"] == 1
    assert other.changes == ()


def test_what_is_edited_is_looked_after(ana: Saving, ben: Saving) -> None:
    ana.look()
    assert ana.newer == ()
    ben.curation.edit([OTHER], included=False, reason="clouds")
    ben.save("cosmos", "without clouds")
    ana.look()
    assert [item["version"] for item in ana.newer] == [2]


def test_a_reason_is_asked_for(ana: Saving) -> None:
    assert ana.save("other", " ") is None
    assert "Say why" in ana.problem
    assert ana.save("No Such Name", "why") is None
    assert "No Such Name" in ana.problem
    assert ana.save("other", "why") is not None
    assert ana.problem == ""
