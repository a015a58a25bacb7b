"""Extension tables under another name, and tables that lists leave out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

import workbench as wb
from tests.cli.conftest import workbench
from workbench.errors import (
    BadNameError,
    DeclarationError,
    ExpressionError,
    MissingTableError,
    ReasonRequiredError,
    UnknownTableError,
)
from workbench.query import attach_columns
from workbench.registry import Column, TableDeclaration
from workbench.registry.tables.renames import Aliases

LOG = TableDeclaration(
    "log",
    (Column("seeing", "float", "arcsec"), Column("remark", "str"), Column("gone", "bool")),
    dimensions=("instrument", "visit"),
    current="latest",
    tombstone="gone",
)
SLIPPED_IN = ("visit", "Night Log..", "A" * 50)
"""What no release would make any more: the records of a dimension, and other forms than a name has."""

_DROP = {
    "sqlite": "DROP TABLE wb_x_renames",
    "postgresql": "DROP TABLE wb_hsc_repo.x_renames CASCADE",
}


def _let_in(bench: wb.Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make a table with a row, in a database that has its name already."""
    with monkeypatch.context() as earlier:
        earlier.setattr("workbench.registry.tables.declarations.find_name_fault", lambda name, universe: "")
        table = bench.registry.declare(LOG.called(name))
    table.append([{"instrument": "HSC", "visit": 18202, "seeing": 0.5, "remark": "clear"}])


@pytest.fixture
def bench(any_repo: Path) -> Iterator[wb.Bench]:
    """A bench on SQLite and on PostgreSQL."""
    with wb.open(any_repo) as bench:
        yield bench


def _names(bench: wb.Bench) -> list[str]:
    return bench.tables.list()["name"].to_pylist()


def _visits(bench: wb.Bench, where: str) -> list[int]:
    return bench.select("visit", f"instrument = 'HSC' AND {where}").table["visit"].to_pylist()


