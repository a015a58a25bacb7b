"""What a graph of ours is to state, asserted on its columns alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import polars as pl
from lsst.daf.butler import Butler
from lsst.pipe.base.pipeline_graph import PipelineGraph

from workbench.graph import Mode, ResolvedConstraint, Scope
from workbench.graph.columns.graph_columns import GraphColumns

Key = tuple[object, ...]


def constraint_on(
    butler: Butler,
    mode: Mode,
    names: tuple[str, ...],
    rows: Iterable[tuple[object, ...]],
    *,
    tasks: Iterable[str] = (),
    dataset_type: str = "",
    pipeline: PipelineGraph | None = None,
    name: str = "c",
) -> ResolvedConstraint:
    """A constraint by keys: on tasks, on a dataset type, or else on the whole graph."""
    dimensions = butler.dimensions.conform(names)
    keys = pl.DataFrame(list(rows), schema=list(dimensions.required), orient="row")
    labels = frozenset(tasks) or frozenset(pipeline.tasks if pipeline is not None else ())
    scope = Scope.DATASET_TYPE if dataset_type else Scope.TASKS if tasks else Scope.GRAPH
    return ResolvedConstraint(name, mode, scope, labels, dataset_type, ((dimensions, keys),))


def read_by(graph: GraphColumns, task: str, dataset_type: str, *names: str) -> dict[Key, set[Key]]:
    """Return what each quantum of a task reads of a dataset type, by the values of some dimensions."""
    node = graph.pipeline_graph.tasks[task]
    if task not in graph.quanta:
        return {}
    quanta = graph.quanta[task].data_ids.select(list(node.dimensions.required)).rows()
    read: dict[Key, set[Key]] = {row: set() for row in quanta}
    for edges in graph.edges_of(task, graph.inputs).values():
        if edges.dataset_type != dataset_type or not len(edges):
            continue
        values = graph.datasets[dataset_type].data_ids.select(names)[edges.dataset_row].rows()
        for quantum, value in zip(edges.quantum_row.tolist(), values, strict=True):
            read[quanta[quantum]].add(value)
    return read


def assert_reads_exactly(
    graph: GraphColumns,
    whole: GraphColumns,
    task: str,
    dataset_type: str,
    *,
    visits: Collection[int] | None = None,
    bad: Collection[int] = (),
) -> None:
    """Every quantum of a task reads what it would have read, as far as a set of visits lets it.

    ``whole`` is the graph without constraints: quanta that are left without
    any visit are not there, and all others are.
    """
    expected: dict[Key, set[Key]] = {}
    for quantum, found in read_by(whole, task, dataset_type, "visit").items():
        chosen = {key for key in found if (visits is None or key[0] in visits) and key[0] not in bad}
        if chosen:
            expected[quantum] = chosen
    actual = read_by(graph, task, dataset_type, "visit")
    assert actual.keys() == expected.keys(), f"quanta of {task}: {actual.keys() ^ expected.keys()}"
    wrong = {quantum: actual[quantum] ^ expected[quantum] for quantum in actual}
    assert not any(wrong.values()), f"{dataset_type} of {task}: {wrong}"


def assert_all_inputs(
    graph: GraphColumns, whole: GraphColumns, task: str, dataset_type: str, *names: str
) -> None:
    """Every quantum of a task that is there reads all that it reads in the graph without constraints."""
    expected = read_by(whole, task, dataset_type, *names)
    for quantum, found in read_by(graph, task, dataset_type, *names).items():
        assert found == expected[quantum], f"{task} {quantum}: lacks {expected[quantum] - found}"


def assert_counts(counts: Mapping[str, int], **expected: int) -> None:
    """Tasks have so many quanta."""
    found = {label: counts[label] for label in expected}
    assert found == expected
