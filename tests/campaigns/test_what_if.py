"""What if: a change that is not made, against a preview from scratch of the campaign that has it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign, WhatIf
from workbench.campaigns.what_if import toggle_row
from workbench.demo import PIPELINE, create_repository
from workbench.errors import (
    BindingError,
    CampaignError,
    EmptySetError,
    OperationCancelledError,
    UnknownNameError,
)
from workbench.graph import Preview

BAD = 58260


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench on the demonstration, which nothing here writes to."""
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    with open_bench(root) as opened:
        yield opened


def begin(bench: Bench) -> Campaign:
    return bench.campaign("u/test/what-if", PIPELINE, ["HSC/defaults"])


def visits(bench: Bench, *left_out: int) -> Any:
    bad = [{"instrument": "HSC", "visit": visit} for visit in left_out]
    rows = bench.select("visit", "")
    return rows - bench.make_set(bad, dimensions=["visit"], role="exclude") if bad else rows


@pytest.fixture
def campaign(bench: Bench) -> Campaign:
    """All visits, but one for the coadds, and a condition."""
    bad = bench.make_set([{"instrument": "HSC", "visit": BAD}], dimensions=["visit"], role="exclude")
    return begin(bench).constrain(include=visits(bench)).constrain(tasks="coadd", exclude=bad)


def same(found: Preview, wanted: Preview) -> bool:
    assert found.columns.n_quanta == wanted.columns.n_quanta
    assert found.coverage.equals(wanted.coverage)
    return found.counts.equals(wanted.counts) and found.compare(wanted).is_empty


