from __future__ import annotations

import dataclasses
import pickle

import astropy.table
import astropy.time
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, DataCoordinate, DimensionUniverse

from tests.sets.conftest import MakeVisits
from workbench.errors import BadDataIdTableError, RoleError, UnknownDataIdError, UnknownNameError
from workbench.sets import AnyTable, DataIdSet


def make(universe: DimensionUniverse, **columns: object) -> DataIdSet:
    return DataIdSet.from_table(universe, pa.table(columns), instrument="HSC")


def make_from(universe: DimensionUniverse, table: AnyTable, *free: str) -> DataIdSet:
    return DataIdSet.from_table(universe, table, instrument="HSC", free_columns=free)


def test_rows_are_sorted_and_typed(make_visits: MakeVisits) -> None:
    data_ids = make_visits([3, 1, 2], ["c", "a", ""])
    assert data_ids.table.schema.names == ["instrument", "visit", "reason"]
    assert data_ids.keys["visit"].to_pylist() == [1, 2, 3]
    assert data_ids.table["reason"].to_pylist() == ["a", None, "c"]
    assert data_ids.table.schema.field("visit").type == pa.int64()
    assert len(data_ids) == 3
    assert data_ids.label == "(unsaved)"


def test_pandas_astropy_and_arrow_come_and_go(universe: DimensionUniverse) -> None:
    frame = pd.DataFrame({"visit": [2, 1], "reason": ["x", None]})
    table = astropy.table.Table({"visit": np.array([2, 1], dtype=">u8"), "reason": ["x", ""]})
    sets = [
        DataIdSet.from_table(universe, source, instrument="HSC")
        for source in (frame, table, pa.Table.from_pandas(frame))
    ]
    assert len({data_ids.record_digest for data_ids in sets}) == 1
    for back in (sets[0].to_pandas(), sets[0].to_astropy(), sets[0].table):
        assert DataIdSet.from_table(universe, back) == sets[0]


def test_masked_columns_are_null(universe: DimensionUniverse) -> None:
    reason = astropy.table.MaskedColumn(["a", "b"], mask=[False, True])
    table = astropy.table.Table({"visit": [1, 2], "reason": reason})
    assert DataIdSet.from_table(universe, table, instrument="HSC").table["reason"].to_pylist() == ["a", None]


def test_empty_sets_are_values(make_visits: MakeVisits) -> None:
    empty = make_visits([])
    assert not empty
    assert len(empty | make_visits([1])) == 1
    assert list(empty.data_ids()) == []
    assert empty.to_astropy().colnames == ["instrument", "visit", "reason"]


def test_data_ids_are_the_butlers(butler: Butler, visits: DataIdSet) -> None:
    for data_id in visits.data_ids():
        assert DataCoordinate.standardize(data_id, universe=butler.dimensions).dimensions == visits.dimensions


