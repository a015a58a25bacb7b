"""Fixtures of the demonstration: its repository, and what its pipeline made there."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.demo import PIPELINE, create_repository

WHERE = "instrument = 'HSC' AND skymap = 'cosmos_rings'"


def run_command(program: str, *arguments: str | Path) -> str:
    """Run a command of this interpreter's environment and return what it printed."""
    command = [str(Path(sys.executable).parent / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def build_graph(
    repo: Path, graph: Path, output: str, *, inputs: str, where: str = WHERE, tasks: str = ""
) -> Path:
    """Build a graph with the stock builder."""
    run_command(
        "pipetask", "--log-level", "WARNING", "qgraph", "-b", repo, "-i", inputs, "-o", output,
        "-p", PIPELINE + (f"#{tasks}" if tasks else ""), "-d", where,
        "--qgraph-datastore-records", "--save-qgraph", graph,
    )  # fmt: skip
    return graph


def execute_graph(repo: Path, graph: Path) -> float:
    """Execute a graph as a batch system would, bring its outputs home, and return the time it took.

    The time is the processor's, in s: other work on the machine does not count.
    """
    run_command("pipetask", "--log-level", "WARNING", "pre-exec-init-qbb", repo, graph)
    before = os.times()
    run_command("pipetask", "--log-level", "WARNING", "run-qbb", repo, graph)
    after = os.times()
    run_command(
        "butler", "transfer-from-graph", graph, repo, "--register-dataset-types", "--update-output-chain"
    )
    return after.children_user + after.children_system - before.children_user - before.children_system


@dataclasses.dataclass(frozen=True, slots=True)
class Processed:
    """A repository with the whole pipeline's outputs, the graph that made them, and the time it took (s)."""

    repo: Path
    graph: Path
    seconds: float


@pytest.fixture(scope="session")
def demo_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration repository; not to be written to."""
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    return root


@pytest.fixture
def demo_repo(demo_master: Path, tmp_path: Path) -> Path:
    """A demonstration repository of one's own."""
    return Path(shutil.copytree(demo_master, tmp_path / "demo-repo"))


@pytest.fixture(scope="session")
def survey_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demonstration repository with three visits of the survey; not to be written to."""
    root = tmp_path_factory.mktemp("demo") / "survey"
    create_repository(root, survey=3)
    return root


@pytest.fixture(scope="session")
def processed_master(demo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Processed:
    """The demonstration with all outputs of its pipeline; not to be written to."""
    directory = tmp_path_factory.mktemp("processed")
    repo = Path(shutil.copytree(demo_master, directory / "repo"))
    graph = build_graph(repo, directory / "all.qg", "u/demo/all", inputs="HSC/defaults")
    return Processed(repo, graph, execute_graph(repo, graph))
