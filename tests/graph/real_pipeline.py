"""A real pipeline's structure on the real visits, rebuilt by the tools of the real inputs."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from lsst.daf.butler import Butler, CollectionType, DataCoordinate, DimensionGroup
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.sphgeom import RangeSet

INPUTS = ("in/real_pipeline", "HSC/raw/all")
SHARES = (1.0, 0.9, 0.7)
"""How much of the inputs there is: all, or as much of each type at random."""

_DRIVER = """
import json, sys
from pathlib import Path
tools, pipelines, root, target, *graphs = sys.argv[1:]
sys.path.insert(0, tools)
import pipeline_from_facts as tool
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from tests.graph.real_pipeline import fill, thin
whole = set()
with Butler.from_config(root, writeable=True) as butler:
    for name in graphs:
        pipeline, subset = name.split(":")
        facts = json.loads((Path(pipelines) / f"{pipeline}.json").read_text())
        graph = tool.build(facts, subset=None if subset == "all" else subset)
        fill(butler, graph)
        text = SerializedPipelineGraph.serialize(graph).model_dump_json()
        (Path(target) / f"{name}.json").write_text(text)
        whole.update(name for name, node in graph.dataset_types.items() if node.is_prerequisite)
    thin(butler, whole)
"""


def fill(butler: Butler, graph: PipelineGraph) -> None:
    """Register all dataset types of a pipeline and insert its overall inputs, for every data ID.

    With the whole pipeline first, its steps agree on what their inputs are.
    """
    graph.resolve(butler.registry)
    run = INPUTS[0]
    butler.collections.register(run)
    for name, node in graph.dataset_types.items():
        butler.registry.registerDatasetType(node.dataset_type)
        if graph.producer_of(name) is None and not butler.query_datasets(name, run, limit=1, explain=False):
            butler.registry.insertDatasets(node.dataset_type, _every(butler, node.dimensions), run=run)


def _every(butler: Butler, dimensions: DimensionGroup) -> list[DataCoordinate]:
    plain = butler.dimensions.conform(dimensions.names - set(dimensions.skypix))
    data_ids = butler.query_data_ids(plain, limit=None, explain=False) if plain else [{}]
    for name in dimensions.skypix:
        ranges = RangeSet()
        for element in ("tract", "visit"):
            for record in butler.query_dimension_records(element, limit=None, explain=False):
                ranges |= butler.dimensions.skypix_dimensions[name].pixelization.envelope(record.region)
        pixels = [pixel for begin, end in ranges for pixel in range(begin, end)]
        data_ids = [
            DataCoordinate.standardize(one, **{name: pixel}, dimensions=dimensions)
            for one in data_ids
            for pixel in pixels
        ]
    return [butler.registry.expandDataId(one, dimensions=dimensions) for one in data_ids]


def thin(butler: Butler, whole: Collection[str], inputs: Sequence[str] = INPUTS) -> None:
    """Tag random parts of the inputs, each type another part; a quantum without prerequisites is refused."""
    for share in SHARES[1:]:
        (tagged,) = inputs_of(share)
        butler.collections.register(tagged, CollectionType.TAGGED)
        generator = random.Random(tagged)
        for dataset_type in sorted(butler.registry.queryDatasetTypes()):
            found = butler.query_datasets(dataset_type, inputs, limit=None, explain=False)
            # Of what there is one of, such as a sky map, there is no part.
            part = 1.0 if dataset_type.name in whole or len(found) < 3 else share
            chosen = [ref for ref in sorted(found) if generator.random() < part]
            butler.registry.associate(tagged, chosen)


def inputs_of(share: float) -> tuple[str, ...]:
    """Return the collections that hold so much of the inputs."""
    return INPUTS if share == 1.0 else (f"in/thin/{share}",)


@dataclasses.dataclass(frozen=True)
class RealPipeline:
    """A repository and the pipelines that were rebuilt for it."""

    root: Path
    graphs: Path

    def graph(self, pipeline: str, subset: str = "all") -> PipelineGraph:
        text = (self.graphs / f"{pipeline}:{subset}.json").read_text()
        return SerializedPipelineGraph.model_validate_json(text).deserialize(
            TaskImportMode.REQUIRE_CONSISTENT_EDGES
        )


def rebuild(real: Path, directory: Path, *graphs: str) -> RealPipeline:
    """Make a repository of the real visits, with inputs of pipelines: ``name:subset`` or ``name:all``."""
    root = directory / "repo"
    tools = real / "tools"
    _run(tools / "load_hsc_cosmos.py", root, "--registry-only")
    _run("-c", _DRIVER, tools, real / "pipelines", root, directory, *graphs)
    return RealPipeline(root, directory)


def _run(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-3000:]
