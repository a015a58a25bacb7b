"""Files that are looked at before they are read."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from workbench.errors import BadDataIdTableError, MetricsError
from workbench.metrics.files import read_metrics_file
from workbench.sets import DataIdSet
from workbench.sets.files.bounded import MOST_BYTES, read_bounded, read_parquet_table, split_lines
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
