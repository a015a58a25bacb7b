"""Tables of ours that were dropped by hand: the advice is followed, and nothing wrong is made after it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import workbench as wb
from workbench.bench import Bench
from workbench.errors import MissingTableError
from workbench.groupings import folds
from workbench.registry import open_registry
from workbench.registry.tables.wholeness import advise_missing

HSC = "instrument = 'HSC'"
FIXED = ["alembic_version", "declaration", "commit", "reserved_name"]
DECLARED = ["set_versions", "set_rows_instrument_visit", "groupings", "grouped_visit", "annotations"]


@pytest.fixture
def filled(any_uri: str) -> str:
    """A set of two versions, a grouping and a note, on SQLite and on PostgreSQL."""
    with wb.open(any_uri) as bench:
        bad = bench.make_set([{"instrument": "HSC", "visit": 96860, "reason": "clouds"}], role="exclude")
        bench.save(bench.select("visit", HSC), "good", reason="all")
        bench.save(bench.load("good") - bad, "good", reason="less one")
        bench.group("halves", bench.load("good"), folds(2, seed=1), sets=False)
        bench.annotate({"instrument": "HSC", "visit": 96860}, "clouds", flag="bad")
    return any_uri


def _drop(uri: str, name: str, *, is_view: bool = False) -> None:
    with wb.open(uri) as bench, bench.registry.transaction() as connection:
        naming = bench.registry._database.naming
        to_name = naming.fixed if name in FIXED else naming.current if is_view else naming.extension
        table = f"{naming.schema}.{to_name(name)}" if naming.schema else to_name(name)
        cascade = " CASCADE" if naming.schema else ""
        connection.exec_driver_sql(f"DROP {'VIEW' if is_view else 'TABLE'} {table}{cascade}")


def _walk(bench: wb.Bench) -> None:
    """Save, load, select, group and annotate: each right, whatever was there before."""
    visits = bench.select("visit", f"{HSC} AND band = 'i'")
    saved = bench.save(visits, "good", reason="again")
    assert bench.load(saved.label) == bench.load("good") == visits
    assert len(bench.select("visit", f"{HSC} AND in_set('good')")) == len(visits)
    bad = bench.make_set([{"instrument": "HSC", "visit": visits.keys["visit"][0].as_py(), "reason": "haze"}])
    less = bench.save(visits - bad.with_role("exclude"), "good", reason="less one")
    assert [row["reason"] for row in bench.sets.reasons(less.label).to_pylist()] == ["haze"]
    grouping = bench.group("halves", bench.load("good"), folds(2, seed=2), sets=False)
    assert bench.groupings.load(grouping.label).relation == grouping.relation
    bench.annotate({"instrument": "HSC", "visit": 96860}, "again", flag="bad")
    assert len(bench.select("visit", f"{HSC} AND annotations.flag = 'bad'")) == 1
    assert bench.campaigns.list().num_rows == 0


@contextlib.contextmanager
def _opened(uri: str) -> Iterator[Bench]:
    """As doctor opens it."""
    with Bench(open_registry(uri)) as bench:
        yield bench


@pytest.mark.parametrize(
    ("name", "is_view"),
    [*((name, False) for name in [*FIXED, *DECLARED]), *((name, True) for name in DECLARED)],
)
def test_the_advice_of_doctor_can_be_followed(filled: str, name: str, is_view: bool, tmp_path: Path) -> None:
    _drop(filled, name, is_view=is_view)
    with _opened(filled) as bench:
        missing = bench.campaigns.examine().missing_tables
        assert missing
        advice = advise_missing(missing)
        if name in FIXED[:2]:
            assert "--recreate" not in advice
            with pytest.raises(MissingTableError, match="--sidecar DIRECTORY"):
                bench.sets.list()
            with pytest.raises(MissingTableError, match="--sidecar DIRECTORY"):
                bench.registry.wholeness.recreate()
        else:
            assert "--recreate" in advice
            assert len(bench.registry.wholeness.recreate()) == len(missing)
            assert bench.campaigns.examine().missing_tables == ()
    sidecar = re.search("--sidecar", advice) and str(tmp_path / "sidecar")
    with wb.open(filled, sidecar=sidecar or None) as bench:
        _walk(bench)


def test_rows_that_are_gone_are_no_empty_set(filled: str) -> None:
    _drop(filled, "set_rows_instrument_visit")
    _drop(filled, "grouped_visit")
    with _opened(filled) as bench:
        bench.registry.wholeness.recreate()
        for ask in (
            lambda: bench.load("good"),
            lambda: bench.select("visit", f"{HSC} AND in_set('good@1')"),
            lambda: bench.groupings.load("halves"),
        ):
            with pytest.raises(MissingTableError, match="made again"):
                ask()  # type: ignore[no-untyped-call]


def test_numbers_of_versions_are_not_given_out_twice(filled: str) -> None:
    _drop(filled, "set_versions")
    _drop(filled, "groupings")
    with _opened(filled) as bench:
        bench.registry.wholeness.recreate()
        visits = bench.save(bench.select("visit", HSC), "good", reason="again")
        assert visits.label == "good@3"
        assert bench.group("halves", visits, folds(2, seed=1), sets=False).label == "halves@2"
