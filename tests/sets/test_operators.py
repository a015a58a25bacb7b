from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS
from tests.sets.conftest import MakeVisits
from workbench.errors import AmbiguousRelationError, RoleError
from workbench.sets import DataIdSet
from workbench.snapshot import Relations, read_data_ids


def make(butler: Butler, role: str = "include", **columns: object) -> DataIdSet:
    return DataIdSet.from_table(
        butler.dimensions,
        pd.DataFrame(columns),
        role=role,  # type: ignore[arg-type]
        butler=butler,
        instrument="HSC",
        relations=Relations.read(butler),
    )


def numbers(data_ids: DataIdSet, name: str = "visit") -> list[object]:
    return data_ids.table[name].to_pylist()


def test_a_bad_exposure_removes_its_visit(butler: Butler, visits: DataIdSet) -> None:
    bad = make(butler, "exclude", exposure=[18202, 96954], reason=["trailed", "moon"])
    good = visits - bad
    assert good.role == "include"
    assert good.key_names == ("instrument", "visit")
    assert len(good) == 10
    assert not {18202, 96954} & set(numbers(good))


def test_what_is_combined_names_the_parents_of_both(butler: Butler, visits: DataIdSet) -> None:
    """Before it is saved, and whichever side is a combination itself."""

    def named(name: str, *numbers: int) -> DataIdSet:
        return dataclasses.replace(make(butler, visit=list(numbers)), name=name, version=1)

    a, b, c = named("a", 18202, 96954), named("b", 96954), named("c", 18202)
    for combined in (a | b, a & b, a ^ b, a - b, a.join(b)):
        assert combined.provenance.parents == ("a@1", "b@1")
    assert (a - (b | c)).provenance.parents == ("a@1", "b@1", "c@1")
    assert ((b | c) & a).provenance.parents == ("b@1", "c@1", "a@1")
    assert (a - a).provenance.parents == ("a@1",)
    assert (visits - b).provenance.parents == ("b@1",)
    assert (b | visits).provenance.parents == ("b@1",)


def test_relations_of_either_set_do(butler: Butler, visits: DataIdSet) -> None:
    bad = make(butler, "exclude", exposure=[18202])
    assert len(visits - bad.with_relations(None)) == 11
    assert len(visits.with_relations(None) - bad) == 11
    with pytest.raises(AmbiguousRelationError, match="with_relations"):
        visits.with_relations(None) - bad.with_relations(None)


def test_exposures_and_visits_convert_both_ways(butler: Butler, visits: DataIdSet) -> None:
    exposures = visits.to_exposures()
    assert exposures.key_names == ("instrument", "exposure")
    assert exposures.to_visits().key_digest == visits.key_digest
    assert visits.to_visits() is visits
    some = make(butler, visit=[18202])
    assert numbers(exposures - some, "exposure") == numbers(visits)[1:]
    assert len(exposures & some) == 1


def test_visits_minus_pairs_are_pairs(butler: Butler, visits: DataIdSet) -> None:
    pairs = make(butler, "exclude", visit=[18202, 18202], detector=[41, 42])
    rest = visits - pairs
    assert rest.key_names == ("instrument", "detector", "visit")
    assert len(rest) == len(visits) * len(DETECTORS) - 2
    assert {"instrument": "HSC", "visit": 18202, "detector": 41} not in rest
    assert {"instrument": "HSC", "visit": 18202, "detector": 49} in rest


def test_pairs_minus_visits(butler: Butler, visits: DataIdSet) -> None:
    pairs = visits.expand("detector")
    assert len(pairs - make(butler, visit=[18202])) == 66
    assert len(pairs - make(butler, exposure=[18202, 19676])) == 60
    assert len(pairs - make(butler, detector=[41])) == 60


def test_finer_and_coarser_meet_in_the_finer(butler: Butler, visits: DataIdSet) -> None:
    pairs = visits.expand("detector")
    one = make(butler, visit=[18202])
    assert (pairs & one).key_digest == (one & pairs).key_digest
    assert len(one & pairs) == len(DETECTORS)


def test_exposures_with_detectors_remove_visits_with_detectors(butler: Butler, visits: DataIdSet) -> None:
    bad = make(butler, "exclude", exposure=[18202], detector=[41])
    rest = visits - bad
    assert rest.key_names == ("instrument", "detector", "visit")
    assert len(rest) == 71


def test_roles_do_not_mix(make_visits: MakeVisits) -> None:
    include, exclude = make_visits([1, 2]), make_visits([2, 3], role="exclude")
    for operation in ("__or__", "__and__", "__xor__"):
        with pytest.raises(RoleError, match="include - exclude"):
            getattr(include, operation)(exclude)
    assert numbers(include - exclude) == [1]
    assert (exclude - include).role == "exclude"


@pytest.mark.parametrize("operator", ["|", "^"])
def test_finer_and_coarser_are_not_joined(butler: Butler, visits: DataIdSet, operator: str) -> None:
    pairs = visits.expand("detector")
    with pytest.raises(AmbiguousRelationError, match=r"\.project\(\['instrument', 'visit'\]\)"):
        pairs | visits if operator == "|" else pairs ^ visits


def test_unrelated_dimensions_say_how_to_convert(butler: Butler, visits: DataIdSet) -> None:
    detectors = make(butler, detector=[41])
    patches = DataIdSet.from_table(butler.dimensions, read_data_ids(butler, ["patch"]), butler=butler)
    for other in (detectors, patches):
        with pytest.raises(AmbiguousRelationError, match="in_set"):
            visits - other
    with pytest.raises(AmbiguousRelationError, match=r"do not lead from visit to \(patch, visit\)"):
        visits.expand("patch")
    with pytest.raises(AmbiguousRelationError, match="no dimension 'exposure'"):
        detectors.to_visits()


def test_projection_joins_reasons(butler: Butler) -> None:
    pairs = make(butler, visit=[18202, 18202, 19676], detector=[41, 42, 41], reason=["b", "a", None])
    coarse = pairs.project(["visit"])
    assert numbers(coarse) == [18202, 19676]
    assert numbers(coarse, "reason") == ["a; b", None]
    assert pairs.project(["visit", "detector"]) is pairs
    with pytest.raises(AmbiguousRelationError, match="cannot be projected"):
        pairs.project(["tract"])


def test_provenance_tells_the_algebra(butler: Butler, visits: DataIdSet) -> None:
    bad = make(butler, "exclude", exposure=[18202])
    good = visits - bad.to_visits()
    assert good.provenance.rule == "table - table.to_visits()"
    assert good.provenance.time > 61000
    both = (visits - bad) | (visits - bad)
    assert (both - bad).provenance.rule == "((table - table) | (table - table)) - table"


def test_samples_are_equal_for_equal_seeds(visits: DataIdSet) -> None:
    assert visits.sample(4, seed=1) == visits.sample(4, seed=1)
    assert len(visits.sample(4, seed=1)) == 4
    assert visits.sample(4, seed=1) != visits.sample(4, seed=2)
    assert visits.sample(100, seed=1) == visits
