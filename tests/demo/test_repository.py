"""Making the demonstration repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.daf.butler import Butler, CollectionType, EmptyQueryResultError

from workbench.demo import create_repository, fill_repository
from workbench.demo.observations import read_hsc_observations
from workbench.errors import DemonstrationError, OperationCancelledError, RepositoryExistsError


def test_chains_lead_to_raws_calibrations_and_maps(demo_master: Path) -> None:
    with Butler.from_config(str(demo_master)) as butler:
        defaults = butler.collections.get_info("HSC/defaults")
        assert defaults.type is CollectionType.CHAINED
        assert defaults.children == ("HSC/raw", "HSC/calib", "skymaps")
        assert butler.collections.get_info("HSC/raw").children == ("HSC/raw/all",)
        assert butler.collections.get_info("HSC/raw/all").type is CollectionType.RUN
        assert butler.collections.get_info("HSC/calib").type is CollectionType.CALIBRATION
        assert all(info.doc for info in butler.collections.query_info("*", include_doc=True))
        assert len(butler.query_datasets("raw", collections="HSC/defaults")) == 72
        assert len(butler.query_datasets("skymap_definition", collections="HSC/defaults")) == 1


def test_every_dataset_has_a_file_of_its_own(demo_master: Path) -> None:
    with Butler.from_config(str(demo_master)) as butler:
        refs = [
            ref
            for name in ("raw", "bias", "flat")
            for ref in butler.query_datasets(name, collections="HSC/*", find_first=False, limit=None)
        ]
        assert len(refs) == 72 + 12 + 48
        assert len({butler.getURI(ref).ospath for ref in refs}) == len(refs)
        assert all(butler.stored_many(refs).values())


def test_records_are_the_observations(demo_master: Path) -> None:
    observations = {observation.id: observation for observation in read_hsc_observations()}
    with Butler.from_config(str(demo_master)) as butler:
        visits = butler.query_dimension_records("visit", instrument="HSC")
        assert {visit.id for visit in visits} == observations.keys()
        for visit in visits:
            observation = observations[visit.id]
            assert visit.region == observation.region
            assert visit.zenith_angle == observation.zenith_angle
            assert visit.azimuth is None
            assert visit.timespan.begin.tai.mjd == pytest.approx(observation.begin, abs=1e-9)
            seconds = (visit.timespan.end - visit.timespan.begin).to_value("s")
            assert seconds == pytest.approx(observation.exposure_time, abs=1e-6)
        for day in butler.query_dimension_records("day_obs", instrument="HSC"):
            nights = [v.timespan for v in visits if v.day_obs == day.id]
            assert nights
            assert all(day.timespan.contains(night) for night in nights)
        for record in butler.query_dimension_records("visit_detector_region", instrument="HSC"):
            assert record.region == observations[record.visit].outlines[record.detector]


def test_every_visit_overlaps_some_patch(demo_master: Path) -> None:
    with Butler.from_config(str(demo_master)) as butler, butler.query() as query:
        pairs = query.join_dimensions(["visit", "detector", "patch"]).where(
            instrument="HSC", skymap="cosmos_rings"
        )
        assert pairs.data_ids(["visit"]).count(discard=True) == 12
        assert pairs.data_ids(["visit", "detector"]).count(discard=True) == 72
        assert pairs.data_ids(["tract"]).count(discard=True) == 4


def test_calibrations_follow_the_date(demo_master: Path) -> None:
    epochs = {}
    with Butler.from_config(str(demo_master)) as butler:
        for observation in read_hsc_observations():
            values = {"instrument": "HSC", "exposure": observation.id, "detector": 41}
            bias = butler.get("bias", values, collections="HSC/defaults")
            flat = butler.get("flat", values, collections="HSC/defaults")
            assert bias["epoch"] == flat["epoch"]
            epochs[observation.id] = bias["epoch"]
    assert {visit for visit, epoch in epochs.items() if epoch == "20150101"} == {
        18202, 19676, 23682, 58260, 59884,
    }  # fmt: skip
    assert set(epochs.values()) == {"20150101", "20160601"}


def read_content(root: Path) -> dict[str, object]:
    """Read what should be equal in repositories of equal seeds."""
    with Butler.from_config(str(root)) as butler:
        content: dict[str, object] = {
            element: [record.toDict() for record in butler.query_dimension_records(element, limit=None)]
            for element in ("instrument", "exposure", "visit_detector_region", "patch", "skymap")
        }
        for name, collection in (("raw", "HSC/raw"), ("bias", "HSC/calib/*"), ("flat", "HSC/calib/*")):
            refs = butler.query_datasets(name, collections=collection, find_first=False, limit=None)
            content[name] = sorted(
                (str(ref.dataId), ref.run, sorted(butler.get(ref).items())) for ref in refs
            )
    return content


def test_repository_is_reproducible_by_seed(demo_master: Path, tmp_path: Path) -> None:
    create_repository(tmp_path / "again")
    create_repository(tmp_path / "other", seed=4)
    content = read_content(demo_master)
    assert read_content(tmp_path / "again") == content
    other = read_content(tmp_path / "other")
    assert other["visit_detector_region"] == content["visit_detector_region"]
    assert other["bias"] != content["bias"]


def test_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(RepositoryExistsError, match="is a file"):
            create_repository(tmp_path / "file", overwrite=overwrite)
        with pytest.raises(RepositoryExistsError, match="no Butler repository"):
            create_repository(tmp_path / "full", overwrite=overwrite)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "thesis.tex"]


def test_repository_is_replaced_only_when_asked(demo_repo: Path) -> None:
    (demo_repo / "trace").write_text("of the old one")
    with pytest.raises(RepositoryExistsError, match="overwrite"):
        create_repository(demo_repo)
    assert (demo_repo / "trace").exists()
    create_repository(demo_repo, overwrite=True)
    assert not (demo_repo / "trace").exists()
    assert (demo_repo / "butler.yaml").exists()
    assert [path.name for path in demo_repo.parent.iterdir()] == ["demo-repo"]


def test_an_empty_directory_and_missing_parents_are_fine(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create_repository(tmp_path / "empty")
    create_repository(str(tmp_path / "new" / "deep" / "repo"))
    for place in ("empty", "new/deep/repo"):
        assert (tmp_path / place / "butler.yaml").is_file()


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    stages = []

    def cancel(stage: str, fraction: float | None = None) -> None:
        stages.append(stage)
        if stage == "HSC calibrations":
            raise OperationCancelledError("enough")

    with pytest.raises(OperationCancelledError):
        create_repository(tmp_path / "repo", progress=cancel)
    assert "HSC raws" in stages
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("numbers", [{"survey": -1}, {"seed": -5}])
def test_negative_numbers_are_refused(tmp_path: Path, numbers: dict[str, int]) -> None:
    with pytest.raises(DemonstrationError, match=str(next(iter(numbers.values())))):
        create_repository(tmp_path / "repo", **numbers)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_demonstration_fits_into_postgresql(postgres_database: str, tmp_path: Path) -> None:
    from lsst.daf.butler import Config

    root = tmp_path / "repo"
    Butler.makeRepo(str(root), config=Config({"registry": {"db": postgres_database}}), forceConfigRoot=False)
    with Butler.from_config(str(root), writeable=True) as butler:
        fill_repository(butler)
        assert len(butler.query_datasets("raw", collections="HSC/defaults")) == 72
        with pytest.raises(EmptyQueryResultError):
            butler.query_datasets("raw", collections="HSC/defaults", where="instrument='HSC' AND visit=1")
