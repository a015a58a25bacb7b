"""Options and connections that few pipelines use, one at a time, against the stock builder."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, DatasetType
from lsst.pipe.base.all_dimensions_quantum_graph_builder import DatasetQueryConstraintVariant
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph_builder import OutputExistsError, QuantumGraphBuilder
from lsst.pipe.base.tests.mocks import MockStorageClass

from tests.graph import small_survey as survey
from tests.graph.mocked import DICT, add_task, connect, make_pipeline, makes
from tests.graph.oracle import OUTPUT_RUN, assert_same_graph, build_ours, build_stock
from tests.graph.statements import assert_all_inputs, constraint_on, read_by
from workbench.errors import GraphBuildError
from workbench.graph import BuildMode, GraphRequest, GraphSource, Mode, build_preview
from workbench.graph.columns.digest import compute_logical_digest
from workbench.graph.engines.columnar import list_reads, read_graph_snapshot
from workbench.snapshot import open_snapshot, save_snapshot

VD = ("instrument", "visit", "detector")
V = ("instrument", "visit")
D = ("instrument", "detector")
PB = ("skymap", "tract", "patch", "band")
INPUTS = ("calib/1", "chain", "run/a")
FRESH = "u/oracle/fresh"


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    root = tmp_path_factory.mktemp("options") / "repo"
    survey.make_survey(root, OUTPUT_RUN)
    with Butler.from_config(str(root), writeable=False) as butler:
        yield butler


def chain(*first: tuple[str, dict[str, object]], **last: object) -> PipelineGraph:
    """Make ``do0`` {visit, detector} -> ``do1`` {patch, band}; their outputs exist in part."""
    made = survey.name_of("made0", VD)
    return make_pipeline(
        {
            survey.name_of("do0", VD): (VD, [*first, makes(made, *VD)]),
            survey.name_of("do1", PB): (
                PB,
                [connect("input", made, VD, multiple=True, **last), makes(survey.name_of("made1", PB), *PB)],
            ),
        }
    )


def read(group: tuple[str, ...] = VD, **options: object) -> tuple[str, dict[str, object]]:
    return connect("input", survey.name_of("src", group), group, multiple=True, **options)


CONNECTIONS = {
    "plain": [read()],
    "optional": [read(), read(V, minimum=0)],
    "deferred loading": [read(deferLoad=True)],
    "deferred constraint": [read(), read(V, deferGraphConstraint=True)],
    "component": [connect("input", "img_detector_instrument_visit.wcs", VD, storage="Wcs", multiple=True)],
    "validity ranges": [
        read(),
        connect(
            "prerequisite", "cal_detector_instrument", VD[::2], isCalibration=True, multiple=True, minimum=0
        ),
    ],
    "pixels of the sky": [read(), connect("prerequisite", "ref_htm7", ("htm7",), multiple=True, minimum=0)],
    "regions": [
        read(),
        connect("prerequisite", "ref_patch_skymap_tract", PB[:3], multiple=True, minimum=0),
    ],
}


@pytest.mark.parametrize("connections", CONNECTIONS)
def test_connections(butler: Butler, connections: str) -> None:
    inputs = ("calib/1", "run/b", "run/c")
    ours = build_ours(butler, chain(*CONNECTIONS[connections]), inputs, output_run=FRESH)
    stock = build_stock(butler, chain(*CONNECTIONS[connections]), inputs, output_run=FRESH)
    assert_same_graph(ours.columns, stock)
    assert all(ours.n_quanta_by_task.values())


CATALOGUE = connect("prerequisite", "ref_htm7", ("htm7",), multiple=True, minimum=0)


def within_bounds(group: tuple[str, ...], read_group: tuple[str, ...]) -> PipelineGraph:
    """Make a task that looks up the pixels of the sky that its inputs touch."""
    pipeline = PipelineGraph()
    connections = [read(read_group), CATALOGUE, makes("out", *group)]
    add_task(pipeline, "whole", group, *connections, spatial_bounds=["c0"])
    pipeline.sort()
    return pipeline


@pytest.mark.parametrize("mode", BuildMode)
@pytest.mark.parametrize(("read_group", "n_found"), [(V, 20), (PB[:3], 15)], ids=["visits", "patches"])
def test_lookups_within_the_bounds_of_inputs(
    butler: Butler, read_group: tuple[str, ...], n_found: int, mode: BuildMode
) -> None:
    """Visits reach beyond the tract; its patches do not."""
    pipeline = within_bounds(PB[:2], read_group)
    ours = build_ours(butler, pipeline, INPUTS, output_run=FRESH, mode=mode)
    assert_same_graph(ours.columns, build_stock(butler, pipeline, INPUTS, output_run=FRESH))
    assert len(ours.columns.inputs["whole", "c1"]) == n_found


def test_bounds_of_what_has_no_region(butler: Butler) -> None:
    """The stock builder ends in a TypeError."""
    with pytest.raises(TypeError):
        build_stock(butler, within_bounds(V, V), INPUTS, output_run=FRESH)
    with pytest.raises(GraphBuildError, match=r"looks up ref_htm7 where its src.*14\} has no region"):
        build_ours(butler, within_bounds(V, V), INPUTS, output_run=FRESH)


def test_minimum(butler: Butler) -> None:
    ours = build_ours(butler, chain(read(), minimum=5), INPUTS, output_run=FRESH)
    assert_same_graph(ours.columns, build_stock(butler, chain(read(), minimum=5), INPUTS, output_run=FRESH))
    fewer = build_ours(butler, chain(read()), INPUTS, output_run=FRESH)
    assert 0 < ours.n_quanta < fewer.n_quanta


@pytest.mark.parametrize("names", [(), ("src_detector_instrument_visit",), ("src_instrument_visit",)])
def test_dataset_query_constraint(butler: Butler, names: tuple[str, ...]) -> None:
    inputs = ("run/b",)
    pipeline = chain(read(), read(V, minimum=0))
    variant = DatasetQueryConstraintVariant.LIST(list(names)) if names else DatasetQueryConstraintVariant.OFF
    ours = build_ours(butler, pipeline, inputs, output_run=FRESH, dataset_query_constraint=names)
    stock = build_stock(butler, pipeline, inputs, output_run=FRESH, dataset_query_constraint=variant)
    assert_same_graph(ours.columns, stock)
    assert ours.n_quanta


def test_bind(butler: Butler) -> None:
    """What ``bind`` gives the stock expression, keys give ours."""
    rows = [(survey.CAMERA, 11), (survey.CAMERA, 12)]
    constraint = constraint_on(butler, Mode.INCLUDE, V, rows)
    ours = build_ours(butler, chain(read()), INPUTS, [constraint], output_run=FRESH)
    where = {
        "where": "instrument = cam AND visit IN (wanted)",
        "bind": {"cam": survey.CAMERA, "wanted": [11, 12]},
    }
    assert_same_graph(ours.columns, build_stock(butler, chain(read()), INPUTS, output_run=FRESH, **where))


def test_a_constraint_of_dimensions_that_no_task_has_together(butler: Butler) -> None:
    """It restricts the one join; asked of a preview, it is named, also where all that is left ran before."""
    made = {D: survey.name_of("do0", D), V: survey.name_of("do1", V)}
    tasks = {
        label: (group, [read(group), makes(survey.name_of(f"made{number}", group), *group)])
        for number, (group, label) in enumerate(made.items())
    }
    options = {"output_run": FRESH, "skip_existing_in": (survey.BEFORE,)}
    n_empty = 0
    for detector, visit in itertools.product(survey.DETECTORS, survey.VISITS):
        rows = [(survey.CAMERA, detector, visit)]
        pair = constraint_on(butler, Mode.INCLUDE, VD, rows, name="pair")
        where = f"instrument = '{survey.CAMERA}' AND visit = {visit} AND detector = {detector}"
        stock = build_stock(butler, make_pipeline(tasks), ("run/b",), where=where, **options)
        try:
            ours = build_ours(butler, make_pipeline(tasks), ("run/b",), [pair], **options)
        except GraphBuildError:
            assert not stock.n_quanta
            continue
        assert ours.n_quanta == stock.n_quanta
        n_empty += not ours.n_quanta
        assert ("The graph has no quanta" in str(ours)) == (not ours.n_quanta)
        assert ("n_quanta=0" in repr(ours)) == (not ours.n_quanta)
        other = {"instrument": survey.CAMERA, "visit": 24 - visit if visit != 12 else 13}
        there = butler.query_datasets(survey.name_of("src", V), "run/b", data_id=other, explain=False)
        assert ("no src" if not there else "taken by include pair") in str(ours.explain(**other))
    assert n_empty


def stock_knows(option: str) -> bool:
    """Tell whether the installed stock builder is new enough for an option."""
    return option in inspect.signature(QuantumGraphBuilder.__init__).parameters


@pytest.mark.parametrize("names", [(survey.name_of("made0", VD),), ("do*",), ("made1*", "do*"), ("*",)])
def test_retained_dataset_types(butler: Butler, names: tuple[str, ...]) -> None:
    """A skipped quantum runs again where one that runs needs what is not retained."""
    options = {"skip_existing_in": (survey.BEFORE,), "output_run": FRESH}
    ours = build_ours(butler, chain(read()), INPUTS, retained_dataset_types=names, **options)
    plain = build_ours(butler, chain(read()), INPUTS, **options)
    if stock_knows("retained_dataset_types"):
        stock = build_stock(butler, chain(read()), INPUTS, retained_dataset_types=list(names), **options)
        assert_same_graph(ours.columns, stock)
    if names[0].startswith(("do", "made1")):
        whole = build_ours(butler, chain(read()), INPUTS, output_run=FRESH).columns
        first, second = survey.name_of("made0", VD), survey.name_of("do1", PB)
        assert_all_inputs(ours.columns, whole, second, first, "visit", "detector")
        assert ours.n_quanta > plain.n_quanta
    else:
        assert ours.n_quanta_by_task == plain.n_quanta_by_task


def test_prune_unanchored_quanta(butler: Butler) -> None:
    """Left are the first quanta that lead to a second one."""
    first, second = survey.name_of("do0", VD), survey.name_of("do1", PB)
    options = {"prune_unanchored_quanta": (first, second), "output_run": FRESH}
    ours = build_ours(butler, chain(read(), minimum=5), INPUTS, **options)
    if stock_knows("prune_unanchored_quanta"):
        assert_same_graph(ours.columns, build_stock(butler, chain(read(), minimum=5), INPUTS, **options))
    whole = build_ours(butler, chain(read(), minimum=5), INPUTS, output_run=FRESH)
    read_by_second = read_by(whole.columns, second, survey.name_of("made0", VD), "visit", "detector")
    needed = set().union(*read_by_second.values())
    assert set(ours.columns.quanta[first].data_ids.select("visit", "detector").rows()) == needed
    assert ours.n_quanta < whole.n_quanta


@pytest.mark.parametrize("mode", BuildMode)
def test_outputs_without_dimensions_in_the_way(tmp_path: Path, mode: BuildMode) -> None:
    """There is no metadata by which the quantum could be skipped."""
    Butler.makeRepo(str(tmp_path / "repo"))
    with Butler.from_config(str(tmp_path / "repo"), writeable=True) as butler:
        pipeline = make_pipeline({"whole": ((), [connect("input", "before"), makes("after")])})
        for run, name in (("in", "before"), (OUTPUT_RUN, "after")):
            butler.collections.register(run)
            storage = MockStorageClass.get_or_register_mock(DICT)
            dataset_type = DatasetType(name, butler.dimensions.empty, storage)
            butler.registry.registerDatasetType(dataset_type)
            butler.registry.insertDatasets(dataset_type, [{}], run=run)
        options = {"skip_existing_in": (OUTPUT_RUN,)}
        with pytest.raises(OutputExistsError):
            build_stock(butler, pipeline, ("in",), **options)
        with pytest.raises(GraphBuildError, match=r"1 after datasets are in the output run .* \(without dim"):
            build_ours(butler, pipeline, ("in",), mode=mode, **options)
        ours = build_ours(butler, pipeline, ("in",), mode=mode, clobber=True)
        assert_same_graph(ours.columns, build_stock(butler, pipeline, ("in",), clobber=True))


def test_calibrations_that_change_within_an_observation(butler: Butler) -> None:
    """An ambiguous lookup is refused by both; ours names how many, and the first."""
    pipeline = chain(*CONNECTIONS["validity ranges"])
    with pytest.raises(LookupError, match="Ambiguous"):
        build_stock(butler, pipeline, ("calib/cut", "run/a"), output_run=FRESH)
    with pytest.raises(
        GraphBuildError, match=r"cal_detector_instrument .* is ambiguous: \d quanta.*detector"
    ):
        build_ours(butler, pipeline, ("calib/cut", "run/a"), output_run=FRESH)


def test_an_edited_selection_becomes_an_input(butler: Butler) -> None:
    """Put back by hand, what a task made is an overall input of the graph without that task."""
    pipeline = chain(read())
    pipeline.remove_tasks([survey.name_of("do0", VD)])
    inputs = (survey.BEFORE, "run/a")
    for mode in BuildMode:
        ours = build_ours(butler, pipeline, inputs, output_run=FRESH, mode=mode)
        assert_same_graph(ours.columns, build_stock(butler, pipeline, inputs, output_run=FRESH))
        kinds = {row["dataset_type"]: row["kind"] for row in ours.datasets.to_pylist()}
        assert kinds[survey.name_of("made0", VD)] == "input"


def test_a_saved_snapshot_gives_the_same_graph(butler: Butler, tmp_path: Path) -> None:
    request = GraphRequest(chain(*CONNECTIONS["validity ranges"]), INPUTS, "u/oracle", FRESH)
    pipeline = request.pipeline_graph
    pipeline.resolve(butler.registry)
    constraint = constraint_on(butler, Mode.EXCLUDE, V, [(survey.CAMERA, 11)], pipeline=pipeline)
    snapshot = read_graph_snapshot(butler, request)
    reopened = open_snapshot(save_snapshot(snapshot, tmp_path / "snapshot"), butler.dimensions)
    assert reopened.digest == snapshot.digest
    first, second = (
        build_preview(GraphSource(butler, one), request, [constraint]).columns for one in (None, reopened)
    )
    assert compute_logical_digest(first) == compute_logical_digest(second)


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_source_reads_what_each_request_reads(butler: Butler, *, is_saved: bool) -> None:
    """What is skipped, and what may be in the way, is read and fenced for the request that asks."""
    plain = GraphRequest(chain(read()), INPUTS, "u/oracle", FRESH)
    plain.pipeline_graph.resolve(butler.registry)
    requests = {
        "plain": plain,
        "skipping": dataclasses.replace(plain, skip_existing_in=(survey.BEFORE,)),
        "clobbering": dataclasses.replace(plain, output_run=OUTPUT_RUN, clobber=True),
        "both": dataclasses.replace(
            plain, output_run=OUTPUT_RUN, skip_existing_in=(survey.BEFORE,), clobber=True
        ),
    }
    every = dataclasses.replace(plain, output_run=OUTPUT_RUN, skip_existing_in=(survey.BEFORE,))
    snapshot = read_graph_snapshot(butler, every) if is_saved else None
    source = GraphSource(butler, snapshot)
    for name in (*requests, *reversed(requests)):
        request = requests[name]
        ours, alone = (build_preview(origin, request, []) for origin in (source, butler))
        assert ours.fence.reads == alone.fence.reads == list_reads(request), name
        assert ours.fence.digest == alone.fence.digest, name
        assert compute_logical_digest(ours.columns) == compute_logical_digest(alone.columns), name
    again = build_preview(source, requests["plain"], [])
    assert again.graph.quantum_ids is ours.graph.quantum_ids
