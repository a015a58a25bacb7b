from __future__ import annotations

from pathlib import Path

import lsst.sphgeom
import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, InvalidQueryError

from tests.cosmos import DETECTORS, VISITS
from workbench.errors import UnknownNameError
from workbench.snapshot import element_schema, read_all_keys, read_dimension_records


def test_visits_have_keys_metadata_region_and_times(butler: Butler) -> None:
    table = read_dimension_records(butler, "visit")
    assert table.schema == element_schema(butler.dimensions["visit"])
    assert table["visit"].to_pylist() == [visit[0] for visit in VISITS]
    assert table["exposure_time"].to_pylist() == [visit[4] for visit in VISITS]
    assert table["timespan_begin"].to_pylist() == pytest.approx([visit[3] for visit in VISITS], abs=1e-9)
    seconds = (table["timespan_end"].to_numpy() - table["timespan_begin"].to_numpy()) * 86400
    assert seconds == pytest.approx([visit[4] for visit in VISITS], abs=1e-5)
    region = lsst.sphgeom.Region.decode(table["region"][0].as_py())
    assert region.contains(lsst.sphgeom.UnitVector3d(lsst.sphgeom.LonLat.fromDegrees(149.63, 1.713)))


def test_dimensions_implied_by_implied_ones_are_filled_in(butler: Butler) -> None:
    table = read_dimension_records(butler, "visit")
    expected = ["i" if visit[1].startswith("HSC-I") else "r" for visit in VISITS]
    assert table["band"].to_pylist() == expected


def test_missing_metadata_is_null(butler: Butler) -> None:
    assert read_dimension_records(butler, "visit")["azimuth"].null_count == len(VISITS)


def test_strings_are_plain_strings(butler: Butler) -> None:
    for element in ("visit", "detector", "physical_filter", "patch"):
        types = read_dimension_records(butler, element).schema.types
        assert not any(pa.types.is_large_string(kind) or pa.types.is_dictionary(kind) for kind in types)


def test_where_bind_and_limit(butler: Butler) -> None:
    where = "instrument = :which AND visit.exposure_time < 100"
    short = read_dimension_records(butler, "visit", where=where, bind={"which": "HSC"})
    assert short["visit"].to_pylist() == [visit[0] for visit in VISITS if visit[4] < 100]
    assert read_dimension_records(butler, "visit", limit=3).num_rows == 3


def test_join_elements_are_read(butler: Butler) -> None:
    assert read_dimension_records(butler, "visit_detector_region").num_rows == len(VISITS) * len(DETECTORS)
    pairs = read_dimension_records(butler, "visit_definition")
    assert pairs["visit"].to_pylist() == pairs["exposure"].to_pylist()


def test_empty_results_have_the_schema(butler: Butler) -> None:
    table = read_dimension_records(butler, "visit", where="instrument = 'HSC' AND visit = 1")
    assert table.num_rows == 0
    assert table.schema == element_schema(butler.dimensions["visit"])


def test_unknown_element_lists_those_there_are(butler: Butler) -> None:
    with pytest.raises(UnknownNameError, match=r"'visitt'.*visit_definition"):
        read_dimension_records(butler, "visitt")


def test_pixels_have_no_records(butler: Butler) -> None:
    with pytest.raises(UnknownNameError, match="pixels have no records"):
        read_dimension_records(butler, "htm7")


def test_bad_where_is_the_butlers_error(butler: Butler) -> None:
    with pytest.raises(InvalidQueryError):
        read_dimension_records(butler, "visit", where="nonsense = 3")


def test_what_is_read_from_the_tables_is_what_the_butler_finds(any_repo: Path) -> None:
    with Butler.from_config(str(any_repo)) as butler:
        universe = butler.dimensions
        pixels = universe.skypix_dimensions.names
        n_found = 0
        for element in sorted(set(universe.elements.names) - set(pixels)):
            # A limit makes a query of the Butler's, even one that leaves out nothing.
            expected = read_dimension_records(butler, element, limit=1_000_000)
            assert read_dimension_records(butler, element).equals(expected), element
            keys = read_all_keys(butler, element)
            assert keys is not None
            required = list(universe[element].required.names)
            order = [(name, "ascending") for name in required]
            assert keys.sort_by(order).equals(expected.select(required).sort_by(order)), element
            n_found += bool(expected.num_rows)
        assert n_found > 10


def test_a_writer_sees_what_it_has_written(butler_repo: Path) -> None:
    with Butler.from_config(str(butler_repo), writeable=True) as butler, butler.transaction():
        butler.registry.insertDimensionData(
            "physical_filter", {"instrument": "HSC", "name": "fresh", "band": "new"}
        )
        assert "fresh" in read_dimension_records(butler, "physical_filter")["physical_filter"].to_pylist()
        assert "new" in read_dimension_records(butler, "band")["band"].to_pylist()
