"""The main job by the Python API, for real."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.main_job import QUANTA, SET_DIGEST
from workbench.bench import open_bench
from workbench.demo.main_job import MainJob, run_main_job


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the main job says, line by line."""
    return []


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, told: list[str]) -> MainJob:
    """The main job, done twice over in one place: it can be repeated."""
    return run_main_job(tmp_path_factory.mktemp("main") / "demo-repo", echo=told.append)


pytestmark = pytest.mark.as_run


def test_set_is_that_of_every_way(job: MainJob) -> None:
    assert job.visits.label == "cosmos@1"
    assert job.visits.key_digest == SET_DIGEST
    assert len(job.visits) == 9


def test_graph_file_is_that_of_every_way(job: MainJob) -> None:
    assert job.after.graph_path is not None
    with PredictedQuantumGraph.open(str(job.after.graph_path)) as reader:
        reader.read_thin_graph()
        assert {label: len(quanta) for label, quanta in reader.finish().quanta_by_task.items()} == QUANTA


def test_every_quantum_ran(job: MainJob) -> None:
    assert job.quanta == {"successful": sum(QUANTA.values())}


def test_exclusion_shows_in_depth_and_sharpness(job: MainJob) -> None:
    rows = job.comparison.to_pylist()
    assert {row["band"] for row in rows} == {"i", "r"}
    assert all(row["n_after"] == row["n_before"] - 1 for row in rows)
    assert all(row["psf_after"] < 0.7 * row["psf_before"] for row in rows)
    assert max(abs(row["depth_after"] - row["depth_before"]) for row in rows) > 0.3


def test_says_what_it_did(job: MainJob, told: list[str]) -> None:
    text = "\n".join(told)
    assert f"Saved set cosmos@1: 9 visits, key digest {SET_DIGEST}" in text
    assert str(job.after.graph_path) in text
    assert f"Executed quanta by status: {sum(QUANTA.values())} successful" in text
    assert "Deep coadds before -> after the exclusion:" in text
    assert "visit 58260 is no candidate" in text
    assert "HSC/raw/DM-1234 behind HSC/raw" in text


def test_trace_and_records(job: MainJob) -> None:
    root = job.after.graph_path.parents[2] if job.after.graph_path else Path()
    with open_bench(root, read_only=True) as bench:
        contained = bench.impact(visit=58260, dataset_type="deep_coadd").to_pylist()
        assert {row["run"] for row in contained} == {job.before.run}
        assert len(contained) == 4
        notes = bench.annotations.find(flag="bad").to_pylist()
        assert len(notes) == 1
        assert "58260" in notes[0]["text"]
        info = bench.butler.collections.get_info("HSC/raw")
        assert info.children == ("HSC/raw/DM-1234",)
        assert bench.butler.collections.get_info("u/demo/after").children[0] == job.after.run
        (tagged,) = bench.butler.collections.query_info("HSC/raw/DM-1234", include_doc=True)
        assert job.visits.key_digest in tagged.doc
        assert [row["state"] for row in bench.campaigns.list(pending=True).to_pylist()] == ["committed"] * 3
        assert {row["source"] for row in bench.metrics.read().to_pylist()} == {"modelled, seed=2017"}


def test_exports_are_there(job: MainJob) -> None:
    assert [path.name for path in job.exports] == ["cosmos.ecsv", "cosmos.json", "bad.ecsv", "bps.yaml"]
    root = job.exports[0].parents[1]
    with open_bench(root, read_only=True) as bench:
        for path in job.exports[:2]:
            assert bench.read_set(path).key_digest == SET_DIGEST
