"""The difference of two graphs: quanta gained and lost, inputs changed, coverage."""

from __future__ import annotations

import functools
from typing import Literal, get_args

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.arguments import check_page
from workbench.errors import UnknownNameError
from workbench.graph.columns.graph_columns import GraphColumns, Mask, Rows
from workbench.graph.columns.schemas import (
    COVERAGE_DIFFERENCE_SCHEMA,
    DIFFERENCE_SCHEMA,
    EDGES_DIFFERENCE_SCHEMA,
    to_plain_arrow,
)
from workbench.graph.difference.downstream import find_downstream, match_rows
from workbench.graph.difference.requested import compare_requests, describe_unstated
from workbench.graph.difference.statistics import count_coverage
from workbench.presentation import presented

__all__ = ["Change", "GraphDifference"]

Change = Literal["gained", "lost", "changed", "downstream"]

_TYPE = "dataset_type"
_ROW = "row"


@presented
class GraphDifference:
    """What one graph has that another has not.

    Parameters
    ----------
    before, after : `~workbench.graph.columns.graph_columns.GraphColumns`
        The two graphs, of previews or read from files.

    Notes
    -----
    Quanta are the same if task and data ID are.  Inputs are the same if
    dataset type and data ID are, and, for datasets that neither graph makes,
    if they are the same dataset: an input that was processed again, or a
    calibration of another validity range, is a change.  A quantum whose
    inputs are the same, but made by a quantum that changes, is downstream of
    the change: it comes out differently too.  Tables are made when
    they are first asked for, and may be shared between threads.
    """

    def __init__(self, before: GraphColumns, after: GraphColumns):
        self.before = before
        self.after = after
        made = (*before.outputs.values(), *after.outputs.values())
        self._made = frozenset(edges.dataset_type for edges in made)

    def _shown_facts(self) -> dict[str, object]:
        before, after = (sum(graph.n_quanta_by_task.values()) for graph in (self.before, self.after))
        return {"quanta before": before, "quanta after": after}

    def _shown_rows(self) -> pa.Table:
        return self.tasks

    @functools.cached_property
    def labels(self) -> list[str]:
        """Tasks of either graph, those of the later one first (`list` [ `str` ])."""
        tasks = (*self.after.n_quanta_by_task, *self.before.n_quanta_by_task)
        return list(dict.fromkeys(tasks))

    @functools.cached_property
    def tasks(self) -> pa.Table:
        """Quanta gained, lost and changed, and those downstream of a change, by task (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.DIFFERENCE_SCHEMA`.
        """
        rows = [
            {
                "task": label,
                "before": _n_quanta(self.before, label),
                "after": _n_quanta(self.after, label),
                "gained": len(self._rows(label)[0]),
                "lost": len(self._rows(label)[1]),
                "changed": len(self._changed(label)),
                "downstream": int(self._downstream[label].sum()) if label in self._downstream else 0,
            }
            for label in self.labels
        ]
        return pa.Table.from_pylist(rows, schema=DIFFERENCE_SCHEMA)

    @functools.cached_property
    def inputs(self) -> pa.Table:
        """Inputs that quanta of both graphs gained and lost (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.EDGES_DIFFERENCE_SCHEMA`; only what
        differs.
        """
        rows = []
        for label in self.labels:
            sides = self._edges(label)
            names = sorted({name for side in sides for name in side})
            for name in names:
                counts = [len(side[name]) if name in side else 0 for side in sides]
                if any(counts):
                    rows.append({"task": label, _TYPE: name, "gained": counts[0], "lost": counts[1]})
        return pa.Table.from_pylist(rows, schema=EDGES_DIFFERENCE_SCHEMA)

    @functools.cached_property
    def request(self) -> pa.Table:
        """What the graphs were asked for differently, or of another state (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.REQUEST_DIFFERENCE_SCHEMA`: versions of
        sets and groupings, chains, calibrations and other inputs, options,
        tasks and packages; see `unstated` for what cannot be compared.
        """
        return compare_requests(self.before, self.after)

    @property
    def unstated(self) -> str:
        """Which of the graphs does not say what it was asked for; empty if both do (`str`)."""
        return describe_unstated(self.before.header, self.after.header)

    @functools.cached_property
    def coverage(self) -> pa.Table:
        """Patches and bands whose number of visits changes (`pyarrow.Table`).

        With `~workbench.graph.columns.schemas.COVERAGE_DIFFERENCE_SCHEMA`; a patch
        that one of the graphs does not have counts as 0 visits there.
        """
        changed = self._depths.filter(pl.col("before") != pl.col("after"))
        return to_plain_arrow(changed).cast(COVERAGE_DIFFERENCE_SCHEMA)

    @functools.cached_property
    def _depths(self) -> pl.DataFrame:
        keys = [name for name in COVERAGE_DIFFERENCE_SCHEMA.names if name not in ("before", "after")]
        first, second = (
            pl.DataFrame(count_coverage(graph)).rename({"visits": name})
            for graph, name in ((self.before, "before"), (self.after, "after"))
        )
        return (
            first.join(second, on=keys, how="full", coalesce=True, nulls_equal=True)
            .with_columns(pl.col("before", "after").fill_null(0))
            .sort(keys)
            .select(COVERAGE_DIFFERENCE_SCHEMA.names)
        )

    def depth(self, task: str, band: str | None = None) -> pa.Table:
        """Return how many visits each patch has before and after, the unchanged ones too.

        Parameters
        ----------
        task : `str`
            Task whose quanta are of patches and read data of visits.
        band : `str`, optional
            Only this band.

        Returns
        -------
        table : `pyarrow.Table`
            Rows as `coverage` has them, of this task.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised if no patches of this task, or of this band, are in either
            graph.
        """
        rows = self._depths.filter(pl.col("task") == task)
        if not len(rows):
            known = self._depths["task"].unique(maintain_order=True).to_list()
            raise UnknownNameError(f"{task!r} combines no visits in patches; these tasks do: {known}.")
        if band is not None:
            bands = rows["band"].unique(maintain_order=True).to_list()
            rows = rows.filter(pl.col("band") == band)
            if not len(rows):
                raise UnknownNameError(f"{task!r} has no band {band!r}; its bands are {bands}.")
        return to_plain_arrow(rows).cast(COVERAGE_DIFFERENCE_SCHEMA)

    @functools.cached_property
    def covered(self) -> dict[str, list[str]]:
        """Bands of each task that combines visits in patches (`dict` [ `str`, `list` [ `str` ] ])."""
        found = self._depths.select("task", "band").unique(maintain_order=True)
        bands: dict[str, list[str]] = {}
        for task, band in found.iter_rows():
            bands.setdefault(task, []).extend([] if band is None else [band])
        return {task: sorted(names) for task, names in bands.items()}

    @property
    def is_empty(self) -> bool:
        """Whether the graphs have the same quanta with the same inputs (`bool`)."""
        return not any(self.totals.values())

    @functools.cached_property
    def totals(self) -> dict[Change, int]:
        """Quanta of all tasks by what became of them (`dict` [ `str`, `int` ])."""
        return {change: sum(self.tasks[change].to_pylist()) for change in get_args(Change)}

    def below(self, n_visits: int) -> pa.Table:
        """List the patches and bands that fall below a number of visits.

        Parameters
        ----------
        n_visits : `int`
            How many visits are enough.

        Returns
        -------
        table : `pyarrow.Table`
            Rows of `coverage` that had enough before and have not after.
        """
        frame = pl.DataFrame(self.coverage)
        fallen = frame.filter((pl.col("before") >= n_visits) & (pl.col("after") < n_visits))
        return to_plain_arrow(fallen)

    def quanta(self, task: str, change: Change, *, offset: int = 0, limit: int | None = None) -> pa.Table:
        """List the quanta of a task that changed in one way.

        Parameters
        ----------
        task : `str`
            Task label.
        change : `str`
            "gained", "lost", "changed" or "downstream".
        offset, limit : `int`, optional
            A page of them.

        Returns
        -------
        table : `pyarrow.Table`
            Data IDs; for "changed" also ``gained`` and ``lost``, numbers of
            inputs.

        Raises
        ------
        workbench.errors.UnknownNameError
            Raised for a task that neither graph has, or another change.
        workbench.errors.BadArgumentError
            Raised for a page before the first row.
        """
        check_page(offset, limit)
        if task not in self.labels:
            raise UnknownNameError(f"No task {task!r} in either graph; their tasks are {self.labels}.")
        match change:
            case "gained":
                rows, frame = self._rows(task)[0], _data_ids(self.after, task)
            case "lost":
                rows, frame = self._rows(task)[1], _data_ids(self.before, task)
            case "changed":
                return to_plain_arrow(self._changed(task).slice(offset, limit))
            case "downstream":
                reached = self._downstream.get(task, np.empty(0, dtype=np.bool_))
                rows, frame = np.flatnonzero(reached), _data_ids(self.after, task)
            case _:
                raise UnknownNameError(f"No change {change!r}; there are {', '.join(get_args(Change))}.")
        return to_plain_arrow(frame[rows[offset : None if limit is None else offset + limit]])

    @functools.cached_property
    def _all_rows(self) -> dict[str, tuple[Rows, Rows]]:
        found = {}
        for label in self.labels:
            first, second = _data_ids(self.before, label), _data_ids(self.after, label)
            found[label] = (
                _rows_without(second, first, _n_quanta(self.after, label), _n_quanta(self.before, label)),
                _rows_without(first, second, _n_quanta(self.before, label), _n_quanta(self.after, label)),
            )
        return found

    def _rows(self, label: str) -> tuple[Rows, Rows]:
        """Return rows of the quanta gained, in the later graph, and lost, in the earlier."""
        return self._all_rows[label]

    @functools.cached_property
    def _all_edges(self) -> dict[str, tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]]:
        return {label: self._compare_edges(label) for label in self.labels}

    def _edges(self, label: str) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
        """Return edges gained and lost of quanta of both graphs: columns of the quantum's data ID."""
        return self._all_edges[label]

    def _compare_edges(self, label: str) -> tuple[dict[str, pl.DataFrame], dict[str, pl.DataFrame]]:
        gained_rows, lost_rows = self._rows(label)
        before = self._edge_frames(self.before, label, lost_rows)
        after = self._edge_frames(self.after, label, gained_rows)
        return _without(after, before), _without(before, after)

    def _edge_frames(self, graph: GraphColumns, label: str, but: Rows) -> dict[str, pl.DataFrame]:
        """Return inputs by dataset type, those of some quanta left out."""
        kept = np.ones(_n_quanta(graph, label), dtype=np.bool_)
        kept[but] = False
        quanta = _data_ids(graph, label)
        parts: dict[str, list[pl.DataFrame]] = {}
        for edges in graph.edges_of(label, graph.inputs).values():
            if not len(edges):
                continue
            chosen = kept[edges.quantum_row]
            datasets = graph.datasets[edges.dataset_type]
            rows = edges.dataset_row[chosen]
            columns = [
                *quanta[edges.quantum_row[chosen]].rename(lambda name: f"quantum.{name}").get_columns(),
                *datasets.data_ids[rows].rename(lambda name: f"dataset.{name}").get_columns(),
            ]
            if edges.dataset_type not in self._made:
                halves = np.ascontiguousarray(datasets.uuids[rows]).view(np.uint64).reshape(-1, 2)
                columns += [pl.Series("id.0", halves[:, 0]), pl.Series("id.1", halves[:, 1])]
            if not columns:  # neither has dimensions
                columns = [pl.Series(_ROW, np.zeros(len(rows), dtype=np.uint64))]
            parts.setdefault(edges.dataset_type, []).append(pl.DataFrame(columns))
        return {name: pl.concat(frames).unique() for name, frames in parts.items()}

    def _changed(self, label: str) -> pl.DataFrame:
        """Return data IDs of quanta with other inputs, and how many they gained and lost."""
        keys = [f"quantum.{name}" for name in _data_ids(self.after, label).columns]
        counted = []
        for name, side in zip(("gained", "lost"), self._edges(label), strict=True):
            for frame in side.values():
                shown = frame.select(keys) if keys else pl.DataFrame({_ROW: np.zeros(len(frame))})
                counted.append(
                    shown.with_columns(
                        pl.lit(int(name == "gained")).cast(pl.Int64).alias("gained"),
                        pl.lit(int(name == "lost")).cast(pl.Int64).alias("lost"),
                    )
                )
        named = {key: key.removeprefix("quantum.") for key in keys}
        if not counted:
            empty = _data_ids(self.after, label).clear()
            return empty.with_columns(
                pl.Series("gained", [], dtype=pl.Int64), pl.Series("lost", [], dtype=pl.Int64)
            )
        on = keys or [_ROW]
        summed = pl.concat(counted).group_by(on).agg(pl.col("gained", "lost").sum()).sort(on)
        return summed.rename(named) if keys else summed.drop(_ROW)

    def find(self, label: str, change: Literal["gained", "changed"]) -> Mask:
        """Tell which quanta of a task the earlier graph has not, or has with other inputs.

        Parameters
        ----------
        label : `str`
            A task of the later graph.
        change : `str`
            "gained" or "changed".

        Returns
        -------
        found : `numpy.ndarray` of `bool`
            One for each of its quanta in the later graph.
        """
        found = np.zeros(_n_quanta(self.after, label), dtype=np.bool_)
        if change == "gained":
            found[self._rows(label)[0]] = True
        else:
            listed, frame = self._changed(label), _data_ids(self.after, label)
            found[match_rows(frame, listed.select(frame.columns), len(listed))] = True
        return found

    @functools.cached_property
    def _downstream(self) -> dict[str, Mask]:
        """Tell of each quantum of the later graph whether a change upstream reaches it."""
        gained = {label: self.find(label, "gained") for label in self.after.quanta}
        changed = {label: self.find(label, "changed") for label in self.after.quanta}
        return find_downstream(self.before, self.after, gained, changed)


def _n_quanta(graph: GraphColumns, label: str) -> int:
    return len(graph.quanta.get(label, ()))


def _data_ids(graph: GraphColumns, label: str) -> pl.DataFrame:
    """Return data IDs of a task's quanta; no columns if there are none."""
    return graph.quanta[label].data_ids if label in graph.quanta else pl.DataFrame()


def _rows_without(frame: pl.DataFrame, other: pl.DataFrame, n_rows: int, n_other: int) -> Rows:
    """Return the rows that another frame has not."""
    if not n_rows or not n_other:
        return np.arange(n_rows)
    if not frame.width or frame.columns != other.columns:
        return np.arange(n_rows if frame.columns != other.columns else 0)
    left = frame.with_row_index(_ROW)
    rows = left.join(other, on=frame.columns, how="anti", nulls_equal=True, maintain_order="left")
    return rows[_ROW].to_numpy().astype(np.int64)


def _without(frames: dict[str, pl.DataFrame], others: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the rows of frames that others of the same name have not."""
    found = {}
    for name, frame in frames.items():
        other = others.get(name)
        if other is None or other.columns != frame.columns:
            found[name] = frame
        else:
            found[name] = frame.join(other, on=frame.columns, how="anti", nulls_equal=True)
    return found
