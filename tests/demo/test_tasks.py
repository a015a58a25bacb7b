"""The pipeline's tasks, one by one, on tables."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table, vstack
from lsst.daf.butler import DimensionUniverse
from lsst.pipe.base import Pipeline

from workbench.demo import PIPELINE
from workbench.demo.model import HSC, draw_conditions, draw_defect, measure
from workbench.demo.observations import read_hsc_observations
from workbench.demo.raws import make_header
from workbench.demo.tasks.calibrate import CalibrateTask
from workbench.demo.tasks.coadd import CoaddTask
from workbench.demo.tasks.patch_metrics import PatchMetricsTask
from workbench.demo.tasks.selection import SelectSharpVisitsTask, SelectVisitsTask
from workbench.demo.tasks.summarize import SummarizeVisitTask
from workbench.demo.tasks.warp import WarpTask

OBSERVATIONS = {observation.id: observation for observation in read_hsc_observations()}
BIAS = {"level": 2.0, "read_noise": 4.5}
FLAT = {"throughput": 0.98}


def calibrate(visit: int, detector: int, *, seed: int = 1, n_snaps: int = 1) -> Table:
    header = make_header("HSC", OBSERVATIONS[visit], seed)
    task = CalibrateTask(config=CalibrateTask.ConfigClass())
    return task.run([header] * n_snaps, bias=BIAS, flat=FLAT, visit=visit, detector=detector).stats


def summarize(visit: int) -> Table:
    stats = [calibrate(visit, detector) for detector in (50, 41, 42)]
    return SummarizeVisitTask(config=SummarizeVisitTask.ConfigClass()).run(stats).summary


def warp(visit: int) -> Table:
    task = WarpTask(config=WarpTask.ConfigClass())
    return task.run([calibrate(visit, 41), calibrate(visit, 42)], summarize(visit)).warp


def coadd(*visits: int) -> Table:
    return CoaddTask(config=CoaddTask.ConfigClass()).run([warp(visit) for visit in visits]).coadd


def test_calibration_says_what_the_model_says_within_its_scatter() -> None:
    rows = vstack([calibrate(58260, detector) for detector in range(40)], metadata_conflicts="silent")
    one = OBSERVATIONS[58260]
    conditions = draw_conditions(
        HSC, 1, day_obs=one.day_obs, visit=one.id, band=one.band, zenith_angle=one.zenith_angle
    )
    nominal = measure(HSC, "i", 270.0, conditions, draw_defect(HSC, 1, 58260))
    assert np.median(rows["psf_fwhm"]) == pytest.approx(nominal.psf_fwhm, rel=0.02)
    assert np.std(rows["psf_fwhm"] / nominal.psf_fwhm) == pytest.approx(0.02, rel=0.4)
    assert np.median(rows["background"]) == pytest.approx(nominal.background * 0.98, rel=0.01)
    assert np.median(rows["depth"]) == pytest.approx(nominal.depth, abs=0.05)
    assert str(rows["psf_fwhm"].unit) == "arcsec"


def test_calibration_is_reproducible_by_seed_and_detector() -> None:
    first = calibrate(58260, 41)
    assert first["psf_fwhm"][0] == calibrate(58260, 41)["psf_fwhm"][0]
    assert first["psf_fwhm"][0] != calibrate(58260, 42)["psf_fwhm"][0]
    assert first["psf_fwhm"][0] != calibrate(58260, 41, seed=2)["psf_fwhm"][0]


def test_snaps_add_up() -> None:
    one, two = calibrate(19676, 41), calibrate(19676, 41, n_snaps=2)
    assert two["exposure_time"][0] == 2 * one["exposure_time"][0]
    assert two["depth"][0] == pytest.approx(one["depth"][0] + 1.25 * np.log10(2), abs=0.01)


def test_summary_has_a_sorted_row_for_each_detector() -> None:
    assert list(summarize(19676)["detector"]) == [41, 42, 50]


@pytest.mark.parametrize("visits", [[58260], [58260, 19676], [19676, 96954, 58260, 96980, 95104]])
def test_selections_take_any_number_of_visits(visits: list[int]) -> None:
    summaries = [summarize(visit) for visit in visits]
    everything = SelectVisitsTask(config=SelectVisitsTask.ConfigClass()).run(summaries).selection["visits"]
    assert [row["visit"] for row in everything] == sorted(visits)
    assert all(row["selected"] and not row["reason"] for row in everything)
    sharp = SelectSharpVisitsTask(config=SelectSharpVisitsTask.ConfigClass()).run(summaries).selection
    selected = [row for row in sharp["visits"] if row["selected"]]
    rejected = [row for row in sharp["visits"] if not row["selected"]]
    assert len(selected) == -(-len(visits) // 2)
    assert all(row["reason"] for row in rejected)
    assert all(one["psf_fwhm"] <= other["psf_fwhm"] for one in selected for other in rejected)


def test_configuration_changes_selections() -> None:
    config = SelectVisitsTask.ConfigClass()
    config.max_psf_fwhm = 1.0
    summaries = [summarize(58260), summarize(19676)]
    rows = SelectVisitsTask(config=config).run(summaries).selection["visits"]
    assert [(row["visit"], row["selected"]) for row in rows] == [(19676, True), (58260, False)]
    sharp = SelectSharpVisitsTask.ConfigClass()
    sharp.fraction = 0.0
    rows = SelectSharpVisitsTask(config=sharp).run(summaries).selection["visits"]
    assert [row["visit"] for row in rows if row["selected"]] == [19676]


def test_order_of_warps_does_not_matter() -> None:
    forward, backward = coadd(19676, 96954), coadd(96954, 19676)
    assert forward["depth"][0] == pytest.approx(backward["depth"][0])
    assert list(backward["visits"][0]) == [19676, 96954]


def test_coadd_of_one_visit_is_its_warp() -> None:
    one, alone = warp(96954), coadd(96954)
    for column in ("depth", "psf_fwhm", "exposure_time"):
        assert alone[column][0] == pytest.approx(one[column][0])
    assert alone["n_visits"][0] == 1


def test_good_visits_deepen_and_a_bad_one_spoils() -> None:
    one, two, spoiled = coadd(96954), coadd(96954, 96980), coadd(96954, 96980, 58260)
    assert two["depth"][0] > one["depth"][0] + 0.2
    assert spoiled["exposure_time"][0] == two["exposure_time"][0] + 270.0
    assert spoiled["depth"][0] < two["depth"][0] - 0.1
    assert spoiled["psf_fwhm"][0] > 1.5 * two["psf_fwhm"][0]


def test_metrics_are_plain_numbers() -> None:
    task = PatchMetricsTask(config=PatchMetricsTask.ConfigClass())
    metrics = task.run(coadd(96954, 96980)).metrics
    assert metrics["n_visits"] == 2
    assert metrics["exposure_time"] == 400.0
    assert {type(value) for value in metrics.values()} == {int, float}
    assert metrics["efficiency"] > task.run(coadd(96954, 96980, 58260)).metrics["efficiency"]


def test_pipeline_loads_from_the_package() -> None:
    graph = Pipeline.from_uri(PIPELINE).to_graph()
    graph.resolve(dimensions=DimensionUniverse(), dataset_types={})
    assert set(graph.task_subsets["visit-level"]) == {"calibrate", "summarizeVisit"}
    assert set(graph.task_subsets["visit-level"]) | set(graph.task_subsets["coaddition"]) == set(graph.tasks)
    inputs = {name: node.is_prerequisite for name, node in graph.iter_overall_inputs()}
    assert inputs == {"raw": False, "bias": True, "flat": True}
    classes = {
        name: node.storage_class_name
        for name, node in graph.dataset_types.items()
        if not name.endswith(("_metadata", "_log", "_config")) and name != "packages"
    }
    assert set(classes.values()) == {"ArrowAstropy", "StructuredDataDict"}
    assert {"sharp_coadd", "deep_coadd", "sharp_visits", "selected_visits"} <= set(classes)
