"""Values as text."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from workbench.rendering import time_field
from workbench.session.content.cells import column_views, show_value, table_cells
from workbench.ui.campaign.counts_view import change_text
from workbench.ui.campaign.waterfall_view import parse_data_id
from workbench.ui.elements.pieces import code, text_html


@pytest.mark.parametrize(
    ("value", "field", "text"),
    [
        (None, None, ""),
        (True, None, "yes"),
        (96954, None, "96954"),
        (57776.48191733, time_field("begin"), "2017-01-23T11:33:57"),
        (math.inf, time_field("end"), "unbounded"),
        (0.80244, None, "0.8024"),
        (22652.2, None, "22,652"),
        (60431.123, pa.field("time", pa.float64(), metadata={"unit": "s"}), "60,431"),
        ("i", None, "i"),
    ],
)
def test_a_value_reads_well(value: object, field: pa.Field | None, text: str) -> None:
    assert show_value(value, field) == text


def test_headings_tell_scale_and_unit() -> None:
    schema = pa.schema([time_field("saved_at"), pa.field("fwhm", pa.float64(), metadata={"unit": "arcsec"})])
    assert [column.label for column in column_views(schema)] == ["saved at (TAI)", "fwhm [arcsec]"]


def test_encoded_bytes_are_no_column() -> None:
    table = pa.table({"visit": [1], "region": [b"p"], "band": ["i"]})
    columns = column_views(table.schema, wide={"band"})
    assert [(c.name, c.align, c.wide) for c in columns] == [("visit", "right", False), ("band", "left", True)]
    assert table_cells(table, columns) == [["1", "i"]]


@pytest.mark.parametrize(
    ("text", "data_id"),
    [
        ("visit=96954", {"visit": 96954}),
        ("patch=3, band='i'", {"patch": 3, "band": "i"}),
        ("instrument = HSC and visit = 1", {"instrument": "HSC", "visit": 1}),
        ("visit=1, visit=2", {"visit": [1, 2]}),
        ("instrument=HSC, visit=1, 2", {"instrument": "HSC", "visit": [1, 2]}),
        ("visit 96954", None),
        ("=3", None),
    ],
)
def test_a_data_id_is_read_as_people_write_it(text: str, data_id: dict[str, object] | None) -> None:
    assert parse_data_id(text) == data_id


def test_a_change_has_its_sign() -> None:
    assert [change_text(3, 3), change_text(3, 1), change_text(1, 1200), change_text(1, None)] == [
        "same",
        "+2",
        "\N{MINUS SIGN}1,199",
        "",
    ]


def test_markup_in_text_stays_text() -> None:
    assert "<script>" not in text_html("<script>alert(1)</script>", css='x" onclick="y')
    assert '"' not in text_html("a", title='"').split("title=")[1].strip('">a</p')
    assert "<b>" not in code("<b>")
