"""Graphs in columns: what must hold, and the logical digest."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Pipeline
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.quantum_graph import PredictedQuantumGraphComponents

from workbench.demo import PIPELINE
from workbench.errors import GraphBuildError
from workbench.graph.columns.digest import compute_logical_digest
from workbench.graph.columns.graph_columns import EdgeColumns, GraphColumns, Rows
from workbench.graph.file.components import columns_from_components


def build(root: Path, run: str = "u/columns", where: str = "") -> PredictedQuantumGraphComponents:
    with Butler.from_config(str(root), writeable=False) as butler:
        builder = AllDimensionsQuantumGraphBuilder(
            Pipeline.from_uri(PIPELINE).to_graph(),
            butler,
            input_collections=["HSC/defaults"],
            output_run=run,
            where=where,
        )
        return builder.finish(output="u")


@pytest.fixture(scope="module")
def stock(demo_root: Path) -> PredictedQuantumGraphComponents:
    """The graph of the demonstration pipeline, by the stock builder."""
    return build(demo_root)


@pytest.fixture(scope="module")
def columns(stock: PredictedQuantumGraphComponents) -> GraphColumns:
    """The same in columns."""
    return columns_from_components(stock)


def test_columns_count_what_the_stock_builder_counted(
    columns: GraphColumns, stock: PredictedQuantumGraphComponents
) -> None:
    columns.check()
    assert columns.n_quanta == stock.header.n_quanta == 255
    assert columns.n_quanta_by_task == stock.header.n_task_quanta
    assert columns.n_datasets == stock.header.n_datasets


def test_producers_join_tasks(columns: GraphColumns, stock: PredictedQuantumGraphComponents) -> None:
    pairs: set[tuple[bytes, bytes]] = set()
    producers = columns.producers()
    for (label, _), edges in columns.inputs.items():
        maker = columns.pipeline_graph.producer_of(edges.dataset_type)
        rows = producers[edges.dataset_type][edges.dataset_row]
        if maker is None:
            assert (rows == -1).all()
            continue
        made = columns.quanta[maker.label].uuids[rows]
        read = columns.quanta[label].uuids[edges.quantum_row]
        pairs.update((a.tobytes(), b.tobytes()) for a, b in zip(made, read, strict=True))
    assert pairs == {(a.bytes, b.bytes) for a, b in stock.thin_graph.edges}


def test_rows_are_sorted_by_data_id(columns: GraphColumns) -> None:
    frames = [quanta.data_ids for quanta in columns.quanta.values()]
    frames += [datasets.data_ids for datasets in columns.datasets.values()]
    for frame in frames:
        assert frame.equals(frame.sort(frame.columns))


def test_equal_inputs_have_an_equal_digest(columns: GraphColumns, demo_root: Path) -> None:
    again = columns_from_components(build(demo_root))
    assert set(map(bytes, again.quanta["warp"].uuids)).isdisjoint(map(bytes, columns.quanta["warp"].uuids))
    assert compute_logical_digest(again) == compute_logical_digest(columns)


def test_other_inputs_have_another_digest(columns: GraphColumns, demo_root: Path) -> None:
    digests = {compute_logical_digest(columns)}
    digests.add(compute_logical_digest(columns_from_components(build(demo_root, run="u/other"))))
    digests.add(compute_logical_digest(columns_from_components(build(demo_root, where="visit != 96954"))))
    for side in (columns.inputs, columns.outputs):
        key, edges = next(iter(side.items()))
        fewer = EdgeColumns(edges.dataset_type, edges.quantum_row[:-1], edges.dataset_row[:-1])
        changed = (
            dataclasses.replace(columns, inputs={**side, key: fewer})
            if side is columns.inputs
            else dataclasses.replace(columns, outputs={**side, key: fewer})
        )
        digests.add(compute_logical_digest(changed))
    raw = columns.datasets["raw"]
    other = dataclasses.replace(raw, uuids=raw.uuids[::-1])
    digests.add(
        compute_logical_digest(dataclasses.replace(columns, datasets={**columns.datasets, "raw": other}))
    )
    stored = columns.datastore_records
    digests.add(compute_logical_digest(dataclasses.replace(columns, datastore_records=stored[1:])))
    records = {**columns.dimension_records, "band": columns.dimension_records["band"].slice(1)}
    digests.add(compute_logical_digest(dataclasses.replace(columns, dimension_records=records)))
    assert len(digests) == 8


def test_contradictions_are_named(columns: GraphColumns) -> None:
    short = dataclasses.replace(columns.quanta["warp"], uuids=np.zeros((3, 15), dtype=np.uint8))
    quanta = {**columns.quanta, "warp": short}
    with pytest.raises(GraphBuildError, match=r"UUIDs of the quanta of warp.*56 data IDs and 3 UUIDs"):
        dataclasses.replace(columns, quanta=quanta).check()
    edges = columns.inputs["warp", "stats"]
    backwards = EdgeColumns(edges.dataset_type, edges.quantum_row[::-1], edges.dataset_row[::-1])
    with pytest.raises(GraphBuildError, match=r"warp\.stats are not sorted"):
        dataclasses.replace(columns, inputs={**columns.inputs, ("warp", "stats"): backwards}).check()
    beyond = EdgeColumns(edges.dataset_type, edges.quantum_row, edges.dataset_row + 10**6)
    with pytest.raises(GraphBuildError, match=r"warp\.stats name rows that do not exist"):
        dataclasses.replace(columns, inputs={**columns.inputs, ("warp", "stats"): beyond}).check()
    raws = columns.inputs["calibrate", "raws"]
    fewer = EdgeColumns("raw", raws.quantum_row[1:], raws.dataset_row[1:])
    with pytest.raises(GraphBuildError, match="1 datasets of raw have no edge"):
        dataclasses.replace(columns, inputs={**columns.inputs, ("calibrate", "raws"): fewer}).check()
    with pytest.raises(GraphBuildError, match="no tasks"):
        dataclasses.replace(columns, quanta={"nothing": columns.quanta["warp"]}).check()
    outputs = {key: edges for key, edges in columns.outputs.items() if key != ("warp", "_log")}
    with pytest.raises(GraphBuildError, match="warp has the outputs"):
        dataclasses.replace(columns, outputs=outputs).check()


def with_input(columns: GraphColumns, key: tuple[str, str], dataset_row: Rows) -> GraphColumns:
    """The same graph, but for the datasets that the edges of one connection lead to."""
    edges = columns.inputs[key]
    order = np.lexsort((dataset_row, edges.quantum_row))
    changed = EdgeColumns(edges.dataset_type, edges.quantum_row[order], dataset_row[order])
    return dataclasses.replace(columns, inputs={**columns.inputs, key: changed})


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (("calibrate", "raws"), "exposure|detector"),
        (("warp", "stats"), "visit"),
        (("coadd", "warps"), "tract|patch|band"),
        (("calibrate", "flat"), "detector|physical_filter|band"),
    ],
)
def test_an_edge_between_other_data_ids_is_refused(
    columns: GraphColumns, key: tuple[str, str], names: str
) -> None:
    """One edge of each kind leads astray: of required, of implied dimensions, into a calibration."""
    edges = columns.inputs[key]
    quanta, datasets = columns.quanta[key[0]].data_ids, columns.datasets[edges.dataset_type].data_ids
    shared = [name for name in quanta.columns if name in datasets.columns]
    mine = quanta.select(shared).row(int(edges.quantum_row[0]))
    strange = next(row for row, values in enumerate(datasets.select(shared).rows()) if values != mine)
    rows = edges.dataset_row.copy()
    rows[0] = strange
    with pytest.raises(GraphBuildError, match=rf"1 of {len(rows)} edges of {'.'.join(key)} join .*({names})"):
        with_input(columns, key, rows).check()


def test_an_output_of_another_data_id_is_refused(columns: GraphColumns) -> None:
    edges = columns.outputs["warp", "warp"]
    turned = EdgeColumns(edges.dataset_type, edges.quantum_row, np.roll(edges.dataset_row, 1))
    with pytest.raises(GraphBuildError, match=r"edges of warp\.warp join .* a warp_stats of another"):
        dataclasses.replace(columns, outputs={**columns.outputs, ("warp", "warp"): turned}).check()


def test_edges_across_the_sky_need_share_nothing(columns: GraphColumns) -> None:
    """A visit's calexp goes into many patches, a reference catalogue into many visits: neither is wrong."""
    quanta = columns.quanta["warp"].data_ids.columns
    assert "detector" not in quanta
    columns.check()


def test_an_input_that_nobody_makes_is_refused(columns: GraphColumns) -> None:
    """It neither exists nor is there a quantum that makes it."""
    edges = columns.outputs["calibrate", "stats"]
    fewer = EdgeColumns("detector_stats", edges.quantum_row[1:], edges.dataset_row[1:])
    orphaned = dataclasses.replace(columns, outputs={**columns.outputs, ("calibrate", "stats"): fewer})
    with pytest.raises(GraphBuildError, match="1 datasets of detector_stats are read, but neither exist nor"):
        orphaned.check()
    raw = columns.datasets["raw"]
    uuids = raw.uuids.copy()
    uuids[0] = 0
    nothing = dataclasses.replace(raw, uuids=uuids)
    with pytest.raises(GraphBuildError, match="1 datasets of raw are read, but neither exist"):
        dataclasses.replace(columns, datasets={**columns.datasets, "raw": nothing}).check()


def test_incomplete_components_are_refused(stock: PredictedQuantumGraphComponents) -> None:
    with pytest.raises(GraphBuildError, match="no dimension data"):
        columns_from_components(dataclasses.replace(stock, dimension_data=None))
