"""Groupings of the twelve visits, made, saved and loaded."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pyarrow as pa
import pytest

from tests.cosmos import VISITS
from tests.groupings.conftest import NUMBERS, assert_nothing_was_kept
from workbench.errors import BadNameError, CampaignError, EmptySetError, ExpressionError, UnknownNameError
from workbench.groupings import best_seeing, folds, load_grouping, make_grouping, quantiles, read_groupings
from workbench.groupings.frame import read_rule_frame
from workbench.registry import Column, Registry, TableDeclaration, open_registry
from workbench.sets import DataIdSet, SetStore

FILTERS = TableDeclaration(
    name="filters",
    columns=(Column("width", "float"),),
    dimensions=("instrument", "physical_filter"),
    current="latest",
)
READINGS = TableDeclaration(
    name="readings", columns=(Column("value", "int"),), dimensions=("instrument", "visit")
)


def test_folds_are_made_saved_and_loaded(registry: Registry, visits: DataIdSet) -> None:
    grouping = make_grouping(registry, "fold", visits, folds(2, seed=42))
    assert grouping.label == "fold@1"
    assert grouping.keys == ["fold0", "fold1"]
    check = grouping.check()
    assert (check.disjoint, check.covering, check.smallest, check.largest) == (True, True, 6, 6)
    assert grouping["fold0"].label == "fold-fold0@1"
    assert grouping["fold0"].provenance.parents == ("all@1",)
    loaded = load_grouping(registry, "fold")
    assert loaded.rule == "folds(2, seed=42, by=('band',))"
    assert dict(loaded.sets) == dict(grouping.sets)
    assert loaded.parent == visits
    assert loaded.check() == check
    assert (loaded.digest, loaded.key_names) == (grouping.digest, ("instrument", "visit"))
    assert loaded.relation.equals(grouping.relation)
    assert read_groupings(registry)["members"].to_pylist() == ["fold-fold0@1", "fold-fold1@1"]


def test_best_seeing_overlaps(registry: Registry, visits: DataIdSet) -> None:
    grouping = make_grouping(registry, "seeing", visits, best_seeing(fraction=0.5))
    assert grouping["deep"].key_digest == visits.key_digest
    sharp = grouping["sharp"]
    bands = {visit[0]: visit[1][:5] for visit in VISITS}
    for band in ("HSC-I", "HSC-R"):
        own = [v for v in NUMBERS[1:] if bands[v] == band]
        chosen = [v for v in sharp.table["visit"].to_pylist() if bands[v] == band]
        assert chosen == own[: (len(own) + 1) // 2]
    check = grouping.check()
    assert not check.disjoint
    assert check.covering


def test_versions_are_appended(registry: Registry, visits: DataIdSet) -> None:
    first = make_grouping(registry, "fold", visits, folds(2, seed=1))
    second = make_grouping(registry, "fold", visits, folds(2, seed=2))
    assert (first.version, second.version) == (1, 2)
    assert load_grouping(registry, "fold@1").sets["fold0"] == first["fold0"]
    assert load_grouping(registry, "fold").version == 2


def test_threads_never_get_the_same_version(registry: Registry, visits: DataIdSet) -> None:
    make_grouping(registry, "fold", visits, folds(2, seed=0))
    versions: list[int] = []

    def group(seed: int) -> None:
        # A Butler, and so a registry, belongs to one thread.
        with open_registry(registry.uri) as own:
            versions.append(make_grouping(own, "fold", visits, folds(2, seed=seed)).version)

    threads = [threading.Thread(target=group, args=(seed,)) for seed in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(versions) == [2, 3, 4, 5]


@dataclass(frozen=True)
class EveryOther:
    """A rule of a user."""

    columns: tuple[str, ...] = ()

    def describe(self) -> str:
        return "every other"

    def assign(self, frame: pa.Table) -> pa.Table:
        groups = ["even" if index % 2 == 0 else "Odd!" for index in range(frame.num_rows)]
        return frame.append_column("group_key", pa.array(groups, pa.string()))


def test_a_group_that_cannot_be_saved_leaves_nothing(registry: Registry, visits: DataIdSet) -> None:
    with pytest.raises(BadNameError, match="small letters"):
        make_grouping(registry, "half", visits, EveryOther(), sets=True)
    assert_nothing_was_kept(registry)
    grouping = make_grouping(registry, "half", visits, EveryOther())
    assert (grouping.keys, dict(grouping.saved), grouping["Odd!"].name) == (["Odd!", "even"], {}, None)
    assert load_grouping(registry, "half")["Odd!"] == grouping["Odd!"]


def test_any_column_can_be_read(registry: Registry, visits: DataIdSet) -> None:
    registry.declare(FILTERS).append([{"instrument": "HSC", "physical_filter": "HSC-R", "width": 1.5}])
    rule = EveryOther(
        (
            "band",
            "visit.exposure_time",
            "exposure.exposure_time",
            "metrics.psf_fwhm",
            "filters.width",
            "physical_filter.band",
        )
    )
    frame = read_rule_frame(registry, visits, rule)
    assert frame.schema.names == ["instrument", "visit", *rule.columns]
    assert frame.schema.field("band").type == pa.string()
    assert frame["visit"].to_pylist() == NUMBERS
    times = {visit[0]: visit[4] for visit in VISITS}
    assert frame["exposure.exposure_time"].to_pylist() == [times[v] for v in NUMBERS]
    exposures = visits.to_exposures()
    seeing = read_rule_frame(registry, exposures, EveryOther(("metrics.psf_fwhm", "exposure.group")))
    assert seeing["metrics.psf_fwhm"].equals(frame["metrics.psf_fwhm"])
    assert seeing["exposure.group"].to_pylist() == [str(v) for v in NUMBERS]
    assert frame["visit.exposure_time"].to_pylist() == [times[v] for v in NUMBERS]
    assert frame["metrics.psf_fwhm"].null_count == 1
    assert frame["filters.width"].null_count == 12 - sum(visit[1] == "HSC-R" for visit in VISITS)
    assert frame["physical_filter.band"].to_pylist() == frame["band"].to_pylist()


def test_columns_that_do_not_do(registry: Registry, visits: DataIdSet) -> None:
    with pytest.raises(ExpressionError, match=r"'metrics\.psf'.*metrics\.psf_fwhm"):
        read_rule_frame(registry, visits, EveryOther(("metrics.psf",)))
    with pytest.raises(ExpressionError, match="several values"):
        read_rule_frame(registry, visits, EveryOther(("detector.purpose",)))
    registry.declare(READINGS).append(
        [{"instrument": "HSC", "visit": NUMBERS[0], "value": v} for v in (1, 2)]
    )
    with pytest.raises(ExpressionError, match="several values"):
        read_rule_frame(registry, visits, EveryOther(("readings.value",)))


def test_what_cannot_be_grouped(registry: Registry, visits: DataIdSet) -> None:
    with pytest.raises(CampaignError, match="Only a saved set"):
        make_grouping(registry, "fold", visits.with_role("exclude"), folds(2, seed=1))
    with pytest.raises(CampaignError, match="no name for a grouping"):
        make_grouping(registry, "Fold", visits, folds(2, seed=1))
    with pytest.raises(ExpressionError, match=r"'metrics\.nothing'.*metrics\.psf_fwhm"):
        make_grouping(registry, "parts", visits, quantiles("metrics.nothing", 2))
    assert_nothing_was_kept(registry)
    with pytest.raises(UnknownNameError, match="none yet"):
        load_grouping(registry, "fold")
    make_grouping(registry, "fold", visits, folds(2, seed=1))
    with pytest.raises(UnknownNameError, match="fold@1"):
        load_grouping(registry, "fold@7")
    with pytest.raises(UnknownNameError, match="fold0"):
        load_grouping(registry, "fold")["fold9"]
    with pytest.raises(EmptySetError):
        SetStore(registry).save(visits - visits, "none", reason="test")
