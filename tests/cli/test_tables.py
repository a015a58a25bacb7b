"""Tables of one's own on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import workbench as wb
from tests.cli.conftest import workbench, workbench_json
from workbench.cli import main

DECLARATION = """\
name: night_log
doc: What observers wrote.
dimensions: [instrument, visit]
columns:
  seeing: {type: float, unit: arcsec, doc: As guessed.}
  remark: str
"""


@pytest.fixture
def log(repo: Path, tmp_path: Path) -> Path:
    """A repository with a log of two visits."""
    if "night_log" in [row["name"] for row in workbench_json("tables", "list", repo)]:
        workbench("tables", "drop", repo, "night_log", "--yes")
    (tmp_path / "log.yaml").write_text(DECLARATION)
    (tmp_path / "log.csv").write_text(
        "instrument,visit,seeing,remark\nHSC,18202,0.75,clear\nHSC,19676,1.25,\n"
    )
    workbench("tables", "declare", repo, tmp_path / "log.yaml")
    assert "rows written: 2" in workbench("tables", "insert", repo, "night_log", tmp_path / "log.csv").stdout
    return repo


def test_listed_and_shown(log: Path) -> None:
    (row,) = [row for row in workbench_json("tables", "list", log) if row["name"] == "night_log"]
    assert (row["rows"], row["key"], row["doc"]) == (2, "instrument, visit", "What observers wrote.")
    assert "set_versions" not in workbench("tables", "list", log).stdout
    shown = workbench_json("tables", "show", log, "night_log")
    assert shown["columns"][2] == {
        "column": "seeing", "type": "float", "unit": "arcsec", "nullable": True, "doc": "As guessed."
    }  # fmt: skip
    assert "arcsec" in workbench("tables", "show", log, "night_log").stdout
    rows = workbench_json("tables", "rows", log, "night_log", "--where", "visit=18202")
    assert [row["remark"] for row in rows] == ["clear"]
    assert len(workbench_json("tables", "rows", log, "night_log", "--where", "remark=NULL")) == 1


def test_upsert_and_delete_keep_the_history(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "more.csv"
    path.write_text("instrument,visit,seeing\nHSC,18202,0.75\nHSC,19676,1.5\n")
    for n_rows in (1, 0):
        assert f"rows written: {n_rows}" in workbench("tables", "upsert", log, "night_log", path).stdout
    assert "rows deleted: 1" in workbench("tables", "delete", log, "night_log", "visit=19676", "--yes").stdout
    assert len(workbench_json("tables", "rows", log, "night_log")) == 1
    assert len(workbench_json("tables", "rows", log, "night_log", "--history")) == 4
    counted = workbench_json("query", log, "visit", "--where", "night_log.seeing < 1", "--count")
    assert counted == {"n_rows": 1}


def test_migrated(log: Path, tmp_path: Path) -> None:
    later = DECLARATION.replace("seeing: {type: float, unit: arcsec", "fwhm: {type: float, unit: mas")
    (tmp_path / "later.yaml").write_text(later.replace("  remark: str\n", "") + "version: 2\n")
    words = ("tables", "migrate", log, tmp_path / "later.yaml", "--rename", "seeing=fwhm")
    assert "would lose data: 1 values of column 'remark'" in workbench(*words, exit_code=1).stderr
    assert "columns: fwhm, deleted" in workbench(*words, "--allow-data-loss").stdout
    assert [row["version"] for row in workbench_json("tables", "history", log, "night_log")] == [1, 2]
    with wb.open(log) as bench:
        assert bench.tables.find("night_log").read()["fwhm"].to_pylist() == pytest.approx([750.0, 1250.0])
    assert "no name and value" in workbench(*words[:4], "--rename", "x", exit_code=1).stderr


def test_typed_confirmation(log: Path) -> None:
    words = ["tables", "drop", str(log), "night_log"]
    refused = CliRunner().invoke(main, words, input="yes\n")
    assert refused.exit_code != 0
    assert "2 rows of its history, for good. Type night_log to go on" in refused.output
    assert workbench_json("tables", "rows", log, "night_log")
    assert CliRunner().invoke(main, words, input="night_log\n").exit_code == 0
    assert (
        "no extension table 'night_log'" in workbench("tables", "show", log, "night_log", exit_code=1).stderr
    )


def test_mistakes(log: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("instrument,visit,seing\nHSC,18202,0.75\n")
    text = workbench("tables", "insert", log, "night_log", path, exit_code=1).stderr
    assert "unknown columns seing" in text
    text = workbench("tables", "delete", log, "night_log", "vist=5", "--yes", exit_code=1).stderr
    assert "The columns are instrument, visit, seeing" in text
    text = workbench("tables", "delete", log, "night_log", "visit=five", "--yes", exit_code=1).stderr
    assert "'five' is no value of column 'visit'" in text
    workbench("annotate", "add", log, "instrument=HSC,visit=18202", "x")
    text = workbench("tables", "drop", log, "annotations", "--yes", exit_code=1).stderr
    assert "kept by the workbench itself" in text
    path.write_text("name: [")
    assert "cannot be read as YAML" in workbench("tables", "declare", log, path, exit_code=1).stderr
