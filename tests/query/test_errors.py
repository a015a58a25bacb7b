"""What an expression that is not understood says."""

from __future__ import annotations

import pytest

from tests.query.conftest import visits_table
from workbench.errors import ExpressionError, UnknownNameError
from workbench.query import select
from workbench.registry import Registry


def fail(
    registry: Registry, where: str, dimensions: tuple[str, ...] = ("visit",), **bind: object
) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        select(registry, dimensions, where, bind=bind, membership=lambda _: visits_table(1))
    assert caught.value.expression == where
    return caught.value


CASES = [
    # expression, text at the place, parts of the message
    ("metrics.psf_fwmh < 0.9", "metrics.psf_fwmh", ["no column 'psf_fwmh'", "Did you mean metrics.psf_fwhm"]),
    ("band = 'i' AND metric.psf_fwhm < 1", "metric.psf_fwhm", ["'metric'", "metrics.psf_fwhm"]),
    ("hidden.x = 1", "hidden.x", ["neither a dimension nor a table"]),
    ("instrument = 'HSC' AND visit.exposure_tme > 3", "visit.exposure_tme", ["visit.exposure_time"]),
    ("exposur_time > 3", "exposur_time", ["There is no column", "visit.exposure_time", "metrics.psf_fwhm"]),
    ("instrument = 'HSC' AND visit = 'a'", "visit = 'a'", ["do not agree"]),
    ("metrics.n_star = 'a'", "metrics.n_star", ["Types int and string", "single quotes"]),
    ("metrics.measured > 60000", "60000", ["T'60000.0'"]),
    ("metrics.ok > metrics.ok", "metrics.ok >", ["no order"]),
    ("metrics.name + 1 = 2", "metrics.name", ["is for numbers"]),
    ("-metrics.name = 2", "-metrics", ["is for numbers"]),
    ("metrics.psf_fwhm % 2 = 1", "metrics.psf_fwhm", ["is for integers"]),
    ("metrics.n_star AND band = 'i'", "metrics.n_star", ["A condition is expected"]),
    ("metrics.n_star < NULL", "metrics.n_star", ["only be compared by = and !="]),
    ("metrics.name IN (1..3)", "1..3", ["A range is for integers"]),
    ("metrics.n_star IN (3..1)", "3..1", ["ends before it begins"]),
    ("metrics.n_star IN (1, band)", "band", ["is a column"]),
    ("metrics.n_star > 3 OR visit.region = 3", "visit.region", ["only be tested by OVERLAPS"]),
    ("metrics.n_star > 3 OR GLOB(visit.id, '9*')", "GLOB", ["searches text", "int"]),
    ("metrics.n_star > 3 OR skymap.hash = 'a'", "skymap.hash", ["no condition tests"]),
    ("instrument = \"HSC\"", '"HSC"', ["single quotes"]),
    ("instrument == 'HSC'", "= 'HSC'", ["single '='"]),
    ("instrument = 'HSC' AND", "", ["ends where more is expected"]),
    ("instrument = 'HSC AND band = 3", "'HSC", ["closing quote"]),
    ("instrument = 'HSC' AND AND band = 'i'", "AND band", ["at or near 'AND'"]),
    ("visit.timespan.begin > T'yesterday'", "T'yesterday'", ["at or near 'yesterday'", "T'60000.5' for MJD"]),
    ("in_sets('a')", "in_sets", ["no function 'in_sets'", "in_set"]),
    ("in_set(3)", "3)", ["is a string"]),
    ("in_set('a', 'b')", "in_set", ["one saved set"]),
    ("in_set(a@3)", "@3", ["in_set('NAME@3')"]),
    ("metrics.n_star = :n", ":n", ["No value was given for :n"]),
    ("chips.bias > 1", "chips.bias", ["no single value", "detector"]),
    ("exposure.exposure_time > 1 OR metrics.n_star > 1", "exposure.", ["no single value", "joined by AND"]),
    ("notes.flag = 'a' OR readings.value = notes.weight", "readings.value", ["'readings'", "'notes'"]),
    ("visit.seq_num.begin > 3", "visit.seq_num.begin", ["only a timespan"]),
    ("foo.bar.baz = 1", "foo.bar.baz", ["'foo'"]),
]  # fmt: skip


@pytest.mark.parametrize(("where", "place", "parts"), CASES, ids=[case[0] for case in CASES])
def test_errors_point_at_the_place(registry: Registry, where: str, place: str, parts: list[str]) -> None:
    error = fail(registry, where)
    assert error.position is not None
    assert where[error.position :].startswith(place) if place else error.position == len(where)
    lines = str(error).splitlines()
    pointer = next(i for i, line in enumerate(lines) if line.strip() == "^")
    assert lines[pointer].index("^") - 2 == error.position
    assert lines[pointer - 1] == f"  {where}"
    for part in parts:
        assert part in " ".join(str(error).split()), str(error)


def test_long_and_multiline_expressions_show_the_line(registry: Registry) -> None:
    where = "instrument = 'HSC'\n  AND metrics.nothing > 3\n  AND band = 'i'"
    lines = str(fail(registry, where)).splitlines()
    assert lines[1] == "    AND metrics.nothing > 3"
    assert lines[2].index("^") == lines[1].index("metrics")
    where = " AND ".join(["metrics.n_star > 1"] * 30 + ["metrics.oops = 1"] + ["metrics.n_star > 1"] * 30)
    lines = str(fail(registry, where)).splitlines()
    assert lines[1].startswith("  ... ")
    assert lines[1].endswith(" ...")
    assert lines[1][lines[2].index("^") :].startswith("metrics.oops")


def test_binds_of_strange_types(registry: Registry) -> None:
    assert "type dict" in str(fail(registry, "metrics.n_star = x", x={}))
    assert "use it in IN" in str(fail(registry, "metrics.n_star = x", x=[1, 2]))


def test_errors_without_a_place_show_the_expression(registry: Registry) -> None:
    where = "visit.region OVERLAPS POINT(1)"
    error = fail(registry, where)
    assert error.position is None
    assert where in str(error)


def test_a_column_that_several_elements_have(registry: Registry) -> None:
    error = fail(registry, "instrument = 'HSC' AND exposure_time > 1", ("visit", "exposure"))
    assert "exposure.exposure_time, visit.exposure_time" in str(error)


def test_sets_without_a_store(registry: Registry) -> None:
    with pytest.raises(ExpressionError, match="not available"):
        select(registry, ["visit"], "in_set('a')")


def test_sets_of_other_dimensions(registry: Registry) -> None:
    error = fail(registry, "in_set('a')", ("detector",))
    assert "do not determine them" in str(error)


def test_unknown_dimensions(registry: Registry) -> None:
    with pytest.raises(UnknownNameError, match="'visitt'"):
        select(registry, ["visitt"], "")
