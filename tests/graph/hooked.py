"""A small pipeline whose connections do everything that the stock builder knows.

measure {visit, detector} -> gather {visit} -> stack {tract, patch, band} -> plot {instrument}
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lsst.daf.butler import DatasetRef, DatasetType
from lsst.pex.config import Field
from lsst.pipe.base import NoWorkFound, PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base.connectionTypes import InitInput, InitOutput, Input, Output, PrerequisiteInput
from lsst.pipe.base.pipeline_graph import PipelineGraph

DICT = "StructuredDataDict"
LOST_VISIT = 58260


def look_up(
    dataset_type: DatasetType, registry: Any, data_id: Any, collections: Iterable[str]
) -> Iterable[DatasetRef]:
    """Find the bias of the lowest detector for everything."""
    found = registry.queryDatasets(dataset_type, collections=["HSC/calib/DM-0/20150101"], findFirst=True)
    return sorted(found, key=lambda ref: ref.dataId["detector"])[:1]


class MeasureConnections(PipelineTaskConnections, dimensions=("instrument", "visit", "detector")):
    raw = Input(
        name="raw",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "exposure", "detector"),
        multiple=True,
        deferLoad=True,
    )
    bias = PrerequisiteInput(
        name="bias", doc="", storageClass=DICT, dimensions=("instrument", "detector"), isCalibration=True
    )
    flat = PrerequisiteInput(
        name="flat",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "detector", "physical_filter"),
        isCalibration=True,
        minimum=0,
    )
    extra = Input(
        name="absent", doc="", storageClass=DICT, dimensions=("instrument", "visit", "detector"), minimum=0
    )
    setup = InitOutput(name="measure_setup", doc="", storageClass=DICT)
    table = Output(name="table", doc="", storageClass=DICT, dimensions=("instrument", "visit", "detector"))
    image = Output(name="image", doc="", storageClass=DICT, dimensions=("instrument", "visit", "detector"))

    def adjustQuantum(self, inputs: Any, outputs: Any, label: str, data_id: Any) -> Any:  # noqa: N802
        if "reject" in self.config.hooks and data_id["visit"] == LOST_VISIT and data_id["detector"] < 51:
            raise NoWorkFound("clouds")
        if "unmake" in self.config.hooks and data_id["detector"] == 49:
            connection, _ = outputs["image"]
            return {}, {"image": (connection, [])}
        assert data_id.records["visit"].name
        return super().adjustQuantum(inputs, outputs, label, data_id)


class PlainMeasureConnections(MeasureConnections, dimensions=("instrument", "visit", "detector")):
    adjustQuantum = PipelineTaskConnections.adjustQuantum  # noqa: N815


class GatherConnections(PipelineTaskConnections, dimensions=("instrument", "visit")):
    setup = InitInput(name="measure_setup", doc="", storageClass=DICT)
    tables = Input(
        name="table",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        minimum=4,
    )
    images = Input(
        name="image",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
        minimum=0,
        deferGraphConstraint=True,
    )
    found = PrerequisiteInput(
        name="bias",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "detector"),
        isCalibration=True,
        multiple=True,
        lookupFunction=look_up,
    )
    visits = Output(name="visits", doc="", storageClass=DICT, dimensions=("instrument", "visit"))

    def adjustQuantum(self, inputs: Any, outputs: Any, label: str, data_id: Any) -> Any:  # noqa: N802
        if "drop" in self.config.hooks:
            connection, refs = inputs["images"]
            return {"images": (connection, [ref for ref in refs if ref.dataId["detector"] % 2])}, {}
        return super().adjustQuantum(inputs, outputs, label, data_id)


class TogetherConnections(GatherConnections, dimensions=("instrument", "visit")):
    """Every other visit is gathered with the one before: inputs are added, outputs move, quanta go."""

    visits = Output(
        name="visits", doc="", storageClass=DICT, dimensions=("instrument", "visit"), multiple=True
    )

    def adjust_all_quanta(self, adjuster: Any) -> None:
        visits = sorted(adjuster.iter_data_ids(), key=lambda data_id: data_id["visit"])
        assert adjuster.expand_quantum_data_id(visits[0]).records["visit"].name
        assert adjuster.butler.collections.defaults
        for kept, merged in zip(visits[::2], visits[1::2], strict=False):
            for connection in ("tables", "images"):
                for data_id in adjuster.get_inputs(merged)[connection]:
                    adjuster.add_input(kept, connection, data_id)
            for dataset_id in adjuster.get_prerequisite_inputs(merged)["found"]:
                adjuster.add_prerequisite_input(kept, "found", dataset_id)
            for data_id in adjuster.get_outputs(merged)["visits"]:
                adjuster.move_output(kept, "visits", data_id)
            if "keep" not in self.config.hooks:
                adjuster.remove_quantum(merged)
            elif "keep none" in self.config.hooks or merged["visit"] % 16 == 4:
                adjuster.remove_quantum(kept)


class StackConnections(PipelineTaskConnections, dimensions=("skymap", "tract", "patch", "band")):
    images = Input(
        name="image",
        doc="",
        storageClass=DICT,
        dimensions=("instrument", "visit", "detector"),
        multiple=True,
    )
    visits = Input(
        name="visits", doc="", storageClass=DICT, dimensions=("instrument", "visit"), multiple=True
    )
    skymap = PrerequisiteInput(name="skymap_definition", doc="", storageClass=DICT, dimensions=("skymap",))
    stack = Output(name="stacked", doc="", storageClass=DICT, dimensions=("skymap", "tract", "patch", "band"))


class PlotConnections(PipelineTaskConnections, dimensions=("instrument",)):
    visits = Input(
        name="visits", doc="", storageClass=DICT, dimensions=("instrument", "visit"), multiple=True
    )
    plot = Output(name="plotted", doc="", storageClass=DICT, dimensions=("instrument", "band"), multiple=True)


class _Task(PipelineTask):
    _DefaultName = "hooked"

    def run(self, **kwargs: Any) -> Struct:
        return Struct(**kwargs)


class _Config(PipelineTaskConfig, pipelineConnections=GatherConnections):
    hooks = Field[str](doc="Hooks that do something.", default="")


class MeasureConfig(_Config, pipelineConnections=MeasureConnections):
    pass


class PlainMeasureConfig(_Config, pipelineConnections=PlainMeasureConnections):
    pass


class StackConfig(_Config, pipelineConnections=StackConnections):
    pass


class TogetherConfig(_Config, pipelineConnections=TogetherConnections):
    pass


class PlotConfig(_Config, pipelineConnections=PlotConnections):
    pass


class MeasureTask(_Task):
    ConfigClass = MeasureConfig


class PlainMeasureTask(_Task):
    ConfigClass = PlainMeasureConfig


class GatherTask(_Task):
    ConfigClass = _Config


class TogetherTask(_Task):
    ConfigClass = TogetherConfig


class StackTask(_Task):
    ConfigClass = StackConfig


class PlotTask(_Task):
    ConfigClass = PlotConfig


def make_pipeline(hooks: str = "", *labels: str) -> PipelineGraph:
    """Make the pipeline, or some of its tasks."""
    graph = PipelineGraph()
    measure = MeasureTask if hooks else PlainMeasureTask
    for label, task in (
        ("measure", measure),
        ("gather", TogetherTask if "together" in hooks else GatherTask),
        ("stack", StackTask),
        ("plot", PlotTask),
    ):
        if not labels or label in labels:
            config = task.ConfigClass()
            config.hooks = hooks
            graph.add_task(label, task, config)
    graph.sort()
    return graph
