"""Members that are moved by hand, and the balance of what comes out."""

from __future__ import annotations

import collections
import dataclasses

import pytest

from tests.cosmos import DETECTORS, FILTERS, VISITS
from tests.groupings.conftest import NUMBERS
from workbench.errors import GroupingError, UnknownDataIdError
from workbench.groupings import (
    Grouping,
    Requirements,
    best_seeing,
    by_table,
    folds,
    group_rows,
    load_grouping,
    make_grouping,
    pairs,
    quantiles,
    read_groupings,
    read_strata,
    sweeps,
)
from workbench.query import select
from workbench.registry import Column, Registry, TableDeclaration
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import RepositoryRelations

BAND = {visit[0]: FILTERS[visit[1]] for visit in VISITS}
AOS = TableDeclaration("aos", (Column("focus_z", "float", unit="mm"),), dimensions=("instrument", "visit"))


def visits_of(grouping: Grouping, key: str) -> list[int]:
    found: list[int] = grouping.members(key)["visit"].to_pylist()
    return found


def test_a_visit_moves_and_the_rest_stays(registry: Registry, visits: DataIdSet) -> None:
    before = group_rows(registry, "fold", visits, folds(2, seed=42))
    digest, moved = before.digest, visits_of(before, "fold0")[0]
    after = before.move([{"visit": moved}], "fold1")
    assert before.digest == digest
    assert visits_of(after, "fold0") == visits_of(before, "fold0")[1:]
    assert visits_of(after, "fold1") == sorted([*visits_of(before, "fold1"), moved])
    assert after.move([{"visit": moved}], "fold0").digest == digest
    check = after.check()
    assert (check.disjoint, check.covering, check.balanced) == (True, True, False)
    assert check.faults == ("The groups have from 5 to 7 members.",)


def test_an_edit_is_kept_as_the_next_version_with_its_reason(registry: Registry, visits: DataIdSet) -> None:
    first = make_grouping(registry, "fold", visits, folds(2, seed=42))
    moved = first.move([{"visit": visit} for visit in visits_of(first, "fold0")[:2]], "other")
    rule = by_table(moved.relation, source="fold@1")
    why = {"require": Requirements(disjoint=True, covering=True), "reason": "trailed", "author": "ada"}
    second = make_grouping(registry, "fold", moved.parent, rule, **why)  # type: ignore[arg-type]
    assert (second.label, second.keys) == ("fold@2", ["fold0", "fold1", "other"])
    assert load_grouping(registry, "fold").digest == moved.digest
    assert load_grouping(registry, "fold@1").digest == first.digest
    kept = [row for row in read_groupings(registry).to_pylist() if row["version"] == 2]
    assert {(row["author"], row["reason"]) for row in kept} == {("ada", "trailed")}
    assert SetStore(registry).load("fold-other").provenance.author == "ada"
    with pytest.raises(GroupingError, match="from 2 to 6"):
        make_grouping(registry, "fold", visits, rule, require=first.requirements)


def test_groups_that_share_rows_are_left_one_at_a_time(registry: Registry, visits: DataIdSet) -> None:
    seeing = group_rows(registry, "seeing", visits, best_seeing())
    sharp = visits_of(seeing, "sharp")
    dull = seeing.move([{"visit": sharp[0]}], None, of="sharp")
    assert visits_of(dull, "sharp") == sharp[1:]
    assert visits_of(dull, "deep") == NUMBERS
    only = seeing.move([{"visit": sharp[0]}], "sharp")
    assert sharp[0] not in visits_of(only, "deep")
    assert visits_of(only, "sharp") == sharp
    with pytest.raises(UnknownDataIdError, match=r"visit=18202.*in the group sharp"):
        seeing.move([{"visit": 18202}], "deep", of="sharp")


def test_rows_in_no_group_are_taken_in(registry: Registry, visits: DataIdSet) -> None:
    parts = group_rows(registry, "part", visits, quantiles("metrics.psf_fwhm", n=2))
    assert not parts.check().covering
    whole = parts.move([{"instrument": "HSC", "visit": 18202}], "q1")
    assert 18202 in visits_of(whole, "q1")
    assert whole.check(Requirements(disjoint=True, covering=True)).faults == ()
    with pytest.raises(GroupingError, match="in q1 already"):
        whole.move([{"visit": 18202}], "q1")
    with pytest.raises(UnknownDataIdError, match="visit=1"):
        whole.move([{"visit": 1}], "q1")
    with pytest.raises(GroupingError, match="night: members are told by instrument, visit"):
        whole.move([{"night": 1}], "q1")


@pytest.fixture
def in_focus(registry: Registry, visits: DataIdSet) -> DataIdSet:
    """All visits, of which the four of one night go through focus in two pairs."""
    steps = {96860: -1.5, 96862: 1.5, 96954: 1.5, 96980: -1.5}
    registry.declare(AOS).append(
        [{"instrument": "HSC", "visit": number, "focus_z": steps.get(number, 0.0)} for number in NUMBERS]
    )
    return visits


