"""The table and what it tells."""

from __future__ import annotations

import types

from workbench.ui.table import ColumnView, DataTable


def test_a_page_is_shown_at_once() -> None:
    table = DataTable()
    revision = table.revision
    table.fill([ColumnView("visit", align="right")], [["1"], ["2"]], keys=["HSC 1", "HSC 2"], total=9, page=1)
    assert table.revision == revision + 1
    assert (table.rows, table.keys, table.total, table.page) == ([["1"], ["2"]], ["HSC 1", "HSC 2"], 9, 1)
    assert table.columns[0]["label"] == "visit"


def test_the_total_is_that_of_the_rows_unless_said() -> None:
    table = DataTable()
    table.fill([ColumnView("visit")], [["1"], ["2"]])
    assert table.total == 2


def test_clicks_reach_whom_they_concern() -> None:
    table = DataTable()
    told: list[object] = []
    table.on_row(told.append)
    table.on_sort(told.append)
    table.on_page(told.append)
    for message in (
        {"kind": "row", "key": "HSC 1", "column": ""},
        {"kind": "sort", "column": "visit"},
        {"kind": "page", "page": 3},
    ):
        table._receive(types.SimpleNamespace(data=message))
    assert told == ["HSC 1", "visit", 3]
