"""Statistics and differences, against counts made from the stock objects one by one."""

from __future__ import annotations

import collections
import dataclasses
import statistics
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphComponents

from tests.graph.test_build import BAD, constrain, make_request
from workbench.demo import PIPELINE
from workbench.errors import BadArgumentError, UnknownNameError
from workbench.graph import GraphDifference, Mode, Preview, build_preview, read_graph
from workbench.graph.difference.statistics import count_coverage, count_inputs
from workbench.graph.file.components import components_from_columns

Key = tuple[object, ...]


@pytest.fixture(scope="module")
def before(demo_butler: Butler) -> Preview:
    return _preview(demo_butler, ())


@pytest.fixture(scope="module")
def after(demo_butler: Butler) -> Preview:
    return _preview(demo_butler, (BAD,))


def _preview(butler: Butler, excluded: tuple[int, ...]) -> Preview:
    pipeline = Pipeline.from_uri(PIPELINE).to_graph(butler.registry)
    constraints = [
        constrain(
            butler,
            Mode.EXCLUDE,
            ("visit",),
            [("HSC", visit)],
            tasks=("coadd",),
            pipeline=pipeline,
            name="bad",
        )
        for visit in excluded
    ]
    return build_preview(butler, make_request(pipeline), constraints)


def _inputs(components: PredictedQuantumGraphComponents) -> dict[tuple[str, Key], dict[str, set[Key]]]:
    """Return the inputs of every quantum by dataset type, as the stock models say them."""
    found = {}
    for quantum in components.quantum_datasets.values():
        by_type: dict[str, set[Key]] = collections.defaultdict(set)
        for datasets in quantum.inputs.values():
            for dataset in datasets:
                by_type[dataset.dataset_type_name].add(tuple(dataset.data_coordinate))
        found[quantum.task_label, tuple(quantum.data_coordinate)] = by_type
    return found


def test_inputs_of_quanta_are_those_of_the_stock_models(before: Preview) -> None:
    expected: dict[tuple[str, str], list[int]] = collections.defaultdict(list)
    for quantum in components_from_columns(before.columns).quantum_datasets.values():
        for connection, datasets in quantum.inputs.items():
            expected[quantum.task_label, connection].append(len(datasets))
    rows = before.inputs_per_quantum.to_pylist()
    assert {(row["task"], row["connection"]) for row in rows} == expected.keys()
    for row in rows:
        numbers = expected[row["task"], row["connection"]]
        assert (row["quanta"], row["inputs"]) == (len(numbers), sum(numbers))
        assert (row["min"], row["median"], row["max"]) == (
            min(numbers),
            statistics.median(numbers),
            max(numbers),
        )


def _coverage(preview: Preview, task: str) -> dict[tuple[str, int, int, str], int]:
    graph = preview.assemble()
    seen = {}
    for quantum in graph.build_execution_quanta(task_label=task).values():
        data_id = quantum.dataId
        visits = {
            (ref.dataId["instrument"], ref.dataId["visit"])
            for refs in quantum.inputs.values()
            for ref in refs
            if "visit" in ref.datasetType.dimensions.names
        }
        key = (str(data_id["skymap"]), int(data_id["tract"]), int(data_id["patch"]), str(data_id["band"]))
        seen[key] = len(visits)
    return seen


def test_coverage_counts_the_visits_that_each_patch_gets(after: Preview, before: Preview) -> None:
    for preview in (before, after):
        table = preview.coverage.to_pylist()
        assert {row["task"] for row in table} == {"selectVisits", "selectSharpVisits", "coadd", "sharpCoadd"}
        found = {
            (row["skymap"], row["tract"], row["patch"], row["band"]): row["visits"]
            for row in table
            if row["task"] == "coadd"
        }
        assert found == _coverage(preview, "coadd")
    assert sum(row["visits"] for row in before.coverage.to_pylist()) > sum(
        row["visits"] for row in after.coverage.to_pylist()
    )


def test_cost_is_quanta_times_seconds(before: Preview) -> None:
    table = {row["task"]: row for row in before.estimate_cost({"coadd": 600.0, "warp": 36.0}).to_pylist()}
    assert table["coadd"]["cpu_hours"] == pytest.approx(before.n_quanta_by_task["coadd"] / 6)
    assert table["warp"]["cpu_hours"] == pytest.approx(before.n_quanta_by_task["warp"] / 100)
    assert table["calibrate"]["cpu_hours"] is None
    with pytest.raises(UnknownNameError, match=r"\['coda'\].*tasks of this graph are \['calibrate'"):
        before.estimate_cost({"coda": 1.0})
    with pytest.raises(UnknownNameError, match="from 0 upwards"):
        before.estimate_cost({"coadd": -1.0})


def test_a_difference_is_that_of_all_quanta_and_edges(before: Preview, after: Preview) -> None:
    difference = after.compare(before)
    first, second = (_inputs(components_from_columns(each.columns)) for each in (before, after))
    assert first != second, "the exclusion does something"
    for row in difference.tasks.to_pylist():
        label = row["task"]
        ours = {key for key in second if key[0] == label}, {key for key in first if key[0] == label}
        changed = {key for key in ours[0] & ours[1] if first[key] != second[key]}
        assert (row["gained"], row["lost"], row["changed"]) == (
            len(ours[0] - ours[1]),
            len(ours[1] - ours[0]),
            len(changed),
        ), label
        assert (row["before"], row["after"]) == (len(ours[1]), len(ours[0]))
        for change, wanted in (("lost", ours[1] - ours[0]), ("changed", changed)):
            listed = difference.quanta(label, change).to_pylist()  # type: ignore[arg-type]
            assert len(listed) == len(wanted)
            paged = [
                line
                for offset in range(0, len(listed), 2)
                for line in difference.quanta(label, change, offset=offset, limit=2).to_pylist()  # type: ignore[arg-type]
            ]
            assert paged == listed
    for row in difference.inputs.to_pylist():
        both = [key for key in first.keys() & second.keys() if key[0] == row["task"]]
        name = row["dataset_type"]
        assert row["lost"] == sum(len(first[key][name] - second[key][name]) for key in both)
        assert row["gained"] == sum(len(second[key][name] - first[key][name]) for key in both)
    assert difference.inputs.num_rows


