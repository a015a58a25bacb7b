"""Records page by page: the same in every order, by every way to the database."""

from __future__ import annotations

import pyarrow as pa
import pytest

from workbench.bench import Bench
from workbench.errors import ExpressionError, UnknownNameError
from workbench.snapshot import _butler_schema, paging


@pytest.fixture(params=["bench", pytest.param("postgres_bench", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Bench:
    found: Bench = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def public_bench(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose tables are those of a release that nobody has checked."""
    monkeypatch.setattr(_butler_schema, "_CHECKED", {"dimensions": ("Another", frozenset())})
    return bench


ORDERS = ["", "exposure_time", "-exposure_time", "-band", "day_obs", "-timespan_begin", "visit", "-visit"]
WHERES = ["", "instrument = 'HSC' AND exposure_time > 100", "metrics.psf_fwhm < 0.9"]


def pages_of(bench: Bench, where: str, order: str, size: int) -> pa.Table:
    total = bench.dimensions.count("visit", where)
    parts = [
        bench.dimensions.records("visit", where, limit=size, offset=offset, order_by=order)
        for offset in range(0, total, size)
    ]
    assert [part.num_rows for part in parts[:-1]] == [size] * (len(parts) - 1)
    return pa.concat_tables(parts)


def check_pages(bench: Bench, where: str) -> None:
    whole = bench.dimensions.records("visit", where)
    assert bench.dimensions.count("visit", where) == whole.num_rows
    for order in ORDERS:
        paged = pages_of(bench, where, order, 5)
        assert paged.schema == whole.schema
        assert sorted(paged["visit"].to_pylist()) == whole["visit"].to_pylist()
        assert paged.sort_by([("instrument", "ascending"), ("visit", "ascending")]).equals(whole)
        column = order.removeprefix("-") or "visit"
        values = paged[column].to_pylist()
        assert values == sorted(values, reverse=order.startswith("-"))
        if column != "visit":
            # Where the column is equal, the key decides, always upwards.
            keys = list(zip(values, paged["visit"].to_pylist(), strict=True))
            assert all(
                keys[n][1] < keys[n + 1][1]
                for n in range(11)
                if n + 1 < len(keys) and keys[n][0] == keys[n + 1][0]
            )


@pytest.mark.parametrize("where", WHERES)
def test_pages_make_the_whole_in_every_order(place: Bench, where: str) -> None:
    check_pages(place, where)


def test_pages_are_the_same_by_the_public_interface(public_bench: Bench) -> None:
    for where in WHERES[:2]:
        check_pages(public_bench, where)


@pytest.mark.parametrize("where", ["", "instrument = 'HSC' AND detector IN (42, 49)"])
def test_a_page_is_cut_by_the_database(bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    read: list[int] = []
    original = paging.read_dimension_records

    def count(*args: object, **options: object) -> pa.Table:
        found: pa.Table = original(*args, **options)  # type: ignore[arg-type]
        read.append(found.num_rows)
        return found

    monkeypatch.setattr(paging, "read_dimension_records", count)
    page = bench.dimensions.records("visit_detector_region", where, limit=5, offset=18)
    assert page.num_rows == 5
    assert read == [5]
    assert page.equals(bench.dimensions.records("visit_detector_region", where).slice(18, 5))


@pytest.mark.parametrize("where", WHERES)
def test_keys_that_were_read_once_give_the_same_pages(bench: Bench, where: str) -> None:
    for order in ORDERS:
        keys = bench.dimensions.record_keys("visit", where, order_by=order)
        assert keys.column_names == ["instrument", "visit"]
        page = bench.dimensions.records("visit", keys=keys, limit=3, offset=2)
        assert page.equals(bench.dimensions.records("visit", where, limit=3, offset=2, order_by=order))
    assert bench.dimensions.check_where("visit", where) == ("metrics" not in where)


def test_what_cannot_be_sorted_by_is_named(bench: Bench) -> None:
    for where in ("", "metrics.psf_fwhm < 0.9"):
        with pytest.raises(UnknownNameError, match=r"'seing'.*exposure_time"):
            bench.dimensions.records("visit", where, order_by="-seing", limit=3)
    with pytest.raises(UnknownNameError, match="region"):
        bench.dimensions.records("visit", order_by="region", limit=3)


@pytest.mark.parametrize("where", ["bnad = 'i'", "band = ", "band = 3", "seq_num = 'x'"])
def test_what_is_wrong_with_an_expression_is_pointed_at(bench: Bench, where: str) -> None:
    for read in (bench.dimensions.count, bench.dimensions.records):
        with pytest.raises(ExpressionError):
            read("visit", where)


def test_pages_beyond_the_end_are_empty(bench: Bench) -> None:
    assert bench.dimensions.records("visit", limit=5, offset=100).num_rows == 0
    assert (
        bench.dimensions.records("visit", limit=5, offset=100).schema
        == bench.dimensions.records("visit").schema
    )
    assert bench.dimensions.count("visit", "band = 'y'") == 0
