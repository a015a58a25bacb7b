"""What a reader on Binder gets: a demonstration repository, and the first notebook open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what Binder's steps read, without an installation of its own."""
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    return tmp_path


@pytest.fixture
def environment() -> dict[str, str]:
    """The current interpreter's programs come first, as in Binder's image."""
    return os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def test_post_build_makes_a_repository_that_opens(checkout: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["binder/postBuild"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with Butler.from_config(str(checkout / "demo-repo"), writeable=False) as butler:
        assert len(butler.query_dimension_records("visit", instrument="HSC")) == 12


def test_start_opens_a_notebook_that_exists(checkout: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["binder/start", "echo", "jupyter-lab"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    command, option = done.stdout.split()
    assert command == "jupyter-lab"
    notebook = option.removeprefix("--ServerApp.default_url=/lab/tree/")
    assert (ROOT / notebook).is_file()


def test_requirements_install_the_checkout() -> None:
    """Binder installs what the project declares, with no list of its own to keep in step."""
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-e ."]
