"""Sets that meet along the repository's relations, and what a set tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import Butler, DataCoordinate, DimensionUniverse

import workbench as wb
from tests.cosmos import DETECTORS
from tests.sets.conftest import MakeVisits
from workbench.errors import (
    AmbiguousRelationError,
    BadDataIdTableError,
    RoleError,
    UnknownDataIdError,
    UnknownNameError,
)
from workbench.sets import DataIdSet
from workbench.snapshot import RepositoryRelations

UNIVERSE = DimensionUniverse()


@pytest.fixture
def bench(butler_repo: Path) -> Iterator[wb.Bench]:
    with wb.open(butler_repo) as bench:
        yield bench


def _pairs(butler: Butler, *dimensions: str) -> set[tuple[object, ...]]:
    found = butler.query_data_ids(dimensions, limit=None, explain=False)
    return {data_id.required_values for data_id in found}


def _keys(rows: DataIdSet) -> set[tuple[object, ...]]:
    return {tuple(row.values()) for row in rows}


@pytest.mark.parametrize(
    ("start", "more"),
    [
        ("tract", ["visit"]),
        ("patch", ["visit"]),
        ("patch", ["visit", "detector"]),
        ("visit", ["tract"]),
        ("visit", ["exposure"]),
        ("exposure", ["visit"]),
        ("tract", ["patch"]),
        ("visit", ["band"]),
        ("tract", ["htm7"]),
        ("htm7", ["visit"]),
        ("day_obs", ["visit"]),
        ("band", ["visit"]),
        ("physical_filter", ["exposure"]),
    ],
)
def test_expansion_is_the_butlers_join(bench: wb.Bench, start: str, more: list[str]) -> None:
    # Pixels of the sky have no records of their own to select.
    rows = bench.select("tract").expand("htm7").project("htm7") if start == "htm7" else bench.select(start)
    expanded = rows.expand(*more)
    wanted = _pairs(bench.butler, *rows.key_names, *more)
    if start == "htm7":
        wanted = {key for key in wanted if {"htm7": key[expanded.key_names.index("htm7")]} in rows}
    assert _keys(expanded) == wanted
    assert len(expanded)


def test_pairs_on_the_sky_expand_as_the_butler_joins(bench: wb.Bench) -> None:
    # A detector of a visit need not overlap the patch that its visit overlaps.
    pairs = bench.select("patch").expand("visit")
    finer = pairs.expand("detector")
    assert _keys(finer) == _pairs(bench.butler, "patch", "visit", "detector")
    assert len(finer) < len(pairs) * len(DETECTORS)
    assert _keys(bench.select("visit").expand("tract").expand("patch")) == _pairs(
        bench.butler, "visit", "patch"
    )


def test_what_the_butler_does_not_join(bench: wb.Bench) -> None:
    with pytest.raises(AmbiguousRelationError, match=r"does not join .* it relates htm7 only"):
        bench.select("patch").expand("healpix9")


def test_nights_and_filters_of_visits(bench: wb.Bench) -> None:
    visits = bench.select("visit")
    found = bench.butler.query_dimension_records("visit")
    night = {(r.instrument, r.day_obs) for r in found}.pop()
    some = bench.make_set([{"instrument": night[0], "day_obs": night[1], "reason": "clouds"}])
    of_night = {(r.instrument, r.id) for r in found if r.day_obs == night[1]}
    assert _keys(visits - some.with_role("exclude")) == _keys(visits) - of_night
    assert _keys(visits & some) == _keys(some & visits) == of_night
    joined = some.join(visits)
    assert joined.key_names == ("instrument", "visit")
    assert _keys(joined) == _keys(visits.join(some)) == of_night
    assert set(joined.table["reason"].to_pylist()) == {"clouds"}
    pairs = visits.expand("detector")
    assert len(pairs - some) == len(pairs) - len(of_night) * len(DETECTORS)
    with pytest.raises(AmbiguousRelationError, match=r"coarser one first, with \.expand\('visit'\)"):
        some | visits
    with pytest.raises(AmbiguousRelationError, match="carries no relations"):
        visits.with_relations(None) - some.with_relations(None)


def test_tracts_give_their_visits(bench: wb.Bench) -> None:
    tract = next(iter(bench.select("tract")))
    visits = bench.make_set([tract]).expand("visit").project(["visit"])
    joined = bench.butler.query_data_ids(["visit", "tract"], data_id=tract, limit=None)
    assert _keys(visits) == {(data_id["instrument"], data_id["visit"]) for data_id in joined}


def test_reasons_expand(bench: wb.Bench) -> None:
    rows = bench.make_set([{"instrument": "HSC", "visit": 18202, "reason": "trailed"}])
    pairs = rows.expand("detector")
    assert len(pairs) == len(DETECTORS)
    assert set(pairs.table["reason"].to_pylist()) == {"trailed"}


def test_relations_are_read_when_asked(bench: wb.Bench) -> None:
    assert bench.sets.relations == RepositoryRelations(bench.uri)
    nothing = bench.select("visit", "instrument = 'HSC' AND visit = 1")
    assert len(nothing.expand("detector")) == len(nothing.expand("tract")) == len(nothing.to_exposures()) == 0


def test_relations_are_those_of_now(any_repo: Path) -> None:
    with wb.open(any_repo) as bench:
        visits = bench.select("visit")
        before = visits.expand("tract")
        (tract,) = bench.butler.query_dimension_records("tract")
        with Butler.from_config(bench.uri, writeable=True) as writer:
            writer.registry.insertDimensionData(
                "tract", {"skymap": tract.skymap, "id": tract.id + 1, "region": tract.region}
            )
        after = visits.expand("tract")
        assert after.count_by("tract")["n_rows"].to_pylist() == [len(before)] * 2
        assert before.key_digest == (after & before).key_digest


def test_sets_join_where_they_agree(bench: wb.Bench) -> None:
    visits = bench.make_set([{"visit": 18202, "reason": "seeing"}, {"visit": 96954}], instrument="HSC")
    detectors = bench.make_set([{"detector": 41, "reason": "glow"}, {"detector": 42}], instrument="HSC")
    joined = visits.join(detectors)
    assert joined.key_names == ("instrument", "detector", "visit")
    assert joined.table.select(["detector", "visit", "reason"]).to_pylist() == [
        {"detector": 41, "visit": 18202, "reason": "seeing"},
        {"detector": 41, "visit": 96954, "reason": "glow"},
        {"detector": 42, "visit": 18202, "reason": "seeing"},
        {"detector": 42, "visit": 96954, "reason": None},
    ]
    assert "join" in (joined.provenance.rule or "")


def test_sets_join_on_the_sky(bench: wb.Bench) -> None:
    visits, tracts = bench.select("visit"), bench.select("tract")
    assert _keys(visits.join(tracts)) == _keys(tracts.join(visits)) == _pairs(bench.butler, "tract", "visit")


def test_exposures_join_their_visits_only(bench: wb.Bench) -> None:
    exposures, visits = bench.select("exposure"), bench.select("visit").sample(3, seed=1)
    wanted = {
        key
        for key in _pairs(bench.butler, "exposure", "visit")
        if key[2] in set(visits.keys["visit"].to_pylist())
    }
    assert _keys(exposures.join(visits)) == _keys(visits.join(exposures)) == wanted


def test_joins_on_the_sky_take_the_finest_regions(bench: wb.Bench) -> None:
    visits = bench.select("visit")
    joined = visits.expand("patch").join(visits.expand("detector"))
    assert _keys(joined) == _pairs(bench.butler, "patch", "visit", "detector")


def test_what_does_not_join(bench: wb.Bench) -> None:
    visits, tracts = bench.select("visit"), bench.select("tract")
    with pytest.raises(RoleError, match="'join'"):
        visits.join(tracts.with_role("exclude"))
    with pytest.raises(AmbiguousRelationError, match="carries no relations"):
        visits.with_relations(None).join(tracts.with_relations(None))


def _no_rows(name: str) -> pa.Table:
    return pa.table({"instrument": pa.array([], pa.string()), name: pa.array([], pa.int64())})


_ROWS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from("abc")), unique=True)


@given(_ROWS, _ROWS)
def test_joins_are_those_of_tuples(left: list[tuple[int, str]], right: list[tuple[int, str]]) -> None:
    # Visits with detectors joined to visits with skymaps by their instrument and visit.
    mine = DataIdSet.from_table(
        UNIVERSE,
        pa.table({"instrument": [i for _, i in left], "visit": pa.array([v for v, _ in left], pa.int64())}),
    )
    theirs = DataIdSet.from_table(
        UNIVERSE,
        pa.table(
            {"instrument": [i for _, i in right], "detector": pa.array([d for d, _ in right], pa.int64())}
        ),
    )
    wanted = {(i, d, v) for v, i in left for d, j in right if i == j}
    assert _keys(mine.join(theirs)) == wanted
    assert mine.join(theirs).key_digest == theirs.join(mine).key_digest


def test_sizes_and_counts(bench: wb.Bench) -> None:
    pairs = bench.select("visit").expand("detector")
    assert pairs.sizes == {"instrument": 1, "detector": len(DETECTORS), "visit": 12}
    counts = pairs.count_by("detector")
    assert counts.to_pydict() == {"detector": sorted(DETECTORS), "n_rows": [12] * len(DETECTORS)}
    with pytest.raises(UnknownNameError, match="by 'band'; its columns are instrument, detector, visit"):
        pairs.count_by("band")


def test_membership(make_visits: MakeVisits) -> None:
    rows = make_visits([1, 3, 5])
    assert {"instrument": "HSC", "visit": 3} in rows
    assert {"instrument": "HSC", "visit": 3, "detector": 1} in rows
    assert {"instrument": "LSSTCam", "visit": 3} not in rows
    table = pa.table({"visit": pa.array([5, 2, 1], pa.int32()), "instrument": ["HSC"] * 3, "more": [1, 2, 3]})
    assert rows.contains(table).tolist() == [True, False, True]
    assert rows.contains(table.to_pylist()).tolist() == [True, False, True]
    assert make_visits([]).contains(table).tolist() == [False] * 3
    coordinate = DataCoordinate.standardize({"instrument": "HSC", "visit": 3}, universe=UNIVERSE)
    assert coordinate in rows


@pytest.mark.parametrize("value", [1.5, "3", None, True, 2**70])
def test_values_of_another_type_are_not_in_a_set(make_visits: MakeVisits, value: object) -> None:
    assert {"instrument": "HSC", "visit": value} not in make_visits([1, 3])


def test_what_cannot_be_looked_up(make_visits: MakeVisits) -> None:
    rows = make_visits([1])
    with pytest.raises(UnknownNameError, match=r"has no instrument; .* keys instrument, visit"):
        assert {"visit": 1} in rows
    with pytest.raises(BadDataIdTableError, match="1 is no data ID"):
        assert 1 in rows  # type: ignore[operator]
    with pytest.raises(UnknownNameError, match="no column instrument"):
        rows.contains(pa.table({"visit": [1]}))
    with pytest.raises(BadDataIdTableError, match="row 2: visit = 'x'"):
        rows.contains(pa.table({"instrument": ["HSC"] * 2, "visit": ["1", "x"]}))


@given(st.sets(st.integers(-(2**62), 2**62)), st.lists(st.integers(-(2**62), 2**62)))
def test_membership_is_that_of_sets(numbers: set[int], asked: list[int]) -> None:
    rows = DataIdSet.from_table(
        UNIVERSE, pa.table({"visit": pa.array(sorted(numbers), pa.int64())}), instrument="HSC"
    )
    table = pa.table(
        {"instrument": pa.array(["HSC"] * len(asked), pa.string()), "visit": pa.array(asked, pa.int64())}
    )
    assert rows.contains(table).tolist() == [number in numbers for number in asked]


def test_rows_go_in(bench: wb.Bench) -> None:
    coordinate = DataCoordinate.standardize(
        {"instrument": "HSC", "visit": 18202}, universe=bench.butler.dimensions
    )
    rows = bench.make_set([coordinate, {"instrument": "HSC", "visit": 96954, "reason": "moon"}])
    assert rows.table["reason"].to_pylist() == [None, "moon"]
    assert bench.make_set([*rows]) == rows.with_reason(None)
    with pytest.raises(BadDataIdTableError, match=r"Row 1 .* is 96954, and no data ID"):
        bench.make_set([coordinate, 96954])  # type: ignore[list-item]
    with pytest.raises(BadDataIdTableError, match="'visit' are of several types"):
        bench.make_set([{"instrument": "HSC", "visit": 1}, {"instrument": "HSC", "visit": "two"}])
    with pytest.raises(UnknownDataIdError, match=r"instrument='HCS'.*\n.*instruments are: HSC\."):
        bench.make_set([{"instrument": "HCS", "visit": 18202}])


def test_rows_may_be_none(bench: wb.Bench) -> None:
    nothing = bench.make_set([], dimensions=["visit"])
    assert nothing.key_names == ("instrument", "visit")
    assert len(nothing) == 0
    with pytest.raises(BadDataIdTableError, match="no column that is a dimension"):
        bench.make_set([])


def test_rows_keep_free_columns(bench: wb.Bench) -> None:
    (tract,) = bench.select("tract")
    rows = bench.make_set(
        [{"tract": tract["tract"], "seeing": 0.7}, {"tract": 77}],
        skymap=str(tract["skymap"]),
        free_columns=["seeing"],
        unknown="drop",
    )
    assert rows.table.to_pylist() == [{**tract, "reason": None, "seeing": 0.7}]
    assert "1 unknown data ID(s) dropped" in rows.provenance.note


def test_pixels_of_the_sky(bench: wb.Bench) -> None:
    low = 4**7 * 8
    pixels = bench.make_set([{"htm7": low + 5}, {"htm7": low + 1, "reason": "masked"}])
    assert pixels.key_names == ("htm7",)
    assert pixels.table["htm7"].to_pylist() == [low + 1, low + 5]
    assert len(pixels - bench.make_set([{"htm7": low + 1}])) == 1
    assert bench.load(bench.save(pixels, "masked", reason="stars").label) == pixels
    with pytest.raises(UnknownDataIdError, match="htm7=7"):
        bench.make_set([{"htm7": 7}])
    both = pixels.join(bench.make_set([{"htm7": low + 5}]))
    assert _keys(both) == {(low + 5,)}
    assert np.array_equal(pixels.contains(pa.table({"htm7": [low + 5, low]})), [True, False])
