"""Previews of ten thousand to tens of millions of quanta: how cost grows, and whether all of DP2 fits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.report import describe_machine, make_table, write_section
from tests.benchmarks.wide_survey import take_small_snapshot, widen
from workbench.demo import create_repository
from workbench.snapshot.frames import digest_frame

SIZES = (10, 100, 1_000, 10_500, 21_000)
"""Numbers of visits; the last is that of DP2, the one before half of it."""
GOALS = {10_500: 60.0, 21_000: 120.0}
"""Most seconds for a preview."""
MOST_MEMORY = 12_000
"""MB."""
HEADS = ("visits", "raws", "quanta", "input edges", "elapsed s", "CPU s", "µs a quantum", "peak MB")


def run_module(name: str, *words: object) -> str:
    """Run one of the benchmark's modules in a fresh process."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with three visits of the survey."""
    root = tmp_path_factory.mktemp("small") / "repo"
    create_repository(root, survey=3)
    return root


@pytest.mark.bench
@pytest.mark.timeout(1200)
def test_a_widened_snapshot_is_that_of_a_repository(small: Path, tmp_path: Path) -> None:
    create_repository(tmp_path / "repo", survey=30)
    real = take_small_snapshot(tmp_path / "repo")
    made = widen(take_small_snapshot(small), 30, n_patches=5)
    for name, frame in real.frames.items():
        one, two = frame, made.frames[name]
        if name == "associations/raw":
            one, two = (table.drop_columns(["dataset_id"]) for table in (one, two))
        assert digest_frame(one) == digest_frame(two), name


@pytest.mark.bench
@pytest.mark.timeout(7200)
def test_scale(small: Path, tmp_path: Path) -> None:
    kept = Path(os.environ.get("WORKBENCH_BENCH_SNAPSHOTS", tmp_path))
    rows, missed = [], []
    for n_visits in SIZES:
        saved = kept / f"survey{n_visits}"
        if not saved.exists():
            run_module("wide_survey", small, n_visits, saved)
        figures: dict[str, Any] = json.loads(run_module("wide_preview", small, saved).splitlines()[-1])
        rows.append(
            (
                f"{n_visits:,}",
                f"{figures['raws']:,}",
                f"{figures['quanta']:,}",
                f"{figures['edges']:,}",
                f"{figures['elapsed']:.1f}",
                f"{figures['seconds']:.1f}",
                f"{1e6 * figures['seconds'] / figures['quanta']:.1f}",
                f"{figures['memory']:.0f}",
            )
        )
        if figures["elapsed"] > GOALS.get(n_visits, figures["elapsed"]):
            missed.append(f"{n_visits:,} visits took {figures['elapsed']:.0f} s")
        if figures["memory"] > MOST_MEMORY:
            missed.append(f"{n_visits:,} visits took {figures['memory']:.0f} MB")
    text = [
        "## Scale: a simulated DP2",
        describe_machine(),
        "The nine tasks per task, on visits of 189 detectors and patches of 0.2 deg. Each line is a preview "
        "in a fresh process from a saved snapshot, whose opening is part of it; no overlaps are kept from "
        "before. The snapshots are made without a repository, and equal one's at 30 visits.",
        make_table(HEADS, rows),
        "Goals: all of DP2 in 120 s and 12 GB, half of it in 60 s. "
        + (f"Missed: {'; '.join(missed)}." if missed else "All met."),
    ]
    write_section("scale", "\n\n".join(text))
    print("\n\n".join(text))


ASKED = (100, 1_000, 8_800)
"""Numbers of visits; the last has ten million quanta."""
ANSWERED = 3.0
"""Goal: CPU s for the answer."""


@pytest.mark.bench
@pytest.mark.timeout(3600)
def test_why_not(small: Path, tmp_path: Path) -> None:
    kept = Path(os.environ.get("WORKBENCH_BENCH_SNAPSHOTS", tmp_path))
    rows: list[list[object]] = []
    slowest = 0.0
    heads = ["visits", "candidates", "preview s"]
    for n_visits in ASKED:
        saved = kept / f"survey{n_visits}"
        if not saved.exists():
            run_module("wide_survey", small, n_visits, saved)
        figures: dict[str, Any] = json.loads(run_module("wide_why_not", small, saved).splitlines()[-1])
        seconds: dict[str, float] = figures["seconds"]
        slowest = max(slowest, *seconds.values())
        heads = ["visits", "candidates", "preview s", *(f"{what}, s" for what in seconds), "peak MB"]
        rows.append(
            [
                f"{n_visits:,}",
                f"{figures['candidates']:,}",
                f"{figures['built']:.1f}",
                *(f"{value:.2f}" for value in seconds.values()),
                f"{figures['memory']:.0f}",
            ]
        )
    text = [
        "## Why not?",
        describe_machine(),
        "One `preview.why_not(...)` of the nine tasks, every twentieth visit of which is excluded: the "
        "candidates of all tasks that have or read the data ID, what each stage removed of them, and which "
        "edit gives them back. CPU seconds, beside those of the preview itself, which is made once. The "
        "stock builder answers for an empty graph alone, so that there is nothing to compare with.",
        make_table(heads, rows),
        f"Goal: {ANSWERED:.0f} s for any of them. "
        + ("Met." if slowest <= ANSWERED else f"Missed: {slowest:.1f} s."),
    ]
    write_section("why not", "\n\n".join(text))
    print("\n\n".join(text))
    assert slowest <= ANSWERED
