"""Files that are named only when whole, and what killed writers leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.registry.scratch import find_leftovers, replacing, sweep
from workbench.sets.files.set_file import replace_file

HANG = """
import sys, time
from pathlib import Path
from workbench.registry.scratch import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(600)
"""


def start_writer(path: Path) -> subprocess.Popen[str]:
    """Start a process that is in the middle of writing a file."""
    writer = subprocess.Popen([sys.executable, "-c", HANG, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    return writer


def test_a_living_writer_is_left_alone_and_a_killed_one_swept(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    path.write_text("before")
    with start_writer(path) as writer:
        (alive,) = sweep(tmp_path)
        assert "a process is at work on it" in alive.reason
        assert alive.path.exists()
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    assert path.read_text() == "before"
    (dead,) = find_leftovers(tmp_path)
    assert dead.reason == ""
    assert dead.path.read_bytes() == b"half"
    assert sweep(tmp_path) == [dead]
    assert [one.name for one in tmp_path.iterdir()] == ["late.json"]


def test_the_next_writer_of_a_file_sweeps_what_the_last_left(tmp_path: Path) -> None:
    path, other = tmp_path / "late.json", tmp_path / ".other.json.0123abcd.part"
    other.touch()
    with start_writer(path) as writer:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    replace_file(path, "whole")
    assert path.read_text() == "whole"
    assert sorted(one.name for one in tmp_path.iterdir()) == [other.name, path.name]


def test_a_failed_writer_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "late.json"
    with pytest.raises(ValueError, match="must be"), replacing(path) as stream:
        stream.write(bytes([256]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", [".butler.yaml-ab12cd_e", ".late.json.x0y1z2w3", "..workbench-sync.json.x0y1z2w3"]
)
def test_leftovers_of_earlier_releases_are_swept_when_old(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.touch()
    (young,) = sweep(tmp_path)
    assert "may be under way" in young.reason
    os.utime(path, (time.time() - 3600,) * 2)
    sweep(tmp_path)
    assert not path.exists()


@pytest.mark.parametrize(
    "name", [".gitignore", "late.json", ".late.json.part", ".late.json.swp", ".late.json.aB3dE6", "a.part"]
)
def test_what_is_not_ours_is_left_alone(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.touch()
    os.utime(path, (0, 0))
    assert sweep(tmp_path) == []
    assert path.exists()
