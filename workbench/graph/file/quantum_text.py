"""The JSON of quanta with their datasets, in bulk.

Each text is a `lsst.pipe.base.quantum_graph.PredictedQuantumDatasetsModel`,
with the datasets of a connection in the order of their data IDs.
"""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

from workbench.graph.columns.graph_columns import (
    DatasetColumns,
    DatastoreColumns,
    EdgeColumns,
    GraphColumns,
    Rows,
)
from workbench.graph.columns.json_text import (
    concat_texts,
    join_groups,
    list_texts,
    object_texts,
    uuid_texts,
    value_texts,
)

__all__ = ["Span", "coordinate_texts", "iter_spans", "quantum_texts"]

_MOST_QUANTA = 5_000
_MOST_EDGES = 50_000
"""Bounds of a span: its text, some 10 MB, stays in the cache and the memory of a writer bounded."""

_Pieces: TypeAlias = list[pl.Series | str]


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """Consecutive quanta of one task.

    Parameters
    ----------
    label : `str`
        Task label.
    begin, end : `int`
        Rows of the task's `~workbench.graph.columns.graph_columns.QuantumColumns`.
    """

    label: str
    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin


def iter_spans(graph: GraphColumns) -> Iterator[Span]:
    """Cut a graph into spans of bounded size.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        Any graph.

    Yields
    ------
    span : `Span`
        In the order of tasks and rows; a quantum with very many edges is a
        span of its own.
    """
    for label, quanta in graph.quanta.items():
        n_edges = np.zeros(len(quanta) + 1, dtype=np.int64)
        for side in (graph.inputs, graph.outputs):
            for edges in graph.edges_of(label, side).values():
                n_edges[1:] += np.bincount(edges.quantum_row, minlength=len(quanta))
        np.cumsum(n_edges, out=n_edges)
        begin = 0
        while begin < len(quanta):
            last = int(np.searchsorted(n_edges, n_edges[begin] + _MOST_EDGES, side="right")) - 1
            end = min(max(last, begin + 1), begin + _MOST_QUANTA, len(quanta))
            yield Span(label, begin, end)
            begin = end


def coordinate_texts(frame: pl.DataFrame, rows: Rows | slice, n: int) -> pl.Series:
    """Return full data coordinates as JSON lists.

    Parameters
    ----------
    frame : `polars.DataFrame`
        Data IDs.
    rows : `numpy.ndarray` of `numpy.int64` or `slice`
        Which of them.
    n : `int`
        How many these are.

    Returns
    -------
    texts : `polars.Series`, shape (n,)
        One list a row.
    """
    taken = frame[rows] if frame.width else frame
    return list_texts([value_texts(taken[name]) for name in taken.columns], n)


def quantum_texts(graph: GraphColumns, span: Span) -> pl.Series:
    """Return the JSON of consecutive quanta.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.
    span : `Span`
        Which quanta.

    Returns
    -------
    texts : `polars.Series`, shape (len(span),)
        One JSON object a quantum.
    """
    n, quanta = len(span), graph.quanta[span.label]
    coordinates = _Coordinates()
    pieces: _Pieces = [
        uuid_texts(
            quanta.uuids[span.begin : span.end],
            before='{"quantum_id":"',
            after=f'","task_label":{json.dumps(span.label)},"data_coordinate":',
        ),
        coordinates.read(quanta.data_ids, slice(span.begin, span.end), n),
    ]
    for name, side in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        before = f',"{name}":{{'
        for connection, edges in graph.edges_of(span.label, side).items():
            pieces.append(f"{before}{json.dumps(connection)}:[")
            pieces += _dataset_pieces(graph, edges, span, coordinates)
            before = "],"
        pieces.append(before.rstrip(",") + "}" if before == "]," else before + "}")
    pieces += [',"datastore_records":', _datastore_texts(graph, span), "}"]
    return concat_texts(*pieces, n=n)


