"""Tasks that make what neither they nor their inputs have: only of values that occur upstream."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.incomplete import EMPTY, TPB, VD, D, T, Tasks, V, inputs_of
from tests.graph.mocked import add_task, connect, insert, make_pipeline, makes, reads
from tests.graph.oracle import assert_edges_agree, assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.errors import BindingError
from workbench.graph import BuildMode, GraphSource, Mode, Preview, ResolvedConstraint
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.joins.operands import StockOnlyError

I = ("instrument",)  # noqa: E741 - as V and T
VT = ("instrument", "visit", "skymap", "tract")
PF = ("instrument", "physical_filter")
TOUCHED = ("patches that visits touch", "made of patches that visits touch")
SHARE = 0.7
LATE = "instrument = 'HSC' AND visit > 90000 AND visit != 96954"
"""Visits that leave one of the four tracts alone."""


@pytest.fixture
def butler(incomplete_butler: Butler) -> Butler:
    return incomplete_butler


def makes_all(name: str, group: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    return makes(name, *group, multiple=True)


SPREADS: dict[str, Tasks] = {
    "visits": {
        "build": (I, [reads("w", *V), makes("table", *I)]),
        "products": (I, [reads("table", *I), makes_all("calib", V)]),
    },
    "visits of two inputs": {
        "build": (I, [reads("w", *V), reads("x", *VD), makes("table", *I)]),
        "products": (I, [reads("table", *I), makes_all("calib", VD), makes_all("flags", V)]),
    },
    "of its own inputs": {
        "products": (I, [reads("w", *V), reads("z", *V), makes_all("calib", V)]),
    },
    "tracts of visits": {
        "build": (I, [reads("x", *VD), makes("table", *I)]),
        "products": (I, [reads("table", *I), makes_all("stars", T), makes_all("pieces", TPB[:3])]),
    },
    "visits of patches": {
        "build": (T, [reads("patches", *TPB), makes("table", *T)]),
        "products": (T, [reads("table", *T), makes_all("list", VT)]),
    },
    "exposures become visits": {
        "build": (I, [connect("input", "raw", ("instrument", "exposure", "detector"), multiple=True,
                              real="StructuredDataDict"), makes("table", *I)]),
        "products": (I, [reads("table", *I), makes_all("calib", V)]),
    },
    "through two tables": {
        "build": (D, [reads("x", *VD), makes("tables", *D)]),
        "merge": (I, [reads("tables", *D), makes("table", *I)]),
        "products": (EMPTY, [reads("table", *I), makes_all("calib", VD), makes_all("bands", ("band",))]),
    },
    "with consumers": {
        "build": (I, [reads("w", *V), makes("table", *I)]),
        "products": (I, [reads("table", *I), makes_all("calib", V)]),
        "apply": (V, [reads("calib", *V), makes("applied", *V)]),
        "gather": (I, [reads("applied", *V), makes("gathered", *I)]),
    },
    "quanta of visits": {
        "build": (I, [reads("w", *V), makes("table", *I)]),
        "apply": (V, [reads("table", *I), makes("applied", *V)]),
    },
    "quanta of tracts": {
        "build": (I, [reads("x", *VD), makes("table", *I)]),
        "apply": (T, [reads("table", *I), makes("applied", *T)]),
    },
    "quanta of visits of a filter": {
        "build": (PF, [reads("w", *V), makes("table", *PF)]),
        "apply": (V, [reads("table", *PF), makes("applied", *V)]),
    },
    "quanta of visits that touch": {
        "build": (T, [reads("w", *V), makes("table", *T)]),
        "apply": (V, [reads("table", *T), makes("applied", *V)]),
    },
    # Too few visits touch one of the tracts, so that it has no stars; its patches are touched still.
    "patches that visits touch": {
        "build": (T, [reads("w", *V, minimum=5), makes("stars", *T)]),
        "update": (V, [reads("w", *V), reads("stars", *T), makes("summary", *V)]),
        "apply": (TPB, [reads("summary", *V), makes("applied", *TPB)]),
    },
    "made of patches that visits touch": {
        "build": (T, [reads("w", *V, minimum=5), makes("stars", *T)]),
        "update": (V, [reads("w", *V), reads("stars", *T), makes("summary", *V)]),
        "products": (V, [reads("summary", *V), makes_all("cutouts", (*V, *TPB[:3]))]),
    },
}  # fmt: skip


def build(butler: Butler, name: str, *constraints: ResolvedConstraint) -> Preview:
    pipeline = make_pipeline(SPREADS[name])
    ours = build_ours(butler, pipeline, inputs(name), constraints, mode=BuildMode.PER_TASK)
    assert_edges_agree(ours.columns)
    return ours


def inputs(name: str) -> tuple[str, ...]:
    return ("HSC/raw/all",) if name == "exposures become visits" else inputs_of(SHARE)


@pytest.mark.parametrize("name", SPREADS)
def test_what_occurs_upstream(butler: Butler, name: str) -> None:
    """The same as in the stock builder's one join of everything."""
    ours = build(butler, name)
    stock = build_stock(butler, make_pipeline(SPREADS[name]), inputs(name))
    assert made_of(ours.columns) == made_of(stock)
    if name in TOUCHED:
        stars, tiles = made_of(ours.columns, "tract").values()
        assert stars < tiles
    if name in ("visits", "tracts of visits", "exposures become visits", "with consumers", *TOUCHED):
        # Of one input, so that the modes differ in nothing else.
        assert_same_graph(ours.columns, stock)


