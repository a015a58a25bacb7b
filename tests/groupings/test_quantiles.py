"""Groups by the size of a metric."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members
from workbench.errors import CampaignError
from workbench.groupings import best_seeing, quantiles, thresholds

SEEING = "metrics.psf_fwhm"
VALUES = st.lists(
    st.tuples(st.sampled_from("gr"), st.one_of(st.none(), st.floats(0.3, 2.0), st.just(math.nan))),
    max_size=30,
)


def test_best_seeing_ranks_within_bands() -> None:
    frame = make_frame(5, {"band": list("iiirr"), SEEING: [0.9, 0.5, 0.7, 1.2, 1.1]})
    assert members(best_seeing(fraction=0.5).assign(frame)) == {"deep": [0, 1, 2, 3, 4], "sharp": [1, 2, 4]}


def test_best_seeing_never_takes_the_unmeasured() -> None:
    frame = make_frame(3, {"band": list("iii"), SEEING: [None, 0.5, math.nan]})
    assert members(best_seeing(fraction=1.0).assign(frame)) == {"deep": [0, 1, 2], "sharp": [1]}


@given(VALUES, st.integers(2, 5))
def test_quantiles_are_complementary_and_ranked(values: list[tuple[str, float | None]], n: int) -> None:
    bands, seeing = [band for band, _ in values], [value for _, value in values]
    if all(value is None for value in seeing):
        seeing = [1.0] * len(seeing)
    frame = make_frame(len(values), {"band": bands, SEEING: seeing})
    measured = [v for v, value in enumerate(seeing) if value is not None and math.isfinite(value)]
    largest = max((sum(bands[v] == band for v in measured) for band in set(bands)), default=0)
    if 0 < largest < n:
        with pytest.raises(CampaignError, match=f"the largest stratum has {largest} measured rows"):
            quantiles(SEEING, n).assign(frame)
        n = largest
    if n < 2:
        return
    groups = members(quantiles(SEEING, n).assign(frame))
    assert sorted(visit for group in groups.values() for visit in group) == measured
    for band in set(bands):
        parts = [[v for v in groups.get(f"q{k + 1}", []) if bands[v] == band] for k in range(n)]
        sizes = [len(part) for part in parts]
        assert max(sizes) - min(sizes) <= 1
        ranked = [seeing[v] for part in parts for v in part]
        assert ranked == sorted(ranked)


def test_thresholds_take_their_lower_limit() -> None:
    frame = make_frame(5, {SEEING: [0.6, 0.7, 0.9, 1.2, None]})
    rule = thresholds(SEEING, (0.7, 1.0))
    assert members(rule.assign(frame)) == {"bin0": [0], "bin1": [1, 2], "bin2": [3]}


@pytest.mark.parametrize("edges", [(), (1.0, 1.0), (1.0, 0.5), (math.nan,), (math.inf,)])
def test_limits_increase(edges: tuple[float, ...]) -> None:
    with pytest.raises(CampaignError, match="above the last"):
        thresholds(SEEING, edges)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(CampaignError, match="above 0 and at most 1"):
        best_seeing(fraction=0.0)
    with pytest.raises(CampaignError, match="at least 2 parts"):
        quantiles(SEEING, 1)
    with pytest.raises(CampaignError, match="no number"):
        quantiles("band", 2, by=()).assign(make_frame(1, {"band": ["i"]}))
