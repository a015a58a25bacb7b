"""Our evaluation of the Butler's own columns equals the Butler's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.daf.butler import Butler

from tests.cosmos import VISITS, fill_repository
from tests.query.conftest import visits_table
from workbench.query import select
from workbench.registry import Registry, open_registry

INTEGERS = {
    "visit": [visit[0] for visit in VISITS],
    "day_obs": [visit[2] for visit in VISITS],
    "visit.seq_num": [visit[0] for visit in VISITS],
}
FLOATS = {
    "visit.exposure_time": [visit[4] for visit in VISITS],
    "visit.zenith_angle": [visit[7] for visit in VISITS],
    "visit.azimuth": [1.0],
}
STRINGS = {
    "band": ["i", "r", "z"],
    "physical_filter": ["HSC-I", "HSC-R2", "X"],
    "physical_filter.band": ["i"],
    "visit.target_name": ["COSMOS", "cosmos"],
    "visit.observation_reason": ["science"],
}
ORDERS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def is_refused(comparison: str) -> bool:
    """Tell whether a day is compared with a visit's number that reads as an MJD: `test_days.py` has those."""
    first, _, second = comparison.split(" ", 2) if comparison.count(" ") == 2 else ("", "", "")
    values = {first, second}
    return "day_obs" in values and any(value.isdigit() and 40587 <= int(value) <= 88069 for value in values)


def integer_terms() -> st.SearchStrategy[str]:
    columns = st.sampled_from(sorted(INTEGERS))
    literals = st.sampled_from(
        [str(value) for values in INTEGERS.values() for value in values] + ["0", "7", "-3"]
    )
    arithmetic = st.builds(
        "{} {} {}".format,
        columns,
        st.sampled_from(["+", "-", "*", "/", "%"]),
        st.sampled_from(["2", "3", "7", "1000"]),
    )
    nested = st.builds(
        "({} {} {})".format, arithmetic, st.sampled_from(["+", "-"]), literals.filter(lambda t: t[0] != "-")
    )
    return st.one_of(columns, literals, arithmetic, nested, st.builds("-{}".format, columns))


def atoms() -> st.SearchStrategy[str]:
    numbers = st.builds("{} {} {}".format, integer_terms(), ORDERS, integer_terms()).filter(
        lambda comparison: not is_refused(comparison)
    )
    floats = st.builds(
        "{} {} {}".format,
        st.sampled_from(sorted(FLOATS)),
        ORDERS,
        st.sampled_from(["30", "180.0", "20.231", "1e2", "visit.exposure_time", "visit.seq_num"]),
    )
    strings = st.builds(
        "{} {} '{}'".format,
        st.sampled_from(sorted(STRINGS)),
        ORDERS,
        st.sampled_from([value for values in STRINGS.values() for value in values]),
    )
    nulls = st.builds(
        "{} {} NULL".format, st.sampled_from([*INTEGERS, *FLOATS, *STRINGS]), st.sampled_from(["=", "!="])
    )
    values = st.lists(
        st.one_of(
            st.sampled_from([str(visit[0]) for visit in VISITS]),
            st.builds(
                lambda first, length, stride: f"{first}..{first + length}" + (f":{stride}" if stride else ""),
                st.sampled_from([visit[0] for visit in VISITS] + [0]),
                st.integers(0, 50000),
                st.sampled_from([None, 2, 3]),
            ),
        ),
        min_size=1,
        max_size=3,
    ).map(", ".join)
    memberships = st.builds(
        "{} {} ({})".format,
        st.sampled_from(["visit", "visit.seq_num"]),
        st.sampled_from(["IN", "NOT IN"]),
        values,
    )
    texts = st.builds(
        "{} {} ({})".format,
        st.sampled_from(["band", "visit.observation_reason"]),
        st.sampled_from(["IN", "NOT IN"]),
        st.lists(st.sampled_from(["'i'", "'r'", "'science'", "NULL"]), min_size=1, max_size=2).map(", ".join),
    )
    times = st.builds(
        "visit.timespan.{} {} T'{}'".format,
        st.sampled_from(["begin", "end"]),
        st.sampled_from(["<", "<=", ">", ">="]),
        st.sampled_from(["57451.0", "2016-12-31 00:00:00", "mjd/57776.4/tai"]),
    )
    return st.one_of(numbers, floats, strings, nulls, memberships, texts, times)


EXPRESSIONS = st.recursive(
    atoms(),
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("NOT {}".format, inner),
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    root: Path = tmp_path_factory.mktemp("against") / "repo"
    Butler.makeRepo(str(root))
    fill_repository(str(root))
    with open_registry(str(root)) as registry:
        yield registry


def no_set(_: str) -> pa.Table:
    return visits_table()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(expression=EXPRESSIONS)
def test_frames_equal_the_butler(shared: Registry, expression: str) -> None:
    where = f"instrument = 'HSC' AND ({expression})"
    theirs = shared.butler.query_data_ids("visit", where=where, explain=False)
    # A condition that is false of every row takes the whole to our evaluator.
    ours = select(shared, ["visit"], f"({expression}) OR in_set('none')", membership=no_set)
    assert ours.waterfall["unknown"].null_count == 0
    assert set(ours.table["visit"].to_pylist()) == {data_id["visit"] for data_id in theirs}
    # As the Butler's own conjuncts they give the same, by construction.
    direct = select(shared, ["visit"], where)
    assert direct.table["visit"].to_pylist() == ours.table["visit"].to_pylist()
