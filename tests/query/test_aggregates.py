"""Tables finer than the selection, by any, all and aggregates."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler

from tests.cosmos import fill_repository
from tests.query.conftest import CHIPS, NUMBERS, READINGS
from workbench.errors import ExpressionError
from workbench.query import read_terms, select
from workbench.registry import Registry, open_registry

A, B, C, *REST = NUMBERS


@pytest.fixture
def chips(registry: Registry) -> Registry:
    """Biases: three detectors of A, two of B of which one is null, none of the others."""
    rows = [(A, 41, 1.0), (A, 42, 2.0), (A, 49, 6.0), (B, 41, 4.0), (B, 42, None)]
    registry.table("chips").append(
        [{"instrument": "HSC", "visit": visit, "detector": chip, "bias": bias} for visit, chip, bias in rows]
    )
    return registry


def run(registry: Registry, where: str) -> list[object]:
    return select(registry, ["visit"], where).table["visit"].to_pylist()


@pytest.mark.parametrize(
    ("where", "visits"),
    [
        ("any(chips.bias > 5)", [A]),
        ("any(chips.bias > 3)", [A, B]),
        ("NOT any(chips.bias > 3)", [C, *REST]),
        ("all(chips.bias < 7)", [A]),
        ("NOT all(chips.bias < 4)", [A, B]),
        ("all(chips.bias < 7) = NULL", [B, C, *REST]),
        ("any(chips.bias > 3 AND chips.detector = 41)", [B]),
        ("count(chips.bias) = 3", [A]),
        ("count(chips.detector) = 2", [B]),
        ("count(chips.bias > 1) > 1", [A]),
        ("count(chips.bias) = 0", [C, *REST]),
        ("mean(chips.bias) = 3", [A]),
        ("median(chips.bias) = 2", [A]),
        ("min(chips.bias) >= 4", [B]),
        ("max(chips.bias) - min(chips.bias) > 1", [A]),
        ("sum(chips.bias) IN (9.0, 4.0)", [A, B]),
        ("sum(chips.bias) = NULL", [C, *REST]),
        ("MEAN(chips.bias) < 3.5 AND metrics.n_star = 0", [A]),
        (f"mean(chips.bias) > 3 OR visit = {C} AND instrument = 'HSC'", [B, C]),
        ("mean(chips.bias) > metrics.n_star", [A, B]),
    ],
)
def test_aggregates(chips: Registry, where: str, visits: list[object]) -> None:
    assert run(chips, where) == visits


def test_no_measurement_is_counted_apart(chips: Registry) -> None:
    (stage,) = select(chips, ["visit"], "mean(chips.bias) < 3.5").waterfall.to_pylist()
    assert (stage["rows_after"], stage["unknown"]) == (1, len(REST) + 1)
    (stage,) = select(chips, ["visit"], "count(chips.bias) > 0").waterfall.to_pylist()
    assert (stage["rows_after"], stage["unknown"]) == (2, 0)


def test_notes_on_parts_count_when_asked_to(registry: Registry) -> None:
    assert run(registry, "notes.flag = 'bad'") == [NUMBERS[0], NUMBERS[2]]
    assert run(registry, "any(notes.flag = 'bad')") == [NUMBERS[0], NUMBERS[2], NUMBERS[3]]
    assert run(registry, "count(notes.flag) = 2") == [NUMBERS[0]]
    assert run(registry, "count(notes.flag) = 0") == NUMBERS[4:]
    assert select(registry, ["visit"], "any(notes.flag = 'bad')").notes == ()


def test_rows_of_one_data_id_aggregate_too(registry: Registry) -> None:
    assert run(registry, "sum(readings.value) = 6") == [NUMBERS[0]]
    assert run(registry, "all(readings.value > 0)") == [NUMBERS[0]]


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("chips.bias > 3", r"Say any\(\.\.\.\), all\(\.\.\.\), or an aggregate such as mean\(chips\.bias\)"),
        ("any(chips.bias)", r"any\(\) is of a condition, and not of type float"),
        ("mean(chips.bias > 1) > 1", r"mean\(\) is of numbers, and not of type bool"),
        ("any(band = 'i')", "of columns of one extension table, not of 'band'"),
        ("any(chips.bias > metrics.n_star)", "this names 'chips' and 'metrics'"),
        ("any(1 = 1)", "this names none"),
        ("any(chips.bias > 1, chips.bias > 2)", r"any\(\) takes one argument"),
        ("any(count(chips.bias) > 1)", r"count\(\) cannot stand inside any\(\)"),
        ("mean(chips.bias)", "A condition is expected here, and this is of type float"),
        ("variance(chips.bias) > 1", r"no function 'variance'(.|\n)*in_set, any, all, count, max, mean"),
    ],
)
def test_what_is_no_aggregate(chips: Registry, where: str, fault: str) -> None:
    with pytest.raises(ExpressionError, match=fault):
        run(chips, where)


def test_selections_that_do_not_determine_the_rows(chips: Registry) -> None:
    with pytest.raises(ExpressionError, match="rows of 'chips' also need instrument, detector, visit"):
        select(chips, ["tract"], "any(chips.bias > 1)")


def test_scope_of_an_aggregate_is_open(chips: Registry) -> None:
    (term,) = read_terms(chips, "mean(chips.bias) < 3")
    assert term.dimensions is None


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    root: Path = tmp_path_factory.mktemp("aggregates") / "repo"
    Butler.makeRepo(str(root))
    fill_repository(str(root))
    with open_registry(str(root)) as registry:
        registry.declare(READINGS)
        registry.declare(CHIPS)
        yield registry


_BIASES = st.dictionaries(
    st.tuples(st.sampled_from(NUMBERS[:4]), st.sampled_from([41, 42, 49])),
    st.one_of(st.none(), st.integers(-3, 3).map(float)),
)


@settings(max_examples=25, deadline=None)
@given(_BIASES, st.integers(-3, 3))
def test_aggregates_are_pythons(
    shared: Registry, biases: dict[tuple[int, int], float | None], limit: int
) -> None:
    table = shared.table("chips")
    table.drop()
    table = shared.declare(CHIPS)
    table.append(
        [{"instrument": "HSC", "visit": v, "detector": d, "bias": b} for (v, d), b in biases.items()]
    )
    rows = {visit: [b for (v, _), b in biases.items() if v == visit] for visit in NUMBERS}
    known = {visit: [b for b in all_of if b is not None] for visit, all_of in rows.items()}

    def expect(where: str, holds: dict[int, bool | None]) -> None:
        assert run(shared, where) == [visit for visit in NUMBERS if holds[visit]], where

    expect(f"any(chips.bias > {limit})", {v: any(b > limit for b in known[v]) for v in NUMBERS})
    expect(f"count(chips.bias) > {limit}", {v: len(known[v]) > limit for v in NUMBERS})
    whole = {v: bool(rows[v]) and len(known[v]) == len(rows[v]) for v in NUMBERS}
    expect(f"all(chips.bias > {limit})", {v: whole[v] and min(known[v]) > limit for v in NUMBERS})
    for function in (min, max, math.fsum, statistics.fmean, statistics.median):
        name = {"fsum": "sum", "fmean": "mean"}.get(function.__name__, function.__name__)
        values = {v: function(known[v]) if known[v] else None for v in NUMBERS}  # type: ignore[operator]
        expect(
            f"{name}(chips.bias) <= {limit}",
            {v: value is not None and value <= limit for v, value in values.items()},
        )
