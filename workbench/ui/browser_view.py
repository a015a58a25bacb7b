"""The dimension browser: elements, their records, collections and dataset types."""

from __future__ import annotations

import panel as pn
import pyarrow as pa

from workbench.ui.cells import column_views, table_cells
from workbench.ui.desk import Desk
from workbench.ui.pages import TablePages
from workbench.ui.pieces import button, code, panel, row, side_by_side, text_html, typed
from workbench.ui.prose import Prose
from workbench.ui.table import ColumnView, DataTable

__all__ = ["BrowserView"]

_PAGE = 15
_COLLECTION_COLUMNS = [
    ColumnView("name", "collection", mark="code"),
    ColumnView("type"),
    ColumnView("children", "children, in order", wide=True),
    ColumnView("dataset_types", "dataset types", wide=True),
    ColumnView("doc", "documentation", wide=True),
]


class BrowserView:
    """What there is in the repository, page by page from its database.

    Parameters
    ----------
    desk : `~workbench.ui.desk.Desk`
        Carries out the calls.
    """

    def __init__(self, desk: Desk):
        self.desk = desk
        self._page = 0
        self._total = 0
        self._where = ""
        self._counts: dict[str, int] = {}
        self.element = pn.widgets.Select(name="Dimension element (records)", margin=0, width=260)
        self.where = pn.widgets.TextInput(
            name="where (the Butler's grammar; Enter applies)",
            placeholder="instrument = 'HSC' AND band = 'i'",
            margin=0,
            styles={"flex": "1 1 320px"},
        )
        self.apply = button("Apply")
        self.error = Prose(visible=False)
        self.summary = Prose()
        self.names = Prose()
        self.records = DataTable(
            caption="Dimension records", page_size=_PAGE, pager=True, empty="No such records"
        )
        self.collections = DataTable(caption="Collections", action="Datasets", pager=True, page_size=_PAGE)
        self.dataset_types = DataTable(
            caption="Dataset types", pager=True, page_size=_PAGE, empty="No datasets"
        )
        self._collection_pages = TablePages(self.collections, columns=_COLLECTION_COLUMNS, key="name")
        self._type_pages = TablePages(self.dataset_types, wide={"dimensions"})
        self.types_title = Prose()
        self.element.param.watch(lambda *_: self._choose(), "value")
        self.where.param.watch(lambda *_: self._choose(), "value")
        self.apply.on_click(lambda _: self._choose())
        self.records.on_page(self._turn)
        self.collections.on_row(self._show_types)
        left = panel("Collections", self.collections)
        right = panel("Dataset types", self.types_title, self.dataset_types)
        self.view = pn.Column(
            panel(
                "Dimension records",
                row(self.element, self.where, self.apply),
                self.error,
                self.summary,
                self.records,
                self.names,
            ),
            side_by_side([left, right], [860, 500]),
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "14px"},
        )

    def refresh(self) -> None:
        """Read counts, records and collections again."""
        elements = self.desk.act("", self.desk.bench.elements)
        if elements is None:
            return
        self._counts = {item["element"]: item["records"] for item in elements.to_pylist()}
        chosen = self.element.value or (
            "visit" if "visit" in self._counts else next(iter(self._counts), None)
        )
        self.element.param.update(
            options={f"{name} ({count:,})": name for name, count in self._counts.items()}, value=chosen
        )
        collections = self.desk.act("", self.desk.bench.collections)
        if collections is not None:
            self._collection_pages.show(collections)
        self._show_types("")
        self._choose()

    def _choose(self) -> None:
        """Show the first page of another element or expression."""
        element, where = self.element.value, typed(self.where)
        if element is None:
            return
        columns = self.desk.act("", lambda: self.desk.bench.columns(self._required(element)))
        listed = text_html(", ".join(columns or []), tag="div")
        self.names.object = (
            f"<details><summary>Names for where ({len(columns or [])})</summary>{listed}</details>"
        )
        total, error = self._count(element, where)
        self.error.param.update(object=code(error, "error"), visible=bool(error))
        if total is None:
            return
        self._where, self._total = where, total
        self._turn(0)

    def _count(self, element: str, where: str) -> tuple[int | None, str]:
        if not where:
            return self._counts.get(element, 0), ""
        return self.desk.attempt(lambda: len(self.desk.bench.selection(self._required(element), where)))

    def _required(self, element: str) -> list[str]:
        return list(self.desk.bench.butler.dimensions[element].minimal_group.required)

    def _turn(self, page: int) -> None:
        element, where, offset = self.element.value, self._where, page * _PAGE
        arguments = f"{element!r}" + (f", {where!r}" if where else "")
        hint = f"bench.records({arguments}, limit={_PAGE}, offset={offset})"
        records = self.desk.act(
            hint, lambda: self.desk.bench.records(element, where, limit=_PAGE, offset=offset)
        )
        if records is None:
            return
        columns = _columns_with_values(records)
        self.records.fill(columns, table_cells(records, columns), total=self._total, page=page)
        condition = f" with {where}" if where else ""
        self.summary.object = text_html(f"{self._total:,} {element} records{condition}.", css="sentence")

    def _show_types(self, collection: str) -> None:
        within = [collection] if collection else None
        hint = f"bench.dataset_types({within!r})" if within else "bench.dataset_types()"
        types = self.desk.act(hint, lambda: self.desk.bench.dataset_types(within))
        if types is None:
            return
        self.collections.selected = collection
        self.collections.revision += 1
        self._type_pages.show(types)
        where = f"in {collection}" if collection else "in all collections; choose one to see its own"
        noun = "dataset type" if types.num_rows == 1 else "dataset types"
        self.types_title.object = text_html(f"{types.num_rows} {noun} {where}.", css="muted")


def _columns_with_values(records: pa.Table) -> list[ColumnView]:
    empty = {name for name in records.schema.names if records[name].null_count == records.num_rows}
    return column_views(records.schema, hidden=empty if records.num_rows else ())
