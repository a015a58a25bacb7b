"""A real pipeline's structure on the real visits, rebuilt by the tools of the real inputs."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph

INPUTS = ("in/real_pipeline", "HSC/raw/all")

_DRIVER = """
import json, sys
from pathlib import Path
tools, pipelines, root, target, *graphs = sys.argv[1:]
sys.path.insert(0, tools)
import pipeline_from_facts as tool
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
with Butler.from_config(root, writeable=True) as butler:
    for name in graphs:
        pipeline, subset = name.split(":")
        facts = json.loads((Path(pipelines) / f"{pipeline}.json").read_text())
        graph = tool.build(facts, subset=None if subset == "all" else subset)
        tool.make_inputs(butler, graph, "in/real_pipeline")
        text = SerializedPipelineGraph.serialize(graph).model_dump_json()
        (Path(target) / f"{name}.json").write_text(text)
"""


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
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr[-3000:]
