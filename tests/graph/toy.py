"""A small candidate graph made by hand: 4 visits, 2 detectors, 2 tracts of 2 patches.

calibrate {visit, detector} -> summarize {visit} -> qa {visit}
calibrate, summarize -> warp {patch, visit} -> coadd {patch, band} -> mosaic {tract, band}
coadd, calibrate -> force {visit, detector, tract}
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import polars as pl
import pyarrow as pa
from lsst.daf.butler import DimensionGroup, DimensionUniverse

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint, Scope
from workbench.graph.joins.codes import Codes
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import Relation
from workbench.graph.tasks.shapes import DatasetTypeShape, TaskShape

UNIVERSE = DimensionUniverse()
BANDS = {1: "i", 2: "i", 3: "i", 4: "r"}
# Visit 1 and 4 touch tract 0 with detector 0 only, and tract 1 with detector 1.
TRACTS = {1: {0: 0, 1: 1}, 2: {0: 0, 1: 0}, 3: {0: 1, 1: 1}, 4: {0: 0, 1: 1}}
VISIT = {"instrument": "Cam", "physical_filter": "F", "day_obs": 20260101}


def group(*names: str) -> DimensionGroup:
    return UNIVERSE.conform(names)


def visit_id(visit: int) -> dict[str, object]:
    return {**VISIT, "visit": visit, "band": BANDS[visit]}


def patch_id(tract: int, patch: int) -> dict[str, object]:
    return {"skymap": "sky", "tract": tract, "patch": patch}


class _Builder:
    def __init__(self) -> None:
        self.quanta: dict[str, list[dict[str, object]]] = {}
        self.shapes: dict[str, tuple[DimensionGroup, dict[str, int]]] = {}
        self.types: dict[str, tuple[DimensionGroup, str | None]] = {}
        self.datasets: dict[str, list[dict[str, object]]] = {}
        self.joins: list[tuple[str, str, Callable[[Mapping[str, object], Mapping[str, object]], bool]]] = []

    def task(
        self,
        label: str,
        dims: tuple[str, ...],
        rows: Iterable[Mapping[str, object]],
        reads: Mapping[str, int],
        makes: str,
        overlap: Callable[[Mapping[str, object], Mapping[str, object]], bool] | None = None,
    ) -> None:
        self.shapes[label] = (group(*dims), dict(reads))
        self.quanta[label] = [dict(row) for row in rows]
        self.types[makes] = (group(*dims), label)
        self.datasets[makes] = self.quanta[label]
        for name in reads:
            self.joins.append((name, label, overlap or (lambda left, right: True)))

    def build(self) -> CandidateGraph:
        labels = list(self.shapes)
        codes = _make_codes([*self.quanta.values(), *self.datasets.values()])
        quantum_ids = {label: _ids(codes, self.shapes[label][0], self.quanta[label]) for label in labels}
        dataset_ids = {name: _ids(codes, self.types[name][0], self.datasets[name]) for name in self.types}
        edges: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for name, label, overlap in self.joins:
            block = edges.setdefault((label, name), [])
            for (d, left), (q, right) in itertools.product(
                enumerate(dataset_ids[name].frame.to_dicts()), enumerate(quantum_ids[label].frame.to_dicts())
            ):
                shared = left.keys() & right.keys()
                if all(left[key] == right[key] for key in shared) and overlap(left, right):
                    block.append((q, d))
        above: dict[str, set[str]] = {}
        for label in labels:
            parents = {self.types[name][1] for name in self.shapes[label][1]} - {None}
            above[label] = {p for p in parents if p}.union(*(above[p] for p in parents if p))
        return CandidateGraph.assemble(
            {
                label: TaskShape(
                    label,
                    dims,
                    minimum,
                    frozenset(minimum),
                    frozenset(above[label]),
                    frozenset(other for other in labels if label in above[other]),
                )
                for label, (dims, minimum) in self.shapes.items()
            },
            {name: DatasetTypeShape(name, dims, maker) for name, (dims, maker) in self.types.items()},
            quantum_ids,
            dataset_ids,
            producers={
                name: np.arange(len(dataset_ids[name])) for name, (_, maker) in self.types.items() if maker
            },
            sources={
                name: np.arange(len(dataset_ids[name]))
                for name, (_, maker) in self.types.items()
                if not maker
            },
            edges={block: _columns(rows) for block, rows in edges.items()},
        )


def _columns(rows: list[tuple[int, int]]) -> tuple[Rows, Rows]:
    array = np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _make_codes(tables: Iterable[list[dict[str, object]]]) -> Codes:
    values: dict[str, list[object]] = {}
    for rows in tables:
        for row in rows:
            for name, value in row.items():
                values.setdefault(name, []).append(value)
    return Codes(UNIVERSE, {name: [pa.chunked_array([pa.array(found)])] for name, found in values.items()})


def _ids(codes: Codes, dims: DimensionGroup, rows: list[dict[str, object]]) -> DataIds:
    columns = {
        name: codes.encode(name, pa.chunked_array([pa.array([row[name] for row in rows])]))
        for name in dims.data_coordinate_keys
    }
    relation = Relation(codes, columns, len(rows))
    keys = relation.keys(list(dims.required))
    order = np.argsort(keys)
    return DataIds(dims, keys[order], relation.take(order))


def make_toy() -> CandidateGraph:
    builder = _Builder()
    detectors = [{**visit_id(v), "detector": d} for v in BANDS for d in (0, 1)]
    patches = [patch_id(t, p) for t in (0, 1) for p in (0, 1)]
    touched = {(v, t) for v, by in TRACTS.items() for t in by.values()}
    builder.types["raw"] = (group("visit", "detector"), None)
    builder.datasets["raw"] = detectors
    builder.task("calibrate", ("visit", "detector"), detectors, {"raw": 1}, "stats")
    builder.task("summarize", ("visit",), [visit_id(v) for v in BANDS], {"stats": 1}, "summary")
    builder.task("qa", ("visit",), [visit_id(v) for v in BANDS], {"summary": 1}, "qa_plot")
    warps = [{**visit_id(v), **p} for v, t in sorted(touched) for p in patches if p["tract"] == t]
    builder.task(
        "warp",
        ("visit", "patch"),
        warps,
        {"stats": 1, "summary": 1},
        "warped",
        lambda left, right: (
            "detector" not in left or TRACTS[left["visit"]][left["detector"]] == right["tract"]  # type: ignore[index]
        ),
    )
    coadds = [{**p, "band": band} for p in patches for band in ("i", "r")]
    builder.task("coadd", ("patch", "band"), coadds, {"warped": 1}, "coadded")
    mosaics = [{"skymap": "sky", "tract": t, "band": band} for t in (0, 1) for band in ("i", "r")]
    builder.task("mosaic", ("tract", "band"), mosaics, {"coadded": 1}, "mosaicked")
    forced = [
        {**row, "skymap": "sky", "tract": t}
        for row in detectors
        for t in (0, 1)
        if (row["visit"], t) in touched
    ]
    builder.task("force", ("visit", "detector", "tract"), forced, {"stats": 1, "coadded": 1}, "forced")
    return builder.build()


def resolved(
    mode: Mode,
    dims: tuple[str, ...],
    rows: list[tuple[object, ...]],
    *,
    tasks: Iterable[str] = (),
    dataset_type: str = "",
    name: str = "c",
) -> ResolvedConstraint:
    dimensions = group(*dims)
    names = list(dimensions.required)
    frame = pl.DataFrame(rows, schema=names, orient="row")
    every = ("calibrate", "summarize", "qa", "warp", "coadd", "mosaic", "force")
    scope = Scope.DATASET_TYPE if dataset_type else Scope.TASKS if tasks else Scope.GRAPH
    labels = frozenset(tasks or (every if not dataset_type else ()))
    return ResolvedConstraint(name, mode, scope, labels, dataset_type, ((dimensions, frame),))


def visits(
    mode: Mode, *ids: int, tasks: Iterable[str] = (), dataset_type: str = "", name: str = "v"
) -> ResolvedConstraint:
    return resolved(
        mode, ("visit",), [("Cam", v) for v in ids], tasks=tasks, dataset_type=dataset_type, name=name
    )
