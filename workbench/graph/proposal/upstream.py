"""What occurs upstream: values of dimensions that a task's own inputs do not have.

A task {instrument} that makes one dataset a visit reads a table {instrument},
say, which another task made of visits.  Its outputs are of those visits, and
not of all that there are: the way goes back over the edges until the
dimension occurs,

    products -> table -> build -> x {visit}

and what is found there is joined with the quanta, as the stock builder's one
join of everything does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from lsst.daf.butler import DimensionUniverse

from workbench.graph.joins.codes import CodeColumn
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.operands import JoinOperand
from workbench.graph.joins.relation import Relation, join
from workbench.graph.proposal.subgraphs import Candidates

__all__ = ["Upstream"]

Names = frozenset[str]


class Upstream:
    """Looks for values of dimensions among what quanta are made from.

    Parameters
    ----------
    candidates : `~workbench.graph.proposal.subgraphs.Candidates`
        Of the tasks upstream; may grow.
    makers : `~collections.abc.Mapping` [ `str`, `str` ]
        Label of the task that makes each dataset type; overall inputs have
        none.
    restricting, other : `~collections.abc.Mapping` [ `str`, `~collections.abc.Sequence` ]
        Regular inputs of each task: those without which a quantum cannot be,
        and the rest.
    """

    def __init__(
        self,
        candidates: Candidates,
        makers: Mapping[str, str],
        restricting: Mapping[str, Sequence[str]],
        other: Mapping[str, Sequence[str]],
    ):
        self._candidates = candidates
        self._makers = makers
        self._restricting = restricting
        self._other = other
        self._known: dict[tuple[str, Names], list[Relation]] = {}

    def of_task(self, label: str, names: Names, own: Names) -> list[JoinOperand]:
        """Return what a join of a task's quanta with more dimensions must agree with.

        Parameters
        ----------
        label : `str`
            Task label.
        names : `frozenset` [ `str` ]
            Dimensions that the quanta do not have.
        own : `frozenset` [ `str` ]
            Those that they have.

        Returns
        -------
        operands : `list` [ `~workbench.graph.joins.operands.JoinOperand` ]
            Rows of the quanta's required dimensions and of some of the
            names; none where nothing of it occurs upstream.
        """
        universe = self._candidates.quanta[label].group.universe
        wanted = names | self._linked(universe, names, self._names_above(label) | own) - own
        return [_operand(universe, found) for found in self._of_quanta(label, wanted)]

    def of_inputs(self, inputs: Iterable[str], names: Names) -> list[JoinOperand]:
        """Return what a join of a task's inputs with more dimensions must agree with.

        Parameters
        ----------
        inputs : `~collections.abc.Iterable` [ `str` ]
            Dataset types that restrict its quanta.
        names : `frozenset` [ `str` ]
            Dimensions of the task that none of them has.

        Returns
        -------
        operands : `list` [ `~workbench.graph.joins.operands.JoinOperand` ]
            Rows of an input's required dimensions and of some of the names.
        """
        operands = []
        for name in inputs:
            if (maker := self._makers.get(name)) is None:
                continue
            ids = self._candidates.datasets[name]
            universe, near = ids.group.universe, ids.group.names
            # An input that records or regions relate to the names themselves has said what there is.
            known = any(_related(universe, one, other) for one in names for other in near)
            above = frozenset[str]() if known else self._names_above(maker) | near
            wanted = names | self._linked(universe, names, above) - near
            operands += [_operand(universe, found) for found in self._of_datasets(name, wanted)]
        return operands

    def _names_above(self, label: str) -> Names:
        """All dimensions of the inputs of a task, and of theirs."""
        names: set[str] = set()
        for name in (*self._restricting[label], *self._other[label]):
            names |= self._candidates.datasets[name].group.names
            if (maker := self._makers.get(name)) is not None:
                names |= self._names_above(maker)
        return frozenset(names)

    @staticmethod
    def _linked(universe: DimensionUniverse, names: Names, above: Names) -> Names:
        """Return dimensions upstream that say which values belong there, where these do not occur themselves.

        Visits and their detectors say which tracts a task {instrument} makes
        something of.
        """
        linked: set[str] = set()
        frontier = set(names - above)
        while frontier:
            frontier = {
                other
                for other in above - names - linked
                if other not in universe.skypix_dimensions.names
                and any(_related(universe, one, other) for one in frontier)
            }
            linked |= frontier
        return frozenset(linked & set(universe.conform(linked).required))

    def _of_quanta(self, label: str, names: Names) -> list[Relation]:
        key = (label, names)
        if key not in self._known:
            found = [
                relation
                for name in self._restricting[label]
                for relation in self._through(label, name, names)
            ]
            covered = frozenset[str]().union(*(relation.names for relation in found))
            # Any of the inputs that a quantum can do without will do.
            either: dict[Names, list[Relation]] = {}
            for name in self._other[label]:
                for relation in self._through(label, name, names - covered):
                    either.setdefault(relation.names, []).append(relation)
            self._known[key] = [*found, *map(_concatenate, either.values())]
        return self._known[key]

    def _through(self, label: str, name: str, names: Names) -> list[Relation]:
        """Look along the edges of one dataset type into a task."""
        if not names or (label, name) not in self._candidates.edges:
            return []
        quanta, ids = self._candidates.quanta[label], self._candidates.datasets[name]
        left, right = self._candidates.edges[label, name]
        own = {one: quanta.columns[one][left] for one in quanta.group.required}
        here = {one: ids.columns[one][right] for one in ids.columns if one in names}
        beyond = names.difference(here)
        # What is found further up stays with what is found here.
        above = self._of_datasets(name, beyond) if beyond else []
        found = []
        for relation in above:
            required = {one: ids.columns[one][right] for one in ids.group.required}
            edges = _relate(ids, {**required, **here, **own}, len(left))
            chosen = dict.fromkeys([*own, *here, *(one for one in relation.names if one in beyond)])
            found.append(join(edges, relation).distinct(list(chosen)))
        if here and not above:
            found.append(_relate(ids, {**own, **here}, len(left)))
        return found

    def _of_datasets(self, name: str, names: Names) -> list[Relation]:
        """Look above the quanta that make a dataset type."""
        if (maker := self._makers.get(name)) is None:
            return []
        ids, makers = self._candidates.datasets[name], self._candidates.quanta[maker]
        producers = self._candidates.producers[name]
        rows = np.flatnonzero(producers >= 0)
        own = {one: makers.columns[one][producers[rows]] for one in makers.group.required}
        made = _relate(ids, {**own, **{one: ids.columns[one][rows] for one in ids.group.required}}, len(rows))
        found = []
        for relation in self._of_quanta(maker, names):
            chosen = dict.fromkeys([*ids.group.required, *(one for one in relation.names if one in names)])
            found.append(join(made, relation).distinct(list(chosen)))
        return found


def _related(universe: DimensionUniverse, one: str, other: str) -> bool:
    """Tell whether records or regions relate two dimensions; to be of one instrument is no relation."""
    if {one, other} & set(universe.governor_dimensions.names):
        return False
    first, second = universe.conform([one]).spatial, universe.conform([other]).spatial
    if first and second and first != second:
        return True
    for element in universe.elements:
        names = {*element.required.names, *element.implied.names}
        if element.has_own_table and element.defines_relationships and {one, other} <= names:
            return True
    return False


def _relate(ids: DataIds, columns: Mapping[str, CodeColumn], n_rows: int) -> Relation:
    """Make a relation of distinct rows, without those of which a value is not known."""
    relation = Relation(ids.relation.codes, columns, n_rows)
    known = np.ones(n_rows, dtype=np.bool_)
    for column in columns.values():
        known &= column >= 0
    return (relation if known.all() else relation.take(known)).distinct(list(columns))


def _concatenate(relations: Sequence[Relation]) -> Relation:
    first = relations[0]
    if len(relations) == 1:
        return first
    columns = {name: np.concatenate([one.columns[name] for one in relations]) for name in first.columns}
    return Relation(first.codes, columns, sum(map(len, relations))).distinct(list(columns))


def _operand(universe: DimensionUniverse, relation: Relation) -> JoinOperand:
    return JoinOperand.of_datasets(relation, universe.conform(relation.names))
