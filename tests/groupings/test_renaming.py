"""Groupings under another name, and groupings that lists leave out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import workbench as wb
from tests.cli.conftest import workbench
from workbench.errors import BadNameError, ReasonRequiredError, UnknownNameError
from workbench.groupings import folds

LONG = "x" * 300


@pytest.fixture
def bench(any_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[wb.Bench]:
    """A grouping whose name an earlier release let in, on SQLite and on PostgreSQL."""
    with wb.open(any_uri) as bench:
        visits = bench.save(bench.select("visit", "instrument = 'HSC'"), "all", reason="test")
        with monkeypatch.context() as earlier:
            earlier.setattr("workbench.groupings.store.is_name", lambda name: True)
            bench.group(LONG, visits, folds(2, seed=1), sets=False)
        bench.group("other", visits, folds(2, seed=1), sets=False)
        yield bench


def _names(bench: wb.Bench) -> list[str]:
    return sorted(set(bench.groupings.list()["grouping"].to_pylist()))


def test_what_slipped_in_is_renamed(bench: wb.Bench) -> None:
    first = bench.groupings.load(LONG)
    bench.groupings.rename(LONG, "halves", reason="nobody can type it")
    assert _names(bench) == ["halves", "other"]
    for label in (LONG, f"{LONG}@1", "halves", "halves@1"):
        found = bench.groupings.load(label)
        assert (found.label, found.relation) == ("halves@1", first.relation)
    second = bench.group("halves", bench.load("all"), folds(3, seed=1), sets=False)
    assert second.label == "halves@2"
    assert bench.groupings.load(LONG).relation == bench.groupings.load("halves@2").relation == second.relation
    bench.group("brief", bench.load("all"), folds(2, seed=1), sets=False)
    bench.groupings.rename("brief", "third", reason="test")
    with pytest.raises(BadNameError, match="is called 'third' now"):
        bench.group("brief", bench.load("all"), folds(2, seed=1), sets=False)
    with pytest.raises(UnknownNameError, match="halves@1, halves@2"):
        bench.groupings.load("none")


def test_names_that_are_taken_or_unknown(bench: wb.Bench) -> None:
    for new_name in ("other", "A", "y" * 61):
        with pytest.raises(BadNameError):
            bench.groupings.rename(LONG, new_name, reason="test")
    with pytest.raises(UnknownNameError, match="workbench groups list"):
        bench.groupings.rename("none", "some", reason="test")
    with pytest.raises(ReasonRequiredError):
        bench.groupings.rename("other", "another", reason=" ")
    bench.groupings.rename("other", "another", reason="test")
    bench.groupings.rename("another", "other", reason="as it was")
    assert bench.group("other", bench.load("all"), folds(3, seed=1), sets=False).label == "other@2"


def test_what_is_hidden_is_still_found(bench: wb.Bench) -> None:
    bench.groupings.hide(LONG, reason="a mistake")
    assert _names(bench) == ["other"]
    assert bench.groupings.load(LONG).version == 1
    bench.groupings.hide(LONG, reason="no mistake", hidden=False)
    assert len(_names(bench)) == 2


def test_by_command(bench: wb.Bench) -> None:
    workbench("groups", "rename", bench.uri, LONG, "halves", "--reason", "nobody can type it")
    assert _names(bench) == ["halves", "other"]
    workbench("groups", "hide", bench.uri, "halves", "--reason", "a mistake")
    assert "halves" not in workbench("groups", "list", bench.uri).output
    workbench("groups", "hide", bench.uri, "halves", "--show", "--reason", "no mistake")
    assert "halves" in workbench("groups", "list", bench.uri).output