def test_roles_and_places_go_along_and_are_checked(registry: Registry, in_focus: DataIdSet) -> None:
    rule = pairs("aos.focus_z", max_gap=1e5, max_separation=1e5, max_rotation=360.0)
    couples = group_rows(registry, "couple", in_focus, rule)
    first, second = couples.keys
    intra = {key: couples.members(key)["visit"].to_pylist()[1] for key in couples.keys}
    torn = couples.move([{"visit": intra[first]}], second)
    (fault,) = [text for text in torn.check().faults if "one extra and one intra" in text]
    assert f"{first} (extra), {second} (extra, intra, intra)" in fault
    swapped = torn.move([{"visit": intra[second]}], first)
    assert swapped.check().faults == ()
    assert swapped.members(first).to_pylist() == [
        {**couples.members(first).to_pylist()[0]},
        {**couples.members(second).to_pylist()[1], "group_key": first},
    ]
    kept = make_grouping(
        registry, "couple", in_focus, by_table(swapped.relation), require=couples.requirements
    )
    assert kept.relation.equals(swapped.relation)


def test_places_in_a_sweep_close_up(registry: Registry, in_focus: DataIdSet) -> None:
    relation = group_rows(registry, "run", in_focus, folds(2, seed=1)).relation
    place = relation.schema.get_field_index("ordinal")
    numbered = relation.set_column(place, "ordinal", [[*range(6), *range(6)]])
    grouping = group_rows(registry, "run", in_focus, by_table(numbered))
    a, b = (grouping.members(key)["visit"].to_pylist() for key in grouping.keys)
    after = grouping.move([{"visit": a[1]}], "fold1")
    assert after.members("fold0")["visit"].to_pylist() == [a[0], *a[2:]]
    assert after.members("fold0")["ordinal"].to_pylist() == list(range(5))
    assert after.members("fold1")["visit"].to_pylist() == [*b, a[1]]
    assert after.members("fold1")["ordinal"].to_pylist() == list(range(7))
    assert sweeps("aos.focus_z").requires == Requirements(disjoint=True, minimum=3)


def test_a_visit_stands_for_its_detectors_and_its_patches(registry: Registry, visits: DataIdSet) -> None:
    relations = RepositoryRelations(registry.uri)
    chips = SetStore(registry).save(
        DataIdSet.from_selection(select(registry, ["visit", "detector"]), relations=relations),
        "chips",
        reason="all",
    )
    halves = group_rows(registry, "half", chips, folds(2, seed=3))
    assert len(halves.move([{"visit": 96954}], "one")["one"]) == len(DETECTORS)
    assert len(halves.move([{"visit": 96954, "detector": 42}], "one")["one"]) == 1
    patched = group_rows(registry, "half", visits, folds(2, seed=3, by=("tract", "patch", "band")))
    moved = patched.move([{"visit": 96954}], "one")
    saved = make_grouping(registry, "half", visits, by_table(moved.relation))
    assert saved.relation.equals(moved.relation)
    assert len(saved["one"]) == sum(row["visit"] == 96954 for row in patched.relation.to_pylist())


def test_the_balance_counts_the_relation(registry: Registry, visits: DataIdSet) -> None:
    grouping = group_rows(registry, "fold", visits, folds(2, seed=42))
    bands = grouping.balance(read_strata(registry, grouping, ["band"]))
    counted = collections.Counter(
        (BAND[row["visit"]], row["group_key"]) for row in grouping.relation.to_pylist()
    )
    assert {(row["band"], row["group_key"]): row["n_members"] for row in bands.counts.to_pylist()} == counted
    strata = read_strata(registry, grouping, ["patch", "band"])
    patches = grouping.balance(strata)
    assert patches.by == ("skymap", "tract", "patch", "band")
    overlaps = visits.expand("tract", "patch").keys.to_pylist()
    group_of = {row["visit"]: row["group_key"] for row in grouping.relation.to_pylist()}
    expected = collections.Counter(
        (row["tract"], row["patch"], BAND[row["visit"]], group_of[row["visit"]]) for row in overlaps
    )
    assert {
        (row["tract"], row["patch"], row["band"], row["group_key"]): row["n_members"]
        for row in patches.counts.to_pylist()
    } == expected
    values, fullest, high, emptiest, low = patches.largest or ((), "", 0, "", 0)
    gaps = {
        place: abs(expected[*place, "fold0"] - expected[*place, "fold1"])
        for place in {key[:3] for key in expected}
    }
    assert gaps[values[1:]] == max(gaps.values()) == high - low
    assert (expected[*values[1:], fullest], expected[*values[1:], emptiest]) == (high, low)
    assert f"{fullest} has {high} and {emptiest} {low}." in patches.describe()
    # All i in one group: the strata need not be read again.
    moved = grouping.move([{"visit": visit} for visit in NUMBERS if BAND[visit] == "i"], "fold0")
    assert moved.balance(read_strata(registry, grouping, ["band"])).describe() == (
        "Largest imbalance: in band i fold0 has 6 and fold1 0."
    )


def test_no_patch_no_balance(registry: Registry, visits: DataIdSet) -> None:
    shots = group_rows(registry, "half", visits.to_exposures(), folds(2, seed=1))
    with pytest.raises(GroupingError, match="balance by skymap, tract, patch works in each patch"):
        read_strata(registry, shots, ["patch"])
    assert shots.balance(read_strata(registry, shots, ["band"])).strata
    empty = dataclasses.replace(shots, relation=shots.relation.slice(0, 0))
    assert empty.balance(read_strata(registry, shots, ["band"])).largest is None
