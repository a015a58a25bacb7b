"""A registry with measured values and notes to query."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.cosmos import VISITS
from workbench.registry import Column, Registry, TableDeclaration, open_registry

METRICS = TableDeclaration(
    name="metrics",
    columns=(
        Column("psf_fwhm", "float", unit="arcsec"),
        Column("n_star", "int"),
        Column("name", "str"),
        Column("ok", "bool"),
        Column("measured", "time"),
    ),
    dimensions=("instrument", "visit"),
    current="latest",
)
NOTES = TableDeclaration(
    name="notes",
    columns=(Column("note", "uuid", nullable=False), Column("flag", "str"), Column("weight", "int")),
    dimensions=("instrument", "detector", "visit", "exposure"),
    key=("note",),
    nullable_dimensions=True,
    current="latest",
)
READINGS = TableDeclaration(
    name="readings", columns=(Column("value", "int"),), dimensions=("instrument", "visit")
)
CHIPS = TableDeclaration(
    name="chips",
    columns=(Column("bias", "float"),),
    dimensions=("instrument", "detector", "visit"),
    current="latest",
)
HIDDEN = TableDeclaration(
    name="hidden", columns=(Column("x", "int"),), dimensions=("instrument", "visit"), visible=False
)

NUMBERS = sorted(visit[0] for visit in VISITS)
UNMEASURED = NUMBERS[::4]
"""Visits whose PSF is null; the last visit has no row at all."""


def fill(registry: Registry) -> None:
    registry.declare(METRICS).append(
        [
            {
                "instrument": "HSC",
                "visit": visit,
                "psf_fwhm": None if visit in UNMEASURED else 0.5 + 0.05 * index,
                "n_star": index,
                "name": f"m{index % 3}",
                "ok": None if index == 5 else index % 2 == 0,
                "measured": 60000.0 + index,
            }
            for index, visit in enumerate(NUMBERS[:-1])
        ]
    )
    # NUMBERS[0] has two flags, [1] one, [2] one through its exposure, the rest none.
    targets = [
        ({"visit": NUMBERS[0]}, "bad"),
        ({"visit": NUMBERS[0]}, "odd"),
        ({"visit": NUMBERS[1]}, "odd"),
        ({"exposure": NUMBERS[2]}, "bad"),
        ({"visit": NUMBERS[3], "detector": 41}, "bad"),
    ]
    registry.declare(NOTES).append(
        [
            {"instrument": "HSC", "note": str(uuid.uuid4()), "flag": flag, "weight": i, **target}
            for i, (target, flag) in enumerate(targets)
        ]
    )
    registry.declare(READINGS).append(
        [{"instrument": "HSC", "visit": NUMBERS[0], "value": value} for value in (1, 5)]
        + [{"instrument": "HSC", "visit": NUMBERS[1], "value": None}]
    )
    registry.declare(CHIPS).append([{"instrument": "HSC", "visit": NUMBERS[0], "detector": 41, "bias": 1.5}])
    registry.declare(HIDDEN)


@pytest.fixture
def registry(butler_repo: Path) -> Iterator[Registry]:
    """The twelve visits with tables of every kind."""
    with open_registry(str(butler_repo)) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def any_registry(any_repo: Path) -> Iterator[Registry]:
    """The same on SQLite and on PostgreSQL."""
    with open_registry(str(any_repo)) as opened:
        fill(opened)
        yield opened


def visits_table(*visits: int) -> pa.Table:
    """Keys of a set of visits."""
    columns = [pa.array(["HSC"] * len(visits), pa.string()), pa.array(visits, pa.int64())]
    return pa.Table.from_arrays(columns, names=["instrument", "visit"])
