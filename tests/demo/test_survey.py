"""The simulated survey."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base import Instrument

from workbench.demo.camera import SIMCAM_DETECTORS, SimCam, compute_outlines
from workbench.demo.survey import VISITS_PER_NIGHT, make_survey_skymap, observe_survey


def test_camera_has_189_distinct_sensors_without_overlap() -> None:
    assert len(SIMCAM_DETECTORS) == 189
    assert len({detector.full_name for detector in SIMCAM_DETECTORS}) == 189
    assert len({detector.raft for detector in SIMCAM_DETECTORS}) == 21
    outlines = compute_outlines(53.0, -28.0, 33.0)
    first = outlines[94]
    assert [number for number, outline in outlines.items() if first.overlaps(outline)] == [94]


def test_pointings_are_reproducible_and_above_the_horizon() -> None:
    observations = observe_survey(100, 3)
    again = observe_survey(100, 3)
    assert [o.ra for o in observations] == [o.ra for o in again]
    assert [o.ra for o in observations] != [o.ra for o in observe_survey(100, 4)]
    assert all(0.0 < o.zenith_angle < 65.0 for o in observations)
    assert len({o.id for o in observations}) == 100
    assert [o.id for o in observations] == sorted(o.id for o in observations)
    assert len({o.day_obs for o in observations}) == -(-100 // VISITS_PER_NIGHT)
    assert all(
        one.begin + one.exposure_time / 86400 <= other.begin
        for one, other in itertools.pairwise(observations)
    )


@pytest.mark.parametrize("n_visits", [1, 60, 300])
def test_map_holds_every_visit(n_visits: int) -> None:
    skymap = make_survey_skymap(n_visits)
    tracts = [skymap.tract_region(tract) for tract in range(skymap.n_tracts)]
    for observation in observe_survey(n_visits, 1)[::7]:
        near = [tract for tract in tracts if tract.overlaps(observation.region)]
        for vertex in observation.region.getVertices():
            assert any(tract.contains(vertex) for tract in near)


def test_raws_share_one_real_file_a_visit(survey_master: Path) -> None:
    with Butler.from_config(str(survey_master)) as butler:
        refs = butler.query_datasets("raw", collections="SimCam/defaults", limit=None)
        assert len(refs) == 3 * 189
        files = {butler.getURI(ref).ospath for ref in refs}
        assert len(files) == 3
        assert all(Path(file).is_relative_to(survey_master) for file in files)
        header = butler.get(refs[-1])
        assert header["EXPID"] == refs[-1].dataId["exposure"]
        assert header["INSTRUME"] == "SimCam"
        flat = butler.get(
            "flat", collections="SimCam/defaults", instrument="SimCam", exposure=header["EXPID"], detector=188
        )
        assert 0.9 < flat["throughput"] < 1.05


def test_instrument_class_is_importable_and_registers_itself_twice(
    survey_master: Path, tmp_path: Path
) -> None:
    with Butler.from_config(str(survey_master)) as butler:
        assert isinstance(Instrument.fromName("SimCam", butler.registry), SimCam)
        assert len(butler.query_dimension_records("detector", instrument="SimCam")) == 189
    Butler.makeRepo(str(tmp_path / "empty"))
    with Butler.from_config(str(tmp_path / "empty"), writeable=True) as butler:
        SimCam().register(butler.registry)
        SimCam().register(butler.registry)
        assert len(butler.query_dimension_records("physical_filter")) == 3


def test_survey_keeps_clear_of_cosmos(survey_master: Path) -> None:
    with Butler.from_config(str(survey_master)) as butler, butler.query() as query:
        pairs = query.join_dimensions(["visit", "patch"])
        cosmos = pairs.where(instrument="SimCam", skymap="cosmos_rings")
        assert cosmos.data_ids(["visit", "patch"]).count(discard=True) == 0
        rings = pairs.where(instrument="SimCam", skymap="simcam_rings").data_ids(["visit"])
        assert rings.count(discard=True) == 3
