"""The neighbourhood of a quantum, against the edges of the stock graph and against the constraints."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline

from tests.graph.test_build import BAD, constrain, make_request
from workbench.demo import PIPELINE
from workbench.errors import UnknownNameError
from workbench.graph import Mode, PartialPolicy, Preview, Stage, build_preview


def _preview(butler: Butler, policy: PartialPolicy = PartialPolicy.COMPLETE, **scope: object) -> Preview:
    pipeline = Pipeline.from_uri(PIPELINE).to_graph(butler.registry)
    bad = constrain(butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], pipeline=pipeline, name="bad", **scope)  # type: ignore[arg-type]
    return build_preview(butler, make_request(pipeline, policy=policy), [bad])


@pytest.fixture(scope="module")
def preview(demo_butler: Butler) -> Preview:
    """The demonstration's graph without one visit in the coadds."""
    return _preview(demo_butler, tasks=("coadd",))


def _text(data_id: Mapping[str, object], names: Iterable[str]) -> str:
    return ", ".join(f"{name}={data_id[name]}" for name in names)


@pytest.mark.parametrize("task", ["calibrate", "summarizeVisit", "warp", "coadd", "patchMetrics"])
def test_the_edges_of_every_quantum_are_those_of_the_stock_graph(preview: Preview, task: str) -> None:
    stock = preview.assemble()
    quanta = {
        label: stock.build_execution_quanta(task_label=label)
        for label in preview.graph.labels
        if preview.n_quanta_by_task[label]
    }
    users: dict[object, set[tuple[str, str]]] = collections.defaultdict(set)
    for label, found in quanta.items():
        for quantum in found.values():
            names = preview.graph.tasks[label].dimensions.required
            for refs in quantum.inputs.values():
                for ref in refs:
                    users[ref.id].add((label, _text(quantum.dataId, names)))
    for quantum in list(quanta[task].values())[:6]:
        given = dict(quantum.dataId.required)
        around = preview.neighbourhood(task, given)
        rows = [row for row in around.datasets.to_pylist() if row["state"] == "kept"]
        sides: dict[str, set[tuple[str, str]]] = {}
        for direction, of_layer, stock_side in (
            ("input", -1, quantum.inputs),
            ("output", 1, quantum.outputs),
        ):
            sides[direction] = {
                (row["dataset_type"], row["data_id"])
                for row in rows
                if row["direction"] == direction and row["layer"] == of_layer
            }
            assert sides[direction] == {
                (ref.datasetType.name, _text(ref.dataId, ref.datasetType.dimensions.required))
                for refs in stock_side.values()
                for ref in refs
            }
        kept = [row for row in around.quanta.to_pylist() if row["stage"] == "kept"]
        assert {(row["task"], row["data_id"]) for row in kept if row["layer"] == 2} == {
            user for refs in quantum.outputs.values() for ref in refs for user in users[ref.id]
        }
        assert sides["input"]
        assert sides["output"]


def test_what_is_excluded_says_by_what(preview: Preview) -> None:
    patch = next(
        row
        for row in preview.quanta("coadd").to_pylist()
        if any(
            edge["visit"] == BAD and edge["patch"] == row["patch"] and edge["tract"] == row["tract"]
            for edge in preview.quanta("warp").to_pylist()
        )
        and row["band"] == "i"
    )
    given = {name: patch[name] for name in ("skymap", "tract", "patch", "band")}
    around = preview.neighbourhood("coadd", given)
    excluded = [row for row in around.datasets.to_pylist() if row["state"] == "excluded"]
    assert excluded
    assert {row["because"] for row in excluded} == {"exclude bad"}
    assert all(f"visit={BAD}" in row["data_id"] for row in excluded)
    assert "inputs kept" in str(around)


def test_what_is_missing_says_why(demo_butler: Butler) -> None:
    calibrate = _preview(demo_butler, PartialPolicy.ALLOW, tasks=("calibrate",))
    row = next(
        row
        for row in calibrate.quanta("calibrate", stage=Stage.CONSTRAINT).to_pylist()
        if row["visit"] == BAD
    )
    around = calibrate.neighbourhood(
        "calibrate", {"visit": BAD, "detector": row["detector"], "instrument": "HSC"}
    )
    (itself,) = [each for each in around.quanta.to_pylist() if each["layer"] == 0]
    assert (itself["stage"], itself["reason"]) == ("constraint", "exclude bad")
    inputs = [each for each in around.datasets.to_pylist() if each["layer"] == -1]
    assert {each["state"] for each in inputs} == {"unused"}
    used = [
        each for each in around.datasets.to_pylist() if each["direction"] == "input" and each["layer"] == 1
    ]
    assert {each["state"] for each in used} == {"excluded"}


def test_depth_and_limit_say_how_much_is_shown(preview: Preview) -> None:
    given = preview.quanta("coadd", stage=Stage.KEPT, limit=1).to_pylist()[0]
    data_id = {name: given[name] for name in ("skymap", "tract", "patch", "band")}
    near, far = (preview.neighbourhood("coadd", data_id, depth=depth) for depth in (1, 3))
    assert set(near.quanta["layer"].to_pylist()) <= {-2, 0, 2}
    assert "calibrate" in far.quanta["task"].to_pylist()
    assert "calibrate" not in near.quanta["task"].to_pylist()
    assert near.left_out == 0
    few = preview.neighbourhood("coadd", data_id, limit=1)
    assert few.left_out > 0
    assert "not listed" in str(few)


def test_a_neighbour_can_be_asked_for_in_turn(preview: Preview) -> None:
    given = preview.quanta("warp", stage=Stage.KEPT, limit=1).to_pylist()[0]
    around = preview.neighbourhood("warp", {name: given[name] for name in ("visit", "tract", "patch")})
    for row in around.quanta.to_pylist():
        again = preview.neighbourhood(row["task"], around.data_ids[row["quantum"]])
        assert row["quantum"] in again.data_ids


def test_not_one_quantum_is_an_error(preview: Preview) -> None:
    with pytest.raises(UnknownNameError, match=r"6 candidate quanta of calibrate have visit=96954; give"):
        preview.neighbourhood("calibrate", {"visit": 96954})
    with pytest.raises(UnknownNameError, match="No task 'coda'"):
        preview.neighbourhood("coda", {})
    with pytest.raises(UnknownNameError, match=r"No dimensions \['patch'\] in calibrate"):
        preview.neighbourhood("calibrate", {"patch": 1})
