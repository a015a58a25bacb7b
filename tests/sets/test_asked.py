"""Data IDs that are asked about: one rule for one, several, sets and tables."""

from __future__ import annotations

import astropy.table
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from workbench.errors import EmptySetError, UnknownDataIdError, UnknownNameError
from workbench.sets import describe_data_ids, list_data_ids, merge_data_ids, same_dimensions

UNIVERSE = DimensionUniverse()


def ask(*asked: object, allow_empty: bool = False, **named: object) -> list[dict[str, int | str]]:
    return list_data_ids(UNIVERSE, asked, named, allow_empty=allow_empty)


@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_a_repeated_dimension_is_a_union(visits: list[int], detectors: list[int]) -> None:
    wanted = {(visit, detector) for visit in visits for detector in detectors}
    together = ask(visit=visits, detector=detectors)
    apart = ask(*({"visit": visit} for visit in visits), *({"detector": one} for one in detectors))
    for found in (together, apart):
        assert len(found) == len(wanted)
        assert {(one["visit"], one["detector"]) for one in found} == wanted


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_pairs_stay_pairs(pairs: list[tuple[int, int]]) -> None:
    asked = [{"visit": visit, "detector": detector} for visit, detector in pairs]
    table = pa.Table.from_pylist(asked)
    for found in (ask(*asked), ask(asked), ask(table), ask(table.to_pandas())):
        assert [(one["visit"], one["detector"]) for one in found] == list(dict.fromkeys(pairs))


def test_governors_restrict_and_do_not_tell_dimensions_apart() -> None:
    assert ask({"instrument": "HSC", "visit": 1}, {"visit": 2}) == [
        {"instrument": "HSC", "visit": 1},
        {"visit": 2},
    ]
    assert ask({"visit": [1, 2]}, instrument="HSC") == [
        {"visit": 1, "instrument": "HSC"},
        {"visit": 2, "instrument": "HSC"},
    ]
    assert ask(instrument="HSC") == [{"instrument": "HSC"}]


@pytest.mark.parametrize("value", [2**63, -(2**70), str(2**63), 1e300, float("inf"), float("nan")])
def test_numbers_beyond_64_bits_are_refused(value: object) -> None:
    with pytest.raises(UnknownDataIdError, match="is no value of visit"):
        ask(instrument="HSC", visit=value)


def test_values_get_the_type_of_their_dimension() -> None:
    (found,) = ask(visit=np.int64(7), detector="42", band=np.str_("i"))
    assert found == {"visit": 7, "detector": 42, "band": "i"}
    assert type(found["visit"]) is int
    table = astropy.table.Table({"instrument": ["HSC"], "visit": [7]})
    assert ask(table) == [{"instrument": "HSC", "visit": 7}]
    assert ask(pd.DataFrame({"visit": [7.0]})) == [{"visit": 7}]


@pytest.mark.parametrize("asked", [{"visit": []}, [], pa.table({"visit": pa.array([], pa.int64())})])
def test_what_is_empty_asks_about_nothing(asked: object) -> None:
    with pytest.raises(EmptySetError):
        ask(asked)
    assert ask(asked, allow_empty=True) == []


def test_nothing_asked_is_nothing() -> None:
    assert ask() == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"vist": 1}, "'vist' is no dimension"),
        ({"visit": "first"}, "'first' is no value of visit"),
        ({"visit": True}, "True is no value of visit"),
        ({"visit": 1.5}, "1.5 is no value of visit"),
        ({"visit": float("nan")}, "nan is no value"),
        ({"visit": None}, "None is no value"),
        ({"visit": "9" * 5000}, "is no value of visit"),
        ({"band": ""}, "'' is no value of band"),
        ({}, "An empty data ID"),
        (96954, "96954 is no data ID"),
        ("visit=1", "'visit=1' is no data ID"),
        (pa.table({"visit": [1], "reason": ["bad"]}), "'reason' is no dimension"),
    ],
)
def test_what_is_no_data_id(asked: object, message: str) -> None:
    with pytest.raises((UnknownNameError, UnknownDataIdError), match=message) as caught:
        ask(asked)
    assert len(str(caught.value)) < 500


def test_what_does_not_belong_together() -> None:
    with pytest.raises(UnknownDataIdError, match="do not belong together"):
        ask({"visit": 1, "detector": 3}, {"detector": 4})


def test_several_are_merged_and_described() -> None:
    asked = ask(instrument="HSC", visit=[1, 2])
    assert merge_data_ids(asked) == {"instrument": "HSC", "visit": (1, 2)}
    assert merge_data_ids([]) == {}
    assert describe_data_ids(asked[:1]) == "instrument=HSC, visit=1"
    assert describe_data_ids(asked) == "2 data IDs (instrument=HSC, visit=1; instrument=HSC, visit=2)"
    assert same_dimensions(asked) == {("instrument", "visit"): [["HSC", 1], ["HSC", 2]]}
