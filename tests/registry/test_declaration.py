"""Declarations say all that is wrong with them, and are recorded."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tests.registry.conftest import SEEING, Site
from workbench.errors import DeclarationError, ReadOnlyError, UnknownTableError
from workbench.registry import Column, TableDeclaration

DEPTH = TableDeclaration("depth", (Column("mag", "float", "mag"),), ("instrument", "visit"))


def test_key_is_the_dimensions() -> None:
    assert DEPTH.key == ("instrument", "visit")


def test_time_has_a_unit() -> None:
    assert Column("begin", "time").unit == "d"


def test_json_gives_an_equal_declaration() -> None:
    assert TableDeclaration.from_json(SEEING.to_json()) == SEEING


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"name": "Depth"}, "does not match"),
        ({"columns": (Column("row_id", "int"),)}, "taken by the workbench"),
        ({"columns": (Column("visit", "int"),)}, "visit occur more than once"),
        ({"columns": (), "dimensions": ()}, "no columns"),
        ({"columns": (Column("mag", "decimal"),)}, "unknown type 'decimal'"),  # type: ignore[arg-type]
        ({"key": ("exposure",)}, "key columns exposure do not exist"),
        ({"current": "newest"}, "must be 'all' or 'latest'"),
        ({"current": "latest", "dimensions": (), "key": ()}, "needs a key"),
        ({"tombstone": "mag"}, "no bool column"),
    ],
)
def test_contradictions(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(DeclarationError, match=fault):
        dataclasses.replace(DEPTH, **change)


def test_all_faults_are_listed() -> None:
    with pytest.raises(DeclarationError, match=r"'Depth'.*; .*no bool column"):
        dataclasses.replace(DEPTH, name="Depth", tombstone="gone")


def test_dimensions_are_the_repositorys(site: Site) -> None:
    with site.open() as registry:
        with pytest.raises(DeclarationError, match=r"unknown dimensions visits; there are .*exposure"):
            registry.declare(dataclasses.replace(DEPTH, dimensions=("visits",), key=()))
        with pytest.raises(DeclarationError, match="also require instrument"):
            registry.declare(dataclasses.replace(DEPTH, dimensions=("visit",), key=()))
        assert registry.tables() == {}


def test_declaring_again_is_no_change(site: Site) -> None:
    with site.open() as registry:
        registry.declare(DEPTH).append([{"instrument": "HSC", "visit": 1, "mag": 25.0}])
        assert registry.declare(dataclasses.replace(DEPTH, doc="Depth.")).count() == 1
        assert registry.table("depth").declaration == DEPTH


def test_another_declaration_is_refused(site: Site) -> None:
    other = dataclasses.replace(DEPTH, columns=(Column("mag", "int"),))
    with site.open() as registry:
        registry.declare(DEPTH)
        for version in (1, 2):
            with pytest.raises(DeclarationError, match="exists with another declaration: columns is"):
                registry.declare(dataclasses.replace(other, version=version))
        with pytest.raises(DeclarationError, match="exists with another declaration"):
            registry.declare(dataclasses.replace(DEPTH, current="latest", version=2))


def test_later_version_adds_columns(site: Site) -> None:
    wider = dataclasses.replace(DEPTH, columns=(*DEPTH.columns, Column("dataset", "uuid")), version=2)
    with site.open() as registry:
        old = registry.declare(DEPTH)
        old.append([{"instrument": "HSC", "visit": 1, "mag": 25.0}])
        with pytest.raises(DeclarationError, match="another declaration"):
            registry.declare(dataclasses.replace(wider, version=1))
        with pytest.raises(DeclarationError, match="another declaration"):
            registry.declare(
                dataclasses.replace(wider, columns=(*DEPTH.columns, Column("n", "int", nullable=False)))
            )
        table = registry.declare(wider)
        table.append([{"instrument": "HSC", "visit": 2, "dataset": "6b5cd8b0-8bf2-4f4c-a8d3-0e2f0c2b7ff1"}])
        assert table.read(columns=["visit", "dataset"]).to_pydict() == {
            "visit": [1, 2],
            "dataset": [None, "6b5cd8b0-8bf2-4f4c-a8d3-0e2f0c2b7ff1"],
        }
        assert old.count() == 2  # a program that knows the older one still reads
        assert registry.table("depth").declaration == wider
    versions = site.execute(f"SELECT version, body FROM {site.name('declaration')} ORDER BY version")
    assert [(version, len(json.loads(str(body))["columns"])) for version, body in versions] == [
        (1, 1),
        (2, 2),
    ]


def test_unknown_table_lists_tables(site: Site) -> None:
    with site.open() as registry:
        with pytest.raises(UnknownTableError, match=r"'dept'; no table was ever declared"):
            registry.table("dept")
        registry.declare(DEPTH)
        with pytest.raises(UnknownTableError, match=r"'dept'; there are depth"):
            registry.table("dept")


def test_declaring_needs_a_writer(site: Site) -> None:
    with site.open(read_only=True) as registry, pytest.raises(ReadOnlyError):
        registry.declare(DEPTH)


def test_dropped_table_is_gone(site: Site) -> None:
    with site.open() as registry:
        with registry.transaction():
            pass
        before = site.list_objects()
        table = registry.declare(DEPTH)
        table.append([{"instrument": "HSC", "visit": 1}])
        table.drop()
        assert registry.tables() == {}
        left = {name for name in site.list_objects() - before if "pg_toast" not in name}
        assert left <= {"sqlite_sequence"}
        assert registry.declare(DEPTH).count() == 0
