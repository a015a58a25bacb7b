"""What only the stock builder can propose, beside what is joined in columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetType, Timespan
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph import small_survey as survey
from tests.graph.mocked import connect, insert, make_pipeline, makes, reads
from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.graph import BuildMode, Mode

D, V = ("instrument", "detector"), ("instrument", "visit")
VD = (*V, "detector")
FINE, COARSE = ("healpix17",), ("healpix6",)
INPUTS = ("calib/some", "run/in")
OPTIONS = {"output_run": "u/oracle/fresh"}


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    """Two inputs for some data IDs each, and a calibration of two detectors of three, once and for all."""
    root = tmp_path_factory.mktemp("parts") / "repo"
    survey.make_survey(root, "u/oracle/run", [V])
    with Butler.from_config(str(root), writeable=True) as butler:
        insert(butler, "run/in", "image", VD, where="visit_detector_region.region != NULL")
        insert(butler, "run/in", "log", V, where="visit.region != NULL", every=2)
        insert(butler, "run/in", "nothing", V, where=f"instrument = '{survey.CAMERA}' AND visit > 90")
        refs = insert(butler, "run/cals", "ramp", D, calibration=True)
        butler.collections.register("calib/some", CollectionType.CALIBRATION)
        butler.registry.certify("calib/some", refs[:2], Timespan(None, survey.at(2.5)))
        for name, group in (("fine", FINE), ("coarse", COARSE)):
            dataset_type = DatasetType(
                name, butler.dimensions.conform(group), refs[0].datasetType.storageClass
            )
            butler.registry.registerDatasetType(dataset_type)
            data_ids = [{group[0]: number} for number in (5, 6)]
            butler.registry.insertDatasets(dataset_type, data_ids, run="run/in")
    with Butler.from_config(str(root), writeable=False) as butler:
        yield butler


def pipeline() -> PipelineGraph:
    """Two parts that share nothing but ``image``: one has a calibration as a regular input."""
    ramp = connect("input", "ramp", D, isCalibration=True)
    return make_pipeline(
        {
            "reduce": (VD, [reads("image", *VD), reads("log", *V), makes("reduced", *VD)]),
            "stack": (V, [reads("reduced", *VD), makes("stacked", *V)]),
            "model": (D, [ramp, reads("image", *VD), makes("modelled", *D)]),
            "plot": (("instrument",), [reads("modelled", *D), makes("plotted", "instrument")]),
        }
    )


def test_only_its_own_subgraph(butler: Butler) -> None:
    ours = build_ours(butler, pipeline(), INPUTS, **OPTIONS)
    assert_same_graph(ours.columns, build_stock(butler, pipeline(), INPUTS, **OPTIONS))
    assert ours.engine == (
        "columnar; stock builder (slower) for model, plot: the calibration ramp as a regular input"
    )
    assert ours.n_quanta_by_task == {"reduce": 5, "stack": 2, "model": 2, "plot": 1}
    costs = {row["task"]: row for row in ours.hooks.to_pylist()}
    assert costs.keys() == {"model", "plot"}
    assert costs["model"]["seconds"] > 0


@pytest.mark.parametrize("mode", Mode)
def test_constraints(butler: Butler, mode: Mode) -> None:
    """Its query has all of the constraints, also those that keep something out."""
    constraint = constraint_on(butler, mode, V, [(survey.CAMERA, 10), (survey.CAMERA, 11)])
    ours = build_ours(butler, pipeline(), INPUTS, [constraint], **OPTIONS)
    word = "IN" if mode is Mode.INCLUDE else "NOT IN"
    where = f"instrument = '{survey.CAMERA}' AND visit {word} (10, 11)"
    assert_same_graph(ours.columns, build_stock(butler, pipeline(), INPUTS, where=where, **OPTIONS))
    whole = build_ours(butler, pipeline(), INPUTS, **OPTIONS)
    assert len(ours.columns.inputs["model", "c1"]) < len(whole.columns.inputs["model", "c1"])


@pytest.mark.parametrize("mode", Mode)
def test_constraints_of_all_parts(butler: Butler, mode: Mode) -> None:
    """Of pixels too many to be numbered, the stock builder proposes all parts, with the constraints."""
    fine = {"mark": (FINE, [reads("fine", *FINE), makes("marked", *FINE)])}
    tasks = {**fine, "model": (D, [reads("image", *VD), makes("modelled", *D)])}
    constraints = [
        constraint_on(butler, mode, D, [(survey.CAMERA, 1), (survey.CAMERA, 3)]),
        constraint_on(butler, Mode.INCLUDE, ("skymap",), [(survey.SKYMAP,)], name="true"),
    ]
    ours = build_ours(butler, make_pipeline(tasks), INPUTS, constraints, engine="stock", **OPTIONS)
    word = "IN" if mode is Mode.INCLUDE else "NOT IN"
    where = f"instrument = '{survey.CAMERA}' AND detector {word} (1, 3)"
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(tasks), INPUTS, where=where, **OPTIONS))
    assert ours.n_quanta_by_task == {"mark": 2, "model": 2 if mode is Mode.INCLUDE else 1}


def test_nothing_to_look_up_for(butler: Butler) -> None:
    """Pixels that cannot be joined to a task need not be, where the task has no quanta."""
    lookup = connect("prerequisite", "coarse", COARSE, multiple=True, minimum=0)
    pipeline = {
        "reduce": (VD, [reads("image", *VD), makes("reduced", *VD)]),
        "stack": (V, [reads("nothing", *V), lookup, makes("stacked", *V)]),
    }
    bad = constraint_on(butler, Mode.EXCLUDE, D, [(survey.CAMERA, 1)])
    options = {**OPTIONS, "where": f"instrument = '{survey.CAMERA}' AND detector != 1"}
    ours = build_ours(butler, make_pipeline(pipeline), INPUTS, [bad], **OPTIONS)
    assert_same_graph(ours.columns, build_stock(butler, make_pipeline(pipeline), INPUTS, **options))
    assert ours.n_quanta_by_task["reduce"]


def test_one_task_at_a_time(butler: Butler) -> None:
    """In the mode per-task calibrations that are valid are joined in columns."""
    ours = build_ours(butler, pipeline(), INPUTS, mode=BuildMode.PER_TASK, **OPTIONS)
    assert ours.engine == "columnar"
    assert ours.n_quanta_by_task["model"] == 2
    frame = ours.columns.quanta["model"].data_ids
    edges = ours.columns.inputs["model", "c0"]
    assert frame[edges.quantum_row].equals(ours.columns.datasets["ramp"].data_ids[edges.dataset_row])


def test_one_task_at_a_time_with_times(butler: Butler) -> None:
    ramp = connect("input", "ramp", D, isCalibration=True)
    for minimum, optional in ((1, ramp), (0, (ramp[0], {**ramp[1], "minimum": 0}))):
        tasks = {"flatten": (VD, [reads("image", *VD), optional, makes("flat", *VD)])}
        ours = build_ours(butler, make_pipeline(tasks), INPUTS, mode=BuildMode.PER_TASK, **OPTIONS)
        edges = ours.columns.inputs["flatten", "c1"]
        quanta = ours.columns.quanta["flatten"].data_ids
        fed = set(quanta[edges.quantum_row].select("visit", "detector").rows())
        # Of the visits at 0, 1, 2 and 3 hours that begin before the validity ends.
        expected = {(visit, detector) for visit in (10, 11, 12) for detector in (1, 2)}
        assert fed == expected & set(quanta.select("visit", "detector").rows())
        assert fed
        assert (len(quanta) == len(fed)) == (minimum == 1)
