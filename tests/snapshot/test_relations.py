from __future__ import annotations

import pickle

import pyarrow as pa
import pytest
from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS, VISITS
from workbench.errors import UnknownNameError
from workbench.snapshot import Relations, read_data_ids


def test_all_frames_are_read(butler: Butler) -> None:
    relations = Relations.read(butler)
    assert relations.instruments == ("HSC",)
    assert relations.visit_definition.num_rows == len(VISITS)
    assert relations.visit_detector.num_rows == len(VISITS) * len(DETECTORS)
    assert sorted(relations.detector["detector"].to_pylist()) == sorted(DETECTORS)


def test_unknown_instrument_lists_those_there_are(butler: Butler) -> None:
    with pytest.raises(UnknownNameError, match=r"'LSSTCam'.*HSC"):
        Relations.read(butler, ["LSSTCam"])


def test_visits_without_regions_have_all_detectors(butler: Butler) -> None:
    relations = Relations.read(butler)
    other = pa.table({"instrument": ["HSC"], "visit": pa.array([1])})
    assert relations.visits_with_detectors(other).num_rows == len(DETECTORS)
    assert relations.visits_with_detectors(read_data_ids(butler, ["visit"])).num_rows == 72


def test_no_connection_is_held(butler: Butler) -> None:
    copy = pickle.loads(pickle.dumps(Relations.read(butler)))
    assert copy.visit_definition.num_rows == len(VISITS)
    assert "12 exposures" in repr(copy)


def test_empty_relations_have_the_schemas(butler: Butler) -> None:
    empty, full = Relations.empty(butler.dimensions), Relations.read(butler)
    assert empty.visit_definition.schema == full.visit_definition.schema
    assert empty.visit_detector.schema == full.visit_detector.schema
    assert empty.detector.schema == full.detector.schema
