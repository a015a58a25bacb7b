"""Errors at the edges."""

from __future__ import annotations

import errno
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from workbench.cli.root import EdgeGroup
from workbench.errors import ServeError
from workbench.faults import describe_error


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def fail() -> None:
    raise ZeroDivisionError("of a kind")


def test_a_fault_is_a_sentence_and_its_detail_a_file(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    text = describe_error(caught.value)
    assert text.startswith("ZeroDivisionError: of a kind\nThis was not foreseen")
    (saved,) = tmp_path.rglob("fault-*.txt")
    assert str(saved) in text
    assert "in fail" in saved.read_text()
    assert saved.stat().st_mode & 0o077 == 0


def test_where_nothing_can_be_saved_the_sentence_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nothing")
    assert "could not be saved" in describe_error(ValueError("x"))


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    for _ in range(35):
        describe_error(ValueError("x"))
    assert len([*tmp_path.rglob("fault-*.txt")]) == 30


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/repo/butler.yaml"), "The disk is full: /repo"),
        (OSError(errno.EIO, "Input/output error"), "The disk or the network file system failed."),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "There is no permission for that: x."),
        (ServeError("Port 1 is taken."), "Port 1 is taken."),
    ],
)
def test_what_is_no_fault_saves_nothing(error: OSError, said: str, tmp_path: Path) -> None:
    assert describe_error(error).startswith(said)
    assert not [*tmp_path.rglob("fault-*.txt")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("oh"), "Error (fault): ZeroDivisionError: oh"),
        (OSError(errno.ENOSPC, "No space left"), "Error (system): The disk is full"),
        (RecursionError(), "Error (fault): RecursionError: no reason is given"),
    ],
)
def test_a_command_never_ends_in_a_traceback(error: Exception, said: str) -> None:
    @click.group(cls=EdgeGroup)
    def group() -> None:
        pass

    @group.command()
    def broken() -> None:
        raise error

    done = CliRunner().invoke(group, ["broken"])
    assert done.exit_code == 1
    assert done.output.startswith(said)
    assert "Traceback" not in done.output
