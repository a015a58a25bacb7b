"""Rules that assign visits to groups."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import CampaignError
from workbench.groupings import best_seeing, folds


def frame(bands: list[str], seeing: list[float | None] | None = None) -> pa.Table:
    columns = {"instrument": ["HSC"] * len(bands), "visit": list(range(len(bands))), "band": bands}
    if seeing is not None:
        columns["metrics.psf_fwhm"] = seeing
    return pa.table(columns)


def members(relation: pa.Table) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in relation.to_pylist():
        found.setdefault(row["group_key"], []).append(row["visit"])
    return found


@given(st.lists(st.sampled_from("gri"), max_size=40), st.integers(2, 5), st.integers(0, 2**31))
def test_folds_are_disjoint_covering_and_balanced(bands: list[str], n: int, seed: int) -> None:
    groups = members(folds(n, seed).assign(frame(bands)))
    assert sorted(visit for group in groups.values() for visit in group) == list(range(len(bands)))
    sizes = [len(groups.get(f"fold{number}", [])) for number in range(n)]
    assert max(sizes) - min(sizes) <= 1
    for band in set(bands):
        share = [sum(bands[visit] == band for visit in groups.get(f"fold{k}", [])) for k in range(n)]
        assert max(share) - min(share) <= 1


def test_folds_depend_on_the_seed_alone() -> None:
    rows = frame(list("iiiirrrr"))
    assert folds(2, 42).assign(rows) == folds(2, 42).assign(rows)
    assert members(folds(2, 42).assign(rows)) != members(folds(2, 43).assign(rows))


def test_best_seeing_ranks_within_bands() -> None:
    rows = frame(list("iiirr"), [0.9, 0.5, 0.7, 1.2, 1.1])
    assert members(best_seeing(fraction=0.5).assign(rows)) == {"deep": [0, 1, 2, 3, 4], "sharp": [1, 2, 4]}


def test_best_seeing_never_takes_the_unmeasured() -> None:
    rows = frame(list("iii"), [None, 0.5, None])
    assert members(best_seeing(fraction=1.0).assign(rows)) == {"deep": [0, 1, 2], "sharp": [1]}


def test_descriptions_make_the_rule_again() -> None:
    for rule in (folds(3, 7, by=("band", "day_obs")), best_seeing(fraction=0.25)):
        assert eval(rule.describe(), {"folds": folds, "best_seeing": best_seeing}) == rule


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(CampaignError, match="at least 2 folds"):
        folds(1, 0)
    with pytest.raises(CampaignError, match="above 0 and at most 1"):
        best_seeing(fraction=0.0)


@given(st.permutations(range(8)), st.integers(0, 100))
def test_rules_do_not_depend_on_the_order_of_rows(order: list[int], seed: int) -> None:
    rows = frame(list("iiiirrrr"), [0.9, 0.5, None, 0.7, 1.2, 1.1, 1.1, 1.0])
    for rule in (folds(3, seed), best_seeing()):
        shuffled, straight = members(rule.assign(rows.take(order))), members(rule.assign(rows))
        assert {key: sorted(group) for key, group in shuffled.items()} == {
            key: sorted(group) for key, group in straight.items()
        }
