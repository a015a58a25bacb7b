"""The same expression gives the same rows, or the same refusal, on SQLite, on PostgreSQL and on frames."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler

from tests.conftest import make_postgres_repository
from tests.cosmos import VISITS, fill_repository
from tests.postgres import PostgresServer
from tests.query.conftest import fill, visits_table
from workbench.errors import ExpressionError
from workbench.query import select
from workbench.registry import Registry, open_registry

NUMBERS = [visit[0] for visit in VISITS]
SMALLEST = "-9223372036854775808"
EDGES = ["0", "-1", "9223372036854775807", SMALLEST, "9223372036854775808", "1" + "0" * 30]


@pytest.fixture(scope="module")
def both(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Registry, Registry]]:
    """The twelve visits on SQLite and on PostgreSQL, whose texts sort as those of a facility do."""
    root: Path = tmp_path_factory.mktemp("both")
    Butler.makeRepo(str(root / "sqlite"))
    fill_repository(str(root / "sqlite"))
    name = postgres_server.create_database()
    make_postgres_repository(root / "postgres", postgres_server.url(name))
    with open_registry(str(root / "sqlite")) as one, open_registry(str(root / "postgres")) as other:
        fill(one)
        fill(other)
        yield one, other
    postgres_server.drop_database(name)


def ask(registry: Registry, where: str, **bind: object) -> list[int] | str:
    """Return the visits, or the first sentence of the refusal."""
    try:
        found = select(registry, ["visit"], where, bind=bind, membership=lambda _: visits_table())
    except ExpressionError as error:
        return str(error).splitlines()[0]
    visits: list[int] = found.table["visit"].to_pylist()
    return visits


def ask_all(both: tuple[Registry, Registry], where: str, **bind: object) -> list[int] | str:
    """Return the one answer that all of them give."""
    one, other = (ask(registry, f"instrument = 'HSC' AND ({where})", **bind) for registry in both)
    assert one == other
    # A condition that is false of every row takes the whole to the frames.
    assert ask(both[0], f"instrument = 'HSC' AND (({where}) OR in_set('none'))", **bind) == one
    return one


integers = st.sampled_from([*map(str, NUMBERS[:3]), *EDGES])
columns = st.sampled_from(["visit", "day_obs", "visit.seq_num", "-visit", "visit.exposure_time"])
arithmetic = st.recursive(
    st.one_of(integers, columns, st.sampled_from(["0.0", "2.5", "1e308"])),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/%"), inner),
    max_leaves=3,
)
orders = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
texts = st.builds(
    "{} {} '{}'".format,
    st.sampled_from(["visit.target_name", "band", "physical_filter"]),
    orders,
    st.sampled_from(["COSMOS", "cosmos", "a", "Z", "_", "é", "HSC-I", "", " "]),
)
globs = st.builds(
    "GLOB({}, '{}')".format,
    st.sampled_from(["visit.target_name", "visit.name", "visit.observation_reason"]),
    st.sampled_from(["*", "COS*", "*S?OS", "[C]*", "%", "_OSMOS", "\\*", "C\\OS*", "*" * 40, ""]),
)
lists = st.builds(
    "{} {} ({})".format,
    st.sampled_from(["visit", "visit.seq_num", "visit.exposure_time", "band"]),
    st.sampled_from(["IN", "NOT IN"]),
    st.lists(
        st.one_of(
            integers, st.sampled_from(["NULL", "'i'", "30.0", "-5..40000:3", "0..9223372036854775807"])
        ),
        min_size=1,
        max_size=3,
    ).map(", ".join),
)
skies = st.builds(
    "visit.region OVERLAPS {}".format,
    st.sampled_from(
        [
            "POINT(150.1, 2.2)",
            "CIRCLE(150, 2, 0.3)",
            "CIRCLE(330, -2, 179)",
            "CIRCLE(330, -2, 100)",
            "CIRCLE(150, 2, -1)",
            "BOX(0, 0, 301, 10)",
            "BOX(0, 0, 20, 10)",
            "POLYGON(149, 1, 151, 1, 151, 3, 149, 3)",
            "POLYGON(149, 1, 151, 3, 151, 1, 149, 3)",
            "REGION('CIRCLE 150 2 0.3')",
            "POINT(150, 95)",
        ]
    ),
)
times = st.builds(
    "visit.timespan.begin {} T'{}'".format,
    orders,
    st.sampled_from(
        ["57451.0", "2016-12-31 00:00:00", "2451545.0", "1900-01-01", "2025-13-45", "mjd/57776.4/utc"]
    ),
)
atoms = st.one_of(
    st.builds("{} {} {}".format, arithmetic, orders, arithmetic), texts, globs, lists, skies, times,
    st.sampled_from(["visit = NULL", "NULL = NULL", "visit.region != NULL", "1 = 1", "visit", "visit = 'a'"]),
)  # fmt: skip
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT {}".format, inner),
    ),
    max_leaves=3,
)


@pytest.mark.postgres
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=conditions)
def test_one_answer(both: tuple[Registry, Registry], where: str) -> None:
    ask_all(both, where)


ANSWERS: list[tuple[str, int | str]] = [
    # What is asked, and how many of the twelve visits there are, or what is said.
    ("visit / 0 = 1", 0),
    ("NOT visit / 0 = 1", 0),
    ("visit % 0 = 0 OR visit > 0", 12),
    ("visit * 9223372036854775807 > 1", 0),
    ("visit + 9223372036854775807 > 1", 0),
    ("visit * 9223372036854775807 = NULL", 12),
    ("-(-visit) = visit", 12),
    ("visit.exposure_time * 1e308 > 1", 0),
    ("visit = 9223372036854775807", 0),
    ("visit = 9223372036854775808", "64 bits"),
    (f"visit = {'9' * 400}", "64 bits"),
    (f"visit = {'9' * 5000}", "64 bits"),
    ("visit IN (1..1000000000000000000000)", "64 bits"),
    ("visit IN (0..9223372036854775807)", 12),
    ("visit = 1e400", "finite"),
    ("visit.target_name = 'H\0SC'", "NUL"),
    ("visit.target_name = '\ud800'", "surrogate"),
    ("visit.target_name = 'é\u202e'", 0),
    ("visit.target_name < 'a'", 12),  # as bytes: capitals first
    ("visit.timespan.begin > T'2451545.0'", "1970-01-01"),
    ("visit IN ()", "at or near"),
    ("visit IN (visit)", "is a column"),
    ("band IN (band, 'i')", "is a column"),
    ("NULL IN (band)", "is a column"),
    ("visit IN (1..5, 'x')", "cannot be compared"),
    ("band IN (0..5)", "range is for integers"),
    ("visit.exposure_time IN (30, 31.5, NULL)", 4),
    ("band NOT IN ('i', NULL)", 6),
    ("visit = 96954. OR visit = 0096860", 2),
    ("visit.exposure_time * 0.1 = 3.0", 4),
    ("visit.exposure_time < 1e308 * 10", 0),
    ("5 / 2 = 2 AND -5 % 3 = -2", 12),
    ("visit < NULL", "NULL can only be compared"),
    ("visit + NULL = 1", "is for numbers"),
    ("NULL != band", 12),
    ("GLOB(visit.name, '[') OR GLOB(visit.name, '[!0-9]*')", 0),
    ("visit.region OVERLAPS visit.region", 12),
    ("visit.timespan OVERLAPS visit.timespan", 12),
    ("visit.timespan OVERLAPS day_obs.timespan", 12),
    ("visit.timespan.begin OVERLAPS T'2017-01-23'", "neither side here is one"),
    ("visit.timespan.end - visit.timespan.begin > 1", "is for numbers"),
    ("visit = :x", "No value was given"),
    ("visit.timespan OVERLAPS (T'2010-01-01', NULL) OR visit = 1", 12),
    ("visit.timespan OVERLAPS T'57776.4' OR visit = NULL", 0),
    ("NOT visit.region OVERLAPS POINT(10, 0)", 12),
    ("GLOB(visit.target_name, 'c*') OR GLOB(visit.target_name, 'COS*')", 12),
    ("visit = 1.5", 0),
    ("visit < 1e30", 12),
    ("1 < visit < 5", "cannot be compared"),
    (" OR ".join(f"visit = {number}" for number in range(5000)), 0),
    (" OR ".join(f"(visit = {number} AND band = 'i')" for number in [*range(300), *NUMBERS]), 6),
    (" AND ".join(f"visit != {number}" for number in range(3000)), 12),
    ("(" * 500 + "visit > 1" + ")" * 500, 12),
    ("NOT " * 51 + "visit > 1", 0),
    ("NOT " * 3000 + "visit > 1", "nested deeper"),
    ("visit" + " + 1" * 3000 + " > 1", "nested deeper"),
]  # fmt: skip


@pytest.mark.postgres
@pytest.mark.parametrize(("where", "told"), ANSWERS, ids=[ascii(where)[:50] for where, _ in ANSWERS])
def test_what_databases_answer_differently(
    both: tuple[Registry, Registry], where: str, told: int | str
) -> None:
    found = ask_all(both, where)
    if isinstance(told, int):
        assert len(found) == told, found
    else:
        assert isinstance(found, str)
        assert told in found


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2**63, "64 bits"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        ("a\0", "NUL"),
        ([1, 2**70], "64 bits"),
        (-(2**63), 0),
    ],
)
def test_binds(both: tuple[Registry, Registry], value: object, told: int | str) -> None:
    what = "visit.target_name = x" if isinstance(value, str) else "visit IN (x)"
    found = ask_all(both, what, x=value)
    assert told in found if isinstance(told, str) and isinstance(found, str) else len(found) == told


@pytest.mark.postgres
def test_bind_lists_of_any_length(both: tuple[Registry, Registry]) -> None:
    assert ask_all(both, "visit IN (x)", x=[]) == []
    assert ask_all(both, "visit IN (:x)", x=list(range(20_000))) == [n for n in sorted(NUMBERS) if n < 20_000]


@pytest.mark.postgres
def test_a_long_list_is_no_long_wait(both: tuple[Registry, Registry]) -> None:
    where = f"visit IN ({', '.join(map(str, range(150_000)))})"
    for registry in both:
        begin = time.process_time()
        assert ask(registry, where) == sorted(NUMBERS)
        assert time.process_time() - begin < 20
    pairs = " OR ".join(f"(visit = {number} AND detector = {number % 112})" for number in range(2000))
    assert ask(both[0], pairs) == ask(both[1], pairs)


LISTS = {
    "texts": ("band", [f"'b{number}'" for number in range(30_000)], "'i'", 6),
    "long": ("visit.target_name", [f"'{'é' * 40}{number}'" for number in range(30_000)], "'COSMOS'", 12),
    "floats": ("visit.exposure_time", [f"{number}.25" for number in range(30_000)], "30.0", 4),
    "measured": ("metrics.psf_fwhm", [f"{number}.5" for number in range(1, 30_000)], "0.75", 1),
    "ranges": ("visit", [f"{number}..{number + 1}" for number in range(0, 60_000, 3)], "96860", 5),
    "a bind among them": ("visit", [*map(str, range(60_000)), ":x"], "96860", 6),
    "one value": ("visit", ["96860"] * 30_000, "96860", 1),
}  # fmt: skip


@pytest.mark.postgres
@pytest.mark.parametrize(("name", "values", "fitting", "n_rows"), LISTS.values(), ids=LISTS)
def test_a_list_of_any_type_is_no_long_wait(
    both: tuple[Registry, Registry], name: str, values: list[str], fitting: str, n_rows: int
) -> None:
    begin = time.process_time()
    listed = ", ".join([*values, fitting])
    assert len(ask_all(both, f"{name} IN ({listed})", x=[1])) == n_rows
    rest = ask_all(both, f"{name} NOT IN ({listed}, NULL)", x=1)
    assert len(rest) == len(ask_all(both, f"{name} != NULL")) - n_rows
    assert time.process_time() - begin < 40


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("form", "n_rows"),
    [
        ("(band = 'b{0}' AND visit.exposure_time > {0}.5)", 0),
        ("metrics.psf_fwhm = {0}.5", 0),
        ("GLOB(visit.target_name, 'x{0}*')", 0),
        ("visit.timespan.begin < T'20{1}-01-01'", 12),
        ("visit IN ({0}, {0}96)", 0),
        ("NOT visit > {0}", 0),
    ],
)
def test_thousands_of_alternatives_are_no_long_wait(
    both: tuple[Registry, Registry], form: str, n_rows: int
) -> None:
    where = " OR ".join(form.format(number, 20 + number % 10) for number in range(3000))
    begin = time.process_time()
    assert len(ask_all(both, where)) == n_rows
    assert time.process_time() - begin < 40


@pytest.mark.postgres
def test_the_smallest_integer_is_one(both: tuple[Registry, Registry]) -> None:
    for where in (f"visit > {SMALLEST}", f"visit > - {SMALLEST[1:]}", f"visit NOT IN ({SMALLEST}, 5)"):
        assert ask_all(both, where) == sorted(NUMBERS), where
    assert ask_all(both, f"visit = -({SMALLEST})") == []
    assert "64 bits" in ask_all(both, f"visit > {SMALLEST[1:]}")
    assert "64 bits" in ask_all(both, "visit > -9223372036854775809")


@pytest.mark.postgres
def test_thousands_of_conditions_are_no_long_wait(both: tuple[Registry, Registry]) -> None:
    first, *rest = sorted(NUMBERS)
    numbers = [number for number in range(3000) if number not in rest]
    where = " AND ".join(f"visit != {number}" for number in [*numbers, first])
    mixed = " AND ".join(f"(visit < {number} OR visit.seq_num > -{number})" for number in range(1, 1000))
    for registry in both:
        begin = time.process_time()
        found = select(registry, ["visit"], f"instrument = 'HSC' AND {where}")
        assert time.process_time() - begin < 20
        assert found.table["visit"].to_pylist() == rest
        # What cannot be told one by one is told as one.
        assert found.waterfall.num_rows < 200
        assert f"visit != {first} (" in found.waterfall["conjunct"].to_pylist()[-1]
    assert ask(both[0], f"instrument = 'HSC' AND {mixed}") == ask(both[1], f"instrument = 'HSC' AND {mixed}")
    assert ask(both[0], mixed) == sorted(NUMBERS)


def test_finer_conditions_on_frames_are_those_of_the_database(registry: Registry) -> None:
    # Whether the database or frames evaluate: a visit with one such detector is selected, once.
    plain = select(registry, ["visit"], "detector = 42 AND visit > 30000")
    frames = select(registry, ["visit"], "detector + 1 = 43 AND visit - 1 > 29999")
    assert plain.table.equals(frames.table)
    assert frames.waterfall["rows_after"].to_pylist()[-1] == len(frames)
    assert set(frames.drops["visit"].to_pylist()) == set(NUMBERS) - set(frames.table["visit"].to_pylist())


def test_many_rows_are_restricted_in_the_database(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"visit IN ({', '.join(map(str, [*range(100), *NUMBERS[:3]]))}) AND detector % 2 = 0"
    expected = select(registry, ["visit", "detector"], where)
    assert expected.waterfall["rows_before"].to_pylist()[0] is not None
    # The package's name for the module is the function of the same name.
    monkeypatch.setattr(sys.modules[select.__module__], "TRACE_LIMIT", 5)
    found = select(registry, ["visit", "detector"], where)
    assert found.table.equals(expected.table)
    none = f"visit IN ({', '.join(map(str, range(100)))}) AND detector > 0"
    assert len(select(registry, ["visit", "detector"], none)) == 0


@pytest.mark.parametrize(
    "where", ["-" * 51 + "visit < 0", "+".join(["visit"] * 60) + " > 1", "visit" + " * 1" * 60 + " > 1"]
)
def test_a_long_sum_is_no_long_wait(both: tuple[Registry, Registry], where: str) -> None:
    begin = time.process_time()
    assert ask_all(both, where) == NUMBERS
    assert time.process_time() - begin < 10
