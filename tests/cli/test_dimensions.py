"""Dimensions on the command line: added after words that confirm it, listed, reverted."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import workbench as wb
from tests.cli.conftest import workbench, workbench_json
from workbench.cli import main
from workbench.demo import create_repository


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A demonstration repository that nothing was committed in."""
    create_repository(tmp_path / "repo")
    return tmp_path / "repo"


PAIR = ("pair", "--key", "int", "--parent", "instrument", "--relation", "visit", "--doc", "Two visits.")


def test_extended_listed_and_reverted(empty: Path) -> None:
    config = (empty / "butler.yaml").read_bytes()
    words = ["dimensions", "extend", str(empty), *PAIR]
    typed = CliRunner().invoke(main, words, input="no\n")
    assert typed.exit_code == 1
    for part in (
        "Butler server",
        "aggregate-graph",
        "'extend pair'",
        "Error (confirmation): Nothing was changed",
    ):
        assert part in typed.output
    assert "dynamic dimensions: none" in workbench("dimensions", "status", empty).stdout
    typed = CliRunner().invoke(main, words, input="extend pair\n")
    assert typed.exit_code == 0, typed.output
    assert "added: pair\n" in typed.output
    # Once more asks for nothing, and changes nothing.
    assert "already there: pair\n" in workbench(*words).stdout
    workbench("dimensions", "extend", empty, "subset", "--key", "string", "--confirm", "extend subset")
    status = workbench_json("dimensions", "status", empty)
    assert [(row["name"], row["relations"]) for row in status["dimensions"]] == [
        ("pair", ["visit"]),
        ("subset", []),
    ]
    assert (status["in_flight"], status["stale_keys"]) == ([], [])
    assert "Two visits." in workbench("dimensions", "status", empty).stdout
    counted = {row["element"]: row["records"] for row in workbench_json("dimensions", empty)}
    assert counted["visit"] == 12
    assert workbench_json("dimensions", "list", empty, "pair") == []
    typed = CliRunner().invoke(
        main, ["dimensions", "revert", str(empty), "pair", "subset"], input="revert pair\n"
    )
    assert typed.exit_code == 1
    text = workbench(
        "dimensions", "revert", empty, "pair", "subset", "--confirm", "revert pair subset"
    ).stdout
    assert "reverted: pair, subset" in text
    assert "version of the universe: 8" in text
    assert (empty / "butler.yaml").read_bytes() == config


def test_graphs_in_flight_stop_it_before_anything_is_asked(repo: Path) -> None:
    with wb.open(repo) as bench:
        campaign = bench.campaign(
            "u/test/flight", "resource://workbench/demo/demo.yaml#calibrate", ["HSC/defaults"]
        )
        campaign.constrain(where="instrument = 'HSC' AND visit = 18202")
        campaign.preview()
        commit = campaign.commit()
    result = workbench("dimensions", "extend", repo, *PAIR, exit_code=1)
    assert "Error (graphs_in_flight): Nothing was changed: u/test/flight" in result.stderr
    assert "Type" not in result.output
    assert str(commit.run) in workbench("dimensions", "status", repo).stdout
    confirm = ("--confirm", "extend pair", "--despite-in-flight")
    assert "added: pair" in workbench("dimensions", "extend", repo, *PAIR, *confirm).stdout
    workbench("dimensions", "revert", repo, "pair", "--confirm", "revert pair", "--despite-in-flight")


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (["extend", "REPO", "visit", "--key", "int"], "dimension", "'visit' collides"),
        (["extend", "REPO", "select", "--key", "int"], "dimension", "a word of SQL"),
        (["extend", "REPO", "pair", "--key", "int", "--parent", "telescope"], "dimension", "'telescope'"),
        (["revert", "REPO", "pair"], "unknown_name", "there is none"),
        (["revert", "REPO", "visit"], "unknown_name", "visit: no dynamic dimension"),
    ],
)
def test_what_is_refused_changes_nothing(repo: Path, words: list[str], kind: str, says: str) -> None:
    config = (repo / "butler.yaml").read_bytes()
    asked = ["dimensions", *(str(repo) if word == "REPO" else word for word in words)]
    result = workbench(*asked, exit_code=1)
    assert f"Error ({kind}): " in result.stderr
    assert says in result.stderr
    assert (repo / "butler.yaml").read_bytes() == config