def test_nothing_can_be_changed(make_visits: MakeVisits) -> None:
    data_ids = make_visits([1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        data_ids.role = "exclude"  # type: ignore[misc]


def test_sets_travel_without_a_connection(visits: DataIdSet) -> None:
    copy = pickle.loads(pickle.dumps(visits))
    assert copy == visits
    assert len(copy.to_exposures()) == len(visits)


def test_skypix_and_several_governors(universe: DimensionUniverse) -> None:
    pixels = DataIdSet.from_table(universe, pa.table({"htm7": [253954, 253952]}))
    assert pixels.key_names == ("htm7",)
    mixed = pa.table({"tract": [1], "visit": [2]})
    both = DataIdSet.from_table(universe, mixed, instrument="HSC", skymap="rings")
    assert both.key_names == ("instrument", "skymap", "tract", "visit")


def test_pixels_outside_the_sky_list_their_rows(universe: DimensionUniverse) -> None:
    with pytest.raises(UnknownDataIdError, match=r"row 2: htm7=7\nThe pixels of htm7 are 131072 to 262143"):
        DataIdSet.from_table(universe, pa.table({"htm7": [253954, 7]}))


def test_an_index_of_pandas_is_columns(universe: DimensionUniverse) -> None:
    frame = pd.DataFrame({"instrument": ["HSC"], "visit": [1], "reason": ["x"]})
    indexed = frame.set_index(["instrument", "visit"])
    assert DataIdSet.from_table(universe, indexed) == DataIdSet.from_table(universe, frame)


def test_columns_that_are_no_plain_values(universe: DimensionUniverse) -> None:
    with pytest.raises(BadDataIdTableError, match=r"several types.*'two'"):
        make_from(universe, pd.DataFrame({"visit": [1, "two"]}))
    time = astropy.time.Time([60000.0], format="mjd")
    with pytest.raises(BadDataIdTableError, match="'begin' is Time"):
        make_from(universe, astropy.table.Table({"visit": [1], "begin": time}), "begin")
    with pytest.raises(BadDataIdTableError, match=r"'box' is Column of shape \(1, 2\)"):
        make_from(universe, astropy.table.Table({"visit": [1], "box": [[1.0, 2.0]]}), "box")


def test_missing_governor_says_how_to_give_it(universe: DimensionUniverse) -> None:
    with pytest.raises(BadDataIdTableError, match=r"no column 'instrument'.*instrument=\.\.\."):
        DataIdSet.from_table(universe, pa.table({"visit": [1]}))


def test_stray_columns_are_named(universe: DimensionUniverse) -> None:
    with pytest.raises(BadDataIdTableError, match=r"'vist' \(did you mean 'visit'\?\)"):
        make(universe, visit=[1], vist=[1])
    with pytest.raises(BadDataIdTableError, match=r"'seeing'.*free_columns"):
        make(universe, visit=[1], seeing=[0.7])
    kept = DataIdSet.from_table(
        universe, pa.table({"visit": [1], "seeing": [0.7]}), instrument="HSC", free_columns=["seeing"]
    )
    assert kept.free_columns == ("seeing",)
    with pytest.raises(BadDataIdTableError, match="no column 'seeing'"):
        DataIdSet.from_table(universe, pa.table({"visit": [1]}), instrument="HSC", free_columns=["seeing"])


def test_duplicates_list_their_rows(universe: DimensionUniverse) -> None:
    with pytest.raises(BadDataIdTableError, match=r"row 3: instrument='HSC', visit=5, as row 1"):
        make(universe, visit=[5, 6, 5])


@pytest.mark.parametrize("bad", ["x", "1.5", "", None, "0x10", str(2**70)])
def test_values_of_the_wrong_type_list_their_rows(universe: DimensionUniverse, bad: str | None) -> None:
    with pytest.raises(BadDataIdTableError, match=r"row 2: visit = "):
        make(universe, visit=["1", bad])


def test_floats_that_are_integers_will_do(universe: DimensionUniverse) -> None:
    assert make(universe, visit=[1.0, 2.0]).keys["visit"].to_pylist() == [1, 2]
    with pytest.raises(BadDataIdTableError, match=r"visit = 1\.5"):
        make(universe, visit=[1.5])
    with pytest.raises(BadDataIdTableError, match="visit = True"):
        make(universe, visit=[True])


def test_unknown_dimension(universe: DimensionUniverse) -> None:
    with pytest.raises(UnknownNameError, match="'visitt'"):
        DataIdSet.from_table(universe, pa.table({"visit": [1]}), ["visitt"])


def test_no_dimension_at_all(universe: DimensionUniverse) -> None:
    with pytest.raises(BadDataIdTableError):
        DataIdSet.from_table(universe, pa.table({"nothing": [1]}))


def test_unknown_role(make_visits: MakeVisits) -> None:
    with pytest.raises(RoleError, match="'both'"):
        make_visits([1], role="both")


def test_unknown_rows_are_listed_or_dropped(butler: Butler) -> None:
    table = pa.table({"visit": [18202, 1, 2]})
    with pytest.raises(UnknownDataIdError, match=r"2 data ID.*\n  row 2: .*visit=1\n  row 3: .*visit=2"):
        DataIdSet.from_table(butler.dimensions, table, butler=butler, instrument="HSC")
    kept = DataIdSet.from_table(butler.dimensions, table, butler=butler, instrument="HSC", unknown="drop")
    assert len(kept) == 1
    assert "2 unknown data ID(s) dropped: instrument=HSC visit=1" in kept.provenance.note


@pytest.mark.parametrize(
    "columns",
    [
        {"detector": [999]},
        {"visit": [18202], "detector": [999]},
        {"visit": [18202], "exposure": [19676]},
        {"instrument": ["LSSTCam"], "visit": [18202]},
        {"htm7": [3]},
    ],
)
def test_every_dimension_is_looked_up(butler: Butler, columns: dict[str, list[object]]) -> None:
    # An uploaded detector that does not exist would come back from a query.
    with pytest.raises(UnknownDataIdError):
        DataIdSet.from_table(butler.dimensions, pa.table(columns), butler=butler, instrument="HSC")


def test_implied_columns_are_compared(butler: Butler) -> None:
    def read(band: str, give: Butler | None = butler) -> DataIdSet:
        table = pa.table({"visit": [18202], "band": [band], "day_obs": [20150117]})
        return DataIdSet.from_table(butler.dimensions, table, butler=give, instrument="HSC")

    assert read("i").table.schema.names == ["instrument", "visit", "reason"]
    with pytest.raises(BadDataIdTableError, match="band = 'r', but the repository says 'i'"):
        read("r")
    with pytest.raises(BadDataIdTableError, match="only a repository can confirm"):
        read("i", None)


def test_repr_says_what_it_is(make_visits: MakeVisits) -> None:
    assert repr(make_visits([1])).startswith("DataIdSet((unsaved), include, 1 x visit, ")
