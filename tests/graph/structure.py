"""The structure of a real pipeline, from a list of facts that is part of the tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.mocked import Connection, connect, make_pipeline

FACTS = Path(__file__).with_name("structures") / "lsstcam.txt"
STEPS = ("coadd-tracts", "measure-visits", "measure-tracts")

Tasks = dict[str, tuple[list[str], list[Connection]]]


def read_structure(path: Path = FACTS) -> dict[str, Tasks]:
    """Read the tasks of each step; dataset types have names of their own in any repository."""
    steps: dict[str, Tasks] = {}
    connections: list[Connection] = []
    tasks: Tasks = {}
    for line in path.read_text().splitlines():
        head, _, dimensions = line.partition(":")
        match head.split():
            case ["#", *_]:
                continue
            case ["step", name]:
                tasks = steps[name] = {}
            case ["task", label]:
                connections = []
                tasks[label] = (dimensions.split(), connections)
            case [kind, name, storage, number, least]:
                connections.append(_connect(kind, name, storage, number, int(least), dimensions))
    return steps


def _connect(kind: str, name: str, storage: str, number: str, least: int, dimensions: str) -> Connection:
    options: dict[str, object] = {"storage": storage, "multiple": number == "many"}
    if kind != "output":
        options["minimum"] = least
    if kind == "calibration":
        kind, options["isCalibration"] = "prerequisite", True
    names = ["htm7" if one == "skypix" else one for one in dimensions.split()]
    return connect(kind, f"lsst_{name}", names, **options)


def make_structure(steps: Iterable[str]) -> PipelineGraph:
    """Make a pipeline of some steps."""
    structure = read_structure()
    return make_pipeline({label: task for step in steps for label, task in structure[step].items()})