def test_what_a_change_reaches_is_followed_quantum_by_quantum(before: Preview, after: Preview) -> None:
    difference = after.compare(before)
    components = components_from_columns(after.columns)
    first, second = _inputs(components_from_columns(before.columns)), _inputs(components)
    maker = {
        (dataset.dataset_type_name, tuple(dataset.data_coordinate)): (
            quantum.task_label,
            tuple(quantum.data_coordinate),
        )
        for quantum in components.quantum_datasets.values()
        for datasets in quantum.outputs.values()
        for dataset in datasets
    }
    direct = {key for key in first.keys() & second.keys() if first[key] != second[key]}
    reached = set(direct)
    while more := {
        key
        for key, inputs in second.items()
        if key not in reached
        and any(maker.get((name, one)) in reached for name, ones in inputs.items() for one in ones)
    }:
        reached |= more
    found = {row["task"]: row["downstream"] for row in difference.tasks.to_pylist()}
    wanted = collections.Counter(label for label, _ in reached - direct)
    assert {label: number for label, number in found.items() if number} == wanted
    assert wanted["patchMetrics"] > 0
    assert difference.totals["downstream"] == sum(wanted.values())
    listed = difference.quanta("patchMetrics", "downstream").to_pylist()
    assert {tuple(row.values()) for row in listed} >= {
        key[1] for key in reached - direct if key[0] == "patchMetrics"
    }
    assert after.compare(after).totals["downstream"] == 0


def test_patches_that_fall_below_a_depth(before: Preview, after: Preview) -> None:
    difference = after.compare(before)
    depth = [_coverage(each, "coadd") for each in (before, after)]
    for n_visits in (1, 2, 3):
        expected = {key for key, visits in depth[0].items() if visits >= n_visits > depth[1].get(key, 0)}
        found = {
            (row["skymap"], row["tract"], row["patch"], row["band"])
            for row in difference.below(n_visits).to_pylist()
            if row["task"] == "coadd"
        }
        assert found == expected
    assert difference.coverage.num_rows


def test_gained_is_the_reverse_of_lost(before: Preview, after: Preview) -> None:
    there, back = after.compare(before), before.compare(after)
    assert there.tasks["lost"] == back.tasks["gained"]
    assert there.tasks["changed"] == back.tasks["changed"]
    assert there.inputs["lost"] == back.inputs["gained"]
    assert not there.is_empty
    assert before.compare(before).is_empty


def test_another_dataset_of_the_same_data_id_is_a_change(before: Preview) -> None:
    columns = before.columns
    raws = columns.datasets["raw"]
    uuids = raws.uuids.copy()
    uuids[3] ^= 0xFF
    other = dataclasses.replace(
        columns, datasets={**columns.datasets, "raw": dataclasses.replace(raws, uuids=uuids)}
    )
    rows: dict[str, Any] = {row["task"]: row for row in GraphDifference(columns, other).tasks.to_pylist()}
    assert rows["calibrate"]["changed"] == 1
    assert sum(row["changed"] + row["gained"] + row["lost"] for row in rows.values()) == 1
    # One detector of one visit: its visit's summary, and all that is made of the two.
    assert rows["summarizeVisit"]["downstream"] == 1
    assert rows["coadd"]["downstream"] > 0
    assert rows["calibrate"]["downstream"] == 0


def test_a_file_has_the_statistics_of_its_preview(after: Preview, before: Preview, tmp_path: Path) -> None:
    path = tmp_path / "after.qg"
    after.write(path)
    columns = read_graph(path)
    order = [("task", "ascending"), ("connection", "ascending")]
    assert count_inputs(columns).sort_by(order) == after.inputs_per_quantum.sort_by(order)
    assert count_coverage(columns) == after.coverage
    assert after.compare(columns).is_empty
    assert before.compare(columns).tasks == before.compare(after).tasks


def test_a_difference_knows_its_tasks(before: Preview) -> None:
    with pytest.raises(UnknownNameError, match=r"No task 'coda'.*'calibrate'"):
        before.compare(before).quanta("coda", "lost")
    with pytest.raises(UnknownNameError, match="No change 'gone'"):
        before.compare(before).quanta("coadd", "gone")  # type: ignore[arg-type]


def test_pages_of_quanta_are_the_whole(before: Preview) -> None:
    whole = before.quanta("warp").to_pylist()
    pages = [
        row
        for offset in range(0, len(whole), 7)
        for row in before.quanta("warp", offset=offset, limit=7).to_pylist()
    ]
    assert pages == whole
    difference = before.compare(before)
    for page in ({"offset": -1}, {"limit": -1}, {"offset": 3, "limit": -5}):
        name, value = next((name, value) for name, value in page.items() if value < 0)
        with pytest.raises(BadArgumentError, match=f"{name}={value} is no number of rows"):
            before.quanta("warp", **page)
        with pytest.raises(BadArgumentError, match=f"{name}={value} is no number of rows"):
            difference.quanta("warp", "lost", **page)
    assert (
        before.quanta("warp", offset=len(whole) + 1).num_rows == before.quanta("warp", limit=0).num_rows == 0
    )
