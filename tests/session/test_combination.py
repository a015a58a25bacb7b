"""Saved sets side by side, and what is taken of them."""

from __future__ import annotations

import itertools

import pytest

from workbench.bench import Bench
from workbench.session.curation.combination import Combination
from workbench.session.curation.curation import Curation
from workbench.session.desk.desk import Desk
from workbench.sets import DataIdSet

RULES = {
    "a": "visit < 60000 AND instrument = 'HSC'",
    "b": "band = 'i'",
    "c": "exposure_time > 100",
}
LABELS = ["a@1", "b@1", "c@1"]


@pytest.fixture
def combination(bench: Bench) -> Combination:
    """Three saved sets, one of them for exclusion, to be compared."""
    for name, where in RULES.items():
        role = "exclude" if name == "c" else "include"
        bench.save(bench.select("visit", where, role=role), name, reason="x")
    desk = Desk(bench)
    curation = Curation(desk)
    curation.refresh()
    return Combination(desk, curation)


def keys(rows: DataIdSet | None) -> set[int]:
    assert rows is not None
    return set(rows.keys["visit"].to_pylist())


def test_each_row_is_counted_once(combination: Combination, bench: Bench) -> None:
    combination.compare(LABELS)
    sets = [keys(bench.load(label)) for label in LABELS]
    assert combination.sizes == [len(found) for found in sets]
    assert sum(combination.counts.values()) == len(set.union(*sets))
    for members, n_rows in combination.counts.items():
        inside = set.intersection(*(s for s, m in zip(sets, members, strict=True) if m))
        outside = set().union(*(s for s, m in zip(sets, members, strict=True) if not m))
        assert n_rows == len(inside - outside) > 0
    assert bench.sets.intersections(LABELS)["n_rows"].to_pylist() == list(combination.counts.values())


def test_any_choice_of_intersections_gives_its_rows_and_the_python_too(
    combination: Combination, bench: Bench
) -> None:
    combination.compare(LABELS)
    sets = dict(zip(LABELS, (keys(bench.load(label)) for label in LABELS), strict=True))
    for chosen in itertools.chain(
        itertools.combinations(combination.counts, 1),
        itertools.combinations(combination.counts, 2),
        [combination.counts],
    ):
        combination.take(chosen)
        wanted = {
            visit
            for visit in set.union(*sets.values())
            if tuple(visit in sets[label] for label in LABELS) in set(chosen)
        }
        rows = combination.curation.rows
        assert rows is not None
        assert keys(rows) == wanted
        assert combination.taken == set(chosen)
        names: dict[str, object] = {"bench": bench}
        exec(combination.curation.to_python(), names)
        made = names["visits"]
        assert isinstance(made, DataIdSet)
        assert made.key_digest == rows.key_digest


def test_bars_are_taken_one_by_one_and_undone(combination: Combination) -> None:
    combination.compare(LABELS[:2])
    first, second = list(combination.counts)[:2]
    combination.toggle(first)
    combination.toggle(second)
    rows = combination.curation.rows
    assert rows is not None
    assert len(rows) == combination.counts[first] + combination.counts[second]
    combination.curation.undo()
    assert combination.taken == {first}
    combination.toggle(first)
    assert "No intersection is left" in combination.desk.message
    assert combination.taken == {first}


def test_sets_of_visits_and_of_detectors_are_compared_over_detectors(
    combination: Combination, bench: Bench
) -> None:
    pairs = bench.load("b@1").expand("detector")
    bench.save(pairs, "pairs", reason="x")
    combination.compare(["a@1", "pairs@1"])
    assert combination.sizes == [6 * len(bench.load("a@1")), len(pairs)]
    combination.take(combination.with_every())
    assert combination.curation.of_detectors


def test_what_cannot_be_compared_is_said(combination: Combination, bench: Bench) -> None:
    assert "Choose 2 to 6" in combination.compare(["a@1"])
    bench.save(bench.select("patch", ""), "patches", reason="x")
    error = combination.compare(["a@1", "patches@1"])
    assert "is over instrument, visit and another one over" in error
    assert combination.desk.message == "", "it is said once, beside what was chosen"
    assert combination.labels == ()
