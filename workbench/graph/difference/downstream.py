"""What a change reaches: quanta whose own inputs are listed alike, but come out differently further up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from workbench.graph.columns.graph_columns import GraphColumns, Mask, Rows

__all__ = ["find_downstream", "follow", "match_rows"]


def find_downstream(
    before: GraphColumns, after: GraphColumns, gained: Mapping[str, Mask], changed: Mapping[str, Mask]
) -> dict[str, Mask]:
    """Find the quanta of both graphs that some change upstream reaches.

    Parameters
    ----------
    before, after : `~workbench.graph.columns.graph_columns.GraphColumns`
        The two graphs.
    gained, changed : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` of `bool` ]
        By task label, quanta of ``after`` that ``before`` has not, and those
        whose own inputs are others.

    Returns
    -------
    reached : `dict` [ `str`, `numpy.ndarray` of `bool` ]
        By task label, one for each quantum of ``after``; those that are
        gained or changed themselves are not among them.

    Notes
    -----
    A dataset is another one if its quantum is changed or reached, if one
    graph makes it and the other takes it from a collection, or if both take
    it and it is not the same dataset.
    """
    makers, earlier = after.producers(), before.producers()
    other = {name: _find_others(before, after, name, earlier, makers) for name in after.datasets}
    reached = follow(after, changed, other)
    return {label: mask & ~gained[label] for label, mask in reached.items()}


def follow(
    graph: GraphColumns, differs: Mapping[str, Mask], other: Mapping[str, Mask] | None = None
) -> dict[str, Mask]:
    """Follow quanta that differ to all that reads what they make.

    Parameters
    ----------
    graph : `~workbench.graph.columns.graph_columns.GraphColumns`
        The graph.
    differs : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` of `bool` ]
        By task label, where to begin.
    other : `~collections.abc.Mapping` [ `str`, `numpy.ndarray` of `bool` ], optional
        By dataset type, datasets to begin with too.

    Returns
    -------
    reached : `dict` [ `str`, `numpy.ndarray` of `bool` ]
        By task label; where it begins is not among them.
    """
    beyond = {
        name: other[name].copy() if other is not None else np.zeros(len(columns), dtype=np.bool_)
        for name, columns in graph.datasets.items()
    }
    reached: dict[str, Mask] = {}
    # In the order of the pipeline, so that what a task reads is settled before it.
    for label in graph.pipeline_graph.tasks:
        if label not in graph.quanta:
            continue
        found = np.zeros(len(graph.quanta[label]), dtype=np.bool_)
        for edges in graph.edges_of(label, graph.inputs).values():
            if len(edges):
                found[edges.quantum_row[beyond[edges.dataset_type][edges.dataset_row]]] = True
        reached[label] = found & ~differs[label]
        all_of_them = found | differs[label]
        for edges in graph.edges_of(label, graph.outputs).values():
            if len(edges):
                beyond[edges.dataset_type][edges.dataset_row[all_of_them[edges.quantum_row]]] = True
    return reached


def _find_others(
    before: GraphColumns,
    after: GraphColumns,
    name: str,
    old_makers: Mapping[str, Rows],
    makers: Mapping[str, Rows],
) -> Mask:
    """Tell which datasets of a type one graph makes and the other takes, or both take from elsewhere."""
    columns = after.datasets[name]
    found = np.zeros(len(columns), dtype=np.bool_)
    if name not in before.datasets or not ((makers[name] >= 0).any() or (old_makers[name] >= 0).any()):
        # Where neither makes it, edges are compared dataset by dataset: calibrations share data IDs.
        return found
    earlier = before.datasets[name]
    place = match_rows(earlier.data_ids, columns.data_ids, len(columns))
    both = np.flatnonzero(place >= 0)
    rows = place[both]
    made = makers[name][both] >= 0
    was_made = old_makers[name][rows] >= 0
    same_id = (columns.uuids[both] == earlier.uuids[rows]).all(axis=1)
    found[both] = (made != was_made) | (~made & ~was_made & ~same_id)
    return found


def match_rows(frame: pl.DataFrame, wanted: pl.DataFrame, n_wanted: int) -> Rows:
    """Find the rows of a frame that other rows are equal to.

    Parameters
    ----------
    frame, wanted : `polars.DataFrame`
        Data IDs; without columns where they are empty.
    n_wanted : `int`
        Number of data IDs wanted.

    Returns
    -------
    rows : `numpy.ndarray` of `numpy.int64`, shape (n_wanted,)
        Row of ``frame`` for each, or -1; some row where it is there twice.
    """
    if not wanted.width:
        return np.zeros(n_wanted, dtype=np.int64)
    if frame.columns != wanted.columns:
        return np.full(n_wanted, -1, dtype=np.int64)
    rows = wanted.join(
        frame.with_row_index("_row")
        .with_columns(pl.col("_row").cast(pl.Int64))
        .unique(frame.columns, keep="first"),
        on=wanted.columns,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return rows["_row"].fill_null(-1).to_numpy()
