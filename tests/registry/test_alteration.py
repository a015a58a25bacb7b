"""A table is brought to a later version with its rows, or stays as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests.registry.conftest import Site
from workbench.errors import DeclarationError, ReadOnlyError, UnknownTableError
from workbench.registry import Column, ExtensionTable, Registry, TableDeclaration
from workbench.registry.tables.physical import PhysicalTable

LOG = TableDeclaration(
    "log",
    (
        Column("seeing", "float", "arcsec"),
        Column("count", "int"),
        Column("word", "str"),
        Column("note", "str"),
    ),
    dimensions=("instrument", "visit"),
    current="latest",
)
ROWS = [
    {"instrument": "HSC", "visit": 1, "seeing": 0.5, "count": 3, "word": "12", "note": "clear"},
    {"instrument": "HSC", "visit": 2, "seeing": 0.25, "count": 2**60, "word": "twelve"},
    {"instrument": "HSC", "visit": 2, "seeing": 0.75, "count": 4, "word": "7"},
]


@pytest.fixture
def registry(site: Site) -> Iterator[Registry]:
    with site.open() as registry:
        yield registry


@pytest.fixture
def log(registry: Registry) -> ExtensionTable:
    table = registry.declare(LOG)
    table.append(ROWS[:2])
    table.append(ROWS[2:])
    return table


def _next(**change: object) -> TableDeclaration:
    return dataclasses.replace(LOG, version=2, **change)  # type: ignore[arg-type]


def _columns(*changed: Column, without: str = "") -> tuple[Column, ...]:
    by_name = {column.name: column for column in LOG.columns if column.name != without}
    return tuple((by_name | {column.name: column for column in changed}).values())


def _content(table: ExtensionTable, *names: str, current: bool = False) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in table.read(columns=[*names], current=current).to_pylist()]


def test_columns_are_added_renamed_and_dropped(registry: Registry, log: ExtensionTable) -> None:
    columns = (
        Column("fwhm", "float", "arcsec", "Renamed from seeing."),
        Column("count", "int"),
        Column("word", "str"),
        Column("region", "region"),
        Column("valid", "timespan"),
    )
    with pytest.raises(DeclarationError, match="would lose data: 1 values of column 'note'"):
        registry.migrate(_next(columns=columns), rename={"seeing": "fwhm"})
    assert _content(log, "note") == [("clear",), (None,), (None,)]
    table = registry.migrate(_next(columns=columns), rename={"seeing": "fwhm"}, allow_data_loss=True)
    assert _content(table, "visit", "fwhm", "region", "valid_end") == [
        (1, 0.5, None, None),
        (2, 0.25, None, None),
        (2, 0.75, None, None),
    ]
    assert _content(table, "fwhm", current=True) == [(0.5,), (0.75,)]
    assert registry.table("log").declaration == _next(columns=columns)
    assert [declaration.version for declaration, _ in registry.declarations("log")] == [1, 2]
    table.append([{"instrument": "HSC", "visit": 2, "fwhm": 1.0, "valid": (60000.0, 60001.0)}])
    assert _content(table, "fwhm", "valid_begin", current=True) == [(0.5, None), (1.0, 60000.0)]


def test_open_table_says_that_it_is_outdated(registry: Registry, log: ExtensionTable) -> None:
    registry.migrate(_next(columns=_columns(without="note")), allow_data_loss=True)
    for call in (log.read, lambda: log.count(where={"note": "clear"})):
        with pytest.raises(DeclarationError, match="no longer at version 1"):
            call()


def test_row_ids_and_times_survive(registry: Registry, log: ExtensionTable) -> None:
    before = _content(log, "row_id", "recorded", "visit")
    table = registry.migrate(_next(columns=_columns(Column("seeing", "str"))))
    assert _content(table, "row_id", "recorded", "visit") == before
    table.append([ROWS[0] | {"seeing": "bad"}])
    assert table.read(columns=["row_id"], current=False)["row_id"].to_pylist() == [1, 2, 3, 4]


def test_unit_is_converted(registry: Registry, log: ExtensionTable) -> None:
    table = registry.migrate(_next(columns=_columns(Column("seeing", "float", "marcsec"))))
    assert table.read(current=False)["seeing"].to_pylist() == pytest.approx([500.0, 250.0, 750.0])
    assert table.schema.field("seeing").metadata == {b"unit": b"marcsec"}


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        (Column("seeing", "float", "mag"), "in 'arcsec' cannot be given in 'mag'"),
        (Column("seeing", "float", "parsnips"), "cannot be given in 'parsnips'"),
        (Column("seeing", "bool", "arcsec"), "cannot become bool, since it is float"),
        (Column("extra", "int", nullable=False), "'extra' must be nullable"),
    ],
)
def test_what_cannot_be(registry: Registry, log: ExtensionTable, column: Column, fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        registry.migrate(_next(columns=_columns(column)), allow_data_loss=True)
    assert registry.table("log").declaration == LOG
    assert log.count() == 2


def test_types_that_hold_the_values_are_no_loss(registry: Registry, log: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match="1 values of column 'word' that do not survive from str"):
        registry.migrate(_next(columns=_columns(Column("word", "int"))))
    with pytest.raises(DeclarationError, match="1 values of column 'count' that do not survive"):
        registry.migrate(_next(columns=_columns(Column("count", "float"))))
    with pytest.raises(DeclarationError, match="3 values of column 'seeing'"):
        registry.migrate(_next(columns=_columns(Column("seeing", "int", "arcsec"))))
    table = registry.migrate(_next(columns=_columns(Column("word", "int"))), allow_data_loss=True)
    assert _content(table, "word") == [(12,), (None,), (7,)]


def test_nullability(registry: Registry, log: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match="2 rows have no value"):
        registry.migrate(_next(columns=_columns(Column("note", "str", nullable=False))), allow_data_loss=True)
    table = registry.migrate(_next(columns=_columns(Column("word", "str", nullable=False))))
    with pytest.raises(DeclarationError, match="column 'word' is missing"):
        table.append([{"instrument": "HSC", "visit": 3}])
    again = dataclasses.replace(LOG, version=3)
    assert registry.migrate(again).append([{"instrument": "HSC", "visit": 3}]) == 1


def test_new_key_hides_no_row_without_leave(registry: Registry, log: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match="1 current rows, which the key instrument takes"):
        registry.migrate(_next(key=("instrument",)))
    table = registry.migrate(_next(key=("instrument", "visit", "word")))
    assert table.count() == 3


@pytest.mark.parametrize(
    ("change", "rename", "fault"),
    [
        ({"version": 1}, {}, "must be higher than 1"),
        ({"dimensions": ("instrument", "exposure"), "key": ()}, {}, "declare a new table"),
        ({}, {"fog": "note"}, "no column 'fog' to rename"),
        ({}, {"note": "fog"}, "which the new declaration lacks"),
        ({}, {"note": "word"}, "which is there already"),
    ],
)
def test_declarations_that_do_not_follow(
    registry: Registry, log: ExtensionTable, change: dict[str, object], rename: dict[str, str], fault: str
) -> None:
    with pytest.raises(DeclarationError, match=fault):
        registry.migrate(dataclasses.replace(_next(), **change), rename=rename)  # type: ignore[arg-type]


def test_failure_in_the_middle_leaves_all_as_it_was(
    registry: Registry, log: ExtensionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log.read(current=False)

    def fail(*args: object) -> None:
        raise RuntimeError("the power is off")

    with monkeypatch.context() as patch:
        patch.setattr(PhysicalTable, "create_view", fail)
        with pytest.raises(RuntimeError):
            registry.migrate(_next(columns=_columns(Column("word", "int"))), allow_data_loss=True)
    assert log.read(current=False) == before
    assert log.count() == 2
    assert registry.table("log").declaration == LOG


def test_only_what_exists_and_only_by_writers(site: Site, registry: Registry) -> None:
    with pytest.raises(UnknownTableError, match="no table 'log' to migrate"):
        registry.migrate(_next())
    registry.declare(LOG)
    with site.open(read_only=True) as reader, pytest.raises(ReadOnlyError):
        reader.migrate(_next())