def late(butler: Butler, **scope: object) -> ResolvedConstraint:
    rows = [("HSC", record.id) for record in butler.query_dimension_records("visit", where=LATE)]
    return constraint_on(butler, Mode.INCLUDE, V, rows, **scope)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SPREADS)
def test_what_constraints_leave(butler: Butler, name: str) -> None:
    """Visits that are left out upstream, or tracts of these alone, are not predicted."""
    pipeline = make_pipeline(SPREADS[name])
    ours = build(butler, name, late(butler, pipeline=pipeline))
    assert made_of(ours.columns) == made_of(build_stock(butler, pipeline, inputs(name), where=LATE))
    assert 0 < ours.columns.n_datasets < build(butler, name).columns.n_datasets


def made_of(graph: GraphColumns, *dimensions: str) -> dict[str, set[tuple[object, ...]]]:
    """The data IDs, or some of their dimensions, of all that stands for a value from upstream."""
    names = ("calib", "flags", "stars", "pieces", "list", "bands", "applied", "cutouts")
    frames = {name: graph.datasets[name].data_ids for name in names if name in graph.datasets}
    return {name: set(frame.select(dimensions or frame.columns).rows()) for name, frame in frames.items()}


@pytest.mark.parametrize("task", ["build", "products"])
def test_a_constraint_on_one_task(butler: Butler, task: str) -> None:
    """On the task that reads visits, or on the one that makes something of each, it comes to the same."""
    ours = build(butler, "with consumers", late(butler, tasks=[task]))
    visits = set(build(butler, "with consumers").columns.datasets["calib"].data_ids["visit"])
    kept = {visit for visit in visits if visit > 90000 and visit != 96954}
    assert 0 < len(kept) < len(visits)
    assert set(ours.columns.datasets["calib"].data_ids["visit"]) == kept
    assert ours.n_quanta_by_task == {"build": 1, "products": 1, "apply": len(kept), "gather": 1}
    read = {edges.dataset_type: len(edges) for edges in ours.columns.inputs.values()}
    assert read["w"] == (len(kept) if task == "build" else len(visits))
    assert read["applied"] == len(kept)


def test_a_constraint_on_tracts_of_outputs(butler: Butler) -> None:
    """Neither the task nor an input has a tract; the constraint still says which are made."""
    ours = build(butler, "tracts of visits", tract_zero(butler))
    tracts = {name: set(ours.columns.datasets[name].data_ids["tract"]) for name in ("stars", "pieces")}
    assert tracts == {"stars": {0}, "pieces": {0}}
    assert len(build(butler, "tracts of visits").columns.datasets["stars"]) > 1


def tract_zero(butler: Butler) -> ResolvedConstraint:
    (skymap,) = (record.name for record in butler.query_dimension_records("skymap"))
    return constraint_on(butler, Mode.INCLUDE, ("tract",), [(skymap, 0)], tasks=["products"])


