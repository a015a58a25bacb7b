"""Groups are made with progress, and can be cancelled at every report of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.groupings.conftest import assert_nothing_was_kept
from workbench.errors import OperationCancelledError
from workbench.groupings import best_seeing, check_grouping, group_rows, make_grouping, read_strata
from workbench.progress import Progress
from workbench.registry import Registry
from workbench.sets import DataIdSet

RULE = best_seeing(fraction=0.5, by=("patch", "band"))


def cancel_everywhere(call: Callable[[Progress], object], check: Callable[[], None]) -> list[str]:
    """Cancel at the first report, at the second and so on, until it is done; return all stages."""
    for number in range(100):
        stages: list[str] = []

        def progress(
            stage: str, fraction: float | None = None, *, stages: list[str] = stages, last: int = number
        ) -> None:
            assert fraction is None or 0 <= fraction <= 1
            stages.append(stage)
            if len(stages) > last:
                raise OperationCancelledError(stage)

        try:
            call(progress)
        except OperationCancelledError:
            check()
        else:
            return stages
    pytest.fail("there is no end to it")


def test_a_cancelled_grouping_is_not_saved(registry: Registry, visits: DataIdSet) -> None:
    def make(progress: Progress) -> None:
        make_grouping(registry, "seeing", visits, RULE, reason="try", progress=progress)

    stages = cancel_everywhere(make, lambda: assert_nothing_was_kept(registry))
    assert {"reading metrics.psf_fwhm", "grouping", "saving groups", "saving members"} <= set(stages)
    assert any("patch" in stage for stage in stages)


def test_strata_can_be_cancelled(registry: Registry, visits: DataIdSet) -> None:
    grouping = group_rows(registry, "seeing", visits, RULE)
    assert not check_grouping(registry, grouping).faults
    expected = read_strata(registry, grouping, ["patch"])
    stages = cancel_everywhere(
        lambda progress: read_strata(registry, grouping, ["patch"], progress), lambda: None
    )
    assert len(stages) > 4
    assert read_strata(registry, grouping, ["patch"]).equals(expected)


def test_groups_in_each_patch_are_spread_as_the_butler_joins(registry: Registry, visits: DataIdSet) -> None:
    grouping = group_rows(registry, "seeing", visits, best_seeing(fraction=1.0, by=("patch", "band")))
    spread = visits.expand("patch")
    assert grouping.dimensions == spread.dimensions
    names = list(spread.key_names)
    found = {tuple(row[name] for name in names) for row in grouping.members("deep").to_pylist()}
    # A visit without a value is in no group of the rule.
    expected = {tuple(row[name] for name in names) for row in spread.keys.to_pylist()}
    assert found <= expected
    assert {key for key in expected - found if key[names.index("visit")] != min(visits["visit"])} == set()
