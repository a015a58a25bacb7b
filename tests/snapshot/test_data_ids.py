from __future__ import annotations

import pytest
from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS, VISITS
from workbench.errors import UnknownNameError
from workbench.snapshot import data_id_schema, read_data_ids


def test_required_and_implied_in_order_of_keys(butler: Butler) -> None:
    table = read_data_ids(butler, ["visit"])
    group = butler.dimensions.conform(["visit"])
    assert table.schema == data_id_schema(group)
    assert table.schema.names[:2] == ["instrument", "visit"]
    assert table["visit"].to_pylist() == sorted(visit[0] for visit in VISITS)
    expected = {tuple(d.mapping.items()) for d in butler.query_data_ids("visit")}
    assert {tuple(row.items()) for row in table.to_pylist()} == expected


def test_products(butler: Butler) -> None:
    assert read_data_ids(butler, ["visit", "detector"]).num_rows == len(VISITS) * len(DETECTORS)


def test_where(butler: Butler) -> None:
    table = read_data_ids(butler, "visit", where="band = b", bind={"b": "i"})
    assert set(table["band"].to_pylist()) == {"i"}


def test_nothing_and_the_empty_data_id(butler: Butler) -> None:
    assert read_data_ids(butler, ["visit"], where="instrument = 'HSC' AND visit = 1").num_rows == 0
    assert read_data_ids(butler, []).schema.names == []


def test_unknown_dimension_lists_those_there_are(butler: Butler) -> None:
    with pytest.raises(UnknownNameError, match=r"'visitt'.*exposure"):
        read_data_ids(butler, ["visitt"])
