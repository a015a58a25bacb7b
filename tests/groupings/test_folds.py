"""Folds, and every other row."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members
from workbench.errors import CampaignError
from workbench.groupings import even_odd, folds
from workbench.groupings.folds import hash_key

HALF_OF_FORTY_TWO = [1, 3, 6, 7, 8, 9, 12, 15, 17, 18]
"""The first of two halves of visits 0 to 19 in one band, by seed 42.

Every other line, from the first, of ``printf '42\\n["HSC",%d]' V | sha256sum``
for each visit V, sorted.
"""


@given(st.lists(st.sampled_from("gri"), max_size=40), st.integers(2, 5), st.integers(0, 2**63))
def test_folds_are_disjoint_covering_and_balanced(bands: list[str], n: int, seed: int) -> None:
    groups = members(folds(n, seed).assign(make_frame(len(bands), {"band": bands})))
    assert sorted(visit for group in groups.values() for visit in group) == list(range(len(bands)))
    sizes = [len(groups.get(f"fold{number}", [])) for number in range(n)]
    assert max(sizes) - min(sizes) <= 1
    for band in set(bands):
        share = [sum(bands[visit] == band for visit in groups.get(f"fold{k}", [])) for k in range(n)]
        assert max(share) - min(share) <= 1


@given(st.sets(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=40), st.integers(2, 4))
def test_every_patch_and_band_keeps_its_share(pairs: set[tuple[int, int]], n: int) -> None:
    rows = sorted((patch, visit, "gr"[visit % 2]) for patch, visit in pairs)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    frame = pa.table(
        {
            "instrument": pa.array(["HSC"] * len(rows), pa.string()),
            "patch": pa.array(columns[0], pa.int64()),
            "visit": pa.array(columns[1], pa.int64()),
            "band": pa.array(columns[2], pa.string()),
        }
    )
    made = folds(n, 7, by=("patch", "band")).assign(frame).to_pylist()
    assert sorted((row["patch"], row["visit"]) for row in made) == sorted(pairs)
    for stratum in {(row["patch"], row["band"]) for row in made}:
        share = Counter(row["group_key"] for row in made if (row["patch"], row["band"]) == stratum)
        counts = [share.get(f"fold{number}", 0) for number in range(n)]
        assert max(counts) - min(counts) <= 1


def test_patches_of_the_same_visits_are_split_alike() -> None:
    frame = pa.table({"instrument": ["HSC"] * 16, "patch": [1] * 8 + [2] * 8, "visit": [*range(8)] * 2})
    made = folds(2, 3, by=("patch",)).assign(frame).to_pylist()
    assert {(row["visit"], row["group_key"]) for row in made if row["patch"] == 1} == {
        (row["visit"], row["group_key"]) for row in made if row["patch"] == 2
    }


def test_a_seeded_half_is_the_same_everywhere() -> None:
    frame = make_frame(20, {"band": ["i"] * 20})
    halves = members(folds(2, seed=42).assign(frame))
    assert halves["fold0"] == HALF_OF_FORTY_TWO
    assert halves["fold1"] == [visit for visit in range(20) if visit not in HALF_OF_FORTY_TWO]


def test_the_order_is_that_of_a_documented_hash() -> None:
    # printf '42\n["HSC",18202]' | sha256sum
    assert (
        hash_key(42, ("HSC", 18202)).hex()
        == "937f642ac92516ec6488a654874af72800505beafe6b86cba6a5c08d6123b448"
    )


def test_a_seeded_half_does_not_depend_on_hash_randomisation() -> None:
    code = (
        "import pyarrow as pa; from workbench.groupings import folds;"
        "frame = pa.table({'instrument': ['HSC'] * 20, 'visit': [*range(20)], 'band': ['i'] * 20});"
        "rows = folds(2, seed=42).assign(frame).to_pylist();"
        "print([row['visit'] for row in rows if row['group_key'] == 'fold0'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == str(HALF_OF_FORTY_TWO)


def test_folds_depend_on_the_seed() -> None:
    frame = make_frame(20, {"band": ["i"] * 20})
    assert members(folds(2, 42).assign(frame)) != members(folds(2, 43).assign(frame))


@given(st.permutations(range(8)), st.integers(0, 100))
def test_rules_do_not_depend_on_the_order_of_rows(order: list[int], seed: int) -> None:
    frame = make_frame(8, {"band": list("iiiirrrr")})
    for rule in (folds(3, seed), even_odd()):
        assert rule.assign(frame.take(order)).equals(rule.assign(frame))


def test_more_folds_than_rows_are_one_row_each() -> None:
    frame = make_frame(8, {"band": list("iiiirrrr")})
    groups = members(folds(10**15, 3).assign(frame))
    assert sorted(groups.values()) == [[row] for row in range(8)]
    assert set(groups) == {f"fold{number}" for number in range(8)}


def test_even_and_odd_by_place() -> None:
    frame = make_frame(7, {"band": list("iriirri")})
    assert members(even_odd().assign(frame)) == {"even": [0, 1, 3, 5], "odd": [2, 4, 6]}


def test_even_and_odd_by_value() -> None:
    frame = make_frame(4, {"visit.seq_num": [2, 4, 5, None]})
    rule = even_odd("visit.seq_num", by=(), of="value")
    assert members(rule.assign(frame)) == {"even": [0, 1], "odd": [2]}
    with pytest.raises(CampaignError, match="no whole number"):
        even_odd("t", by=(), of="value").assign(make_frame(1, {"t": [0.5]}))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(CampaignError, match="at least 2 folds"):
        folds(1, 0)
    with pytest.raises(CampaignError, match="'place' or 'value'"):
        even_odd(of="rank")  # type: ignore[arg-type]
