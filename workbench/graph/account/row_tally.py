"""Tallies of named rows: candidates that have each row, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import polars as pl
from lsst.daf.butler import DimensionUniverse

from workbench.graph.account.causes import Causes
from workbench.graph.account.occurrences import Occurrence, find_outcomes
from workbench.graph.account.row_account import DescribeRows, RowAccount
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.closure import Stage
from workbench.graph.closure.request import BuildMode
from workbench.graph.columns.graph_columns import Rows
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint, Scope
from workbench.graph.constraints.grouped import AppliedGrouping
from workbench.graph.joins.relation import Relation, find_rows

__all__ = ["account_rows", "as_constraints"]

_TELLING = (
    Stage.KEPT,
    Stage.SKIPPED,
    Stage.CONSTRAINT,
    Stage.STARVED,
    Stage.PARTIAL,
    Stage.HOOK,
    Stage.NO_INPUTS,
    Stage.NOT_DEMANDED,
)
"""Stages, the most telling first: of the candidates of one row, it names the reason."""


def account_rows(
    causes: Causes,
    constraint: ResolvedConstraint,
    labels: Iterable[str],
    kind: str,
    describe: DescribeRows,
    mode: BuildMode = BuildMode.PER_TASK,
) -> RowAccount:
    """Account for every row of a constraint by a set, or of what is like one.

    Parameters
    ----------
    causes : `~workbench.graph.account.causes.Causes`
        What took each candidate.
    constraint : `~workbench.graph.ResolvedConstraint`
        Its rows, and where they bind.
    labels : `~collections.abc.Iterable` [ `str` ]
        The tasks that it binds.
    kind : `str`
        What is named: "include", "exclude", "grouping" or "publication".
    describe : `~collections.abc.Callable`
        Says why data IDs are no candidates.
    mode : `~workbench.graph.BuildMode`, optional
        How candidates were found.

    Returns
    -------
    account : `RowAccount`
        In the order of the rows.
    """
    dimensions, keys = constraint.forms[0]
    keys = keys.select(list(dimensions.required))
    tallies = [_Tally(causes, len(form), constraint.mode) for _, form in constraint.forms]
    for label in labels:
        for occurrence, names, position in _candidates(causes.graph, constraint, label):
            rows = _row_of(causes.graph, occurrence, names, constraint.forms[position][1])
            tallies[position].add(occurrence, rows)
    tally = tallies[0]
    for position, other in enumerate(tallies[1:], start=1):
        if other.is_used:
            tally.take(other, _links(constraint, position))
    quanta, why = tally.quanta, tally.reasons()
    idle = np.flatnonzero((quanta == 0) & (tally.rank == _TELLING.index(Stage.NOT_DEMANDED)))
    if len(idle):
        # That nothing needs it has a cause of its own, where it has no region.
        for row, text in zip(idle.tolist(), describe(dimensions, keys[idle.tolist()]), strict=True):
            why[row] = f"{text}, and {why[row]}" if text else why[row]
    unseen = np.flatnonzero((quanta == 0) & (tally.rank == len(_TELLING)))
    if len(unseen):
        whole = mode is BuildMode.ALL_DIMENSIONS
        taken = _taken_elsewhere(causes, constraint, keys[unseen.tolist()]) if whole else {}
        texts = describe(dimensions, keys[unseen.tolist()])
        for place, (row, text) in enumerate(zip(unseen.tolist(), texts, strict=True)):
            if whole and not text and constraint.mode is Mode.EXCLUDE:
                # The one join of that mode has left it out before it was a candidate.
                quanta[row] = -1
            else:
                why[row] = text or taken.get(place) or "its inputs and regions join to no quantum"
    scope = constraint.scope.value
    if constraint.scope is Scope.TASKS:
        scope = ", ".join(label for label in causes.graph.tasks if label in constraint.tasks)
    elif constraint.scope is Scope.DATASET_TYPE:
        scope = constraint.dataset_type
    return RowAccount(constraint.name, kind, scope, dimensions, keys, quanta, tuple(why), tally.n_quanta)


def as_constraints(
    universe: DimensionUniverse, groupings: Iterable[AppliedGrouping]
) -> list[ResolvedConstraint]:
    """Put the members of groupings as constraints of their tasks.

    Parameters
    ----------
    universe : `lsst.daf.butler.DimensionUniverse`
        The repository's dimensions.
    groupings : `~collections.abc.Iterable` [ `~workbench.graph.AppliedGrouping` ]
        What is part of a graph.

    Returns
    -------
    constraints : `list` [ `~workbench.graph.ResolvedConstraint` ]
        One for each part of a grouping that has tasks of its own; they only
        say which rows there are.
    """
    return [
        ResolvedConstraint(
            f"{one.label}/{share.group}" if share.group else one.label,
            Mode.INCLUDE,
            Scope.TASKS,
            share.labels,
            "",
            ((universe.conform(share.members.columns), share.members),),
            of_grouping=True,
        )
        for one in groupings
        for share in one.shares
    ]


def _candidates(
    graph: CandidateGraph, constraint: ResolvedConstraint, label: str
) -> Iterator[tuple[Occurrence, Sequence[str], int]]:
    """Find what of a task a constraint may bind, as `~workbench.graph.closure.binding` does it."""
    task = graph.tasks[label]
    if constraint.scope is not Scope.DATASET_TYPE:
        position = _form_for(constraint, frozenset(task.dimensions.names))
        if position is not None:
            names = list(constraint.forms[position][0].required)
            yield Occurrence(label, "quantum", graph.nodes_of(label)), names, position
            return
    for dataset_type in sorted(task.inputs):
        if constraint.scope is Scope.DATASET_TYPE and dataset_type != constraint.dataset_type:
            continue
        if (label, dataset_type) not in graph.blocks:
            continue
        both = frozenset(task.dimensions.names) | frozenset(
            graph.dataset_types[dataset_type].dimensions.names
        )
        position = _form_for(constraint, both)
        if position is not None:
            edges = graph.edges_between(dataset_type, label)
            yield (
                Occurrence(label, dataset_type, edges),
                list(constraint.forms[position][0].required),
                position,
            )


def _form_for(constraint: ResolvedConstraint, names: frozenset[str]) -> int | None:
    fitting = (place for place, (group, _) in enumerate(constraint.forms) if names.issuperset(group.required))
    return next(fitting, None)


def _row_of(graph: CandidateGraph, occurrence: Occurrence, names: Sequence[str], keys: pl.DataFrame) -> Rows:
    """Return the row of the keys that each candidate has, -1 where it has none."""
    ids = graph.quantum_ids[occurrence.task]
    codes = ids.relation.codes
    if not names:
        return np.full(len(occurrence.numbers), 0 if len(keys) else -1)
    given = Relation(codes, {name: codes.encode(name, keys[name]) for name in names}, keys.height)
    known = np.flatnonzero(np.logical_and.reduce([given.columns[name] >= 0 for name in names]))
    packed = given.take(known).keys(names)
    order = np.argsort(packed, kind="stable")

    def rows_of(relation: Relation) -> Rows:
        place = find_rows(packed[order], relation.keys(names))
        has = np.logical_and.reduce([relation.columns[name] >= 0 for name in names])
        rows: Rows = np.where(has & (place >= 0), known[order[place]] if len(order) else -1, -1)
        return rows

    if occurrence.is_quanta:
        return rows_of(ids.relation)
    datasets = graph.dataset_ids[occurrence.seen_as]
    if set(names) <= set(datasets.group.names):
        # Of the datasets, which are fewer than the edges.
        numbers = graph.edge_dataset[occurrence.numbers] - graph.dataset_start[occurrence.seen_as]
        return rows_of(datasets.relation)[numbers] if len(datasets) else np.empty(0, dtype=np.int64)
    return rows_of(graph.edge_relation(occurrence.seen_as, occurrence.task, list(names)))


class _Tally:
    """What became of each row so far."""

    def __init__(self, causes: Causes, n_rows: int, mode: Mode):
        self._causes = causes
        self._takes = mode is Mode.EXCLUDE
        self.is_used = False
        self._reached = np.zeros(causes.graph.n_quanta, dtype=np.bool_)
        self.quanta = np.zeros(n_rows, dtype=np.int64)
        self.rank = np.full(n_rows, len(_TELLING), dtype=np.int64)
        self._node = np.full(n_rows, -1, dtype=np.int64)
        self._cut = np.full(n_rows, -1, dtype=np.int64)

    def add(self, occurrence: Occurrence, rows: Rows) -> None:
        """Count candidates that have the rows."""
        self.is_used = True
        mine = np.flatnonzero(rows >= 0)
        if not len(mine):
            return
        rows, numbers = rows[mine], occurrence.numbers[mine]
        stage, cut, node = find_outcomes(
            self._causes, Occurrence(occurrence.task, occurrence.seen_as, numbers)
        )
        graph = self._causes.graph
        quantum = numbers if occurrence.is_quanta else graph.edge_quantum[numbers]
        reached = stage != Stage.NO_INPUTS if self._takes else stage == Stage.KEPT
        self._count(rows[reached], quantum[reached])
        for rank, one in enumerate(_TELLING):
            at = np.flatnonzero(stage == one)
            at = at[self.rank[rows[at]] > rank]
            self.rank[rows[at]], self._node[rows[at]], self._cut[rows[at]] = rank, node[at], cut[at]

    @property
    def n_quanta(self) -> int:
        """Number of quanta that rows reach (`int`)."""
        return int(self._reached.sum())

    def _count(self, rows: Rows, quanta: Rows) -> None:
        if not len(rows):
            return
        # A row may reach a quantum by several inputs.
        pairs = np.unique(rows * np.int64(self._causes.graph.n_quanta) + quanta)
        self._reached[quanta] = True
        self.quanta += np.bincount(pairs // self._causes.graph.n_quanta, minlength=len(self.quanta))

    def take(self, other: _Tally, links: tuple[Rows, Rows]) -> None:
        """Add what an equivalent form of the rows counted."""
        mine, theirs = links
        self._reached |= other._reached
        self.quanta += np.bincount(mine, weights=other.quanta[theirs], minlength=len(self.quanta)).astype(
            np.int64
        )
        for rank in range(len(_TELLING)):
            at = np.flatnonzero((other.rank[theirs] == rank) & (self.rank[mine] > rank))
            rows, source = mine[at], theirs[at]
            self.rank[rows], self._node[rows], self._cut[rows] = rank, other._node[source], other._cut[source]

    def reasons(self) -> list[str]:
        """Say why rows reach nothing, of those that have candidates."""
        causes = self._causes
        why = [""] * len(self.quanta)
        said: dict[tuple[int, int], str] = {}
        for row in np.flatnonzero((self.quanta == 0) & (self.rank < len(_TELLING))).tolist():
            stage, node, cut = _TELLING[self.rank[row]], int(self._node[row]), int(self._cut[row])
            key = (int(stage), node if stage is Stage.STARVED else cut if stage is Stage.CONSTRAINT else -1)
            if key not in said:
                by_constraint = stage is Stage.CONSTRAINT
                said[key] = (
                    f"taken by {causes.name_constraint(cut)}" if by_constraint else causes.of_quantum(node)
                )
            why[row] = said[key]
        return why


def _links(constraint: ResolvedConstraint, position: int) -> tuple[Rows, Rows]:
    """Return which rows of the first form and of another one belong together."""
    (first, keys), (other, form) = constraint.forms[0], constraint.forms[position]
    if constraint.links is None:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing
    joined = (
        constraint.links.join(keys.with_row_index("mine"), on=list(first.required))
        .join(form.with_row_index("theirs"), on=list(other.required))
        .select(pl.col("mine", "theirs").cast(pl.Int64))
        .unique()
    )
    return joined["mine"].to_numpy(), joined["theirs"].to_numpy()


def _taken_elsewhere(causes: Causes, constraint: ResolvedConstraint, keys: pl.DataFrame) -> dict[int, str]:
    """Say which other constraint takes rows, where all of them restrict one join."""
    taken: dict[int, str] = {}
    numbered = keys.with_row_index("row")
    for position, other in enumerate(causes.binding.constraints):
        form = other.form_for(frozenset(keys.columns))
        if other is constraint or form is None or not form[0]:
            continue
        names, table = list(form[0]), form[1]
        how = "anti" if other.mode is Mode.INCLUDE else "semi"
        for row in numbered.join(table, on=names, how=how)["row"].to_list():  # type: ignore[arg-type]
            taken.setdefault(row, f"taken by {causes.name_constraint(position)}")
    return taken
