"""What a dimension browser is asked for, and what it is answered."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from workbench.bench import Bench
from workbench.faults import describe_error
from workbench.session.content.cells import column_views, table_cells
from workbench.session.content.related import count_related
from workbench.session.content.wire import pack_message

__all__ = ["PAGE", "Asked", "RecordPages"]

PAGE = 15
"""Records on a page."""

_MOST_SETS = 50

DataIdKey = tuple[Any, ...]
"""Values of the required dimensions of a record."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which records is wanted.

    Attributes
    ----------
    element : `str`, optional
        Dimension element.
    where : `str`, optional
        Expression.
    order : `str`, optional
        Column to sort by; with a minus sign, descending.
    page : `int`, optional
        Number, counted from 0.
    picked : `str`, optional
        Key, as text, of the record to tell about.
    marked : `tuple` [ `str`, ... ], optional
        Keys of marked records, as text.
    draft : `str` or `None`, optional
        Expression that is being written, to be checked only.
    """

    element: str = ""
    where: str = ""
    order: str = ""
    page: int = 0
    picked: str = ""
    marked: tuple[str, ...] = ()
    draft: str | None = None

    @classmethod
    def from_json(cls, text: str) -> Asked:
        """Read what the browser wrote.

        Parameters
        ----------
        text : `str`
            JSON; what it lacks is as by default.

        Returns
        -------
        asked : `Asked`
            The request.
        """
        told = json.loads(text or "{}")
        known = {field.name for field in dataclasses.fields(cls)}
        given = {name: value for name, value in told.items() if name in known}
        return cls(**{**given, "marked": tuple(given.get("marked") or ())})

    def page_key(self) -> tuple[str, str, str, int]:
        """Return what makes a page another one.

        Returns
        -------
        key : `tuple`
            Element, expression, order and number.
        """
        return self.element, self.where.strip(), self.order, self.page


class RecordPages:
    """Reads pages of records, and says what goes with them; nothing is written.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    """

    def __init__(self, bench: Bench):
        self._bench = bench
        self._counts: dict[str, int] = {}
        self._names: dict[str, list[tuple[str, str]]] = {}
        self._totals: dict[tuple[str, str], int] = {}
        self._keys: tuple[tuple[str, str, str], pa.Table] | None = None
        self._page: dict[str, Any] = {}
        self.shown = Asked()
        self.wrong: str | None = None

    @property
    def elements(self) -> Mapping[str, int]:
        """Elements that have records, and how many (`~collections.abc.Mapping`)."""
        return self._counts

    def refresh(self) -> None:
        """Read again what elements and names there are, and forget counts."""
        found = self._bench.dimensions.elements().to_pylist()
        self._counts = {row["element"]: row["records"] for row in found}
        self._names.clear()
        self._totals.clear()
        self._keys = None

    def read(self, asked: Asked) -> bytes:
        """Read a page.

        Parameters
        ----------
        asked : `Asked`
            What is wanted.

        Returns
        -------
        message : `bytes`
            The page; where the expression is wrong, the page that was shown
            before, and what is wrong.
        """
        element = asked.element if asked.element in self._counts else self._choose()
        asked = dataclasses.replace(asked, element=element, draft=None)
        if not element:
            return pack_message({**self._frame(asked), "says": "No dimension has records.", "wrong": None})
        self.wrong = wrong = attempt(lambda: self._turn(asked))
        if wrong and not self._page:
            self._turn(dataclasses.replace(asked, where="", order="", page=0))
        page = {**self._page, "says": f"Still shown: {self._page['says']}"} if wrong else self._page
        return pack_message({**self._frame(self.shown), **page, "wrong": wrong})

    def refine(self, asked: Asked) -> bytes:
        """Check an expression that is being written, or tell about a record.

        Parameters
        ----------
        asked : `Asked`
            What is wanted.

        Returns
        -------
        message : `bytes`
            What is wrong, or related counts.
        """
        element = asked.element or self.shown.element
        if asked.draft is not None:
            draft = asked.draft
            wrong = (
                attempt(lambda: self._bench.dimensions.check_where(element, draft)) if draft.strip() else None
            )
            return pack_message({"draft": draft, "wrong": wrong})
        if not asked.picked:
            return b""
        picked = asked.picked
        related: list[tuple[str, str]] = []

        def count() -> None:
            related.extend(
                count_related(self._bench, self._counts, element, self.to_data_id(element, picked))
            )

        if wrong := attempt(count):
            related = [("What belongs to it could not be read", wrong)]
        return pack_message({"about": f"{element} {picked}", "related": related})

    def mark(self, marked: Sequence[str]) -> None:
        """Take note of marked records.

        Parameters
        ----------
        marked : `~collections.abc.Sequence` [ `str` ]
            Their keys as text.
        """
        self.shown = dataclasses.replace(self.shown, marked=tuple(marked))

    def marked_keys(self) -> tuple[DataIdKey, ...]:
        """Return the keys of the marked records.

        Returns
        -------
        keys : `tuple`
            Values of the required dimensions of each, sorted.
        """
        element = self.shown.element
        return tuple(sorted(tuple(self.to_data_id(element, text).values()) for text in self.shown.marked))

    def to_data_id(self, element: str, text: str) -> dict[str, str | int]:
        """Return the data ID that a key stands for.

        Parameters
        ----------
        element : `str`
            Dimension element.
        text : `str`
            Key as text, such as "HSC 96954".

        Returns
        -------
        data_id : `dict`
            Required dimensions.
        """
        universe = self._bench.butler.dimensions
        names = list(universe[element].minimal_group.required)
        # A name may have spaces, a number never.
        words = text.rsplit(" ", len(names) - 1)
        kinds = [universe.dimensions[name].primary_key.pytype for name in names]
        return {name: kind(word) for name, kind, word in zip(names, kinds, words, strict=True)}

    def hint(self) -> str:
        """Return the Python that reads what is shown.

        Returns
        -------
        code : `str`
            One call.
        """
        shown = self.shown
        words = [repr(shown.element), *([repr(shown.where)] if shown.where else [])]
        order = f", order_by={shown.order!r}" if shown.order else ""
        return (
            f"bench.dimensions.records({', '.join(words)}, limit={PAGE}, offset={shown.page * PAGE}{order})"
        )

    def _choose(self) -> str:
        return "visit" if "visit" in self._counts else next(iter(self._counts), "")

    def _turn(self, asked: Asked) -> None:
        element, where = asked.element, asked.where.strip()
        total, records = self._read_page(element, where, asked.order, asked.page * PAGE)
        condition = f" with {where}" if where else ""
        views = column_views(records.schema)
        required = self._bench.butler.dimensions[element].minimal_group.required
        rows = records.select([*required]).to_pylist()
        names = records.schema.names if rows else []
        self.shown = dataclasses.replace(asked, where=where)
        self._page = {
            "total": total,
            "columns": [
                {"name": view.name, "label": view.label or view.name, "right": view.align == "right"}
                for view in views
            ],
            "hidden": [name for name in names if records[name].null_count == records.num_rows],
            "rows": table_cells(records, views),
            "keys": [" ".join(str(row[name]) for name in required) for row in rows],
            "says": f"{total:,} {element} records{condition}.",
        }

    def _read_page(self, element: str, where: str, order: str, offset: int) -> tuple[int, pa.Table]:
        """Count records, and read a page of them."""
        bench = self._bench
        if where and not bench.dimensions.check_where(element, where):
            # Our tables have a say: all keys are read to find one page, so they are kept for the next.
            wanted = (element, where, order)
            if self._keys is None or self._keys[0] != wanted:
                self._keys = (wanted, bench.dimensions.record_keys(element, where, order_by=order))
            keys = self._keys[1]
            return keys.num_rows, bench.dimensions.records(element, keys=keys, limit=PAGE, offset=offset)
        if (element, where) not in self._totals:
            self._totals[element, where] = bench.dimensions.count(element, where)
        return self._totals[element, where], bench.dimensions.records(
            element, where, limit=PAGE, offset=offset, order_by=order
        )

    def _frame(self, asked: Asked) -> dict[str, Any]:
        return {
            "title": "Dimension records",
            "digest": "",
            "length": 0,
            "elements": list(self._counts.items()),
            "element": asked.element,
            "where": asked.where,
            "order": asked.order,
            "page": asked.page,
            "page_size": PAGE,
            "marked": list(asked.marked),
            "names": self._complete(asked.element) if asked.element else [],
            "total": 0,
            "columns": [],
            "hidden": [],
            "rows": [],
            "keys": [],
        }

    def _complete(self, element: str) -> list[tuple[str, str]]:
        """Return what may stand in an expression, and what it is."""
        if element not in self._names:
            required = list(self._bench.butler.dimensions[element].minimal_group.required)
            dimensions = self._bench.butler.dimensions
            named = []
            for name in self._bench.dimensions.columns(required):
                table = name.partition(".")[0]
                about = "dimension" if "." not in name else f"of {table}"
                known = table in dimensions.elements.names
                named.append((name, about if known or "." not in name else f"table {table}"))
            sets = [
                (f"in_set('{row['name']}@{row['version']}')", "saved set")
                for row in self._bench.sets.list().to_pylist()
            ]
            self._names[element] = [*named, *sets[:_MOST_SETS]]
        return self._names[element]


def attempt(call: Callable[[], object]) -> str | None:
    """Try something; say what is wrong.

    Parameters
    ----------
    call : `~collections.abc.Callable`
        Does it.

    Returns
    -------
    wrong : `str` or `None`
        What went wrong; `None` if nothing did.
    """
    try:
        call()
    except Exception as error:  # noqa: BLE001 - an edge: what is not shown is not known
        return describe_error(error)
    return None
