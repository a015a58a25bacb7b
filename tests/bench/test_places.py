"""The same work beside the Butler's tables, in a sidecar, and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE, modelled_metrics
from workbench.groupings import best_seeing


@pytest.fixture
def sidecar_bench(_demo_master: Path, tmp_path: Path) -> Iterator[Bench]:
    """A repository whose database holds none of our tables."""
    root = shutil.copytree(_demo_master, tmp_path / "repo")
    with open_bench(root, sidecar=str(tmp_path / "sidecar")) as bench:
        bench.metrics.write(modelled_metrics(), source="modelled, seed=2017")
        yield bench


@pytest.mark.parametrize(
    "place", ["bench", "sidecar_bench", pytest.param("postgres_bench", marks=pytest.mark.postgres)]
)
def test_selects_saves_publishes_groups_commits_and_runs(place: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(place)
    bench.annotate({"instrument": "HSC", "visit": 96908}, "streaks", flag="bad")
    chosen = bench.select("visit", "band = 'r' AND metrics.psf_fwhm < 0.7 AND NOT annotations.flag = 'bad'")
    visits = bench.save(chosen, "sharp-r", reason="test")
    assert sorted(visits.keys["visit"].to_pylist()) == [23682, 59884, 93380]
    bench.publish(visits, "HSC/raw/sharp-r", chain="HSC/raw", reason="test")
    groups = bench.group("seeing", visits, best_seeing(fraction=0.3))
    campaign = bench.campaign("u/test/places", f"{PIPELINE}#visit-level", ["HSC/defaults"])
    campaign.constrain(tasks="summarizeVisit", include=groups["sharp"])
    preview = campaign.preview()
    assert preview.n_quanta_by_task == {"calibrate": 6, "summarizeVisit": 1}
    commit = campaign.commit()
    result = bench.run(commit)
    assert result.ok
    assert result.n_quanta == 7
    assert [row["kind"] for row in bench.campaigns.list().to_pylist()] == ["publish", "graph"]
    with open_bench(bench.uri, read_only=True, sidecar=_sidecar(bench)) as again:
        assert again.load("sharp-r").key_digest == visits.key_digest
        assert again.annotations.find(flag="bad").num_rows == 1


def _sidecar(bench: Bench) -> str | None:
    if bench.registry.home != "sidecar":
        return None
    return str(Path(bench.uri.removeprefix("file://")).parent / "sidecar")
