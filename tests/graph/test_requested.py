"""What graphs were asked for: equal requests have equal logical digests, and differences are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import CollectionType, Timespan

import workbench as wb
from tests.graph.oracle import build_stock
from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE, create_repository
from workbench.graph import GraphDifference, Preview, read_graph
from workbench.graph.columns.digest import compute_logical_digest


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    root = tmp_path_factory.mktemp("demo") / "repo"
    create_repository(root)
    with open_bench(root) as opened:
        opened.save(opened.select("visit", "band = 'i'"), "cosmos", reason="a test")
        opened.save(
            opened.select("visit", "instrument = 'HSC' AND band = 'i' AND visit != 18202"),
            "cosmos",
            reason="one less",
        )
        yield opened


def make(bench: Bench, rows: str = "cosmos@1", pipeline: str = PIPELINE, **given: Any) -> Preview:
    campaign = bench.campaign("u/test/asked", pipeline, ["HSC/defaults"], **given)
    return campaign.constrain(include=rows, tasks="coadd").preview()


def compare(before: Preview, after: Preview, directory: Path) -> dict[str, tuple[str, str]]:
    """Compare two previews by their files."""
    graphs = []
    for number, preview in enumerate((before, after)):
        path = directory / f"{number}.qg"
        preview.write(path)
        graphs.append(read_graph(path))
        assert compute_logical_digest(graphs[-1]) == preview.logical_digest
    difference = GraphDifference(*graphs)
    assert difference.unstated == ""
    return {row["what"]: (row["before"], row["after"]) for row in difference.request.to_pylist()}


def test_equal_requests_are_equal(bench: Bench, tmp_path: Path) -> None:
    first, second = make(bench), make(bench)
    assert first.logical_digest == second.logical_digest
    assert compare(first, second, tmp_path) == {}
    assert (tmp_path / "0.qg").read_bytes() != (tmp_path / "1.qg").read_bytes()


def test_a_commit_records_the_digest_and_its_number_does_not_count(bench: Bench) -> None:
    campaign = bench.campaign("u/test/twice", PIPELINE, ["HSC/defaults"]).constrain(include="cosmos@1")
    first = campaign.commit()
    second = campaign.preview()
    assert (first.run, second.output_run) == ("u/test/twice/r1", "u/test/twice/r2")
    assert first.record["logical_digest"] == second.logical_digest
    assert first.graph_path is not None
    assert compute_logical_digest(read_graph(first.graph_path)) == second.logical_digest


def test_another_version_of_a_set_is_named(bench: Bench, tmp_path: Path) -> None:
    first, second = make(bench), make(bench, "cosmos@2")
    assert first.logical_digest != second.logical_digest
    found = compare(first, second, tmp_path)
    assert list(found) == ["include for coadd: set cosmos"]
    before, after = found["include for coadd: set cosmos"]
    assert before.startswith("@1, key digest ")
    assert after.startswith("@2, key digest ")


def test_options_are_named(bench: Bench, tmp_path: Path) -> None:
    other = make(bench, partial="drop", growth_limit=3.0, options={"datastore_records": False})
    found = compare(make(bench), other, tmp_path)
    assert found == {
        "partial": ("complete", "drop"),
        "growth_limit": ("2.0", "3.0"),
        "option datastore_records": ("-", "False"),
    }


def test_versions_of_groupings_are_named(bench: Bench, tmp_path: Path) -> None:
    def grouped(label: str) -> Preview:
        campaign = bench.campaign("u/test/asked", PIPELINE, ["HSC/defaults"])
        return campaign.group(tasks="coadd", by=label, way="suffix").preview()

    for seed in (1, 2):
        bench.group("halves", bench.load("cosmos@1"), wb.folds(2, seed=seed))
    found = compare(grouped("halves@1"), grouped("halves@2"), tmp_path)
    (name,) = (what for what in found if what.startswith("grouping"))
    assert name == "grouping halves by suffix for coadd"
    assert [side.partition(",")[0] for side in found[name]] == ["@1", "@2"]


def test_tasks_are_compared(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        f"description: other\nimports: [{{location: '{PIPELINE}'}}]\n"
        "tasks:\n  coadd: {class: workbench.demo.tasks.coadd.CoaddTask, config: {saveLogOutput: false}}\n"
    )
    found = compare(make(bench), make(bench, pipeline=str(tmp_path / "other.yaml")), tmp_path)
    assert found["pipeline"] == (PIPELINE, str(tmp_path / "other.yaml"))
    before, after = found["configuration of task coadd"]
    assert "saveLogOutput=True" in before
    assert "saveLogOutput=False" in after


def test_chains_and_calibrations_are_named(bench: Bench, tmp_path: Path) -> None:
    before = make(bench)
    with bench.registry.writeable_butler() as butler:
        butler.collections.register("HSC/raw/none", CollectionType.TAGGED)
        children = butler.collections.get_info("HSC/raw").children
        butler.collections.redefine_chain("HSC/raw", ["HSC/raw/none", *children])
        (bias, *_) = butler.query_datasets("bias", "HSC/calib", find_first=False)
        butler.registry.decertify("HSC/calib", "bias", Timespan(None, None), dataIds=[bias.dataId])
        butler.registry.certify("HSC/calib", [bias], Timespan(None, None))
    bench.registry.refresh()
    after = make(bench)
    found = compare(before, after, tmp_path)
    assert found["chain HSC/raw"] == (", ".join(children), ", ".join(["HSC/raw/none", *children]))
    assert "bias in HSC/defaults" in found
    assert not any(what.startswith(("flat in", "option", "package")) for what in found)


def test_a_file_without_a_statement_is_said_to_have_none(bench: Bench, demo_pipeline: Any) -> None:
    ours = make(bench)
    stock = build_stock(bench.butler, demo_pipeline, ("HSC/defaults",))
    assert "The graph before does not say what was asked for" in ours.compare(stock).unstated
    assert "Neither graph says" in GraphDifference(stock, stock).unstated
