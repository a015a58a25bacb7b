"""Measured values in files: what is read, and that anything else is a sentence."""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path
from typing import Any

import astropy.table
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsst.daf.butler import DimensionUniverse

from workbench.errors import MetricsError, WorkbenchError
from workbench.metrics.files import read_metrics_file
from workbench.metrics.measurements import Measurements, make_name, to_measured_table
from workbench.metrics.settling import parse_fields, settle_types
from workbench.metrics.units import convert_values, parse_unit

DIMENSIONS = DimensionUniverse().dimensions.names
ECSV = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: instrument, datatype: string}
# - {name: visit, datatype: int64}
# - {name: psf_fwhm, unit: arcsec, datatype: float64, description: seeing}
# schema: astropy-2.0
instrument visit psf_fwhm
HSC 18202 0.7
HSC 19676 ""
"""


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> pa.Table:
    return read_metrics_file(path).table


def arrange(table: pa.Table, **options: Any) -> pa.Table:
    given = {"rename": {}, "units": {}, "columns": None, **options}
    return Measurements(table, "it").arrange(DIMENSIONS, **given).table


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["1", "2"], [1, 2]),
        (["1", ""], [1, None]),
        (["1", "nan"], [1, None]),
        (["1.5", " 2 "], [1.5, 2.0]),
        (["1e3", "-.5"], [1000.0, -0.5]),
        (["inf", "-Infinity"], [float("inf"), float("-inf")]),
        (["NaN", "NULL"], [None, None]),
        (["true", "False"], [True, False]),
        (["007", "7"], ["007", "7"]),
        (["2026-05-02", "x"], ["2026-05-02", "x"]),
        (["99999999999999999999", "1"], ["99999999999999999999", "1"]),
        (["0x10", "1"], ["0x10", "1"]),
        (["1_000", "1"], ["1_000", "1"]),
        (['"a,b"', '"line\nbreak"'], ["a,b", "line\nbreak"]),
        (["NULL", "text"], ["NULL", "text"]),
    ],
)
def test_fields_of_csv(tmp_path: Path, fields: list[str], expected: list[object]) -> None:
    lines = "".join(f"{i},{field}\n" for i, field in enumerate(fields))
    assert read(write(tmp_path / "a.csv", f"visit, x \n{lines}"))["x"].to_pylist() == expected


def test_a_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    table = read(write(tmp_path / "a.csv", b"\xef\xbb\xbfvisit,x\r\n1,2\r\n"))
    assert table.to_pydict() == {"visit": [1], "x": [2]}


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    assert (
        len(read(write(tmp_path / "a.csv", f"visit,x\n1,{'y' * 10_000_000}\n"))["x"][0].as_py()) == 10_000_000
    )


def test_ecsv(tmp_path: Path) -> None:
    table = read(write(tmp_path / "a.ecsv", ECSV))
    assert table["psf_fwhm"].to_pylist() == [0.7, None]
    assert table.schema.field("psf_fwhm").metadata == {b"unit": b"arcsec"}


def test_parquet_of_pandas_has_no_index(tmp_path: Path) -> None:
    frame = pa.table({"visit": [1, 2], "x": [0.5, 1.5]}).to_pandas().iloc[1:]
    frame.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").column_names == ["visit", "x"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is empty"),
        ("a.csv", "\n\n", "is empty"),
        ("a.csv", "a,b\n1\n", "not readable CSV"),
        ("a.csv", "a,a\n1,2\n", "several columns called 'a'"),
        ("a.csv", b"a\n\xff\n", "not readable CSV"),
        ("a.ecsv", "a b\n1 2\n", "not a readable ECSV"),
        (
            "a.ecsv",
            ECSV.replace("datatype: int64", "datatype: !!python/object/apply:os.system [true]"),
            "ECSV",
        ),
        ("a.parquet", "a,b\n", "not a readable Parquet"),
        ("a.xlsx", "", "a file ends in .csv, .ecsv"),
        ("missing.csv", None, "cannot be read: No such file"),
        (".", None, "is no table that can be read"),
    ],
)
def test_files_that_cannot_be_read(
    tmp_path: Path, name: str, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / name if content is None else write(tmp_path / name, content)
    with pytest.raises(MetricsError, match=message):
        read(path)


def test_no_yaml_tag_runs_anything(tmp_path: Path) -> None:
    hit = tmp_path / "hit"
    tag = f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{hit}']]"
    for place in ("datatype: int64}", "description: seeing"):
        with contextlib.suppress(WorkbenchError):
            read(write(tmp_path / "a.ecsv", ECSV.replace(place, f"{place.split(':')[0]}: {tag}")))
    schema = pa.schema([("visit", pa.int64())], metadata={"table_meta_yaml": f"meta: {tag}"})
    pq.write_table(pa.table({"visit": [1]}, schema=schema), tmp_path / "a.parquet")
    with pytest.raises(MetricsError):
        read(tmp_path / "a.parquet")
    assert not hit.exists()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("psfSigma", "psf_sigma"),
        ("PSF-area", "psf_area"),
        ("seeing_zenith_500nm_median", "seeing_zenith_500nm_median"),
        ("FWHMEff", "fwhm_eff"),
        ("wPerp psfFlux.median", "w_perp_psf_flux_median"),
    ],
)
def test_names_are_made_plain(text: str, name: str) -> None:
    assert make_name(text) == name


@pytest.mark.parametrize(
    "text", ["furlong", "m**", "m" * 101, "10**(10**10) m", "(" * 90, "\0", "🔭", "1/0 m"]
)
def test_units_that_are_none(text: str) -> None:
    with pytest.raises(MetricsError, match="a unit that astropy does not know"):
        parse_unit(text, "x")


def test_units_convert() -> None:
    values = pa.chunked_array([pa.array([1.0, None, 3.0])])
    assert convert_values(values, "arcmin", "arcsec", "x").to_pylist() == pytest.approx([60.0, None, 180.0])
    assert convert_values(values, "electron / pix", "electron / pixel", "x") is values
    with pytest.raises(MetricsError, match="does not convert"):
        convert_values(values, "mag", "arcsec", "x")
    with pytest.raises(MetricsError, match="is in no unit"):
        convert_values(values, "", "arcsec", "x")


def is_table_or_sentence(path: Path) -> None:
    """Read and arrange a file: the outcome is a plain table, or an error of ours."""
    with contextlib.suppress(WorkbenchError):
        table = arrange(read(path))
        for name in set(table.column_names) - set(DIMENSIONS):
            assert table.schema.field(name).type in (
                pa.int64(),
                pa.float64(),
                pa.bool_(),
                pa.string(),
                pa.null(),
            )
            table[name].to_pylist()


TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "nan",
        "1",
        "-1.5",
        "1e400",
        "=cmd()",
        '"',
        "a\0b",
        "'; DROP TABLE x",
        "<b>",
        "visit",
        "\ud7ff",
        "🔭",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(TEXTS, max_size=4).map(",".join), max_size=6).map("\n".join))
def test_any_csv_is_a_table_or_a_sentence(content: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        is_table_or_sentence(write(Path(place, "a.csv"), content))


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        for suffix in ("csv", "ecsv", "parquet"):
            is_table_or_sentence(write(Path(place, f"a.{suffix}"), content))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_is_a_table_or_a_sentence(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        suffix = data.draw(st.sampled_from(["ecsv", "parquet"]))
        path = Path(place, f"a.{suffix}")
        if suffix == "ecsv":
            path.write_text(ECSV)
        else:
            table = astropy.table.Table({"visit": [1, 2], "x": [0.5, np.nan]}, units={"x": "mag"})
            table.write(path)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
            if not content:
                break
        is_table_or_sentence(write(path, bytes(content)))


CELLS: list[st.SearchStrategy[Any]] = [
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.lists(st.integers(0, 3), max_size=2),
    st.dates(),
    st.datetimes(),
    st.none(),
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["visit", "psfSigma", "psf_sigma"]),
        st.one_of([st.lists(cell, min_size=2, max_size=2) for cell in CELLS]),
        max_size=4,
    )
)
def test_any_table_of_a_session_is_a_table_or_a_sentence(columns: dict[str, list[Any]]) -> None:
    try:
        made: object = pa.table(columns)  # which itself refuses some
    except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError):
        made = astropy.table.Table({name: np.array(values, object) for name, values in columns.items()})
    with contextlib.suppress(WorkbenchError):
        arrange(to_measured_table(made, "it"))


@pytest.mark.parametrize("odd", ["--", "9" * 400, "27,1", "1e5000", "1e400", "9" * 20])
def test_one_odd_cell_does_not_settle_a_column(odd: str) -> None:
    table = pa.table({"zp": parse_fields(pa.chunked_array([["27.1", odd, "27.3", ""]]))})
    with pytest.raises(
        MetricsError, match=r"2 cells of 'zp' are numbers, and 1 are not: .* in row 2"
    ) as caught:
        settle_types(table, "quick.csv")
    assert "--na WORD" in str(caught.value)
    assert len(str(caught.value)) < 500
    read = settle_types(table, "quick.csv", na=[odd])
    assert read["zp"].to_pylist() == [27.1, None, 27.3, None]
    assert settle_types(table, "quick.csv", as_text=["zp"])["zp"].to_pylist()[1] == odd


@pytest.mark.parametrize(("cells", "told"), [
    (["27.1", "--"], "1 cells of 'x' are numbers, and 1 are not: '--' in row 2"),
    (["9" * 400, "27.1"], "in row 1"),
    (["--", "--"], None),
    (["27.1", "", "a", "b"], None),
])  # fmt: skip
def test_half_of_the_cells_are_enough_to_ask(cells: list[str], told: str | None) -> None:
    table = pa.table({"x": parse_fields(pa.chunked_array([cells]))})
    if told is None:
        assert settle_types(table, "it")["x"].type == pa.string()
    else:
        with pytest.raises(MetricsError, match=re.escape(told)):
            settle_types(table, "it")


def test_names_that_look_like_numbers_stay_names() -> None:
    for cells in (["007", "008"], ["a1", "2", "b3"], ["true", "no", "1"]):
        column = parse_fields(pa.chunked_array([cells]))
        assert settle_types(pa.table({"x": column}), "it")["x"].to_pylist() == cells
