"""Demand and completeness of random candidate graphs, equal to plain sets."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import polars as pl
import pytest

from tests.graph.naive import PlainSets
from tests.graph.toy import UNIVERSE, VISIT
from workbench.graph.account.causes import Causes
from workbench.graph.candidates.candidate_graph import CandidateGraph
from workbench.graph.closure.binding import UNCUT, Binding
from workbench.graph.closure.closure import PartialPolicy, Stage, compute_closure
from workbench.graph.constraints.constraint import Mode, ResolvedConstraint, Scope
from workbench.graph.joins.codes import Codes
from workbench.graph.joins.data_ids import DataIds
from workbench.graph.joins.relation import Relation
from workbench.graph.tasks.shapes import DatasetTypeShape, TaskShape

GROUP = UNIVERSE.conform(["visit"])
KEYS = pl.DataFrame({"instrument": ["Cam"], "visit": [1]})


def make_ids(number: int) -> DataIds:
    """Give as many data IDs; which they are plays no part here."""
    rows = [{**VISIT, "visit": visit, "band": "i"} for visit in range(number)]
    values = {name: [pl.Series([row[name] for row in rows]).to_arrow()] for name in rows[0]}
    codes = Codes(UNIVERSE, values)
    columns = {name: codes.encode(name, values[name][0]) for name in GROUP.data_coordinate_keys}
    relation = Relation(codes, columns, number)
    return DataIds(GROUP, relation.keys(list(GROUP.required)), relation)


def draw_graph(generator: random.Random) -> CandidateGraph:
    """Draw up to eight tasks; of the inputs that nothing makes, some are not there."""
    tasks: dict[str, TaskShape] = {}
    types: dict[str, str | None] = {f"x{number}": None for number in range(generator.randint(1, 3))}
    numbers = {name: generator.randint(1, 5) for name in types}
    edges: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    above: dict[str, set[str]] = {}
    for number in range(generator.randint(2, 8)):
        label, n_quanta = f"t{number}", generator.randint(2, 6)
        made = [name for name, maker in types.items() if maker]
        choice = made if made and generator.random() < 0.75 else list(types)
        reads = generator.sample(choice, k=min(len(choice), generator.choice([1, 2, 2, 3])))
        density = generator.choice([0.2, 0.3, 0.6, 1.0])
        for name in reads:
            pairs = [
                (quantum, dataset)
                for quantum in range(n_quanta)
                for dataset in range(numbers[name])
                if generator.random() < density
            ]
            rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
            edges[label, name] = (rows[:, 0], rows[:, 1])
        parents = {maker for name in reads if (maker := types[name])}
        above[label] = parents.union(*(above[parent] for parent in parents))
        minimum = {name: generator.choice([0, 1, 1, 1, 2]) for name in reads}
        tasks[label] = TaskShape(
            label, GROUP, minimum, frozenset(reads), frozenset(above[label]), frozenset()
        )
        numbers[label] = n_quanta
        types[f"y{number}"] = label
        numbers[f"y{number}"] = n_quanta
    complete = generator.choice([1.0, 0.9, 0.7])
    tasks = {
        label: dataclasses.replace(task, downstream=frozenset(low for low in above if label in above[low]))
        for label, task in tasks.items()
    }
    return CandidateGraph.assemble(
        tasks,
        {name: DatasetTypeShape(name, GROUP, maker) for name, maker in types.items()},
        {label: make_ids(numbers[label]) for label in tasks},
        {name: make_ids(numbers[name]) for name in types},
        producers={name: np.arange(numbers[name]) for name, maker in types.items() if maker},
        sources={
            name: np.array([row if generator.random() < complete else -1 for row in range(numbers[name])])
            for name, maker in types.items()
            if not maker
        },
        edges=edges,
    )


def draw_binding(generator: random.Random, graph: CandidateGraph) -> Binding:
    """Draw up to three constraints of all modes and scopes, and what they cut."""
    quantum_cut = np.full(graph.n_quanta, UNCUT, dtype=np.int16)
    edge_cut = np.full(graph.n_edges, UNCUT, dtype=np.int16)
    constraints, bound = [], []
    for position in range(generator.choice([0, 1, 1, 2, 2, 3])):
        mode = generator.choice([Mode.INCLUDE, Mode.INCLUDE, Mode.EXCLUDE])
        scope = generator.choice([Scope.TASKS, Scope.TASKS, Scope.GRAPH, Scope.DATASET_TYPE])
        k = len(graph.tasks) if scope is Scope.GRAPH else 1 if mode is Mode.INCLUDE else 2
        k = min(k, len(graph.tasks))
        labels = frozenset(generator.sample(graph.labels, k=generator.randint(1, k)))
        share = generator.choice([0.2, 0.5])
        for label in labels:
            edges = scope is Scope.DATASET_TYPE or generator.random() < 0.3
            span, cut = (graph.edge_span(label), edge_cut) if edges else (graph.span(label), quantum_cut)
            for number in range(span.start, span.stop):
                if cut[number] == UNCUT and generator.random() < share:
                    cut[number] = position
        forms = ((GROUP, KEYS),)
        constraints.append(ResolvedConstraint(f"c{position}", mode, scope, labels, "", forms))
        bound.append(labels)
    return Binding(constraints, quantum_cut, edge_cut, bound)


def assert_equals_plain_sets(policy: PartialPolicy) -> int:
    """Compare with plain sets under a policy; return how many inputs were missing."""
    n_missing = n_starved = 0
    for seed in range(120):
        generator = random.Random(seed)
        graph = draw_graph(generator)
        binding = draw_binding(generator, graph)
        ours = compute_closure(graph, binding, policy)
        sets = PlainSets(graph, binding)
        plain = sets.keep(policy)
        assert set(np.flatnonzero(ours.kept).tolist()) == plain.kept, seed
        assert set(np.flatnonzero(ours.missing_edge).tolist()) == plain.missing, seed
        assert set(np.flatnonzero(ours.stage != Stage.NO_INPUTS).tolist()) == plain.viable, seed
        causes = Causes(graph, binding, ours, ours.stage)
        read = np.flatnonzero(ours.kept[graph.edge_quantum])
        assert set(read[causes.took(read)].tolist()) == plain.excluded, seed
        for quantum in causes.starved[0].tolist():
            assert quantum not in plain.living, seed
            assert set(causes.starved_by(quantum)) == sets.causes(quantum, plain.living) != set(), seed
        n_missing += len(plain.missing)
        n_starved += len(causes.starved[0])
    assert n_starved > 50
    return n_missing


@pytest.mark.parametrize("policy", PartialPolicy)
def test_equals_plain_sets(policy: PartialPolicy) -> None:
    """Only where it is allowed is an input missing."""
    n_missing = assert_equals_plain_sets(policy)
    assert n_missing > 5 if policy is PartialPolicy.ALLOW else not n_missing
