"""Comparing a graph of ours with the stock builder's, in words."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from lsst.daf.butler import Butler
from lsst.pipe.base.all_dimensions_quantum_graph_builder import AllDimensionsQuantumGraphBuilder
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph import BuildMode, GraphRequest, Preview, ResolvedConstraint, build_preview
from workbench.graph.columns.graph_columns import DatasetColumns, EdgeColumns, GraphColumns
from workbench.graph.file.components import columns_from_components

OUTPUT_RUN = "u/oracle/run"
_SHOWN = 3


def build_stock(
    butler: Butler, pipeline: PipelineGraph, inputs: Sequence[str], *, records: bool = False, **options: Any
) -> GraphColumns:
    """Build by the stock builder."""
    builder = AllDimensionsQuantumGraphBuilder(
        pipeline.copy(), butler, **{"input_collections": inputs, "output_run": OUTPUT_RUN, **options}
    )
    return columns_from_components(builder.finish(output="u/oracle", attach_datastore_records=records))


def build_ours(
    butler: Butler,
    pipeline: PipelineGraph,
    inputs: Sequence[str],
    constraints: Sequence[ResolvedConstraint] = (),
    *,
    mode: BuildMode = BuildMode.ALL_DIMENSIONS,
    engine: str = "columnar",
    **options: Any,
) -> Preview:
    """Build by ours, in the mode that is compared, by the engine that is expected."""
    options = {"output_run": OUTPUT_RUN, "datastore_records": False, **options}
    request = GraphRequest(pipeline, tuple(inputs), "u/oracle", mode=mode, **options)
    preview = build_preview(butler, request, constraints)
    assert preview.engine.startswith(engine), preview.engine
    preview.columns.check()
    assert preview.n_quanta_by_task == preview.columns.n_quanta_by_task
    return preview


def assert_same_graph(ours: GraphColumns, stock: GraphColumns) -> None:
    """Fail with the first differences of each task and connection."""
    differences = list(iter_differences(ours, stock))
    assert not differences, "\n".join(differences)


def iter_differences(ours: GraphColumns, stock: GraphColumns) -> Iterator[str]:
    """Say what differs, UUIDs of what is new aside."""
    for name in ("inputs", "output", "output_run"):
        if getattr(ours.header, name) != getattr(stock.header, name):
            yield f"header {name}: {getattr(ours.header, name)}, not {getattr(stock.header, name)}"
    for label in stock.pipeline_graph.tasks:
        yield from _compare(f"quanta of {label}", _quanta(ours, label), _quanta(stock, label))
    for name in sorted(ours.datasets.keys() | stock.datasets.keys()):
        yield from _compare(f"datasets of {name}", _datasets(ours, name), _datasets(stock, name))
    for word, our_side, stock_side in (
        ("inputs", ours.inputs, stock.inputs),
        ("outputs", ours.outputs, stock.outputs),
    ):
        for key in sorted(our_side.keys() | stock_side.keys()):
            what = f"{word} {key[0]}.{key[1]}"
            yield from _compare(what, _edges(ours, our_side, key), _edges(stock, stock_side, key))
    yield from _compare_records(ours, stock)
    if (mine := _init(ours)) != (theirs := _init(stock)):
        yield f"init quanta: {sorted(mine ^ theirs)[:_SHOWN]}"
    if (mine_records := _stored(ours)) != (their_records := _stored(stock)):
        yield f"datastore records: {sorted(mine_records ^ their_records)[:_SHOWN]}"


def _compare(what: str, ours: pl.DataFrame, stock: pl.DataFrame) -> Iterator[str]:
    if ours.equals(stock):
        return
    if not (ours.width and stock.width):
        yield f"{what}: {ours.height} of {ours.columns}, not {stock.height} of {stock.columns}"
        return
    stock = stock.select(ours.columns)
    for word, one, other in (("too many", ours, stock), ("missing", stock, ours)):
        extra = one.join(other, on=one.columns, how="anti", nulls_equal=True)
        if extra.height:
            yield f"{what}: {extra.height} {word}, such as {extra.head(_SHOWN).rows()}"
    if not ours.equals(stock) and ours.sort(ours.columns).equals(stock.sort(ours.columns)):
        yield f"{what}: in another order"


def _quanta(graph: GraphColumns, label: str) -> pl.DataFrame:
    if label not in graph.quanta:
        return pl.DataFrame({"count": [0]})
    frame = graph.quanta[label].data_ids
    return frame if frame.width else pl.DataFrame({"count": [len(graph.quanta[label])]})


def _datasets(graph: GraphColumns, name: str) -> pl.DataFrame:
    if name not in graph.datasets:
        return pl.DataFrame()
    columns = graph.datasets[name]
    made = graph.producers()[name] >= 0
    runs = np.array(columns.runs, dtype=object)[columns.run]
    # A new dataset has an ID of its own in each graph.
    ids = _ids(columns, made & (runs == graph.header.output_run))
    texts = {"run": pl.Series(runs.tolist(), dtype=pl.String), "id": pl.Series(ids, dtype=pl.String)}
    return pl.DataFrame({**columns.data_ids.to_dict(), **texts})


def _ids(columns: DatasetColumns, new: np.ndarray[Any, np.dtype[np.bool_]]) -> list[str]:
    return [
        "new" if fresh else uuid.UUID(bytes=one.tobytes()).hex
        for one, fresh in zip(columns.uuids, new, strict=True)
    ]


def _edges(
    graph: GraphColumns, side: Mapping[tuple[str, str], EdgeColumns], key: tuple[str, str]
) -> pl.DataFrame:
    if key not in side:
        return pl.DataFrame()
    edges = side[key]
    if not len(edges):
        return pl.DataFrame({"count": [0]})
    quanta = _quanta(graph, key[0])[edges.quantum_row] if graph.quanta[key[0]].data_ids.width else None
    datasets = _datasets(graph, edges.dataset_type)[edges.dataset_row].rename(lambda name: f"dataset.{name}")
    return datasets if quanta is None else pl.concat([quanta, datasets], how="horizontal")


def _compare_records(ours: GraphColumns, stock: GraphColumns) -> Iterator[str]:
    """Ours are those that the graph needs; the stock builder keeps those of its first query."""
    for name, table in ours.dimension_records.items():
        mine = pl.DataFrame(pl.from_arrow(table))
        theirs = stock.dimension_records.get(name)
        known = pl.DataFrame() if theirs is None else pl.DataFrame(pl.from_arrow(theirs))
        if not mine.height:
            continue
        strange = mine.join(known, on=mine.columns, how="anti", nulls_equal=True) if known.width else mine
        if strange.height:
            yield f"records of {name}: {strange.height} that stock does not have, {strange.head(1).rows()}"
    for label in stock.pipeline_graph.tasks:
        group = stock.pipeline_graph.tasks[label].dimensions
        for name in group.elements:
            element = group.universe[name]
            if label not in ours.quanta or name in group.skypix:
                continue
            keys = list(element.required.names)
            wanted = ours.quanta[label].data_ids.select(keys).unique()
            held = pl.DataFrame(pl.from_arrow(ours.dimension_records[name])).select(keys)
            known = pl.DataFrame(pl.from_arrow(stock.dimension_records[name])).select(keys)
            lacking = wanted.join(held, on=keys, how="anti").join(known, on=keys, how="semi")
            if lacking.height:
                yield f"records of {name}: {lacking.height} lacking for {label}"


def _init(graph: GraphColumns) -> set[tuple[str, str, str, str, str]]:
    found = set()
    for quantum in graph.init_quanta.root:
        for word, side in (("in", quantum.inputs), ("out", quantum.outputs)):
            for connection, models in side.items():
                for model in models:
                    new = model.run == graph.header.output_run
                    name = "new" if new else model.dataset_id.hex
                    found.add((quantum.task_label, word, connection, model.dataset_type_name, name))
    return found


def _stored(graph: GraphColumns) -> set[str]:
    return {
        f"{one.datastore} {one.record_class} {one.table} {one.dataset_type} {sorted(row.items())}"
        for one in graph.datastore_records
        for row in one.records.to_dicts()
    }


def assert_edges_agree(graph: GraphColumns) -> None:
    """Fail where a quantum reads or makes a dataset of another data ID, as its values say."""
    for side in (graph.inputs, graph.outputs):
        for (label, _), edges in side.items():
            if not len(edges):
                continue
            quanta, datasets = graph.quanta[label].data_ids, graph.datasets[edges.dataset_type].data_ids
            for name in set(quanta.columns) & set(datasets.columns):
                left, right = quanta[name][edges.quantum_row], datasets[name][edges.dataset_row]
                assert left.equals(right, null_equal=True), f"{name} of {label} and its {edges.dataset_type}"