def test_who_took_an_output(butler: Butler) -> None:
    """The first of two constraints takes the blame; what was made of the visit is excluded by it."""
    pipeline = make_pipeline(SPREADS["with consumers"])
    visits = sorted(build(butler, "with consumers").columns.datasets["calib"].data_ids["visit"])
    first, second = ((("HSC", visits[0]),), (("HSC", visits[0]), ("HSC", visits[1])))
    constraints = [
        constraint_on(butler, Mode.EXCLUDE, V, rows, tasks=["build"], name=name)
        for name, rows in (("first", first), ("second", second))
    ]
    ours = build_ours(butler, pipeline, inputs_of(SHARE), constraints, mode=BuildMode.PER_TASK)
    assert ours.n_quanta_by_task["apply"] == len(visits) - 2
    for visit, name in ((visits[0], "first"), (visits[1], "second")):
        steps = ours.why_not(task="apply", instrument="HSC", visit=visit).waterfall.to_pylist()
        assert [row for row in steps if row["removed"] and name in str(row)], steps
    outputs = ours.neighbourhood("products", {"instrument": "HSC"}).datasets.to_pylist()
    states = {row["data_id"]: row["state"] for row in outputs if row["dataset_type"] == "calib"}
    assert sorted(states.values()) == ["excluded"] * 2 + ["kept"] * (len(visits) - 2), states


@pytest.mark.parametrize("mode", BuildMode)
def test_the_pipeline_says_which_instrument(tmp_path: Path, mode: BuildMode) -> None:
    """Of two instruments in the repository, a task {instrument} and its outputs are of the pipeline's own."""
    Butler.makeRepo(str(tmp_path / "repo"))
    with Butler.from_config(str(tmp_path / "repo"), writeable=True) as butler:
        for camera in ("One", "Two"):
            of = {"instrument": camera}
            insert_record = butler.registry.insertDimensionData
            insert_record("instrument", of | {"name": camera, "class_name": "x", "visit_max": 99})
            insert_record("physical_filter", of | {"name": "r", "band": "r"})
            insert_record("day_obs", of | {"id": 20250101})
            for visit in (1, 2, 3):
                row = of | {"id": visit, "name": f"v{visit}", "physical_filter": "r", "day_obs": 20250101}
                insert_record("visit", row)
        insert(butler, "in", "w", V)
        pipeline = PipelineGraph(data_id={"instrument": "Two"})
        for label, (dimensions, connections) in SPREADS["with consumers"].items():
            add_task(pipeline, label, dimensions, *connections)
        pipeline.sort()
        ours = build_ours(butler, pipeline, ("in",), mode=mode)
        assert_same_graph(ours.columns, build_stock(butler, pipeline, ("in",)))
        assert ours.n_quanta_by_task == {"build": 1, "products": 1, "apply": 3, "gather": 1}


def test_a_constraint_that_still_binds_nothing(butler: Butler) -> None:
    with pytest.raises(BindingError, match="any of the inputs or outputs"):
        build(butler, "visits", tract_zero(butler))


def test_what_the_stock_builder_does_not_follow_is_said(
    butler: Butler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In columns a global task makes something for the visits that are left; by stock, for those before."""
    rows = [("HSC", record.id) for record in butler.query_dimension_records("visit", where=LATE)]
    some = constraint_on(
        butler, Mode.INCLUDE, V, rows, tasks=["build"], pipeline=make_pipeline(SPREADS["visits"])
    )
    ours = build(butler, "visits", some)
    assert ours.warnings == ()

    def refuse(*_: object) -> None:
        raise StockOnlyError("a test")

    monkeypatch.setattr(GraphSource, "find_candidates", refuse)
    options = {"mode": BuildMode.PER_TASK, "engine": "stock builder (slower), for a test"}
    pipeline = make_pipeline(SPREADS["visits"])
    stock = build_ours(butler, pipeline, inputs("visits"), [some], **options)
    assert len(stock.columns.datasets["calib"]) > len(ours.columns.datasets["calib"])
    (warning,) = stock.warnings
    assert warning.startswith(
        "products may process or make more than the constraints leave upstream: the stock"
    )
    assert warning in str(stock)
    # Without constraints, or without such tasks, there is nothing to follow.
    assert build_ours(butler, pipeline, inputs("visits"), **options).warnings == ()
