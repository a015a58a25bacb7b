"""Constraints by sets: of visits and of exposures, related once."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import workbench as wb
from workbench.graph import Constraint, Mode, Scope, resolve_expression, resolve_set
from workbench.sets import DataIdSet
from workbench.snapshot import Relations, RepositoryRelations, relations

CONSTRAINT = Constraint("some", Mode.INCLUDE, Scope.GRAPH)


@pytest.fixture
def bench(butler_repo: Path) -> Iterator[wb.Bench]:
    with wb.open(butler_repo) as bench:
        yield bench


def _rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return sorted(frame.rows())


@pytest.mark.parametrize("more", [(), ("detector",)])
@pytest.mark.parametrize(("source", "target"), [("visit", "exposure"), ("exposure", "visit")])
def test_both_forms_and_their_links_are_of_one_relation(
    bench: wb.Bench, source: str, target: str, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a conversion and an expansion give, of a repository that is opened once and asked once."""
    rows = bench.select([source, *more], "instrument = 'HSC'")
    converted = rows.to_exposures() if target == "exposure" else rows.to_visits()
    expanded = rows.expand(target)
    opened = []
    open_butler = relations.open_butler

    def count(uri: str) -> Any:
        opened.append(uri)
        return open_butler(uri)

    monkeypatch.setattr(relations, "open_butler", count)
    resolved = resolve_set(CONSTRAINT, rows, frozenset())
    assert len(opened) == 1
    (own, own_keys), (other, other_keys) = resolved.forms
    assert (own, other) == (rows.dimensions, converted.dimensions)
    assert _rows(own_keys) == _rows(_frame(rows))
    assert other_keys.columns == _frame(converted).columns
    assert other_keys.rows() == _frame(converted).rows()
    assert resolved.links is not None
    assert _rows(resolved.links) == _rows(_frame(expanded))
    assert resolved.links.height == len(rows) > 11


def test_a_set_of_both_or_of_neither_has_one_form(bench: wb.Bench) -> None:
    for names in (["visit", "exposure"], ["tract"], ["detector"]):
        resolved = resolve_set(CONSTRAINT, bench.select(names, "instrument = 'HSC'"), frozenset())
        assert len(resolved.forms) == 1
        assert resolved.links is None


@pytest.mark.parametrize("names", [("visit",), ("exposure",), ("visit", "detector"), ("visit", "tract")])
def test_frames_and_the_repository_relate_alike(bench: wb.Bench, names: tuple[str, ...]) -> None:
    """One function answers for both; for anything else than exposures of visits only the repository does."""
    rows = bench.select(names, "instrument = 'HSC'")
    target = rows.dimensions | bench.butler.dimensions.conform(["visit", "exposure"])
    held, asked = Relations.read(bench.butler), RepositoryRelations(bench.uri)
    one, other = (each.related(rows.keys, rows.dimensions, target) for each in (held, asked))
    assert one is not None
    assert other is not None
    assert one.schema.names == other.schema.names
    assert sorted(map(str, one.to_pylist())) == sorted(map(str, other.to_pylist()))
    assert held.related(rows.keys, rows.dimensions, target, ["day_obs"]) is None
    days = asked.related(rows.keys, rows.dimensions, target, ["day_obs"])
    assert days is not None
    assert days.num_rows == len(rows)


def test_thousands_of_conditions_are_resolved_as_one(bench: wb.Bench) -> None:
    """Alike as a list, in seconds, and told as one where few are told one by one."""
    first, *rest = sorted(bench.select("visit", "instrument = 'HSC'").keys["visit"].to_pylist())
    numbers = [*range(2000), first]
    where = " AND ".join(["band = 'i'", *(f"visit != {number}" for number in numbers), "instrument = 'HSC'"])
    begin = time.process_time()
    found = resolve_expression(bench.registry, dataclasses.replace(CONSTRAINT, where=where), frozenset())
    assert time.process_time() - begin < 20
    assert [one.name for one in found] == [
        "band = 'i'",
        f"visit != 0 AND ... AND visit != {first} (2,001 conditions)",
        "instrument = 'HSC'",
    ]
    (dimensions, keys), *_ = found[1].forms
    assert dimensions.required == bench.butler.dimensions.conform(["visit"]).required
    assert keys["visit"].sort().to_list() == rest
    few = "instrument = 'HSC' AND visit != 1 AND visit != 2"
    some = dataclasses.replace(CONSTRAINT, where=few)
    assert len(resolve_expression(bench.registry, some, frozenset())) == 3


def _frame(rows: DataIdSet) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(rows.keys))
