"""One page of a table, sorted and paged by whoever fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

from workbench.faults import describe_error
from workbench.session.content.column_view import ColumnView
from workbench.ui.elements.modules import EDGES_CSS, read_component

__all__ = ["DataTable"]

_HERE = Path(__file__).parent


class DataTable(JSComponent):
    """A page of a table as a real HTML table, usable by keyboard.

    Every cell is text that was formatted in Python; the browser never parses
    it as HTML.  `fill` gives it another page.

    Parameters
    ----------
    **params : `object`
        Values of the parameters.
    """

    caption = param.String(default="Table")
    columns = param.List()
    rows = param.List()
    keys = param.List()
    states = param.List()
    action = param.String(default="")
    actions = param.List()
    sortable = param.Boolean(default=False)
    sort = param.String(default="")
    descending = param.Boolean(default=False)
    selected = param.String(default="")
    page = param.Integer(default=0)
    page_size = param.Integer(default=25)
    pager = param.Boolean(default=False)
    total = param.Integer(default=0)
    empty = param.String(default="No rows")
    height_limit = param.Integer(default=0)
    problem = param.String(doc="why what was asked of the table last was not done")
    revision = param.Integer(default=0)

    _esm = read_component(_HERE / "table.js")
    _stylesheets = [  # noqa: RUF012 - Panel reads a class attribute
        (_HERE / "table.css").read_text(encoding="utf-8"),
        EDGES_CSS,
    ]

    def __init__(self, **params: Any):
        super().__init__(**{"sizing_mode": "stretch_width", "margin": 0, **params})
        self._row_callbacks: list[Callable[[str], None]] = []
        self._cell_callbacks: list[Callable[[str, str], None]] = []
        self._sort_callbacks: list[Callable[[str], None]] = []
        self._page_callbacks: list[Callable[[int], object]] = []
        self.on_msg(self._receive)

    def fill(
        self,
        columns: Sequence[ColumnView],
        rows: Sequence[Sequence[str]],
        *,
        keys: Sequence[str] = (),
        states: Sequence[str] = (),
        actions: Sequence[str] = (),
        total: int | None = None,
        page: int = 0,
    ) -> None:
        """Fill the table with another page.

        Parameters
        ----------
        columns : `~collections.abc.Sequence` [ `ColumnView` ]
            The columns, left to right.
        rows : `~collections.abc.Sequence` [ `~collections.abc.Sequence` [ `str` ] ]
            Cells of this page.
        keys : `~collections.abc.Sequence` [ `str` ], optional
            What `on_row` is told for each row.
        states : `~collections.abc.Sequence` [ `str` ], optional
            State of each row: ``in``, ``out``, ``part``, ``partial``, ``changed``.
        actions : `~collections.abc.Sequence` [ `str` ], optional
            What the button of each row says.
        total : `int`, optional
            Rows on all pages; those given by default.
        page : `int`, optional
            Number of this page, counted from 0.
        """
        self.param.update(
            columns=[column.to_json() for column in columns],
            rows=[list(row) for row in rows],
            keys=list(keys),
            states=list(states),
            actions=list(actions),
            total=len(rows) if total is None else total,
            page_size=max(1, len(rows)) if total is None else self.page_size,
            page=page,
            problem="",
        )
        self.revision += 1

    def complain(self, problem: str) -> None:
        """Say below the rows, which stay, why there are no others.

        Parameters
        ----------
        problem : `str`
            What went wrong; gone when the table is filled again.
        """
        self.problem = problem
        self.revision += 1

    def on_row(self, callback: Callable[[str], None]) -> None:
        """Call a function with the key of a row that was clicked.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the key.
        """
        self._row_callbacks.append(callback)

    def on_cell(self, callback: Callable[[str, str], None]) -> None:
        """Call a function with key and column of a cell that was opened.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the key of the row and the name of the column.
        """
        self._cell_callbacks.append(callback)

    def on_sort(self, callback: Callable[[str], None]) -> None:
        """Call a function with the name of a column whose heading was clicked.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the name.
        """
        self._sort_callbacks.append(callback)

    def on_page(self, callback: Callable[[int], object]) -> None:
        """Call a function with the number of a page that was asked for.

        Parameters
        ----------
        callback : `~collections.abc.Callable`
            Takes the number, counted from 0.
        """
        self._page_callbacks.append(callback)

    def _receive(self, event: Any) -> None:
        try:
            self._answer(event.data)
        except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
            self.complain(describe_error(error))

    def _answer(self, message: Mapping[str, Any]) -> None:
        if message["kind"] == "row":
            for tell_row in self._row_callbacks:
                tell_row(str(message["key"]))
        elif message["kind"] == "cell":
            for tell_cell in self._cell_callbacks:
                tell_cell(str(message["key"]), str(message["column"]))
        elif message["kind"] == "sort":
            for tell_sort in self._sort_callbacks:
                tell_sort(str(message["column"]))
        else:
            for tell_page in self._page_callbacks:
                tell_page(int(message["page"]))
