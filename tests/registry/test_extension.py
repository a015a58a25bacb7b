"""Rows go in as they are declared, and the current ones come out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import astropy.time
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.registry.conftest import SEEING, Site
from workbench.errors import DeclarationError, OperationCancelledError, UnknownNameError
from workbench.registry import Column, ExtensionTable, Registry, TableDeclaration, open_registry

DATASET = "6b5cd8b0-8bf2-4f4c-a8d3-0e2f0c2b7ff1"
NOTES = TableDeclaration(
    "notes",
    (Column("note", "str", nullable=False), Column("text", "str"), Column("gone", "bool")),
    dimensions=("instrument", "visit", "detector"),
    key=("note", "instrument", "visit", "detector"),
    current="latest",
    tombstone="gone",
    nullable_dimensions=True,
)
LOG = TableDeclaration("log", (Column("line", "str"),))


@pytest.fixture
def registry(site: Site) -> Iterator[Registry]:
    with site.open() as registry:
        yield registry


@pytest.fixture
def seeing(registry: Registry) -> ExtensionTable:
    return registry.declare(SEEING)


def _row(visit: int, fwhm: float | None = None, **more: object) -> dict[str, object]:
    return {"instrument": "HSC", "visit": visit, "psf_fwhm": fwhm, **more}


def test_schema_is_typed_by_the_universe(seeing: ExtensionTable) -> None:
    assert seeing.schema == pa.schema(
        [
            ("instrument", pa.string()),
            ("visit", pa.int64()),
            ("psf_fwhm", pa.float64()),
            ("usable", pa.bool_()),
            ("measured", pa.float64()),
            ("extra", pa.string()),
            ("dataset", pa.string()),
            ("row_id", pa.int64()),
            ("recorded", pa.float64()),
        ]
    )
    assert seeing.schema.field("psf_fwhm").metadata == {b"unit": b"arcsec"}
    assert seeing.read().schema == seeing.schema


def test_every_type_comes_back(seeing: ExtensionTable) -> None:
    time = astropy.time.Time(60000.25, format="mjd", scale="tai")
    full = _row(1, 0.5, usable=True, measured=time, extra={"b": [1, None]}, dataset=uuid.UUID(DATASET))
    assert seeing.append([full, _row(2)]) == 2
    rows = seeing.read().drop_columns(["row_id", "recorded"]).to_pylist()
    assert rows == [
        {
            "instrument": "HSC",
            "visit": 1,
            "psf_fwhm": 0.5,
            "usable": True,
            "measured": 60000.25,
            "extra": '{"b": [1, null]}',
            "dataset": DATASET,
        },
        dict.fromkeys(seeing.schema.names[:-2]) | {"instrument": "HSC", "visit": 2},
    ]


def test_recorded_is_now(seeing: ExtensionTable) -> None:
    before = astropy.time.Time.now().tai.mjd
    seeing.append([_row(1)])
    (recorded,) = seeing.read().column("recorded").to_pylist()
    assert before <= recorded <= astropy.time.Time.now().tai.mjd


def test_arrow_and_pandas_go_in(seeing: ExtensionTable) -> None:
    frame = pd.DataFrame(
        {"instrument": "HSC", "visit": np.array([3, 4], np.uint64), "psf_fwhm": [0.7, np.nan]}
    )
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.set_column(0, "instrument", table.column("instrument").cast(pa.large_string()))
    table = table.append_column("dataset", pa.array([DATASET, None]).dictionary_encode())
    seeing.append(table)
    assert seeing.read(columns=["visit", "psf_fwhm", "dataset"]).to_pydict() == {
        "visit": [3, 4],
        "psf_fwhm": [0.7, None],
        "dataset": [DATASET, None],
    }


def test_no_rows_is_no_write(seeing: ExtensionTable) -> None:
    assert seeing.append([]) == 0
    assert seeing.append(seeing.schema.empty_table().select(["instrument", "visit"])) == 0
    assert seeing.count() == 0


_BAD_ROWS: tuple[tuple[list[dict[str, object]], str], ...] = (
    ([_row(1, seing=0.7)], r"unknown columns seing.*Its columns are instrument, visit, psf_fwhm"),
    ([{"visit": 1}], "column 'instrument' is missing"),
    (
        [_row(1), {"instrument": "HSC", "visit": None}],
        r"column 'visit' has no value in rows 1 \(counted from 0\)",
    ),
    ([_row(1) | {"psf_fwhm": "bad"}], "column 'psf_fwhm' does not hold float values"),
    ([_row(1) | {"visit": 1.5}], "column 'visit' does not hold int values"),
    ([_row(1) | {"visit": "12"}], "column 'visit' does not hold int values .*it holds string"),
    ([_row(1) | {"instrument": 7}], "column 'instrument' does not hold str values .*it holds int64"),
    ([_row(1, usable=1)], "column 'usable' does not hold bool values"),
    ([_row(1, extra=[float("nan")])], "column 'extra' does not hold json values"),
    ([_row(1, extra="{")], "column 'extra' does not hold json values"),
    ([_row(1, dataset="x")], "column 'dataset' does not hold uuid values"),
    ([_row(1), _row(2), _row(1)], "key instrument, visit occurs more than once, in rows 0, 2"),
)


def test_rows_that_do_not_fit(seeing: ExtensionTable) -> None:
    for rows, fault in _BAD_ROWS:
        for form in (rows, pa.Table.from_pylist(rows)):
            with pytest.raises(DeclarationError, match=fault):
                seeing.append(form)
    with pytest.raises(DeclarationError, match="column 'visit' does not hold int values"):
        seeing.append([_row(2**63)])
    assert seeing.count(current=False) == 0


def test_all_faults_of_rows_are_listed(seeing: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match=r"unknown columns a; .*'instrument' is missing; .*'visit'"):
        seeing.append([{"a": 1, "visit": "x"}])


def test_latest_row_is_current(seeing: ExtensionTable) -> None:
    seeing.append([_row(1, 0.5), _row(2, 0.6)])
    seeing.append([_row(1, 0.9)])
    assert seeing.read(columns=["visit", "psf_fwhm"]).to_pydict() == {"visit": [2, 1], "psf_fwhm": [0.6, 0.9]}
    assert seeing.read(current=False, columns=["psf_fwhm"]).to_pydict() == {"psf_fwhm": [0.5, 0.6, 0.9]}
    assert (seeing.count(), seeing.count(current=False)) == (2, 3)


def test_every_row_is_current_by_default(registry: Registry) -> None:
    log = registry.declare(LOG)
    log.append([{"line": "a"}, {"line": "a"}])
    assert log.count() == 2


def test_tombstone_hides(registry: Registry) -> None:
    notes = registry.declare(NOTES)
    targets = [{"instrument": "HSC", "visit": 1}, {"instrument": "HSC"}, {}]
    notes.append([{"note": "n", "text": "streak", **target} for target in targets])
    notes.append([{"note": "n", "text": "ghost", "gone": False}])
    notes.append([{"note": "n", "gone": True, "instrument": "HSC"}])
    assert notes.read(columns=["instrument", "visit", "text"]).to_pylist() == [
        {"instrument": "HSC", "visit": 1, "text": "streak"},
        {"instrument": None, "visit": None, "text": "ghost"},
    ]
    notes.append([{"note": "n", "instrument": "HSC", "text": "back"}])
    assert notes.count() == 3


def test_required_column_stays_required_with_nullable_dimensions(registry: Registry) -> None:
    with pytest.raises(DeclarationError, match="column 'note' is missing"):
        registry.declare(NOTES).append([{"instrument": "HSC"}])


def test_the_view_is_in_the_database(seeing: ExtensionTable, site: Site) -> None:
    seeing.append([_row(1, 0.5), _row(2, 0.6)])
    seeing.append([_row(1, 0.9)])
    rows = site.execute(f"SELECT visit, psf_fwhm FROM {site.name('v_metrics')} ORDER BY visit")
    assert rows == [(1, 0.9), (2, 0.6)]


def test_tables_join_with_the_butlers(any_repo: Path) -> None:
    site = Site("postgres" if any_repo.name.startswith("postgres") else "sqlite", any_repo)
    with site.open() as registry:
        (ref, *_) = registry.butler.query_datasets("raw", collections="HSC/raw/all")
        registry.declare(SEEING).append([_row(96954, 0.7, dataset=ref.id)])
    butlers = "hsc_repo." if site.kind == "postgres" else ""
    joined = site.execute(
        f"SELECT v.exposure_time, m.psf_fwhm FROM {site.name('v_metrics')} m"
        f" JOIN {butlers}visit v ON v.instrument = m.instrument AND v.id = m.visit"
        f" JOIN {butlers}dataset d ON d.id = m.dataset"
    )
    assert joined == [(200.0, 0.7)]


_CONDITIONS: tuple[tuple[dict[str, object], list[int]], ...] = (
    ({"visit": 2}, [2]),
    ({"visit": np.int64(2)}, [2]),
    ({"visit": [1, 3, 7]}, [1, 3]),
    ({"visit": np.array([1, 3])}, [1, 3]),
    ({"visit": pa.array([1, 3])}, [1, 3]),
    ({"visit": {1}}, [1]),
    ({"visit": []}, []),
    ({"visit": range(2, 5000)}, [2, 3, 4]),
    ({"psf_fwhm": None}, [3]),
    ({"psf_fwhm": [None, 0.5]}, [1, 3]),
    ({"dataset": DATASET}, [4]),
    ({"dataset": uuid.UUID(DATASET)}, [4]),
    ({"dataset": [DATASET, *(str(uuid.UUID(int=n)) for n in range(1000))]}, [4]),
    ({"instrument": [f"I{n}" for n in range(1000)]}, []),
    ({"instrument": "HSC", "usable": True}, [4]),
)


def test_where(seeing: ExtensionTable) -> None:
    seeing.append([_row(1, 0.5), _row(2, 0.6), _row(3), _row(4, 0.8, dataset=DATASET, usable=True)])
    for where, visits in _CONDITIONS:
        assert seeing.read(where=where).column("visit").to_pylist() == visits, where
        assert seeing.count(where=where) == len(visits), where


def test_limit_and_unknown_columns(seeing: ExtensionTable) -> None:
    seeing.append([_row(1), _row(2)])
    assert seeing.read(limit=1).column("visit").to_pylist() == [1]
    for call in (
        lambda: seeing.read(columns=["fwhm"]),
        lambda: seeing.read(where={"fwhm": 1}),
        lambda: seeing.count(where={"fwhm": 1}),
    ):
        with pytest.raises(UnknownNameError, match="no column fwhm; its columns are instrument, visit"):
            call()


def test_many_rows(seeing: ExtensionTable) -> None:
    n_rows = 120_000
    visits = np.arange(n_rows)
    table = pa.table({"instrument": ["HSC"] * n_rows, "visit": visits, "psf_fwhm": visits / 7})
    assert seeing.append(table) == n_rows
    read = seeing.read(columns=["visit", "psf_fwhm"])
    assert read.column("visit").to_pylist() == visits.tolist()
    assert read.column("psf_fwhm").to_pylist() == (visits / 7).tolist()


def test_values_are_no_sql(registry: Registry) -> None:
    log = registry.declare(LOG)
    line = "'); DROP TABLE wb_x_log; -- \t\\N \n"
    log.append([{"line": line}, {"line": "\\N"}, {"line": ""}])
    assert log.read(columns=["line"]).to_pydict() == {"line": [line, "\\N", ""]}
    assert log.count(where={"line": line}) == 1


def test_columns_may_be_sql_words(registry: Registry) -> None:
    words = TableDeclaration(
        "order", (Column("select", "str"), Column("group", "str")), key=("group",), current="latest"
    )
    table = registry.declare(words)
    table.append([{"select": "a", "group": "b"}])
    assert table.read(where={"group": "b"}, columns=["select"]).to_pydict() == {"select": ["a"]}


def test_upsert_writes_what_differs(seeing: ExtensionTable) -> None:
    assert seeing.upsert([_row(1, 0.7), _row(2)]) == 2
    assert seeing.upsert([_row(1, 0.7), _row(2)]) == 0
    assert seeing.upsert([_row(2, 0.9), _row(1, 0.7), _row(3, 1.1)]) == 2
    assert seeing.read(columns=["visit", "psf_fwhm"]).to_pydict() == {
        "visit": [1, 2, 3],
        "psf_fwhm": [0.7, 0.9, 1.1],
    }
    assert seeing.count(current=False) == 4


def test_upsert_keeps_columns_that_are_left_out(seeing: ExtensionTable) -> None:
    seeing.upsert([_row(1, 0.7, usable=True)])
    assert seeing.upsert([{"instrument": "HSC", "visit": 1, "measured": 60000.0}]) == 1
    (row,) = seeing.read().to_pylist()
    assert (row["psf_fwhm"], row["usable"], row["measured"]) == (0.7, True, 60000.0)
    assert seeing.upsert([_row(1, None)]) == 1  # said to be none, which is not left out
    assert seeing.read(columns=["psf_fwhm"]).to_pydict() == {"psf_fwhm": [None]}


def test_upsert_refuses_what_append_refuses(registry: Registry, seeing: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match=r"occurs more than once, in rows 0, 1"):
        seeing.upsert([_row(1, 0.7), _row(1, 0.8)])
    with pytest.raises(DeclarationError, match="all of its rows are current"):
        registry.declare(LOG).upsert([{"line": "x"}])
    notes = registry.declare(NOTES)
    notes.upsert([{"note": "n", "instrument": "HSC", "visit": 1, "text": "a"}])
    with pytest.raises(DeclarationError, match="column 'note' is missing"):
        notes.upsert([{"instrument": "HSC", "visit": 1, "text": "b"}])


def test_upsert_knows_keys_with_nulls(registry: Registry) -> None:
    notes = registry.declare(NOTES)
    row = {"note": "n", "instrument": "HSC", "visit": 1, "text": "a"}
    assert notes.upsert([row]) == 1
    assert notes.upsert([row]) == 0
    assert notes.upsert([row | {"text": "b"}]) == 1
    assert notes.read(columns=["text", "detector"]).to_pylist() == [{"text": "b", "detector": None}]


def test_deleted_rows_stay_in_the_history(registry: Registry) -> None:
    notes = registry.declare(NOTES)
    rows = [{"note": f"n{visit}", "instrument": "HSC", "visit": visit, "text": "a"} for visit in (1, 2, 3)]
    notes.append(rows)
    assert notes.delete({"visit": [1, 3]}) == 2
    assert notes.delete({"visit": [1, 3]}) == 0
    assert notes.read(columns=["visit"]).to_pydict() == {"visit": [2]}
    assert notes.count(current=False) == 5
    assert notes.upsert(rows) == 2  # what was deleted may come back
    assert notes.delete({}) == 3
    with pytest.raises(UnknownNameError, match="no column visits"):
        notes.delete({"visits": 1})


def test_delete_needs_a_tombstone(registry: Registry, seeing: ExtensionTable) -> None:
    with pytest.raises(DeclarationError, match="names no tombstone"):
        seeing.delete({"visit": 1})
    with pytest.raises(DeclarationError, match="all of its rows are current"):
        registry.declare(LOG).delete({})


def test_statistics_follow_bulk_inserts(site: Site, registry: Registry, seeing: ExtensionTable) -> None:
    seeing.append([_row(visit) for visit in range(10_000)])
    if site.kind == "postgres":
        query = "SELECT reltuples FROM pg_class WHERE relname = 'x_metrics'"
    else:
        query = "SELECT max(CAST(stat AS integer)) FROM sqlite_stat1 WHERE tbl = 'wb_x_metrics'"
    assert [int(str(n).split(".")[0]) for (n,) in site.execute(query)] == [10_000]


def test_the_last_row_of_each_table_tells_whether_anything_was_written(site: Site) -> None:
    with site.open() as mine, site.open() as theirs:
        assert mine.last_rows() == {}
        seeing = theirs.declare(SEEING)
        assert mine.last_rows() == {SEEING.name: 0}
        seeing.append([_row(1, 0.6), _row(2, 0.7)])
        first = mine.last_rows()
        assert first[SEEING.name] >= 2
        assert theirs.last_rows() == mine.last_rows() == first
        theirs.declare(NOTES)
        seeing.append([_row(1, 0.8)])
        assert mine.last_rows()[SEEING.name] > first[SEEING.name]
        assert mine.last_rows()[NOTES.name] == 0


def test_the_sidecar_is_named_where_there_is_one(site: Site, tmp_path: Path) -> None:
    with site.open() as beside:
        assert (beside.sidecar is None) == (beside.home == "beside")
    with open_registry(str(site.root), sidecar=str(tmp_path / "side.sqlite3")) as registry:
        assert registry.sidecar == str(tmp_path / "side.sqlite3")


@pytest.mark.parametrize("times", [1, 2])
def test_a_table_that_a_cancelled_first_write_was_to_make(site: Site, times: int) -> None:
    """The object knows that its table went with the transaction, and makes it again."""
    with site.open() as registry:
        registry.expect(SEEING)
        table = registry.tables()[SEEING.name]

        def cancel(stage: str, fraction: float | None = None) -> None:
            raise OperationCancelledError(stage)

        for _ in range(times):
            with pytest.raises(OperationCancelledError):
                table.upsert([_row(18202, 0.7)], progress=cancel)
            assert table.read().num_rows == 0
        table.upsert([_row(18202, 0.7)])
        assert table.read()["psf_fwhm"].to_pylist() == [0.7]
    with site.open() as registry:
        assert registry.tables()[SEEING.name].count() == 1