class _Coordinates:
    """Texts of data coordinates, kept while they are needed again.

    The datasets that a quantum makes mostly have its own data ID, and builders
    then share the frame.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int, int], pl.Series] = {}

    def read(self, frame: pl.DataFrame, rows: Rows | slice, n: int) -> pl.Series:
        if not isinstance(rows, slice):
            if not n or rows[-1] - rows[0] != n - 1 or not (np.diff(rows) == 1).all():
                return coordinate_texts(frame, rows, n)
            rows = slice(int(rows[0]), int(rows[-1]) + 1)
        key = (id(frame), rows.start, rows.stop)
        if key not in self._kept:
            self._kept[key] = coordinate_texts(frame, rows, n)
        return self._kept[key]


def _cut(edges: EdgeColumns, span: Span) -> tuple[Rows, Rows]:
    """Return the rows of datasets of a span's quanta, and where each quantum's begin."""
    bounds = np.searchsorted(edges.quantum_row, np.arange(span.begin, span.end + 1))
    return edges.dataset_row[bounds[0] : bounds[-1]], bounds - bounds[0]


def _dataset_pieces(
    graph: GraphColumns, edges: EdgeColumns, span: Span, coordinates: _Coordinates
) -> _Pieces:
    """Return the text of the datasets of each quantum, in pieces."""
    rows, offsets = _cut(edges, span)
    if not len(rows):
        return []
    datasets = graph.datasets[edges.dataset_type]
    pieces: _Pieces = [
        uuid_texts(
            datasets.uuids[rows],
            before='{"dataset_id":"',
            after=f'","dataset_type_name":{json.dumps(edges.dataset_type)},"data_coordinate":',
        ),
        coordinates.read(datasets.data_ids, rows, len(rows)),
        *_run_pieces(datasets, rows),
    ]
    if len(rows) == len(span) and (np.diff(offsets) == 1).all():
        return pieces
    return [join_groups(concat_texts(*pieces, n=len(rows)), offsets)]


def _run_pieces(datasets: DatasetColumns, rows: Rows) -> _Pieces:
    endings = [f',"run":{json.dumps(run)}}}' for run in datasets.runs]
    if len(endings) == 1:
        return [endings[0]]
    return [pl.Series(endings, dtype=pl.String).gather(pl.Series(datasets.run[rows]))]


def _datastore_texts(graph: GraphColumns, span: Span) -> pl.Series | str:
    """Return the datastore records of the inputs of each quantum."""
    by_type: dict[str, list[EdgeColumns]] = collections.defaultdict(list)
    for edges in graph.edges_of(span.label, graph.inputs).values():
        by_type[edges.dataset_type].append(edges)
    ids: dict[str, list[pl.Series]] = collections.defaultdict(list)
    records: dict[tuple[str, str], list[pl.Series]] = collections.defaultdict(list)
    tables: dict[tuple[str, str, str], list[DatastoreColumns]] = collections.defaultdict(list)
    for stored in graph.datastore_records:
        if stored.dataset_type in by_type:
            tables[stored.datastore, stored.record_class, stored.dataset_type].append(stored)
    for (datastore, record_class, name), group in tables.items():
        quantum, row = _distinct_pairs(by_type[name], span)
        existing = np.isin(row, np.concatenate([stored.dataset_row for stored in group]))
        quantum, row = quantum[existing], row[existing]
        if not len(row):
            continue
        offsets = np.searchsorted(quantum, np.arange(span.begin, span.end + 1))
        used, place = np.unique(row, return_inverse=True)
        uuids = graph.datasets[name].uuids[used]
        absent = pl.Series(np.diff(offsets) == 0)
        for texts, found in (
            (uuid_texts(uuids, before='"', after='"'), ids[datastore]),
            (_record_texts(group, used, uuids), records[datastore, record_class]),
        ):
            joined = join_groups(texts.gather(pl.Series(place)), offsets)
            found.append(pl.select(pl.when(~absent).then(joined).alias("text"))["text"])
    if not ids:
        return "{}"
    stores = []
    for datastore, found in ids.items():
        classes = [
            concat_texts(f"{json.dumps(record_class)}:{{", _join_present(parts), "}", n=len(span))
            for (home, record_class), parts in records.items()
            if home == datastore
        ]
        stores.append(
            concat_texts(
                f'{json.dumps(datastore)}:{{"dataset_ids":[',
                _join_present(found),
                '],"records":{',
                _join_present(classes),
                "}}",
                n=len(span),
            )
        )
    return concat_texts("{", _join_present(stores).fill_null(""), "}", n=len(span))


def _distinct_pairs(side: Sequence[EdgeColumns], span: Span) -> tuple[Rows, Rows]:
    """Return quantum and dataset rows of edges of one dataset type, once each."""
    cuts = [_cut(edges, span) for edges in side]
    quantum = np.concatenate([np.repeat(np.arange(span.begin, span.end), np.diff(at)) for _, at in cuts])
    row = np.concatenate([rows for rows, _ in cuts])
    if len(cuts) == 1:
        return quantum, row
    pairs = np.unique(np.stack([quantum, row], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _record_texts(group: Sequence[DatastoreColumns], used: Rows, uuids: np.ndarray) -> pl.Series:
    """Return the records of each dataset, of all tables of one record class."""
    tables = []
    for stored in group:
        begin, end = (np.searchsorted(stored.dataset_row, used, side=side) for side in ("left", "right"))
        offsets = np.concatenate([[0], np.cumsum(end - begin)])
        rows = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], end - begin)
        listed = join_groups(object_texts(stored.records[rows]), offsets)
        text = concat_texts(f"{json.dumps(stored.table)}:[", listed, "]", n=len(used))
        tables.append(pl.select(pl.when(pl.Series(end > begin)).then(text).alias("text"))["text"])
    key = uuid_texts(uuids, before='"', after='":{', dashes=False)
    return concat_texts(key, _join_present(tables), "}", n=len(used))


def _join_present(parts: Sequence[pl.Series]) -> pl.Series:
    """Join texts row by row with commas, leaving nulls out; null where all are."""
    if len(parts) == 1:
        return parts[0]
    frame = pl.DataFrame({str(i): part for i, part in enumerate(parts)})
    return frame.select(
        pl.when(pl.any_horizontal(pl.all().is_not_null()))
        .then(pl.concat_str(pl.all(), separator=",", ignore_nulls=True))
        .alias("text")
    )["text"]
