"""The JSON of the other members of a graph file, in bulk and piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.graph.columns.graph_columns import GraphColumns, Rows
from workbench.graph.columns.json_text import concat_texts, list_texts, uuid_texts, value_texts
from workbench.graph.file.quantum_text import coordinate_texts, iter_spans

__all__ = ["iter_dimension_text", "iter_thin_text", "record_texts", "thin_edges"]

_MOST_ROWS = 20_000


def iter_thin_text(graph: GraphColumns, edges: Rows) -> Iterator[bytes]:
    """Make the text of the thin graph.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.
    edges : `numpy.ndarray` of `numpy.int64`, shape (n_edges, 2)
        As `thin_edges` returns them.

    Yields
    ------
    text : `bytes`
        Consecutive pieces of the JSON of
        `lsst.pipe.base.quantum_graph.PredictedThinGraphModel`.
    """
    yield b'{"quanta":{'
    between = ""
    for label in graph.pipeline_graph.tasks:
        yield f"{between}{json.dumps(label)}:[".encode()
        if (quanta := graph.quanta.get(label)) is not None:
            for begin, end in _cut(len(quanta)):
                n = end - begin
                ids = uuid_texts(
                    quanta.uuids[begin:end], before='{"quantum_id":"', after='","data_coordinate":'
                )
                coordinates = coordinate_texts(quanta.data_ids, slice(begin, end), n)
                yield _listed(concat_texts(ids, coordinates, "}", n=n), first=not begin)
        between = "],"
    yield b'%s},"edges":[' % between.rstrip(",").encode()
    uuids = np.concatenate(
        [quanta.uuids for quanta in graph.quanta.values()] or [np.zeros((0, 16), np.uint8)]
    )
    for begin, end in _cut(len(edges)):
        makers = uuid_texts(uuids[edges[begin:end, 0]], before='["', after='","')
        readers = uuid_texts(uuids[edges[begin:end, 1]], after='"]')
        yield _listed(concat_texts(makers, readers, n=end - begin), first=not begin)
    yield b"]}"


def thin_edges(graph: GraphColumns) -> Rows:
    """Return which quantum needs which.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.

    Returns
    -------
    edges : `numpy.ndarray` of `numpy.int64`, shape (n_edges, 2)
        Distinct pairs of producer and consumer, numbered through all tasks in
        the order of ``graph.quanta``; sorted by consumer.
    """
    first: dict[str, int] = {}
    n = 0
    for label, quanta in graph.quanta.items():
        first[label] = n
        n += len(quanta)
    producers = graph.producers()
    home = {edges.dataset_type: first[label] for (label, _), edges in graph.outputs.items() if len(edges)}
    found = []
    for span in iter_spans(graph):
        keys = []
        for edges in graph.edges_of(span.label, graph.inputs).values():
            if edges.dataset_type not in home:
                continue
            begin, end = np.searchsorted(edges.quantum_row, [span.begin, span.end])
            producer = producers[edges.dataset_type][edges.dataset_row[begin:end]]
            made = producer >= 0
            consumer = edges.quantum_row[begin:end][made] + first[span.label]
            keys.append(consumer * n + producer[made] + home[edges.dataset_type])
        if keys:
            found.append(np.unique(np.concatenate(keys)))
    distinct = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    return np.stack([distinct % n, distinct // n], axis=1) if n else distinct.reshape(0, 2)


def iter_dimension_text(graph: GraphColumns) -> Iterator[bytes]:
    """Make the text of the dimension records.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.

    Yields
    ------
    text : `bytes`
        Consecutive pieces of the JSON of
        `lsst.daf.butler.SerializableDimensionData`.
    """
    between = "{"
    for element, records in graph.dimension_records.items():
        yield f"{between}{json.dumps(element)}:[".encode()
        for begin, end in _cut(records.num_rows):
            yield _listed(record_texts(records.slice(begin, end - begin)), first=not begin)
        between = "],"
    yield b"{}" if between == "{" else b"]}"


def record_texts(records: pa.Table) -> pl.Series:
    """Return dimension records as JSON lists.

    Parameters
    ----------
    records : `pyarrow.Table`
        With the schema of `workbench.snapshot.schemas.stored_schema`.

    Returns
    -------
    texts : `polars.Series`
        As `lsst.daf.butler.DimensionRecord.serialize_key_value` has them:
        regions and hashes in hex, a timespan as its two bounds.
    """
    frame = pl.DataFrame(pl.from_arrow(records))
    values = []
    for name in frame.columns:
        if name == "timespan_end":
            bounds = list_texts(
                [value_texts(frame["timespan_begin"]), value_texts(frame[name])], frame.height
            )
            known = frame["timespan_begin"].is_not_null()
            values.append(
                pl.select(pl.when(known).then(bounds).otherwise(pl.lit("null")).alias("text"))["text"]
            )
        elif name != "timespan_begin":
            values.append(value_texts(frame[name]))
    return list_texts(values, frame.height)


def _cut(n: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, n, _MOST_ROWS):
        yield begin, min(begin + _MOST_ROWS, n)


def _listed(texts: pl.Series, *, first: bool) -> bytes:
    joined: str = texts.str.join(",").item()
    return (joined if first else f",{joined}").encode()
