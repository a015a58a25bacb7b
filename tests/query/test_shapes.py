"""Times and regions that extension tables hold."""

from __future__ import annotations

import pytest
from lsst.daf.butler import Timespan
from lsst.sphgeom import Region

from workbench.errors import ExpressionError
from workbench.query import columns_for, select
from workbench.registry import Column, Registry, TableDeclaration

from .conftest import NUMBERS

FIELDS = TableDeclaration(
    "fields",
    (Column("valid", "timespan"), Column("region", "region"), Column("of", "dataset")),
    dimensions=("instrument", "visit"),
    current="latest",
)


@pytest.fixture
def fields(registry: Registry) -> Registry:
    """Days 60000 to 60010 by visit, a degree each along the equator; the last has neither."""
    registry.declare(FIELDS).append(
        [
            {
                "instrument": "HSC",
                "visit": visit,
                "valid": (60000.0 + day, 60001.0 + day),
                "region": Region.from_ivoa_pos(f"CIRCLE {day} 0 0.4"),
            }
            for day, visit in enumerate(NUMBERS[:-2])
        ]
        + [{"instrument": "HSC", "visit": NUMBERS[-2], "valid": Timespan(None, None)}]
    )
    return registry


def run(registry: Registry, where: str) -> list[int]:
    visits = select(registry, ["visit"], where).table["visit"].to_pylist()
    return [NUMBERS.index(visit) for visit in visits]


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("fields.valid OVERLAPS (T'60002.5', T'60004.0')", [2, 3, 10]),
        ("(T'60002.5', T'60004.5') OVERLAPS fields.valid", [2, 3, 4, 10]),
        ("NOT fields.valid OVERLAPS (NULL, T'60008.0')", [8, 9]),
        ("fields.valid.begin < T'60001.5'", [0, 1, 10]),
        ("fields.valid.end = T'60001.0' OR fields.valid.begin = NULL", [0, 11]),
        ("fields.region OVERLAPS POINT(3.3, 0.1)", [3]),
        ("fields.region OVERLAPS CIRCLE(3.5, 0, 0.2)", [3, 4]),
        ("fields.region OVERLAPS BOX(5, 0, 2.2, 1)", [4, 5, 6]),
        ("fields.region OVERLAPS POLYGON(6.9, -1, 8.1, -1, 8.1, 1, 6.9, 1)", [7, 8]),
        ("fields.region OVERLAPS REGION('CIRCLE 9 -1 0.7')", [9]),
        ("NOT fields.region OVERLAPS BOX(0, 0, 16.0, 1)", [9]),
        ("fields.of = NULL AND fields.region OVERLAPS POINT(-0.2, 0)", [0]),
    ],
)
def test_overlaps(fields: Registry, where: str, days: list[int]) -> None:
    assert run(fields, where) == days


def test_names_of_shapes(fields: Registry) -> None:
    names = columns_for(fields, ["visit"])
    assert {"fields.valid", "fields.region", "fields.of"} <= set(names)
    assert "fields.valid_begin" not in names


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("fields.valid = T'60000.0'", "'fields.valid' can only be tested by OVERLAPS"),
        ("fields.valid OVERLAPS (1, 2)", "A time is expected here, and this is of type int"),
        ("fields.valid.middle < T'60000.0'", "only a timespan has .begin and .end"),
        ("fields.region OVERLAPS visit", "A region is compared with another, or with POINT"),
        ("fields.region OVERLAPS REGION('SQUARE 1 2')", "This is no region"),
        (
            "fields.valid OVERLAPS POINT(1, 2)",
            "tested against a time or a span, not against|cannot stand here",
        ),
    ],
)
def test_what_does_not_overlap(fields: Registry, where: str, fault: str) -> None:
    with pytest.raises(ExpressionError, match=fault):
        run(fields, where)
