"""The public face: choosing, grouping, constraining, committing, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsst.daf.butler import Butler
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from workbench.bench import Bench, open_bench
from workbench.demo import BAD_LIST, PIPELINE
from workbench.errors import (
    BadDataIdTableError,
    BindingError,
    CampaignError,
    CollectionExistsError,
    EmptySetError,
    ExpressionError,
    MissingInputsError,
    OutputRunExistsError,
    RoleError,
    UnknownDataIdError,
    UnknownNameError,
    UnknownSetError,
)
from workbench.groupings import best_seeing, folds, load_grouping

INPUTS = ["HSC/defaults"]
ECSV = """# %ECSV 1.0
# ---
# datatype:
# - {name: exposure, datatype: uint64}
# - {name: comment, datatype: string}
# delimiter: ','
# schema: astropy-2.0
exposure,comment
"""


def state(bench: Bench) -> tuple[object, ...]:
    """All that a refused action must leave as it was."""
    return (
        bench.collections.list().to_pylist(),
        bench.sets.list().to_pylist(),
        bench.campaigns.list(pending=True).to_pylist(),
        sorted(str(path) for path in Path(bench.uri.removeprefix("file://")).rglob("*.qg")),
    )


def test_browses(bench: Bench) -> None:
    counts = {row["element"]: row["records"] for row in bench.dimensions.elements().to_pylist()}
    assert counts["visit"] == 12
    assert bench.dimensions.records("visit", "band = 'i'").num_rows == 6
    assert bench.dimensions.records("visit", limit=5, offset=10)["visit"].to_pylist() == [96954, 96980]
    names = {row["name"]: row["type"] for row in bench.collections.list().to_pylist()}
    assert names["HSC/defaults"] == "CHAINED"
    assert {row["name"]: row["datasets"] for row in bench.collections.dataset_types().to_pylist()}[
        "raw"
    ] == 72
    assert {"band", "visit.exposure_time", "metrics.psf_fwhm"} <= set(bench.dimensions.columns("visit"))


def test_everyday_exclusion(bench: Bench) -> None:
    good = bench.select("visit", "band IN ('i', 'r') AND metrics.psf_fwhm < 0.9")
    bad = bench.read_set(BAD_LIST, instrument="HSC", role="exclude")
    left = good - bad
    assert len(good) - len(left) == 2
    assert {"instrument": "HSC", "visit": 58260} not in left
    saved = bench.save(left, "cosmos-i", reason="seeing cut, bad list")
    assert saved.label == "cosmos-i@1"
    assert bench.load("cosmos-i").key_digest == left.key_digest
    assert len(bench.select("visit", "in_set('cosmos-i@1') AND band = 'i'")) == 4
    assert bench.sets.history("cosmos-i").to_pylist()[0]["reason"] == "seeing cut, bad list"


def test_annotated_visits_can_be_left_out(bench: Bench) -> None:
    assert len(bench.select("visit", "NOT annotations.flag = 'bad'")) == 12
    bench.annotate({"instrument": "HSC", "visit": 96954}, "satellite", flag="bad")
    kept = bench.select("visit", "band = 'i' AND NOT annotations.flag = 'bad'")
    assert len(kept) == 5
    assert (
        bench.selection("visit", "NOT annotations.flag = 'bad'")
        .why_not({"visit": 96954})
        .count("annotations.flag")
    )


def test_groups_constrain_different_tasks(bench: Bench) -> None:
    visits = bench.save(bench.select("visit", "metrics.psf_fwhm < 0.9"), "cosmos", reason="test")
    groups = bench.group("seeing", visits, best_seeing(fraction=0.5))
    assert groups.keys == ["deep", "sharp"]
    check = groups.check()
    assert check.covering
    assert not check.disjoint
    assert load_grouping(bench.registry, "seeing@1").keys == groups.keys
    halves = bench.group("halves", visits, folds(2, seed=42))
    assert halves.check().disjoint
    assert halves.check().covering
    campaign = bench.campaign("u/test/groups", PIPELINE, INPUTS)
    campaign.constrain(tasks="coadd", include=halves["fold0"]).constrain(
        tasks="sharpCoadd", include=halves["fold1"]
    )
    preview = campaign.preview()
    bound = {row["constraint"]: row["tasks"] for row in preview.constraints.to_pylist()}
    assert bound == {"halves-fold0@1": "coadd", "halves-fold1@1": "sharpCoadd"}
    with pytest.raises(UnknownNameError, match="its groups are"):
        halves["fold2"]


def test_committed_graph_is_the_previewed_one(bench: Bench) -> None:
    bad = bench.save(bench.read_set(BAD_LIST, instrument="HSC", role="exclude"), "bad", reason="by hand")
    campaign = bench.campaign("u/test/commit", PIPELINE, INPUTS).constrain(exclude=bad)
    preview = campaign.preview()
    commit = campaign.commit()
    assert commit.run == "u/test/commit/r1"
    assert commit.graph_path is not None
    with PredictedQuantumGraph.open(str(commit.graph_path)) as reader:
        reader.read_all()
        graph = reader.finish()
    assert {label: len(quanta) for label, quanta in graph.quanta_by_task.items()} == preview.n_quanta_by_task
    assert {found.bytes for found in graph} == {
        uuid.tobytes() for quanta in preview.columns.quanta.values() for uuid in quanta.uuids
    }
    record = commit.record
    assert record["constraints"] == [
        {"name": "bad@1", "mode": "exclude", "scope": "graph", "set": "bad@1", "key_digest": bad.key_digest}
    ]
    assert bench.campaign("u/test/commit", PIPELINE, INPUTS).output_run == "u/test/commit/r2"


def test_expression_constrains_conjunct_by_conjunct(bench: Bench) -> None:
    campaign = bench.campaign("u/test/where", PIPELINE, INPUTS)
    campaign.constrain(where="tract = 0 AND band = 'i' AND metrics.psf_fwhm < 0.9")
    preview = campaign.preview()
    assert [row["constraint"] for row in preview.constraints.to_pylist()] == [
        "tract = 0",
        "band = 'i'",
        "metrics.psf_fwhm < 0.9",
    ]
    assert set(preview.quanta("coadd").to_pandas().query("stage == 'kept'")["tract"]) == {0}
    campaign.remove_constraint(0)
    assert not campaign.constraints


def test_publishes_whatever_else_is_in_several_runs(bench: Bench) -> None:
    """Raws that the set does not have may be in many RUNs; those that it has may not."""
    with Butler.from_config(str(bench.uri), writeable=True, run="HSC/raw/again") as butler:
        for ref in butler.query_datasets(
            "raw", "HSC/raw/all", where="instrument = 'HSC' AND exposure = 18202"
        ):
            butler.put(butler.get(ref), ref.datasetType, ref.dataId)
    late = bench.save(bench.select("visit", "instrument = 'HSC' AND visit > 58260"), "late", reason="test")
    assert bench.publish(late, "HSC/raw/late", chain="HSC/raw", reason="test").n_published == 6 * len(late)
    every = bench.save(bench.select("visit", "instrument = 'HSC'"), "every", reason="test")
    with pytest.raises(BadDataIdTableError, match=r"18202.* is in several RUNs: .*HSC/raw/again.* source="):
        bench.publish(every, "HSC/raw/every", chain="HSC/raw", reason="test")


def test_publishes_behind_a_chain(bench: Bench) -> None:
    visits = bench.save(bench.select("visit", "visit > 58260 AND instrument = 'HSC'"), "late", reason="test")
    before = state(bench)
    unsaved = bench.select("visit", "band = 'i'")
    with pytest.raises(CampaignError, match="save it first"):
        bench.publish(unsaved, "HSC/raw/x", chain="HSC/raw", reason="test")
    exclude = bench.save(bench.read_set(BAD_LIST, instrument="HSC", role="exclude"), "bad", reason="by hand")
    with pytest.raises(RoleError, match="exclude set"):
        bench.publish(exclude, "HSC/raw/x", chain="HSC/raw", reason="test")
    with pytest.raises(CollectionExistsError):
        bench.publish(visits, "HSC/raw/all", chain="HSC/raw", reason="test")
    assert state(bench)[0] == before[0]
    commit = bench.publish(visits, "HSC/raw/late", chain="HSC/raw", reason="test")
    assert commit.n_published == 6 * len(visits)
    assert bench.butler.collections.get_info("HSC/raw").children == ("HSC/raw/late",)
    assert len(bench.butler.query_datasets("raw", "HSC/raw", limit=None)) == 6 * len(visits)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ("99999, gone\n", UnknownDataIdError, "99999"),
        ("58260, trailed\n58260, again\n", BadDataIdTableError, "58260"),
    ],
)
def test_bad_files_change_nothing(
    bench: Bench, tmp_path: Path, rows: str, error: type[Exception], message: str
) -> None:
    path = tmp_path / "list.ecsv"
    path.write_text(ECSV + rows)
    before = state(bench)
    with pytest.raises(error, match=message):
        bench.read_set(path, instrument="HSC", role="exclude")
    assert state(bench) == before


def test_stray_column_is_named(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("exposure,seeing\n58260,1.2\n")
    with pytest.raises(BadDataIdTableError, match="seeing"):
        bench.read_set(path, instrument="HSC")


def test_empty_list_needs_leave(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "list.ecsv"
    path.write_text(ECSV)
    empty = bench.read_set(path, instrument="HSC", role="exclude")
    assert len(empty) == 0
    before = state(bench)
    with pytest.raises(EmptySetError):
        bench.save(empty, "nothing", reason="test")
    campaign = bench.campaign("u/test/empty", PIPELINE, INPUTS)
    with pytest.raises(EmptySetError, match="allow_empty=True"):
        campaign.constrain(exclude=empty)
    assert state(bench) == before
    saved = bench.save(empty, "nothing", reason="test", allow_empty=True)
    campaign.constrain(exclude=saved, allow_empty=True)
    assert campaign.preview().n_quanta > 200


def test_typo_points_at_the_place(bench: Bench) -> None:
    with pytest.raises(ExpressionError) as caught:
        bench.select("visit", "band = 'i' AND metrics.psf_fwhn < 0.9")
    lines = str(caught.value).splitlines()
    assert lines[2].index("^") - lines[1].index("metrics") == 0
    assert "metrics.psf_fwhm" in str(caught.value)
    with pytest.raises(ExpressionError, match="Did you mean"):
        bench.dimensions.records("visit", "visit.exposure_tme > 3")


def test_refused_campaigns_change_nothing(bench: Bench) -> None:
    before = state(bench)
    with pytest.raises(OutputRunExistsError, match="HSC/raw/all"):
        bench.campaign("u/test/run", PIPELINE, INPUTS, output_run="HSC/raw/all").preview()
    with pytest.raises(MissingInputsError, match="bias"):
        bench.campaign("u/test/run", PIPELINE, ["HSC/raw/all"]).preview()
    with pytest.raises(CampaignError, match="no pipeline file"):
        bench.campaign("u/test/run", "nowhere.yaml", INPUTS)
    campaign = bench.campaign("u/test/run", PIPELINE, INPUTS)
    visits = bench.select("visit", "band = 'i'")
    with pytest.raises(UnknownNameError, match="subsets"):
        campaign.constrain(tasks="coad", include=visits)
    with pytest.raises(UnknownNameError, match="dataset type 'warp'"):
        campaign.constrain(dataset_type="warp", include=visits)
    with pytest.raises(CampaignError, match="Nothing to constrain by"):
        campaign.constrain(where=" \n")
    with pytest.raises(CampaignError, match="Nothing to constrain by"):
        campaign.constrain(tasks="coadd")
    with pytest.raises(UnknownSetError):
        campaign.constrain(include="no-such-set")
    campaign.constrain(tasks="patchMetrics", include=visits)
    with pytest.raises(BindingError, match="nearest task"):
        campaign.preview()
    campaign.remove_constraint(0)
    campaign.constrain(tasks="coadd", include=visits)
    with pytest.raises(CampaignError, match="never saved"):
        campaign.commit()
    assert state(bench) == before


def test_campaign_file(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    path.write_text(
        f"campaign: u/test/file\npipeline: {PIPELINE}\ninputs: [HSC/defaults]\n"
        "constraints:\n- {tasks: coadd, where: \"band = 'i'\"}\n"
    )
    preview = bench.campaigns.read(path).preview()
    assert {row["band"] for row in preview.quanta("coadd").to_pylist() if row["stage"] == "kept"} == {"i"}
    whole = path.read_text()
    for wrong, message in (
        ("constraints: 3", "should be a list"),
        ("growth_limit: big", "should be a number"),
    ):
        path.write_text(whole.partition("constraints")[0] + wrong + "\n")
        with pytest.raises(CampaignError, match=message):
            bench.campaigns.read(path)
    path.write_text("campaign: x\npipelin: y\n")
    with pytest.raises(CampaignError, match=r"unknown keys \['pipelin'\]"):
        bench.campaigns.read(path)


def test_read_only_bench_writes_nothing(bench: Bench) -> None:
    root = bench.uri
    with open_bench(root, read_only=True) as browsing:
        rows = browsing.select("visit", "band = 'i'")
        with pytest.raises(PermissionError):
            browsing.save(rows, "x", reason="test")
        assert "read-only" in repr(browsing)


def test_records_by_columns_of_extension_tables(bench: Bench) -> None:
    where = "instrument = 'HSC' AND metrics.psf_fwhm < 0.9"
    wanted = bench.select("visit", where).table["visit"].to_pylist()
    assert len(wanted) > 2
    assert bench.dimensions.records("visit", where)["visit"].to_pylist() == wanted
    page = bench.dimensions.records("visit", where, offset=1, limit=2)
    assert page["visit"].to_pylist() == wanted[1:3]
    assert page.schema == bench.dimensions.records("visit").schema
    assert bench.dimensions.records("visit", "instrument = 'HSC' AND metrics.psf_fwhm < 0").num_rows == 0
    assert bench.dimensions.records("visit", "exposure_time > 100 AND band = 'i'").num_rows == 4
