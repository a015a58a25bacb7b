"""A directory of set files and one or two registries, kept in step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import workbench as wb
from workbench.cli.root import main
from workbench.errors import BadDataIdTableError, BadNameError
from workbench.sets.files.sync import STATE

WHERE = "instrument = 'HSC'"


@pytest.fixture
def bench(any_uri: str) -> Iterator[wb.Bench]:
    with wb.open(any_uri) as bench:
        yield bench


def _outcomes(bench: wb.Bench, directory: Path, **options: bool) -> dict[str, str]:
    return {one.name: one.action for one in bench.sets.sync(directory, **options)}


def _save(bench: wb.Bench, name: str, where: str = "", reason: str = "test") -> None:
    bench.save(bench.select("visit", f"{WHERE} {where}"), name, reason=reason)


def _edit(path: Path, change: Callable[[list[object]], object]) -> None:
    """Change the rows of a file by hand, and nothing else of it."""
    content = json.loads(path.read_text())
    change(content["dataIds"])
    path.write_text(json.dumps(content))


def test_both_ways(bench: wb.Bench, tmp_path: Path) -> None:
    directory = tmp_path / "git" / "sets"
    _save(bench, "good")
    _save(bench, "blue", "AND band = 'r'")
    assert _outcomes(bench, directory, dry_run=True) == {"blue": "exported", "good": "exported"}
    assert not directory.exists()
    assert _outcomes(bench, directory) == {"blue": "exported", "good": "exported"}
    before = {path: path.read_bytes() for path in directory.iterdir()}
    assert _outcomes(bench, directory) == {"blue": "in step", "good": "in step"}
    assert {path: path.read_bytes() for path in directory.iterdir()} == before

    _edit(directory / "good.json", lambda rows: rows.pop())
    _save(bench, "blue", "AND band = 'i'")
    assert _outcomes(bench, directory, dry_run=True) == {"blue": "exported", "good": "imported"}
    assert len(bench.sets.history("good")) == 1
    assert _outcomes(bench, directory) == {"blue": "exported", "good": "imported"}
    assert bench.load("good").label == "good@2"
    assert len(bench.load("good")) == 11
    assert bench.load("good").provenance.author == bench.load("good@1").provenance.author
    assert _outcomes(bench, directory) == {"blue": "in step", "good": "in step"}

    # And on from there, by hand again, also back to what it was.
    _edit(directory / "good.json", lambda rows: rows.pop())
    assert _outcomes(bench, directory)["good"] == "imported"
    (directory / "good.json").write_bytes(before[directory / "good.json"])
    assert _outcomes(bench, directory)["good"] == "exported"
    assert len(bench.load("good")) == 10


def test_conflicts_are_reported_and_nothing_is_chosen(bench: wb.Bench, tmp_path: Path) -> None:
    _save(bench, "good")
    _save(bench, "other", "AND band = 'r'")
    bench.sets.sync(tmp_path)
    _edit(tmp_path / "good.json", lambda rows: rows.pop())
    text = (tmp_path / "good.json").read_bytes()
    _save(bench, "good", "AND band = 'i'")
    _save(bench, "other", "AND band = 'i'")
    outcomes = {one.name: one for one in bench.sets.sync(tmp_path)}
    assert (outcomes["good"].action, outcomes["other"].action) == ("conflict", "exported")
    assert "good.json and good@2 both changed" in outcomes["good"].detail
    assert not outcomes["good"].is_settled
    assert (tmp_path / "good.json").read_bytes() == text
    assert len(bench.sets.history("good")) == 2
    # The same change on both sides is none.
    shutil.copy(tmp_path / "good.json", tmp_path / "same.json")
    bench.save(bench.read_set(tmp_path / "same.json"), "good", reason="as in the file")
    (tmp_path / "same.json").unlink()
    assert _outcomes(bench, tmp_path)["good"] == "in step"


def test_what_is_deleted_is_reported(bench: wb.Bench, tmp_path: Path) -> None:
    _save(bench, "good")
    bench.sets.sync(tmp_path)
    (tmp_path / "good.json").unlink()
    assert _outcomes(bench, tmp_path) == {"good": "deleted"}
    assert len(bench.load("good")) == 12
    (tmp_path / STATE).unlink()
    assert _outcomes(bench, tmp_path) == {"good": "exported"}


def test_files_by_hand(bench: wb.Bench, tmp_path: Path) -> None:
    rows = [{"instrument": "HSC", "exposure": 18202, "reason": "trailed"}]
    (tmp_path / "bad.json").write_text(json.dumps({"role": "exclude", "dataIds": rows}))
    (tmp_path / "unknown.json").write_text(json.dumps({"dataIds": [{"instrument": "HSC", "visit": 5}]}))
    (tmp_path / "torn.json").write_text('{"dataIds": [')
    (tmp_path / "merged.json").write_text('{\n<<<<<<< HEAD\n"role": "include",\n=======\n>>>>>>> theirs\n')
    (tmp_path / "Bad Name.json").write_text(json.dumps({"dataIds": rows}))
    outcomes = {one.name: one for one in bench.sets.sync(tmp_path)}
    actions = {name: one.action for name, one in outcomes.items()}
    assert actions == {
        "bad": "imported",
        "unknown": "unreadable",
        "torn": "unreadable",
        "merged": "unreadable",
        "Bad Name": "unreadable",
    }
    assert "does not have" in outcomes["unknown"].detail
    assert "marks of a merge" in outcomes["merged"].detail
    assert "cannot be called 'Bad Name'" in outcomes["Bad Name"].detail
    assert bench.load("bad").role == "exclude"
    assert _outcomes(bench, tmp_path)["bad"] == "in step"


def test_odd_files_are_told_and_nothing_is_lost(butler_repo: Path, tmp_path: Path) -> None:
    directory = tmp_path / "sets"
    with wb.open(butler_repo) as bench:
        for name in ("folder", "loop", "latin", "good"):
            _save(bench, name)
        assert set(_outcomes(bench, directory).values()) == {"exported"}
        text = (directory / "good.json").read_text()
        for name in ("folder", "loop", "latin"):
            (directory / f"{name}.json").unlink()
        (directory / "folder.json").mkdir()
        (directory / "folder.json" / "inner").write_text("kept")
        (directory / "loop.json").symlink_to(directory / "loop.json")
        (directory / "latin.json").write_bytes(b'{"dimensions": ["\xe9"]}')
        (directory / "nowhere.json").symlink_to(directory / "nothing.json")
        (directory / "Good.json").write_text(text)  # of one name with good.json on some systems
        os.mkfifo(directory / "pipe.json")
        (directory / "device.json").symlink_to("/dev/zero")
        (directory / "deep.json").write_text("[" * 100_000)
        (directory / os.fsdecode(b"odd\xff.json")).write_text(text)
        held = {path: path.read_bytes() for path in directory.rglob("*") if path.is_file() and path.suffix}
        told = {one.name: (one.action, one.detail) for one in bench.sets.sync(directory)}
        assert told.pop("good") == ("in step", "good@1")
        assert {action for action, _ in told.values()} == {"unreadable"}
        said = {
            "folder": "is no ordinary file",
            "loop": "link that leads to no file",
            "nowhere": "link that leads to no file",
            "latin": "is not UTF-8 text",
            "Good": "small letters",
            "pipe": "is no ordinary file",
            "device": "is no ordinary file",
            "deep": "brackets within brackets",
            r"'odd\udcff'": "cannot be called",
        }
        assert told.keys() == said.keys()
        for name, part in said.items():
            assert part in told[name][1], told[name]
        assert held == {path: path.read_bytes() for path in held}
        assert all(bench.sets.history(name).num_rows == 1 for name in ("folder", "loop", "latin", "good"))
        result = CliRunner().invoke(main, ["sets", "sync", str(butler_repo), str(directory)])
    assert result.exit_code == 1
    assert "not foreseen" not in result.output
    with wb.open(butler_repo) as bench, pytest.raises(BadDataIdTableError, match="NUL"):
        bench.sets.sync("a\0b")


def test_only_some(bench: wb.Bench, tmp_path: Path) -> None:
    _save(bench, "good")
    _save(bench, "other")
    assert [one.name for one in bench.sets.sync(tmp_path, ["good"])] == ["good"]
    (outcome,) = bench.sets.sync(tmp_path, ["none"])
    assert "no such set" in outcome.detail
    with pytest.raises(BadNameError):
        bench.sets.sync(tmp_path, ["../good"])
    with pytest.raises(BadDataIdTableError, match="is no directory"):
        bench.sets.sync(tmp_path / "good.json")
    (tmp_path / STATE).write_text("{")
    with pytest.raises(BadDataIdTableError, match="not readable JSON"):
        bench.sets.sync(tmp_path)


def _git(directory: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=directory, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_two_registries_share_a_git_repository(butler_repo: Path, tmp_path: Path) -> None:
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    shared = tmp_path / "shared.git"
    _git(tmp_path, "init", "--bare", "--initial-branch=main", str(shared))
    for name in ("ana", "ben"):
        _git(tmp_path, "clone", str(shared), name)
    ana, ben = tmp_path / "ana", tmp_path / "ben"
    with wb.open(butler_repo) as mine, wb.open(theirs) as other:
        _save(mine, "good")
        assert _outcomes(mine, ana) == {"good": "exported"}
        _git(ana, "add", ".")
        _git(ana, "commit", "-m", "all visits")
        _git(ana, "push", "origin", "HEAD:main")
        _git(ben, "pull", "origin", "main")
        assert _outcomes(other, ben) == {"good": "imported"}
        assert other.load("good") == mine.load("good")

        _save(other, "good", "AND band = 'i'")
        assert _outcomes(other, ben) == {"good": "exported"}
        # One visit a line: the difference is six lines, the digest, and who did it.
        changed = _git(ben, "diff", "--unified=0").splitlines()
        assert sum(line.startswith('-{"instrument"') for line in changed) == 6
        _git(ben, "commit", "-am", "only i")
        _git(ben, "push", "origin", "HEAD:main")
        _git(ana, "pull", "origin", "main")
        assert _outcomes(mine, ana) == {"good": "imported"}
        assert mine.load("good@2") == other.load("good@2")
        assert _outcomes(other, ben) == _outcomes(mine, ana) == {"good": "in step"}


def test_the_words_of_a_colleague_come_with_one_changed_line(butler_repo: Path, tmp_path: Path) -> None:
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    git = tmp_path / "git"
    git.mkdir()
    _git(git, "init", "--initial-branch=main")
    with wb.open(butler_repo) as mine, wb.open(theirs) as other:
        mine.save(mine.select("visit", WHERE), "good", reason="all of COSMOS", author="cleo")
        mine.sets.sync(git)
        _git(git, "add", ".")
        _git(git, "commit", "-m", "Export the sets")
        # What the file says of itself is the word of who saved it, not of who exported it.
        assert _outcomes(other, git) == {"good": "imported"}
        assert other.load("good").provenance.reason == "all of COSMOS"
        assert other.load("good").provenance.author == "cleo"

        for number, visit in enumerate((96860, 96862), 2):
            text = (git / "good.json").read_text()
            (git / "good.json").write_text(text.replace(f'{{"instrument": "HSC", "visit": {visit}}},\n', ""))
            _git(git, "commit", "-am", f"Leave {visit} out: clouds")
            assert _outcomes(mine, git) == {"good": "imported"}
            saved = mine.load("good").provenance
            assert (saved.author, saved.reason) == ("Ana", f"Leave {visit} out: clouds")
            told = mine.sets.reasons("good").to_pylist()
            assert {
                "visit": visit,
                "said": "left out",
                "reason": saved.reason,
                "author": "Ana",
                "by": "good.json",
            }.items() <= {key: value for key, value in told[number - 2].items() if key != "time"}.items()
            # The file is as the colleague left it.
            assert _git(git, "status", "--porcelain", "--", "good.json") == ""
            assert _outcomes(mine, git) == {"good": "in step"}
            _git(git, "add", ".")
            _git(git, "commit", "-m", "In step")
            # The other repository sees it later, and at one of two edits not at all.
        assert _git(git, "diff", "--shortstat", "HEAD~4", "--", "good.json").split(",")[1:] == [
            " 2 deletions(-)\n"
        ]
        assert _outcomes(other, git) == {"good": "imported"}
        assert other.load("good") == mine.load("good")
        # Who takes a change back in git has changed the set.
        _git(git, "revert", "--no-edit", "HEAD~1")
        assert _outcomes(mine, git) == {"good": "imported"}
        assert len(mine.load("good")) == 11
        assert mine.load("good").provenance.reason.startswith('Revert "Leave 96862 out')


def test_the_same_rows_with_other_words(butler_repo: Path, tmp_path: Path) -> None:
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    shared = tmp_path / "shared"
    with wb.open(butler_repo) as mine, wb.open(theirs) as other:
        _save(mine, "good", reason="first")
        assert _outcomes(mine, shared) == _outcomes(mine, shared) | {"good": "exported"}
        assert _outcomes(other, shared) == {"good": "imported"}
        mine.save(mine.load("good"), "good", reason="after a second look", author="ben")
        assert _outcomes(mine, shared) == {"good": "exported"}
        assert _outcomes(other, shared) == {"good": "imported"}
        assert other.sets.history("good")["reason"].to_pylist() == ["first", "after a second look"]
        assert _outcomes(mine, shared) == _outcomes(other, shared) == {"good": "in step"}


def test_what_a_set_was_made_from_travels(butler_repo: Path, tmp_path: Path) -> None:
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    with wb.open(butler_repo) as mine, wb.open(theirs) as other:
        bad = mine.make_set(
            [{"instrument": "HSC", "visit": 96860, "reason": "clouds"}], dimensions=["visit"], role="exclude"
        )
        mine.save(mine.select("visit", WHERE) - bad, "good", reason="without", author="ana")
        mine.sets.sync(tmp_path / "sets")
        assert sorted(path.name for path in (tmp_path / "sets").iterdir()) == [STATE, "good.json"]
        assert _outcomes(other, tmp_path / "sets") == {"good": "imported"}
        assert other.sets.reasons("good").to_pylist() == mine.sets.reasons("good").to_pylist()
        assert other.load("good").provenance.parents == mine.load("good").provenance.parents


def test_a_merge_of_what_is_in_step_is_read(bench: wb.Bench, tmp_path: Path) -> None:
    _save(bench, "good")
    bench.sets.sync(tmp_path)
    (tmp_path / STATE).write_text(
        '[\n<<<<<<< HEAD\n"bad 1f",\n=======\n"bad 2e",\n>>>>>>> theirs\n"good"\n]\n'
    )
    (tmp_path / "good.json").unlink()
    assert _outcomes(bench, tmp_path) == {"bad": "unreadable", "good": "deleted"}
