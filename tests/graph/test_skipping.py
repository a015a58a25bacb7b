"""What is skipped: kept outputs, and whether they were made from what the graph would take now."""

from __future__ import annotations

import collections
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from lsst.daf.butler import CollectionType
from lsst.pipe.base import TaskMetadata

from tests.executed import VISITS, Executed
from workbench.bench import Bench, open_bench
from workbench.campaigns import Campaign
from workbench.demo import PIPELINE
from workbench.graph import Preview

RUN = "u/test/good/r1"
WHERE = (
    "instrument = 'HSC' AND skymap = 'cosmos_rings' AND tract = 3 "
    f"AND visit IN ({', '.join(map(str, VISITS))})"
)
BAD = VISITS[0]


@pytest.fixture(scope="module")
def bench(executed: Executed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench on the executed demonstration, which some tests change for a while."""
    root = shutil.copytree(executed.root, tmp_path_factory.mktemp("skipping") / "repo")
    with open_bench(root) as opened:
        yield opened


def begin(bench: Bench, *skip: str) -> Campaign:
    """The campaign of the run, once more."""
    options = {"skip_existing_in": list(skip)} if skip else {}
    campaign = bench.campaign("u/test/again", PIPELINE, ["HSC/defaults"], options=options)
    return campaign.constrain(where=WHERE).constrain(tasks="coadd", exclude="doubtful@1")


def stale(preview: Preview, state: str) -> set[tuple[str, str]]:
    rows = preview.skipping.table.to_pylist()
    return {(row["task"], row["data_id"]) for row in rows if row["state"] == state}


def test_the_same_again_is_all_the_same(bench: Bench) -> None:
    preview = begin(bench, RUN).preview()
    assert preview.skipping.n_skipped == sum(preview.counts["skipped"].to_pylist()) > 0
    assert preview.skipping.table.num_rows == 0
    assert "All of their outputs were made from the inputs" in str(preview.skipping)


def test_an_exclusion_leaves_outputs_behind(bench: Bench) -> None:
    """Exactly what a comparison of the graphs without skipping says of them."""
    campaign = begin(bench, RUN)
    campaign.constrain(where=f"visit != {BAD}")
    preview = campaign.preview()
    difference = begin(bench).constrain(where=f"visit != {BAD}").preview().compare(begin(bench).preview())

    def listed(change: Any) -> set[tuple[str, str]]:
        found = set()
        for label in preview.graph.tasks:
            required = preview.graph.quantum_ids[label].group.required
            for row in difference.quanta(label, change).to_pylist():
                found.add((label, ", ".join(f"{name}={row[name]}" for name in required)))
        return found

    assert stale(preview, "other inputs") == listed("changed")
    assert stale(preview, "downstream") == listed("downstream")
    numbers = collections.Counter(task for task, _ in stale(preview, "other inputs"))
    assert numbers["coadd"] > 0
    text = str(preview.skipping)
    assert f"{numbers['coadd']} coadd" in text
    assert f"leave {RUN} out of skip_existing_in" in text
    assert {row["run"] for row in preview.skipping.table.to_pylist()} == {RUN}


def test_what_nobody_recorded_is_not_known(bench: Bench) -> None:
    with bench.registry.writeable_butler() as butler:
        butler.collections.register("u/test/unrecorded", CollectionType.RUN)
        for ref in butler.query_datasets("calibrate_metadata", RUN)[:2]:
            butler.put(TaskMetadata(), "calibrate_metadata", ref.dataId, run="u/test/unrecorded")
    preview = begin(bench, "u/test/unrecorded").preview()
    assert preview.skipping.n_skipped == 2
    assert preview.skipping.counts["not_known"].to_pylist() == [2]
    assert "no graph of u/test/unrecorded was committed here): 2 calibrate" in str(preview.skipping)


def test_what_is_made_again_leaves_its_consumers_behind(bench: Bench) -> None:
    """A detector whose metadata is gone runs again: all that was made of the old one is behind."""
    with bench.registry.writeable_butler() as butler:
        (ref, *_) = butler.query_datasets("calibrate_metadata", RUN)
        metadata, data_id = butler.get(ref), dict(ref.dataId.required)
        butler.pruneDatasets([ref], disassociate=True, unstore=True, purge=True)
    try:
        preview = begin(bench, RUN).preview()
        assert preview.n_quanta == 1
        behind = collections.Counter(task for task, _ in stale(preview, "downstream"))
        assert behind["summarizeVisit"] == 1
        assert behind["coadd"] > 0
        assert not stale(preview, "other inputs")
    finally:
        with bench.registry.writeable_butler() as butler:
            butler.put(metadata, "calibrate_metadata", data_id, run=RUN)


def test_nothing_skipped_says_so(bench: Bench) -> None:
    preview = begin(bench).preview()
    assert preview.skipping.n_skipped == 0
    assert str(preview.skipping) == "Nothing is skipped."
