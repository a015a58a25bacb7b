"""What a commit says beforehand, against what it then writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from lsst.daf.butler import CollectionType

from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign
from workbench.demo import PIPELINE, create_repository
from workbench.errors import BadNameError, CampaignError
from workbench.graph import Preview
from workbench.graph.file.writer import measure_graph


@pytest.fixture(scope="module")
def _master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("committing") / "repo"
    create_repository(root)
    return root


class Ready(NamedTuple):
    """A campaign and its preview."""

    bench: Bench
    campaign: Campaign
    preview: Preview


@pytest.fixture
def ready(_master: Path, tmp_path: Path) -> Iterator[Ready]:
    """A campaign of two visits."""
    with open_bench(Path(shutil.copytree(_master, tmp_path / "repo"))) as bench:
        campaign = bench.campaign("u/test/ready", f"{PIPELINE}#visit-level", ["HSC/defaults"])
        campaign.constrain(where="instrument = 'HSC' AND visit IN (96980, 95104)")
        yield Ready(bench, campaign, campaign.preview())


def states(checks: pa.Table) -> dict[str, str]:
    return {row["check"]: row["state"] for row in checks.to_pylist()}


def test_the_forecast_is_what_the_commit_writes(ready: Ready) -> None:
    bench, campaign, preview = ready
    forecast = bench.campaigns.forecast(campaign, preview)
    assert forecast.collections.to_pylist() == [
        {"collection": "u/test/ready/r1", "type": "RUN", "when": "commit"},
        {"collection": "u/test/ready", "type": "CHAINED, new", "when": "ingest"},
    ]
    types = {row["dataset_type"]: row for row in forecast.dataset_types.to_pylist()}
    assert not types["workbench_workflow"]["registered"]
    assert types["visit_summary"]["n_datasets"] == 2
    assert set(states(bench.campaigns.check(campaign, preview, forecast=forecast)).values()) == {"passed"}

    commit = campaign.commit(preview)
    written = {row["what"]: row for row in bench.campaigns.files(commit).to_pylist()}
    promised = {row["what"]: row for row in forecast.files.to_pylist()}
    assert promised["graph"]["size"] == "measured"
    assert written["graph"]["n_bytes"] == promised["graph"]["n_bytes"]
    assert Path(written["graph"]["path"]) == commit.graph_path
    assert 0.8 < promised["record"]["n_bytes"] / written["record"]["n_bytes"] < 1.25


def test_a_large_graph_is_estimated(ready: Ready) -> None:
    size = measure_graph(ready.preview.columns)
    estimated = measure_graph(ready.preview.columns, n_measured=0)
    assert size.measured
    assert not estimated.measured
    assert estimated.n_bytes == pytest.approx(size.n_bytes, rel=0.05)


def test_what_stands_in_the_way_is_found_with_its_remedy(ready: Ready) -> None:
    bench, campaign, preview = ready
    campaign.commit(preview)
    checks = bench.campaigns.check(campaign, preview)
    failed = [row for row in checks.to_pylist() if row["state"] == "failed"]
    assert [row["check"] for row in failed] == ["The name of the RUN is free"]
    assert failed[0]["found"] == "There is a RUN collection u/test/ready/r1 already."
    assert "next free name" in failed[0]["remedy"]

    with bench.registry.writeable_butler() as butler:
        butler.collections.redefine_chain("HSC/defaults", ["HSC/raw/all"])
    assert (
        states(bench.campaigns.check(campaign, preview))["The inputs are as the preview read them"]
        == "failed"
    )

    with open_bench(bench.uri, read_only=True) as closed:
        checks = closed.campaigns.check(campaign, preview)
    assert states(checks)["The repository can be written"] == "failed"


def test_an_unsaved_set_and_an_empty_graph_fail(ready: Ready) -> None:
    bench = ready.bench
    visits = bench.select("visit", "instrument = 'HSC' AND visit = 96980")
    campaign = bench.campaign("u/test/unsaved", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(include=visits)
    campaign.constrain(where="instrument = 'HSC' AND visit = 95104")
    found = states(bench.campaigns.check(campaign, campaign.preview()))
    assert found["Every set is saved"] == "failed"
    assert found["There is something to run"] == "failed"
    assert found["There is room on the disk"] == "passed"


def test_who_else_commits_is_noted(ready: Ready) -> None:
    bench, campaign, preview = ready
    bench.registry.journal.prepare(
        "0" * 32,
        kind="graph",
        campaign="u/eve",
        run="u/eve/r1",
        author="eve",
        fence="",
        intent={},
        names=["u/eve/r1"],
    )
    (note,) = [row for row in bench.campaigns.check(campaign, preview).to_pylist() if row["state"] == "note"]
    assert note["found"] == "Under way or interrupted: u/eve/r1 by eve."


def _register(bench: Bench, name: str, kind: CollectionType) -> None:
    with bench.registry.writeable_butler() as butler:
        butler.collections.register(name, kind)
    bench.registry.refresh()


def test_a_campaign_never_writes_into_what_others_read(ready: Ready) -> None:
    bench = ready.bench
    before = bench.butler.collections.get_info("HSC/defaults").children
    _register(bench, "u/other/chain", CollectionType.CHAINED)
    _register(bench, "u/other/tagged", CollectionType.TAGGED)
    for name, message in (
        ("HSC/defaults", "among the inputs"),
        ("HSC/raw", "among the inputs"),
        ("HSC/calib", "has to be CHAINED"),
        ("HSC/raw/all", "has to be CHAINED"),
        ("u/other/tagged", "has to be CHAINED"),
        ("u/other/chain", "no campaign made it"),
    ):
        with pytest.raises(CampaignError, match=message):
            bench.campaign(name, PIPELINE, ["HSC/defaults"])
    with pytest.raises(CampaignError, match="no campaign made it"):
        bench.campaign("HSC/defaults", PIPELINE, ["HSC/raw/all"])
    with pytest.raises(CampaignError, match="both called"):
        bench.campaign("u/test/one", PIPELINE, ["HSC/defaults"], output_run="u/test/one")
    assert bench.butler.collections.get_info("HSC/defaults").children == before


@pytest.mark.parametrize("name", ["", "u/../../x", "u/a\nb", "my campaign!", "x" * 5000])
def test_odd_names_of_campaigns_and_runs_are_refused(ready: Ready, name: str) -> None:
    bench = ready.bench
    collections = set(bench.butler.collections.query("*"))
    with pytest.raises(BadNameError):
        bench.campaign(name, PIPELINE, ["HSC/defaults"])
    with pytest.raises(BadNameError):
        bench.campaign("u/test/run", PIPELINE, ["HSC/defaults"], output_run=name)
    visits = bench.save(bench.select("visit", "instrument = 'HSC' AND band = 'i'"), "i", reason="test")
    with pytest.raises(BadNameError):
        bench.publish(visits, name, chain="HSC/raw", reason="test")
    if name:  # no chain is a choice
        with pytest.raises(BadNameError):
            bench.publish(visits, "HSC/raw/test", chain=name, reason="test")
    assert set(bench.butler.collections.query("*")) == collections


def test_a_chain_that_appears_later_is_a_failed_check(ready: Ready) -> None:
    bench, campaign, preview = ready
    _register(bench, campaign.name, CollectionType.CHAINED)
    found = states(bench.campaigns.check(campaign, preview))
    assert found["The output collection is a chain or new"] == "failed"
    with pytest.raises(CampaignError, match="no campaign made it"):
        campaign.commit(preview)


def test_a_set_that_has_gone_on_is_noted(ready: Ready) -> None:
    bench = ready.bench
    bench.save(bench.select("visit", "instrument = 'HSC' AND band = 'i'"), "going", reason="test")
    campaign = bench.campaign("u/test/going", PIPELINE, ["HSC/defaults"])
    campaign.constrain(include="going@1")
    preview = campaign.preview()
    title = "The sets are the latest versions"
    assert states(bench.campaigns.check(campaign, preview))[title] == "passed"
    bench.save(bench.select("visit", "instrument = 'HSC' AND visit = 96954"), "going", reason="fewer")
    (row,) = [one for one in bench.campaigns.check(campaign, preview).to_pylist() if one["check"] == title]
    assert (row["state"], row["found"]) == ("note", "Named are going@1, of which going@2 is the latest.")


def test_a_campaign_goes_on_in_its_own_chain(ready: Ready) -> None:
    bench, campaign, preview = ready
    commit = campaign.commit(preview)
    assert commit.run is not None
    _register(bench, campaign.name, CollectionType.CHAINED)
    with bench.registry.writeable_butler() as butler:
        butler.collections.redefine_chain(campaign.name, [commit.run])
    # Also where the next step reads what this one left.
    for inputs in (["HSC/defaults"], [campaign.name, "HSC/defaults"]):
        again = bench.campaign(campaign.name, f"{PIPELINE}#visit-level", inputs)
        assert again.output_run == f"{campaign.name}/r2"
    # A chain that shares its children with others is not its own, whoever wrote into it once.
    with bench.registry.writeable_butler() as butler:
        butler.collections.redefine_chain(campaign.name, [commit.run, "HSC/raw/all"])
    bench.registry.refresh()
    with pytest.raises(CampaignError, match="among the inputs"):
        bench.campaign(campaign.name, PIPELINE, [campaign.name])


def test_why_not_says_who_left_it_out(ready: Ready) -> None:
    bench = ready.bench
    bad = bench.make_set(
        [{"instrument": "HSC", "visit": 96980, "reason": "worst seeing"}],
        dimensions=["visit"],
        role="exclude",
    )
    visits = bench.select("visit", "instrument = 'HSC' AND visit IN (96980, 95104)")
    campaign = bench.campaign("u/test/told", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(include=bench.save(visits - bad, "good", reason="one out", author="ana"))
    preview = campaign.preview()
    assert "good@1 says why: 'worst seeing' (ana)." in str(preview.explain(visit=96980))
    assert "good@1 says why: 'worst seeing' (ana)." in str(preview.why_not(visit=96980))
    assert "says why" not in str(preview.explain(visit=95104))
    other = bench.campaign("u/test/told", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    other.constrain(exclude=bench.save(bad, "bad", reason="a list", author="ben"))
    assert "bad@1 says why: 'worst seeing' (ben)." in str(other.preview().why_not(visit=96980))
