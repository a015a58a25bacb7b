"""Tables, facts and JSON as they are printed."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from workbench.cli.output.printing import print_facts, print_objects, print_table
from workbench.rendering import time_field

TABLE = pa.table(
    [
        ["a", "bcd", None],
        pa.array([1, None, 300], pa.int64()),
        [24.5, float("nan"), 23.0],
        [57039.5, None, 57040.0],
        [b"\x01\xff", b"", None],
        [True, False, None],
    ],
    schema=pa.schema(
        [
            pa.field("name", pa.string()),
            pa.field("n", pa.int64()),
            pa.field("depth", pa.float64(), metadata={"unit": "mag"}),
            time_field("begun"),
            pa.field("region", pa.binary()),
            pa.field("good", pa.bool_()),
        ]
    ),
)


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE, without=["region"])
    assert capsys.readouterr().out.splitlines() == [
        "name    n  depth [mag]  begun (TAI)          good",
        "a       1         24.5  2015-01-17T12:00:00  yes",
        "bcd     -            -  -                    no",
        "-     300           23  2015-01-18T00:00:00  -",
    ]


def test_a_duration_that_is_called_time_is_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table(
        [[30.5], [2.0]],
        schema=pa.schema(
            [
                pa.field("time", pa.float64(), metadata={"unit": "s"}),
                pa.field("created", pa.float64(), metadata={"unit": "d"}),
            ]
        ),
    )
    print_table(table)
    assert capsys.readouterr().out.splitlines() == ["time [s]  created [d]", "    30.5            2"]


def test_objects_of_a_table_keep_what_its_numbers_mean(capsys: pytest.CaptureFixture[str]) -> None:
    print_objects(TABLE.slice(0, 1).to_pylist(), ["begun"], as_json=False, schema=TABLE.schema)
    assert capsys.readouterr().out.splitlines() == ["begun (TAI)", "2015-01-17T12:00:00"]


def test_rows_beyond_the_limit_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE.select(["name"]), limit=1)
    assert capsys.readouterr().out == "name\na\n... and 2 more rows\n"


def test_json_has_all_rows_and_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE, as_json=True, limit=1, without=["region"])
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"name": "a", "n": 1, "depth": 24.5, "begun": 57039.5, "region": "01ff", "good": True}
    assert rows[1]["depth"] is None
    assert len(rows) == 3


def test_an_empty_table_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(TABLE.slice(0, 0).select(["name", "n"]))
    assert capsys.readouterr().out == "name  n\n"


def test_a_fact_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts({"set": "cosmos@1", "script": None, "text": "two\nlines", "whole": True})
    assert capsys.readouterr().out == "set: cosmos@1\ntext: two lines\nwhole: yes\n"