@pytest.mark.parametrize("bad", SLIPPED_IN)
def test_what_slipped_in_is_renamed(bench: wb.Bench, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    with pytest.raises(DeclarationError):
        bench.tables.declare(LOG.called(bad))
    _let_in(bench, monkeypatch, bad)
    assert bad in _names(bench)
    before = bench.tables.find(bad).read()
    bench.tables.rename(bad, "night_log", reason="no condition can name it")
    assert "night_log" in _names(bench)
    assert bad not in _names(bench)
    for name in (bad, "night_log"):
        assert bench.tables.find(name).declaration == LOG.called("night_log")
        assert bench.tables.find(name).read() == before
    assert _visits(bench, "night_log.seeing < 1") == [18202]

    # It goes on by the new name: rows, their history, later versions, and the end.
    table = bench.tables.find(bad)
    assert table.upsert([{"instrument": "HSC", "visit": 18202, "seeing": 2.0}]) == 1
    assert _visits(bench, "night_log.seeing < 1") == []
    assert bench.tables.find("night_log").count(current=False) == 2
    columns = (Column("fwhm", "float", "arcsec"), *LOG.columns[1:])
    later = dataclasses.replace(LOG, name="night_log", columns=columns, version=2)
    bench.tables.migrate(later, rename={"seeing": "fwhm"})
    assert _visits(bench, "night_log.fwhm > 1") == [18202]
    assert [version.name for version, _ in bench.registry.declarations(bad)] == ["night_log"] * 2
    assert bench.registry.declare(later).count() == 1
    assert not bench.registry.wholeness.find_missing()
    bench.tables.find("night_log").drop()
    for name in (bad, "night_log"):
        with pytest.raises(UnknownTableError):
            bench.tables.find(name)
    assert bench.tables.declare(dataclasses.replace(LOG, name="night_log")).count() == 0


def test_every_name_that_it_had_finds_it(bench: wb.Bench) -> None:
    bench.tables.declare(LOG).append([{"instrument": "HSC", "visit": 18202, "seeing": 0.5}])
    bench.tables.rename("log", "log_of_nights", reason="test")
    bench.tables.rename("log_of_nights", "observers", reason="test")
    for name in ("log", "log_of_nights", "observers"):
        assert _visits(bench, f"{name}.seeing < 1 AND {name}.visit > 0") == [18202]
        visits = bench.select("visit", "instrument = 'HSC'")
        found = attach_columns(bench.registry, visits, [f"{name}.seeing"])[f"{name}.seeing"]
        assert found.drop_null().to_pylist() == [0.5]
    with pytest.raises(ExpressionError, match=r"There are: observers\.instrument"):
        _visits(bench, "log.seeimg < 1")
    assert bench.tables.declare(LOG).declaration.name == "observers"
    more = dataclasses.replace(LOG, columns=(*LOG.columns, Column("more", "int")), version=2)
    for change in (bench.tables.declare, bench.tables.migrate):
        with pytest.raises(BadNameError, match="is called 'observers' now"):
            change(more)
    bench.tables.rename("observers", "log_of_nights", reason="an earlier name is its own")
    bench.tables.rename("log", "log", reason="as it was")
    assert "log" in _names(bench)
    assert bench.tables.declare(more).declaration.version == 2


def test_names_that_are_taken_or_unknown(bench: wb.Bench) -> None:
    bench.tables.declare(LOG)
    bench.tables.declare(dataclasses.replace(LOG, name="other"))
    bench.tables.rename("other", "another", reason="test")
    for new_name in ("other", "another", "annotations", "visit", "A", "a-b", "y" * 61, ""):
        with pytest.raises(BadNameError):
            bench.tables.rename("log", new_name, reason="test")
    with pytest.raises(UnknownTableError, match=r"there are .*another"):
        bench.tables.rename("none", "some", reason="test")
    with pytest.raises(ReasonRequiredError):
        bench.tables.rename("log", "some", reason=" ")
    for own in ("annotations", "renames"):
        with pytest.raises(DeclarationError, match="kept by the workbench itself"):
            bench.tables.hide(own, reason="test")


def test_what_is_hidden_is_still_found(bench: wb.Bench) -> None:
    bench.tables.declare(LOG).append([{"instrument": "HSC", "visit": 18202, "seeing": 0.5}])
    bench.tables.hide("log", reason="a mistake")
    assert "log" not in _names(bench)
    assert not any(name.startswith("log.") for name in bench.dimensions.columns("visit"))
    assert _visits(bench, "log.seeing < 1") == [18202]
    bench.tables.hide("log", reason="no mistake", hidden=False)
    assert "log" in _names(bench)
    assert "log.seeing" in bench.dimensions.columns("visit")


def test_longest_name_has_an_index_of_its_own(bench: wb.Bench) -> None:
    column = Column("c" * 60, "dataset")
    for end in "ab":
        name = "t" * 59 + end
        table = bench.tables.declare(dataclasses.replace(LOG, name=name, columns=(*LOG.columns, column)))
        assert table.append([{"instrument": "HSC", "visit": 18202}]) == 1


def test_by_command(bench: wb.Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _let_in(bench, monkeypatch, "Night Log..")
    workbench("tables", "rename", bench.uri, "Night Log..", "night_log", "--reason", "nobody can type it")
    assert "0.5" in workbench("tables", "rows", bench.uri, "Night Log..").output
    where = "instrument = 'HSC' AND night_log.seeing < 1"
    assert "18202" in workbench("query", bench.uri, "visit", "--where", where).output
    workbench("tables", "hide", bench.uri, "night_log", "--reason", "a mistake")
    assert "night_log" not in workbench("tables", "list", bench.uri).output
    assert "night_log" not in workbench("info", bench.uri).output
    workbench("tables", "hide", bench.uri, "night_log", "--show", "--reason", "no mistake")
    assert "night_log" in workbench("tables", "list", bench.uri).output


def test_doctor_goes_on_where_the_new_names_are_gone(bench: wb.Bench) -> None:
    bench.tables.declare(LOG).append([{"instrument": "HSC", "visit": 18202, "seeing": 0.5}])
    bench.tables.rename("log", "observers", reason="test")
    with bench.registry.transaction() as connection:
        connection.exec_driver_sql(_DROP[connection.dialect.name])
    told = workbench("doctor", bench.uri, exit_code=1).output
    assert "renames is gone" in told
    assert "--recreate" in told
    with pytest.raises(MissingTableError):
        bench.tables.declare(dataclasses.replace(LOG, name="observers"))
    assert bench.tables.find("log").count() == 1
    workbench("doctor", bench.uri, "--recreate")
    assert "log" in _names(bench)


def test_names_are_read_in_the_order_in_which_they_were_given() -> None:
    given = [("set", "a", "b"), ("table", "a", "z"), ("set", "a", "c"), ("set", "d", "e"), ("set", "d", None)]
    rows = [{"kind": kind, "name": name, "new_name": new, "hidden": False} for kind, name, new in given]
    aliases = Aliases.of(rows, "set")
    assert [aliases.first(name) for name in "abcdez"] == ["a", "a", "a", "d", "d", "z"]
    assert [aliases.now(name) for name in "ad"] == ["c", "d"]
