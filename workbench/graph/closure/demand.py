"""Demand: from which tasks, or from which quanta, a graph is asked for."""

from __future__ import annotations

import dataclasses

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import Binding
from workbench.graph.constraints.constraint import Mode, Scope

__all__ = ["Demand", "find_demand"]


@dataclasses.dataclass(frozen=True, slots=True)
class Demand:
    """Where demand starts.

    Parameters
    ----------
    roots : `frozenset` [ `str` ]
        Labels of the tasks that are demanded in their own right; empty where
        nothing is constrained.
    of_ends : `bool`
        Whether all that nothing else could use is demanded, as without
        constraints, and the roots only tell its tasks.
    named : `frozenset` [ `str` ]
        Those of the roots that a constraint or a grouping names.
    """

    roots: frozenset[str]
    of_ends: bool
    named: frozenset[str]


def find_demand(graph: CandidateGraph, binding: Binding, able: frozenset[str]) -> Demand:
    """Find where demand starts.

    A task that an include constraint names is demanded in its own right
    ("process these").  Include constraints on the whole graph demand the last
    of the tasks that feel most of them: with visits and a tract given, the
    coadd, not a side branch that knows of visits alone.  An exclusion takes
    away and demands nothing new: where there is nothing else, all ends are
    demanded as without it, which are the quanta whose outputs nothing that
    could run would use; and a task that an exclusion names beside the demanded
    ones ("all but these") is demanded with them, unless it only serves them.
    So are tasks that work by group.  A task that could never run is demanded
    only where it is named.

    Parameters
    ----------
    graph : `CandidateGraph`
        The candidates.
    binding : `Binding`
        The explicit cuts.
    able : `frozenset` [ `str` ]
        Labels of the tasks of which a quantum could run.

    Returns
    -------
    demand : `Demand`
        Its roots are empty where there are no constraints.
    """
    if not binding.constraints:
        return Demand(frozenset(), True, frozenset())
    roots: set[str] = set()
    spared: set[str] = set()
    grouped: set[str] = set()
    felt: dict[str, set[int]] = {label: set() for label in graph.tasks}
    for position, (constraint, labels) in enumerate(
        zip(binding.constraints, binding.bound_tasks, strict=True)
    ):
        if constraint.of_grouping:
            grouped.update(labels if constraint.scope is Scope.TASKS else ())
        elif constraint.mode is Mode.INCLUDE and constraint.scope is Scope.TASKS:
            roots.update(labels)
        elif constraint.mode is Mode.INCLUDE and constraint.scope is Scope.GRAPH:
            for label in labels & able or labels:
                felt[label].add(position)
        elif constraint.scope is Scope.TASKS:
            spared.update(labels)
    named = frozenset(roots | grouped)
    most = [
        label for label, mine in felt.items() if mine and not any(mine < theirs for theirs in felt.values())
    ]
    roots.update(label for label in most if not graph.tasks[label].downstream.intersection(most))
    if not roots:
        ends = (label for label, task in graph.tasks.items() if not task.downstream & able)
        return Demand(frozenset(ends), True, named)
    roots |= grouped
    roots.update(label for label in spared if not graph.tasks[label].downstream & (roots | spared))
    return Demand(frozenset(roots), False, named)
