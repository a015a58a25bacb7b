"""Laws of sets over several dimension groups, against Python's sets of tuples."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from workbench.sets import DataIdSet
from workbench.snapshot import Relations, data_id_schema, key_names

UNIVERSE = DimensionUniverse()
Rows = set[tuple[int | str, ...]]

GROUPS = [
    ("htm7",),
    ("healpix5", "band"),
    ("band",),
    ("physical_filter",),
    ("patch",),
    ("visit", "detector"),
    ("exposure", "detector", "tract"),
]
PIXELS = {"htm7": 4**7 * 8, "healpix5": 0}
TEXT = st.sampled_from(["i", "HSC-I", "Ä", "a,b", '"', "\u2028", "1"])


@st.composite
def groups_with_rows(draw: st.DrawFn, n: int) -> tuple[tuple[str, ...], list[Rows]]:
    """Draw a dimension group, and rows for some sets."""
    names = draw(st.sampled_from(GROUPS))
    values = [
        TEXT if pa.types.is_string(field.type) else st.integers(low := PIXELS.get(field.name, -2), low + 4)
        for field in data_id_schema(UNIVERSE.conform(names), implied=False)
    ]
    return names, [draw(st.sets(st.tuples(*values), max_size=10)) for _ in range(n)]


def make(
    names: tuple[str, ...],
    rows: Rows,
    relations: Relations | None = None,
    reason: Callable[[tuple[int | str, ...]], str | None] = lambda row: None,
) -> DataIdSet:
    schema = data_id_schema(UNIVERSE.conform(names), implied=False)
    # In an order of their own, since a set has no order.
    listed = sorted(rows, key=hash)
    columns = [pa.array([row[i] for row in listed], field.type) for i, field in enumerate(schema)]
    table = pa.table([*columns, pa.array(map(reason, listed), pa.string())], [*schema.names, "reason"])
    return DataIdSet.from_table(UNIVERSE, table, names, relations=relations)


def keys(rows: DataIdSet) -> list[tuple[int | str, ...]]:
    return [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("operation", [operator.or_, operator.and_, operator.sub, operator.xor])
@given(drawn=groups_with_rows(2))
def test_operators(operation: Callable[..., Rows], drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, (left, right) = drawn
    result = operation(make(names, left), make(names, right))
    assert isinstance(result, DataIdSet)
    assert keys(result) == sorted(operation(left, right))
    assert keys(make(names, left).complement(of=make(names, right))) == sorted(right - left)


@given(drawn=groups_with_rows(3))
def test_laws(drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, rows = drawn
    a, b, c = (make(names, each) for each in rows)
    for one, other in [
        ((a | b) | c, a | (b | c)),
        ((a & b) & c, a & (b & c)),
        ((a ^ b) ^ c, a ^ (b ^ c)),
        (a & (b | c), (a & b) | (a & c)),
        (a - (b | c), (a - b) & (a - c)),
        (a - (b & c), (a - b) | (a - c)),
        (a ^ b, (a | b) - (a & b)),
        (a | a, a & a),
        (a.join(b), a & b),
    ]:
        assert one.key_digest == other.key_digest


@given(drawn=groups_with_rows(2))
def test_digests_are_equal_where_sets_are(drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, (left, right) = drawn
    one, other = make(names, left), make(names, right)
    assert (one.key_digest == other.key_digest) == (left == right)
    assert (one == other) == (left == right)
    assert (one.with_reason("x") == other) == (left == right == set())


@given(drawn=groups_with_rows(2))
def test_membership(drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, (rows, others) = drawn
    mine, theirs = make(names, rows), make(names, others)
    wanted = [row in rows for row in keys(theirs)]
    assert [data_id in mine for data_id in theirs] == wanted
    for table in (theirs.table, theirs.to_pandas(), theirs.to_astropy()):
        assert mine.contains(table).tolist() == wanted


@given(drawn=groups_with_rows(1), seed=st.integers(0, 5), n=st.integers(0, 12))
def test_samples_and_sizes(drawn: tuple[tuple[str, ...], list[Rows]], seed: int, n: int) -> None:
    names, (rows,) = drawn
    mine = make(names, rows)
    sample = mine.sample(n, seed)
    assert len(sample) == min(n, len(rows))
    assert keys(sample) == sorted(keys(sample))
    assert set(keys(sample)) <= rows
    assert mine.sizes == {name: len({row[i] for row in rows}) for i, name in enumerate(mine.key_names)}


@given(drawn=groups_with_rows(1))
def test_tables_come_back(drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, (rows,) = drawn
    mine = make(names, rows, reason=lambda row: "odd" if hash(row) % 2 else None)
    for table in (mine.table, mine.to_pandas(), mine.to_pandas().set_index([*mine.key_names])):
        assert DataIdSet.from_table(UNIVERSE, table, names) == mine
    assert DataIdSet.from_table(UNIVERSE, mine.table.to_pylist(), names) == mine
    if rows:
        # Without rows astropy does not know what text is.
        assert DataIdSet.from_table(UNIVERSE, mine.to_astropy(), names) == mine


@given(drawn=groups_with_rows(2))
def test_diff(drawn: tuple[tuple[str, ...], list[Rows]]) -> None:
    names, (before, after) = drawn

    def reason(row: tuple[int | str, ...]) -> str | None:
        return "odd" if hash(row) % 2 else None

    changes = make(names, before, reason=reason).diff(make(names, after)).to_pylist()
    wanted = (
        {(row, "added", None, None) for row in after - before}
        | {(row, "removed", reason(row), None) for row in before - after}
        | {(row, "reason", reason(row), None) for row in before & after if reason(row)}
    )
    n_keys = len(key_names(UNIVERSE.conform(names)))
    assert {(tuple(c.values())[:n_keys], *tuple(c.values())[n_keys:]) for c in changes} == wanted
    assert len(changes) == len(wanted)


@given(drawn=groups_with_rows(1), data=st.data())
def test_projection(drawn: tuple[tuple[str, ...], list[Rows]], data: st.DataObject) -> None:
    names, (rows,) = drawn
    mine = make(names, rows)
    coarse = UNIVERSE.conform(data.draw(st.sets(st.sampled_from(mine.key_names), min_size=1)))
    kept = [mine.key_names.index(name) for name in key_names(coarse)]
    assert keys(mine.project(coarse.names)) == sorted({tuple(row[i] for i in kept) for row in rows})


NUMBERS = st.sets(st.integers(0, 5))
PAIRS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)))


def _pairs(names: tuple[str, str], pairs: set[tuple[int, int]]) -> pa.Table:
    schema = data_id_schema(UNIVERSE.conform(names), implied=False)
    columns = {"instrument": ["HSC"] * len(pairs)}
    columns |= {name: [pair[i] for pair in pairs] for i, name in enumerate(names)}
    return pa.table([pa.array(columns[f.name], f.type) for f in schema], schema=schema)


@given(visits=NUMBERS, measured=PAIRS, detectors=NUMBERS, bad=PAIRS)
def test_visits_and_detectors(
    visits: set[int], measured: set[tuple[int, int]], detectors: set[int], bad: set[tuple[int, int]]
) -> None:
    relations = Relations(
        instruments=("HSC",),
        visit_definition=_pairs(("exposure", "visit"), set()),
        visit_detector=_pairs(("visit", "detector"), measured),
        detector=_pairs(("detector", "detector"), {(d, d) for d in detectors}),
    )
    mine = make(("visit",), {("HSC", v) for v in visits}, relations)
    known = {v for v, _ in measured}
    wanted = {(v, d) for v, d in measured if v in visits} | set(product(visits - known, detectors))
    assert keys(mine.expand("detector")) == sorted(("HSC", d, v) for v, d in wanted)
    rest = mine - make(("visit", "detector"), {("HSC", d, v) for v, d in bad})
    assert keys(rest) == sorted(("HSC", d, v) for v, d in wanted - bad)


@given(visits=NUMBERS, defined=PAIRS, exposures=NUMBERS)
def test_visits_and_exposures(visits: set[int], defined: set[tuple[int, int]], exposures: set[int]) -> None:
    # An exposure may be a part of several visits.
    relations = Relations(
        instruments=("HSC",),
        visit_definition=_pairs(("exposure", "visit"), defined),
        visit_detector=_pairs(("visit", "detector"), set()),
        detector=_pairs(("detector", "detector"), set()),
    )
    mine = make(("visit",), {("HSC", v) for v in visits}, relations)
    bad = make(("exposure",), {("HSC", e) for e in exposures})
    touched = {v for e, v in defined if e in exposures}
    assert keys(mine.to_exposures()) == sorted({("HSC", e) for e, v in defined if v in visits})
    assert keys(mine - bad) == sorted(("HSC", v) for v in visits - touched)
    assert keys(mine & bad) == sorted(("HSC", v) for v in visits & touched)
    assert keys(mine | bad) == sorted(("HSC", v) for v in visits | touched)
