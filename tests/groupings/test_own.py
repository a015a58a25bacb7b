"""Groups by value, by function and by table, and rules as text."""

from __future__ import annotations

import contextlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.groupings.frames import make_frame, members
from workbench import groupings
from workbench.errors import CampaignError, GroupingError, UnknownNameError
from workbench.groupings import RULES, Rule, by_function, by_table, by_value, campaign_bands, parse_rule

FRAME = make_frame(4, {"physical_filter": ["HSC-I", "HSC-I2", None, "HSC-R"]})


def test_a_group_each_value() -> None:
    assert members(by_value("physical_filter").assign(FRAME)) == {"HSC-I": [0], "HSC-I2": [1], "HSC-R": [3]}
    numbers = make_frame(3, {"n": [7, 7, 8]})
    assert members(by_value("n").assign(numbers)) == {"7": [0, 1], "8": [2]}


def test_a_campaign_has_bands_of_its_own() -> None:
    rule = campaign_bands({"HSC-I2": "i2", "HSC-I": "i"})
    assert members(rule.assign(FRAME)) == {"i": [0], "i2": [1]}
    with pytest.raises(GroupingError, match="name the band"):
        campaign_bands({})


def first_letter(frame: pa.Table) -> list[str | None]:
    return [None if name is None else name[4] for name in frame["physical_filter"].to_pylist()]


def test_any_function_of_a_frame() -> None:
    rule = by_function(first_letter, ("physical_filter",))
    assert members(rule.assign(FRAME)) == {"I": [0, 1], "R": [3]}
    assert "test_own.first_letter" in rule.describe()
    twice = by_function(
        lambda frame: pa.concat_tables(
            [frame.append_column("group_key", pa.array([key] * 4)) for key in ("a", "b")]
        )
    )
    assert members(twice.assign(FRAME)) == {"a": [0, 1, 2, 3], "b": [0, 1, 2, 3]}
    with pytest.raises(GroupingError, match="returned 1 keys for 4 rows"):
        by_function(lambda frame: ["a"]).assign(FRAME)


def test_a_table_lists_groups() -> None:
    keys = FRAME.select(["instrument", "visit"])
    table = pa.table({"visit": [0, 1], "group_key": ["a", "b"], "role": ["first", "second"]})
    made = by_table(table).assign(keys)
    assert made["instrument"].to_pylist() == ["HSC", "HSC"]
    assert members(made) == {"a": [0], "b": [1]}
    assert by_table(table).describe() == by_table(table.take([1, 0])).describe()
    with pytest.raises(GroupingError, match="no 'group_key'"):
        by_table(keys)
    with pytest.raises(GroupingError, match="columns seeing, which are neither keys"):
        by_table(table.append_column("seeing", pa.array([1, 2]))).assign(keys)


ARGUMENTS = {
    "best_seeing": ("metrics.psf_fwhm", 0.25, ("band", "day_obs")),
    "by_value": ("visit.target_name",),
    "campaign_bands": ({"HSC-I": "i"},),
    "folds": (3, 7, ("tract", "patch")),
    "quantiles": ("metrics.psf_fwhm", 3),
    "sweeps": ("aos.focus_z",),
    "thresholds": ("metrics.psf_fwhm", (0.7, 1.0)),
}


@pytest.mark.parametrize("name", RULES)
def test_descriptions_make_the_rule_again(name: str) -> None:
    rule = RULES[name](*ARGUMENTS.get(name, ()))
    assert parse_rule(rule.describe()) == rule
    assert eval(rule.describe(), vars(groupings)) == rule


def test_a_name_alone_stands_for_the_defaults() -> None:
    assert parse_rule("lunations") == RULES["lunations"]()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "folds(",
        "1 + 1",
        "folds(2)",
        "folds(2, seed=open('x'))",
        "folds(2, sed=1)",
        "folds(*[2, 1])",
        "folds(2, **{'seed': 1})",
        "folds('2', seed=1)",
        "years(7)(8)",
        "a.b()",
        "import os",
    ],
)
def test_a_text_that_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(GroupingError):
        parse_rule(text)


@given(st.text(max_size=40))
def test_no_text_does_anything_else(text: str) -> None:
    with contextlib.suppress(CampaignError, UnknownNameError):
        assert isinstance(parse_rule(text), Rule)


def test_an_unknown_rule_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"'halves'.*best_seeing.*folds"):
        parse_rule("halves(2)")
