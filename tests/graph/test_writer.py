"""Files of graphs: the stock reader takes them, equal inputs give equal files, failures leave nothing."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.pipeline_graph.io import SerializedPipelineGraph
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph, PredictedQuantumGraphComponents

from tests.graph.mocked import EXPOSURE, add_task, connect, insert, makes, reads
from tests.graph.oracle import assert_same_graph, build_ours, build_stock
from tests.graph.statements import constraint_on
from workbench.demo import PIPELINE
from workbench.errors import GraphBuildError, GraphFileError, OperationCancelledError
from workbench.graph import BuildMode, Mode, Preview, read_graph
from workbench.graph.columns.digest import compute_logical_digest
from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.file.components import components_from_columns
from workbench.graph.file.writer import write_graph

INPUTS = ("u/mocked", "HSC/defaults")
VD = ("instrument", "visit", "detector")


@pytest.fixture(scope="module")
def butler(demo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Butler]:
    """The demonstration, with datasets of a storage class that has components."""
    root = shutil.copytree(demo_root, tmp_path_factory.mktemp("writer") / "repo")
    with Butler.from_config(str(root), writeable=True) as butler:
        insert(butler, "u/mocked", "exposure_in", VD, storage=EXPOSURE)
        yield butler


def make_demo(butler: Butler) -> PipelineGraph:
    return Pipeline.from_uri(PIPELINE).to_graph(butler.registry)


def make_everything(butler: Butler) -> PipelineGraph:
    """Real tasks, more than 512 quanta, components, conversions, init datasets, no dimensions, no quanta."""
    graph = make_demo(butler)
    add_task(
        graph, "first", VD, reads("exposure_in.wcs", *VD, storage="Wcs"),
        reads("detector_stats", *VD, real="ArrowAstropy"),
        connect("init_output", "first_schema"), makes("first_table", *VD, storage="ArrowTable"),
    )  # fmt: skip
    for number in range(5):
        add_task(
            graph, f"more{number}", VD, reads("first_table", *VD, storage="ArrowAstropy"),
            connect("init_input", "first_schema"), makes(f"more{number}_table", *VD),
        )  # fmt: skip
    add_task(graph, "all", (), reads("more0_table", *VD, minimum=0), makes("all_table"))
    add_task(
        graph, "never", ("instrument", "visit"), reads("more1_table", *VD), makes("never_table", *VD[:2])
    )
    add_task(graph, "apart", ("skymap", "tract"), makes("apart_table", "skymap", "tract"))
    return graph


@pytest.fixture(scope="module")
def everything(butler: Butler) -> GraphColumns:
    every = [("HSC", record.id) for record in butler.query_dimension_records("visit", explain=False)]
    nothing = constraint_on(butler, Mode.EXCLUDE, ("visit",), every, tasks=["never"])
    preview = build_ours(
        butler, make_everything(butler), INPUTS, [nothing], mode=BuildMode.PER_TASK, datastore_records=True
    )
    assert preview.n_quanta_by_task["never"] == 0
    assert preview.n_quanta_by_task["all"] == 1
    assert preview.n_quanta > 512
    return preview.columns


@pytest.fixture(scope="module")
def few(butler: Butler) -> GraphColumns:
    return build_ours(butler, make_demo(butler), INPUTS, datastore_records=True).columns


@pytest.fixture(params=["few", "everything"])
def columns(request: pytest.FixtureRequest) -> GraphColumns:
    graph: GraphColumns = request.getfixturevalue(request.param)
    assert graph.datastore_records
    return graph


def write(columns: GraphColumns, path: Path) -> Path:
    write_graph(columns, path)
    return path


def read_stock(path: Path) -> PredictedQuantumGraphComponents:
    with PredictedQuantumGraph.open(str(path)) as reader:
        reader.read_all()
        return reader.components


def assert_same_components(
    found: PredictedQuantumGraphComponents, expected: PredictedQuantumGraphComponents
) -> None:
    """All that a file holds, UUIDs included."""
    assert found.header.model_dump() == expected.header.model_dump()
    assert found.quantum_datasets == expected.quantum_datasets
    assert found.init_quanta == expected.init_quanta
    assert found.dimension_data is not None
    assert expected.dimension_data is not None
    assert found.dimension_data.serialized() == expected.dimension_data.serialized()
    assert to_text(found.pipeline_graph) == to_text(expected.pipeline_graph)
    assert dump_thin(found) == dump_thin(expected)


def to_text(graph: PipelineGraph) -> str:
    return SerializedPipelineGraph.serialize(graph).model_dump_json()


def dump_thin(components: PredictedQuantumGraphComponents) -> tuple[object, object]:
    thin = components.thin_graph
    quanta = {label: sorted(map(repr, rows)) for label, rows in thin.quanta.items()}
    return quanta, sorted(map(repr, thin.edges))


def test_stock_reader_reads_all_of_it(columns: GraphColumns, tmp_path: Path) -> None:
    path = write(columns, tmp_path / "ours.qg")
    with zipfile.ZipFile(path) as archive:
        assert ("compression_dict" in archive.namelist()) == (columns.n_quanta >= 512)
    expected = components_from_columns(columns)
    assert_same_components(read_stock(path), expected)
    # The stock writer's file of the same graph holds the same.
    expected.write(str(tmp_path / "stock.qg"))
    assert_same_components(read_stock(path), read_stock(tmp_path / "stock.qg"))


def test_stock_reader_finds_single_quanta(columns: GraphColumns, tmp_path: Path) -> None:
    """As batch jobs do: some quanta by their IDs, with datastore records, ready to be executed."""
    path = write(columns, tmp_path / "ours.qg")
    whole = components_from_columns(columns)
    chosen = list(whole.quantum_datasets)[:: max(1, len(whole.quantum_datasets) // 7)]
    some = PredictedQuantumGraph.read_execution_quanta(str(path), quantum_ids=chosen)
    quanta = some.build_execution_quanta()
    assert set(quanta) == set(chosen)
    stock = whole.assemble().build_execution_quanta()
    for quantum_id in chosen:
        assert quanta[quantum_id].dataId == stock[quantum_id].dataId
        assert quanta[quantum_id].to_simple() == stock[quantum_id].to_simple()


def test_an_assembled_graph_holds_its_records(few: GraphColumns) -> None:
    """As the stock builder's own does in memory: a local Butler is filled from them."""
    held = components_from_columns(few).assemble().dimension_data.records
    counts = {name: len(records) for name, records in held.items() if len(records)}
    assert counts == {name: len(table) for name, table in few.dimension_records.items() if len(table)}
    assert {record.visit for record in held["visit_detector_region"]} == set(
        few.quanta["calibrate"].data_ids["visit"]
    )


