"""What single commands print, and that each can be found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.conftest import workbench, workbench_json
from workbench.cli import main

DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def iter_commands(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from iter_commands(inner, (*words, name))


COMMANDS = list(iter_commands(main))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help(words: tuple[str, ...]) -> None:
    text = workbench(*words, "--help").stdout
    assert text.startswith("Usage: ")
    # A summary that a terminal cuts is no summary.
    assert "..." not in text.partition("Commands:")[2]


def test_every_command_is_documented() -> None:
    # The page includes what docs/generate.py reads off `main`; that it finds every command is tested there.
    assert "api/commands_text.md" in DOCUMENTED.read_text()


def test_help_loads_neither_the_butler_nor_the_interface() -> None:
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from workbench.cli import main\n"
        "assert CliRunner().invoke(main, ['select', '--help']).exit_code == 0\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'lsst', 'panel', 'pyarrow'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_info(repo: Path) -> None:
    text = workbench("info", repo).stdout
    assert f"repository: {repo}" in text
    assert "metrics" in next(line for line in text.splitlines() if line.startswith("extension tables: "))


def test_dimensions(repo: Path) -> None:
    counted = {row["element"]: row["records"] for row in workbench_json("dimensions", repo)}
    assert (counted["visit"], counted["detector"], counted["visit_definition"]) == (12, 6, 12)
    text = workbench(
        "dimensions", repo, "visit", "--where", "instrument = 'HSC' AND band = 'r'", "--limit", "2"
    ).stdout
    assert text.splitlines()[1].split()[:3] == ["HSC", "23682", "r"]
    assert "2015-03-18T09:30:09" in text
    assert "more" in text.splitlines()[-1]
    assert "region" not in text
    row = workbench_json("dimensions", repo, "visit", "--limit", "1")[0]
    assert len(bytes.fromhex(row["region"])) > 8
    assert 57039 < row["timespan_begin"] < 57040


def test_collections_and_dataset_types(repo: Path) -> None:
    collections = {row["name"]: row for row in workbench_json("collections", repo)}
    assert collections["HSC/defaults"]["type"] == "CHAINED"
    counted = {row["name"]: row["datasets"] for row in workbench_json("dataset-types", repo)}
    assert counted["raw"] == 72
    inside = workbench_json("dataset-types", repo, "--collection", "skymaps")
    assert [row["name"] for row in inside] == ["skymap_definition"]


def test_columns(repo: Path) -> None:
    names = workbench_json("columns", repo, "visit")
    assert {"visit", "band", "visit.exposure_time", "metrics.psf_fwhm"} <= set(names)
    assert workbench("columns", repo, "visit").stdout.split() == names


def test_select_prints_the_waterfall_and_saves_nothing_unasked(repo: Path) -> None:
    before = workbench_json("sets", "list", repo)
    text = workbench("select", repo, "visit", "--where", "instrument = 'HSC' AND metrics.psf_fwhm < 0.7",
                     "--limit", "3").stdout  # fmt: skip
    lines = text.splitlines()
    assert lines[0].split() == ["conjunct", "rows_before", "rows_after", "unknown"]
    assert any(line.startswith("metrics.psf_fwhm < 0.7") for line in lines)
    assert "set: (unsaved)" in lines
    assert any(line.startswith("... and ") for line in lines)
    assert workbench_json("sets", "list", repo) == before


def test_a_set_has_versions_and_a_history(repo: Path) -> None:
    where = "instrument = 'HSC' AND band = 'i'"
    for condition, reason in (("instrument = 'HSC'", "first"), (where, "second"), (where, "second")):
        workbench("select", repo, "visit", "--where", condition, "--save", "versions", "--reason", reason)
    history = workbench_json("sets", "history", repo, "versions")
    assert [(row["version"], row["reason"]) for row in history] == [(1, "first"), (2, "second")]
    shown = workbench_json("sets", "show", repo, "versions")
    assert shown["set"] == "versions@2"
    assert shown["rows"] == len(shown["data_ids"]) == 6
    assert shown["rule"] == where
    text = workbench("sets", "show", repo, "versions@1").stdout
    assert "set: versions@1" in text
    assert "18202" in text
    changes = workbench_json("sets", "diff", repo, "versions@1", "versions@2")
    assert [row["change"] for row in changes] == ["removed"] * 6
    assert "versions" in workbench("sets", "list", repo).stdout


@pytest.mark.parametrize("ending", ["json", "ecsv", "csv", "parquet"])
def test_a_set_goes_through_files(repo: Path, tmp_path: Path, ending: str) -> None:
    found = workbench_json("select", repo, "visit", "--where", "instrument = 'HSC'", "--save", "travel",
                           "--reason", "test")  # fmt: skip
    path = tmp_path / f"travel.{ending}"
    workbench("sets", "export", repo, found["set"], path, "--form", "set")
    read = workbench_json("sets", "import", repo, path, "--name", "travelled", "--reason", "test")
    assert read["key_digest"] == found["key_digest"]


def test_folds(repo: Path) -> None:
    workbench("select", repo, "visit", "--where", "instrument = 'HSC'", "--save", "all", "--reason", "test")
    words = ["groups", "make", repo, "all", "halves", "folds(2, seed=42)"]
    first, again = workbench_json(*words), workbench_json(*words)
    assert [row["rows"] for row in first["groups"]] == [6, 6]
    assert (first["disjoint"], first["covering"]) == (True, True)
    digests = [[row["key_digest"] for row in each["groups"]] for each in (first, again)]
    assert digests[0] == digests[1]
    # The same again is no other version.
    assert (first["grouping"], again["grouping"]) == ("halves@1", "halves@1")
    assert "grouping: halves@1" in workbench(*words).stdout


def test_notes(repo: Path) -> None:
    note = workbench_json("annotate", "add", repo, "instrument=HSC,visit=96980", "clouds, look again",
                          "--flag", "suspect", "--tag", "clouds", "--link", "https://a.org/1")  # fmt: skip
    found = workbench_json("annotate", "list", repo, "instrument=HSC,visit=96980")
    assert [(row["note_id"], row["tags"], row["visit"]) for row in found] == [
        (note["note"], ["clouds"], 96980)
    ]
    text = workbench("annotate", "list", repo, "--flag", "suspect").stdout
    assert "clouds, look again" in text
    rows = workbench_json("select", repo, "visit", "--where",
                          "instrument = 'HSC' AND annotations.flag = 'suspect'")  # fmt: skip
    assert [row["visit"] for row in rows["data_ids"]] == [96980]


def test_doctor_finds_a_whole_repository_whole(repo: Path) -> None:
    assert "damages: 0" in workbench("doctor", repo).stdout


def test_tables_go_into_the_sidecar_that_is_named(repo: Path, tmp_path: Path) -> None:
    sidecar = ["--sidecar", f"sqlite:///{tmp_path}/notes.db"]
    workbench("annotate", "add", repo, "HSC/raw", "only here", *sidecar)
    assert (tmp_path / "notes.db").exists()
    assert "only here" in workbench("annotate", "list", repo, *sidecar).stdout
    assert "only here" not in workbench("annotate", "list", repo).stdout
