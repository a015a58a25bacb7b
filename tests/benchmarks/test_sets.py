"""How long the algebra of large sets takes, beside pandas and Python's own sets."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from lsst.daf.butler import DimensionUniverse

from workbench.sets import DataIdSet

N_ROWS = 1_000_000
N_DETECTORS = 200


def _make_keys(seed: int) -> pa.Table:
    """(visit, detector) pairs, in no order."""
    pairs = np.random.default_rng(seed).choice(2 * N_ROWS, N_ROWS, replace=False)
    return pa.table(
        {
            "instrument": ["LSSTCam"] * N_ROWS,
            "visit": 2026_000_000_000 + pairs // N_DETECTORS,
            "detector": pairs % N_DETECTORS,
        }
    )


def _time(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@pytest.mark.bench
def test_algebra_of_a_million_rows(record_property: pytest.RecordProperty) -> None:
    universe = DimensionUniverse()
    keys = [_make_keys(seed) for seed in (1, 2)]
    left, right = (DataIdSet.from_table(universe, table) for table in keys)
    frames = [table.to_pandas() for table in keys]
    tuples = [
        set(zip(*(table[name].to_pylist() for name in table.column_names), strict=True)) for table in keys
    ]
    cases: dict[str, tuple[Callable[[], object], Callable[[], object], Callable[[], object]]] = {
        "union": (
            lambda: left | right,
            lambda: pd.concat(frames).drop_duplicates(),
            lambda: tuples[0] | tuples[1],
        ),
        "difference": (
            lambda: left - right,
            lambda: frames[0].merge(frames[1], how="left", indicator=True).query("_merge == 'left_only'"),
            lambda: tuples[0] - tuples[1],
        ),
        "membership": (
            lambda: left.contains(keys[1]),
            lambda: frames[1].merge(frames[0], how="left", indicator=True)["_merge"] == "both",
            lambda: [row in tuples[0] for row in tuples[1]],
        ),
    }
    print(f"\n{N_ROWS} rows, seconds    ours  pandas  Python's sets")
    for name, actions in cases.items():
        ours, by_pandas, by_python = (min(_time(action) for _ in range(3)) for action in actions)
        print(f"{name:>21} {ours:7.2f} {by_pandas:7.2f} {by_python:8.2f}")
        record_property(name, ours)
    assert len(left | right) == len(tuples[0] | tuples[1])
    assert len(left - right) == len(tuples[0] - tuples[1])
    assert left.contains(keys[1]).sum() == len(tuples[0] & tuples[1])
