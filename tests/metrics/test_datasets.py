"""Measured values in datasets of a Butler."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import astropy.table
import astropy.units as u
import pandas as pd
import pyarrow as pa
import pytest
from lsst.daf.butler import Butler, DatasetRef, DatasetType, FileDataset
from lsst.pipe.base import TaskMetadata

from workbench.errors import MetricsError, OperationCancelledError, UnknownNameError, WorkbenchError
from workbench.metrics import Metrics
from workbench.metrics.bundles import flatten
from workbench.registry import Registry, open_registry
from workbench.sets import DataIdSet

RUN = "u/ana/run"
BUNDLE = {
    "stellarLocus": [
        {
            "metric": "pipe_tasks.wPerp_scatter",
            "identifier": "a",
            "value": 0.0123,
            "unit": "mag",
            "blob_refs": [],
        },
        {"metric": "pipe_tasks.nStars", "identifier": "b", "value": 321.0, "unit": "", "blob_refs": []},
    ],
    "skyFluxStatistics": [
        {"metric": "pipe_tasks.median", "identifier": "c", "value": None, "unit": None, "blob_refs": []}
    ],
    "__dataset_identifier": "HSC/test",
    "__timestamp_version": "run_timestamp",
}
"""A bundle as ``MetricMeasurementBundle.json`` and ``lsst.verify.Measurement.json`` write it."""


@pytest.fixture
def butler(butler_repo: Path) -> Iterator[Butler]:
    with Butler.from_config(str(butler_repo), writeable=True, run=RUN) as butler:
        yield butler


@pytest.fixture
def registry(butler_repo: Path) -> Iterator[Registry]:
    with open_registry(str(butler_repo)) as registry:
        yield registry


@pytest.fixture
def metrics(registry: Registry) -> Metrics:
    return Metrics(registry)


def declare(butler: Butler, name: str, dimensions: tuple[str, ...], storage_class: str) -> DatasetType:
    kind = DatasetType(name, dimensions, storage_class, universe=butler.dimensions)
    butler.registry.registerDatasetType(kind)
    return kind


def put(butler: Butler, kind: DatasetType, content: object, visit: int, run: str = RUN) -> DatasetRef:
    return butler.put(content, kind, instrument="HSC", visit=visit, run=run)


def summary(psf: float, unit: str = "arcsec") -> astropy.table.Table:
    return astropy.table.Table(
        {"psfSigma": [psf] * u.Unit(unit), "nPsfStar": [40], "zeroPoint": [27.0] * u.mag}
    )


def by_visit(table: pa.Table) -> dict[int, dict[str, Any]]:
    return {row["visit"]: row for row in table.to_pylist()}


def test_a_table_of_one_row(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    first = put(butler, kind, summary(0.5), 18202)
    put(butler, kind, summary(0.01, "arcmin"), 19676)  # another unit
    result = metrics.import_datasets("summary", [RUN], table="summaries")
    assert (result.n_read, result.n_written, result.notes) == (2, 2, ())
    found = metrics.read("summaries")
    rows = by_visit(found)
    assert (rows[18202]["psf_sigma"], rows[18202]["n_psf_star"]) == (0.5, 40)
    assert rows[19676]["psf_sigma"] == pytest.approx(0.6)
    assert (rows[18202]["run"], rows[18202]["dataset_id"]) == (RUN, str(first.id))
    assert rows[18202]["source"] == f"summary in {RUN}"
    units = {field.name: (field.metadata or {}).get(b"unit") for field in found.schema}
    assert (units["psf_sigma"], units["zero_point"]) == (b"arcsec", b"mag")
    assert metrics.import_datasets("summary", [RUN], table="summaries").n_written == 0


def test_the_first_dataset_of_a_data_id_counts(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    butler.collections.register("u/ana/later")
    put(butler, kind, summary(0.5), 18202)
    later = put(butler, kind, summary(0.7), 18202, "u/ana/later")
    metrics.import_datasets("summary", [RUN], table="summaries")
    metrics.import_datasets("summary", ["u/ana/later", RUN], table="summaries")
    assert by_visit(metrics.read("summaries"))[18202]["psf_sigma"] == 0.7
    assert by_visit(metrics.read("summaries"))[18202]["dataset_id"] == str(later.id)
    assert metrics.history({"visit": 18202}, "summaries")["run"].to_pylist() == [RUN, "u/ana/later"]


def test_a_table_with_a_row_for_each_detector(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "visit_summary", ("instrument", "visit"), "DataFrame")
    frame = pd.DataFrame(
        {"id": [41, 42], "visit": [18202, 18202], "psf": [0.5, 0.6], "corners": [[1.0], [2.0]]}
    )
    put(butler, kind, frame, 18202)
    options: Any = {"table": "detectors", "rename": {"id": "detector"}, "units": {"psf": "arcsec"}}
    with pytest.raises(MetricsError, match=r"'corners' .list.* Name the columns"):
        metrics.import_datasets("visit_summary", [RUN], **options)
    metrics.import_datasets("visit_summary", [RUN], columns=("psf",), **options)
    rows = metrics.read("detectors").to_pylist()
    assert [(row["visit"], row["detector"], row["psf"]) for row in rows] == [
        (18202, 41, 0.5),
        (18202, 42, 0.6),
    ]


def test_a_table_of_an_instrument_with_a_row_for_each_visit(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "visit_table", ("instrument",), "ArrowTable")
    table = pa.table({"visitId": [18202, 19676], "expTime": [30.0, 60.0]})
    butler.put(table, kind, instrument="HSC", run=RUN)
    metrics.import_datasets("visit_table", [RUN], table="visit_rows", rename={"visitId": "visit"})
    assert {v: row["exp_time"] for v, row in by_visit(metrics.read("visit_rows")).items()} == {
        18202: 30.0,
        19676: 60.0,
    }


def test_mappings_and_task_metadata(butler: Butler, metrics: Metrics) -> None:
    mapping = declare(butler, "numbers", ("instrument", "visit"), "StructuredDataDict")
    content = {
        "depth": 25.5,
        "psf": {"sigma": 0.5, "isRound": True},
        "list": [1, 2],
        "name": "a",
        "visit": 18202,
    }
    put(butler, mapping, content, 18202)
    put(butler, mapping, {"depth": float("nan"), "extra": 1}, 19676)
    result = metrics.import_datasets("numbers", [RUN], table="numbers")
    assert result.notes == ("1 values that are neither numbers, truth values nor text were left out",)
    rows = by_visit(metrics.read("numbers"))
    assert (rows[18202]["depth"], rows[18202]["psf_sigma"], rows[18202]["psf_is_round"]) == (25.5, 0.5, True)
    assert (rows[18202]["name"], rows[18202]["extra"]) == ("a", None)
    assert (rows[19676]["depth"], rows[19676]["extra"]) == (None, 1)
    metadata = TaskMetadata()
    metadata["quantum.runtime"] = 3.5
    put(butler, declare(butler, "task_metadata", ("instrument", "visit"), "TaskMetadata"), metadata, 18202)
    metrics.import_datasets("task_metadata", [RUN], table="runtimes", units={"quantum_runtime": "s"})
    assert by_visit(metrics.read("runtimes"))[18202]["quantum_runtime"] == 3.5


def test_metric_bundles_are_read_without_their_package(
    butler: Butler, metrics: Metrics, tmp_path: Path
) -> None:
    kind = declare(butler, "core_metrics", ("instrument", "visit"), "MetricMeasurementBundle")
    data_id = butler.registry.expandDataId(instrument="HSC", visit=18202)
    (tmp_path / "bundle.json").write_text(json.dumps(BUNDLE))
    ref = DatasetRef(kind, data_id, run=RUN)
    butler.ingest(
        FileDataset(
            str(tmp_path / "bundle.json"), [ref], formatter="lsst.daf.butler.formatters.json.JsonFormatter"
        ),
        transfer="copy",
    )
    metrics.import_datasets("core_metrics", [RUN], table="bundles")
    found = metrics.read("bundles")
    (row,) = found.to_pylist()
    assert row["stellar_locus_w_perp_scatter"] == 0.0123
    assert row["stellar_locus_n_stars"] == 321.0
    assert found.schema.field("stellar_locus_w_perp_scatter").metadata[b"unit"] == b"mag"
    assert "sky_flux_statistics_median" not in found.column_names  # it was never measured


def test_bundles_as_objects_and_as_other_json_say_the_same() -> None:
    objects = {
        "stellarLocus": [
            SimpleNamespace(metric_name="pipe_tasks.wPerp_scatter", quantity=0.0123 * u.mag),
            SimpleNamespace(metric_name="pipe_tasks.nStars", quantity=321.0 * u.dimensionless_unscaled),
        ],
        "skyFluxStatistics": [SimpleNamespace(metric_name="pipe_tasks.median", quantity=None)],
    }
    assert flatten(objects, "objects") == flatten(BUNDLE, "json")
    alone = SimpleNamespace(metric_name="pipe_tasks.nStars", quantity=321.0 * u.dimensionless_unscaled)
    assert flatten(alone, "one measurement") == ({"n_stars": (321.0, "")}, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": {"b": 1}, "a_b": 2}, "several values that would be called 'a_b'"),
        ({"a": 2**70}, "no 64-bit integer"),
        ({"visit": 7}, "says visit = 7"),
        ({"run": "x"}, "'run'"),
    ],
)
def test_contents_that_are_no_metrics(butler: Butler, metrics: Metrics, content: Any, message: str) -> None:
    kind = declare(butler, "strange", ("instrument", "visit"), "StructuredDataDict")
    put(butler, kind, content, 18202)
    with pytest.raises(MetricsError, match=message):
        metrics.import_datasets("strange", [RUN], table="strange")


def test_a_list_is_no_mapping() -> None:
    with pytest.raises(MetricsError, match="holds a list"):
        flatten([1, 2], "it")


def test_a_mapping_without_an_end_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["a"] = endless
    with pytest.raises(MetricsError, match="nested more than"):
        flatten(endless, "it")


def test_missing_datasets_are_counted(butler: Butler, metrics: Metrics, registry: Registry) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    lost = put(butler, kind, summary(0.5), 18202)
    put(butler, kind, summary(0.6), 19676)
    put(butler, kind, summary(0.7), 96954)
    butler.getURI(lost).remove()
    rows = pa.table({"instrument": ["HSC"] * 3, "visit": [18202, 19676, 96980]})
    wanted = DataIdSet.from_table(registry.universe, rows, dimensions=["visit"])
    result = metrics.import_datasets("summary", [RUN], table="summaries", data_ids=wanted)
    assert result.n_read == 1
    assert "1 of the 3 data IDs" in result.notes[0]
    assert (
        "1 of 2 datasets have no file, and so no values: summary instrument=HSC, visit=18202"
        in result.notes[1]
    )
    assert set(by_visit(metrics.read("summaries"))) == {19676}


def test_a_condition_and_its_errors(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    put(butler, kind, summary(0.5), 18202)
    put(butler, kind, summary(0.6), 19676)
    one = metrics.import_datasets(
        "summary", [RUN], where="instrument = 'HSC' AND visit = :v", bind={"v": 18202}, table="one"
    )
    assert one.n_read == 1
    cases: list[tuple[dict[str, Any], type[WorkbenchError]]] = [
        ({"where": "visit = "}, MetricsError),
        ({"where": "instrument = 'HSC' AND visit = 1"}, MetricsError),
        ({"collections": ["u/nowhere"]}, UnknownNameError),
        ({"dataset_type": "nothing"}, UnknownNameError),
        ({"dataset_type": "raw", "collections": ["HSC/raw/all"]}, MetricsError),
    ]
    for given, error in cases:
        with pytest.raises(error):
            metrics.import_datasets(**{"dataset_type": "summary", "collections": [RUN], **given})


def test_progress_tells_the_fraction_and_cancels(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    put(butler, kind, summary(0.5), 18202)

    def cancel(stage: str, fraction: float | None = None) -> None:
        raise OperationCancelledError(f"{stage} {fraction}")

    with pytest.raises(OperationCancelledError, match=r"reading datasets 0\.0"):
        metrics.import_datasets("summary", [RUN], progress=cancel)


def test_dataset_ids_are_uuids(butler: Butler, metrics: Metrics) -> None:
    kind = declare(butler, "summary", ("instrument", "visit"), "ArrowAstropy")
    ref = put(butler, kind, summary(0.5), 18202)
    metrics.import_datasets("summary", [RUN], table="summaries")
    found = metrics.read("summaries", where={"dataset_id": str(ref.id)})
    assert uuid.UUID(found["dataset_id"][0].as_py()) == ref.id
