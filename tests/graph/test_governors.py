"""Conditions on instruments and sky maps, and tables that name them or leave them out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import astropy.table
import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.pipeline_graph import PipelineGraph

from tests.graph.mocked import add_task, insert, makes, reads
from tests.graph.statements import constraint_on
from workbench.errors import BindingError, ExpressionError, GraphBuildError
from workbench.graph import (
    BuildMode,
    Constraint,
    GraphRequest,
    Mode,
    ResolvedConstraint,
    Scope,
    build_preview,
    resolve_expression,
)
from workbench.registry import Registry, open_registry

SKYMAP = "cosmos_rings"
PATCH = ("skymap", "tract", "patch")
PB = (*PATCH, "band")
TB = ("skymap", "tract", "band")
MODES = list(BuildMode)


@pytest.fixture(scope="module")
def root(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demonstration with datasets of patches and of tracts alone."""
    copied = Path(shutil.copytree(demo_root, tmp_path_factory.mktemp("governors") / "repo"))
    with Butler.from_config(str(copied), writeable=True) as butler:
        insert(butler, "in/x", "x", PB)
        insert(butler, "in/x", "t", TB)
    return copied


@pytest.fixture(scope="module")
def registry(root: Path) -> Iterator[Registry]:
    with open_registry(str(root)) as opened:
        yield opened


def make(registry: Registry, dimensions: tuple[str, ...], name: str) -> PipelineGraph:
    """One task that has no instrument."""
    graph = PipelineGraph()
    add_task(graph, "measure", dimensions, reads(name, *dimensions), makes("out", *dimensions))
    graph.resolve(registry.butler.registry)
    return graph


def state(where: str, tasks: tuple[str, ...] = ()) -> Constraint:
    return Constraint(where, Mode.INCLUDE, Scope.TASKS if tasks else Scope.GRAPH, tasks, where=where)


def count(registry: Registry, mode: BuildMode, pipeline: PipelineGraph, *resolved: ResolvedConstraint) -> int:
    request = GraphRequest(pipeline, ("in/x",), "o", output_run="o/r", mode=mode, datastore_records=False)
    return build_preview(registry.butler, request, resolved).n_quanta


def count_where(registry: Registry, mode: BuildMode, where: str) -> int:
    pipeline = make(registry, PB, "x")
    return count(
        registry, mode, pipeline, *resolve_expression(registry, state(where), frozenset(pipeline.tasks))
    )


def count_stock(registry: Registry, pipeline: PipelineGraph, where: str = "", **options: object) -> int:
    builder = AllDimensionsQuantumGraphBuilder(
        pipeline.copy(),
        registry.butler,
        where=where,
        input_collections=["in/x"],
        output_run="o/r",
        **options,  # type: ignore[arg-type]
    )
    made = builder.finish(attach_datastore_records=False)
    return len(made.quantum_datasets)


@pytest.mark.parametrize("mode", MODES)
def test_a_governor_that_the_pipeline_has_not_restricts_and_binds_nothing(
    registry: Registry, mode: BuildMode
) -> None:
    where = f"skymap = '{SKYMAP}' AND tract = 0"
    expected = count_stock(registry, make(registry, PB, "x"), where)
    assert 0 < expected < count_where(registry, mode, f"skymap = '{SKYMAP}'")
    for condition in ("instrument = 'HSC'", "instrument != 'LATISS'", "instrument IN ('HSC', 'LSSTCam')"):
        assert count_where(registry, mode, f"{condition} AND {where}") == expected
    # Of a sky map that is the only one, the name is filled in.
    assert count_where(registry, mode, "tract = 0") == expected


def test_a_governor_that_is_false_empties(registry: Registry) -> None:
    where = f"instrument = 'hsc' AND skymap = '{SKYMAP}'"
    assert count_where(registry, BuildMode.PER_TASK, where) == 0
    with pytest.raises(GraphBuildError, match=r"\"instrument = 'hsc'\" lets nothing.*one of 'HSC'.*mean HSC"):
        count_where(registry, BuildMode.ALL_DIMENSIONS, where)
    # Data that the pipeline cannot lack is still an error.
    for mode in MODES:
        with pytest.raises(BindingError):
            count_where(registry, mode, "instrument = 'HSC' AND visit > 5")


def test_a_governor_alone_demands_the_tasks_that_are_named(registry: Registry) -> None:
    pipeline = make(registry, PB, "x")
    stated = state("instrument = 'HSC'", ("measure",))
    resolved = resolve_expression(registry, stated, frozenset(["measure"]))
    assert count(registry, BuildMode.PER_TASK, pipeline, *resolved) == count_stock(registry, pipeline)


def test_what_is_filled_in_is_said(registry: Registry) -> None:
    pipeline = make(registry, PB, "x")
    (one,) = resolve_expression(registry, state("tract = 0"), frozenset(pipeline.tasks))
    request = GraphRequest(pipeline, ("in/x",), "o", output_run="o/r", datastore_records=False)
    preview = build_preview(registry.butler, request, [one])
    assert f"note: skymap = '{SKYMAP}' was filled in" in str(preview)
    *_, one = resolve_expression(registry, state("instrument = 'HSC' AND visit = 1"), frozenset(["measure"]))
    assert any("visit is one of 18202, 19676" in note for note in one.notes)


def test_tables_of_finer_dimensions_are_joined_as_by_the_stock_builder(registry: Registry) -> None:
    pipeline = make(registry, TB, "t")
    rows = [(SKYMAP, tract, patch) for tract in (0, 1) for patch in (1, 2)]
    table = astropy.table.Table(rows=rows, names=PATCH)
    expected = count_stock(registry, pipeline, data_id_tables=[table])
    given = constraint_on(registry.butler, Mode.INCLUDE, PATCH, rows, pipeline=pipeline)
    assert count(registry, BuildMode.ALL_DIMENSIONS, pipeline, given) == expected > 0
    # Nor do instruments, which the pipeline has not.
    known = constraint_on(registry.butler, Mode.INCLUDE, ("instrument",), [("HSC",)], pipeline=pipeline)
    for mode in MODES:
        assert count(registry, mode, pipeline, known) == count_stock(registry, pipeline)


def test_several_sky_maps_are_told_apart(root: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(root, tmp_path / "repo"))
    with Butler.from_config(str(copied), writeable=True) as butler:
        (record,) = butler.query_dimension_records("skymap")
        other = {**record.toDict(), "name": "other_rings", "hash": b"12345678"}
        butler.registry.insertDimensionData("skymap", other)
    with open_registry(str(copied)) as registry:
        for mode in MODES:
            with pytest.raises(
                ExpressionError, match=r"Add skymap = 'cosmos_rings' \(there are: .*other_rings"
            ):
                count_where(registry, mode, "tract = 0")
            assert count_where(registry, mode, f"skymap = '{SKYMAP}' AND tract = 0") > 0
