"""Emptiness: which of the constraints leave a graph without quanta."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import Binding
from workbench.graph.closure.closure import PartialPolicy, compute_closure
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint

__all__ = ["find_emptying"]


def find_emptying(
    graph: CandidateGraph,
    bind: Callable[[Sequence[ResolvedConstraint]], Binding],
    constraints: Sequence[ResolvedConstraint],
    policy: PartialPolicy,
    unable: frozenset[str],
) -> str:
    """Name the constraints that leave nothing, as few as there are to name.

    Parameters
    ----------
    graph : `~workbench.graph.candidates.candidate_graph.CandidateGraph`
        The candidates.
    bind : `~collections.abc.Callable`
        Cuts them by constraints.
    constraints : `~collections.abc.Sequence` [ `~workbench.graph.ResolvedConstraint` ]
        In the order in which they are named as the cause.
    policy : `~workbench.graph.PartialPolicy`
        What is done about missing inputs.
    unable : `frozenset` [ `str` ]
        Tasks that cannot run at all.

    Returns
    -------
    sentence : `str`
        With the values that there are, where nothing satisfies a condition;
        empty if it is not the constraints.
    """

    def leaves_nothing(some: Sequence[ResolvedConstraint]) -> bool:
        closure = compute_closure(graph, bind(some), policy, unable)
        return not closure.kept.any()

    if not constraints or leaves_nothing(()) or not leaves_nothing(constraints):
        return ""
    alone = [one for one in constraints if leaves_nothing([one])]
    if alone:
        return "\n".join(_describe(one) for one in alone)
    some = list(constraints)
    for one in constraints:
        rest = [other for other in some if other is not one]
        if leaves_nothing(rest):
            some = rest
    names = " and ".join(f"{one.mode.value} {one.name}" for one in some)
    return f"Only together, {names} leave nothing."


def _describe(constraint: ResolvedConstraint) -> str:
    name = f"{constraint.mode.value} {constraint.name}"
    empty = all(keys.is_empty() for group, keys in constraint.forms if group)
    if constraint.notes and empty:
        return f"By itself, {name} leaves nothing: {'; '.join(constraint.notes)}."
    if constraint.mode is Mode.INCLUDE and empty:
        return f"By itself, {name} leaves nothing: nothing in the repository satisfies it."
    return f"By itself, {name} leaves nothing of what the input collections have."
