"""Graphs of the demonstration repository, against the stock builder and against their previews."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphComponents

from workbench.errors import (
    GrowthError,
    MissingInputsError,
    OperationCancelledError,
    OutputRunExistsError,
    UnknownNameError,
)
from workbench.graph import (
    GraphRequest,
    Mode,
    PartialPolicy,
    Preview,
    ResolvedConstraint,
    Scope,
    Stage,
    build_preview,
)
from workbench.graph.file.components import components_from_columns

INPUTS = ("HSC/defaults",)
BAD = 58260


def make_request(pipeline: PipelineGraph, **changes: object) -> GraphRequest:
    values = {"inputs": INPUTS, "output": "u/test/graph", "output_run": "u/test/graph/r1", **changes}
    return GraphRequest(pipeline, **values)  # type: ignore[arg-type]


def constrain(
    butler: Butler,
    mode: Mode,
    names: tuple[str, ...],
    rows: Iterable[tuple[object, ...]],
    *,
    tasks: Iterable[str] = (),
    pipeline: PipelineGraph | None = None,
    name: str = "c",
) -> ResolvedConstraint:
    dimensions = butler.dimensions.conform(names)
    keys = pl.DataFrame(list(rows), schema=list(dimensions.required), orient="row")
    labels = frozenset(tasks) or frozenset(pipeline.tasks if pipeline is not None else ())
    scope = Scope.TASKS if tasks else Scope.GRAPH
    return ResolvedConstraint(name, mode, scope, labels, "", ((dimensions, keys),))


type_of_edge = tuple[str, tuple[object, ...], str, tuple[object, ...]]


def edges_of(components: PredictedQuantumGraphComponents) -> set[type_of_edge]:
    return {
        (
            quantum.task_label,
            tuple(quantum.data_coordinate),
            dataset.dataset_type_name,
            tuple(dataset.data_coordinate),
        )
        for quantum in components.quantum_datasets.values()
        for datasets in (*quantum.inputs.values(), *quantum.outputs.values())
        for dataset in datasets
    }


def quanta_of(components: PredictedQuantumGraphComponents) -> set[tuple[str, tuple[object, ...]]]:
    return {(q.task_label, tuple(q.data_coordinate)) for q in components.quantum_datasets.values()}


def test_without_constraints_equals_the_stock_graph(
    demo_butler: Butler, demo_pipeline: PipelineGraph
) -> None:
    preview = build_preview(demo_butler, make_request(demo_pipeline), [])
    stock = AllDimensionsQuantumGraphBuilder(
        demo_pipeline.copy(), demo_butler, input_collections=INPUTS, output_run="u/test/stock/r1"
    ).finish()
    assert quanta_of(components_from_columns(preview.columns)) == quanta_of(stock)
    assert edges_of(components_from_columns(preview.columns)) == edges_of(stock)
    assert preview.n_quanta == len(stock.quantum_datasets) > 200


def test_constraint_on_whole_graph_equals_the_stock_where(
    demo_butler: Butler, demo_pipeline: PipelineGraph
) -> None:
    """Leaving a visit out everywhere slices nothing, so both must agree."""
    every = [("HSC", record.id) for record in demo_butler.query_dimension_records("visit", explain=False)]
    kept = [row for row in every if row[1] != BAD]
    constraint = constrain(demo_butler, Mode.INCLUDE, ("visit",), kept, pipeline=demo_pipeline)
    preview = build_preview(demo_butler, make_request(demo_pipeline), [constraint])
    stock = AllDimensionsQuantumGraphBuilder(
        demo_pipeline.copy(), demo_butler, where=f"instrument = 'HSC' AND visit != {BAD}",
        input_collections=INPUTS, output_run="u/test/stock/r1",
    ).finish()  # fmt: skip
    assert quanta_of(components_from_columns(preview.columns)) == quanta_of(stock)
    assert edges_of(components_from_columns(preview.columns)) == edges_of(stock)


def test_file_holds_exactly_what_was_promised(
    demo_butler: Butler, demo_pipeline: PipelineGraph, tmp_path: Path
) -> None:
    bad = constrain(demo_butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], tasks=["coadd"], name="bad@1")
    preview = build_preview(demo_butler, make_request(demo_pipeline), [bad])
    path = tmp_path / "graph.qg"
    preview.write(path)
    with PredictedQuantumGraph.open(str(path)) as reader:
        reader.read_all()
        graph = reader.finish()
    assert {label: len(quanta) for label, quanta in graph.quanta_by_task.items()} == preview.n_quanta_by_task
    promised = {
        label: {
            tuple(row[name] for name in graph.pipeline_graph.tasks[label].dimensions.required) for row in rows
        }
        for label in demo_pipeline.tasks
        if (rows := preview.quanta(label, stage=Stage.KEPT).to_pylist()) is not None
    }
    found = {
        label: {data_id.required_values for data_id in quanta}
        for label, quanta in graph.quanta_by_task.items()
    }
    assert found == promised


def visits_read(preview: Preview, task: str, dataset_type: str) -> set[int]:
    names = list(
        components_from_columns(preview.columns)
        .pipeline_graph.dataset_types[dataset_type]
        .dimensions.data_coordinate_keys
    )
    return {
        int(dataset.data_coordinate[names.index("visit")])  # type: ignore[arg-type]
        for quantum in components_from_columns(preview.columns).quantum_datasets.values()
        if quantum.task_label == task
        for datasets in quantum.inputs.values()
        for dataset in datasets
        if dataset.dataset_type_name == dataset_type
    }


def test_two_coadds_take_different_visits(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    bad = constrain(demo_butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], tasks=["coadd"], name="bad@1")
    best = constrain(
        demo_butler,
        Mode.INCLUDE,
        ("visit",),
        [("HSC", 96954), ("HSC", 96980)],
        tasks=["sharpCoadd"],
        name="best@1",
    )
    preview = build_preview(demo_butler, make_request(demo_pipeline), [bad, best])
    assert BAD not in visits_read(preview, "coadd", "warp_stats")
    assert visits_read(preview, "sharpCoadd", "warp_stats") == {96954, 96980}
    assert len(visits_read(preview, "coadd", "warp_stats")) > 2
    cut = {row["constraint"]: row["inputs_cut"] for row in preview.constraints.to_pylist()}
    assert cut["bad@1"] == 4
    explanation = preview.explain(visit=BAD)
    text = str(explanation)
    assert (
        "coadd: 0 of 4 warp_stats inputs kept; the rest dropped at stage constraint (exclude bad@1)." in text
    )
    assert f"To restore visit={BAD}, take it out of bad@1." in text


def test_tract_constraint_keeps_visits_whole(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    """The stock builder slices: fewer detectors in the summaries of one tract."""
    tract = constrain(
        demo_butler, Mode.INCLUDE, ("tract",), [("cosmos_rings", 0)], pipeline=demo_pipeline, name="tract = 0"
    )
    preview = build_preview(demo_butler, make_request(demo_pipeline), [tract])
    counts = preview.n_quanta_by_task
    assert counts["calibrate"] == 6 * counts["summarizeVisit"] > 0
    assert preview.conflicts.num_rows == 0
    stock = AllDimensionsQuantumGraphBuilder(
        demo_pipeline.copy(), demo_butler, where="skymap = 'cosmos_rings' AND tract = 0",
        input_collections=INPUTS, output_run="u/test/stock/r1",
    ).finish()  # fmt: skip
    sliced = sum(q.task_label == "calibrate" for q in stock.quantum_datasets.values())
    assert sliced < counts["calibrate"]


@pytest.mark.parametrize("policy", PartialPolicy)
def test_what_a_constraint_upstream_takes_is_excluded(
    demo_butler: Butler, demo_pipeline: PipelineGraph, policy: PartialPolicy
) -> None:
    """Its cause is the constraint, so the coadds without it are whole, and nothing is refused."""
    bad = constrain(demo_butler, Mode.EXCLUDE, ("visit",), [("HSC", BAD)], tasks=["calibrate"], name="bad@1")
    preview = build_preview(demo_butler, make_request(demo_pipeline, policy=policy), [bad])
    preview.require_whole()
    assert preview.conflicts.num_rows == 0
    whole = build_preview(demo_butler, make_request(demo_pipeline), [])
    assert preview.n_quanta_by_task["coadd"] == whole.n_quanta_by_task["coadd"]
    assert preview.n_quanta_by_task["warp"] < whole.n_quanta_by_task["warp"]
    (row,) = preview.constraints.to_pylist()
    assert row["quanta_cut"] == 6
    assert row["quanta_starved"] == whole.n_quanta - 6 - preview.n_quanta > 0
    first = next(row for row in preview.why_not(visit=BAD).waterfall.to_pylist() if row["stage"] == "starved")
    assert first["reason"] == "too few inputs left by exclude bad@1"
    coadds = {row["task"]: row["inputs_excluded"] for row in preview.counts.to_pylist()}
    assert coadds["coadd"] > 0


def test_growth_is_limited(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    request = make_request(demo_pipeline, growth_limit=0.5)
    with pytest.raises(GrowthError, match=r"would grow the graph 1\.0 times"):
        build_preview(demo_butler, request, [])


def test_explains_what_is_no_candidate(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    preview = build_preview(demo_butler, make_request(demo_pipeline), [])
    assert str(preview.explain(visit=1)) == "visit 1 is no candidate. The repository has no such data ID."
    assert not preview.explain(visit=1).included
    assert preview.explain(visit=BAD).included
    with pytest.raises(UnknownNameError, match="'vist' is no dimension; the dimensions are"):
        preview.explain(vist=1)


def test_missing_inputs_are_listed(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    with pytest.raises(
        MissingInputsError, match=r"(?s)bias.*no dataset there.*Inputs that are there: raw \(72\)"
    ):
        build_preview(demo_butler, make_request(demo_pipeline, inputs=("HSC/raw/all",)), [])
    with pytest.raises(UnknownNameError, match="no/such"):
        build_preview(demo_butler, make_request(demo_pipeline, inputs=("no/such",)), [])


def test_existing_run_is_refused(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    with pytest.raises(OutputRunExistsError, match="'HSC/raw/all' exists already"):
        build_preview(demo_butler, make_request(demo_pipeline, output_run="HSC/raw/all"), [])


def test_can_be_cancelled(demo_butler: Butler, demo_pipeline: PipelineGraph) -> None:
    def cancel(stage: str, fraction: float | None = None) -> None:
        if stage == "applying constraints":
            raise OperationCancelledError("stop")

    with pytest.raises(OperationCancelledError):
        build_preview(demo_butler, make_request(demo_pipeline), [], progress=cancel)