def test_stock_reader_takes_the_thin_graph_alone(columns: GraphColumns, tmp_path: Path) -> None:
    """As workflow systems do, to cluster quanta."""
    path = write(columns, tmp_path / "ours.qg")
    with PredictedQuantumGraph.open(str(path)) as reader:
        reader.read_thin_graph()
        reader.read_init_quanta()
        thin = reader.finish()
    whole = components_from_columns(columns).assemble()
    assert set(thin.quantum_only_xgraph.edges) == set(whole.quantum_only_xgraph.edges)
    assert len(thin) == columns.n_quanta
    assert {label: set(map(repr, rows)) for label, rows in thin.quanta_by_task.items()} == {
        label: set(map(repr, rows)) for label, rows in whole.quanta_by_task.items()
    }


def test_graph_comes_back_in_columns(columns: GraphColumns, tmp_path: Path) -> None:
    back = read_graph(write(columns, tmp_path / "ours.qg"))
    back.check()
    assert_same_graph(back, columns)
    assert compute_logical_digest(back) == compute_logical_digest(columns)
    for label, quanta in columns.quanta.items():
        assert np.array_equal(back.quanta[label].uuids, quanta.uuids)
    for name, datasets in columns.datasets.items():
        assert np.array_equal(back.datasets[name].uuids, datasets.uuids)


def test_file_of_the_stock_writer_comes_into_columns(butler: Butler, tmp_path: Path) -> None:
    stock = build_stock(butler, make_demo(butler), INPUTS, records=True)
    components_from_columns(stock).write(str(tmp_path / "stock.qg"))
    back = read_graph(tmp_path / "stock.qg")
    assert compute_logical_digest(back) == compute_logical_digest(stock)


def test_graph_without_quanta(few: GraphColumns, tmp_path: Path) -> None:
    none = dataclasses.replace(
        few,
        quanta={}, datasets={}, inputs={}, outputs={}, dimension_records={}, datastore_records=(),
        init_quanta=type(few.init_quanta)(few.init_quanta.root[:1]),
    )  # fmt: skip
    path = write(none, tmp_path / "none.qg")
    with PredictedQuantumGraph.open(str(path)) as reader:
        reader.read_all()
        assert len(reader.finish()) == 0
    assert read_graph(path).n_quanta == 0


