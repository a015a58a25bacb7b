"""An Arrow table that is shown page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pyarrow as pa

from workbench.ui.cells import column_views, table_cells
from workbench.ui.table import ColumnView, DataTable

__all__ = ["TablePages"]


class TablePages:
    """Cuts an Arrow table into the pages of a `~workbench.ui.table.DataTable`.

    Parameters
    ----------
    shown : `~workbench.ui.table.DataTable`
        Where it is shown.
    columns : `~collections.abc.Sequence` [ `~workbench.ui.table.ColumnView` ], optional
        How; by default all columns that can be shown as text.
    wide : `~collections.abc.Collection` [ `str` ], optional
        Columns whose text may wrap, where ``columns`` are not given.
    key : `str`, optional
        Column that tells what was clicked.
    state : `~collections.abc.Callable`, optional
        Makes the state of a row from the row.
    """

    def __init__(
        self,
        shown: DataTable,
        *,
        columns: Sequence[ColumnView] | None = None,
        wide: Collection[str] = (),
        key: str = "",
        state: Callable[[dict[str, object]], str] | None = None,
    ):
        self._shown = shown
        self._columns = columns
        self._wide = wide
        self._key = key
        self._state = state
        self._table = pa.table({})
        shown.on_page(self._turn)

    def show(self, table: pa.Table) -> None:
        """Show the first page of a table.

        Parameters
        ----------
        table : `pyarrow.Table`
            All of it.
        """
        self._table = table
        self._turn(0)

    def _turn(self, page: int) -> None:
        size = self._shown.page_size
        rows = self._table.slice(page * size, size)
        columns = list(self._columns or column_views(rows.schema, wide=self._wide))
        self._shown.fill(
            columns,
            table_cells(rows, columns),
            keys=[str(key) for key in rows[self._key].to_pylist()] if self._key else (),
            states=[self._state(row) for row in rows.to_pylist()] if self._state else (),
            total=self._table.num_rows,
            page=page,
        )
