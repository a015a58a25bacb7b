"""Saved sets on the command line: restored, explained, kept in step with files."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.demo import BAD_LIST

from .conftest import workbench, workbench_json


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
