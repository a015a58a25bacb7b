"""Why a set that a condition asks for has a data ID, or leaves it out: quoted where one asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import workbench as wb

HSC = "instrument = 'HSC'"
CLOUDY, BLURRED, SHARP = 96860, 96862, 96908


@pytest.fixture
def bench(any_uri: str) -> Iterator[wb.Bench]:
    """A set whose second version leaves a visit out by a named list, and one by a list that nobody named."""
    with wb.open(any_uri) as bench:

        def listed(visit: int, reason: str) -> wb.sets.DataIdSet:
            rows = [{"instrument": "HSC", "visit": visit, "reason": reason}]
            return bench.make_set(rows, dimensions=["visit"], role="exclude", source="the logbook")

        bench.save(bench.select("visit", HSC), "all", reason="all", author="ana")
        bench.save(bench.load("all"), "good", reason="first", author="ana")
        bench.save(listed(CLOUDY, "clouds"), "bad", reason="seen", author="ben")
        bench.save(bench.load("good") - bench.load("bad"), "good", reason="second", author="cleo")
        bench.save(
            bench.load("good") - listed(BLURRED, "worst seeing"), "good", reason="third", author="dora"
        )
        yield bench


def test_why_not_quotes_the_reasons_of_sets(bench: wb.Bench) -> None:
    where = f"{HSC} AND in_set('good')"
    cloudy, blurred, sharp = bench.why_not("visit", where, visit=[CLOUDY, BLURRED, SHARP]).splitlines()
    assert "was dropped by \"in_set('good')\"" in cloudy
    assert "good@3 leaves it out, since good@2, which was made from good@1 where it is." in cloudy
    assert "bad@1, by ben, " in cloudy
    assert ": left out, 'clouds'." in cloudy
    assert "good@3 leaves it out, since good@3, which was made from good@2 where it is." in blurred
    assert "the logbook, by dora, " in blurred
    assert "left out, 'worst seeing'." in blurred
    assert sharp == f"visit={SHARP} is selected."


def test_binds_versions_and_several_sets(bench: wb.Bench) -> None:
    (told,) = bench.sets.recount(
        "in_set(mine)", {"instrument": "HSC", "visit": CLOUDY}, bind={"mine": "good@2"}
    )
    assert told.startswith("good@2 leaves it out, since good@2")
    assert bench.sets.recount("in_set('good@1')", {"instrument": "HSC", "visit": CLOUDY}) == []
    both = "in_set('good') OR in_set('bad')"
    one, other = bench.sets.recount(both, {"visit": CLOUDY})
    assert one.startswith("good@3 leaves it out")
    assert other.startswith("bad@1 has it, since bad@1")
    assert "'clouds'" in other
    # A detector is no part of a set of visits, and a visit is not out for good because of one.
    assert bench.sets.recount("in_set('good')", {"instrument": "HSC", "detector": 42}) == []
