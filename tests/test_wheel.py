"""The wheel holds what the package reads at run time, not Python alone."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_tracked_file_of_the_package_is_in_the_wheel(wheel_names: set[str]) -> None:
    command = ["git", "ls-files", "workbench"]
    tracked = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    assert tracked
    assert [name for name in tracked if name not in wheel_names and (ROOT / name).exists()] == []


@pytest.mark.parametrize("kind", ["py.typed", ".yaml", ".ecsv", ".csv", ".js"])
def test_each_kind_of_data_file_is_in_the_wheel(wheel_names: set[str], kind: str) -> None:
    assert [name for name in wheel_names if name.startswith("workbench/") and name.endswith(kind)]


def test_the_wheel_holds_nothing_else(wheel_names: set[str]) -> None:
    """Neither tests nor notebooks are installed; the licence is."""
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"workbench"}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)
