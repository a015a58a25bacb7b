"""Runs and ingests that meet, or that were stopped on the way: what is told in the end is what ran."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.executed import commit_campaign
from tests.killing import environment
from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE, create_repository
from workbench.errors import OperationCancelledError, RunError
from workbench.runs.hold import HoldFor, RunHold

VISIT, RUN = 96954, "u/test/stopped/r1"


@pytest.fixture(scope="module")
def _committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit of three quanta that nobody has executed."""
    root = tmp_path_factory.mktemp("stopped") / "repo"
    create_repository(root)
    with open_bench(root) as bench:
        commit_campaign(
            bench.registry,
            "u/test/stopped",
            f"{PIPELINE}#visit-level",
            f"instrument = 'HSC' AND visit = {VISIT} AND detector IN (41, 42)",
            doubtful=False,
        )
    return root


@pytest.fixture
def bench(_committed: Path, tmp_path: Path) -> Iterator[Bench]:
    """An open bench on a copy of it."""
    with open_bench(shutil.copytree(_committed, tmp_path / "repo")) as opened:
        yield opened


def find_raw(bench: Bench) -> Path:
    with Butler.from_config(bench.uri) as butler:
        ref = butler.find_dataset(
            "raw", instrument="HSC", exposure=VISIT, detector=41, collections=["HSC/defaults"]
        )
        return Path(butler.getURI(ref).ospath)


def test_running_and_ingesting_exclude_each_other(bench: Bench) -> None:
    """An ingest finishes a RUN: it must not while quanta are still executed."""
    graph = bench.campaigns.find(RUN).graph_path
    assert graph is not None
    with RunHold(graph):
        for act in (bench.run, bench.ingest):
            with pytest.raises(RunError, match="is being executed already"):
                act(RUN)
    with RunHold(graph, HoldFor.INGEST):
        for act in (bench.run, bench.ingest):
            with pytest.raises(RunError, match=r"is being ingested.*Wait for it"):
                act(RUN)
        assert bench.runs.read_status(RUN).running is False
        assert bench.runs.stop(RUN) is False


@pytest.mark.as_run
def test_an_ingest_that_was_stopped_takes_what_ran_since(bench: Bench) -> None:
    """Its first half had seen a quantum fail; what counts is what ran in the end."""
    raw = find_raw(bench)
    away = raw.rename(raw.parent / "away")
    with pytest.raises(RunError, match="1 blocked, 1 failed, 1 successful"):
        bench.run(RUN)

    def stop(stage: str, fraction: float | None = None) -> None:
        if stage == "ingesting provenance":
            raise OperationCancelledError("stop")

    with pytest.raises(OperationCancelledError):
        bench.ingest(RUN, progress=stop)
    away.rename(raw)
    assert bench.run(RUN).counts == {"successful": 3}
    # Two at once: one brings it back, the other is told to wait, or finds it done.
    told: list[object] = []

    def ingest() -> None:
        with open_bench(bench.uri) as other:
            try:
                told.append(other.ingest(RUN).counts)
            except RunError as error:
                told.append(str(error))

    threads = [threading.Thread(target=ingest) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"successful": 3} in told
    assert all(one == {"successful": 3} or "is being ingested" in str(one) for one in told), told
    assert bench.ingest(RUN).counts == {"successful": 3}
    assert sum(bench.status(RUN)["successful"].to_pylist()) == 3
    assert set(bench.impact(visit=VISIT)["exists"].to_pylist()) == {"stored"}


@pytest.mark.as_run
@pytest.mark.timeout(1200)
def test_commands_killed_at_some_act_are_resumed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run, aggregate and ingest die in the middle of what they write; doctor finds nothing amiss."""
    for command, act in (
        ("run-qbb", bench.run),
        ("aggregate-graph", bench.ingest),
        ("ingest-graph", bench.ingest),
    ):
        at = random.randint(1, 8)
        with monkeypatch.context() as patch:
            for name, value in environment(command, at, Path(bench.uri), tmp_path / "site").items():
                patch.setenv(name, value)
            with pytest.raises(RunError, match="ended with status -9"):
                act(RUN)
        assert bench.campaigns.examine().damages == (), (command, at)
        if act == bench.run:
            assert bench.run(RUN).counts == {"successful": 3}
    assert bench.ingest(RUN).counts == {"successful": 3}
    assert set(bench.impact(visit=VISIT)["exists"].to_pylist()) == {"stored"}
    assert sum(bench.status(RUN)["successful"].to_pylist()) == 3
    assert bench.campaigns.examine().damages == ()
