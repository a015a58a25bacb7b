"""Imports of measured values: units, data IDs, history, all or nothing."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import astropy.table
import astropy.units as u
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from astropy.time import Time

from workbench.errors import (
    BadDataIdTableError,
    DeclarationError,
    MetricsError,
    OperationCancelledError,
    ReadOnlyError,
    UnknownDataIdError,
    UnknownTableError,
    WorkbenchError,
)
from workbench.metrics import Metrics
from workbench.query import select
from workbench.registry import Registry, open_registry

CONTEXT = multiprocessing.get_context("forkserver")


@pytest.fixture
def registry(any_repo: Path) -> Iterator[Registry]:
    with open_registry(str(any_repo)) as registry:
        yield registry


@pytest.fixture
def sqlite_registry(butler_repo: Path) -> Iterator[Registry]:
    with open_registry(str(butler_repo)) as registry:
        yield registry


@pytest.fixture
def metrics(sqlite_registry: Registry) -> Metrics:
    return Metrics(sqlite_registry)


def by_visit(table: pa.Table) -> dict[int, dict[str, Any]]:
    return {row["visit"]: row for row in table.to_pylist()}


def make_table(**columns: object) -> pa.Table:
    return pa.table({"instrument": ["HSC", "HSC"], "visit": [18202, 19676], **columns})  # type: ignore[dict-item]


def find_bands(registry: Registry) -> dict[int, str]:
    found = select(registry, ["visit"], "instrument = 'HSC'").table.to_pylist()
    return {row["visit"]: row["band"] for row in found}


def test_a_csv_file_makes_a_table(registry: Registry, tmp_path: Path) -> None:
    bands = find_bands(registry)
    path = tmp_path / "quick.csv"
    path.write_text(
        "instrument,visit,band,psf_fwhm,n_stars,note\n"
        f"HSC,18202,{bands[18202]},0.7,12,fine\nHSC,19676,{bands[19676]},nan,7,\n"
    )
    metrics = Metrics(registry)
    result = metrics.import_file(path, table="quick_look", units={"psf_fwhm": "arcsec"}, author="ana")
    assert (result.n_read, result.n_written) == (2, 2)
    assert result.new_columns == ("n_stars", "note", "psf_fwhm")
    found = metrics.read("quick_look")
    rows = by_visit(found)
    assert (rows[18202]["psf_fwhm"], rows[18202]["n_stars"], rows[18202]["note"]) == (0.7, 12, "fine")
    assert (rows[19676]["psf_fwhm"], rows[19676]["note"]) == (None, None)
    assert (rows[18202]["source"], rows[18202]["author"]) == (str(path), "ana")
    assert rows[18202]["recorded"] == pytest.approx(Time.now().tai.mjd, abs=300 / 86400)
    assert found.schema.field("psf_fwhm").metadata[b"unit"] == b"arcsec"
    assert "band" not in found.column_names  # it follows from the visit, and was compared with it
    kept = select(registry, ["visit"], "instrument = 'HSC' AND quick_look.psf_fwhm < 0.8").table
    assert kept["visit"].to_pylist() == [18202]


def test_importing_again_writes_nothing(registry: Registry) -> None:
    metrics = Metrics(registry)
    table = make_table(psf_fwhm=[0.7, math.nan], airmass=[None, 1.0])
    assert metrics.import_table(table, source="a", assume_units=True, author="ana").n_written == 2
    again = metrics.import_table(table, source="a", assume_units=True, author="ben")
    assert (again.n_written, again.n_unchanged, again.new_columns) == (0, 2, ())
    assert metrics.read(current=False).num_rows == 2


def test_a_later_measurement_supersedes_and_the_earlier_stays(registry: Registry) -> None:
    metrics = Metrics(registry)
    metrics.import_table(make_table(psf_fwhm=[0.7, 0.9], m5=[24.0, 25.0]), source="first", assume_units=True)
    between = Time.now()
    second = make_table(psf_fwhm=[0.8, 0.9]).slice(0, 1)
    assert metrics.import_table(second, source="second", assume_units=True).n_written == 1
    assert by_visit(metrics.read())[18202]["psf_fwhm"] == 0.8
    assert by_visit(metrics.read())[18202]["m5"] == 24.0  # the second source does not have it
    assert metrics.read(current=False).num_rows == 3
    history = metrics.history({"instrument": "HSC", "visit": 18202})
    assert history["psf_fwhm"].to_pylist() == [0.7, 0.8]
    assert history["source"].to_pylist() == ["first", "second"]
    assert by_visit(metrics.read(as_of=between))[18202]["psf_fwhm"] == 0.7
    assert by_visit(metrics.read(as_of=Time.now()))[18202]["psf_fwhm"] == 0.8
    assert metrics.read(as_of=50_000.0).num_rows == 0
    assert metrics.read(as_of=between, where={"visit": 18202})["psf_fwhm"].to_pylist() == [0.7]
    assert metrics.read(as_of=Time.now(), where={"psf_fwhm": 0.7}).num_rows == 0
    assert metrics.read(as_of=Time.now(), current=False, where={"psf_fwhm": 0.7}).num_rows == 1


def test_an_empty_value_of_a_column_that_is_there_counts(metrics: Metrics) -> None:
    metrics.import_table(make_table(psf_fwhm=[0.7, 0.9]), source="first", assume_units=True)
    metrics.import_table(make_table(psf_fwhm=[None, 0.9]), source="first", assume_units=True)
    assert by_visit(metrics.read())[18202]["psf_fwhm"] is None


@pytest.mark.parametrize(
    ("dimensions", "where"),
    [
        (("instrument", "visit", "detector"), "instrument = 'HSC' AND visit = 18202 AND detector = 42"),
        (("skymap", "tract", "patch"), "skymap = 'cosmos'"),
        (("band", "skymap", "tract", "patch"), "skymap = 'cosmos' AND band = 'i'"),
        (("instrument", "detector"), "instrument = 'HSC' AND detector = 42"),
        (("instrument", "visit", "htm7"), "instrument = 'HSC' AND visit = 18202"),
    ],
)
def test_tables_of_any_dimensions(registry: Registry, dimensions: tuple[str, ...], where: str) -> None:
    metrics = Metrics(registry)
    chosen = select(registry, dimensions, where).table.select(list(dimensions)).slice(0, 1)
    rows = chosen.append_column("depth", pa.array([25.0]))
    metrics.import_table(rows, table="fine", source="test")
    found = metrics.read("fine")
    assert set(registry.table("fine").declaration.dimensions) == set(dimensions)
    assert found.select(rows.column_names).equals(rows.cast(found.select(rows.column_names).schema))
    assert select(registry, dimensions, f"{where} AND fine.depth > 24").table.num_rows == 1
    assert select(registry, dimensions, f"{where} AND fine.depth > 26").table.num_rows == 0


def test_units_come_from_ecsv_parquet_and_astropy(metrics: Metrics, tmp_path: Path) -> None:
    table = astropy.table.QTable(
        {
            "instrument": ["HSC"],
            "visit": [18202],
            "psf_fwhm": [0.01] * u.arcmin,
            "exposed": Time([60000.0], format="mjd", scale="utc"),
        }
    )
    plain = astropy.table.Table(table["instrument", "visit", "psf_fwhm"])
    plain.write(tmp_path / "a.ecsv")
    plain.write(tmp_path / "astropy.parquet")
    field = pa.field("psf_fwhm", pa.float64(), metadata={"unit": "mas"})
    arrow = pa.Table.from_arrays(
        [pa.array(["HSC"]), pa.array([18202]), pa.array([600.0])],
        schema=pa.schema([pa.field("instrument", pa.string()), pa.field("visit", pa.int64()), field]),
    )
    pq.write_table(arrow, tmp_path / "arrow.parquet")
    for source in ("a.ecsv", "astropy.parquet", "arrow.parquet"):
        metrics.import_file(tmp_path / source, source=source)
    metrics.import_table(table, source="session")
    history = metrics.history({"visit": 18202})
    assert history["psf_fwhm"].to_pylist() == pytest.approx([0.6] * 4)
    assert history["source"].to_pylist() == ["a.ecsv", "astropy.parquet", "arrow.parquet", "session"]
    last = history.to_pylist()[-1]
    assert last["exposed"] == pytest.approx(60000.0 + 37 / 86400, abs=1e-9)
    assert history.schema.field("exposed").metadata[b"unit"] == b"d"


def test_a_new_column_keeps_the_unit_of_its_source(metrics: Metrics) -> None:
    table = astropy.table.Table({"instrument": ["HSC"], "visit": [18202]})
    table["zero_point"] = astropy.table.MaskedColumn([27, 0], mask=[False, True], unit="mag")[:1]
    metrics.import_table(table, source="a")
    column = {row["column"]: row for row in metrics.tables().to_pylist()}["zero_point"]
    assert (column["type"], column["unit"], column["values"], column["table"]) == (
        "float",
        "mag",
        1,
        "metrics",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "does not say the unit of 'psf_fwhm' .declared in arcsec."),
        ({"units": {"psf_fwhm": "mag"}}, "'psf_fwhm' is in mag, and is declared in arcsec"),
        ({"units": {"psf_fwhm": "furlong"}}, "a unit that astropy does not know, 'furlong'"),
        ({"units": {"psf": "arcsec"}}, "no column 'psf', named in units"),
        ({"units": {"psf_fwhm": ""}}, "is in no unit"),
        ({"rename": {"psf": "psf_fwhm"}}, "no column 'psf', named in rename"),
        ({"columns": ("psf",)}, "no column 'psf', named in columns"),
        ({"rename": {"psf_fwhm": "n"}}, "would have one name"),
        ({"rename": {"psf_fwhm": "PSF; DROP TABLE"}}, "need names that match"),
        ({"assume_units": True, "author": " "}, "needs an author"),
        ({"assume_units": True, "source": " "}, "do not say where they come from"),
        ({"assume_units": True, "table": "annotations"}, "holds no metrics|no table of metrics"),
        ({"assume_units": True, "table": "visit"}, "cannot be called 'visit'"),
        ({"assume_units": True, "table": 'x"; DROP TABLE dataset; --'}, "is no name for a table"),
        ({"assume_units": True, "table": "a" * 49}, "is no name for a table"),
        (
            {"assume_units": True, "dimensions": ("instrument", "detector")},
            "is about instrument, detector, and The table has rows by visit",
        ),
    ],
)
def test_what_does_not_fit_is_refused(
    sqlite_registry: Registry, options: dict[str, Any], message: str
) -> None:
    from workbench.annotations import Annotations

    Annotations(sqlite_registry).prepare()
    metrics = Metrics(sqlite_registry)
    table = make_table(psf_fwhm=[0.7, 0.9], n=[1, 2])
    with pytest.raises(WorkbenchError, match=message):
        metrics.import_table(table, **{"source": "test", **options})
    with pytest.raises(UnknownTableError):
        metrics.read()


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"visit": [18202, 18202]}, BadDataIdTableError, "duplicate row"),
        ({"visit": [18202, 1]}, UnknownDataIdError, "visit=1"),
        ({"visit": [18202, None]}, BadDataIdTableError, "missing or not an integer"),
        ({"instrument": ["HSC", "DECam"]}, UnknownDataIdError, "instrument='DECam'"),
        ({"band": ["z", "z"]}, BadDataIdTableError, "contradicts the repository"),
        ({"corners": [[1.0], [2.0]]}, MetricsError, "'corners' .list<item: double>."),
        ({"when": pa.array([0, 0], pa.timestamp("s"))}, MetricsError, "UTC or TAI"),
        ({"blob": [b"a", b"b"]}, MetricsError, "'blob' .binary."),
        ({"text": ["a\0b", ""]}, MetricsError, "NUL"),
        ({"recorded": [1.0, 2.0]}, MetricsError, "writes itself: recorded"),
        ({"author": ["a", "b"]}, MetricsError, "writes itself: author"),
        ({"big": pa.array([2**64 - 1, 1], pa.uint64())}, MetricsError, "out of range"),
        ({"größe": [1, 2]}, MetricsError, "'größe'"),
        ({"=cmd()": [1, 2]}, MetricsError, "need names"),
        ({"<b>": [1, 2]}, MetricsError, "need names"),
        ({"x" * 61: [1, 2]}, MetricsError, "need names"),
        ({"": [1, 2]}, MetricsError, "need names"),
        ({"psfFWHM": [1, 2], "psf_fwhm": [1, 2]}, MetricsError, "would have one name"),
        ({"psf_fwhm": ["a", "b"]}, DeclarationError, "'psf_fwhm' does not hold float values"),
        ({"source": [1, 2]}, MetricsError, "says in words"),
        ({"dataset_id": ["a", "b"]}, DeclarationError, "dataset_id"),
    ],
)
def test_rows_that_do_not_fit_are_listed(
    metrics: Metrics, columns: dict[str, Any], error: type[Exception], message: str
) -> None:
    rows = {"instrument": ["HSC", "HSC"], "visit": [18202, 19676], **columns}
    with pytest.raises(error, match=message):
        metrics.import_table(pa.table(rows), source="test", assume_units=True)
    with pytest.raises(UnknownTableError):
        metrics.read()


def test_unknown_data_ids_can_be_left_out(metrics: Metrics) -> None:
    rows = pa.table({"visit": [18202, 7], "airmass": [1.0, 1.1]})
    result = metrics.import_table(rows, source="test", instrument="HSC", unknown="drop")
    assert (result.n_read, result.n_written) == (1, 1)
    assert "1 unknown data ID(s) dropped: instrument=HSC visit=7" in result.notes[0]


def test_masked_and_not_a_number_are_null_and_infinities_stay(registry: Registry) -> None:
    metrics = Metrics(registry)
    table = astropy.table.Table({"instrument": ["HSC"] * 3, "visit": [18202, 19676, 96954]})
    table["depth"] = astropy.table.MaskedColumn([math.nan, -math.inf, 1.0], mask=[False, False, True])
    table["flag"] = astropy.table.MaskedColumn([True, False, True], mask=[False, False, True])
    metrics.import_table(table, source="test", units={"depth": "mag"})
    rows = by_visit(metrics.read())
    assert [rows[visit]["depth"] for visit in (18202, 19676, 96954)] == [None, -math.inf, None]
    assert [rows[visit]["flag"] for visit in (18202, 19676, 96954)] == [True, False, None]
    found = select(registry, ["visit"], "instrument = 'HSC' AND metrics.depth < 0").table
    assert found["visit"].to_pylist() == [19676]
    assert metrics.import_table(table, source="test", units={"depth": "mag"}).n_written == 0


def test_pandas_categories_and_camel_case(metrics: Metrics) -> None:
    frame = pd.DataFrame(
        {"visitId": [18202], "psfSigma": [1.5], "PSF-area": [2], "kind": pd.Categorical(["a"])}
    )
    metrics.import_table(
        frame, table="summary", source="test", instrument="HSC", rename={"visitId": "visit"}, columns=None
    )
    (row,) = metrics.read("summary").to_pylist()
    assert (row["psf_sigma"], row["psf_area"], row["kind"]) == (1.5, 2, "a")


def test_a_column_without_any_value_is_left_out_and_named(metrics: Metrics) -> None:
    rows = make_table(airmass=[1.0, 1.1], nothing=pa.nulls(2), psf_fwhm=pa.nulls(2))
    result = metrics.import_table(rows, source="test")
    assert result.notes == ("without any value, and so left out: nothing",)
    assert "nothing" not in metrics.read().column_names


def test_texts_are_stored_as_they_are(registry: Registry) -> None:
    metrics = Metrics(registry)
    texts = [
        "'); DROP TABLE dataset; --",
        '<script>alert("1")</script>',
        "=cmd()",
        "🔭 größer",
        "x" * 10_000_000,
    ]
    visits = [18202, 19676, 96954, 96980, 23682]
    rows = pa.table({"instrument": ["HSC"] * 5, "visit": visits, "remark": texts})
    metrics.import_table(rows, source='it\'s "quoted"; --', author="<b>ana</b>")
    found = by_visit(metrics.read())
    assert [found[visit]["remark"] for visit in visits] == texts
    assert found[18202]["author"] == "<b>ana</b>"


def test_a_query_on_another_database(
    registry: Registry, any_repo: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_postgres = "postgres" in request.node.name
    url = request.getfixturevalue("postgres_database") if is_postgres else f"sqlite:///{tmp_path}/consdb.db"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE visit1_quicklook (visit_id BIGINT PRIMARY KEY, seeing_zenith_500nm_median NUMERIC, "
            "n_inputs INTEGER, physical_rotator_angle DOUBLE PRECISION)"
        )
        connection.exec_driver_sql(
            "INSERT INTO visit1_quicklook VALUES (18202, 0.7, 9, NULL), (19676, NULL, 3, 12.5)"
        )
    metrics = Metrics(registry)
    options: Any = {
        "table": "visit1_quicklook",
        "instrument": "HSC",
        "rename": {"visit_id": "visit", "seeing_zenith_500nm_median": "psf_fwhm"},
        "units": {"psf_fwhm": "arcsec", "physical_rotator_angle": "deg"},
    }
    query = "SELECT * FROM visit1_quicklook"
    result = metrics.import_sql(url, query, **options)
    assert result.n_written == 2
    rows = by_visit(metrics.read("visit1_quicklook"))
    assert (rows[18202]["psf_fwhm"], rows[18202]["n_inputs"]) == (0.7, 9)
    assert (rows[19676]["psf_fwhm"], rows[19676]["physical_rotator_angle"]) == (None, 12.5)
    assert rows[18202]["source"].endswith("SELECT * FROM visit1_quicklook")
    assert "postgres@" not in rows[18202]["source"]
    assert metrics.import_sql(url, query, **options).n_written == 0
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE visit1_quicklook SET seeing_zenith_500nm_median = 0.8 WHERE visit_id = 18202"
        )
    assert metrics.import_sql(url, query, **options).n_written == 1
    assert metrics.history({"visit": 18202}, "visit1_quicklook")["psf_fwhm"].to_pylist() == [0.7, 0.8]


def test_cancelling_leaves_the_table_as_it_was(registry: Registry) -> None:
    metrics = Metrics(registry)
    metrics.import_table(make_table(airmass=[1.0, 1.1]), source="first")

    def cancel(stage: str, fraction: float | None = None) -> None:
        if stage == "writing rows":
            raise OperationCancelledError(stage)

    with pytest.raises(OperationCancelledError):
        metrics.import_table(make_table(airmass=[2.0, 2.1], extra=[1, 2]), source="second", progress=cancel)
    assert by_visit(metrics.read())[18202]["airmass"] == 1.0
    assert "extra" not in metrics.read().column_names


def make_pixels(n_rows: int) -> pa.Table:
    first = 8 * 4**10
    return pa.table({"htm10": np.arange(first, first + n_rows), "depth": np.linspace(24, 27, n_rows)})


def import_and_die(root: str) -> None:
    """Import many rows in this process, which dies in the middle of writing them."""

    def die(stage: str, fraction: float | None = None) -> None:
        if stage == "writing rows" and fraction and fraction >= 0.5:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_registry(root) as registry:
        Metrics(registry).import_table(make_pixels(120_000), table="depths", source="second", progress=die)


def test_a_process_that_is_killed_leaves_the_table_as_it_was(any_repo: Path) -> None:
    with open_registry(str(any_repo)) as registry:
        Metrics(registry).import_table(make_pixels(10), table="depths", source="first")
    process = CONTEXT.Process(target=import_and_die, args=(str(any_repo),))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    with open_registry(str(any_repo)) as registry:
        metrics = Metrics(registry)
        assert set(metrics.read("depths", current=False)["source"].to_pylist()) == {"first"}
        stages: list[tuple[str, float | None]] = []
        result = metrics.import_table(
            make_pixels(120_000),
            table="depths",
            source="second",
            progress=lambda stage, fraction=None: stages.append((stage, fraction)),
        )
        assert result.n_written == 120_000
        assert registry.table("depths").count() == 120_000
    fractions = [fraction for stage, fraction in stages if stage == "writing rows"]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert len(fractions) == 4


def test_a_read_only_registry_is_not_written(butler_repo: Path) -> None:
    with open_registry(str(butler_repo), read_only=True) as registry, pytest.raises(ReadOnlyError):
        Metrics(registry).import_table(make_table(airmass=[1.0, 1.1]), source="test")


def test_history_of_what_is_no_dimension(metrics: Metrics) -> None:
    metrics.import_table(make_table(airmass=[1.0, 1.1]), source="test")
    with pytest.raises(MetricsError, match="'detector' is none"):
        metrics.history({"detector": 1})
    with pytest.raises(UnknownTableError, match="nothing"):
        metrics.history({"visit": 1}, "nothing")


@pytest.mark.soak
def test_a_million_rows_are_one_transaction_with_progress(any_repo: Path, tmp_path: Path) -> None:
    path = tmp_path / "pixels.parquet"
    pq.write_table(make_pixels(1_000_000), path)
    fractions: list[float | None] = []
    with open_registry(str(any_repo)) as registry:
        metrics = Metrics(registry)
        done = metrics.import_file(
            path, table="depths", progress=lambda stage, fraction=None: fractions.append(fraction)
        )
        assert done.n_written == 1_000_000
        assert metrics.import_file(path, table="depths").n_written == 0
        assert len(set(registry.table("depths").read(columns=["recorded"])["recorded"].to_pylist())) == 1
    assert len(fractions) > 20
