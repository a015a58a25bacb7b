"""Reasons in words of a vocabulary; what was written stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from tests.sets.conftest import MakeVisits
from workbench.errors import DeclarationError
from workbench.registry import Registry, open_registry
from workbench.sets import (
    CURATED_RULES,
    DataIdSet,
    ReasonRule,
    classify_reasons,
    count_reasons,
    extend_rules,
    read_rules,
    read_set_file,
)

UNIVERSE = DimensionUniverse()


@pytest.fixture
def registry(butler_repo: Path) -> Iterator[Registry]:
    with open_registry(butler_repo) as registry:
        yield registry


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("i trailed donuts", ["trailed", "donuts"]),
        ("r out of focus (lopsided)", ["out of focus"]),
        ("Doughnuts + SLEW during exposure", ["donuts", "slew"]),
        ("tracking stopped", ["tracking"]),
        ("g dome vignettting", ["vignetting"]),
        ("laser was on?", ["stray light"]),
        ("taken without AOS (characterizeImage failed for all)", ["no active optics", "calibration failed"]),
        ("promotion of champions", []),
        ("", []),
    ],
)
def test_curated_rules(make_visits: MakeVisits, text: str, words: list[str]) -> None:
    table = classify_reasons(make_visits([1], [text]))
    assert table["words"].to_pylist() == [words]


def test_rules_know_the_real_lists(real_inputs: Path) -> None:
    lists = sorted((real_inputs / "lists").rglob("*.ecsv"))
    assert len(lists) == 4
    for path in lists:
        rows = read_set_file(path, UNIVERSE, instrument="LSSTCam", role="exclude")
        table = classify_reasons(rows)
        unknown = {row["reason"] for row in table.to_pylist() if not row["words"]}
        assert unknown == set(), path.name
        assert table["reason"] == rows.table["reason"]


def test_counts(make_visits: MakeVisits) -> None:
    rows = make_visits(range(5), ["donuts", "donuts, slew", "slew", "elephants", None])
    assert count_reasons(rows).to_pylist() == [
        {"word": None, "n_rows": 2, "example": "elephants"},
        {"word": "donuts", "n_rows": 2, "example": "donuts"},
        {"word": "slew", "n_rows": 2, "example": "donuts, slew"},
    ]
    assert count_reasons(make_visits([])).num_rows == 0


def test_a_repository_has_rules_of_its_own(registry: Registry, make_visits: MakeVisits) -> None:
    assert read_rules(registry) == CURATED_RULES
    rule = ReasonRule("animals", r"\belephant|\bgnat")
    assert extend_rules(registry, rule, author="ana") == (*CURATED_RULES, rule)
    extend_rules(registry, rule)
    extend_rules(registry, ReasonRule("donuts", r"\btorus"))
    assert len(read_rules(registry)) == len(CURATED_RULES) + 2
    rows = make_visits([1, 2], ["Elephants, two", "a torus"])
    assert classify_reasons(rows, read_rules(registry))["words"].to_pylist() == [["animals"], ["donuts"]]
    assert rows.table["reason"].to_pylist() == ["Elephants, two", "a torus"]


def test_a_pattern_takes_no_time_that_grows_with_its_own_repeats(registry: Registry) -> None:
    """What Python's own expressions would not come to an end with."""
    rule = ReasonRule("animals", "(a+)+b$")
    rows = DataIdSet.from_table(
        registry.universe,
        [{"instrument": "HSC", "visit": 18202, "reason": "a" * 100_000}],
    )
    begin = time.process_time()
    extend_rules(registry, rule)
    assert classify_reasons(rows, read_rules(registry))["words"].to_pylist() == [[]]
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (ReasonRule("animals", "(elephant"), "is no regular expression: unclosed group.$"),
        (ReasonRule("animals", "(?=elephant)"), "look-ahead and look-behind, is not supported.$"),
        (ReasonRule("animals", "a{1000000000}"), "is no regular expression: .*size limit of"),
        (ReasonRule("animals", "a" * 200_000), "has 200,000 characters; at most 1,000"),
        *((ReasonRule("animals", one), "Every reason would match") for one in ("", " ", ".*", "x*", "a|")),
        (ReasonRule("a" * 61, "elephant"), "is no word for reasons"),
        (ReasonRule("animals\n", "elephant"), "is no word for reasons"),
        (ReasonRule("<b>", "x"), "is no word for reasons"),
        (ReasonRule("", "x"), "is no word for reasons"),
    ],
)
def test_what_is_no_rule(registry: Registry, rule: ReasonRule, fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        extend_rules(registry, rule)
    assert read_rules(registry) == CURATED_RULES


# A NUL is refused when the set is made: test_bounded.py has that.
@given(
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_characters="\0", codec="utf-8"))), max_size=5)
)
def test_any_text_survives(texts: list[str | None]) -> None:
    rows = [{"instrument": "HSC", "visit": n, "reason": text} for n, text in enumerate(texts)]
    if not rows:
        return
    kept = DataIdSet.from_table(UNIVERSE, rows)
    assert classify_reasons(kept)["reason"].to_pylist() == kept.table["reason"].to_pylist()
