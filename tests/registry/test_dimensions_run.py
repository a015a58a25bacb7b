"""Graphs with dynamic dimensions, built and executed by the stock ``pipetask``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lsst.daf.butler import Butler

from tests.cosmos import DETECTORS, VISITS
from tests.extended import PAIR, SUBSET, extend, make_members
from tests.grouped_tasks import PIPELINE
from workbench.registry import open_registry
from workbench.registry.dimensions.members import insert_members

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


def make_grouped(root: Path) -> dict[str, int]:
    """Extend a repository with raws by dimensions, pairs and two versions of folds; return keys of pairs."""
    with open_registry(str(root)) as registry:
        extend(registry, PAIR, SUBSET)
        keys = insert_members(registry, "pair", "pairs@1", make_members(PAIRS))
        for grouping, groups in {"folds@3": THIRD, "folds@4": FOURTH}.items():
            insert_members(registry, "subset", grouping, make_members(groups))
    return dict(zip(keys["group"].to_pylist(), keys["pair"].to_pylist(), strict=True))


def read_subsets(butler: Butler) -> dict[str, dict[str, list[int]]]:
    """Read what each part of the visits was given."""
    return {str(ref.dataId["subset"]): butler.get(ref) for ref in butler.query_datasets("subset_summary")}


def expect_subsets(versions: dict[str, dict[str, list[int]]]) -> dict[str, dict[str, list[int]]]:
    return {
        f"{grouping}-{group}": {
            "visits": visits,
            "detectors": [*DETECTORS],
            "n_inputs": [len(visits) * len(DETECTORS)],
        }
        for grouping, groups in versions.items()
        for group, visits in groups.items()
    }


def test_stock_pipetask_runs_pairs_and_subsets(any_repo: Path, tmp_path: Path) -> None:
    """Nothing says which folds are meant, so that both versions are built, and each has its own members."""
    keys = make_grouped(any_repo)
    run(any_repo, tmp_path, "-o", "u/test/both", "-d", "instrument = 'HSC' AND pair.grouping = 'pairs@1'")
    with Butler.from_config(str(any_repo), collections=["u/test/both"]) as butler:
        for group, visits in PAIRS.items():
            for detector in DETECTORS:
                found = butler.get("pair_comparison", instrument="HSC", pair=keys[group], detector=detector)
                assert found == {"visits": visits, "detectors": [detector], "n_inputs": [2]}
        assert len(butler.query_datasets("pair_comparison")) == len(PAIRS) * len(DETECTORS)
        assert read_subsets(butler) == expect_subsets({"folds@3": THIRD, "folds@4": FOURTH})
        uri = butler.getURI("subset_summary", subset="folds@3-fold0")
        assert Path(uri.ospath).name.startswith("subset_summary_folds@3-fold0_")
        # What no pair and no subset asked for was not made.
        assert len(butler.query_datasets("measured")) == 4 * len(DETECTORS) < len(VISITS) * len(DETECTORS)


def test_a_version_constrains_a_stock_graph(butler_repo: Path, tmp_path: Path) -> None:
    make_grouped(butler_repo)
    where = "instrument = 'HSC' AND subset.grouping = 'folds@4'"
    run(butler_repo, tmp_path, "-o", "u/test/one", "-d", where, "--select-tasks", "measure | gatherSubset")
    with Butler.from_config(str(butler_repo), collections=["u/test/one"]) as butler:
        assert read_subsets(butler) == expect_subsets({"folds@4": FOURTH})
