"""Graphs with dynamic dimensions, built and executed by the stock ``pipetask``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS, VISITS
from tests.extended import PAIR, SUBSET, extend, make_members
from tests.grouped_tasks import PIPELINE
from workbench.registry import open_registry
from workbench.registry.members import insert_members

ROOT = Path(__file__).parents[2]

PAIRS = {"p0": [18202, 19676], "p1": [93380, 95104]}
THIRD = {"fold0": [18202, 93380], "fold1": [19676, 95104]}
FOURTH = {"fold0": [18202, 19676], "fold1": [93380, 95104]}
"""Another seed of the same folds: the same groups by name, with other members."""


def run(root: Path, tmp_path: Path, *words: str) -> str:
    """Run the pipeline as anybody would who has never heard of the workbench."""
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    command = [
        str(Path(sys.executable).parent / "pipetask"), "run",
        "-b", str(root), "-i", "HSC/defaults", "-p", str(tmp_path / "pipeline.yaml"),
        "--register-dataset-types", *words,
    ]  # fmt: skip
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def grouped(any_repo: Path) -> tuple[Path, dict[str, int]]:
    """A repository with raws, extended afterwards; pairs, and two versions of folds."""
    with open_registry(str(any_repo)) as registry:
        extend(registry, PAIR, SUBSET)
        keys = insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
        for grouping, groups in {"folds@3": THIRD, "folds@4": FOURTH}.items():
            insert_members(registry, "subset", grouping, make_members(groups))
    return any_repo, dict(zip(keys["group"].to_pylist(), keys["pair"].to_pylist(), strict=True))


def test_stock_pipetask_runs_pairs_and_subsets(grouped: tuple[Path, dict[str, int]], tmp_path: Path) -> None:
    root, keys = grouped
    where = "instrument = 'HSC' AND pair.grouping = 'pairs@1' AND subset.grouping = 'folds@3'"
    run(root, tmp_path, "-o", "u/test/third", "-d", where)
    with Butler.from_config(str(root), collections=["u/test/third"]) as butler:
        for group, visits in PAIRS.items():
            for detector in DETECTORS:
                found = butler.get("pair_comparison", instrument="HSC", pair=keys[group], detector=detector)
                assert found == {"visits": visits, "detectors": [detector], "n_inputs": [2]}
        assert len(butler.query_datasets("pair_comparison")) == len(PAIRS) * len(DETECTORS)
        for group, visits in THIRD.items():
            found = butler.get("subset_summary", subset=f"folds@3-{group}")
            assert found == {"visits": visits, "detectors": [*DETECTORS], "n_inputs": [2 * len(DETECTORS)]}
        assert len(butler.query_datasets("subset_summary")) == len(THIRD)
        uri = butler.getURI("subset_summary", subset="folds@3-fold0")
        assert Path(uri.ospath).name.startswith("subset_summary_folds@3-fold0_")
        # What no pair and no subset asked for was not made.
        assert len(butler.query_datasets("measured")) == 4 * len(DETECTORS) < len(VISITS) * len(DETECTORS)


def test_two_versions_in_one_stock_graph_never_mix(
    grouped: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    """Nothing says which version is meant, so that both are built, each with its own."""
    root, _ = grouped
    words = ("-d", "instrument = 'HSC'", "--select-tasks", "measure | gatherSubset")
    run(root, tmp_path, "-o", "u/test/both", *words)
    with Butler.from_config(str(root), collections=["u/test/both"]) as butler:
        found = {
            str(ref.dataId["subset"]): butler.get(ref)["visits"]
            for ref in butler.query_datasets("subset_summary")
        }
    assert found == {
        f"folds@{version}-{group}": visits
        for version, groups in ((3, THIRD), (4, FOURTH))
        for group, visits in groups.items()
    }
