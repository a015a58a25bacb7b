"""Relations in the database: strata on the sky, members that join, what is refused."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pyarrow as pa
import pytest

from tests.cosmos import VISITS
from tests.groupings.conftest import NUMBERS, assert_nothing_was_kept
from workbench.errors import GroupingError, UnknownDataIdError, UnknownNameError
from workbench.groupings import (
    GroupingRule,
    Requirements,
    best_seeing,
    by_table,
    check_grouping,
    exposure_groups,
    folds,
    group_rows,
    load_grouping,
    make_grouping,
    nights,
    pairs,
    read_groupings,
    years,
)
from workbench.groupings.stored import GROUPINGS, members_declaration
from workbench.query import select
from workbench.registry import Column, Registry, TableDeclaration
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import conform

AOS = TableDeclaration(
    name="aos",
    columns=(Column("focus_z", "float", unit="mm"),),
    dimensions=("instrument", "exposure"),
    current="latest",
)
ON_PATCHES = ("instrument", "skymap", "tract", "patch", "visit")


def make_table(*rows: tuple[int, str], role: str | None = None) -> pa.Table:
    return pa.table(
        {
            "visit": [visit for visit, _ in rows],
            "group_key": [key for _, key in rows],
            "role": pa.array([role] * len(rows), pa.string()),
        }
    )


def test_a_group_joins_in_conditions(registry: Registry, visits: DataIdSet) -> None:
    first = make_grouping(registry, "fold", visits, folds(2, seed=1))
    second = make_grouping(registry, "fold", visits, folds(2, seed=2))
    for grouping in (first, second):
        for key in grouping.keys:
            found = select(registry, ["visit"], f"grouped_visit.in_group = '{grouping.label}/{key}'")
            assert DataIdSet.from_selection(found).key_digest == grouping[key].key_digest
    other = select(registry, ["visit"], "NOT grouped_visit.in_group = 'fold@1/fold0'")
    assert DataIdSet.from_selection(other).key_digest == first["fold1"].key_digest
    stored = registry.table("grouped_visit").read(where={"grouping": "fold", "version": 2})
    assert stored.num_rows == 12
    assert set(stored["visit"].to_pylist()) == set(NUMBERS)


def test_every_patch_and_band_keeps_its_share(registry: Registry, visits: DataIdSet) -> None:
    inside = SetStore(registry).save(
        visits.expand("patch").project(["visit"]), "inside", reason="on the sky map"
    )
    grouping = make_grouping(registry, "half", inside, folds(2, seed=42, by=("patch", "band")))
    assert grouping.rule == "folds(2, seed=42, by=('skymap', 'tract', 'patch', 'band'))"
    assert grouping.key_names == ON_PATCHES
    pairs_of = inside.expand("patch")
    assert (grouping["fold0"] | grouping["fold1"]).key_digest == pairs_of.key_digest
    assert not len(grouping["fold0"] & grouping["fold1"])
    bands = {visit[0]: "r" if visit[1].startswith("HSC-R") else "i" for visit in VISITS}
    shares = Counter(
        (row["patch"], bands[row["visit"]], row["group_key"]) for row in grouping.relation.to_pylist()
    )
    cells = {(patch, band) for patch, band, _ in shares}
    assert len(cells) > 4
    assert all(abs(shares[*cell, "fold0"] - shares[*cell, "fold1"]) <= 1 for cell in cells)
    loaded = load_grouping(registry, "half")
    assert loaded.relation.equals(grouping.relation)
    assert registry.table("grouped_patch_visit").count() == len(pairs_of)


def test_every_patch_has_its_own_sharpest(registry: Registry, visits: DataIdSet) -> None:
    grouping = make_grouping(registry, "seeing", visits, best_seeing(by=("patch", "band")))
    assert len(grouping["deep"]) == len(visits.expand("patch"))
    sharp = {row["patch"] for row in grouping["sharp"].keys.to_pylist()}
    assert sharp == {row["patch"] for row in grouping["deep"].keys.to_pylist()}
    saved = SetStore(registry).load("seeing-sharp")
    assert (saved.key_names, saved.key_digest) == (ON_PATCHES, grouping["sharp"].key_digest)


def test_relations_are_those_of_the_repository(registry: Registry, visits: DataIdSet) -> None:
    rule = best_seeing(by=("patch", "band"))
    alone = dataclasses.replace(visits, relations=None)
    assert (
        group_rows(registry, "seeing", alone, rule).digest
        == group_rows(registry, "seeing", visits, rule).digest
    )
    shots = SetStore(registry).save(visits.to_exposures(), "shots", reason="without regions")
    with pytest.raises(GroupingError, match=r"in each patch.*no region for instrument, exposure.*to_visits"):
        make_grouping(registry, "half", shots, folds(2, seed=1, by=("patch",)))
    assert read_groupings(registry).num_rows == 0


def test_pairs_of_exposures_keep_role_and_order(registry: Registry, visits: DataIdSet) -> None:
    exposures = SetStore(registry).save(visits.to_exposures(), "shots", reason="to be paired")
    focus = {96860: -1.5, 96862: 1.5}
    registry.declare(AOS).append(
        [{"instrument": "HSC", "exposure": number, "focus_z": focus.get(number, 0.0)} for number in NUMBERS]
    )
    grouping = make_grouping(registry, "couple", exposures, pairs("aos.focus_z"))
    loaded = load_grouping(registry, "couple")
    assert loaded.has_integer_keys
    assert loaded.members("96862").to_pylist() == [
        {"group_key": "96862", "instrument": "HSC", "exposure": 96862, "role": "extra", "ordinal": 0},
        {"group_key": "96862", "instrument": "HSC", "exposure": 96860, "role": "intra", "ordinal": 1},
    ]
    assert loaded.with_role("intra")["exposure"].to_pylist() == [96860]
    assert loaded.requirements == Requirements(disjoint=True, minimum=2, roles=("extra", "intra"))
    with pytest.raises(UnknownNameError, match=r"'first'.*extra, intra"):
        grouping.with_role("first")
    # Visits are paired by what is known of their exposures.
    same = group_rows(registry, "couple", visits, pairs("aos.focus_z"))
    assert same.members("96862")["visit"].to_pylist() == [96862, 96860]


def test_groups_of_the_butler(registry: Registry, visits: DataIdSet) -> None:
    for rows in (visits, SetStore(registry).save(visits.to_exposures(), "shots", reason="test")):
        grouping = make_grouping(registry, "seq", rows, exposure_groups())
        assert grouping.keys == sorted(str(number) for number in NUMBERS)


def test_many_groups_are_not_saved_as_sets(
    registry: Registry, visits: DataIdSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make_grouping(registry, "year", visits, years()).saved == {
        year: f"year-{year}@1" for year in ("2015", "2016", "2017")
    }
    monkeypatch.setattr("workbench.groupings.store.MOST_SETS", 2)
    grouping = make_grouping(registry, "year", visits, years())
    assert (grouping.label, grouping.saved) == ("year@2", {})
    loaded = load_grouping(registry, "year")
    assert loaded["2016"].key_digest == load_grouping(registry, "year@1")["2016"].key_digest
    assert loaded["2016"].name is None


def test_what_is_not_as_asked_is_refused_with_a_sentence(registry: Registry, visits: DataIdSet) -> None:
    one = by_table(make_table((NUMBERS[0], "a")))
    both = by_table(make_table((NUMBERS[0], "a"), (NUMBERS[0], "b")))
    cases: list[tuple[GroupingRule, Requirements, str]] = [
        (both, Requirements(), "data IDs are in several groups.*a, b"),
        (one, Requirements(minimum=2), "fewer than 2 members: a"),
        (one, Requirements(covering=True), "11 of 12 rows are in no group"),
        (nights(), Requirements(balanced=True), "from 1 to 5 members"),
        (best_seeing(), Requirements(disjoint=True), "data IDs are in several groups"),
    ]
    for rule, require, sentence in cases:
        with pytest.raises(GroupingError, match=sentence):
            make_grouping(registry, "bad", visits, rule, require=require)
    assert_nothing_was_kept(registry)


def test_unknown_members_are_refused(registry: Registry, visits: DataIdSet) -> None:
    with pytest.raises(UnknownDataIdError, match=r"visit=1\)"):
        make_grouping(registry, "bad", visits, by_table(make_table((1, "a"))))
    made_up = DataIdSet.from_table(
        registry.universe, pa.table({"instrument": ["HSC"] * 2, "visit": [1, NUMBERS[0]]})
    )
    saved = SetStore(registry).save(made_up, "made-up", reason="never looked up")
    with pytest.raises(GroupingError, match=r"repository has no \(instrument=HSC, visit=1\)\."):
        make_grouping(registry, "bad", saved, by_table(make_table((1, "a"))))
    assert read_groupings(registry).num_rows == 0
    checked = check_grouping(registry, group_rows(registry, "bad", saved, by_table(make_table((1, "a")))))
    assert len(checked.faults) == 1


def test_tables_that_are_no_relation_are_refused(registry: Registry, visits: DataIdSet) -> None:
    tables = [
        (make_table((NUMBERS[0], "a"), (NUMBERS[0], "a")), "into one group twice"),
        (make_table((NUMBERS[0], "")), "empty"),
        (pa.table({"group_key": ["a"]}), "no column visit"),
        (pa.table({"group_key": ["a"], "visit": ["first"]}), "wrong type"),
        (make_table(), "no row of all@1 into any group"),
    ]
    for table, sentence in tables:
        with pytest.raises(GroupingError, match=sentence):
            make_grouping(registry, "bad", visits, by_table(table))
    assert_nothing_was_kept(registry)


def test_a_table_that_was_exported_makes_the_grouping_again(registry: Registry, visits: DataIdSet) -> None:
    grouping = make_grouping(registry, "fold", visits, folds(3, seed=5))
    again = make_grouping(registry, "fold", visits, by_table(grouping.relation.to_pandas()))
    assert (again.version, again.digest) == (2, grouping.digest)


def test_a_grouping_of_an_earlier_release_is_read_and_followed(registry: Registry, visits: DataIdSet) -> None:
    old = dataclasses.replace(GROUPINGS, columns=GROUPINGS.columns[:6], version=1)
    half = SetStore(registry).save(
        visits.sample(6, seed=1), "fold-fold0", reason="kept by an earlier release"
    )
    row = {"grouping": "fold", "version": 1, "group_key": "fold0", "members": half.label}
    registry.declare(old).append([{**row, "parent": "all@1", "rule": "folds(2, seed=1, by=('band',))"}])
    before = load_grouping(registry, "fold")
    assert before["fold0"] == half
    assert read_groupings(registry)["digest"].null_count == 1
    make_grouping(registry, "fold", visits, folds(2, seed=2))
    assert load_grouping(registry, "fold").version == 2
    assert load_grouping(registry, "fold@1").relation.equals(before.relation)


def test_tables_are_named_by_what_is_not_required(registry: Registry) -> None:
    named = {
        ("visit",): "grouped_visit",
        ("visit", "detector"): "grouped_detector_visit",
        ("visit", "patch"): "grouped_patch_visit",
        ("visit", "skymap"): "grouped_skymap_visit",
        ("physical_filter",): "grouped_physical_filter",
    }
    for names, table in named.items():
        assert members_declaration(conform(registry.universe, names)).name == table
