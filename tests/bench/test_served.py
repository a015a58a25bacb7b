"""The main job from the other side of the middleware's own Butler server."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler, DatasetType

from tests.butler_server import ButlerServer
from tests.extended import SUBSET
from tests.facility import Facility
from tests.grouped_tasks import WAYS
from tests.main_job import QUANTA, SET_DIGEST
from workbench.bench import Bench, open_bench
from workbench.campaigns import Commit
from workbench.demo import BAD_LIST, PIPELINE, modelled_metrics
from workbench.errors import CommitError, ConnectionFailedError, ReadOnlyError, RunError, WorkbenchError
from workbench.exports import PAIR_TABLE
from workbench.groupings import best_seeing, by_table, folds
from workbench.registry.dimensions.dynamic import DynamicDimension
from workbench.sets import DataIdSet

WHERE = "band IN ('i', 'r') AND metrics.psf_fwhm < 0.9"


@pytest.fixture
def facility(_demo_master: Path, tmp_path: Path) -> Facility:
    """The data facility: the repository, and what is sent there."""
    return Facility(Path(shutil.copytree(_demo_master, tmp_path / "repo")), tmp_path / "inbox")


@pytest.fixture
def served(facility: Facility, butler_server: ButlerServer, tmp_path: Path) -> Iterator[Bench]:
    """A bench of somebody who sees the repository through its server."""
    with open_bench(butler_server.serve(facility.root), sidecar=str(tmp_path / "sidecar")) as bench:
        bench.metrics.write(modelled_metrics(), source="modelled, seed=2017")
        yield bench


def select_good(bench: Bench) -> DataIdSet:
    """Do the first steps of the main job."""
    bad = bench.read_set(BAD_LIST, instrument="HSC", role="exclude")
    return bench.save(bench.select("visit", WHERE) - bad, "cosmos", reason="seeing cut, less the bad list")


def commit_small(bench: Bench) -> Commit:
    """Commit a few quanta of one visit."""
    campaign = bench.campaign("u/ana/small", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(
        include=bench.save(
            bench.select("visit", "instrument = 'HSC' AND visit = 23682"), "one", reason="test"
        )
    )
    preview = campaign.preview()
    assert preview.n_quanta_by_task == {"calibrate": 6, "summarizeVisit": 1}
    return campaign.commit(preview)


def test_the_main_job_up_to_its_commit_is_the_same(served: Bench, facility: Facility, tmp_path: Path) -> None:
    """Set, groups, counts, edges and explanations are those of somebody with the database."""
    with open_bench(facility.root) as direct:
        visits = select_good(served)
        assert visits.key_digest == select_good(direct).key_digest == SET_DIGEST
        published = served.publish(visits, "HSC/raw/DM-1234", chain="HSC/raw", reason="good visits")
        assert "Done." in facility.register(published)
        served.registry.refresh()
        tagged = served.butler.query_datasets("raw", "HSC/raw/DM-1234", limit=None)
        assert len(tagged) == published.n_published == 54
        assert served.butler.collections.get_info("HSC/raw").children == ("HSC/raw/DM-1234",)
        campaigns = []
        for bench in (served, direct):
            groups = bench.group("seeing", bench.load("cosmos"), best_seeing(fraction=0.5))
            campaign = bench.campaign("u/demo/after", PIPELINE, ["HSC/defaults"])
            campaign.constrain(tasks="coadd", include=groups["deep"])
            campaign.constrain(tasks="sharpCoadd", include=groups["sharp"])
            campaigns.append(campaign)
        previews = [campaign.preview() for campaign in campaigns]
        assert previews[0].n_quanta_by_task == previews[1].n_quanta_by_task == QUANTA
        assert previews[0].counts.equals(previews[1].counts)
        assert previews[0].fence.digest == previews[1].fence.digest
        assert previews[0].explain(visit=96954).sentences == previews[1].explain(visit=96954).sentences
        states = served.campaigns.check(campaigns[0], previews[0])
        assert "failed" not in states["state"].to_pylist(), states.to_pylist()


def test_committed_here_executed_there_and_traced_here(
    served: Bench, facility: Facility, tmp_path: Path
) -> None:
    commit = commit_small(served)
    assert commit.script_path is not None
    register = f"python {commit.script_path} REPOSITORY"
    for ask, error in (
        (lambda: served.run(commit), ReadOnlyError),
        (lambda: served.ingest(commit), ReadOnlyError),
        (lambda: served.status(commit), RunError),
        (lambda: served.runs.watch(commit), RunError),
    ):
        with pytest.raises(error) as caught:
            ask()
        assert register in str(caught.value)
    with pytest.raises(ReadOnlyError, match="what the repository is called where its files are"):
        served.runs.export_bps(commit, tmp_path / "bps.yaml")
    bps = served.runs.export_bps(commit, tmp_path / "bps.yaml", repo=str(facility.root))
    assert f"butlerConfig: {facility.root}" in bps.read_text()
    assert {row["what"] for row in served.campaigns.files(commit).to_pylist()} == {"graph", "script"}
    printed = facility.register(commit)
    assert printed.startswith("Done.")
    # The records that the server told are those of the repository: no copy is needed.
    assert f"run-qbb REPOSITORY {facility._inbox / commit.graph_path.name}" in printed
    with pytest.raises(RunError, match=r"It is registered there: .*pipetask run-qbb REPOSITORY"):
        served.status(commit)
    facility.run(commit)
    with pytest.raises(RunError, match=r"It was brought back there: read what ran with bench\.ingest"):
        served.status(commit)
    result = served.ingest(commit)
    assert result.counts == {"successful": 7}
    assert served.ingest(commit).n_new_rows == 0
    assert sum(served.status(commit)["successful"].to_pylist()) == 7
    outputs = served.impact(visit=23682)
    assert {row["commit"] for row in outputs.to_pylist()} == {commit.commit_id}
    assert set(outputs["exists"].to_pylist()) == {"stored"}
    assert served.butler.collections.get_info("u/ana/small").children[0] == commit.run
    assert served.registry.journal.reserved_names() == {}


def test_a_datastore_of_another_name_gets_its_own_records(served: Bench, facility: Facility) -> None:
    """What a server does not tell is attached where it is known."""
    config = facility.root / "butler.yaml"
    config.write_text(config.read_text().replace("datastore:\n", "datastore:\n  name: disk\n", 1))
    with Butler.from_config(str(facility.root)) as butler:
        assert butler.get_datastore_names() == ("disk",)
    commit = commit_small(served)
    printed = facility.register(commit)
    assert f"{commit.graph_digest}.attached.qg" in printed
    attached = facility._inbox / f"{commit.graph_digest}.attached.qg"
    facility._run("pipetask", "run-qbb", str(facility.root), str(attached))


def test_what_a_server_cannot_do_is_a_sentence(served: Bench, facility: Facility, tmp_path: Path) -> None:
    visits = select_good(served)
    grouping = served.group("fold", visits, folds(2, seed=42))
    for act, sentence in (
        (lambda: served.dimensions.extend(DynamicDimension("pair", "int")), "served by a Butler server"),
        (lambda: served.dimensions.insert("group", grouping), "script="),
        (
            lambda: served.groupings.export_visit_selection(
                grouping, "fold0", "u/ana/fold0", dataset_type="sel"
            ),
            "script=",
        ),
    ):
        with pytest.raises(ReadOnlyError, match=sentence):
            act()
    script = tmp_path / "insert.py"
    keys = served.dimensions.insert("group", grouping, script=script)
    facility._run(sys.executable, str(script), str(facility.root))
    facility._run(sys.executable, str(script), str(facility.root))
    served.registry.refresh()
    names = {record.name for record in served.butler.query_dimension_records("group", limit=None)}
    assert set(keys["name"].to_pylist()) < names


def test_a_server_that_fails_in_the_middle_loses_nothing(served: Bench, butler_server: ButlerServer) -> None:
    visits = select_good(served)
    campaign = served.campaign("u/ana/small", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(include=visits)
    preview = campaign.preview()

    def fail_at(stage: str, fraction: float | None = None) -> None:
        if stage == "name the script":
            fault.write_text("503")

    fault = butler_server.directory / "fault"
    try:
        with pytest.raises((ConnectionFailedError, CommitError), match="503 Service Unavailable"):
            campaign.commit(preview, progress=fail_at)
        assert served.load("cosmos").key_digest == SET_DIGEST
        assert served.campaigns.list(pending=True).num_rows == 0
        assert served.registry.journal.reserved_names() == {}
    finally:
        fault.unlink()
    assert campaign.commit(preview).state == "committed"


def test_metrics_in_datasets_are_read_through_the_server(served: Bench, facility: Facility) -> None:
    with Butler.from_config(str(facility.root), writeable=True, run="u/ana/quality") as butler:
        butler.registry.registerDatasetType(
            DatasetType("quality", ("instrument", "visit"), "StructuredDataDict", universe=butler.dimensions)
        )
        for visit in (23682, 96954):
            butler.put({"ellipticity": visit / 1e6}, "quality", instrument="HSC", visit=visit)
        ref = butler.find_dataset("quality", instrument="HSC", visit=96954)
        assert ref is not None
        butler.getURI(ref).remove()
    served.registry.refresh()
    result = served.metrics.import_datasets("quality", ["u/ana/quality"], table="quality")
    assert result.n_written == 1
    assert any("1 of 2 datasets have no file" in note for note in result.notes)
    assert [row["visit"] for row in served.select("visit", "quality.ellipticity > 0").keys.to_pylist()] == [
        23682
    ]


def test_tables_of_pairs_are_put_by_a_script(served: Bench, facility: Facility, tmp_path: Path) -> None:
    visits = served.save(served.select("visit", "instrument = 'HSC'"), "all", reason="test")
    rows = [
        {"visit": visit, "group_key": "one", "role": role}
        for visit, role in ((96862, "extra"), (96860, "intra"))
    ]
    grouping = served.group("couple", visits, by_table(rows))
    with pytest.raises(ReadOnlyError, match="script="):
        served.groupings.export_pair_table(grouping, "u/ana/pairs")
    put = served.groupings.export_pair_table(grouping, "u/ana/pairs", script=tmp_path / "pairs.py")
    assert put.script == tmp_path / "pairs.py"
    facility._run(sys.executable, str(put.script), str(facility.root))
    served.registry.refresh()
    table = served.butler.get(PAIR_TABLE, instrument="HSC", collections="u/ana/pairs")
    assert [tuple(row) for row in table] == [(96862, 96860)]


def test_tasks_with_a_dimension_that_the_facility_added(
    facility: Facility, butler_server: ButlerServer, tmp_path: Path
) -> None:
    """Whoever administers the repository extends it; groups come by script; graphs are made from here."""
    with open_bench(facility.root) as administered:
        administered.dimensions.extend(SUBSET, confirmation="extend subset")
    with Butler.from_config(str(facility.root), writeable=True, run="HSC/measured") as butler:
        group = butler.dimensions.conform(["visit", "detector"])
        butler.registry.registerDatasetType(DatasetType("measured", group, "StructuredDataDict"))
        for visit in (18202, 19676, 93380, 95104):
            butler.put(
                {"visit": visit, "detector": 41}, "measured", instrument="HSC", visit=visit, detector=41
            )
    pipeline = tmp_path / "ways.yaml"
    pipeline.write_text(WAYS)
    with open_bench(butler_server.serve(facility.root), sidecar=str(tmp_path / "far")) as bench:
        four = bench.select("visit", "instrument = 'HSC' AND visit IN (18202, 19676, 93380, 95104)")
        grouping = bench.group("halves", bench.save(four, "four", reason="test"), folds(2, seed=1))
        campaign = bench.campaign("u/ana/halves", f"{pipeline}#gatherSubset", ["HSC/measured"])
        with pytest.raises(WorkbenchError, match=r"halves@1.*insert"):
            campaign.group(tasks="gatherSubset", by=grouping, way="extend")
        script = tmp_path / "insert.py"
        bench.dimensions.insert("subset", grouping, script=script)
        facility._run(sys.executable, str(script), str(facility.root))
        bench.registry.refresh()
        campaign = bench.campaign("u/ana/halves", f"{pipeline}#gatherSubset", ["HSC/measured"])
        campaign.group(tasks="gatherSubset", by=grouping, way="extend")
        commit = campaign.commit()
        assert commit.record["quanta"] == {"gatherSubset": 2}
        assert facility.register(commit).startswith("Done.")
        facility.run(commit)
        assert bench.ingest(commit).counts == {"successful": 2}
        assert len(bench.impact(visit=18202)) == 1


@pytest.mark.parametrize("fault", ["503", "login", "garbage"])
def test_every_long_step_says_that_the_server_fails(
    served: Bench, butler_server: ButlerServer, fault: str, tmp_path: Path
) -> None:
    """A sentence, whoever asked; and what was done before is there when the server is back."""
    visits = select_good(served)
    commit = commit_small(served)
    campaign = served.campaign("u/ana/more", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(include=visits)
    preview = campaign.preview()
    acts: dict[str, Callable[[], object]] = {
        "select": lambda: served.select("visit", "band = 'i'"),
        "save": lambda: served.read_set(BAD_LIST, instrument="HSC", role="exclude").to_visits(),
        "preview": lambda: served.campaign(
            "u/ana/new", f"{PIPELINE}#visit-level", ["HSC/defaults"]
        ).preview(),
        "commit": lambda: campaign.commit(preview),
        "publish": lambda: served.publish(visits, "HSC/raw/X", chain="HSC/raw", reason="x"),
        "status": lambda: served.status(commit),
        "ingest": lambda: served.ingest(commit),
        "withdraw": lambda: served.campaigns.withdraw(commit, reason="x"),
        "metrics": lambda: served.metrics.import_datasets("raw", ["HSC/raw/all"], table="q"),
        "examine": served.campaigns.examine,
    }
    with butler_server.failing(fault):
        for name, act in acts.items():
            with pytest.raises(WorkbenchError) as caught:
                act()
            text = f"{caught.value}"
            assert "\n" not in text, name
            assert any(word in text for word in ("has failed", "answers", "does not answer")), (name, text)
    assert served.load("cosmos").key_digest == SET_DIGEST
    assert served.campaigns.list(pending=True)["state"].to_pylist() == ["committed"]
    assert served.runs.presence(commit).presence == "promised"
    assert campaign.commit(preview).state == "committed"
