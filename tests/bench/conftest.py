"""A bench on a demonstration repository of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, Config

from tests.executed import executed
from workbench.bench import Bench, open_bench
from workbench.demo import fill_repository, modelled_metrics
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


@pytest.fixture
def postgres_bench(postgres_database: str, tmp_path: Path) -> Iterator[Bench]:
    """A repository whose registry is in PostgreSQL."""
    root = tmp_path / "repo"
    Butler.makeRepo(str(root), config=Config({"registry": {"db": postgres_database}}), forceConfigRoot=False)
    with Butler.from_config(str(root), writeable=True) as butler:
        fill_repository(butler)
    with open_bench(root) as bench:
        bench.metrics.write(modelled_metrics(), source="modelled, seed=2017")
        yield bench
