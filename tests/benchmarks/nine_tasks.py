"""Nine tasks from raws to forced photometry, for measuring builders; also run as a process.

``python -m tests.benchmarks.nine_tasks BUILDER VARIANT ROOT`` builds one graph
and prints figures as JSON: CPU seconds of each part, peak memory, counts.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler
from lsst.pipe.base import PipelineTask
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.tests.mocks import (
    DynamicConnectionConfig,
    DynamicTestPipelineTask,
    DynamicTestPipelineTaskConfig,
)

# The connections class of the mocks is not exported.
_Connections: Any = DynamicTestPipelineTaskConfig.ConnectionsClass

INPUTS = ("SimCam/defaults",)
VARIANTS = ("plain", "calibrated", "adjusting")
STORAGE = "StructuredDataDict"

EXPOSURE = ("instrument", "exposure", "detector")
DETECTOR = ("instrument", "visit", "detector")
VISIT = ("instrument", "visit")
WARP = ("instrument", "visit", "skymap", "tract", "patch")
COADD = ("skymap", "tract", "patch", "band")
PATCH = ("skymap", "tract", "patch")
FORCED = ("instrument", "visit", "detector", "skymap", "tract")


class AdjustingConnections(_Connections):
    """Connections that override ``adjustQuantum``, and leave everything as it is."""

    def adjustQuantum(self, inputs: Any, outputs: Any, label: str, data_id: Any) -> Any:  # noqa: N802
        return super().adjustQuantum(inputs, outputs, label, data_id)


class AdjustingConfig(DynamicTestPipelineTaskConfig, pipelineConnections=AdjustingConnections):
    """Configuration of `AdjustingTask`."""


class AdjustingTask(DynamicTestPipelineTask):
    """A task whose connections have a hook."""

    ConfigClass = AdjustingConfig


@dataclasses.dataclass(frozen=True)
class Shape:
    """One task: what it reads, from where, and what it makes."""

    label: str
    dimensions: tuple[str, ...]
    reads: dict[str, tuple[str, ...]]
    makes: str


SHAPES = (
    Shape("isr", EXPOSURE, {"raw": EXPOSURE}, "postIsr"),
    Shape("characterize", DETECTOR, {"postIsr": EXPOSURE}, "icExp"),
    Shape("calibrate", DETECTOR, {"icExp": DETECTOR}, "calexp"),
    Shape("consolidate", VISIT, {"calexp": DETECTOR}, "visitTable"),
    Shape("warp", WARP, {"calexp": DETECTOR, "visitTable": VISIT}, "warped"),
    Shape("coadd", COADD, {"warped": WARP}, "coadded"),
    Shape("detect", COADD, {"coadded": COADD}, "detected"),
    Shape("merge", PATCH, {"detected": COADD}, "merged"),
    Shape("forced", FORCED, {"calexp": DETECTOR, "merged": PATCH}, "forcedTable"),
)


def make_pipeline(variant: str) -> PipelineGraph:
    """Make the pipeline; ``calibrated`` adds prerequisites, ``adjusting`` a hook to every task."""
    graph = PipelineGraph()
    task: type[PipelineTask] = AdjustingTask if variant == "adjusting" else DynamicTestPipelineTask
    for shape in SHAPES:
        config = AdjustingConfig() if variant == "adjusting" else DynamicTestPipelineTaskConfig()
        config.dimensions = list(shape.dimensions)
        for name, dimensions in shape.reads.items():
            config.inputs[name] = _connect(name, dimensions)
        config.outputs[shape.makes] = _connect(shape.makes, shape.dimensions)
        if variant == "calibrated" and shape.label == "isr":
            config.prerequisite_inputs["bias"] = _connect(
                "bias", ("instrument", "detector"), is_calibration=True
            )
            config.prerequisite_inputs["flat"] = _connect(
                "flat", ("instrument", "detector", "physical_filter"), is_calibration=True
            )
        if variant == "calibrated" and shape.label in {"coadd", "warp"}:
            config.prerequisite_inputs["skymap_definition"] = _connect("skymap_definition", ("skymap",))
        graph.add_task(shape.label, task, config)
    graph.sort()
    return graph


def _connect(name: str, dimensions: Sequence[str], **options: bool) -> DynamicConnectionConfig:
    config = DynamicConnectionConfig()
    config.dataset_type_name = name
    config.dimensions = list(dimensions)
    config.storage_class = STORAGE
    config.mock_storage_class = False
    config.multiple = not options
    config.minimum = 1
    for option, value in options.items():
        setattr(config, option, value)
    return config


def build_stock(butler: Butler, pipeline: PipelineGraph) -> dict[str, Any]:
    """Build and write by the stock middleware."""
    from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder

    began = time.process_time()
    builder = AllDimensionsQuantumGraphBuilder(
        pipeline, butler, input_collections=INPUTS, output_run="bench/run"
    )
    components = builder.finish(output="bench", attach_datastore_records=False)
    preview = time.process_time() - began
    memory = _peak()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as directory:
        components.write(f"{directory}/graph.qg")
        size = Path(directory, "graph.qg").stat().st_size
    return {
        "preview": preview,
        "commit": time.process_time() - began,
        "preview_memory": memory,
        "size": size,
        "quanta": components.header.n_task_quanta,
        "edges": sum(
            len(refs)
            for quantum in components.quantum_datasets.values()
            for side in (quantum.inputs, quantum.outputs)
            for refs in side.values()
        ),
    }


def build_ours(butler: Butler, pipeline: PipelineGraph, mode: str) -> dict[str, Any]:
    """Build and write by ours, and preview again from what is in memory."""
    from workbench.graph import BuildMode, GraphRequest, GraphSource, build_preview

    began = time.process_time()
    request = GraphRequest(
        pipeline, INPUTS, "bench", "bench/run", mode=BuildMode(mode), datastore_records=False
    )
    source = GraphSource(butler)
    preview = build_preview(source, request, ())
    first = time.process_time() - began
    memory = _peak()
    assert preview.engine == "columnar", preview.engine
    began = time.process_time()
    with tempfile.TemporaryDirectory() as directory:
        preview.write(Path(directory, "graph.qg"))
        size = Path(directory, "graph.qg").stat().st_size
    commit = time.process_time() - began
    columns = preview.columns
    edges = sum(map(len, columns.inputs.values())) + sum(map(len, columns.outputs.values()))
    began = time.process_time()
    build_preview(source, dataclasses.replace(request, growth_limit=3.0), ())
    return {
        "preview": first,
        "commit": commit,
        "warm": time.process_time() - began,
        "preview_memory": memory,
        "size": size,
        "quanta": preview.n_quanta_by_task,
        "edges": edges,
    }


def _peak() -> float:
    """Peak memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(builder: str, variant: str, root: str) -> None:
    """Build once and print what it took."""
    if builder != "stock":
        import workbench.graph  # noqa: F401 - imports are reported apart
    else:
        import lsst.pipe.base.all_dimensions_quantum_graph_builder  # noqa: F401
    imports = time.process_time()
    with Butler.from_config(root, writeable=False) as butler:
        butler.registry.refresh()
        pipeline = make_pipeline(variant)
        done = build_stock(butler, pipeline) if builder == "stock" else build_ours(butler, pipeline, builder)
    print(json.dumps({**done, "imports": imports, "memory": _peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
