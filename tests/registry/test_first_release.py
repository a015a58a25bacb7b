"""A repository whose tables the first release wrote: all of it is read, and goes on being written."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from workbench.bench import Bench, open_bench
from workbench.campaigns.commits.presence import Presence
from workbench.groupings import best_seeing, folds

SET_DIGEST = "9a2f1250fd16f87115a778bedd1164581519a69a16025d9c83d2c8aacd3fe86b"
RUNS = ["u/demo/before/r1", None, "u/demo/after/r1"]


@pytest.fixture(scope="module")
def _root(_butler_repo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small repository with those tables beside the Butler's."""
    root = Path(shutil.copytree(_butler_repo_master, tmp_path_factory.mktemp("first") / "repo"))
    script = Path(__file__).with_name("first_release.sql").read_text(encoding="utf-8")
    connection = sqlite3.connect(root / "gen3.sqlite3")
    connection.executescript(script)
    connection.close()
    return root


@pytest.fixture
def root(_root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_root, tmp_path / "repo"))


def check_content(bench: Bench) -> None:
    """Everything that the first release kept is what it was."""
    good = bench.load("cosmos@1")
    assert (good.key_digest, good.provenance.reason) == (SET_DIGEST, "seeing cut, less the bad list")
    assert good.provenance.parents == ("cosmos-all@1",)
    assert len(bench.load("cosmos-all")) == 11
    assert len(bench.select("visit", "instrument = 'HSC' AND in_set('cosmos@1')")) == 9
    sizes = {key: len(bench.groupings.load("seeing@1")[key]) for key in ("deep", "sharp")}
    assert sizes == {"deep": 11, "sharp": 6}
    (note,) = bench.annotations.find(flag="bad").to_pylist()
    assert note["text"] == "Contains visit 58260 (i trailed (modelled)); superseded by u/demo/after/r1."
    assert bench.metrics.read().num_rows == 12
    assert len(bench.select("visit", "instrument = 'HSC' AND metrics.psf_fwhm < 0.9")) == 11
    commits = bench.campaigns.list().to_pylist()
    assert [(row["run"], row["state"]) for row in commits] == [(run, "committed") for run in RUNS]
    found = bench.campaigns.find("u/demo/after/r1")
    assert [one["name"] for one in found.record["constraints"]] == ["seeing-deep@2", "seeing-sharp@2"]
    presence = bench.runs.presence(found)
    assert presence is not None
    # The small repository never had its collections.
    assert presence.presence is Presence.GONE


def test_everything_is_readable(root: Path) -> None:
    before = (root / "gen3.sqlite3").read_bytes()
    with open_bench(root, read_only=True) as bench:
        check_content(bench)
    assert (root / "gen3.sqlite3").read_bytes() == before


def test_everything_goes_on(root: Path) -> None:
    """Tables get the columns of today with their rows; what was there stays."""
    with open_bench(root) as bench:
        rest = bench.load("cosmos") - bench.select("visit", "instrument = 'HSC' AND visit = 96954")
        saved = bench.save(rest, "cosmos", reason="one less")
        assert saved.label == "cosmos@2"
        assert bench.group("seeing", saved, best_seeing(fraction=0.5)).label == "seeing@3"
        assert bench.group("fold", saved, folds(2, seed=1)).label == "fold@1"
        (old,) = bench.annotations.find(flag="bad").to_pylist()
        bench.annotate({"instrument": "HSC", "visit": 96954}, "odd", flag="bad")
        bench.annotations.retract(old["note_id"], reason="made again")
        bench.metrics.write(
            bench.metrics.read().select(["instrument", "visit", "psf_fwhm"]).slice(0, 1), source="again"
        )
        bench.sets.rename("cosmos-all", "cosmos-every", reason="a better name")
        assert len(bench.load("cosmos-every@1")) == len(bench.load("cosmos-all@1")) == 11
        assert bench.load("cosmos@1").key_digest == SET_DIGEST
    with open_bench(root, read_only=True) as bench:
        assert [row["visit"] for row in bench.sets.diff("cosmos@1", "cosmos@2").to_pylist()] == [96954]
        assert {row["version"] for row in bench.sets.history("cosmos").to_pylist()} == {1, 2}
        assert {key: len(bench.groupings.load("seeing@1")[key]) for key in ("deep", "sharp")}["deep"] == 11
