"""Files that are looked at before they are read."""

from __future__ import annotations

import decimal
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from workbench.errors import BadDataIdTableError, MetricsError, UnknownNameError
from workbench.metrics.files import read_metrics_file
from workbench.reading import MOST_BYTES, read_bounded, split_lines
from workbench.sets import DataIdSet
from workbench.sets.files.bounded import read_parquet_table
from workbench.sets.files.excluded_visits import _merge
from workbench.sets.files.set_files import read_set_file

INDEXES = {
    "regular": pd.RangeIndex(49, 51, name="detector"),
    "backwards": pd.RangeIndex(50, 48, -1, name="detector"),
    "irregular": pd.Index([49, 58], name="detector"),
    "several": pd.MultiIndex.from_tuples([("HSC", 49), ("HSC", 50)], names=["instrument", "detector"]),
    "half named": pd.MultiIndex.from_tuples([(7, 49), (8, 50)], names=[None, "detector"]),
    "unnamed": pd.Index([5, 9]),
    "by default": pd.RangeIndex(2),
    "categories": pd.CategoricalIndex(["x", "y"], name="physical_filter"),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_the_index_of_pandas_is_a_column_where_it_has_a_name(index: pd.Index, tmp_path: Path) -> None:
    frame = pd.DataFrame({"visit": [1, 2], "reason": ["a", "b"]}, index=index)
    frame.to_parquet(tmp_path / "a.parquet")
    named = [name for name in index.names if name is not None]
    expected = frame.reset_index(level=named) if named else frame
    for read in (
        read_parquet_table(tmp_path / "a.parquet"),
        read_metrics_file(tmp_path / "a.parquet").table,
    ):
        assert sorted(read.column_names) == sorted(map(str, expected.columns))
        for name in expected.columns:
            assert read[name].to_pylist() == expected[name].tolist()


@pytest.mark.parametrize("index", ["regular", "irregular"])
def test_detectors_do_not_become_visits(index: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"visit": [1, 2], "reason": ["a", "b"]}, index=INDEXES[index])
    frame.to_parquet(tmp_path / "a.parquet")
    universe = DimensionUniverse()
    rows = read_set_file(tmp_path / "a.parquet", universe, instrument="HSC")
    made = DataIdSet.from_table(universe, frame.reset_index(), instrument="HSC")
    assert rows.key_names == ("instrument", "detector", "visit")
    assert rows.key_digest == made.key_digest


