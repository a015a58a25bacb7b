"""Sets to test with: the twelve visits, and any visits of a universe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, DimensionUniverse

from workbench.sets import DataIdSet, Role
from workbench.snapshot import Relations, read_data_ids

MakeVisits = Callable[..., DataIdSet]


@pytest.fixture(scope="session")
def universe() -> DimensionUniverse:
    """The default dimension universe."""
    return DimensionUniverse()


@pytest.fixture
def butler(butler_repo: Path) -> Iterator[Butler]:
    """A Butler of the twelve visits."""
    with Butler.from_config(str(butler_repo)) as opened:
        yield opened


@pytest.fixture
def visits(butler: Butler) -> DataIdSet:
    """The twelve visits, with relations."""
    keys = read_data_ids(butler, ["visit"])
    return DataIdSet.from_table(butler.dimensions, keys, butler=butler, relations=Relations.read(butler))


@pytest.fixture(scope="session")
def make_visits(universe: DimensionUniverse) -> MakeVisits:
    """Make a set of visits that no repository has."""

    def make(
        numbers: Iterable[int], reasons: Iterable[str | None] | None = None, role: Role = "include"
    ) -> DataIdSet:
        values = list(numbers)
        columns = {"visit": pa.array(values, pa.int64())}
        if reasons is not None:
            columns["reason"] = pa.array(list(reasons), pa.string())
        return DataIdSet.from_table(universe, pa.table(columns), ["visit"], role, instrument="HSC")

    return make
