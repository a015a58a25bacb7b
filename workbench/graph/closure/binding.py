"""Binding: which quanta and which input edges a constraint cuts.

The rules are the design's: in the scope of a task a constraint of dimensions D
cuts the quanta whose dimensions contain D; where the task's own dimensions do
not, it cuts each input edge, and each output, where task and dataset dimensions
together contain D.  In the scope of a dataset type it cuts that type's edges to its consumers.
In the scope of the graph it binds as if every task had been named.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.errors import BindingError
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.columns.graph_columns import Mask
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint, Scope
from workbench.graph.joins.relation import Relation, member, unique_keys
from workbench.presentation import presented

__all__ = ["UNCUT", "Binding", "bind_constraints"]

UNCUT = -1
"""Value in `Binding.quantum_cut` and `Binding.edge_cut` where nothing cut."""


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """What the explicit constraints cut.

    Parameters
    ----------
    constraints : `~collections.abc.Sequence` [ `ResolvedConstraint` ]
        The constraints; cuts name them by position.
    quantum_cut : `numpy.ndarray`, shape (n_quanta,)
        Position of the first constraint that cut each quantum, or `UNCUT`.
    edge_cut : `numpy.ndarray`, shape (n_edges,)
        Position of the first constraint that cut each input edge, or `UNCUT`.
    bound_tasks : `~collections.abc.Sequence` [ `frozenset` [ `str` ] ]
        For each constraint, the labels of the tasks whose quanta, input
        edges or outputs it may cut.
    dataset_cut : `numpy.ndarray`, shape (n_datasets,), optional
        Position of the first constraint that cut each dataset from what its
        task makes, or `UNCUT`; left out where nothing is cut so.
    """

    constraints: Sequence[ResolvedConstraint]
    quantum_cut: npt.NDArray[np.int16]
    edge_cut: npt.NDArray[np.int16]
    bound_tasks: Sequence[frozenset[str]]
    dataset_cut: npt.NDArray[np.int16] | None = None

    def unmade(self, graph: CandidateGraph) -> Mask:
        """Tell which datasets are not made, though their quanta may be kept.

        Parameters
        ----------
        graph : `CandidateGraph`
            That was bound.

        Returns
        -------
        unmade : `numpy.ndarray` of `bool`, shape (n_datasets,)
            Cut from what their tasks make.
        """
        if self.dataset_cut is None:
            return np.zeros(len(graph.producer), dtype=np.bool_)
        return np.not_equal(self.dataset_cut, UNCUT)


def bind_constraints(graph: CandidateGraph, constraints: Sequence[ResolvedConstraint]) -> Binding:
    """Apply constraints to a candidate graph.

    Parameters
    ----------
    graph : `CandidateGraph`
        The candidates.
    constraints : `~collections.abc.Sequence` [ `ResolvedConstraint` ]
        In the order in which they are named as the cause: a quantum that two
        constraints cut is counted with the first.

    Returns
    -------
    binding : `Binding`
        What was cut, and by which constraint.

    Raises
    ------
    workbench.errors.BindingError
        Raised if a constraint binds to no task and to no edge; the message
        names the nearest task that it could bind.
    """
    quantum_cut = np.full(graph.n_quanta, UNCUT, dtype=np.int16)
    edge_cut = np.full(graph.n_edges, UNCUT, dtype=np.int16)
    dataset_cut = np.full(len(graph.producer), UNCUT, dtype=np.int16)
    bound: list[frozenset[str]] = []
    for position, constraint in enumerate(constraints):
        labels: set[str] = set()
        if constraint.scope is Scope.DATASET_TYPE:
            for label, task in graph.tasks.items():
                if constraint.dataset_type in task.inputs and _cut_edges(
                    graph, constraint, position, label, constraint.dataset_type, edge_cut
                ):
                    labels.add(label)
        else:
            for label in graph.tasks:
                if label in constraint.tasks and _bind_task(
                    graph, constraint, position, label, quantum_cut, edge_cut, dataset_cut
                ):
                    labels.add(label)
        if not labels and constraint.is_governor and constraint.mode is Mode.INCLUDE:
            labels = _bind_governor(graph, constraint, position, quantum_cut, edge_cut)
        elif not labels:
            raise BindingError(_explain_unbound(graph, constraint))
        bound.append(frozenset(labels))
    # Nobody reads what is not made.
    edge_cut = np.where(edge_cut == UNCUT, dataset_cut[graph.edge_dataset], edge_cut)
    return Binding(constraints, quantum_cut, edge_cut, bound, dataset_cut)


def _bind_governor(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    position: int,
    quantum_cut: npt.NDArray[np.int16],
    edge_cut: npt.NDArray[np.int16],
) -> set[str]:
    """Apply a condition on governors that nothing in its scope has: it is true of the repository, or not."""
    is_false = constraint.forms[0][1].is_empty()
    if constraint.scope is Scope.DATASET_TYPE:
        for (_, dataset_type), block in graph.blocks.items():
            if is_false and dataset_type == constraint.dataset_type:
                _mark_all(edge_cut, block, position)
        return set()
    for label in constraint.tasks & graph.tasks.keys():
        if is_false:
            _mark_all(quantum_cut, graph.span(label), position)
    return set(constraint.tasks) & graph.tasks.keys() if constraint.scope is Scope.TASKS else set()


def _mark_all(cut: npt.NDArray[np.int16], span: slice, position: int) -> None:
    _mark(cut[span], np.ones(len(cut[span]), dtype=np.bool_), position)


def _bind_task(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    position: int,
    label: str,
    quantum_cut: npt.NDArray[np.int16],
    edge_cut: npt.NDArray[np.int16],
    dataset_cut: npt.NDArray[np.int16],
) -> bool:
    task = graph.tasks[label]
    form = constraint.form_for(frozenset(task.dimensions.names))
    if form is not None:
        names, keys = form
        removed = _removed(graph.quantum_ids[label].relation, names, keys, constraint.mode)
        _mark(quantum_cut[graph.span(label)], removed, position)
        return True
    bound = False
    for dataset_type in sorted(task.inputs):
        bound |= _cut_edges(graph, constraint, position, label, dataset_type, edge_cut)
    for name, shape in graph.dataset_types.items():
        if shape.producer == label and name in graph.dataset_ids:
            bound |= _cut_outputs(graph, constraint, position, label, name, dataset_cut)
    return bound


def _cut_outputs(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    position: int,
    label: str,
    name: str,
    dataset_cut: npt.NDArray[np.int16],
) -> bool:
    """Cut what a task makes of dimensions that only its outputs have."""
    form = constraint.form_for(_edge_names(graph, label, name))
    if form is None:
        return False
    required, keys = form
    span, ids, quanta = graph.dataset_span(name), graph.dataset_ids[name], graph.quantum_ids[label]
    makers = graph.producer[span] - graph.quantum_start[label]
    made = makers >= 0
    columns = {
        one: (ids.columns[one] if one in ids.columns else quanta.columns[one][makers])[made]
        for one in required
    }
    removed = np.zeros(len(ids), dtype=np.bool_)
    relation = Relation(ids.relation.codes, columns, int(made.sum()))
    removed[made] = _removed(relation, required, keys, constraint.mode)
    _mark(dataset_cut[span], removed, position)
    return True


def _cut_edges(
    graph: CandidateGraph,
    constraint: ResolvedConstraint,
    position: int,
    label: str,
    dataset_type: str,
    edge_cut: npt.NDArray[np.int16],
) -> bool:
    names = _edge_names(graph, label, dataset_type)
    form = constraint.form_for(names)
    if form is None:
        return False
    required, keys = form
    if (label, dataset_type) not in graph.blocks:
        return False
    block = graph.blocks[label, dataset_type]
    for ids, numbers, start in (
        (graph.dataset_ids[dataset_type], graph.edge_dataset, graph.dataset_start[dataset_type]),
        (graph.quantum_ids[label], graph.edge_quantum, graph.quantum_start[label]),
    ):
        if set(required) <= set(ids.group.names):
            removed = _removed(ids.relation, required, keys, constraint.mode)[numbers[block] - start]
            break
    else:
        relation = graph.edge_relation(dataset_type, label, required)
        removed = _removed(relation, required, keys, constraint.mode)
    _mark(edge_cut[block], removed, position)
    return True


def _removed(relation: Relation, names: Sequence[str], keys: pl.DataFrame, mode: Mode) -> Mask:
    """Tell which rows a constraint takes out."""
    if not names:
        return np.full(len(relation), keys.is_empty() is (mode is Mode.INCLUDE))
    codes = relation.codes
    given = Relation(codes, {name: codes.encode(name, keys[name]) for name in names}, keys.height)
    known = np.logical_and.reduce([given.columns[name] >= 0 for name in names])
    allowed = unique_keys(given.take(known).keys(names))
    inside = member(allowed, relation.keys(names))
    for name in names:
        inside &= relation.columns[name] >= 0
    return ~inside if mode is Mode.INCLUDE else inside


def _mark(cut: npt.NDArray[np.int16], removed: Mask, position: int) -> None:
    cut[removed & (cut == UNCUT)] = position


def _edge_names(graph: CandidateGraph, label: str, dataset_type: str) -> frozenset[str]:
    task = graph.tasks[label].dimensions
    return frozenset(task.names) | frozenset(graph.dataset_types[dataset_type].dimensions.names)


def _explain_unbound(graph: CandidateGraph, constraint: ResolvedConstraint) -> str:
    wanted = frozenset(constraint.forms[0][0].required)
    able = [
        label
        for label, task in graph.tasks.items()
        if constraint.form_for(frozenset(task.dimensions.names))
        or any(constraint.form_for(_edge_names(graph, label, name)) for name in task.inputs)
    ]
    asked = constraint.dataset_type or ", ".join(sorted(constraint.tasks))
    message = (
        f"The constraint {constraint.name!r} has the dimensions {sorted(wanted)} and binds to nothing in the "
        f"scope {constraint.scope.value} ({asked}): neither the quanta nor any of the inputs or outputs "
        "there have them. "
    )
    if able:
        asked_tasks = constraint.tasks or {
            label for label, task in graph.tasks.items() if constraint.dataset_type in task.inputs
        }
        nearest = min(able, key=lambda label: _distance(graph, label, asked_tasks))
        return f"{message}The nearest task that it could bind is {nearest!r}; it could bind {able}."
    closest = min(
        graph.tasks.values(), key=lambda task: len(wanted - frozenset(task.dimensions.names)), default=None
    )
    if closest is None:
        return f"{message}The pipeline has no tasks."
    return (
        f"{message}No task of the pipeline has them; the closest is {closest.label!r} with "
        f"{sorted(closest.dimensions.names)}."
    )


def _distance(graph: CandidateGraph, label: str, asked: frozenset[str] | set[str]) -> tuple[int, int]:
    # Related tasks first, then those that stand close by in topological order.
    related = graph.tasks[label].upstream | graph.tasks[label].downstream
    order = {name: position for position, name in enumerate(graph.tasks)}
    gaps = [abs(order[label] - order[name]) for name in asked if name in order]
    return (0 if related & frozenset(asked) else 1, min(gaps, default=0))
