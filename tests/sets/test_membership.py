"""Which of several sets hold which data IDs."""

from __future__ import annotations

import itertools

import pytest
from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS
from tests.sets.test_operators import make
from workbench.errors import AmbiguousRelationError
from workbench.sets import DataIdSet, align_sets, count_intersections


def counted(*sets: DataIdSet) -> dict[tuple[bool, ...], int]:
    rows = count_intersections(sets).to_pylist()
    assert [row["n_rows"] for row in rows] == sorted((row["n_rows"] for row in rows), reverse=True)
    return {tuple(row["members"]): row["n_rows"] for row in rows}


def test_each_data_id_is_counted_in_just_its_sets(butler: Butler, visits: DataIdSet) -> None:
    keys = visits.keys["visit"].to_pylist()
    sets = [make(butler, visit=chosen) for chosen in (keys[:7], keys[4:9], [keys[0], *keys[8:]])]
    found = counted(*sets)
    assert sum(found.values()) == len(keys)
    for members in itertools.product([True, False], repeat=3):
        inside = [set(s.keys["visit"].to_pylist()) for s, m in zip(sets, members, strict=True) if m]
        outside = [set(s.keys["visit"].to_pylist()) for s, m in zip(sets, members, strict=True) if not m]
        rows = set.intersection(*inside) - set().union(*outside) if inside else set()
        assert found.get(members, 0) == len(rows)


def test_the_role_does_not_matter_and_an_empty_set_holds_nothing(butler: Butler, visits: DataIdSet) -> None:
    bad = make(butler, "exclude", visit=[18202])
    assert counted(visits, bad, visits - visits) == {(True, False, False): 11, (True, True, False): 1}
    assert counted() == {}


def test_exposures_are_visits_and_visits_have_all_their_detectors(butler: Butler, visits: DataIdSet) -> None:
    exposures = visits.to_exposures()
    assert counted(visits, exposures) == {(True, True): 12}
    assert [rows.key_names for rows in align_sets([exposures, exposures])] == [("instrument", "exposure")] * 2
    pair = make(butler, visit=[18202], detector=[41])
    n_pairs = 12 * len(DETECTORS)
    assert counted(exposures, pair) == {(True, False): n_pairs - 1, (True, True): 1}


def test_other_dimensions_are_not_guessed(butler: Butler, visits: DataIdSet) -> None:
    nights = visits.project(["instrument"])
    with pytest.raises(
        AmbiguousRelationError, match=r"is over instrument and another one over instrument, visit"
    ):
        count_intersections([visits, nights])
    with pytest.raises(AmbiguousRelationError, match="at most 16"):
        count_intersections([visits] * 17)
