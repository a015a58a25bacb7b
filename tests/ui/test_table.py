"""The table and what it tells."""

from __future__ import annotations

import types

import pyarrow as pa

from workbench.session.content.column_view import ColumnView
from workbench.ui.elements.tables.pages import TablePages
from workbench.ui.elements.tables.table import DataTable


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


def test_a_page_that_cannot_be_read_says_so_and_can_be_turned_to_again() -> None:
    table = DataTable(page_size=2)
    pages, visits = TablePages(table), pa.table({"visit": [1, 2, 3, 4, 5]})
    broken = [True]

    def read(offset: int, limit: int) -> tuple[pa.Table | None, str]:
        return (None, "The database does not answer.") if broken[0] else (visits.slice(offset, limit), "")

    def turn(page: int) -> None:
        table._receive(types.SimpleNamespace(data={"kind": "page", "page": page}))

    pages.show(visits)
    assert table.rows == [["1"], ["2"]]
    pages.show_read(read, 5)
    assert table.rows == [], "rows of something else"
    assert table.problem == "Page 1 could not be read. The database does not answer."
    broken[0] = False
    pages.show_read(read, 5)
    broken[0] = True
    revision = table.revision
    turn(1)
    assert table.problem == "Page 2 could not be read. Still shown: page 1. The database does not answer."
    assert table.revision > revision, "it is drawn"
    assert (table.rows, table.page) == ([["1"], ["2"]], 0)
    broken[0] = False
    turn(1)
    assert (table.rows, table.page, table.problem) == ([["3"], ["4"]], 1, "")


def test_a_click_that_fails_is_said_below_the_rows() -> None:
    table = DataTable()
    table.fill([ColumnView("visit")], [["1"]], keys=["HSC 1"])
    table.on_row({}.__getitem__)
    table._receive(types.SimpleNamespace(data={"kind": "row", "key": "HSC 1", "column": ""}))
    assert "KeyError: 'HSC 1'" in table.problem
    assert table.rows == [["1"]]
