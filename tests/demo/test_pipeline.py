"""The demonstration pipeline, built by the stock builder and executed as a batch system would."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, CollectionType
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.demo.conftest import WHERE, Processed, build_graph, execute_graph, run_command
from workbench.demo import modelled_metrics
from workbench.demo.model import HSC

I_PATCH = {"skymap": "cosmos_rings", "tract": 2, "patch": 0, "band": "i"}
R_PATCH = {"skymap": "cosmos_rings", "tract": 1, "patch": 3, "band": "r"}
EDITED_PATCH = {"skymap": "cosmos_rings", "tract": 3, "patch": 1, "band": "r"}
EMPTIED_PATCH = {"skymap": "cosmos_rings", "tract": 0, "patch": 0, "band": "i"}

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def processed(processed_master: Processed) -> Iterator[Butler]:
    with Butler.from_config(str(processed_master.repo), collections="u/demo/all") as butler:
        yield butler


def count_by_task(graph: Path) -> dict[str, int]:
    with PredictedQuantumGraph.open(graph) as reader:
        reader.read_thin_graph()
        return {label: len(quanta) for label, quanta in reader.finish().quanta_by_task.items() if label}


def test_graph_is_of_a_size_to_watch(processed_master: Processed) -> None:
    assert count_by_task(processed_master.graph) == {
        "calibrate": 72,
        "summarizeVisit": 12,
        "selectVisits": 23,
        "selectSharpVisits": 23,
        "warp": 56,
        "coadd": 23,
        "sharpCoadd": 23,
        "patchMetrics": 23,
    }


def test_every_output_is_there_and_readable(processed: Butler) -> None:
    counts = {
        "detector_stats": 72,
        "visit_summary": 12,
        "warp_stats": 56,
        "deep_coadd": 23,
        "sharp_coadd": 23,
    }
    for name, count in counts.items():
        refs = processed.query_datasets(name, limit=None)
        assert len(refs) == count
        assert all(len(processed.get(ref)) == (6 if name == "visit_summary" else 1) for ref in refs)
    for name in ("selected_visits", "sharp_visits", "patch_metrics"):
        refs = processed.query_datasets(name, limit=None)
        assert len(refs) == 23
        assert all(isinstance(processed.get(ref), dict) for ref in refs)


def test_coadds_hold_the_visits_that_overlap(processed: Butler) -> None:
    for ref in processed.query_datasets("deep_coadd", limit=None):
        coadd = processed.get(ref)
        warps = processed.query_datasets("warp_stats", data_id=ref.dataId, limit=None)
        assert coadd["visits"][0].tolist() == sorted(warp.dataId["visit"] for warp in warps)
        assert coadd["n_visits"][0] == len(warps)
        assert coadd["exposure_time"].unit == "s"
        sharp = processed.get("sharp_coadd", ref.dataId)
        assert set(sharp["visits"][0].tolist()) <= set(coadd["visits"][0].tolist())
        metrics = processed.get("patch_metrics", ref.dataId)
        assert metrics["depth"] == pytest.approx(coadd["depth"][0])


def test_pixels_differ_from_the_quick_look_for_bad_visits_alone(processed: Butler) -> None:
    quick_look = {row["visit"]: row["psf_fwhm"] for row in modelled_metrics().to_pylist()}
    for ref in processed.query_datasets("visit_summary", limit=None):
        visit = ref.dataId["visit"]
        ratio = processed.get(ref)["psf_fwhm"].mean() / quick_look[visit]
        if visit in HSC.defects:
            assert ratio > 2.0
        else:
            assert ratio == pytest.approx(1.0, abs=0.05)


def edit_selections(repo: Path) -> None:
    """Put selections edited by hand: one visit less for a patch, none for another."""
    with Butler.from_config(str(repo), writeable=True, run="u/demo/edited") as butler:
        for patch, dropped in ((EDITED_PATCH, {93380}), (EMPTIED_PATCH, {95104, 96980})):
            selection = butler.get("selected_visits", patch, collections="u/demo/all")
            for row in selection["visits"]:
                row["selected"] = row["visit"] not in dropped
            butler.put(selection, "selected_visits", patch)


def test_excluding_bad_visits_changes_depth_and_sharpness(
    processed_master: Processed, tmp_path: Path, processed: Butler
) -> None:
    repo = Path(shutil.copytree(processed_master.repo, tmp_path / "repo"))
    edit_selections(repo)
    # The warps are there already; the excluded ones are no inputs, while the selections still name them.
    graph = build_graph(
        repo,
        tmp_path / "good.qg",
        "u/demo/good",
        inputs="u/demo/edited,u/demo/all,HSC/defaults",
        where=f"{WHERE} AND visit NOT IN (58260, 59884)",
        tasks="coadd,patchMetrics",
    )
    execute_graph(repo, graph)
    with Butler.from_config(str(repo), collections="u/demo/good") as butler:
        for patch, bad in ((I_PATCH, 58260), (R_PATCH, 59884)):
            before, after = processed.get("deep_coadd", patch), butler.get("deep_coadd", patch)
            assert set(before["visits"][0].tolist()) - set(after["visits"][0].tolist()) == {bad}
            assert after["depth"][0] > before["depth"][0] + 0.05
            assert after["psf_fwhm"][0] < 0.7 * before["psf_fwhm"][0]
            metrics = butler.get("patch_metrics", patch)
            assert metrics["depth"] > processed.get("patch_metrics", patch)["depth"] + 0.05
        assert butler.get("deep_coadd", EDITED_PATCH)["visits"][0].tolist() == [23682, 96908]
        # A coadd of nothing is no failure: there is no dataset, and what follows is skipped.
        remade = butler.query_datasets(
            "deep_coadd", collections="u/demo/good/*", find_first=False, limit=None
        )
        assert not any(ref.dataId.mapping.items() >= EMPTIED_PATCH.items() for ref in remade)
        info = butler.collections.get_info("u/demo/good")
        assert info.type is CollectionType.CHAINED


def test_execution_is_quick(processed_master: Processed) -> None:
    assert processed_master.seconds < 60.0


@pytest.mark.as_run
def test_what_ran_comes_back(demo_repo: Path, tmp_path: Path) -> None:
    graph = build_graph(
        demo_repo,
        tmp_path / "one.qg",
        "u/demo/one",
        inputs="HSC/defaults",
        where=f"{WHERE} AND visit = 96980 AND tract = 0 AND patch = 1",
    )
    run_command("pipetask", "--log-level", "WARNING", "pre-exec-init-qbb", demo_repo, graph)
    run_command("pipetask", "--log-level", "WARNING", "run-qbb", demo_repo, graph)
    run_command(
        "butler", "aggregate-graph", graph, demo_repo, "--complete",
        "--register-dataset-types", "--update-output-chain", "-o", tmp_path / "ran.qg",
    )  # fmt: skip
    assert (tmp_path / "ran.qg").is_file()
    with Butler.from_config(str(demo_repo), collections="u/demo/one") as butler:
        assert [row["n_visits"] for row in map(butler.get, butler.query_datasets("patch_metrics"))] == [1]
