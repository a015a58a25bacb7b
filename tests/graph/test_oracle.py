"""Graphs in the mode ``all-dimensions`` against the stock builder: the demonstration and a real pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from astropy.table import Table
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.real_pipeline import INPUTS, SHARES, RealPipeline, inputs_of, rebuild
from workbench.graph import BuildMode, Mode, ResolvedConstraint, Scope

DEMO = ("HSC/defaults",)
RC2, FLATS = "HSC_DRP-RC2", "CP_LSSTCam_cpFlat"
STEPS = ("step1", "step2a", "step2b", "step2cde", "step3", "step4", "step5", "step6", "step7")


@pytest.fixture(scope="module")
def rc2(real_inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> RealPipeline:
    """The HSC RC2 pipeline (106 tasks), whole and in steps, and one of flats, on the real visits."""
    graphs = [f"{RC2}:{step}" for step in ("all", *STEPS)]
    return rebuild(real_inputs, tmp_path_factory.mktemp("rc2"), *graphs, f"{FLATS}:all")


@pytest.fixture
def rc2_butler(rc2: RealPipeline) -> Iterator[Butler]:
    with Butler.from_config(str(rc2.root), writeable=False) as butler:
        yield butler


def only(
    butler: Butler, names: tuple[str, ...], *rows: tuple[object, ...], mode: Mode = Mode.INCLUDE
) -> ResolvedConstraint:
    """A constraint on the whole graph."""
    group = butler.dimensions.conform(names)
    keys = pl.DataFrame(list(rows), schema=list(group.required), orient="row")
    return ResolvedConstraint("only", mode, Scope.GRAPH, frozenset(), "", ((group, keys),))


def test_demonstration(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    """Calibrations that change within the visits, prerequisites and datastore records are among it."""
    ours = build_ours(demo_butler, demo_pipeline, DEMO, datastore_records=True)
    stock = build_stock(demo_butler, demo_pipeline, DEMO, records=True)
    assert_same_graph(ours.columns, stock)
    assert ours.columns.datastore_records
    assert len(ours.columns.datasets["flat"]) > 12


@pytest.mark.parametrize("tract", [0, 1])
def test_demonstration_sliced_by_tract(demo_butler: Butler, demo_pipeline: PipelineGraph, tract: int) -> None:
    (skymap,) = (record.name for record in demo_butler.query_dimension_records("skymap"))
    constraint = only(demo_butler, ("tract",), (skymap, tract))
    ours = build_ours(demo_butler, demo_pipeline, DEMO, [constraint])
    where = f"skymap = '{skymap}' AND tract = {tract}"
    assert_same_graph(ours.columns, build_stock(demo_butler, demo_pipeline, DEMO, where=where))
    whole = build_ours(demo_butler, demo_pipeline, DEMO)
    assert 0 < ours.n_quanta_by_task["calibrate"] < whole.n_quanta_by_task["calibrate"]


def test_demonstration_without_a_visit(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    constraint = only(demo_butler, ("visit",), ("HSC", 58260), mode=Mode.EXCLUDE)
    ours = build_ours(demo_butler, demo_pipeline, DEMO, [constraint])
    where = "instrument = 'HSC' AND visit != 58260"
    assert_same_graph(ours.columns, build_stock(demo_butler, demo_pipeline, DEMO, where=where))


def test_demonstration_with_a_data_id_table(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    records = list(demo_butler.query_dimension_records("visit", explain=False))[:4]
    rows = [("HSC", detector, record.id) for record in records for detector in (49, 50)]
    constraint = only(demo_butler, ("visit", "detector"), *rows)
    ours = build_ours(demo_butler, demo_pipeline, DEMO, [constraint])
    table = Table(rows=rows, names=("instrument", "detector", "visit"))
    stock = build_stock(demo_butler, demo_pipeline, DEMO, data_id_tables=[table])
    assert_same_graph(ours.columns, stock)
    assert ours.n_quanta_by_task["calibrate"] == len(rows)


@pytest.mark.parametrize(
    ("step", "share"),
    [
        pytest.param("all", 1.0, marks=pytest.mark.soak),
        ("all", 0.9),
        *((step, SHARES[number % 3]) for number, step in enumerate(STEPS)),
    ],
)
def test_real_pipeline(rc2: RealPipeline, rc2_butler: Butler, step: str, share: float) -> None:
    """Whole and by step, with all or a random part of the inputs; `test_real_steps` has all of each."""
    pipeline, inputs = rc2.graph(RC2, step), inputs_of(share)
    ours = build_ours(rc2_butler, pipeline, inputs)
    assert_same_graph(ours.columns, build_stock(rc2_butler, pipeline, inputs))
    assert ours.n_quanta


def test_real_pipeline_of_flats(rc2: RealPipeline, rc2_butler: Butler) -> None:
    """Calibrations that one task makes and another reads."""
    ours = build_ours(rc2_butler, rc2.graph(FLATS), INPUTS)
    assert_same_graph(ours.columns, build_stock(rc2_butler, rc2.graph(FLATS), INPUTS))
    assert all(ours.n_quanta_by_task.values())


def names_of(real_inputs: Path, pipeline: str) -> list[str]:
    """The whole pipeline, and its steps and stages of which tasks are known."""
    facts = json.loads((real_inputs / "pipelines" / f"{pipeline}.json").read_text())
    parts = {
        name for name, subset in facts["subsets"].items() if 0 < len(subset["tasks"]) < len(facts["tasks"])
    }
    return [f"{pipeline}:all", *(f"{pipeline}:{name}" for name in sorted(parts) if name.startswith("st"))]


_WHERES = (
    "",
    "skymap = 'ci_mw' AND tract = 0",
    "instrument = 'HSC' AND (detector >= 41 AND detector <= 49) AND visit >= 18202 AND visit <= 59884",
)


@pytest.mark.soak
@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("pipeline", [FLATS, RC2, "LSSTCam_quickLook", "LSSTCam_DRP-FL", "LSSTComCam_DRP-v2"])
def test_real_steps(real_inputs: Path, tmp_path: Path, pipeline: str, seed: str) -> None:
    """Five pipelines of 5 to 108 tasks, whole and by step, with all, 90 % and 70 % of the inputs."""
    names = names_of(real_inputs, pipeline)
    real = rebuild(real_inputs, tmp_path, *names)
    done = subprocess.run(
        [sys.executable, "-m", "tests.graph.compare_real", real.root, real.graphs, "|".join(_WHERES), *names],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "equal" in done.stdout


@pytest.mark.parametrize("step", [pytest.param("all", marks=pytest.mark.soak), "step3"])
def test_real_pipeline_of_one_tract(rc2: RealPipeline, rc2_butler: Butler, step: str) -> None:
    pipeline = rc2.graph(RC2, step)
    constraint = only(rc2_butler, ("tract",), ("ci_mw", 1))
    ours = build_ours(rc2_butler, pipeline, INPUTS, [constraint])
    stock = build_stock(rc2_butler, pipeline, INPUTS, where="skymap = 'ci_mw' AND tract = 1")
    assert_same_graph(ours.columns, stock)
    assert ours.n_quanta


@pytest.mark.parametrize("step", ["step1", "step4", "step7"])
def test_modes_agree_where_nothing_slices(rc2: RealPipeline, rc2_butler: Butler, step: str) -> None:
    """One join a task finds the same as one join for everything."""
    ours = build_ours(rc2_butler, rc2.graph(RC2, step), INPUTS, mode=BuildMode.PER_TASK)
    assert_same_graph(ours.columns, build_stock(rc2_butler, rc2.graph(RC2, step), INPUTS))
