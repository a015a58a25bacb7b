"""Two graphs never mix in one RUN, and what runs is what was committed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.executed import BROKEN, Executed, break_raw, commit_campaign
from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE, create_repository
from workbench.errors import ForeignOutputsError, GraphChangedError
from workbench.runs.command import find_executable

RUN = "u/test/copied/r1"


@pytest.fixture(scope="module")
def _copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit, a copy of whose graph with other UUIDs was run: one quantum failed."""
    root = tmp_path_factory.mktemp("foreign") / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        commit = commit_campaign(
            bench.registry,
            "u/test/copied",
            f"{PIPELINE}#visit-level",
            f"instrument = 'HSC' AND visit = {BROKEN} AND detector IN (41, 42)",
            doubtful=False,
        )
    break_raw(root)
    copy = str(root.parent / "copy.qg")
    pipetask = find_executable("pipetask")
    subprocess.run(
        [pipetask, "update-graph-run", str(commit.graph_path), RUN, copy], check=True, capture_output=True
    )
    subprocess.run([pipetask, "pre-exec-init-qbb", str(root), copy], check=True, capture_output=True)
    subprocess.run([pipetask, "run-qbb", str(root), copy], check=False, capture_output=True)
    return root


@pytest.fixture
def bench(_copied: Path, tmp_path: Path) -> Iterator[Bench]:
    """An open bench on a copy of it."""
    root = Path(shutil.copytree(_copied, tmp_path / "repo"))
    with open_bench(root) as opened:
        yield opened


def files_of(bench: Bench) -> dict[str, int]:
    run = Path(bench.uri) / RUN
    return {str(path): path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file()}


def test_a_copy_of_the_graph_is_told_from_it_before_anything_is_done(bench: Bench) -> None:
    """The files have the names that the committed graph gives them; only UUIDs inside tell."""
    before = files_of(bench)
    for act in (bench.status, bench.run, bench.ingest):
        with pytest.raises(ForeignOutputsError, match="UUIDs are of another graph") as caught:
            act(RUN)
        assert RUN in str(caught.value)
        assert "update-graph-run" in str(caught.value)
        assert "Commit the campaign again" in str(caught.value)
    assert files_of(bench) == before
    assert bench.provenance.quanta().num_rows == 0


def test_a_failed_quantum_alone_tells_of_another_graph(bench: Bench) -> None:
    """What succeeded is gone, and the log of what failed after it names the quantum before it."""
    for path in (Path(bench.uri) / RUN).glob("calibrate_metadata/**/*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(ForeignOutputsError):
        bench.run(RUN)


def test_what_the_copy_registered_is_told_from_the_graph(bench: Bench) -> None:
    """After somebody ingested the copy, its metadata and logs are gone from the datastore."""
    copy, butler = str(Path(bench.uri).parent / "copy.qg"), find_executable("butler")
    commit = bench.campaigns.find(RUN)
    subprocess.run(
        [find_executable("pipetask"), "update-graph-run", str(commit.graph_path), RUN, copy],
        check=True,
        capture_output=True,
    )
    shutil.rmtree(Path(bench.uri) / RUN)
    subprocess.run([find_executable("pipetask"), "pre-exec-init-qbb", bench.uri, copy], check=True)
    subprocess.run([find_executable("pipetask"), "run-qbb", bench.uri, copy], check=False)
    whole = str(Path(bench.uri).parent / "prov.qg")
    subprocess.run(
        [butler, "aggregate-graph", copy, bench.uri, "--complete", "--register-dataset-types", "-o", whole],
        check=True,
        capture_output=True,
    )
    subprocess.run([butler, "ingest-graph", bench.uri, whole], check=True, capture_output=True)
    bench.registry.refresh()
    for act in (bench.status, bench.run, bench.ingest):
        with pytest.raises(ForeignOutputsError, match="outputs that the Butler has in it"):
            act(RUN)


def test_a_graph_file_that_was_changed_is_refused(bench: Bench, tmp_path: Path) -> None:
    commit = bench.campaigns.find(RUN)
    assert commit.graph_path is not None
    commit.graph_path.write_bytes(commit.graph_path.read_bytes() + b"\0")
    for act in (bench.status, bench.run, bench.ingest, bench.runs.watch):
        with pytest.raises(GraphChangedError, match="SHA-256"):
            act(RUN)
    with pytest.raises(GraphChangedError):
        bench.runs.export_bps(RUN, tmp_path / "submit.yaml")
    assert not bench.runs.stop(RUN)
    commit.graph_path.unlink()
    with pytest.raises(GraphChangedError, match="is gone"):
        bench.run(RUN)


def test_a_run_of_the_graph_itself_is_accepted(executed: Executed) -> None:
    with open_bench(executed.root, read_only=True) as bench:
        for execution in (executed.good, executed.failed):
            assert bench.status(execution.commit).num_rows


def test_tasks_need_not_be_importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever watches, exports or ingests a run may lack the package of its pipeline."""
    (tmp_path / "elsewhere.py").write_text(
        "from workbench.demo.tasks.calibrate import CalibrateTask\n\n\n"
        "class ElsewhereTask(CalibrateTask):\n    _DefaultName = 'elsewhere'\n"
    )
    pipeline = tmp_path / "elsewhere.yaml"
    pipeline.write_text("description: x\ntasks:\n  calibrate: {class: elsewhere.ElsewhereTask}\n")
    root = tmp_path / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        with monkeypatch.context() as here:
            here.syspath_prepend(str(tmp_path))
            here.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
            commit = commit_campaign(
                bench.registry,
                "u/test/elsewhere",
                str(pipeline),
                "instrument = 'HSC' AND visit = 96980 AND detector = 41",
                doubtful=False,
            )
            bench.run(commit)
        del sys.modules["elsewhere"]
        assert bench.status(commit)["successful"].to_pylist() == [1]
        assert bench.runs.export_bps(commit, tmp_path / "submit.yaml").is_file()
        assert bench.ingest(commit).counts == {"successful": 1}
        assert bench.status(commit)["successful"].to_pylist() == [1]
        assert bench.impact(visit=96980)["exists"].to_pylist() == ["stored"]
    assert "elsewhere" not in sys.modules
