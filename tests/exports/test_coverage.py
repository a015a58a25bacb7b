"""Who is combined with whom, and how deep it gets."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow as pa
import pytest

from tests.executed import DOUBTFUL, Executed
from workbench.demo import modelled_metrics
from workbench.errors import GraphBuildError
from workbench.exports import COVERAGE_SCHEMA, PAIR_SCHEMA, make_coverage, make_pairs


@pytest.fixture(scope="module")
def pairs(executed: Executed) -> pa.Table:
    return make_pairs(executed.good.commit.graph_path)


def visits_of(pairs: pa.Table, task: str, patch: int) -> list[int]:
    frame = pairs.to_pandas()
    return list(frame[(frame["task"] == task) & (frame["patch"] == patch)]["visit"])


def test_pairs_are_those_of_the_committed_graph(pairs: pa.Table) -> None:
    assert pairs.schema.equals(PAIR_SCHEMA)
    assert visits_of(pairs, "sharpCoadd", 1) == [18202, 19676, DOUBTFUL]
    assert visits_of(pairs, "coadd", 1) == [18202, 19676]
    assert visits_of(pairs, "coadd", 3) == [18202]
    assert set(pairs["task"].to_pylist()) == {"coadd", "sharpCoadd", "selectVisits", "selectSharpVisits"}


def test_coverage_counts_visits_and_combines_depths(pairs: pa.Table) -> None:
    metrics = modelled_metrics()
    coverage = make_coverage(pairs, metrics)
    assert coverage.schema.equals(COVERAGE_SCHEMA)
    m5 = dict(zip(metrics["visit"].to_pylist(), metrics["m5"].to_pylist(), strict=True))
    row = next(row for row in coverage.to_pylist() if row["task"] == "coadd" and row["patch"] == 1)
    assert (row["n_visits"], row["n_measured"]) == (2, 2)
    # Two equal visits go 0.376 mag deeper than one.
    assert row["depth"] == pytest.approx(
        1.25 * math.log10(10 ** (0.8 * m5[18202]) + 10 ** (0.8 * m5[19676])), abs=1e-9
    )
    assert row["depth"] > max(m5[18202], m5[19676])


def test_visits_without_a_depth_are_counted_apart(pairs: pa.Table) -> None:
    metrics = pa.table({"instrument": ["HSC"], "visit": [18202], "m5": [25.0]})
    by_patch = {
        row["patch"]: row for row in make_coverage(pairs, metrics).to_pylist() if row["task"] == "coadd"
    }
    assert (by_patch[1]["n_visits"], by_patch[1]["n_measured"]) == (2, 1)
    assert by_patch[1]["depth"] == pytest.approx(25.0)


def test_coverage_needs_no_metrics(pairs: pa.Table) -> None:
    coverage = make_coverage(pairs)
    assert set(coverage["n_measured"].to_pylist()) == {0}
    assert coverage["depth"].null_count == coverage.num_rows


def test_a_graph_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GraphBuildError, match="There is no graph file"):
        make_pairs(tmp_path / "none.qg")
