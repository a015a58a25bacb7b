"""Focus sweeps."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members
from workbench.errors import GroupingError
from workbench.groupings import sweeps

FOCUS = "aos.focus_z"


def frame(focus: list[float | None], sequence: list[int] | None = None, **columns: list[object]) -> pa.Table:
    n = len(focus)
    return make_frame(
        n,
        {
            FOCUS: pa.array(focus, pa.float64()),
            "exposure.day_obs": columns.get("day", [20240101] * n),
            "exposure.seq_num": pa.array(sequence or range(n), pa.int64()),
            "physical_filter": columns.get("filter", ["i"] * n),
        },
        observed="exposure",
    )


def sweep(table: pa.Table, **arguments: int) -> dict[str, list[int]]:
    made = sweeps(FOCUS, **arguments).assign(table)
    for group in {row["group_key"] for row in made.to_pylist()}:
        places = [row["ordinal"] for row in made.to_pylist() if row["group_key"] == group]
        assert places == list(range(len(places)))
    return members(made, "exposure")


def test_a_sweep_goes_one_way() -> None:
    assert sweep(frame([0.0, 0.1, 0.2, 0.3])) == {"0": [0, 1, 2, 3]}
    assert sweep(frame([0.3, 0.2, 0.1])) == {"0": [0, 1, 2]}
    assert sweep(frame([0.0, 0.1, 0.2, 0.1, 0.0, -0.1])) == {"0": [0, 1, 2], "3": [3, 4, 5]}
    # The jump back to the start is no sweep, and takes nothing from the next one.
    assert sweep(frame([5.0, 0.0, 0.1, 0.2])) == {"1": [1, 2, 3]}
    assert sweep(frame([0.0, 0.1, 0.2, 0.0, 0.1, 0.2])) == {"0": [0, 1, 2], "3": [3, 4, 5]}
    assert sweep(frame([0.0, 0.1, 0.1, 0.2])) == {}


def test_a_gap_another_filter_or_another_night_ends_it() -> None:
    rising = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert sweep(frame(rising, [1, 2, 3, 5, 6, 7])) == {"0": [0, 1, 2], "3": [3, 4, 5]}
    assert sweep(frame(rising, [1, 2, 3, 5, 6, 7]), max_step=2) == {"0": [0, 1, 2, 3, 4, 5]}
    assert sweep(frame(rising, filter=list("iiirrr"))) == {"0": [0, 1, 2], "3": [3, 4, 5]}
    made = sweeps(FOCUS, by=()).assign(frame(rising).drop_columns(["physical_filter"]))
    assert members(made, "exposure") == {"0": [0, 1, 2, 3, 4, 5]}
    assert sweep(frame(rising, day=[1, 1, 1, 2, 2, 2])) == {"0": [0, 1, 2], "3": [3, 4, 5]}
    assert sweep(frame([0.0, 0.1, None, 0.3])) == {}


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(3, 5))
def test_each_exposure_is_in_one_sweep_at_most(focus: list[int], minimum: int) -> None:
    found = sweep(frame([float(value) for value in focus]), minimum=minimum)
    used = [exposure for group in found.values() for exposure in group]
    assert len(used) == len(set(used))
    for group in found.values():
        assert len(group) >= minimum
        assert group == list(range(group[0], group[-1] + 1))
        steps = [focus[b] - focus[a] for a, b in pairwise(group)]
        assert all(step > 0 for step in steps) or all(step < 0 for step in steps)


def test_too_short_a_sweep_is_none() -> None:
    with pytest.raises(GroupingError, match="at least 3"):
        sweeps(FOCUS, minimum=2)
