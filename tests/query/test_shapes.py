"""Times and regions that extension tables hold."""

from __future__ import annotations

import itertools

import pytest
from lsst.daf.butler import Timespan
from lsst.sphgeom import Region

from tests.query.conftest import NUMBERS
from workbench.errors import ExpressionError
from workbench.query import columns_for, select
from workbench.registry import Column, Registry, TableDeclaration

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
        ("fields.valid OVERLAPS (1, 2)", "A time is expected here, and 1 is none"),
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


SHAPES = [
    ("POLYGON(350, -1, 370, -1, 370, 1, 350, 1)", ""),
    ("POLYGON(-10, -1, 10, -1, 10, 1, -10, 1)", ""),
    ("POLYGON(0, 80, 120, 80, 240, 80)", ""),  # around the pole
    ("POLYGON(149, 1, 151, 1, 151, 3, 149, 3, 149, 1)", ""),  # closed by hand
    ("BOX(355, 0, 20, 1)", ""),
    ("CIRCLE(0, 0, 120)", ""),
    ("POLYGON(350, -1, 10, -1, 10, 1, 350, 1)", "180 degrees"),
    ("POLYGON(0, -80, 345, -80, 345, 80, 0, 80)", "180 degrees"),
    ("POLYGON(0, 0, 4, 4, 4, 0, 0, 4)", "not convex"),
    ("POLYGON(0, 0, 4, 0, 1, 1, 0, 4)", "not convex"),
    ("POLYGON(1, 0, -0.8, 0.6, 0.3, -1, 0.3, 1, -0.8, -0.6)", "not convex"),  # a star
    ("REGION('POLYGON 0 0 4 0 1 1 0 4')", "not convex"),
    ("REGION('POLYGON 0 0 4 0 a b')", "is no number"),
    ("REGION('')", "no region"),
    ("POLYGON(0, 0, 0, 0, 1, 1)", "corners"),
    ("BOX(0, 0, 400, 1)", "wide"),
    ("BOX(0, 0, -1, 1)", "wide"),
    ("CIRCLE(0, 0, 181)", "radius"),
    ("CIRCLE(0, 95, 1)", "declination"),
]
"""Regions, and what is said of those that are refused."""


def test_regions_are_as_they_are_written_or_refused(fields: Registry) -> None:
    for column, (shape, fault) in itertools.product(("visit.region", "fields.region"), SHAPES):
        where = f"instrument = 'HSC' AND {column} OVERLAPS {shape}"
        if not fault:
            run(fields, where)
            continue
        with pytest.raises(ExpressionError, match=fault):
            run(fields, where)


def test_a_circle_has_the_radius_that_is_given(fields: Registry) -> None:
    # Around the point of the sky that is opposite to the visits, which the Butler would draw over all of it.
    far, near = (
        f"instrument = 'HSC' AND visit.region OVERLAPS CIRCLE(330, -2, {radius})" for radius in (170, 179.9)
    )
    assert run(fields, far) == []
    assert len(run(fields, near)) == 12
    for where in (far, near):
        assert run(fields, where) == run(fields, f"{where} OR fields.of != NULL")
