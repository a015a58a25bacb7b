"""Tasks whose dimensions and connections their configuration gives, and datasets without files for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsst.daf.butler import Butler, DatasetRef, DatasetType
from lsst.pex.config import Field
from lsst.pipe.base import PipelineTask, PipelineTaskConfig, PipelineTaskConnections, Struct
from lsst.pipe.base import connectionTypes as cT
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.tests.mocks import MockStorageClass

KINDS = {
    "init_input": cT.InitInput,
    "init_output": cT.InitOutput,
    "input": cT.Input,
    "prerequisite": cT.PrerequisiteInput,
    "output": cT.Output,
}
DICT = "StructuredDataDict"
EXPOSURE = "ExposureF"
"""A storage class with components; its mock has them too."""


class MockedConnections(PipelineTaskConnections, dimensions=()):
    """Connections as ``config.spec`` has them, in JSON."""

    def __init__(self, *, config: MockedConfig):
        spec = json.loads(config.spec)
        self.dimensions.update(spec["dimensions"])
        for name, (kind, options) in spec["connections"].items():
            setattr(self, name, KINDS[kind](doc="", **options))

    def getSpatialBoundsConnections(self) -> Iterable[str]:  # noqa: N802
        return list(json.loads(self.config.spec)["spatial_bounds"])  # type: ignore[attr-defined]


class MockedConfig(PipelineTaskConfig, pipelineConnections=MockedConnections):
    spec = Field[str](doc="Dimensions and connections.", default='{"dimensions": [], "connections": {}}')


class MockedTask(PipelineTask):
    ConfigClass = MockedConfig
    _DefaultName = "mocked"

    def run(self, **kwargs: Any) -> Struct:
        return Struct(**kwargs)


Connection = tuple[str, dict[str, Any]]


def connect(kind: str, name: str, dimensions: Sequence[str] = (), **options: Any) -> Connection:
    """Describe a connection; its storage class is ``real``, or the mock of ``storage``."""
    storage, real = options.pop("storage", DICT), options.pop("real", "")
    mock = real or MockStorageClass.get_or_register_mock(storage).name
    described = {"name": name, "storageClass": mock, **options}
    if not kind.startswith("init"):
        described["dimensions"] = sorted(dimensions)
    return kind, described


def reads(name: str, *dimensions: str, **options: Any) -> Connection:
    return connect("input", name, dimensions, multiple=True, **options)


def makes(name: str, *dimensions: str, **options: Any) -> Connection:
    return connect("output", name, dimensions, **options)


def add_task(
    graph: PipelineGraph,
    label: str,
    dimensions: Iterable[str],
    *connections: Connection,
    spatial_bounds: Sequence[str] = (),
) -> None:
    """Add a task; its connections are called c0, c1, ..."""
    config = MockedConfig()
    named = {f"c{number}": connection for number, connection in enumerate(connections)}
    config.spec = json.dumps(
        {"dimensions": sorted(dimensions), "connections": named, "spatial_bounds": list(spatial_bounds)}
    )
    graph.add_task(label, MockedTask, config)


def make_pipeline(tasks: Mapping[str, tuple[Sequence[str], Sequence[Connection]]]) -> PipelineGraph:
    """Make a pipeline of such tasks."""
    graph = PipelineGraph()
    for label, (dimensions, connections) in tasks.items():
        add_task(graph, label, dimensions, *connections)
    graph.sort()
    return graph


def insert(
    butler: Butler,
    run: str,
    name: str,
    dimensions: Iterable[str],
    *,
    storage: str = DICT,
    calibration: bool = False,
    where: str = "",
    every: int = 1,
) -> list[DatasetRef]:
    """Register a dataset type and insert one dataset for every so many data IDs that there are."""
    butler.collections.register(run)
    mock = MockStorageClass.get_or_register_mock(storage)
    group = butler.dimensions.conform(dimensions)
    dataset_type = DatasetType(name, group, mock, isCalibration=calibration)
    butler.registry.registerDatasetType(dataset_type)
    data_ids = sorted(butler.query_data_ids(group, where=where, explain=False, limit=None))
    return butler.registry.insertDatasets(dataset_type, data_ids[::every], run=run)
