"""A read-only demonstration repository and its pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.executed import executed
from tests.graph.incomplete import make_incomplete
from workbench.demo import PIPELINE, create_repository

__all__ = ["executed"]


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a demonstration repository; not to be written to."""
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    return root


@pytest.fixture(scope="session")
def demo_butler(demo_root: Path) -> Iterator[Butler]:
    """Read-only Butler of the demonstration repository."""
    with Butler.from_config(str(demo_root), writeable=False) as butler:
        yield butler


@pytest.fixture
def demo_pipeline(demo_butler: Butler) -> PipelineGraph:
    """The demonstration pipeline, resolved."""
    return Pipeline.from_uri(PIPELINE).to_graph(demo_butler.registry)


@pytest.fixture(scope="session")
def incomplete_root(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a repository of which all, 90 % and 70 % of the inputs are there; not to be written to."""
    root = tmp_path_factory.mktemp("incomplete") / "repo"
    make_incomplete(demo_root, root)
    return root


@pytest.fixture(scope="session")
def incomplete_butler(incomplete_root: Path) -> Iterator[Butler]:
    """Read-only Butler of that repository."""
    with Butler.from_config(str(incomplete_root), writeable=False) as butler:
        yield butler
