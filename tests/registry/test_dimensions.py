"""Declarations of dynamic dimensions, and the text that they make of a universe."""

from __future__ import annotations

import itertools
import json

import pytest
from lsst.daf.butler import DimensionConfig, DimensionUniverse

from workbench.errors import DimensionError
from workbench.registry.dimensions.dynamic import DynamicDimension, check_dimensions, read_dynamic_dimensions
from workbench.registry.dimensions.universe_text import extend_text, list_dimensions, read_base_version

PAIR = DynamicDimension("pair", "int", parent="instrument", relations=("visit",), doc="Two visits.")
SUBSET = DynamicDimension("subset", "string", relations=("visit", "exposure"))
SWEEP = DynamicDimension("sweep", "string", parent="pair")


@pytest.fixture(scope="module")
def base() -> str:
    """The Butler's own dimensions."""
    text = DimensionConfig().dump(format="json")
    assert text is not None
    return text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("select", "a word of SQL"),
        ("order", "a word of SQL"),
        ("user", "a word of SQL"),
        ("values", "a word of SQL"),
        ("lambda", "a word of SQL, Python"),
        ("overlaps", "a word of SQL, Python or the Butler's"),
        ("run", "a word of SQL, Python or the Butler's"),
        ("Pair", "lower-case"),
        ("2pair", "lower-case"),
        ("pa ir", "lower-case"),
        ("pair;drop", "lower-case"),
        ("p" * 25, "at most 24"),
        ("", "lower-case"),
    ],
)
def test_a_bad_name_is_refused_with_a_sentence(name: str, says: str) -> None:
    with pytest.raises(DimensionError, match=says):
        DynamicDimension(name, "int")


def test_a_bad_key_or_relation_is_refused() -> None:
    with pytest.raises(DimensionError, match="'int' or 'string'"):
        DynamicDimension("pair", "float")  # type: ignore[arg-type]
    with pytest.raises(DimensionError, match="twice"):
        DynamicDimension("pair", "int", relations=("visit", "visit"))


@pytest.mark.parametrize(
    ("dimensions", "says"),
    [
        ([DynamicDimension("visit", "int")], "'visit' collides with"),
        ([DynamicDimension("visit_definition", "int")], "'visit_definition' collides with"),
        ([DynamicDimension("htm7", "int")], "'htm7' collides with"),
        ([DynamicDimension("pair", "int", parent="telescope")], "'telescope', which is no dimension here"),
        ([DynamicDimension("pair", "int", relations=("htm7",))], "'htm7', which is no dimension here"),
        ([DynamicDimension("pair", "int", relations=("visit_definition",))], "no dimension here"),
        ([DynamicDimension("pair", "int", parent="pair")], "refers to itself"),
        ([DynamicDimension("pair", "int", parent="visit", relations=("visit",))], "both as its parent"),
        ([PAIR, DynamicDimension("pair", "string")], "'pair' is declared twice"),
        (
            [DynamicDimension("aa", "int", parent="bb"), DynamicDimension("bb", "int", relations=("aa",))],
            "aa and bb refer to each other",
        ),
        (
            [PAIR, DynamicDimension("pair_visit_membership", "int")],
            "'pair_visit_membership' would be made twice",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(dimensions: list[DynamicDimension], says: str) -> None:
    with pytest.raises(DimensionError, match=says) as caught:
        check_dimensions(dimensions, DimensionUniverse())
    assert str(caught.value).startswith("Nothing was changed: ")


def test_all_faults_are_listed() -> None:
    with pytest.raises(DimensionError, match=r"'visit' collides.*'exposure' collides"):
        check_dimensions(
            [DynamicDimension("visit", "int"), DynamicDimension("exposure", "int")], DimensionUniverse()
        )


def test_the_universe_knows_what_was_added(base: str) -> None:
    text = extend_text(base, [SWEEP, SUBSET, PAIR])
    universe = DimensionUniverse(DimensionConfig(json.loads(text)))
    assert set(read_dynamic_dimensions(universe)) == {"pair", "subset", "sweep"}
    assert read_dynamic_dimensions(universe)["pair"] == PAIR
    assert list_dimensions(text) == [*read_dynamic_dimensions(universe).values()]
    assert list(universe.dimensions["sweep"].required.names) == ["instrument", "pair", "sweep"]
    assert universe["pair_visit_membership"].alwaysJoin
    assert universe["pair_visit_membership"].populated_by == universe["pair"]
    assert list(universe["subset_exposure_membership"].required.names) == ["instrument", "subset", "exposure"]
    assert universe.dimensions["subset"].primary_key.type == "string"
    assert read_dynamic_dimensions(DimensionUniverse()) == {}
    # What the Butler had is where it was, in the order in which it was.
    before = [name for name in DimensionUniverse().dimensions.names if name != "sweep"]
    assert [name for name in universe.dimensions.names if name in before] == before


def test_nothing_added_is_the_text_itself(base: str) -> None:
    assert extend_text(base, []) is base
    assert list_dimensions(base) == []
    assert read_base_version(extend_text(base, [PAIR])) == read_base_version(base) == 8


def test_the_version_comes_of_the_content_alone(base: str) -> None:
    """Universes are cached by version: equal contents share one, and different ones never do."""
    three = [PAIR, SUBSET, SWEEP]
    texts = {extend_text(base, order) for order in itertools.permutations(three)}
    assert len(texts) == 1
    several = [
        [PAIR],
        [SUBSET],
        [PAIR, SUBSET],
        [DynamicDimension("pair", "string", parent="instrument", relations=("visit",))],
        [DynamicDimension("pair", "int", parent="instrument")],
        [DynamicDimension("pair", "int", relations=("visit",))],
        [DynamicDimension("pairs", "int", parent="instrument", relations=("visit",))],
        [DynamicDimension("pair", "int", parent="instrument", relations=("visit",), doc="Others.")],
    ]
    versions = [json.loads(extend_text(base, dimensions))["version"] for dimensions in several]
    assert len(set(versions)) == len(several)
    # Kept by readers of JSON that know doubles alone, and far from the Butler's own.
    assert all(2**52 <= version < 2**53 for version in versions)


def test_a_configuration_that_the_butler_cannot_store_is_refused(base: str) -> None:
    many = [DynamicDimension(f"dim{number}", "int", doc="x" * 500) for number in range(80)]
    with pytest.raises(DimensionError, match="stores at most 65535"):
        extend_text(base, many)
