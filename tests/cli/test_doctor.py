"""What doctor finds after deliberate removals, killed writers and dropped tables."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.cli.conftest import workbench, workbench_json
from tests.executed import DOUBTFUL, Executed, commit_campaign, executed
from workbench.bench import open_bench
from workbench.demo import PIPELINE
from workbench.errors import RunGoneError
from workbench.runs.command import find_executable

__all__ = ["executed"]


@pytest.fixture
def root(executed: Executed, tmp_path: Path) -> Path:
    """A copy of the executed demonstration."""
    return Path(shutil.copytree(executed.root, tmp_path / "repo"))


def butler(*words: str | Path) -> None:
    subprocess.run([find_executable("butler"), *map(str, words)], check=True, capture_output=True)


def examine(root: Path, *options: str, damaged: bool) -> str:
    return workbench("doctor", root, *options, exit_code=1 if damaged else 0).output


def test_a_removed_run_is_told_everywhere_and_acknowledged_once(executed: Executed, root: Path) -> None:
    commit = executed.good.commit
    run = str(commit.run)
    workbench("annotate", "add", root, run, "a note on the run")
    coadd = executed_coadd(root, run)
    workbench("annotate", "add", root, coadd, "a note on a coadd")
    butler("remove-runs", root, run, "--no-confirm", "--force")

    impact = workbench_json("impact", root, f"visit={DOUBTFUL}")
    assert impact
    assert {row["exists"] for row in impact} == {"gone"}
    assert {row["produced"] for row in impact} == {True}
    status = workbench_json("status", root, commit.commit_id)
    assert status["ingested"]
    assert status["collection"] == "gone: the RUN was removed since"
    assert {row["exists"] for row in workbench_json("annotate", "list", root)} == {"gone"}
    with open_bench(root) as bench:
        for act in (bench.run, bench.ingest):
            with pytest.raises(RunGoneError, match="the RUN was removed since"):
                act(commit.commit_id)

    assert f"the collection {run} is gone" in examine(root, damaged=True)
    assert "acknowledged: 1" in examine(root, "--acknowledge", run, "--reason", "made again", damaged=False)
    assert "(acknowledged: made again)" in examine(root, damaged=False)
    refused = workbench("doctor", root, "--acknowledge", "u/nobody", exit_code=1).output
    assert "Nothing is amiss with 'u/nobody'" in refused


def executed_coadd(root: Path, run: str) -> str:
    with Butler.from_config(str(root)) as opened:
        return str(opened.query_datasets("deep_coadd", run)[0].id)


def test_a_later_run_of_the_name_is_another_commit_s(executed: Executed, root: Path) -> None:
    old = executed.failed.commit
    run = str(old.run)
    workbench("annotate", "add", root, run, "about the old one")
    butler("remove-runs", root, run, "--no-confirm", "--force")
    with open_bench(root) as bench:
        where = "instrument = 'HSC' AND visit = 96980 AND detector = 41"
        new = commit_campaign(
            bench.registry, "u/test/failed", f"{PIPELINE}#visit-level", where, doubtful=False
        )
        assert new.run == run
        assert new.commit_id != old.commit_id
        workbench("annotate", "add", root, run, "about the new one")
        presence = bench.runs.presence(old.commit_id)
        assert presence is not None
        assert (presence.presence, presence.by) == ("replaced", new.commit_id)
        assert bench.campaigns.find(run).commit_id == new.commit_id
        for act in (bench.run, bench.ingest):
            with pytest.raises(RunGoneError, match=f"made by commit {new.commit_id}"):
                act(old.commit_id)
        bench.run(new)
        bench.ingest(new)
        outputs = bench.impact(visit=96980, dataset_type="detector_stats").to_pandas()
    assert set(outputs["run"]) == {run}
    assert outputs.groupby("exists")["commit"].unique().map(list).to_dict() == {
        "gone": [old.commit_id],
        "stored": [new.commit_id],
    }
    assert list(outputs["exists"]).count("stored") == 1
    notes = {row["text"]: row["exists"] for row in workbench_json("annotate", "list", root)}
    assert notes == {"about the old one": "replaced", "about the new one": "present"}
    told = examine(root, damaged=True)
    assert f"what has its name now was made by commit {new.commit_id}" in told
    assert "damages: 1" in told
    assert "damages: 0" in examine(root, "--acknowledge", old.commit_id, damaged=False)
    assert workbench_json("status", root, new.commit_id)["collection"] == "present"


def test_purged_datasets_are_counted_and_more_of_them_anew(executed: Executed, root: Path) -> None:
    run = str(executed.good.commit.run)
    prune = ("prune-datasets", root, run, "--no-confirm", "--datasets")
    butler(
        *prune, "deep_coadd", "--where", "skymap = 'cosmos_rings' AND tract = 3 AND patch = 1", "--purge", run
    )
    told = examine(root, damaged=True)
    assert "1 of 4 deep_coadd" in told
    assert "were removed from the Butler" in told
    assert "damages: 0" in examine(root, "--acknowledge", run, damaged=False)
    butler(
        *prune, "deep_coadd", "--where", "skymap = 'cosmos_rings' AND tract = 3 AND patch = 2", "--purge", run
    )
    assert "2 of 4 deep_coadd" in examine(root, damaged=True)
    butler(*prune, "patch_metrics", "--unstore")
    assert "patch_metrics" in examine(root, damaged=True)
    rows = workbench_json("impact", root, "visit=18202", "--dataset-type", "patch_metrics")
    assert {row["exists"] for row in rows} == {"registered"}


def test_an_undone_publication_is_told(root: Path) -> None:
    workbench("select", root, "visit", "--where", "instrument = 'HSC'", "--save", "all-hsc", "--reason", "x")
    workbench("publish", root, "all-hsc", "HSC/raw/DM-1", "--chain", "HSC/raw", "--reason", "x")
    assert "damages: 0" in examine(root, damaged=False)
    butler("collection-chain", root, "HSC/raw", "--mode", "redefine", "HSC/raw/all")
    assert "the chain HSC/raw no longer points to HSC/raw/DM-1" in examine(root, damaged=True)
    assert "damages: 0" in examine(root, "--acknowledge", "HSC/raw", damaged=False)
    with Butler.from_config(str(root), writeable=True) as opened:
        (some, *_) = opened.query_datasets("raw", "HSC/raw/DM-1")
        opened.registry.disassociate("HSC/raw/DM-1", [some])
    assert "HSC/raw/DM-1 holds" in examine(root, damaged=True)


def test_leftovers_are_swept(executed: Executed, root: Path) -> None:
    graphs = executed.good.commit.graph_path
    assert graphs is not None
    storage = root / graphs.parent.relative_to(executed.root)
    old = [root / ".butler.yaml-ab12cd34", storage / ".x.qg.0123abcd.part"]
    strange = storage / f"{'0' * 64}.qg"
    for path in (*old, strange):
        path.touch()
        os.utime(path, (0, 0))
    found = workbench_json("doctor", root)
    assert sorted(found["swept"]) == sorted(map(str, old))
    assert [one["file"] for one in found["left"]] == [str(strange)]
    assert not any(path.exists() for path in old)
    assert strange.exists()


@pytest.mark.parametrize("table", ["wb_commit", "wb_x_prov_dataset", "wb_x_annotations", "wb_declaration"])
def test_a_dropped_table_is_told_and_doctor_goes_on(table: str, root: Path) -> None:
    workbench("annotate", "add", root, "HSC/raw/all", "to be lost")
    connection = sqlite3.connect(root / "gen3.sqlite3")
    connection.execute(f"DROP TABLE {table}")
    connection.commit()
    connection.close()
    told = examine(root, damaged=True)
    assert f"the table {table} is gone" in told
    assert "backup" in told
    assert "Traceback" not in told
    if table == "wb_commit":
        refused = workbench("commits", root, exit_code=1).output
        assert "workbench doctor" in refused
    if table == "wb_declaration":
        examine(root, "--recreate", damaged=True)
    else:
        assert "made again, empty" in workbench("doctor", root, "--recreate").output
        examine(root, damaged=False)
