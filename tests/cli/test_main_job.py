"""The main job by commands: each line of it as a person would type it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from lsst.daf.butler import Butler
from lsst.pipe.base.quantum_graph import PredictedQuantumGraph

from tests.cli.conftest import workbench, workbench_json
from workbench.demo import BAD_LIST

WHERE = "instrument = 'HSC' AND band IN ('i', 'r') AND metrics.psf_fwhm < 0.9"
BAD_VISIT, GOOD_VISIT = 58260, 96954


def write_campaign(path: Path, name: str, version: int) -> Path:
    """Write a campaign of one patch, which has both bad visits."""
    constraints = [
        {"tasks": "coadd", "include": f"seeing-deep@{version}"},
        {"tasks": "sharpCoadd", "include": f"seeing-sharp@{version}"},
        {"where": "skymap = 'cosmos_rings' AND tract = 3 AND patch = 1"},
    ]
    campaign = {
        "campaign": name,
        "pipeline": "resource://workbench/demo/demo.yaml",
        "inputs": ["HSC/defaults"],
        "constraints": constraints,
    }
    path.write_text(yaml.safe_dump(campaign))
    return path


def read_depth(repo: Path, run: str) -> dict[str, tuple[int, float, float]]:
    """Read visits, depth (mag) and PSF width (arcsec) of the patch's deep coadds by band."""
    with Butler.from_config(str(repo), writeable=False) as butler:
        found = {}
        for ref in butler.query_datasets("deep_coadd", collections=run):
            row = butler.get(ref)
            found[str(ref.dataId["band"])] = tuple(
                row[name][0].item() for name in ("n_visits", "depth", "psf_fwhm")
            )
        return found


def process(repo: Path, campaign: Path) -> dict[str, Any]:
    """Preview, commit, execute and ingest; what is previewed is what is committed and what runs."""
    promised = workbench_json("campaign", "preview", repo, campaign)
    committed = workbench_json("campaign", "commit", repo, campaign)
    assert committed["counts"] == promised["counts"]
    assert committed["state"] == "committed"
    with PredictedQuantumGraph.open(committed["graph"]) as reader:
        reader.read_thin_graph()
        quanta = {task: len(found) for task, found in reader.finish().quanta_by_task.items()}
    assert quanta == {row["task"]: row["kept"] for row in promised["counts"] if row["kept"]}
    assert sum(quanta.values()) == promised["quanta"]
    ran = workbench_json("run", repo, committed["run"])
    assert ran["counts"] == {"successful": promised["quanta"]}
    assert Path(ran["log"]).is_file()
    status = workbench_json("status", repo, committed["run"])
    assert {row["task"]: row["successful"] for row in status["tasks"]} == quanta
    assert not status["running"]
    assert status["log"] == ran["log"]
    back = workbench_json("ingest", repo, committed["commit"])
    assert {row["task"]: row["n_quanta"] for row in back["quanta"]} == quanta
    return committed


@pytest.mark.as_run
@pytest.mark.timeout(900)
def test_the_main_job(repo: Path, tmp_path: Path) -> None:
    # Look around.
    facts = workbench_json("info", repo)
    assert {row["element"]: row["records"] for row in facts["elements"]}["visit"] == 12
    assert len(workbench_json("dimensions", repo, "visit", "--where", "instrument = 'HSC'")) == 12

    # Choose by seeing, group, process.
    found = workbench_json(
        "select", repo, "visit", "--where", WHERE, "--save", "cosmos", "--reason", "seeing cut"
    )
    assert found["set"] == "cosmos@1"
    assert found["rows"] == len(found["data_ids"]) == found["waterfall"][-1]["rows_after"] == 11
    groups = workbench_json("groups", "make", repo, "cosmos@1", "seeing", "best_seeing")["groups"]
    assert [(row["set"], row["rows"]) for row in groups] == [("seeing-deep@1", 11), ("seeing-sharp@1", 6)]
    before = process(repo, write_campaign(tmp_path / "before.yaml", "u/test/before", 1))
    assert before["run"] == "u/test/before/r1"

    # Two visits are bad: subtract them, and publish what is left.
    workbench("sets", "import", repo, BAD_LIST, "--instrument", "HSC", "--role", "exclude", "--name", "bad",
              "--reason", "looked at")  # fmt: skip
    found = workbench_json("select", repo, "visit", "--where", "in_set('cosmos@1')", "--exclude", "bad@1",
                           "--save", "cosmos", "--reason", "less the bad list")  # fmt: skip
    assert (found["set"], found["rows"]) == ("cosmos@2", 9)
    changes = workbench_json("sets", "diff", repo, "cosmos@1", "cosmos@2")
    assert {row["visit"]: row["change"] for row in changes} == {58260: "removed", 59884: "removed"}
    published = workbench_json("publish", repo, "cosmos@2", "HSC/raw/DM-1234", "--chain", "HSC/raw",
                               "--reason", "less the bad list")  # fmt: skip
    assert published["datasets"] == 54
    chains = {row["name"]: row["children"] for row in workbench_json("collections", repo)}
    assert "HSC/raw/DM-1234" in chains["HSC/raw"]

    # Process again.
    workbench("groups", "make", repo, "cosmos@2", "seeing", "best_seeing")
    campaign = write_campaign(tmp_path / "after.yaml", "u/test/after", 2)
    explained = workbench_json("campaign", "preview", repo, campaign, "--explain", f"visit={GOOD_VISIT}",
                               "--explain", f"visit={BAD_VISIT}")["explanations"]  # fmt: skip
    assert [each["included"] for each in explained] == [True, False]
    after = process(repo, campaign)
    assert after["quanta"] < before["quanta"]

    # The coadds are the better for it.
    old, new = read_depth(repo, before["run"]), read_depth(repo, after["run"])
    for band in ("i", "r"):
        assert new[band][0] == old[band][0] - 1
        assert new[band][1] > old[band][1] + 0.2
        assert new[band][2] < old[band][2] - 0.2

    # Trace, annotate, export.
    outputs = workbench_json("impact", repo, f"visit={BAD_VISIT}", "--dataset-type", "deep_coadd")
    assert [row["run"] for row in outputs] == [before["run"]]
    note = workbench_json(
        "annotate", "add", repo, outputs[0]["dataset_id"], "contains a trailed visit", "--flag", "bad"
    )
    about = workbench_json("annotate", "list", repo, outputs[0]["dataset_id"])
    assert [(row["note_id"], row["flag"]) for row in about] == [(note["note"], "bad")]
    workbench("sets", "export", repo, "cosmos@2", tmp_path / "cosmos.ecsv")
    again = workbench_json(
        "sets", "import", repo, tmp_path / "cosmos.ecsv", "--name", "copy", "--reason", "copy"
    )
    assert again["key_digest"] == found["key_digest"]
    workbench("export", "bps", repo, after["run"], tmp_path / "bps.yaml")
    assert yaml.safe_load((tmp_path / "bps.yaml").read_text())["qgraphFile"] == after["graph"]

    # Everything is on record, and whole.
    kinds = [row["kind"] for row in workbench_json("commits", repo)]
    assert kinds == ["graph", "publish", "graph"]
    found = workbench_json("doctor", repo)
    assert found.pop("commits") == 3
    assert not any(found.values()), found
    Path(after["graph"]).chmod(0o644)
    with Path(after["graph"]).open("ab") as file:
        file.write(b"x")
    assert "was changed" in workbench("doctor", repo, exit_code=1).output


def test_the_installed_command_says_its_version() -> None:
    command = Path(sys.executable).parent / "workbench"
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("workbench ")
