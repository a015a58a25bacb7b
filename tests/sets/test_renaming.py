"""Sets under another name, and sets that lists leave out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import workbench as wb
from workbench.errors import BadNameError, ReasonRequiredError, UnknownSetError

LONG = "x" * 300


@pytest.fixture
def bench(any_repo: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[wb.Bench]:
    """A repository with a set whose name an earlier release let in."""
    with wb.open(any_repo) as bench:
        with monkeypatch.context() as earlier:
            earlier.setattr("workbench.sets.set_store.check_name", str)
            bench.save(bench.select("visit", "instrument = 'HSC'"), LONG, reason="too long a name")
        bench.save(bench.select("visit", "instrument = 'HSC' AND band = 'i'"), "zoom", reason="last of all")
        yield bench


def test_what_slipped_in_is_renamed(bench: wb.Bench, tmp_path: Path) -> None:
    # The sets after it are synced, and it is said what to do.
    outcomes = {one.name: one for one in bench.sets.sync(tmp_path)}
    assert (outcomes[LONG].action, outcomes["zoom"].action) == ("unreadable", "exported")
    assert "workbench sets rename" in outcomes[LONG].detail
    assert len(outcomes[LONG].detail.replace(LONG, "")) < 400

    bench.sets.rename(LONG, "short", reason="nobody can type it")
    assert bench.sets.list()["name"].to_pylist() == ["short", "zoom"]
    assert bench.load("short").label == "short@1"
    assert bench.load(LONG) == bench.load(f"{LONG}@1") == bench.load("short@1")
    assert len(bench.select("visit", "instrument = 'HSC' AND in_set('short')")) == 12
    second = bench.save(bench.load("short") - bench.load("zoom"), "short", reason="no i")
    assert second.label == "short@2"
    assert second.provenance.parents == ("short@1", "zoom@1")
    assert (
        bench.sets.history("short")["version"].to_pylist()
        == bench.sets.history(LONG)["version"].to_pylist()
        == [1, 2]
    )
    assert bench.sets.diff(f"{LONG}@1", "short@2").num_rows == 6
    with pytest.raises(BadNameError):
        bench.save(bench.load("short"), LONG, reason="again")
    assert {one.name: one.action for one in bench.sets.sync(tmp_path)} == {
        "short": "exported",
        "zoom": "in step",
    }


def test_names_that_are_taken_or_unknown(bench: wb.Bench) -> None:
    for new_name in ("zoom", "A", "y" * 61, "unnamed-0123456789abcdef"):
        with pytest.raises(BadNameError):
            bench.sets.rename(LONG, new_name, reason="test")
    with pytest.raises(UnknownSetError):
        bench.sets.rename("nothing", "something", reason="test")
    with pytest.raises(ReasonRequiredError):
        bench.sets.rename("zoom", "zoomed", reason="")
    bench.sets.rename("zoom", "zoomed", reason="test")
    with pytest.raises(BadNameError, match="is called 'zoomed' now"):
        bench.save(bench.load("zoomed"), "zoom", reason="test")
    bench.sets.rename("zoomed", "zoom", reason="as it was")
    assert bench.save(bench.load("zoom"), "zoom", reason="more").label == "zoom@2"


def test_what_is_hidden_is_still_found(bench: wb.Bench, tmp_path: Path) -> None:
    bench.sets.hide(LONG, reason="a mistake")
    assert bench.sets.list()["name"].to_pylist() == ["zoom"]
    assert {one.name: one.action for one in bench.sets.sync(tmp_path)} == {"zoom": "exported"}
    assert len(bench.load(LONG)) == 12
    bench.sets.hide(LONG, reason="no mistake", hidden=False)
    assert len(bench.sets.list()) == 2