def test_equal_columns_give_equal_bytes(columns: GraphColumns, tmp_path: Path) -> None:
    first, second = write(columns, tmp_path / "a" / "1.qg"), write(columns, tmp_path / "b" / "2.qg")
    assert first.read_bytes() == second.read_bytes()


def test_equal_inputs_give_an_equal_logical_digest(butler: Butler, tmp_path: Path) -> None:
    """Bytes differ, by the IDs that are minted anew."""

    def build() -> Preview:
        return build_ours(butler, make_everything(butler), INPUTS, mode=BuildMode.PER_TASK)

    first, second = build().columns, build().columns
    assert compute_logical_digest(first) == compute_logical_digest(second)
    one, other = write(first, tmp_path / "1.qg"), write(second, tmp_path / "2.qg")
    assert one.read_bytes() != other.read_bytes()
    assert compute_logical_digest(read_graph(one)) == compute_logical_digest(read_graph(other))
    fewer = build_ours(butler, make_everything(butler), INPUTS, [
        constraint_on(butler, Mode.EXCLUDE, ("visit",), [("HSC", 58260)], pipeline=make_everything(butler))
    ], mode=BuildMode.PER_TASK)  # fmt: skip
    assert compute_logical_digest(fewer.columns) != compute_logical_digest(first)


def test_cancelled_write_leaves_what_was_there(everything: GraphColumns, tmp_path: Path) -> None:
    path = tmp_path / "graph.qg"
    fractions: list[float] = []

    def cancel(_: str, fraction: float | None = None) -> None:
        fractions.append(fraction or 0.0)
        if fractions[-1] > 0.2:
            raise OperationCancelledError("stop")

    with pytest.raises(OperationCancelledError):
        write_graph(everything, path, progress=cancel)
    assert 0.2 < fractions[-1] < 1.0
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"before")
    with pytest.raises(OperationCancelledError):
        write_graph(everything, path, progress=cancel)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_refuses_what_is_no_graph(few: GraphColumns, tmp_path: Path) -> None:
    with pytest.raises(GraphBuildError, match=r"has to end in '.qg'"):
        write_graph(few, tmp_path / "graph.zip")
    (tmp_path / "file").write_text("")
    with pytest.raises(GraphFileError, match="cannot be written"):
        write_graph(few, tmp_path / "file" / "graph.qg")
    label = next(iter(few.quanta))
    twice = np.repeat(few.quanta[label].uuids[:1], len(few.quanta[label]), axis=0)
    same = {**few.quanta, label: dataclasses.replace(few.quanta[label], uuids=twice)}
    with pytest.raises(GraphBuildError, match="share their UUID"):
        write_graph(dataclasses.replace(few, quanta=same), tmp_path / "same.qg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_reading_says_what_is_wrong(few: GraphColumns, tmp_path: Path) -> None:
    with pytest.raises(GraphFileError, match="There is no graph file"):
        read_graph(tmp_path / "none.qg")
    (tmp_path / "text.qg").write_text("no zip")
    with pytest.raises(GraphFileError, match="predicted quantum graph, and is none"):
        read_graph(tmp_path / "text.qg")
    with zipfile.ZipFile(tmp_path / "empty.qg", "w"):
        pass
    with pytest.raises(GraphFileError, match="predicted quantum graph, and is none"):
        read_graph(tmp_path / "empty.qg")
    whole = write(few, tmp_path / "whole.qg").read_bytes()
    (tmp_path / "torn.qg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GraphFileError, match="predicted quantum graph, and is none"):
        read_graph(tmp_path / "torn.qg")
    for broken in ("header", "pipeline_graph", "init_quanta", "dimension_data", "quanta.addr"):
        with zipfile.ZipFile(tmp_path / "whole.qg") as old, zipfile.ZipFile(tmp_path / "bad.qg", "w") as new:
            for name in old.namelist():
                new.writestr(name, b"garbage" if name.startswith(broken) else old.read(name))
        with pytest.raises(GraphFileError, match="predicted quantum graph, and is none"):
            read_graph(tmp_path / "bad.qg")
    with pytest.raises(GraphFileError, match="predicted quantum graph, and is none"):
        read_graph(tmp_path)
    with zipfile.ZipFile(tmp_path / "whole.qg") as old, zipfile.ZipFile(tmp_path / "cut.qg", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if name == "quanta.addr" else data)
    with pytest.raises(GraphFileError, match=r"quanta\.addr has [0-9,]+ bytes where"):
        read_graph(tmp_path / "cut.qg")