CHANGES: dict[str, tuple[Callable[[Campaign], WhatIf[Campaign]], Callable[[Bench], Campaign]]] = {
    "without a constraint": (
        lambda campaign: campaign.what_if(without=1),
        lambda bench: begin(bench).constrain(include=visits(bench)),
    ),
    "a visit out": (
        lambda campaign: campaign.what_if(toggle={"visit": 96954}, of=0),
        lambda bench: (
            begin(bench)
            .constrain(include=visits(bench, 96954))
            .constrain(
                tasks="coadd",
                exclude=bench.make_set(
                    [{"instrument": "HSC", "visit": BAD}], dimensions=["visit"], role="exclude"
                ),
            )
        ),
    ),
    "a detector out": (
        lambda campaign: campaign.what_if(toggle={"visit": 96954, "detector": 42}, of=0),
        lambda bench: (
            begin(bench)
            .constrain(
                include=visits(bench)
                - bench.make_set(
                    [{"instrument": "HSC", "visit": 96954, "detector": 42}],
                    dimensions=["visit", "detector"],
                    role="exclude",
                )
            )
            .constrain(
                tasks="coadd",
                exclude=bench.make_set(
                    [{"instrument": "HSC", "visit": BAD}], dimensions=["visit"], role="exclude"
                ),
            )
        ),
    ),
    "one more exclusion": (
        lambda campaign: campaign.what_if(toggle={"visit": 96954}, of=1),
        lambda bench: (
            begin(bench)
            .constrain(include=visits(bench))
            .constrain(
                tasks="coadd",
                exclude=bench.make_set(
                    [{"instrument": "HSC", "visit": visit} for visit in (BAD, 96954)],
                    dimensions=["visit"],
                    role="exclude",
                ),
            )
        ),
    ),
    "an expression": (
        lambda campaign: campaign.what_if(where="band = 'i'", tasks="sharpCoadd"),
        lambda bench: (
            begin(bench)
            .constrain(include=visits(bench))
            .constrain(
                tasks="coadd",
                exclude=bench.make_set(
                    [{"instrument": "HSC", "visit": BAD}], dimensions=["visit"], role="exclude"
                ),
            )
            .constrain(where="band = 'i'", tasks="sharpCoadd")
        ),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_the_preview_of_the_campaign_that_has_the_change(
    bench: Bench, campaign: Campaign, name: str
) -> None:
    make, begin_again = CHANGES[name]
    before = campaign.preview()
    counts, stated = before.counts, campaign.constraints
    what_if = make(campaign)
    wanted = begin_again(bench).preview()
    assert same(what_if.preview, wanted)
    assert not what_if.difference.is_empty
    assert what_if.difference.tasks.equals(wanted.compare(before).tasks)
    assert what_if.before is before
    # The campaign is as it was, and so is its preview.
    assert campaign.constraints == stated
    assert campaign.preview().counts.equals(counts)
    assert before.counts.equals(counts)
    assert what_if.change in str(what_if)
    assert what_if.campaign.preview().counts.equals(wanted.counts)


def test_a_row_is_put_back_by_toggling_it_again(bench: Bench, campaign: Campaign) -> None:
    before = campaign.preview()
    there = campaign.what_if(toggle={"visit": 96954}, of=0)
    back = there.campaign.what_if(toggle={"visit": 96954}, of=0)
    assert same(back.preview, before)
    # A set of single detectors stays one, whole again or not.
    detector = {"instrument": "HSC", "visit": 96954, "detector": 42}
    there = campaign.what_if(toggle=detector, of=0)
    back = there.campaign.what_if(toggle=detector, of=0)
    whole = visits(bench).expand("detector")
    assert back.campaign.constraints[0].key_digest == whole.key_digest
    assert there.campaign.constraints[0].key_digest != whole.key_digest


def test_rows_of_other_dimensions_go_into_a_set(bench: Bench) -> None:
    """A whole visit into a set of single detectors, and a single detector into a set of visits."""
    some, every = visits(bench, 96954), visits(bench).expand("detector")
    of_detectors = begin(bench).constrain(include=some.expand("detector"))
    _, one, change = toggle_row(bench.registry, of_detectors.stated, {"visit": 96954}, None)
    assert one.rows == every
    assert "visit=96954 into" in change
    of_visits = begin(bench).constrain(include=some)
    detector = {"visit": 96954, "detector": 42}
    _, one, _ = toggle_row(bench.registry, of_visits.stated, detector, None)
    assert one.rows is not None
    assert len(one.rows) == len(some.expand("detector")) + 1
    assert {"instrument": "HSC", **detector} in one.rows
    assert one.constraint.key_digest == one.rows.key_digest


def test_the_depth_map_has_every_patch(campaign: Campaign) -> None:
    what_if = campaign.what_if(toggle={"visit": 96954}, of=0)
    difference = what_if.difference
    for task, bands in difference.covered.items():
        rows = [row for band in bands for row in difference.depth(task, band).to_pylist()]
        for name, preview in (("before", what_if.before), ("after", what_if.preview)):
            counted = {
                (row["tract"], row["patch"], row["band"]): row["visits"]
                for row in preview.coverage.to_pylist()
                if row["task"] == task
            }
            shown = {(row["tract"], row["patch"], row["band"]): row[name] for row in rows if row[name]}
            assert shown == counted
    changed = [row for row in difference.depth("coadd").to_pylist() if row["before"] != row["after"]]
    assert changed == [row for row in difference.coverage.to_pylist() if row["task"] == "coadd"]
    with pytest.raises(UnknownNameError, match=r"'warp' combines no visits"):
        difference.depth("warp")
    with pytest.raises(UnknownNameError, match=r"'coadd' has no band 'z'"):
        difference.depth("coadd", "z")


def test_the_candidates_are_used_again(campaign: Campaign) -> None:
    started = time.perf_counter()
    first = campaign.preview()
    built = time.perf_counter() - started
    started = time.perf_counter()
    what_if = campaign.what_if(without=1)
    assert time.perf_counter() - started < max(built, 5.0)
    assert what_if.preview.graph.quantum_ids is first.graph.quantum_ids


def test_one_change_at_a_time(campaign: Campaign, bench: Bench) -> None:
    some = visits(bench)
    several: list[dict[str, Any]] = [
        {},
        {"tasks": "coadd"},
        {"without": 0, "where": "band = 'i'"},
        {"without": 0, "toggle": {"visit": BAD}},
        {"include": some, "exclude": some},
        {"include": some, "exclude": some - some},
        {"include": some, "where": "band = 'i'"},
        {"include": some - some, "without": 0},
    ]
    for wrong in several:
        with pytest.raises(CampaignError, match="Give one change"):
            campaign.what_if(**wrong)
    with pytest.raises(CampaignError, match="tasks= says what a new constraint is about"):
        campaign.what_if(without=0, tasks="coadd")
    with pytest.raises(BindingError, match="Which set is to change"):
        campaign.what_if(toggle={"visit": 96954})
    with pytest.raises(BindingError, match="No constraint 7"):
        campaign.what_if(without=7)


def test_an_empty_set_is_a_value(campaign: Campaign, bench: Bench) -> None:
    """As for `constrain`: an error, unless it is said that it is meant."""
    empty = visits(bench) - visits(bench)
    for given in ("include", "exclude"):
        for scope in ({}, {"tasks": "coadd"}):
            with pytest.raises(EmptySetError, match=f"to {given} is empty"):
                campaign.what_if(**scope, **{given: empty})  # type: ignore[arg-type]
    assert campaign.what_if(exclude=empty, allow_empty=True).difference.is_empty
    nothing = campaign.what_if(include=empty, allow_empty=True)
    assert nothing.preview.n_quanta == 0
    assert nothing.before.n_quanta > 0


def test_a_cancelled_what_if_leaves_nothing(campaign: Campaign, bench: Bench) -> None:
    campaign.preview()
    stated = campaign.constraints

    def stop(stage: str, fraction: float | None = None) -> None:
        raise OperationCancelledError(stage)

    with pytest.raises(OperationCancelledError):
        campaign.what_if(without=1, progress=stop)
    assert campaign.constraints == stated
    assert bench.campaigns.list().num_rows == 0


def test_a_saved_set_can_be_toggled_by_its_name(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        bench.save(bench.select("visit", ""), "all", reason="all of them")
        campaign = begin(bench).constrain(include="all@1")
        what_if = campaign.what_if(toggle={"visit": 96954, "detector": 42})
        assert what_if.change == "visit=96954, detector=42 out of all@1"
        (row,) = [row for row in what_if.difference.tasks.to_pylist() if row["task"] == "calibrate"]
        assert (row["gained"], row["lost"]) == (0, 1)
