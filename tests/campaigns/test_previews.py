"""Previews are values: what one shows, writes and records is what it was made from, whatever comes later."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetType
from lsst.pipe.base import Pipeline, TaskMetadata
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign, begin_campaign, read_campaign_file
from workbench.demo import PIPELINE, create_repository
from workbench.errors import CampaignError, FenceChangedError
from workbench.graph import Preview

BEFORE = "u/test/before"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench on the demonstration, in which the first half of `calibrate` ran before."""
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    with open_bench(root) as opened:
        ids = begin(opened, "u/test/all").preview().columns.quanta["calibrate"].data_ids
        with Butler.from_config(str(root), writeable=True, run=BEFORE) as butler:
            group = butler.dimensions.conform(["instrument", "visit", "detector"])
            butler.registry.registerDatasetType(DatasetType("calibrate_metadata", group, "TaskMetadata"))
            for row in ids.head(len(ids) // 2).iter_rows(named=True):
                butler.put(TaskMetadata(), "calibrate_metadata", {key: row[key] for key in group.required})
        opened.registry.refresh()
        yield opened


def begin(bench: Bench, name: str = "u/test/value", **options: Any) -> Campaign:
    return bench.campaign(name, PIPELINE, ["HSC/defaults"], options=options).constrain(
        where="instrument = 'HSC' AND band = 'i'"
    )


def content(preview: Preview) -> dict[str, Any]:
    """All that a preview shows and would write."""
    columns = preview.columns
    columns.check()
    return {
        "counts": preview.counts.to_pylist(),
        "constraints": preview.constraints.to_pylist(),
        "datasets": preview.datasets.to_pylist(),
        "coverage": preview.coverage.to_pylist(),
        "header": columns.header.model_dump(mode="json", exclude={"timestamp"}),
        "quanta": {label: one.uuids.tobytes() for label, one in columns.quanta.items()},
        "uuids": {name: one.uuids.tobytes() for name, one in columns.datasets.items()},
        "runs": {
            name: Counter(one.runs[place] for place in one.run.tolist())
            for name, one in columns.datasets.items()
        },
        "without a producer": {
            name: Counter(
                one.runs[place]
                for place, maker in zip(one.run.tolist(), columns.producers()[name].tolist(), strict=True)
                if maker < 0
            )
            for name, one in columns.datasets.items()
        },
    }


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """The same without what is minted anew for each preview."""
    header = {key: value for key, value in found["header"].items() if key != "provenance_dataset_id"}
    return {key: value for key, value in found.items() if key not in ("quanta", "uuids")} | {"header": header}


def change_everything(campaign: Campaign, bench: Bench) -> None:
    """Change all that a campaign can be told, previewing after each."""
    campaign.constrain(where="visit > 19000")
    campaign.preview().columns  # noqa: B018 - made for what it might do to others
    campaign.what_if(without=0)
    campaign.remove_constraint(0)
    campaign.constrain(tasks="coadd", where="visit != 18202")
    campaign.preview()
    campaign.group(tasks="coadd", by=bench.groupings.load("halves@1"), way="suffix")
    campaign.preview()


@pytest.fixture(scope="module", autouse=True)
def halves(bench: Bench) -> None:
    """A grouping for one of the changes."""
    import workbench as wb

    visits = bench.save(bench.select("visit", "band = 'i'"), "all-i", reason="a test")
    bench.group("halves", visits, wb.folds(2, seed=1))


@pytest.mark.parametrize("options", [{}, {"skip_existing_in": [BEFORE]}, {"mode": "all-dimensions"}])
@pytest.mark.parametrize("read", ["read before", "read after"])
def test_an_earlier_preview_never_changes(bench: Bench, options: dict[str, Any], read: str) -> None:
    alone = comparable(content(begin(bench, **options).preview()))
    campaign = begin(bench, **options)
    first = campaign.preview()
    before = content(first) if read == "read before" else None
    if options.get("mode"):
        campaign.constrain(where="visit > 19000").preview()
    else:
        change_everything(campaign, bench)
    after = content(first)
    assert before is None or after == before
    assert comparable(after) == alone
    for name, runs in after["without a producer"].items():
        assert first.output_run not in runs, f"{name} in {first.output_run} is made by nothing"


def test_the_file_of_an_earlier_preview_is_its_own(bench: Bench, tmp_path: Path) -> None:
    campaign = begin(bench)
    first = campaign.preview()
    campaign.constrain(where="visit != 18202", tasks="coadd")
    second = campaign.preview()
    headers = []
    for preview in (first, second):
        preview.write(tmp_path / "graph.qg")
        with PredictedQuantumGraph.open(tmp_path / "graph.qg") as reader:
            headers.append(reader.header)
    assert [len(header.metadata["constraints"]) for header in headers] == [1, 2]
    assert [header.n_quanta for header in headers] == [first.n_quanta, second.n_quanta]


def test_previews_of_one_campaign_have_ids_of_their_own(bench: Bench) -> None:
    campaign = begin(bench)
    first, second = campaign.preview(), campaign.preview()
    one, other = (
        {uuid.tobytes() for part in preview.columns.quanta.values() for uuid in part.uuids}
        for preview in (first, second)
    )
    assert len(one) == first.n_quanta
    assert not one & other


def test_threads_get_the_same_graph(bench: Bench) -> None:
    preview = begin(bench).preview()
    barrier, found = threading.Barrier(6), []

    def read() -> None:
        barrier.wait(60)
        found.append(preview.columns)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len({id(columns) for columns in found}) == 1


def test_a_preview_does_not_follow_its_pipeline(bench: Bench) -> None:
    given = Pipeline.from_uri(PIPELINE)
    campaign = bench.campaign("u/test/given", given, ["HSC/defaults"])
    first = campaign.preview()
    given.removeTask("coadd")
    second = campaign.preview()
    assert second.request.metadata == first.request.metadata
    assert "coadd" in str(first.request.metadata["pipeline"])
    # Resolving it anew, as each preview does, touches no earlier one.
    assert first.columns.pipeline_graph is not campaign.pipeline_graph


def test_attributes_that_change_are_seen(bench: Bench) -> None:
    """What is committed by default is what the campaign says, not what it said at the last preview."""
    campaign = begin(bench)
    first = campaign.preview()
    assert campaign.latest_preview() is first
    campaign.growth_limit = 3.0
    assert campaign.latest_preview() is not first
    assert campaign.what_if(where="visit > 19000").before.request.growth_limit == 3.0


def test_what_if_shares_nothing_with_its_campaign(bench: Bench) -> None:
    campaign = begin(bench)
    supposed = campaign.what_if(where="visit > 19000").campaign
    supposed.group(tasks="coadd", by="halves@1", way="suffix")
    assert not campaign.groupings
    assert len(campaign.constraints) == 1
    assert "coadd" in campaign.pipeline_graph.tasks


def test_a_commit_records_its_preview(bench: Bench, tmp_path: Path) -> None:
    campaign = begin(bench, "u/test/older", skip_existing_in=[BEFORE])
    first = campaign.preview()
    campaign.constrain(where="visit != 18202").preview()
    campaign.growth_limit, campaign.partial = 9.0, type(campaign.partial).DROP
    done = campaign.commit(first)
    record = done.record
    assert [one["where"] for one in record["constraints"]] == ["instrument = 'HSC' AND band = 'i'"]  # type: ignore[index, attr-defined]
    assert (record["growth_limit"], record["partial"]) == (2.0, "complete")
    assert record["quanta"] == first.n_quanta_by_task
    # Replayed from the record alone: the same graph.
    (tmp_path / "pipeline.yaml").write_text(record["pipeline"]["text"])  # type: ignore[index]
    (tmp_path / "campaign.yaml").write_text(
        json.dumps(
            {
                "campaign": "u/test/replayed",
                "pipeline": "pipeline.yaml",
                "constraints": [{"where": one["where"]} for one in record["constraints"]],  # type: ignore[attr-defined]
                **{name: record[name] for name in ("inputs", "partial", "growth_limit", "options")},
            }
        )
    )
    again = begin_campaign(bench.registry, read_campaign_file(tmp_path / "campaign.yaml")).preview()
    assert again.compare(first).is_empty
    assert again.n_quanta == first.n_quanta > 0


def test_another_campaigns_preview_is_refused(bench: Bench) -> None:
    campaign, other = begin(bench, "u/test/mine"), begin(bench, "u/test/other")
    preview = other.preview()
    with pytest.raises(CampaignError, match=r"of the campaign 'u/test/other' \(RUN 'u/test/other/r1'\)"):
        campaign.commit(preview)
    checks = {row["check"]: row for row in bench.campaigns.check(campaign, preview).to_pylist()}
    assert checks["The preview is of this campaign"]["state"] == "failed"
    part = bench.campaign("u/test/mine", f"{PIPELINE}#calibrate", ["HSC/defaults"])
    with pytest.raises(CampaignError, match="has another"):
        campaign.commit(part.preview())
    # The same campaign begun again, as a cell that is run twice does, is no other.
    assert begin(bench, "u/test/mine").commit(campaign.preview()).run == "u/test/mine/r1"


def test_the_preview_of_a_branch_belongs_to_the_branch(bench: Bench) -> None:
    campaign = begin(bench, "u/test/split").group(by="halves@1", way="run")
    left, right = campaign.split().values()
    with pytest.raises(CampaignError, match="Commit it with its own campaign"):
        left.commit(right.preview())


def add_output(bench: Bench, row: dict[str, Any]) -> None:
    with bench.registry.writeable_butler(run=BEFORE) as butler:
        butler.put(TaskMetadata(), "calibrate_metadata", {key: row[key] for key in row})


def remove_outputs(bench: Bench, row: dict[str, Any]) -> None:
    with bench.registry.writeable_butler() as butler:
        found = butler.query_datasets("calibrate_metadata", BEFORE, data_id=row, explain=False)
        assert found
        butler.pruneDatasets(found, disassociate=True, unstore=True, purge=True)


def test_what_ran_since_is_seen(bench: Bench) -> None:
    """Outputs that appear or go in a collection of ``skip_existing_in`` change the next preview at once,
    and the earlier one is not committed."""
    campaign = begin(bench, "u/test/ran", skip_existing_in=[BEFORE])
    first = campaign.preview()
    row = first.columns.quanta["calibrate"].data_ids.row(0, named=True)
    data_id = {key: row[key] for key in ("instrument", "visit", "detector")}
    add_output(bench, data_id)
    try:
        second = campaign.preview()
        assert second.n_quanta_by_task["calibrate"] == first.n_quanta_by_task["calibrate"] - 1
        with pytest.raises(FenceChangedError, match=f"calibrate_metadata in {BEFORE}, u/test/ran/r1 is not"):
            campaign.commit(first)
        checks = {row["check"]: row for row in bench.campaigns.check(campaign, first).to_pylist()}
        assert checks["The inputs are as the preview read them"]["state"] == "failed"
    finally:
        remove_outputs(bench, data_id)
    assert campaign.preview().n_quanta == first.n_quanta
    with pytest.raises(FenceChangedError, match="calibrate_metadata"):
        campaign.commit(second)
    assert campaign.commit(first).run == "u/test/ran/r1"


def test_records_of_dimensions_are_fenced(bench: Bench) -> None:
    campaign = begin(bench, "u/test/records")
    first = campaign.preview()
    with bench.registry.writeable_butler() as butler:
        (patch, *_) = butler.query_dimension_records("patch")
        values = patch.toDict() | {"patch": 99, "id": 99}
        butler.registry.insertDimensionData("patch", values)
    with pytest.raises(FenceChangedError, match="the records of patch"):
        campaign.commit(first)
    second = campaign.preview()
    assert second.graph is not first.graph
    assert second.n_quanta > first.n_quanta


def test_conditions_are_what_they_are_now(bench: Bench) -> None:
    """A value that is measured anew changes the next preview, and the earlier one is not committed."""
    visits = sorted(set(begin(bench).preview().columns.quanta["calibrate"].data_ids["visit"].to_list()))

    def measure(first: float) -> None:
        fwhm = [first, *(0.9 for _ in visits[1:])]
        names = {"instrument": ["HSC"] * len(visits), "visit": visits, "psf_fwhm": fwhm}
        bench.metrics.write(pa.table(names), source=f"measured, {first}")

    measure(0.8)
    campaign = begin(bench, "u/test/measured").constrain(where="metrics.psf_fwhm <= 1.0")
    first = campaign.preview()
    visit = visits[0]
    measure(3.0)
    try:
        with pytest.raises(FenceChangedError, match=r"of metrics.psf_fwhm <= .* \(0 more, 1 fewer\)"):
            campaign.commit(first)
        checks = {row["check"]: row for row in bench.campaigns.check(campaign, first).to_pylist()}
        assert "metrics.psf_fwhm <=" in checks["The inputs are as the preview read them"]["found"]
        again = campaign.preview()
        assert visit not in again.columns.quanta["calibrate"].data_ids["visit"].to_list()
        assert visit in first.columns.quanta["calibrate"].data_ids["visit"].to_list()
    finally:
        measure(0.8)
    assert campaign.preview().n_quanta == first.n_quanta
    assert campaign.commit(first).run == "u/test/measured/r1"


def test_collections_stay_apart(bench: Bench) -> None:
    """Nothing of the refused commits is left."""
    names = set(bench.butler.collections.query("u/test/*"))
    kinds = {bench.butler.collections.get_info(name).type for name in names}
    assert kinds == {CollectionType.RUN}
