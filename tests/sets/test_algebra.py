"""Laws of the algebra, against Python's sets of tuples."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from tests.sets.conftest import MakeVisits
from workbench.sets import DataIdSet

UNIVERSE = DimensionUniverse()
ROWS = st.sets(
    st.tuples(
        st.sampled_from(["HSC", "LSSTCam", "Ä"]),
        st.integers(-3, 6),
        st.integers(min_value=-(2**62), max_value=2**62) | st.integers(0, 5),
    ),
    max_size=12,
)


def make(rows: set[tuple[str, int, int]]) -> DataIdSet:
    # In an order of its own, since a set has no order.
    listed = sorted(rows, key=hash)
    table = pa.table(
        {
            "visit": pa.array([row[2] for row in listed], pa.int64()),
            "instrument": pa.array([row[0] for row in listed], pa.string()),
            "detector": pa.array([row[1] for row in listed], pa.int64()),
        }
    )
    return DataIdSet.from_table(UNIVERSE, table, ["visit", "detector"])


def rows_of(data_id_set: DataIdSet) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in data_id_set.data_ids()]


@pytest.mark.parametrize("operation", [operator.or_, operator.and_, operator.sub, operator.xor])
@given(left=ROWS, right=ROWS)
def test_operators_are_those_of_pythons_sets(
    operation: Callable[..., object], left: set[tuple[str, int, int]], right: set[tuple[str, int, int]]
) -> None:
    result = operation(make(left), make(right))
    assert isinstance(result, DataIdSet)
    # Sorted as well: rows are in the order of their keys.
    assert rows_of(result) == sorted(operation(left, right))  # type: ignore[call-overload]
    assert result.key_digest == make(operation(left, right)).key_digest  # type: ignore[arg-type]


@given(left=ROWS, right=ROWS)
def test_laws(left: set[tuple[str, int, int]], right: set[tuple[str, int, int]]) -> None:
    a, b = make(left), make(right)
    assert (a | b).key_digest == (b | a).key_digest
    assert (a & b).key_digest == (b & a).key_digest
    assert (a ^ b).key_digest == ((a - b) | (b - a)).key_digest
    assert a.complement(of=a | b).key_digest == (b - a).key_digest
    assert (a - a).key_digest == (b - b).key_digest
    assert len(a | b) == len(a) + len(b) - len(a & b)


@given(rows=ROWS, other=ROWS)
def test_membership(rows: set[tuple[str, int, int]], other: set[tuple[str, int, int]]) -> None:
    data_ids = make(rows)
    for instrument, detector, visit in rows | other:
        data_id = {"instrument": instrument, "detector": detector, "visit": visit}
        assert (data_id in data_ids) == ((instrument, detector, visit) in rows)


@given(before=ROWS, after=ROWS)
def test_diff_turns_one_into_the_other(
    before: set[tuple[str, int, int]], after: set[tuple[str, int, int]]
) -> None:
    changes = make(before).diff(make(after)).to_pylist()
    keys = {(c["instrument"], c["detector"], c["visit"]): c["change"] for c in changes}
    assert {key for key, change in keys.items() if change == "added"} == after - before
    assert {key for key, change in keys.items() if change == "removed"} == before - after


def test_union_keeps_what_the_left_says(make_visits: MakeVisits) -> None:
    left = make_visits([1, 2, 3], ["a", None, None])
    right = make_visits([1, 2, 4], ["b", "c", "d"])
    assert (left | right).table["reason"].to_pylist() == ["a", "c", None, "d"]
    assert (left & right).table["reason"].to_pylist() == ["a", None]
    assert (left ^ right).table["reason"].to_pylist() == [None, "d"]


def test_free_columns_meet(universe: DimensionUniverse) -> None:
    def make_free(**columns: object) -> DataIdSet:
        names = [name for name in columns if name != "visit"]
        return DataIdSet.from_table(universe, pa.table(columns), instrument="HSC", free_columns=names)

    left = make_free(visit=[1, 2], a=[1, 2], b=[1, 2])
    right = make_free(visit=[2, 3], b=[0.5, 0.25], c=["x", "y"])
    both = left | right
    assert both.free_columns == ("a", "b", "c")
    assert both.table["a"].to_pylist() == [1, 2, None]
    assert both.table["b"].to_pylist() == [1.0, 2.0, 0.25]
    assert both.table["c"].to_pylist() == [None, "x", "y"]


def test_diff_tells_changed_reasons(make_visits: MakeVisits) -> None:
    before = make_visits([1, 2, 3], ["a", "b", None])
    after = make_visits([1, 2, 3, 4], ["a", "c", "d", None])
    changes = before.diff(after)
    assert changes["visit"].to_pylist() == [2, 3, 4]
    assert changes["change"].to_pylist() == ["reason", "reason", "added"]
    assert changes["reason_before"].to_pylist() == ["b", None, None]
    assert changes["reason_after"].to_pylist() == ["c", "d", None]
