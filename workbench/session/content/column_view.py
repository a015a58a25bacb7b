"""How a column of a table is shown."""

from __future__ import annotations

import dataclasses

__all__ = ["ColumnView"]


@dataclasses.dataclass(frozen=True, slots=True)
class ColumnView:
    """How a column is shown.

    Parameters
    ----------
    name : `str`
        What `~workbench.ui.elements.tables.table.DataTable.on_sort` is told.
    label : `str`, optional
        Heading; the name by default.
    align : `str`, optional
        ``left`` or ``right``.
    mark : `str`, optional
        ``state`` for a cell that shows the state of its row, ``code`` for
        text in fixed width, ``open`` for a button that
        `~workbench.ui.elements.tables.table.DataTable.on_cell` is told of.
    wide : `bool`, optional
        Whether long text may wrap.
    help : `str`, optional
        Shown on hovering over the heading.
    """

    name: str
    label: str = ""
    align: str = "left"
    mark: str = ""
    wide: bool = False
    help: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the column for the browser.

        Returns
        -------
        column : `dict`
            As ``table.js`` reads it.
        """
        return {**dataclasses.asdict(self), "label": self.label or self.name}
