"""Commands on graphs: preview, build, explain, diff, show."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import workbench as wb
from tests.cli.conftest import workbench, workbench_json
from workbench.demo import PIPELINE

BAD = 58260


def write(path: Path, **changes: object) -> Path:
    campaign: dict[str, object] = {
        "campaign": "u/ana/graph",
        "pipeline": PIPELINE,
        "inputs": ["HSC/defaults"],
    }
    path.write_text(yaml.safe_dump(campaign | changes))
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write(tmp_path / "whole.yaml")


@pytest.fixture
def without(tmp_path: Path) -> Path:
    return write(tmp_path / "without.yaml", constraints=[{"where": f"instrument = 'HSC' AND visit != {BAD}"}])


def test_a_preview_counts_what_the_api_counts(repo: Path, without: Path) -> None:
    found = workbench_json(
        "graph", "preview", repo, without, "--cost", "coadd=600", "--explain", f"visit={BAD}"
    )
    with wb.open(repo, read_only=True) as bench:
        preview = bench.campaigns.read(without).preview()
        assert found["counts"] == preview.counts.to_pylist()
        assert found["inputs_per_quantum"] == preview.inputs_per_quantum.to_pylist()
        assert found["coverage"] == preview.coverage.to_pylist()
        assert found["cost"] == preview.estimate_cost({"coadd": 600}).to_pylist()
        assert found["explanations"][0]["sentences"] == list(preview.explain(visit=BAD).sentences)
    assert found["engine"] == "columnar"
    assert workbench_json("campaign", "preview", repo, without)["counts"] == found["counts"]


def test_a_preview_is_readable(repo: Path, without: Path) -> None:
    text = workbench("graph", "preview", repo, without, "--cost", "coadd=600").stdout
    for title in (
        "quanta by task",
        "inputs of a quantum",
        "visits of a patch",
        "estimated cost",
        "CPU hours: ",
    ):
        assert title in text
    assert "tasks without a cost: 7" in text


def test_build_writes_a_file_and_nothing_else(repo: Path, without: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.qg"
    before = workbench("collections", repo, "--json").stdout
    built = workbench_json("graph", "build", repo, without, target)
    shown = workbench_json("graph", "show", target, "--task", "coadd", "--limit", 3, "--offset", 2)
    assert {row["task"]: row["quanta"] for row in shown["tasks"]} == built["quanta_by_task"]
    assert shown["quanta"] == built["quanta"] == sum(built["quanta_by_task"].values())
    assert len(shown["quanta_of_task"]) == 3
    assert shown["input_collections"] == ["HSC/defaults"]
    assert {row["task"] for row in shown["inputs"]} == set(built["quanta_by_task"])
    with wb.open(repo, read_only=True) as bench:
        page = bench.campaigns.read(without).preview().quanta("coadd").to_pylist()
        kept = [row for row in page if row["stage"] == "kept"][2:5]
        assert [row["patch"] for row in shown["quanta_of_task"]] == [row["patch"] for row in kept]
    assert workbench("collections", repo, "--json").stdout == before
    assert workbench_json("commits", repo) == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".qg"] == ["out.qg"]
    digest = target.read_bytes()
    refused = workbench("graph", "build", repo, without, target, exit_code=1)
    assert "exists already" in refused.stderr
    assert target.read_bytes() == digest
    workbench("graph", "build", repo, without, target, "--replace")


def test_a_file_is_compared_with_a_campaign(repo: Path, whole: Path, without: Path, tmp_path: Path) -> None:
    target = tmp_path / "whole.qg"
    workbench("graph", "build", repo, whole, target)
    same = workbench("graph", "diff", target, whole, "--repo", repo, "--exit-code")
    assert "same quanta with the same inputs" in same.stdout
    assert "package " not in same.stdout
    assert "packages are not compared" in same.stdout
    found = workbench_json("graph", "diff", target, without, "--repo", repo, "--below", 3, "--task", "warp")
    with wb.open(repo, read_only=True) as bench:
        difference = bench.campaigns.read(without).preview().compare(bench.campaigns.read(whole).preview())
    assert found["differ"]
    assert found["tasks"] == difference.tasks.to_pylist()
    assert found["inputs"] == difference.inputs.to_pylist()
    assert found["coverage"] == difference.coverage.to_pylist()
    assert found["below"] == difference.below(3).to_pylist()
    assert found["lost"] == difference.quanta("warp", "lost").to_pylist()
    assert {row["visit"] for row in found["lost"]} == {BAD}
    text = workbench(
        "graph",
        "diff",
        target,
        without,
        "--repo",
        repo,
        "--task",
        "warp",
        "--limit",
        1,
        "--exit-code",
        exit_code=1,
    ).stdout
    assert "quanta of warp that only the first has" in text
    assert "more rows" in text


def test_explain_says_why_not_and_what_restores_it(repo: Path, without: Path) -> None:
    said = workbench("graph", "explain", repo, without, f"visit={BAD}").stdout
    assert f"visit != {BAD}" in said
    assert "To restore visit=" in said
    answers: list[dict[str, Any]] = workbench_json(
        "graph", "explain", repo, without, f"visit={BAD}", "visit=96954"
    )
    assert [answer["included"] for answer in answers] == [False, True]


def test_an_empty_graph_explains_itself(repo: Path, tmp_path: Path) -> None:
    """The preview shows where all quanta ended; a file of none is not written."""
    nothing = write(tmp_path / "nothing.yaml", constraints=[{"where": "instrument = 'HSC' AND visit = 1"}])
    text = workbench("graph", "preview", repo, nothing).stdout
    assert "calibrate: 72 candidates; 72 are cut by a constraint" in text
    assert "Include visit = 1 cuts 140 quanta" in text
    file = tmp_path / "nothing.qg"
    refused = workbench("graph", "build", repo, nothing, file, exit_code=1).stderr
    assert "Error (graph_build): The graph has no quanta." in refused
    assert "coadd: 23 candidates; 23 are left without inputs by constraints upstream" in refused
    assert not file.exists()


def test_explanations_say_what_they_are_about(repo: Path, without: Path) -> None:
    said = workbench("graph", "explain", repo, without, f"visit={BAD},96954").stdout
    assert said.startswith(f"visit={BAD}:\n")
    assert "\n\nvisit=96954:\n" in said
    assert not workbench("graph", "explain", repo, without, f"visit={BAD}").stdout.startswith("visit=")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("preview", "REPO", "WHOLE", "--cost", "coadd"), "'coadd' is no name and value"),
        (("preview", "REPO", "WHOLE", "--cost", "coda=1"), "['coda']"),
        (("explain", "REPO", "WHOLE", "vist=1"), "'vist=1' is no dimension and value"),
        (("build", "REPO", "WHOLE", "out.txt"), "no name of a graph file"),
        (("diff", "a.qg", "b.qg"), "no graph file a.qg"),
        (("diff", "WHOLE", "WHOLE"), "--repo"),
        (("show", "WHOLE"), "is none"),
        (("show", "none.qg"), "no graph file none.qg"),
    ],
)
def test_bad_input_gets_a_sentence(repo: Path, whole: Path, words: tuple[str, ...], says: str) -> None:
    names = {"REPO": repo, "WHOLE": whole}
    assert says in workbench("graph", *(names.get(word, word) for word in words), exit_code=1).stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "fast"}, "choose one of ['per-task', 'all-dimensions']"),
        ({"skip": ["a"]}, "no options ['skip']"),
        ({"clobber": "maybe"}, "should be true or false"),
        ({"prune_unanchored_quanta": ["warp"]}, "two task labels"),
        ({"skip_existing_in": {"a": 1}}, "list of names"),
        (["mode"], "should be a mapping"),
    ],
)
def test_a_wrong_option_is_named(repo: Path, tmp_path: Path, options: object, says: str) -> None:
    path = write(tmp_path / "campaign.yaml", options=options)
    assert says in workbench("graph", "preview", repo, path, exit_code=1).stderr


def test_the_mode_of_the_stock_builder_cuts_everything(repo: Path, tmp_path: Path) -> None:
    where = "skymap = 'cosmos_rings' AND tract = 3 AND patch = 1 AND band = 'r'"
    counts = {}
    for mode in ("per-task", "all-dimensions"):
        path = write(tmp_path / f"{mode}.yaml", options={"mode": mode}, constraints=[{"where": where}])
        counts[mode] = {
            row["task"]: row["kept"] for row in workbench_json("graph", "preview", repo, path)["counts"]
        }
    assert counts["per-task"]["coadd"] == counts["all-dimensions"]["coadd"] == 1
    assert counts["per-task"]["calibrate"] > counts["all-dimensions"]["calibrate"], "tract slicing"


def test_an_interrupt_leaves_no_file(repo: Path, whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.qg"
    program = (
        "import os, signal, sys, threading\n"
        "from workbench.cli import main\n"
        "import workbench.graph.preview as preview\n"
        "stock = preview.write_graph\n"
        "def interrupted(columns, path, *others, **more):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return stock(columns, path, *others, **more)\n"
        "preview.write_graph = interrupted\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "graph", "build", str(repo), str(whole), str(target)],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["whole.yaml"]
