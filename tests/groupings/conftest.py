"""The twelve visits with a metric, saved as a set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cosmos import VISITS
from workbench.groupings import read_groupings
from workbench.query import select
from workbench.registry import Column, Registry, TableDeclaration, open_registry
from workbench.sets import DataIdSet, SetStore
from workbench.snapshot import RepositoryRelations

METRICS = TableDeclaration(
    name="metrics",
    columns=(Column("psf_fwhm", "float", unit="arcsec"),),
    dimensions=("instrument", "visit"),
    current="latest",
)
NUMBERS = sorted(visit[0] for visit in VISITS)


@pytest.fixture
def registry(any_repo: Path) -> Iterator[Registry]:
    """The twelve visits with seeing, on SQLite and on PostgreSQL."""
    with open_registry(str(any_repo)) as opened:
        rows = [
            {"instrument": "HSC", "visit": visit, "psf_fwhm": 0.5 + 0.01 * index if index else None}
            for index, visit in enumerate(NUMBERS)
        ]
        opened.declare(METRICS).append(rows)
        yield opened


@pytest.fixture
def visits(registry: Registry) -> DataIdSet:
    """All visits, saved."""
    found = DataIdSet.from_selection(select(registry, ["visit"]), relations=RepositoryRelations(registry.uri))
    return SetStore(registry).save(found, "all", reason="to be grouped")


def assert_nothing_was_kept(registry: Registry) -> None:
    assert SetStore(registry).names() == ["all"]
    assert read_groupings(registry).num_rows == 0
    tables = registry.tables()
    assert not any(table.count() for name, table in tables.items() if name.startswith("grouped_"))
