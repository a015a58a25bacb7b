"""Groupings lowered into graphs: in each way, each group with its own members, or nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import astropy.table
import polars as pl
import pytest
from lsst.daf.butler import Butler, CollectionType, DatasetRef, DatasetType
from lsst.pipe.base import Pipeline
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.cosmos import DETECTORS
from tests.extended import PAIR, SUBSET
from tests.graph.oracle import OUTPUT_RUN, assert_same_graph, build_stock
from tests.grouped_tasks import PIPELINE, WAYS
from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign, read_campaign_file
from workbench.errors import CampaignError, GroupingError, UnknownNameError
from workbench.graph import GraphSource, Preview
from workbench.graph.joins.operands import GroupMembers, StockOnlyError
from workbench.groupings import Grouping, Requirements, by_table, campaign_bands, folds

VISITS = (18202, 19676, 93380, 95104)
MEASURED = "HSC/measured"
INPUTS = [MEASURED]

Members = dict[str, set[int]]


def fill(root: Path) -> None:
    """Give a repository what the tasks read, a dimension, and two seeds of one grouping in two ways."""
    with Butler.from_config(str(root), writeable=True) as butler:
        group = butler.dimensions.conform(["visit", "detector"])
        measured = DatasetType("measured", group, "StructuredDataDict")
        butler.registry.registerDatasetType(measured)
        butler.collections.register(MEASURED, CollectionType.RUN)
        for visit in VISITS:
            for detector in DETECTORS[:2]:
                data_id = butler.registry.expandDataId(instrument="HSC", visit=visit, detector=detector)
                butler.put({"visit": visit, "detector": detector}, DatasetRef(measured, data_id, MEASURED))
    with open_bench(root) as bench:
        bench.dimensions.extend(PAIR, SUBSET, confirmation="extend pair subset")
        rows = bench.select("visit", f"instrument = 'HSC' AND visit IN ({', '.join(map(str, VISITS))})")
        saved = bench.save(rows, "four", reason="test")
        for seed in (1, 2):
            grouping = bench.group("folds", saved, folds(2, seed=seed))
            bench.dimensions.insert("subset", grouping)
            bench.dimensions.insert("group", grouping)


@pytest.fixture(scope="module")
def _root(_butler_repo_master: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(shutil.copytree(_butler_repo_master, tmp_path_factory.mktemp("grouped") / "repo"))
    fill(root)
    (root / "ways.yaml").write_text(WAYS)
    (root / "pairs.yaml").write_text(PIPELINE)
    (root / "from-raws.yaml").write_text(
        PIPELINE.replace("comparePair", "gatherGroup").replace("ComparePair", "GatherGroup")
    )
    return root


@pytest.fixture
def bench(_root: Path) -> Iterator[Bench]:
    """A bench on the repository, which most tests only read."""
    with open_bench(_root) as found:
        yield found


def begin(bench: Bench, labels: str, name: str = "u/test/ways", **options: object) -> Campaign:
    return bench.campaign(name, f"{bench.uri}/ways.yaml#{labels}", INPUTS, **options)


def members_of(grouping: Grouping) -> Members:
    return {key: set(grouping.members(key)["visit"].to_pylist()) for key in grouping.keys}


def read_predicted(preview: Preview, task: str, key: str | None = None) -> Members:
    """Read the visits that each quantum of a task reads, by a dimension or under one name."""
    columns = preview.columns
    edges = columns.inputs[task, "measured"]
    visits = columns.datasets["measured"].data_ids["visit"][edges.dataset_row]
    quanta = columns.quanta[task].data_ids
    groups = quanta[key][edges.quantum_row] if key else pl.Series([""] * len(visits))
    found: Members = {}
    for group, visit in zip(groups.to_list(), visits.to_list(), strict=True):
        found.setdefault(group.partition("-")[2] if key else "", set()).add(visit)
    return found


def read_as_run(bench: Bench, commit: str, task: str, key: str | None = None) -> Members:
    """Read from the provenance which visits the quanta of a task used."""
    datasets = {row["dataset_id"]: row for row in bench.provenance.datasets(commit).to_pylist()}
    found: Members = {}
    for quantum in bench.provenance.quanta(commit, task=task, status="successful").to_pylist():
        group = json.loads(quantum["data_id"])[key].partition("-")[2] if key else ""
        for row in bench.provenance.inputs(quantum["quantum_id"]).to_pylist():
            if row["connection"] == "measured" and row["used"]:
                data_id = json.loads(datasets[row["dataset_id"]]["data_id"])
                found.setdefault(group, set()).add(data_id["visit"])
    return found


def test_the_seeds_differ(bench: Bench) -> None:
    first, second = (members_of(bench.groupings.load(f"folds@{version}")) for version in (1, 2))
    assert first.keys() == second.keys() == {"fold0", "fold1"}
    assert first != second
    assert set.union(*first.values()) == set.union(*second.values()) == set(VISITS)


@pytest.mark.parametrize("version", [1, 2])
def test_extend_equals_the_stock_builder_with_the_same_where(bench: Bench, version: int) -> None:
    grouping = bench.groupings.load(f"folds@{version}")
    campaign = begin(
        bench,
        "gatherSubset",
        "u/oracle",
        output_run=OUTPUT_RUN,
        options={"mode": "all-dimensions", "datastore_records": False},
    ).group(tasks="gatherSubset", by=grouping)
    where = f"instrument = 'HSC' AND subset.grouping = 'folds@{version}'"
    stock = build_stock(bench.butler, campaign.pipeline_graph, INPUTS, where=where)
    assert_same_graph(campaign.preview().columns, stock)
    per_task = begin(bench, "gatherSubset").group(tasks="gatherSubset", by=grouping).preview()
    assert read_predicted(per_task, "gatherSubset", "subset") == members_of(grouping)
    (line,) = per_task.groupings.to_pylist()
    assert line == {
        "grouping": grouping.label,
        "way": "extend",
        "dimension": "subset",
        "tasks": "gatherSubset",
        "groups": 2,
        "groups_in_graph": 2,
        "members": 4,
        "members_in_graph": 4,
    }
    assert per_task.bound_by["gatherSubset"] == [f"by {grouping.label}"]


def test_two_seeds_in_one_campaign_never_mix(bench: Bench) -> None:
    first, second = bench.groupings.load("folds@1"), bench.groupings.load("folds@2")
    campaign = begin(bench, "gatherSubset,gatherAgain").group(tasks="gatherSubset", by=first)
    # One version alone is that of the whole graph.
    preview = campaign.preview()
    assert read_predicted(preview, "gatherAgain", "subset") == members_of(first)
    campaign.group(tasks="gatherAgain", by=second)
    preview = campaign.preview()
    assert read_predicted(preview, "gatherSubset", "subset") == members_of(first)
    assert read_predicted(preview, "gatherAgain", "subset") == members_of(second)
    assert len(preview.groupings) == 2
    with pytest.raises(GroupingError, match="gatherAgain works by group already"):
        campaign.group(tasks="gatherAgain", by=first)
    # Both in the dimension 'group' of one graph: the keys keep them apart.
    pipeline = Pipeline.from_uri(f"{bench.uri}/ways.yaml#gatherGroup")
    pipeline.addTask("tests.grouped_tasks.GatherGroupTask", "gatherOther")
    pipeline.addConfigOverride("gatherOther", "connections.gathered", "other_summary")
    both = bench.campaign("u/test/both", pipeline, INPUTS)
    both.group(tasks="gatherGroup", by=first, way="group").group(tasks="gatherOther", by=second, way="group")
    preview = both.preview()
    assert read_predicted(preview, "gatherGroup", "group") == members_of(first)
    assert read_predicted(preview, "gatherOther", "group") == members_of(second)


def test_what_is_named_for_no_version_or_two_is_refused(bench: Bench) -> None:
    pipeline = Pipeline.from_uri(f"{bench.uri}/ways.yaml#gatherSubset,gatherAgain")
    pipeline.addTask("tests.grouped_tasks.GatherSubsetTask", "gatherThird")
    pipeline.addConfigOverride("gatherThird", "connections.gathered", "subset_third")
    campaign = bench.campaign("u/test/three", pipeline, INPUTS)
    campaign.group(tasks="gatherSubset", by="folds@1").group(tasks="gatherAgain", by="folds@2")
    with pytest.raises(GroupingError, match=r"'gatherThird' .* none of folds@1, folds@2 is named for it"):
        campaign.preview()
    assert campaign.group(tasks="gatherThird", by="folds@1").preview().n_quanta == 6


def test_pairs_with_numbers_of_their_own_have_exactly_their_two(bench: Bench) -> None:
    rule = by_table(
        pl.DataFrame({"instrument": "HSC", "visit": VISITS, "group_key": ["b", "a", "b", "a"]}).to_arrow()
    )
    twos = bench.group("twos", bench.load("four"), rule, require=Requirements(minimum=2), sets=False)
    keys = {row["group"]: row["pair"] for row in bench.dimensions.insert("pair", twos).to_pylist()}
    campaign = bench.campaign("u/test/pairs", f"{bench.uri}/pairs.yaml#comparePair", INPUTS)
    columns = campaign.group(tasks="comparePair", by=twos).preview().columns
    edges = columns.inputs["comparePair", "measured"]
    pairs = columns.quanta["comparePair"].data_ids["pair"][edges.quantum_row]
    visits = columns.datasets["measured"].data_ids["visit"][edges.dataset_row]
    expected = {(keys[key], visit) for key, found in members_of(twos).items() for visit in found}
    assert set(zip(pairs, visits, strict=True)) == expected
    assert len(columns.quanta["comparePair"]) == 2 * 2


def test_bands_of_a_campaign_are_a_dimension_too(bench: Bench) -> None:
    """The repository's own band of a filter cannot change; a campaign's can."""
    rule = campaign_bands({"HSC-I": "i", "HSC-I2": "i2", "HSC-R2": "r"})
    bands = bench.group("bands", bench.load("four"), rule)
    bench.dimensions.insert("subset", bands)
    preview = begin(bench, "gatherSubset").group(tasks="gatherSubset", by=bands).preview()
    found = read_predicted(preview, "gatherSubset", "subset")
    assert found == {"i": {18202, 19676}, "i2": {95104}, "r": {93380}}


def test_outputs_of_another_seed_among_the_inputs_stay_out(bench: Bench) -> None:
    """What another campaign has made of another version is not gathered, whoever gathers it."""
    with Butler.from_config(bench.uri, writeable=True) as butler:
        group = butler.dimensions.conform(["subset"])
        kind = DatasetType("subset_summary", group, "StructuredDataDict")
        butler.registry.registerDatasetType(kind)
        for version in (1, 2):
            run = f"u/test/seed{version}"
            butler.collections.register(run, CollectionType.RUN)
            for key, visits in members_of(bench.groupings.load(f"folds@{version}")).items():
                butler.put({"visits": sorted(visits)}, kind, run=run, subset=f"folds@{version}-{key}")
    inputs = [MEASURED, "u/test/seed1", "u/test/seed2"]
    for version in (1, 2):
        campaign = bench.campaign("u/test/collate", f"{bench.uri}/ways.yaml#gatherAgain,collate", inputs)
        both = campaign.preview()
        assert len(both.columns.inputs["collate", "parts"]) == 4
        preview = campaign.group(tasks="gatherAgain", by=f"folds@{version}").preview()
        rows = preview.columns.inputs["collate", "parts"].dataset_row
        parts = preview.columns.datasets["subset_summary"].data_ids["subset"][rows]
        assert sorted(parts) == [f"folds@{version}-fold0", f"folds@{version}-fold1"]


@pytest.mark.postgres
def test_on_postgresql(postgres_repo: Path) -> None:
    fill(postgres_repo)
    (postgres_repo / "ways.yaml").write_text(WAYS)
    with open_bench(postgres_repo) as bench:
        grouping = bench.groupings.load("folds@2")
        campaign = begin(bench, "gatherSubset,gatherGroup,gather").group(tasks="gatherSubset", by=grouping)
        campaign.group(tasks="gatherGroup", by=grouping, way="group")
        preview = campaign.group(tasks="gather", by=grouping, way="suffix").preview()
        assert read_predicted(preview, "gatherSubset", "subset") == members_of(grouping)
        assert read_predicted(preview, "gatherGroup", "group") == members_of(grouping)
        assert read_predicted(preview, "gather_fold1")[""] == members_of(grouping)["fold1"]


@pytest.mark.parametrize("version", [1, 2])
def test_group_equals_the_stock_builder_with_the_table(
    bench: Bench, version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouping = bench.groupings.load(f"folds@{version}")
    options = {"mode": "all-dimensions", "datastore_records": False}
    campaign = begin(bench, "gatherGroup", "u/oracle", output_run=OUTPUT_RUN, options=options)
    with pytest.raises(GroupingError, match="gatherGroup would get every visit in every group"):
        campaign.preview()
    campaign.group(tasks="gatherGroup", by=grouping, way="group")
    table = astropy.table.Table.read(bench.groupings.export_group_table(grouping, tmp_path / "groups.ecsv"))
    assert table.colnames == ["instrument", "group", "visit"]
    names = ", ".join(f"'{name}'" for name in sorted(set(table["group"])))
    where = f"instrument = 'HSC' AND group IN ({names})"
    stock = build_stock(bench.butler, campaign.pipeline_graph, INPUTS, where=where, data_id_tables=[table])
    assert_same_graph(campaign.preview().columns, stock)
    # The trap: without the table every group has every visit, and nothing says so.
    without = build_stock(bench.butler, campaign.pipeline_graph, INPUTS, where=where)
    assert without.n_quanta_by_task == stock.n_quanta_by_task == {"gatherGroup": 2}
    assert len(without.inputs["gatherGroup", "measured"]) == 2 * len(stock.inputs["gatherGroup", "measured"])
    per_task = begin(bench, "gatherGroup").group(tasks="gatherGroup", by=grouping, way="group")
    assert read_predicted(per_task.preview(), "gatherGroup", "group") == members_of(grouping)
    # A builder that forgets the table is found out, whatever it builds.
    monkeypatch.setattr(GroupMembers, "of", lambda self, group: [])
    again = begin(bench, "gatherGroup").group(tasks="gatherGroup", by=grouping, way="group")
    with pytest.raises(
        GroupingError, match=rf"4 data IDs \(instrument, group, visit\) .* of {grouping.label}"
    ):
        again.preview()
    with pytest.raises(GroupingError, match="were not applied"):
        again.commit()


def test_group_beside_exposures(bench: Bench) -> None:
    """Each task has a join of its own, so that a graph that begins at raws can be by group downstream."""
    grouping = bench.groupings.load("folds@1")

    def from_raws(**options: object) -> Campaign:
        path = f"{bench.uri}/from-raws.yaml#measure,gatherGroup"
        campaign = bench.campaign("u/test/raws", path, ["HSC/defaults"], options=options)
        return campaign.group(tasks="gatherGroup", by=grouping, way="group")

    preview = from_raws().preview()
    assert read_predicted(preview, "gatherGroup", "group") == members_of(grouping)
    assert preview.n_quanta_by_task["gatherGroup"] == 2
    assert "reach 6 measure, 1 gatherGroup" in str(preview.explain(instrument="HSC", visit=18202))
    other = str(preview.explain(instrument="HSC", group="folds@2-fold0"))
    assert "no group of folds@1, by which this graph works" in other
    with pytest.raises(GroupingError, match="a group of its own\\. Use the mode 'per-task'"):
        from_raws(mode="all-dimensions").preview()
    with pytest.raises(GroupingError, match="a group of its own, which no table can change"):
        bench.campaign("u/test/raws", f"{bench.uri}/from-raws.yaml#measure", ["HSC/defaults"]).group(
            tasks="measure", by=grouping, way="group"
        )


def test_the_stock_builder_as_an_engine_is_given_the_table(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: object, *args: object) -> None:
        raise StockOnlyError("a test")

    monkeypatch.setattr(GraphSource, "find_candidates", refuse)
    for version in (1, 2):
        grouping = bench.groupings.load(f"folds@{version}")
        campaign = begin(bench, "gatherGroup,gather,gatherSubset")
        campaign.group(tasks="gatherGroup", by=grouping, way="group")
        campaign.group(tasks="gatherSubset", by=grouping).group(tasks="gather", by=grouping, way="suffix")
        preview = campaign.preview()
        assert preview.engine == "stock builder (slower), for a test"
        assert read_predicted(preview, "gatherGroup", "group") == members_of(grouping)
        assert read_predicted(preview, "gatherSubset", "subset") == members_of(grouping)
        assert read_predicted(preview, "gather_fold0")[""] == members_of(grouping)["fold0"]
    raws = bench.campaign("u/test/raws", f"{bench.uri}/from-raws.yaml#measure,gatherGroup", ["HSC/defaults"])
    raws.group(tasks="gatherGroup", by="folds@1", way="group")
    with pytest.raises(GroupingError, match="which this pipeline needs, joins its exposures"):
        raws.preview()


def test_suffix_clones_all_that_is_downstream(bench: Bench) -> None:
    grouping = bench.groupings.load("folds@2")
    campaign = begin(bench, "gather,report", "u/test/suffix")
    campaign.constrain(tasks="report", where="instrument = 'HSC'")
    campaign.constrain(dataset_type="measured", where="detector = 41")
    campaign.group(tasks="gather", by=grouping, way="suffix")
    graph = campaign.pipeline_graph
    assert set(graph.tasks) == {"gather_fold0", "gather_fold1", "report_fold0", "report_fold1"}
    assert set(graph.task_subsets["gather"]) == {"gather_fold0", "gather_fold1"}
    assert len(graph.task_subsets["named"]) == 4
    assert graph.tasks["report_fold1"].inputs["gathered"].parent_dataset_type_name == "summary_fold1"
    preview = campaign.preview()
    for key, visits in members_of(grouping).items():
        assert read_predicted(preview, f"gather_{key}") == {"": visits}
    assert set(preview.columns.datasets["measured"].data_ids["detector"]) == {41}
    # What was said of a task before holds for its clones, and they can be named since.
    tasks = dict(
        zip(*(preview.constraints[name].to_pylist() for name in ("constraint", "tasks")), strict=True)
    )
    assert tasks["instrument = 'HSC'"] == "report_fold0, report_fold1"
    assert tasks["folds@2/fold0"] == "gather_fold0"
    campaign.constrain(tasks="gather", exclude=grouping["fold0"])
    assert campaign.preview().n_quanta_by_task["gather_fold0"] == 0
    campaign.remove_constraint(2)
    taken = Pipeline.from_uri(f"{bench.uri}/ways.yaml#gather,report")
    taken.addTask("tests.grouped_tasks.MeasureTask", "report_fold0")
    campaign = bench.campaign("u/test/taken", taken, INPUTS)
    with pytest.raises(CampaignError, match=r"report_fold0.*, which the pipeline has already"):
        campaign.group(tasks="gather", by=grouping, way="suffix")
    with pytest.raises(GroupingError, match=r"with tasks; the pipeline has \['gather', 'report'\]"):
        begin(bench, "gather,report").group(by=grouping, way="suffix")


def test_run_makes_a_campaign_a_group(bench: Bench) -> None:
    grouping = bench.groupings.load("folds@2")
    campaign = begin(bench, "gather", "u/test/run").group(by=grouping, way="run")
    with pytest.raises(GroupingError, match=r"campaign\.split\(\)"):
        campaign.preview()
    branches = campaign.split()
    assert {key: branch.name for key, branch in branches.items()} == {
        key: f"u/test/run/{key}" for key in grouping.keys
    }
    for key, branch in branches.items():
        preview = branch.preview()
        assert preview.output_run == f"u/test/run/{key}/r1"
        assert read_predicted(preview, "gather") == {"": members_of(grouping)[key]}
        assert preview.groupings["members_in_graph"].to_pylist() == [2]
    with pytest.raises(GroupingError, match="of another grouping already"):
        campaign.group(by="folds@1", way="run")
    with pytest.raises(GroupingError, match="no RUN a group"):
        begin(bench, "gather").split()


def test_what_cannot_be_lowered_is_refused_with_what_to_do(bench: Bench) -> None:
    grouping = bench.groupings.load("folds@1")
    campaign = begin(bench, "gatherSubset,gather,gatherGroup")
    rows = bench.load("four")
    tried, _ = bench.groupings.try_rule("tried", rows, folds(2, seed=3))
    third = bench.group("more", rows, folds(2, seed=3), sets=False)
    detectors = bench.save(
        bench.select(["visit", "detector"], "instrument = 'HSC' AND visit = 18202"),
        "one-visit",
        reason="test",
    )
    fine = bench.group("fine", detectors, folds(2, seed=1), sets=False)
    for tasks, by, way, words in (
        (
            "gather",
            grouping,
            "extend",
            r"gather \(instrument\) .* share none .*\(pair, subset\).*way 'suffix'",
        ),
        ("gather", grouping, "group", r"gather \(instrument\) .* needs the dimension 'group'"),
        ("gatherSubset", grouping, "sideways", "'extend' .* 'group' .* 'suffix' .* 'run'"),
        ("gatherSubset", tried, "extend", "never saved"),
        ("gather", tried, "suffix", "never saved"),
        (
            "gatherSubset",
            third,
            "extend",
            r"no records .* bench.dimensions.insert\('subset', 'more@1'\)",
        ),
        ("gatherGroup", third, "group", r"bench.dimensions.insert\('group', 'more@1'\)"),
        ("gatherSubset", fine, "extend", r"\(instrument, detector, visit\), .* related to visit"),
    ):
        with pytest.raises(GroupingError, match=words):
            campaign.group(tasks=tasks, by=by, way=way)
    with pytest.raises(UnknownNameError, match=r"'sweep' is no dynamic dimension .* pair, subset"):
        campaign.group(tasks="gatherSubset", by=grouping, dimension="sweep")
    with pytest.raises(UnknownNameError, match="folds@99"):
        campaign.group(tasks="gather", by="folds@99", way="suffix")
    assert campaign.groupings == ()
    with pytest.raises(GroupingError, match="was never saved"):
        bench.dimensions.insert("subset", tried)


def test_a_group_that_lost_a_member_is_refused(bench: Bench) -> None:
    """A pair is of two visits: constraints that take one away do not leave half a pair in the graph."""
    table = pl.DataFrame({"instrument": "HSC", "visit": VISITS, "group_key": ["a", "a", "b", "b"]}).to_arrow()
    couples = bench.group(
        "couples", bench.load("four"), by_table(table), require=Requirements(minimum=2), sets=False
    )
    bench.dimensions.insert("group", couples)
    campaign = begin(bench, "gatherGroup").group(tasks="gatherGroup", by=couples, way="group")
    assert campaign.preview().groupings["members_in_graph"].to_pylist() == [4]
    campaign.constrain(where=f"visit IN ({', '.join(map(str, VISITS[:3]))})")
    with pytest.raises(GroupingError, match=r"asks for 2 members .* 1 groups .* couples@\d-b \(1\)"):
        campaign.preview()


def test_a_campaign_file_and_a_record_say_it_again(bench: Bench, tmp_path: Path) -> None:
    campaign = begin(bench, "gatherSubset,gatherGroup,gather", "u/test/file", growth_limit=3.0)
    campaign.constrain(dataset_type="measured", exclude=bench.groupings.load("folds@1")["fold0"])
    campaign.group(tasks="gatherSubset", by="folds@1")
    campaign.group(tasks="gather", by="folds@2", way="suffix")
    campaign.group(tasks=["gatherGroup"], by="folds@2", way="group")
    # Clones can be named only when they are there.
    campaign.constrain(tasks="gather_fold1", where="detector = 42")
    (tmp_path / "campaign.yaml").write_text(campaign.to_file().to_yaml())
    file = read_campaign_file(tmp_path / "campaign.yaml")
    assert file == campaign.to_file()
    assert file.groups[0] == {
        "by": "folds@1",
        "tasks": ["gatherSubset"],
        "way": "extend",
        "dimension": "subset",
    }
    again = bench.campaigns.read(tmp_path / "campaign.yaml")
    assert again.constraints == campaign.constraints
    assert again.preview().n_quanta_by_task == campaign.preview().n_quanta_by_task
    record = again.to_record(again.preview())
    assert [item["by"] for item in record["groups"]] == [one.grouping.label for one in again.groupings]
    assert record["groups"][1]["suffixes"] == {"fold0": "fold0", "fold1": "fold1"}
    for text, words in (
        ("groups: {by: folds@1}", "should be a list"),
        ("groups: [{tasks: gather}]", "needs by:"),
        ("groups: [{by: folds@1, ways: run}]", r"unknown keys \['ways'\]"),
    ):
        (tmp_path / "wrong.yaml").write_text(f"campaign: u/a\npipeline: a.yaml\ninputs: [a]\n{text}\n")
        with pytest.raises(CampaignError, match=words):
            read_campaign_file(tmp_path / "wrong.yaml")


@pytest.mark.as_run
def test_each_way_gives_the_same_members_as_run(bench: Bench) -> None:
    """Executed by ``pipetask run-qbb``, and read back from the provenance of what ran."""
    grouping = bench.groupings.load("folds@2")
    campaign = begin(bench, "gatherSubset,gatherAgain,gatherGroup,gather", "u/test/run-ways")
    campaign.group(tasks="gatherSubset", by=grouping)
    campaign.group(tasks="gatherAgain", by="folds@1")
    campaign.group(tasks="gatherGroup", by=grouping, way="group")
    campaign.group(tasks="gather", by=grouping, way="suffix")
    commits = {"": campaign.commit()}
    for key, branch in (
        begin(bench, "gather", "u/test/run-runs").group(by=grouping, way="run").split().items()
    ):
        commits[key] = branch.commit()
    for commit in commits.values():
        bench.run(commit)
        bench.ingest(commit)
    one = commits[""].commit_id
    ways: Mapping[str, Members] = {
        "extend": read_as_run(bench, one, "gatherSubset", "subset"),
        "group": read_as_run(bench, one, "gatherGroup", "group"),
        "suffix": {key: read_as_run(bench, one, f"gather_{key}")[""] for key in grouping.keys},
        "run": {key: read_as_run(bench, commits[key].commit_id, "gather")[""] for key in grouping.keys},
    }
    assert ways == dict.fromkeys(ways, members_of(grouping))
    assert read_as_run(bench, one, "gatherAgain", "subset") == members_of(bench.groupings.load("folds@1"))
    # What the tasks themselves saw is the same.
    for key in grouping.keys:
        refs = {
            "subset_summary": {"subset": f"folds@2-{key}"},
            "group_summary": {"instrument": "HSC", "group": f"folds@2-{key}"},
            f"summary_{key}": {"instrument": "HSC"},
        }
        seen = [
            bench.butler.get(name, data_id, collections=[campaign.name]) for name, data_id in refs.items()
        ]
        seen.append(bench.butler.get("summary", instrument="HSC", collections=[f"u/test/run-runs/{key}"]))
        assert {tuple(one["visits"]) for one in seen} == {tuple(sorted(members_of(grouping)[key]))}
    record = commits["fold1"].record["groups"]
    assert record[0]["group"] == "fold1"
    with PredictedQuantumGraph.open(str(commits[""].graph_path)) as reader:
        assert next(item["by"] for item in reader.header.metadata["groups"]) == "folds@2"
