"""A graph of ours, executed by the stock tools: the same outputs as the stock graph."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler, DatasetRef
from lsst.pipe.base import Pipeline
from lsst.pipe.base.quantum_graph import ProvenanceQuantumGraphReader

from tests.demo.conftest import build_graph, run_command
from tests.graph.statements import constraint_on
from workbench.demo import PIPELINE
from workbench.graph import BuildMode, GraphRequest, Mode, build_preview, read_graph

VISITS = (18202, 19676, 96954)
TRACT = 3
WHERE = (
    f"instrument = 'HSC' AND skymap = 'cosmos_rings' AND tract = {TRACT} "
    f"AND visit IN ({', '.join(map(str, VISITS))})"
)


@dataclasses.dataclass(frozen=True)
class Executed:
    """A repository in which a graph was executed."""

    root: Path
    graph: Path
    output: str


def build(root: Path, path: Path) -> Path:
    """Build by ours what the stock builder builds with `WHERE`, and write it."""
    with Butler.from_config(str(root), writeable=False) as butler:
        pipeline = Pipeline.from_uri(PIPELINE).to_graph(butler.registry)
        request = GraphRequest(pipeline, ("HSC/defaults",), "u/run", "u/run/1", mode=BuildMode.ALL_DIMENSIONS)
        visits = [("HSC", visit) for visit in VISITS]
        constraints = [
            constraint_on(butler, Mode.INCLUDE, ("tract",), [("cosmos_rings", TRACT)]),
            constraint_on(butler, Mode.INCLUDE, ("visit",), visits),
        ]
        build_preview(butler, request, constraints).write(path)
    return path


def execute(root: Path, graph: Path) -> None:
    run_command("pipetask", "--log-level", "WARNING", "pre-exec-init-qbb", root, graph)
    run_command("pipetask", "--log-level", "WARNING", "run-qbb", root, graph)


@pytest.fixture(scope="module")
def ours(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Executed:
    root = Path(shutil.copytree(demo_root, tmp_path_factory.mktemp("ours") / "repo"))
    graph = build(root, root.parent / "ours.qg")
    execute(root, graph)
    return Executed(root, graph, "u/run")


@pytest.fixture(scope="module")
def stock(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Executed:
    root = Path(shutil.copytree(demo_root, tmp_path_factory.mktemp("stock") / "repo"))
    graph = build_graph(root, root.parent / "stock.qg", "u/run", inputs="HSC/defaults", where=WHERE)
    execute(root, graph)
    return Executed(root, graph, "u/run")


def bring_home(executed: Executed, directory: Path) -> Path:
    """Register the outputs in a repository of one's own."""
    root = Path(shutil.copytree(executed.root, directory))
    run_command(
        "butler", "transfer-from-graph", executed.graph, root,
        "--register-dataset-types", "--update-output-chain",
    )  # fmt: skip
    return root


def read_outputs(root: Path, output: str) -> dict[tuple[str, tuple[object, ...]], Any]:
    """All that was made, by dataset type and data ID; logs and timings aside."""
    found = {}
    with Butler.from_config(str(root), writeable=False) as butler:
        (chain,) = butler.collections.query_info([output])
        for name in (
            butler.collections.query_info(chain.children[0], include_summary=True)[0].dataset_types or ()
        ):
            for ref in butler.query_datasets(name, chain.children[0], explain=False, limit=None):
                found[name, ref.dataId.required_values] = _content(butler, ref)
    return found


def _content(butler: Butler, ref: DatasetRef) -> Any:
    name = ref.datasetType.name
    if name.endswith("_log"):
        return len(butler.get(ref)) >= 0
    content = butler.get(ref)
    if name.endswith("_metadata"):
        return sorted(content.names())
    if isinstance(content, Table):
        return {column: np.asarray(content[column]).tolist() for column in content.colnames}
    if name.endswith("_config"):
        return content.toDict()
    return content


def test_same_outputs(ours: Executed, stock: Executed, tmp_path: Path) -> None:
    mine = read_outputs(bring_home(ours, tmp_path / "ours"), ours.output)
    theirs = read_outputs(bring_home(stock, tmp_path / "stock"), stock.output)
    assert mine.keys() == theirs.keys()
    different = [key for key in mine if mine[key] != theirs[key]]
    assert not different, different[:5]
    made = read_graph(ours.graph)
    expected = sum(len(made.datasets[name]) for name in made.datasets if (made.producers()[name] >= 0).any())
    assert len(mine) > expected > 100  # the init outputs are among them, too


@pytest.mark.as_run
def test_what_ran_is_aggregated(ours: Executed, tmp_path: Path) -> None:
    root = Path(shutil.copytree(ours.root, tmp_path / "repo"))
    run_command(
        "butler", "aggregate-graph", ours.graph, root, "--complete",
        "--register-dataset-types", "--update-output-chain", "-o", tmp_path / "ran.qg",
    )  # fmt: skip
    with ProvenanceQuantumGraphReader.open(str(tmp_path / "ran.qg")) as reader:
        reader.read_full_graph()
        ran = reader.graph
    planned = read_graph(ours.graph)
    counts = {label: len(quanta) for label, quanta in ran.quanta_by_task.items()}
    assert counts == planned.n_quanta_by_task
    with Butler.from_config(str(root), collections=ours.output, writeable=False) as butler:
        n_metrics = planned.n_quanta_by_task["patchMetrics"]
        assert len(butler.query_datasets("patch_metrics", explain=False)) == n_metrics > 0
