"""How a set came to be: the rows and reasons of all that it was made from, kept and told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import workbench as wb
from workbench.errors import BadDataIdTableError, ReasonRequiredError, TooManyStepsError
from workbench.sets import DataIdSet, write_set_file

COSMOS = "instrument = 'HSC'"
CLOUDY, BLURRED, SHARP = 96860, 96862, 96908
Make = Callable[..., DataIdSet]


@pytest.fixture
def bench(any_uri: str) -> Iterator[wb.Bench]:
    """The twelve visits, on SQLite and on PostgreSQL."""
    with wb.open(any_uri) as bench:
        yield bench


@pytest.fixture
def here(butler_repo: Path) -> Iterator[wb.Bench]:
    """The twelve visits on SQLite, where the database plays no part."""
    with wb.open(butler_repo) as bench:
        yield bench


@pytest.fixture
def visits(here: wb.Bench) -> DataIdSet:
    return here.select("visit", COSMOS)


def _list(bench: wb.Bench, reasons: dict[int, str | None], role: wb.sets.Role = "exclude") -> DataIdSet:
    rows = [{"instrument": "HSC", "visit": visit, "reason": why} for visit, why in reasons.items()]
    return bench.make_set(rows, dimensions=["visit"], role=role)


def _told(bench: wb.Bench, rows: DataIdSet | str) -> set[tuple[object, ...]]:
    """What is told of each visit: its number, whether it is in, what was said, and why."""
    return {
        (row["visit"], row["included"], row["said"], row["reason"])
        for row in bench.sets.reasons(rows).to_pylist()
    }


def test_an_unnamed_exclusion_is_kept(bench: wb.Bench) -> None:
    bad = _list(bench, {CLOUDY: "clouds", BLURRED: "worst seeing"})
    saved = bench.save(bench.select("visit", COSMOS) - bad, "good", reason="two out", author="ana")
    selected, excluded = saved.provenance.parents
    assert saved.provenance.rule == f"({COSMOS}) - {excluded}"
    assert bench.load(excluded) == bad
    assert bench.load(excluded).provenance.author == "ana"
    assert len(bench.load(selected)) == 12
    assert bench.sets.list()["name"].to_pylist() == ["good"]
    assert bench.sets.history(excluded.partition("@")[0])["reason"].to_pylist() == ["a part of good"]
    expected = {(CLOUDY, False, "left out", "clouds"), (BLURRED, False, "left out", "worst seeing")}
    assert _told(bench, saved) == _told(bench, "good") == expected
    # A part is kept once, however often it is used.
    bench.save(bench.select("visit", COSMOS) - bad, "again", reason="the same", author="ana")
    assert bench.load("again").provenance.parents == saved.provenance.parents


def test_named_parts_are_named(bench: wb.Bench) -> None:
    bench.save(_list(bench, {CLOUDY: "clouds"}), "bad", reason="a list", author="ben")
    bench.save(bench.select("visit", COSMOS), "all", reason="all", author="ana")
    good = bench.save(bench.load("all") - bench.load("bad"), "good", reason="without", author="cleo")
    assert good.provenance.parents == ("all@1", "bad@1")
    (row,) = bench.sets.reasons("good").to_pylist()
    assert (row["by"], row["reason"], row["author"]) == ("bad@1", "clouds", "ben")
    # The reason stays that of the version that was taken away.
    bench.save(_list(bench, {CLOUDY: "the moon"}), "bad", reason="corrected")
    assert bench.sets.reasons("good").num_rows == 1


OUT = "left out"
ONE = {(CLOUDY, False, OUT, "b1"), (BLURRED, False, OUT, "b2")}
BOTH = ONE | {(BLURRED, False, OUT, "c1"), (SHARP, False, OUT, "c2")}
KEPT = {(CLOUDY, True, "taken in", "b1"), (BLURRED, True, "taken in", "b2")}
SPARED = {
    (CLOUDY, False, OUT, "b1"),
    (BLURRED, True, OUT, "b2"),
    (BLURRED, True, "taken in", "c1"),
    (SHARP, True, "taken in", "c2"),
}
OPERATIONS: dict[str, tuple[Make, set[tuple[object, ...]]]] = {
    "minus": (lambda a, b, c: a - b, ONE),
    "or": (lambda a, b, c: a | b, KEPT),
    "and": (lambda a, b, c: a & b, KEPT),
    "xor": (lambda a, b, c: a ^ b, ONE),
    "minus-or": (lambda a, b, c: a - (b | c), BOTH),
    "minus-minus": (lambda a, b, c: (a - b) - c, BOTH),
    "minus-spared": (lambda a, b, c: a - (b - c), SPARED),
    "complement": (lambda a, b, c: b.complement(a), ONE),
    "with-reason": (lambda a, b, c: (a - b).with_reason("new") - c.with_role("exclude"), BOTH),
}


def test_no_operation_loses_a_reason(here: wb.Bench, visits: DataIdSet) -> None:
    b = _list(here, {CLOUDY: "b1", BLURRED: "b2"}, "include")
    c = _list(here, {BLURRED: "c1", SHARP: "c2"}, "include")
    later = _list(here, {23682: "later"})
    for name, (combine, expected) in OPERATIONS.items():
        made = combine(visits, b, c)
        told = {row for row in _told(here, made) if row[3] != "new"}
        assert told == expected, name
        here.save(made, name, reason="test")
        assert _told(here, name) == _told(here, made), name
        # A version that is made of this one still tells it.
        here.save(here.load(name) - later, name, reason="one more")
        assert {row[2:] for row in expected} <= {row[2:] for row in _told(here, name)}, name


def test_what_was_converted_keeps_its_reasons(here: wb.Bench, visits: DataIdSet) -> None:
    exposures = _list(here, {CLOUDY: "clouds"}).to_exposures().table.to_pylist()
    bad = here.make_set(exposures, dimensions=["exposure"], role="exclude")
    here.save(visits - bad, "good", reason="by exposure")
    assert _told(here, "good") == {(CLOUDY, False, "left out", "clouds")}
    here.save(bad.to_visits(), "bad", reason="as visits")
    assert here.load(here.load("bad").provenance.parents[0]) == bad
    chips = here.make_set([{"instrument": "HSC", "detector": 42, "reason": "dead"}], dimensions=["detector"])
    pairs = visits.expand("detector") - chips.with_role("exclude")
    here.save(pairs - _list(here, {BLURRED: "worst seeing"}), "pairs", reason="test")
    told = {(r["visit"], r["detector"], r["reason"]) for r in here.sets.reasons("pairs").to_pylist()}
    assert told == {(None, 42, "dead"), (BLURRED, None, "worst seeing")}


def test_a_difference_says_why_and_who(bench: wb.Bench) -> None:
    visits = bench.select("visit", COSMOS)
    bench.save(visits - _list(bench, {CLOUDY: "clouds"}), "good", reason="first", author="ana")
    both = _list(bench, {CLOUDY: "haze", BLURRED: "worst seeing"})
    bench.save(visits - both, "good", reason="second", author="ben")
    changes = {row["visit"]: row for row in bench.sets.diff("good@1", "good@2").to_pylist()}
    assert set(changes) == {CLOUDY, BLURRED}
    removed, corrected = changes[BLURRED], changes[CLOUDY]
    assert (removed["change"], removed["reason_after"], removed["author_after"]) == (
        "removed",
        "worst seeing",
        "ben",
    )
    assert (corrected["change"], corrected["reason_before"], corrected["reason_after"]) == (
        "still out",
        "clouds",
        "haze",
    )
    assert (corrected["author_before"], corrected["author_after"]) == ("ana", "ben")
    back = {row["visit"]: row for row in bench.sets.diff("good@2", "good@1").to_pylist()}
    assert (back[BLURRED]["change"], back[BLURRED]["reason_before"]) == ("added", "worst seeing")


def test_restoring_keeps_how_it_came_to_be(here: wb.Bench, visits: DataIdSet) -> None:
    here.save(visits - _list(here, {CLOUDY: "clouds"}), "good", reason="first")
    here.save(visits, "good", reason="all after all")
    restored = here.sets.restore("good@1", reason="no")
    assert restored.provenance.parents == ("good@1", "good@2")
    assert _told(here, "good@3") == {(CLOUDY, False, "left out", "clouds")}


@pytest.mark.parametrize("suffix", ["json", "ecsv", "parquet"])
def test_files_keep_what_a_set_was_made_from(
    butler_repo: Path, visits: DataIdSet, here: wb.Bench, tmp_path: Path, suffix: str
) -> None:
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    here.save(_list(here, {SHARP: "listed"}), "bad", reason="a list", author="ben")
    good = visits - (_list(here, {CLOUDY: "clouds"}) | _list(here, {BLURRED: "blur"})) - here.load("bad")
    file = tmp_path / f"good.{suffix}"
    write_set_file(good, file)
    assert _told(here, here.read_set(file)) == _told(here, good)
    here.save(good, "good", reason="test", author="ana")
    write_set_file(here.load("good"), file)
    with wb.open(theirs) as other:
        read = other.save(other.read_set(file), "good", reason="came by mail", author="dora")
        assert read == good
        unnamed = {row for row in _told(here, "good") if row[0] != SHARP}
        assert len(unnamed) == 2
        assert _told(other, "good") == unnamed
        assert {row["author"] for row in other.sets.reasons("good").to_pylist()} == {"ana"}
        # What has a name is found by its content, whatever its number is there.
        other.save(_list(other, {23682: "another"}), "bad", reason="another list")
        assert _told(other, "good") == unnamed
        other.save(_list(other, {SHARP: "listed"}), "bad", reason="their list too")
        assert _told(other, "good") == _told(here, "good")


def test_a_damaged_record_in_a_file_is_a_sentence(here: wb.Bench, tmp_path: Path) -> None:
    rows = '"dataIds": [{"instrument": "HSC", "visit": 96860}]'
    for damage in (
        '"steps": "-"',
        '"steps": []',
        '"steps": ["-", 5]',
        '"steps": ' + '["x", ' * 150 + '"a"' + "]" * 150,
        '"parts": []',
        '"parts": {"a": 5}',
        '"steps": ["-", "a"], "parts": {"a": {"rows": [{"visit": 1}], "dimensions": 7}}',
    ):
        (tmp_path / "odd.json").write_text(f"{{{damage}, {rows}}}")
        with pytest.raises(BadDataIdTableError):
            here.read_set(tmp_path / "odd.json")


def test_a_set_of_another_repository_comes_with_its_rows(
    butler_repo: Path, here: wb.Bench, visits: DataIdSet, tmp_path: Path
) -> None:
    here.save(_list(here, {CLOUDY: "clouds"}), "bad", reason="a list", author="ben")
    theirs = Path(shutil.copytree(butler_repo, tmp_path / "theirs"))
    here.save(_list(here, {BLURRED: "blur"}), "bad", reason="corrected", author="ben")
    with wb.open(theirs) as other:
        other.save(other.select("visit", COSMOS) - here.load("bad@1"), "one", reason="test")
        assert other.load("one").provenance.parents[1] == "bad@1"
        other.save(other.select("visit", COSMOS) - here.load("bad@2"), "two", reason="test")
        assert _told(other, "two") == {(BLURRED, False, "left out", "blur")}
        assert {row["author"] for row in other.sets.reasons("two").to_pylist()} == {"ben"}


def test_steps_without_end_are_refused_and_lists_are_not(here: wb.Bench, visits: DataIdSet) -> None:
    # A loop over files is one step of many operands.
    rows = visits
    for number in range(300):
        rows = rows - _list(here, {CLOUDY: f"list {number}"})
    saved = here.save(rows, "many", reason="test")
    assert len(saved.provenance.parents) == 301
    for number in range(60):
        rows = (rows | _list(here, {CLOUDY: f"in {number}"}, "include")) - _list(here, {CLOUDY: "out"})
    with pytest.raises(TooManyStepsError, match="Save it once in between"):
        here.save(rows, "many", reason="test")


@pytest.mark.parametrize("reason", ["", "  ", "\n", None])
def test_a_reason_is_required(here: wb.Bench, visits: DataIdSet, reason: str) -> None:
    with pytest.raises(ReasonRequiredError, match="Say why 'good' is saved"):
        here.save(visits, "good", reason=reason)
    here.save(visits, "good", reason="first")
    with pytest.raises(ReasonRequiredError, match="restored"):
        here.sets.restore("good@1", reason=reason)
    with pytest.raises(ReasonRequiredError, match="published"):
        here.publish(here.load("good"), "HSC/raw/x", chain="HSC/raw", reason=reason)
