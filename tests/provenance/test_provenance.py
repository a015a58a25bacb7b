"""Questions about what ran."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pandas as pd
import pytest

from tests.executed import BROKEN, DOUBTFUL, VISITS, Executed
from workbench.errors import UnknownDataIdError, UnknownNameError
from workbench.provenance import Provenance
from workbench.registry import open_registry
from workbench.sets import DataIdSet


@pytest.fixture
def provenance(executed: Executed) -> Iterator[Provenance]:
    with open_registry(str(executed.root), read_only=True) as registry:
        yield Provenance(registry)


def types_and_patches(impact: pd.DataFrame) -> set[tuple[str, object]]:
    return {(row.dataset_type, None if pd.isna(row.patch) else int(row.patch)) for row in impact.itertuples()}


def test_impact_leaves_out_the_coadd_that_excluded_the_visit(provenance: Provenance) -> None:
    impact = provenance.impact({"instrument": "HSC", "visit": DOUBTFUL}).to_pandas()
    found = types_and_patches(impact)
    assert {("detector_stats", None), ("visit_summary", None)} <= found
    assert {("warp_stats", 1), ("warp_stats", 3), ("selected_visits", 1), ("sharp_coadd", 3)} <= found
    # The list of selected visits, which names the visit, went into the deep coadd.
    assert not {row for row in found if row[0] in {"deep_coadd", "patch_metrics"}}
    assert set(impact["distance"]) == {0, 1}
    assert impact["produced"].all()
    assert set(impact["exists"]) == {"stored"}


def test_impact_of_another_visit_reaches_both_coadds(provenance: Provenance) -> None:
    impact = provenance.impact({"instrument": "HSC", "visit": 18202}).to_pandas()
    found = types_and_patches(impact)
    assert {("deep_coadd", patch) for patch in range(4)} <= found
    assert {("patch_metrics", patch) for patch in range(4)} <= found
    metrics = impact[impact["dataset_type"] == "patch_metrics"]
    assert set(metrics["distance"]) == {2}
    assert set(metrics["band"]) == {"i"}
    assert set(metrics["tract"]) == {3}


def test_what_depends_on_a_visit_is_more_than_what_contains_it(provenance: Provenance) -> None:
    data_id = {"instrument": "HSC", "visit": DOUBTFUL}
    contains = types_and_patches(provenance.impact(data_id).to_pandas())
    depends = types_and_patches(provenance.impact(data_id, dependent=True).to_pandas())
    assert contains < depends
    assert ("deep_coadd", 3) in depends


def test_impact_agrees_with_what_the_coadds_say(executed: Executed, provenance: Provenance) -> None:
    with open_registry(str(executed.root), read_only=True) as registry:
        coadds = {
            (name, int(ref.dataId["patch"])): set(registry.butler.get(ref)["visits"][0].tolist())
            for name in ("deep_coadd", "sharp_coadd")
            for ref in registry.butler.query_datasets(name, collections="u/test/good", limit=None)
        }
    for visit in VISITS:
        impact = provenance.impact({"instrument": "HSC", "visit": visit}).to_pandas()
        found = {key for key in types_and_patches(impact) if key in coadds}
        assert found == {key for key, visits in coadds.items() if visit in visits}, visit


def test_impact_of_an_exposure_crosses_to_visits(provenance: Provenance) -> None:
    by_visit = provenance.impact({"instrument": "HSC", "visit": 18202})
    by_exposure = provenance.impact({"instrument": "HSC", "exposure": 18202})
    assert set(by_exposure["dataset_id"].to_pylist()) == set(by_visit["dataset_id"].to_pylist())


def test_impact_of_a_detector_of_a_visit(provenance: Provenance) -> None:
    data_id = {"instrument": "HSC", "visit": 18202, "detector": 41}
    impact = provenance.impact(data_id).to_pandas()
    stats = impact[impact["dataset_type"] == "detector_stats"]
    assert list(stats["detector"]) == [41]
    assert {"visit_summary", "deep_coadd"} <= set(impact["dataset_type"])


def test_impact_needs_no_instrument_where_the_rest_is_unique(provenance: Provenance) -> None:
    named = provenance.impact({"instrument": "HSC", "visit": 18202})
    assert provenance.impact({"visit": 18202}).equals(named)


def test_impact_of_one_dataset_type(provenance: Provenance) -> None:
    impact = provenance.impact({"instrument": "HSC", "visit": 18202}, "calibrate_log")
    assert set(impact["dataset_type"].to_pylist()) == {"calibrate_log"}
    assert impact.num_rows == 6


def test_impact_tells_what_a_failure_left_out(executed: Executed, provenance: Provenance) -> None:
    impact = provenance.impact({"instrument": "HSC", "visit": BROKEN}).to_pandas()
    assert set(impact["commit"]) == {executed.failed.commit.commit_id}
    summary = impact[impact["dataset_type"] == "visit_summary"]
    assert list(summary["produced"]) == [False]
    assert list(summary["exists"]) == ["gone"]


def test_impact_of_several_is_the_union(executed: Executed, provenance: Provenance) -> None:
    """However they are asked: as values, mappings, a set, a table."""
    single = [provenance.impact({"instrument": "HSC", "visit": visit}) for visit in (18202, DOUBTFUL)]
    wanted = set().union(*(table["dataset_id"].to_pylist() for table in single))
    assert not any(wanted == set(table["dataset_id"].to_pylist()) for table in single)
    visits = [18202, DOUBTFUL]
    keys = pd.DataFrame({"instrument": "HSC", "visit": visits})
    with open_registry(str(executed.root), read_only=True) as registry:
        rows = DataIdSet.from_table(registry.universe, keys, butler=registry.butler)
    for asked in (
        {"visit": visits},
        {"instrument": "HSC", "visit": tuple(visits)},
        [{"visit": visit} for visit in visits],
        [{"instrument": "HSC"}, *({"visit": visit} for visit in visits)],
        rows,
        [rows.keys.slice(0, 1), {"visit": max(visits)}],
        keys,
    ):
        found = provenance.impact(asked)
        assert found["dataset_id"].to_pylist() == list(dict.fromkeys(found["dataset_id"].to_pylist()))
        assert set(found["dataset_id"].to_pylist()) == wanted
    nearest = pd.concat([table.to_pandas() for table in single]).groupby("dataset_id")["distance"].min()
    distance = dict(zip(found["dataset_id"].to_pylist(), found["distance"].to_pylist(), strict=True))
    assert distance == nearest.to_dict()


def test_impact_of_pairs_is_of_each_pair(provenance: Provenance) -> None:
    pairs = [{"visit": 18202, "detector": 41}, {"visit": DOUBTFUL, "detector": 42}]
    found = provenance.impact(pairs, "detector_stats").to_pandas()
    assert set(zip(found["visit"], found["detector"], strict=True)) == {(18202, 41), (DOUBTFUL, 42)}


def test_impact_of_an_empty_set_is_empty(provenance: Provenance) -> None:
    assert provenance.impact({"visit": []}).num_rows == 0


def test_one_of_several_that_does_not_exist_is_named(provenance: Provenance) -> None:
    with pytest.raises(UnknownDataIdError, match="visit=7"):
        provenance.impact({"visit": [18202, 7]})


def test_impact_of_a_visit_that_was_not_processed_is_empty(provenance: Provenance) -> None:
    assert provenance.impact({"instrument": "HSC", "visit": 23682}).num_rows == 0


@pytest.mark.parametrize(
    ("data_id", "dataset_type", "error", "message"),
    [
        ({"instrument": "HSC", "visit": 1}, None, UnknownDataIdError, "has no data ID"),
        ({"visit": 1}, None, UnknownDataIdError, "has no data ID"),
        ({"visits": 1}, None, UnknownNameError, "'visits'"),
        ({"visit": 18202}, "deep_coad", UnknownNameError, "deep_coadd"),
    ],
)
def test_bad_questions(
    provenance: Provenance,
    data_id: dict[str, int | str],
    dataset_type: str | None,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        provenance.impact(data_id, dataset_type)


def test_upstream_and_downstream_are_each_other_s_inverse(provenance: Provenance) -> None:
    coadds = provenance.datasets(dataset_type="deep_coadd").to_pandas()
    coadd = coadds[coadds["data_id"].str.contains('"patch": 1')]["dataset_id"].iloc[0]
    upstream = provenance.upstream(coadd).to_pandas()
    assert upstream["distance"].is_monotonic_increasing
    assert set(upstream[upstream["distance"] == 1]["name"]) == {"coadd", "warp_stats", "selected_visits"}
    raws = upstream[upstream["name"] == "raw"]
    # The selection looked at all three visits, so the coadd depends on the raws of all of them.
    assert len(raws) == 6 * len(VISITS)
    downstream = provenance.downstream(raws["id"].iloc[0])
    assert coadd in downstream["id"].to_pylist()


def test_traversal_needs_a_known_dataset(provenance: Provenance) -> None:
    with pytest.raises(UnknownNameError, match="Ingest the commit"):
        provenance.upstream(uuid.uuid4())


def test_counts_by_task_and_status(executed: Executed, provenance: Provenance) -> None:
    counts = provenance.status_counts(executed.good.commit.commit_id).to_pandas()
    assert dict(zip(counts["task"], counts["n_quanta"], strict=True)) == {
        "calibrate": 18,
        "summarizeVisit": 3,
        "selectVisits": 4,
        "selectSharpVisits": 4,
        "warp": 7,
        "coadd": 4,
        "sharpCoadd": 4,
        "patchMetrics": 4,
    }
    assert set(counts["status"]) == {"successful"}
    both = provenance.status_counts().to_pandas()
    assert both["n_quanta"].sum() == 48 + 14
    assert {"failed", "blocked"} < set(both["status"])


def test_before_the_first_ingest_all_answers_are_empty(butler_repo: object) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry:
        provenance = Provenance(registry)
        assert provenance.quanta().num_rows == 0
        assert provenance.status_counts().num_rows == 0
        assert provenance.impact({"instrument": "HSC", "visit": 18202}).num_rows == 0
