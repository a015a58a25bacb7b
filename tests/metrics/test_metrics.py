"""Metrics of visits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from workbench.demo import modelled_metrics
from workbench.errors import MetricsError, ReadOnlyError, UnknownTableError
from workbench.metrics import METRICS, read_metrics, write_metrics
from workbench.query import select
from workbench.registry import open_registry


def make_metrics(**columns: list[object]) -> pa.Table:
    return pa.table({"instrument": ["HSC", "HSC"], "visit": [18202, 19676], **columns})


def test_the_demonstration_s_metrics_fit(any_repo: Path) -> None:
    table = modelled_metrics()
    with open_registry(str(any_repo)) as registry:
        assert write_metrics(registry, table) == 12
        found = read_metrics(registry)
    assert (
        found.select(table.column_names)
        .sort_by("visit")
        .equals(
            table.sort_by("visit").cast(pa.schema([found.schema.field(name) for name in table.column_names]))
        )
    )
    assert all("modelled, seed=" in source for source in found["source"].to_pylist())


def test_units_are_told(butler_repo: Path) -> None:
    with open_registry(str(butler_repo)) as registry:
        write_metrics(registry, make_metrics(psf_fwhm=[0.7, 0.9]), source="test")
        field = read_metrics(registry).schema.field("psf_fwhm")
    assert field.metadata[b"unit"] == b"arcsec"


def test_the_latest_row_of_a_visit_counts(any_repo: Path) -> None:
    with open_registry(str(any_repo)) as registry:
        write_metrics(registry, make_metrics(psf_fwhm=[0.7, 0.9], airmass=[1.0, 1.1]), source="first look")
        write_metrics(registry, make_metrics(psf_fwhm=[0.8, 0.9]).slice(0, 1), source="second look")
        current = {row["visit"]: row for row in read_metrics(registry).to_pylist()}
        assert registry.table(METRICS.name).count(current=False) == 3
    assert current[18202]["psf_fwhm"] == 0.8
    assert current[18202]["source"] == "second look"
    assert current[18202]["airmass"] == 1.0  # the second look did not measure it
    assert current[19676]["source"] == "first look"


def test_a_where_can_name_them(butler_repo: Path) -> None:
    with open_registry(str(butler_repo)) as registry:
        write_metrics(registry, make_metrics(psf_fwhm=[0.7, 0.9]), source="test")
        found = select(registry, ["visit"], "instrument = 'HSC' AND metrics.psf_fwhm < 0.8").table
    assert found["visit"].to_pylist() == [18202]


@pytest.mark.parametrize("source", ["", "  "])
def test_metrics_without_a_source_are_refused(butler_repo: Path, source: str) -> None:
    with (
        open_registry(str(butler_repo)) as registry,
        pytest.raises(MetricsError, match="2 of 2 metrics do not say where they come from"),
    ):
        write_metrics(registry, make_metrics(psf_fwhm=[0.7, 0.9]), source=source)


def test_a_column_of_sources_is_completed(butler_repo: Path) -> None:
    with open_registry(str(butler_repo)) as registry:
        write_metrics(registry, make_metrics(source=["own", None]), source="filled in")
        assert read_metrics(registry)["source"].to_pylist() == ["own", "filled in"]


def test_a_new_column_extends_the_table(any_repo: Path) -> None:
    with open_registry(str(any_repo)) as registry:
        write_metrics(registry, make_metrics(psf_fwhm=[0.7, 0.9]), source="test")
        write_metrics(registry, make_metrics(seeing=[0.5, 0.6]), source="test")
        write_metrics(registry, make_metrics(psf_fwhm=[0.8, 0.9]), source="test")
        found = select(registry, ["visit"], "instrument = 'HSC' AND metrics.seeing < 0.55").table
        current = read_metrics(registry).to_pylist()
    assert found["visit"].to_pylist() == [18202]
    assert [(row["psf_fwhm"], row["seeing"]) for row in current] == [(0.9, 0.6), (0.8, 0.5)]


def test_reading_before_writing_says_so(butler_repo: Path) -> None:
    with (
        open_registry(str(butler_repo), read_only=True) as registry,
        pytest.raises(UnknownTableError, match="metrics"),
    ):
        read_metrics(registry)


def test_a_read_only_registry_is_not_written(butler_repo: Path) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry, pytest.raises(ReadOnlyError):
        write_metrics(registry, make_metrics(), source="test")
