"""An Arrow table that is shown page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pyarrow as pa

from workbench.session.content.cells import column_views, table_cells
from workbench.session.content.column_view import ColumnView
from workbench.ui.elements.tables.table import DataTable

__all__ = ["TablePages"]


class TablePages:
    """Shows an Arrow table in the pages of a `~workbench.ui.elements.tables.table.DataTable`.

    Parameters
    ----------
    shown : `~workbench.ui.elements.tables.table.DataTable`
        Where it is shown.
    columns : `~collections.abc.Sequence` [ `~workbench.ui.elements.tables.table.ColumnView` ], optional
        How; by default all columns that can be shown as text.
    wide : `~collections.abc.Collection` [ `str` ], optional
        Columns whose text may wrap, where ``columns`` are not given.
    key : `str` or `~collections.abc.Callable`, optional
        Column that tells what was clicked, or what makes that from a row.
    state : `~collections.abc.Callable`, optional
        Makes the state of a row from the row.
    """

    def __init__(
        self,
        shown: DataTable,
        *,
        columns: Sequence[ColumnView] | None = None,
        wide: Collection[str] = (),
        key: str | Callable[[dict[str, object]], str] = "",
        state: Callable[[dict[str, object]], str] | None = None,
    ):
        self._shown = shown
        self._columns = columns
        self._wide = wide
        self._key = key
        self._state = state
        self._read: Callable[[int, int], tuple[pa.Table | None, str]] = _slicing(pa.table({}))
        self._total = 0
        shown.on_page(self._turn)

    def show(self, table: pa.Table) -> None:
        """Show the first page of a table.

        Parameters
        ----------
        table : `pyarrow.Table`
            All of it.
        """
        self.show_read(_slicing(table), table.num_rows)

    def show_read(self, read: Callable[[int, int], tuple[pa.Table | None, str]], total: int) -> None:
        """Show the first page of rows that are read page by page.

        Parameters
        ----------
        read : `~collections.abc.Callable`
            Gives the rows from an offset on, at most as many as the second
            argument says, or `None`; and what went wrong.
        total : `int`
            Number of all rows.
        """
        self._read, self._total = read, total
        if not self._turn(0):
            # Rows of something else do not stay where there are none of this.
            problem = self._shown.problem
            self._shown.fill([], [], total=0)
            self._shown.complain(problem)

    def _turn(self, page: int) -> bool:
        """Show a page; where it cannot be read, the one before stays, and that is said."""
        size = self._shown.page_size
        rows, error = self._read(page * size, size)
        if rows is None:
            still = f"Still shown: page {self._shown.page + 1:,}. " if page else ""
            self._shown.complain(f"Page {page + 1:,} could not be read. {still}{error}")
            return False
        columns = list(self._columns or column_views(rows.schema, wide=self._wide))
        listed = rows.to_pylist()
        if callable(self._key):
            keys = [self._key(row) for row in listed]
        else:
            keys = [str(row[self._key]) for row in listed] if self._key else []
        self._shown.fill(
            columns,
            table_cells(rows, columns),
            keys=keys,
            states=[self._state(row) for row in listed] if self._state else (),
            total=self._total,
            page=page,
        )
        return True


def _slicing(table: pa.Table) -> Callable[[int, int], tuple[pa.Table | None, str]]:
    """Return what reads pages of a table that is all there."""
    return lambda offset, limit: (table.slice(offset, limit), "")
