"""Saved sets on the command line: restored, explained, kept in step with files."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import workbench, workbench_json
from workbench.demo import BAD_LIST


def test_an_earlier_version_comes_back(repo: Path) -> None:
    for band in ("i", "r"):
        where = f"instrument = 'HSC' AND band = '{band}'"
        workbench("select", repo, "visit", "--where", where, "--save", "colour", "--reason", band)
    restored = workbench_json("sets", "restore", repo, "colour@1", "--reason", "i after all")
    assert (restored["set"], restored["parents"]) == ("colour@3", "colour@1, colour@2")
    digests = [row["key_digest"] for row in workbench_json("sets", "history", repo, "colour")]
    assert digests[0] == digests[2] != digests[1]
    text = workbench("sets", "restore", repo, "colour@7", "--reason", "x", exit_code=1).stderr
    assert "versions of 'colour' are 1, 2, 3" in text


def test_reasons_are_counted(repo: Path) -> None:
    workbench("sets", "import", repo, BAD_LIST, "--instrument", "HSC", "--role", "exclude", "--name", "bad",
              "--reason", "test")  # fmt: skip
    counts = workbench_json("sets", "reasons", repo, "bad")
    assert sum(row["n_rows"] for row in counts) >= 2
    assert {row["word"] for row in counts} <= {"trailed", "out of focus", "donuts"}
    counts = workbench_json("sets", "reasons", repo, "bad", "--add", "anything", ".")
    assert counts[0]["word"] == "anything"
    text = workbench("sets", "reasons", repo, "bad", "--add", "animals", "(", exit_code=1).stderr
    assert "is no regular expression" in text


def test_a_directory_is_kept_in_step(repo: Path, tmp_path: Path) -> None:
    where = "instrument = 'HSC'"
    workbench("select", repo, "visit", "--where", where, "--save", "synced", "--reason", "test")
    outcome = {"name": "synced", "action": "exported", "detail": "new in the registry: synced@1"}
    assert workbench_json("sets", "sync", repo, tmp_path, "synced", "--dry-run") == [outcome]
    assert not [*tmp_path.iterdir()]
    assert workbench_json("sets", "sync", repo, tmp_path, "synced") == [outcome]
    path = tmp_path / "synced.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"dataIds": content["dataIds"][:-1]}))
    workbench(
        "select", repo, "visit", "--where", f"{where} AND band = 'i'", "--save", "synced", "--reason", "x"
    )
    result = workbench("sets", "sync", repo, tmp_path, "synced", exit_code=1)
    assert "synced  conflict" in result.stdout
    assert "Error (sync): 1 of 1 sets need a decision of yours: synced." in result.stderr


def test_several_families_of_one_file(repo: Path, tmp_path: Path) -> None:
    families = tmp_path / "families.yaml"
    bad = tmp_path / "bad.csv"
    bad.write_text("visit,comment\n96954,clouds\n")
    families.write_text(
        """
- {name: f-blurred, where: "instrument = 'HSC' AND metrics.psf_fwhm > 0.9", role: exclude, reason: seeing}
- name: f-i
  where: instrument = 'HSC' AND band = 'i'
  exclude: [f-blurred, bad.csv]
  instrument: HSC
  reason: i
- {name: f-r, where: "instrument = 'HSC' AND band = 'r'", reason: r}
- {name: f-both, union: [f-i, f-r], reason: both}
"""
    )
    made = {row["set"]: row for row in workbench_json("sets", "make", repo, families)}
    assert [*made] == ["f-blurred@1", "f-i@1", "f-r@1", "f-both@1"]
    assert made["f-both@1"]["rule"] == "f-i@1 | f-r@1"
    assert made["f-both@1"]["rows"] == made["f-i@1"]["rows"] + made["f-r@1"]["rows"]
    # What is there already is not saved again.
    assert [row["set"] for row in workbench_json("sets", "make", repo, families)] == [*made]
    told = workbench_json("sets", "reasons", repo, "f-both", "--rows")
    assert {"clouds", "seeing"} <= {row["reason"] for row in told if row["said"] == "left out"}
    for wrong, message in (
        ("- {name: a, where: x}", "no reason"),
        ("- {name: a, where: x, file: y, reason: r}", "needs one of"),
        ("- {name: A, where: x, reason: r}", "cannot be called 'A'"),
        ("- {name: a, wher: x, reason: r}", "unknown key 'wher'"),
        ("{a: 1}", "no list of sets"),
        ("[", "is no YAML"),
    ):
        families.write_text(wrong)
        assert message in workbench("sets", "make", repo, families, exit_code=1).stderr


def test_sets_are_combined(repo: Path) -> None:
    for band in ("i", "r"):
        where = f"instrument = 'HSC' AND band = '{band}'"
        workbench("select", repo, "visit", "--where", where, "--save", f"only-{band}", "--reason", band)
    counts = {
        operation: workbench_json("sets", "combine", repo, operation, "only-i", "only-r")["rows"]
        for operation in ("union", "difference", "xor")
    }
    assert counts == {"union": 12, "difference": 6, "xor": 12}
    text = workbench(
        "sets", "combine", repo, "union", "only-i", "only-r", "--save", "either", "--reason", "all"
    )
    assert "rule: only-i@1 | only-r@1" in text.stdout
    empty = ("sets", "combine", repo, "intersection", "only-i", "only-r", "--save", "none")
    assert "has no rows" in workbench(*empty, "--reason", "test", exit_code=1).stderr
    assert "needs --reason" in workbench(*empty, "--reason", " ", exit_code=2).stderr


def test_a_reason_is_asked_for(repo: Path) -> None:
    where = "instrument = 'HSC'"
    workbench("select", repo, "visit", "--where", where, "--save", "asked", "--reason", "first")
    assert "Say why" in workbench("sets", "restore", repo, "asked@1", "--reason", "", exit_code=1).stderr
    publish = ("publish", repo, "asked@1", "HSC/raw/asked", "--chain", "HSC/raw", "--reason", " ")
    assert "Say why" in workbench(*publish, exit_code=1).stderr
