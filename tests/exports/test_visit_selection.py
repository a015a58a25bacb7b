"""Selections of visits, as the tasks that make coadds read them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsst.daf.butler import Butler, DatasetType

from tests.cosmos import SKYMAP, VISITS
from workbench.bench import Bench, open_bench
from workbench.demo import PIPELINE
from workbench.demo.main_job import create
from workbench.demo.tasks.selection import SelectVisitsConnections
from workbench.errors import BadArgumentError, GroupingError, UnknownNameError
from workbench.groupings import Grouping, best_seeing, by_value, folds
from workbench.sets import DataIdSet

RUN = "u/ana/DM-1/selection"
BANDS = {visit[0]: "r" if visit[1].startswith("HSC-R") else "i" for visit in VISITS}
ZENITH = "visit.zenith_angle"


@pytest.fixture
def bench(any_repo: Path) -> Iterator[Bench]:
    with open_bench(any_repo) as opened:
        yield opened


@pytest.fixture
def visits(bench: Bench) -> DataIdSet:
    return bench.save(bench.select("visit"), "all", reason="test")


def read_selections(root: Path, dataset_type: str) -> dict[tuple[int, str], Any]:
    """Read the selections by patch and band."""
    with Butler.from_config(str(root)) as butler:
        refs = butler.query_datasets(dataset_type, RUN)
        assert {ref.dataId["skymap"] for ref in refs} == {SKYMAP}
        return {(int(ref.dataId["patch"]), str(ref.dataId["band"])): butler.get(ref) for ref in refs}


def expected(rows: DataIdSet) -> dict[tuple[int, str], list[int]]:
    """List the visits of (patch, visit) pairs by patch and band."""
    found: dict[tuple[int, str], list[int]] = {}
    for row in rows.keys.to_pylist():
        found.setdefault((row["patch"], BANDS[row["visit"]]), []).append(row["visit"])
    return {cell: sorted(found[cell]) for cell in found}


def test_the_best_seeing_of_each_patch(bench: Bench, visits: DataIdSet, any_repo: Path) -> None:
    grouping = bench.group("seeing", visits, best_seeing(ZENITH, fraction=0.5, by=("patch", "band")))
    put = bench.groupings.export_visit_selection(grouping, "sharp", RUN, dataset_type="goodSeeingVisits")
    found = read_selections(any_repo, "goodSeeingVisits")
    assert put.n_datasets == len(found) > 4
    # As BestSeeingSelectVisitsTask makes it: visit numbers, which stay numbers, to True.
    assert {cell: list(selection) for cell, selection in found.items()} == expected(grouping["sharp"])
    assert all(value is True for selection in found.values() for value in selection.values())
    with Butler.from_config(str(any_repo)) as butler:
        kind = butler.get_dataset_type("goodSeeingVisits")
        dimensions = ("instrument", "skymap", "tract", "patch", "band")
        assert kind == DatasetType(
            "goodSeeingVisits", dimensions, "StructuredDataDict", universe=butler.dimensions
        )


def test_whole_visits_with_reasons_as_the_demonstration_reads_them(
    bench: Bench, visits: DataIdSet, any_repo: Path
) -> None:
    grouping = bench.group("half", visits, folds(2, seed=42))
    connection = SelectVisitsConnections.selection
    bench.groupings.export_visit_selection(grouping, "fold0", RUN, dataset_type=connection.name, form="rows")
    found = read_selections(any_repo, connection.name)
    assert {cell: [row["visit"] for row in each["visits"]] for cell, each in found.items()} == expected(
        visits.expand("patch")
    )
    chosen = expected(grouping["fold0"].expand("patch"))
    for cell, selection in found.items():
        assert [row["visit"] for row in selection["visits"] if row["selected"]] == chosen.get(cell, [])
        assert {row["reason"] for row in selection["visits"] if not row["selected"]} <= {
            "not in half@1/fold0"
        }
    with Butler.from_config(str(any_repo)) as butler:
        kind = butler.get_dataset_type(connection.name)
        assert kind.dimensions == butler.dimensions.conform(connection.dimensions)
        assert kind.storageClass_name == connection.storageClass


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
def test_a_script_puts_the_same(bench: Bench, visits: DataIdSet, any_repo: Path, tmp_path: Path) -> None:
    grouping = bench.group("half", visits, folds(2, seed=42))
    script = tmp_path / "put.py"
    bench.groupings.export_visit_selection(grouping, "fold0", RUN, dataset_type="halfVisits", script=script)
    with Butler.from_config(str(any_repo)) as butler:
        assert not butler.collections.query("u/ana/*")
    subprocess.run([sys.executable, script], check=True)
    found = read_selections(any_repo, "halfVisits")
    assert {cell: list(each) for cell, each in found.items()} == expected(grouping["fold0"].expand("patch"))


def refuse(bench: Bench, grouping: Grouping, error: type[Exception], match: str, **given: Any) -> None:
    with pytest.raises(error, match=match):
        bench.groupings.export_visit_selection(
            grouping, given.pop("key", grouping.keys[0]), RUN, dataset_type="halfVisits", **given
        )


@pytest.mark.parametrize("any_repo", ["sqlite"], indirect=True)
def test_what_is_no_selection_is_refused(bench: Bench, visits: DataIdSet, any_repo: Path) -> None:
    half = bench.group("half", visits, folds(2, seed=42))
    refuse(bench, half, UnknownNameError, "'fold2' in half@1; its groups are fold0, fold1", key="fold2")
    refuse(bench, half, BadArgumentError, "one of 'visits', 'rows', and not 'list'", form="list")
    shots = bench.save(visits.to_exposures(), "shots", reason="test")
    refuse(bench, bench.group("shot", shots, by_value("band")), GroupingError, "a selection is of visits")
    with Butler.from_config(str(any_repo)) as butler:
        assert not butler.collections.query("u/ana/*")
        assert "halfVisits" not in [kind.name for kind in butler.registry.queryDatasetTypes("*")]


@pytest.mark.as_run
def test_a_stock_run_reads_an_exported_selection(tmp_path: Path) -> None:
    """``pipetask run``, which knows nothing of groups, combines exactly the visits that were exported."""
    root, output = tmp_path / "repo", "u/ana/sharp"
    create(root)
    where = "instrument = 'HSC' AND skymap = 'cosmos_rings' AND tract = 3 AND patch = 1 AND band = 'i'"
    with open_bench(root) as bench:
        rows = bench.save(bench.select("visit", "instrument = 'HSC' AND band = 'i'"), "i", reason="test")
        seeing = bench.group("seeing", rows, best_seeing(fraction=0.5, by=("tract", "patch", "band")))
        bench.groupings.export_visit_selection(
            seeing, "sharp", RUN, dataset_type="selected_visits", form="rows"
        )
    program = str(Path(sys.executable).parent / "pipetask")
    command = [
        program, "run", "-b", str(root), "-i", f"{RUN},HSC/defaults", "-o", output, "-d", where,
        "-p", f"{PIPELINE}#calibrate,summarizeVisit,warp,coadd", "--register-dataset-types",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    chosen = {
        row["visit"] for row in seeing["sharp"].keys.to_pylist() if (row["tract"], row["patch"]) == (3, 1)
    }
    with Butler.from_config(str(root), collections=[output]) as butler:
        (ref,) = butler.query_datasets("deep_coadd")
        (summary,) = butler.get(ref)
        assert set(summary["visits"]) == chosen
        assert len(butler.query_datasets("warp_stats")) > len(chosen) == summary["n_visits"]
