"""Nine tasks from raws to forced photometry, for measuring builders; also run as a process.

``python -m tests.benchmarks.nine_tasks BUILDER VARIANT ROOT TARGET`` builds one
graph, writes it to the file TARGET and prints figures as JSON: CPU seconds of
each part, peak memory in MB, counts.  VARIANT is one of `VARIANTS`, `PIXELS`, or a file
that holds a serialized pipeline graph.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsst.daf.butler import Butler
from lsst.pipe.base import PipelineTask
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskImportMode
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.pipe.base.tests.mocks import (
    DynamicConnectionConfig,
    DynamicTestPipelineTask,
    DynamicTestPipelineTaskConfig,
)

from tests.graph.real_pipeline import INPUTS as REAL_INPUTS

# The connections class of the mocks is not exported.
_Connections: Any = DynamicTestPipelineTaskConfig.ConnectionsClass

INPUTS = ("SimCam/defaults",)
OUTPUT, OUTPUT_RUN = "bench", "bench/run"
VARIANTS = ("plain", "calibrated", "adjusting")
PIXELS = "pixels"
"""The variant with more tasks, which work by pixels of the sky."""
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
    made: tuple[str, ...] | None = None  # dimensions of what it makes, if not its own


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

FITTED = ("healpix3", *VISIT)
PIXEL_SHAPES = (
    Shape("fit", ("healpix3", "instrument", "physical_filter"), {"visitTable": VISIT}, "fitted", FITTED),
    Shape("smooth", FITTED, {"fitted": FITTED}, "smoothed"),
    Shape("apply", VISIT, {"smoothed": FITTED}, "applied"),
    Shape("image", ("healpix8", "band"), {"coadded": COADD}, "tile"),
    Shape("mosaic", ("healpix3",), {"tile": ("healpix8", "band")}, "sky"),
)


def make_pipeline(variant: str) -> PipelineGraph:
    """Make the pipeline; ``calibrated`` adds prerequisites, ``adjusting`` a hook to every task."""
    graph = PipelineGraph()
    task: type[PipelineTask] = AdjustingTask if variant == "adjusting" else DynamicTestPipelineTask
    for shape in (*SHAPES, *PIXEL_SHAPES) if variant == PIXELS else SHAPES:
        config = AdjustingConfig() if variant == "adjusting" else DynamicTestPipelineTaskConfig()
        config.dimensions = list(shape.dimensions)
        for name, dimensions in shape.reads.items():
            config.inputs[name] = _connect(name, dimensions)
        config.outputs[shape.makes] = _connect(shape.makes, shape.made or shape.dimensions)
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


def build_stock(
    butler: Butler, pipeline: PipelineGraph, inputs: tuple[str, ...], target: Path
) -> dict[str, Any]:
    """Build and write by the stock middleware."""
    from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder

    began = time.process_time()
    builder = AllDimensionsQuantumGraphBuilder(
        pipeline, butler, input_collections=inputs, output_run=OUTPUT_RUN
    )
    components = builder.finish(output=OUTPUT, attach_datastore_records=False)
    preview = time.process_time() - began
    memory = _peak()
    began = time.process_time()
    components.write(str(target))
    return {
        "load": None,
        "preview": preview,
        "commit": time.process_time() - began,
        "preview_memory": memory,
        "memory": _peak(),
        "quanta": sum(components.header.n_task_quanta.values()),
        "edges": sum(
            len(refs)
            for quantum in components.quantum_datasets.values()
            for side in (quantum.inputs, quantum.outputs)
            for refs in side.values()
        ),
    }


def build_ours(
    butler: Butler, pipeline: PipelineGraph, inputs: tuple[str, ...], target: Path, mode: str
) -> dict[str, Any]:
    """Build and write by ours, and preview again from what is in memory."""
    from workbench.graph import BuildMode, GraphRequest, GraphSource, build_preview
    from workbench.graph.engines.columnar import read_graph_snapshot

    began = time.process_time()
    request = GraphRequest(
        pipeline, inputs, OUTPUT, OUTPUT_RUN, mode=BuildMode(mode), datastore_records=False
    )
    pipeline.resolve(butler.registry)
    snapshot = read_graph_snapshot(butler, request)
    load = time.process_time() - began
    source = GraphSource(butler, snapshot)
    preview = build_preview(source, request, ())
    first = time.process_time() - began
    memory = _peak()
    assert preview.engine == "columnar", preview.engine
    began = time.process_time()
    preview.write(target)
    commit = time.process_time() - began
    whole = _peak()
    columns = preview.columns
    done = {
        "load": load,
        "preview": first,
        "commit": commit,
        "preview_memory": memory,
        "memory": whole,
        "quanta": preview.n_quanta,
        "edges": sum(map(len, columns.inputs.values())) + sum(map(len, columns.outputs.values())),
    }
    if mode == BuildMode.PER_TASK.value:
        constraint = _exclude_one_visit(butler, pipeline)
        began = time.process_time()
        changed = build_preview(source, request, [constraint])
        done["warm"] = time.process_time() - began
        assert changed.n_quanta < preview.n_quanta
    return done


def _exclude_one_visit(butler: Butler, pipeline: PipelineGraph) -> Any:
    """Make a constraint that excludes the first visit from the whole graph."""
    import polars as pl

    from workbench.graph import Mode, ResolvedConstraint, Scope

    group = butler.dimensions.conform(["visit"])
    with butler.query() as query:
        found = query.where(instrument="SimCam").data_ids(["visit"]).order_by("visit").limit(1)
        (visit,) = found
    keys = pl.DataFrame({name: [visit[name]] for name in group.required})
    return ResolvedConstraint(
        "first", Mode.EXCLUDE, Scope.GRAPH, frozenset(pipeline.tasks), "", ((group, keys),)
    )


def _peak() -> float:
    """Peak memory so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _open_pipeline(variant: str) -> tuple[PipelineGraph, tuple[str, ...]]:
    if variant in (*VARIANTS, PIXELS):
        return make_pipeline(variant), INPUTS
    text = Path(variant).read_text()
    graph = SerializedPipelineGraph.model_validate_json(text)
    return graph.deserialize(TaskImportMode.REQUIRE_CONSISTENT_EDGES), REAL_INPUTS


def main(builder: str, variant: str, root: str, target: str) -> None:
    """Build once and print what it took."""
    if builder != "stock":
        import workbench.graph  # noqa: F401 - imports are reported apart
    else:
        import lsst.pipe.base.all_dimensions_quantum_graph_builder  # noqa: F401
    imports = time.process_time()
    with Butler.from_config(root, writeable=False) as butler:
        butler.registry.refresh()
        pipeline, inputs = _open_pipeline(variant)
        done = (
            build_stock(butler, pipeline, inputs, Path(target))
            if builder == "stock"
            else build_ours(butler, pipeline, inputs, Path(target), builder)
        )
    print(json.dumps({**done, "imports": imports, "size": Path(target).stat().st_size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
