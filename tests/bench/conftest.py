"""A bench on a demonstration repository of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.executed import executed
from workbench.bench import Bench, open_bench
from workbench.demo.main_job import create

__all__ = ["bench", "executed"]


@pytest.fixture(scope="session")
def _demo_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bench") / "repo"
    create(root)
    return root


@pytest.fixture
def bench(_demo_master: Path, tmp_path: Path) -> Iterator[Bench]:
    """Bench on a fresh copy of the demonstration repository."""
    with open_bench(shutil.copytree(_demo_master, tmp_path / "repo")) as found:
        yield found