def test_a_small_file_of_millions_of_rows_is_refused_by_its_footer(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    schema = pa.schema([("instrument", pa.string()), ("visit", pa.int64())])
    batch = pa.table({"instrument": ["HSC"] * 500_000, "visit": [1] * 500_000}, schema=schema)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for _ in range(11):
            writer.write_table(batch)
    assert path.stat().st_size < 500_000
    with pytest.raises(BadDataIdTableError, match="holds 5,500,000 rows of 2 columns, and at most 2,000,000"):
        read_set_file(path, DimensionUniverse())
    with pytest.raises(MetricsError, match="at most 5,000,000 rows"):
        read_metrics_file(path)


@pytest.mark.parametrize("name", ["a.csv", "a.ecsv", "a.json", "a.parquet"])
def test_what_is_too_large_or_no_file_is_not_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # takes no room
    readers = [lambda: read_set_file(path, DimensionUniverse())]
    if name != "a.json":
        readers.append(lambda: read_metrics_file(path))
    for read in readers:
        with pytest.raises((BadDataIdTableError, MetricsError), match="at most 512 are read"):
            read()
    path.unlink()
    os.mkfifo(path)
    for read in readers:
        with pytest.raises((BadDataIdTableError, MetricsError), match="no ordinary file"):
            read()


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no ordinary file"):
        read_bounded(tmp_path)


HEAD = "instrument,visit\n"
ECSV = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: visit, datatype: int64}\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", HEAD + "HSC," + "9" * 5000 + "\n", r"line 2: visit = '999.*\(5,002 characters\)"),
        ("a.csv", HEAD + "HSC,1\nHSC,-\n", "line 3: visit = '-'"),
        ("a.csv", HEAD + "HSC,\x1c23682\n", r"line 2: visit = '\\x1c23682'"),
        ("a.csv", "instrument,visit,\nHSC,1,2\n", "line 1: column 3 has no name"),
        ("a.csv", "instrument,visit,visit\nHSC,1,2\n", "several columns called 'visit'"),
        ("a.csv", HEAD + "HSC,1\0\n", "NUL character at 22, in line 2"),
        ("a.csv", HEAD + "<<<<<<< mine\nHSC,1\n", "marks of a merge"),
        ("a.ecsv", "# %ECSV 1.0\n# ---\n<<<<<<< mine\n", "marks of a merge"),
        ("a.ecsv", ECSV + "visit\n1\n2 3\n", "at line 7"),
        ("a.json", '{"dimensions": 5, "dataIds": []}', "'dimensions' is not a list of names: '5'"),
        ("a.json", '{"dataIds": [\n{"visit": 1, "visit": 2}\n]}', "line 2.*'visit' stands twice"),
        ("a.json", '{"dataIds": [], "dataIds": [{"visit": 1}]}', "'dataIds' stands twice"),
        ("a.json", '{"dataIds": [\n{"instrument": "\\ud800"}\n]}', "line 2.*lone surrogate"),
        ("a.json", '{"dataIds": [\n{"visit": ' + "9" * 5000 + "}\n]}", "line 2.*a number of 5000 digits"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(BadDataIdTableError, match=said) as caught:
        read_set_file(tmp_path / name, DimensionUniverse())
    assert len(str(caught.value)) < 1000


LINES = st.lists(
    st.sampled_from(
        ["\n", "  \n", "# why\n", "7, clouds\n", "3, \n", "12,donuts\n", "# \x1c odd\n", "9, a\r\n"]
    ),
    max_size=8,
)


@given(LINES, st.booleans())
def test_a_list_that_is_only_read_is_kept_byte_by_byte(lines: list[str], ends: bool) -> None:
    rows = {
        int(line.partition(",")[0]): line.partition(",")[2].strip() for line in lines if line[0].isdigit()
    }
    kept = [line for n, line in enumerate(lines) if not line[0].isdigit() or lines.index(line) == n]
    if kept and not ends and kept[-1].strip():
        kept[-1] = kept[-1].rstrip("\r\n")
    assert _merge(kept, rows) == "".join(kept)
    # A new exposure adds one line and changes no other.
    added = [line.rstrip("\r\n") for line in split_lines(_merge(kept, {**rows, 8: "new"}))]
    assert [line for line in added if line != "8, new"] == [line.rstrip("\r\n") for line in kept]


def test_frames_of_polars_and_records_of_numpy_are_tables() -> None:
    import numpy as np
    import polars as pl

    universe = DimensionUniverse()
    frame = {"visit": [1, 2], "reason": ["a", None]}
    expected = DataIdSet.from_table(universe, pd.DataFrame(frame), instrument="HSC")
    assert DataIdSet.from_table(universe, pl.DataFrame(frame), instrument="HSC") == expected
    records = np.array([(1,), (2,)], dtype=[("visit", "<i8")])
    made = DataIdSet.from_table(universe, records, instrument="HSC")
    assert made.key_digest == expected.key_digest
    with pytest.raises(BadDataIdTableError):
        DataIdSet.from_table(universe, np.array([1, 2]), instrument="HSC")
    with pytest.raises(BadDataIdTableError, match="a lone surrogate"):
        DataIdSet.from_table(universe, [{"visit": 1, "reason": "\ud800"}], instrument="HSC")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", HEAD + 'HSC,"23682\nHSC,19676\n', "line 2: a quote is opened there and never closed"),
        ("a.csv", HEAD + 'HSC,"a"b\nHSC,"c"\n', "line 2"),
        ("a.csv", "\n\n\n", "is empty"),
        ("a.csv", HEAD + "HSC,0.99999999999999999999\n", "line 2: visit = '0.999"),
        ("a.ecsv", ECSV + 'visit\n1\n"2\n3\n', "a quote is opened in line 7 and never closed"),
        ("a.ecsv", ECSV + "visit\n1\n2368x\n", "in line 7: '2368x'"),
        ("a.ecsv", ECSV + "visit\n1\n" + "9" * 30 + "\n", "in line 7"),
        ("a.ecsv", "", "is empty"),
        ("a.ecsv", "# %ECSV 1.0\n# ---\n# datatype:\n#  - {name: x\n# x: [\nx\n", "line 5 of its header"),
        ("a.ecsv", ECSV + "# meta: {a: {b: 1, b: 2}}\nvisit\n1\n", "'b' stands twice, in lines 5 and 5"),
        ("a.json", '{"dataIds": [{"visit": 1e400}]}', "1e400 is beyond"),
        ("a.json", '{"dataIds": [\n{"visit": 0.99999999999999999999}\n]}', "line 2.*0.9999.* is beyond"),
        ("a.json", '{"history": ["\\ud800"], "dataIds": [{"visit": 1}]}', "lone surrogate"),
        ("a.json", '{"provenance": {"reason": ["a"]}, "dataIds": [{"visit": 1}]}', "reason is no text"),
        ("a.json", '{"provenance": {"time": 1e30}, "dataIds": [{"visit": 1}]}', "time is not a number"),
        ("a.json", '{"steps": [1, 2], "dataIds": [{"instrument": "HSC", "visit": 1}]}', "a.json says of how"),
        ("a.json", '{"dimensions": ["nosuch"], "dataIds": [{"visit": 1}]}', "a.json: No dimension"),
        ("a.json", '{"dataIds": [{"instrument": "HSC", "visit": 1, "reason": "\\u0000"}]}', "NUL character"),
    ],
)  # fmt: skip
def test_what_would_be_read_otherwise_is_refused_with_its_place(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises((BadDataIdTableError, UnknownNameError), match=said) as caught:
        read_set_file(tmp_path / name, DimensionUniverse())
    assert name in str(caught.value)
    if name != "a.json" and "0.999" not in text:
        with pytest.raises(MetricsError, match=said):
            read_metrics_file(tmp_path / name)


@pytest.mark.parametrize(
    "begin", [b"\x1f\x8b\x08", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"version https://git-lfs.x"]
)
@pytest.mark.parametrize("name", ["a.csv", "a.ecsv", "a.parquet", "a.json"])
def test_a_packed_file_is_to_be_unpacked(name: str, begin: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(begin)
    with pytest.raises(BadDataIdTableError, match="Unpack it first"):
        read_set_file(tmp_path / name, DimensionUniverse())
    if name != "a.json":
        with pytest.raises(MetricsError, match="Unpack it first"):
            read_metrics_file(tmp_path / name)


def test_a_number_beyond_a_float_keeps_its_digits(tmp_path: Path) -> None:
    rows = '{"instrument": "A", "visit": 1, "x": 9007199254740993}, {"instrument": "A", "visit": 2, "x": 0.5}'
    (tmp_path / "a.json").write_text(f'{{"freeColumns": ["x"], "dataIds": [{rows}]}}')
    (tmp_path / "a.csv").write_text("instrument,visit,x\nHSC,1,9007199254740993\nHSC,2,0.5\n")
    for name in ("a.json", "a.csv"):
        read = read_set_file(tmp_path / name, DimensionUniverse(), free_columns=["x"])
        assert read.table["x"].to_pylist() == ["9007199254740993", "0.5"]


def test_whole_decimals_are_numbers(tmp_path: Path) -> None:
    visits = pa.array([decimal.Decimal("5.00"), decimal.Decimal(6)], pa.decimal128(10, 2))
    pq.write_table(pa.table({"instrument": ["HSC"] * 2, "visit": visits}), tmp_path / "a.parquet")
    assert read_set_file(tmp_path / "a.parquet", DimensionUniverse()).table["visit"].to_pylist() == [5, 6]


@pytest.mark.parametrize("kind", ["list", "struct", "binary"])
def test_a_reason_is_text(kind: str, tmp_path: Path) -> None:
    reasons = {"list": [["a"]], "struct": [{"a": 1}], "binary": [b"\xff"]}[kind]
    pq.write_table(pa.table({"instrument": ["HSC"], "visit": [1], "reason": reasons}), tmp_path / "a.parquet")
    with pytest.raises(BadDataIdTableError, match=r"a.parquet: 'reason' holds .*, and a reason is text"):
        read_set_file(tmp_path / "a.parquet", DimensionUniverse())


def _write_with(path: Path, key: bytes, value: bytes) -> None:
    table = pa.table({"instrument": ["HSC"] * 3, "visit": [1, 2, 3]}).replace_schema_metadata({key: value})
    pq.write_table(table, path)


PANDAS = [
    b'{"index_columns": 5}', b'{"index_columns": [3, {}]}', b"[", b"5", b"[" * 100_000, b"\xff",
    b'{"index_columns": ["visit"], "columns": 5}',
    b'{"index_columns": ["visit"], "columns": [{"field_name": ["a"], "name": "x"}]}',
]  # fmt: skip


@pytest.mark.parametrize("told", PANDAS)
def test_what_is_not_of_pandas_is_no_index(told: bytes, tmp_path: Path) -> None:
    _write_with(tmp_path / "a.parquet", b"pandas", told)
    assert "visit" in read_parquet_table(tmp_path / "a.parquet").column_names
    read_metrics_file(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "ends", ['"start": 0, "stop": 6, "step": 1', '"start": 0, "stop": 3, "step": 0', '"stop": 3']
)
def test_an_index_of_rows_that_are_gone_is_refused(ends: str, tmp_path: Path) -> None:
    told = f'{{"index_columns": [{{"kind": "range", "name": "detector", {ends}}}], "columns": []}}'
    _write_with(tmp_path / "a.parquet", b"pandas", told.encode())
    with pytest.raises(BadDataIdTableError, match="has lost its pandas index 'detector'"):
        read_set_file(tmp_path / "a.parquet", DimensionUniverse())
    with pytest.raises(MetricsError, match="has lost its pandas index 'detector'"):
        read_metrics_file(tmp_path / "a.parquet")


@pytest.mark.parametrize("index", [pd.RangeIndex(1, 3, name="visit"), pd.Index([1, 9], name="visit")])
def test_an_index_that_is_called_as_a_column(index: pd.Index, tmp_path: Path) -> None:
    frame = pd.DataFrame({"instrument": "HSC", "visit": index.to_list()}, index=index)
    frame.to_parquet(tmp_path / "a.parquet")
    assert read_parquet_table(tmp_path / "a.parquet").column_names == ["instrument", "visit"]
    frame.assign(visit=[7, 8]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(BadDataIdTableError, match="a column and a pandas index that are both called 'visit'"):
        read_set_file(tmp_path / "a.parquet", DimensionUniverse())


@pytest.mark.parametrize(
    "told", [b"{", b"[" * 100_000, b"\xff", b'{"role": "include", "role": "exclude"}', b"5"]
)
def test_what_a_file_says_of_itself_is_read_strictly(told: bytes, tmp_path: Path) -> None:
    _write_with(tmp_path / "a.parquet", b"workbench", told)
    with pytest.raises(BadDataIdTableError, match=r"a.parquet"):
        read_set_file(tmp_path / "a.parquet", DimensionUniverse())


def test_text_that_is_in_a_file_once_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    long = pa.array(["a" * 1_000_000] * 2000).dictionary_encode()
    pq.write_table(pa.table({"visit": range(2000), "reason": long}), path, compression="zstd")
    assert path.stat().st_size < 50_000
    with pytest.raises(BadDataIdTableError, match="holds 1,907 MiB once it is unpacked"):
        read_set_file(path, DimensionUniverse())
    numbers = pa.array([[0] * 1_000_000] * 101)
    pq.write_table(pa.table({"visit": range(101), "x": numbers}), path, compression="zstd")
    with pytest.raises(MetricsError, match=r"holds 101 rows of 2 columns.*of which it has 101,000,101"):
        read_metrics_file(path)


def test_a_text_of_too_many_values_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("instrument,visit\n" + "\n" * 20_000_000)
    with pytest.raises(BadDataIdTableError, match="some 20,000,002 values"):
        read_set_file(tmp_path / "a.csv", DimensionUniverse())
