from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from workbench.sets.content.codes import contains, encode_rows

INTEGERS = st.integers(-(2**63), 2**63 - 1)
KEYS = st.lists(st.tuples(st.text(max_size=3), INTEGERS, st.integers(0, 3), INTEGERS), max_size=8)


def make_table(rows: list[tuple[str, int, int, int]]) -> pa.Table:
    types = (pa.string(), pa.int64(), pa.int64(), pa.int64())
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(types)]
    return pa.Table.from_arrays(columns, names=list("abcd"))


@given(KEYS, KEYS)
def test_codes_order_and_equal_as_keys_do(
    one: list[tuple[str, int, int, int]], other: list[tuple[str, int, int, int]]
) -> None:
    codes = np.concatenate(encode_rows([make_table(one), make_table(other)], list("abcd")))
    rows = one + other
    for i, row in enumerate(rows):
        for j, second in enumerate(rows):
            assert (codes[i] < codes[j]) == (row < second)
            assert (codes[i] == codes[j]) == (row == second)


@given(st.lists(st.integers(0, 20)), st.lists(st.integers(0, 20)))
def test_contains(container: list[int], wanted: list[int]) -> None:
    sorted_container = np.sort(np.array(container, np.int64))
    found = contains(sorted_container, np.array(wanted, np.int64))
    assert found.tolist() == [value in container for value in wanted]
