"""The whole main job from the other side of the middleware's own Butler server, and what follows it."""

from __future__ import annotations

import dataclasses
import functools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.butler_server import TOKEN, VARIABLE, ButlerServer
from tests.facility import Facility
from tests.main_job import QUANTA, SET_DIGEST
from workbench.bench import Bench, Runs
from workbench.campaigns import Commit
from workbench.demo import modelled_metrics
from workbench.demo.main_job import MainJob, walk_main_job
from workbench.registry import open_registry
from workbench.runs import RunResult

pytestmark = [pytest.mark.as_run, pytest.mark.timeout(1800)]


class FarRuns(Runs):
    """Runs that are executed at the facility."""

    facility: Facility

    def export_bps(self, commit: Commit | str, path: str | Path, *, repo: str | None = None) -> Path:
        return super().export_bps(commit, path, repo=repo or str(self.facility.root))


class FarBench(Bench):
    """A bench whose user sends what cannot be done here to the facility, and goes on when it is done."""

    facility: Facility

    def publish(self, *args: Any, **kwargs: Any) -> Commit:
        commit = super().publish(*args, **kwargs)
        assert self.facility.register(commit).startswith("Done.")
        self.registry.refresh()
        return commit

    def run(self, commit: Commit | str, **kwargs: Any) -> RunResult:
        found = self.campaigns.find(commit)
        begin = time.monotonic()
        assert self.facility.register(found).startswith("Done.")
        self.facility.run(found)
        self.registry.refresh()
        n = sum(found.record["quanta"].values())
        return RunResult(True, n, {"successful": n}, time.monotonic() - begin, Path())

    @functools.cached_property
    def runs(self) -> FarRuns:
        runs = FarRuns(self.registry)
        runs.facility = self.facility
        return runs


@dataclasses.dataclass(frozen=True)
class Walked:
    """What the main job made, and where."""

    job: MainJob
    told: str
    bench: Bench
    facility: Facility


@pytest.fixture(scope="module")
def walked(
    _demo_master: Path, _session_butler_server: ButlerServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Walked]:
    """The main job, done once."""
    base = tmp_path_factory.mktemp("far")
    facility = Facility(Path(shutil.copytree(_demo_master, base / "repo")), base / "inbox")
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, TOKEN)
        uri = _session_butler_server.serve(facility.root)
        with FarBench(open_registry(uri, sidecar=str(base / "sidecar"))) as bench:
            bench.facility = facility
            bench.metrics.write(modelled_metrics(), source="modelled, seed=2017")
            job = walk_main_job(bench, base / "exports", echo=told.append)
            yield Walked(job, "\n".join(told), bench, facility)


def test_the_main_job_is_that_of_every_way(walked: Walked) -> None:
    job, bench = walked.job, walked.bench
    assert job.visits.key_digest == SET_DIGEST
    assert job.quanta == {"successful": sum(QUANTA.values())}
    rows = job.comparison.to_pylist()
    assert {row["band"] for row in rows} == {"i", "r"}
    assert all(row["n_after"] == row["n_before"] - 1 for row in rows)
    assert all(row["psf_after"] < 0.7 * row["psf_before"] for row in rows)
    contained = bench.impact(visit=58260, dataset_type="deep_coadd").to_pylist()
    assert {(row["run"], row["exists"]) for row in contained} == {(job.before.run, "stored")}
    assert len(contained) == 4
    (note,) = bench.annotations.find(flag="bad").to_pylist()
    assert "58260" in note["text"]
    assert "visit 58260 is no candidate" in walked.told
    assert bench.read_set(job.exports[0]).key_digest == SET_DIGEST
    assert f"butlerConfig: {walked.facility.root}" in job.exports[-1].read_text()
    assert [row["state"] for row in bench.campaigns.list(pending=True).to_pylist()] == ["committed"] * 3
    assert bench.registry.journal.reserved_names() == {}
