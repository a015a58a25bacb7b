"""What a message advises can be typed, and what there is not is refused everywhere alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import workbench

CSV = "instrument,visit,psf_fwhm\nHSC,96954,0.7\n"
REFUSED = [
    (["query", "REPO", "visit", "--column", "visit.timespan_begin"], "Did you mean visit.timespan.begin?"),
    (
        ["query", "REPO", "visit", "--column", "visit.timespan"],
        ".begin and .end: times.",
    ),
    (["metrics", "history", "REPO", "visit=96954,1"], "has no data ID visit=1"),
    (["annotate", "list", "REPO", "visit=1"], "has no data ID instrument=HSC, visit=1. Check"),
    (["annotate", "list", "REPO", "--flag", "terrible"], "the flags are artifact"),
    (["annotate", "history", "REPO", "nothing"], "'workbench annotate list'"),
    (["metrics", "import-sql", "REPO", "SELECT 1", "--url", "sqlite://"], "names no file"),
    (["metrics", "import", "REPO", "FILE"], "with instrument=... or --instrument"),
    (["groups", "lower", "REPO", "nothing", "nothing"], "no grouping 'nothing'"),
    (["sets", "make", "REPO", "BINARY"], "Save it as UTF-8"),
    (["tables", "declare", "REPO", "BINARY"], "Save it as UTF-8"),
    (["select", "REPO", "visit", "--where", "visit < 1", "--save", "a", "--reason", "r"], "--allow-empty"),
    (["select", "REPO", "visit", "--where", "band = i"], "A text is put in quotes: 'i'"),
    (["select", "REPO", "visit", "--where", "metrics.psf_fwhm < 1 arcsec"], "is written without a unit"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_a_refusal_says_what_to_type(repo: Path, tmp_path: Path, words: list[str], said: str) -> None:
    names = {"REPO": repo, "FILE": tmp_path / "m.csv", "BINARY": tmp_path / "binary.yaml"}
    (tmp_path / "m.csv").write_text(CSV.replace("instrument,", "").replace("HSC,", ""))
    (tmp_path / "binary.yaml").write_bytes(b"- {name: \xff}\n")
    assert said in workbench(*(names.get(word, word) for word in words), exit_code=1).stderr


def test_nobody_answers(repo: Path) -> None:
    done = workbench("tables", "drop", repo, "metrics", exit_code=130)
    assert "Cancelled. Nothing was changed. A script answers by an option" in done.stderr
    assert "metrics" in workbench("metrics", "list", repo).stdout


def test_one_data_id_has_the_only_governor_there_is(repo: Path) -> None:
    asked = workbench("query", repo, "visit", "--where", "band = 'r'", "--why", "visit=96954").stdout
    assert asked.startswith("visit=96954 was dropped by \"band = 'r'\"")


def test_the_columns_that_are_advised_are_there(repo: Path) -> None:
    done = workbench("query", repo, "visit", "--column", "visit.timespan.begin", "--limit", 1)
    assert "visit.timespan.begin (TAI)" in done.stdout
