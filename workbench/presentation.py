"""How objects show themselves: a short line in a terminal, a small table in a notebook."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Mapping
from typing import TypeVar

import pyarrow as pa

from workbench.rendering import column_title, render_value

__all__ = ["LONGEST", "presented"]

LONGEST = 2000
"""Characters of a representation at the most, markup included: a screen, and no notebook grows by it."""

_CELL = 60
_ROWS = 12
_COLUMNS = 10
_SHORT_VALUE = 100
_SENTENCE = 300
_LONG_VALUE = 400
"""In a terminal, where a short object can be copied into the next line of Python."""

T = TypeVar("T")


def presented(kind: type[T]) -> type[T]:
    """Give a class a short ``repr`` and a table for notebooks.

    Parameters
    ----------
    kind : `type`
        A dataclass, whose public fields are shown, or a class with a method
        ``_shown_facts`` that returns a mapping of what is worth showing, the most
        telling first.  A method ``_shown_rows`` may return a `pyarrow.Table`, whose
        first rows a notebook shows as well.  Both must be cheap: debuggers
        and tracebacks ask for them too.

    Returns
    -------
    kind : `type`
        The same class; a ``__repr__`` that it writes itself stays, and its
        ``__str__`` heads the table.  Neither form is ever longer than `LONGEST`.  Tables
        have no colours of their own, so that they follow the notebook's theme.
    """
    generated = dataclasses.is_dataclass(kind) and kind.__dataclass_params__.repr  # type: ignore[attr-defined]
    if generated or kind.__repr__ is object.__repr__:
        kind.__repr__ = _make_repr  # type: ignore[method-assign]
    setattr(kind, "_repr_html_", _make_html)  # noqa: B010 - IPython asks for this name
    return kind


def _make_repr(self: object) -> str:
    name = type(self).__name__
    text = ", ".join(f"{fact}={_brief(value)}" for fact, value in _facts(self).items())
    return _cut(f"{name}({text})", LONGEST)


def _make_html(self: object) -> str:
    facts = _facts(self)
    lines = [
        f"<tr><th>{_cell(name.replace('_', ' '))}</th><td>{_cell(_brief(value, quote=False))}</td></tr>"
        for name, value in facts.items()
    ]
    head = f"<b>{html.escape(type(self).__name__)}</b>"
    sentence = str(self) if type(self).__str__ is not object.__str__ else "" if facts else repr(self)
    if sentence:
        head += f" {html.escape(_cut(render_value(sentence), _SENTENCE), quote=False)}"
    rows = _rows(self)
    table = _fit(lines, LONGEST - len(head) - 100 if rows is None else LONGEST // 2 - len(head))
    left = LONGEST - len(head) - len(table)
    return head + table + ("" if rows is None else _rows_html(rows, left))


def _facts(shown: object) -> dict[str, object]:
    told = getattr(shown, "_shown_facts", None)
    facts: Mapping[str, object] = {}
    if told is not None:
        facts = told()
    elif dataclasses.is_dataclass(shown):
        facts = {
            field.name: getattr(shown, field.name)
            for field in dataclasses.fields(shown)
            if field.repr and not field.name.startswith("_")
        }
    return {name: value for name, value in facts.items() if value is not None}


def _rows(shown: object) -> pa.Table | None:
    told = getattr(shown, "_shown_rows", None)
    return None if told is None else told()


def _brief(value: object, *, quote: bool = True) -> str:
    """Return a value in a few words: of what is long, the kind and the size."""
    length = _LONG_VALUE if quote else _SHORT_VALUE
    match value:
        case pa.Table() | pa.RecordBatch():
            return f"{value.num_rows:,} rows of {value.num_columns} columns"
        case str():
            return _cut(repr(value) if quote else render_value(value, missing="none"), length)
        case bool() | int() | float():
            return repr(value) if quote else render_value(value)
        case Mapping():
            inner = (
                f"{_brief(key, quote=quote)}: {_brief(item, quote=quote)}" for key, item in value.items()
            )
            return _counted("{", inner, "}", len(value), length)
        case list() | tuple():
            closing = ",)" if isinstance(value, tuple) and len(value) == 1 and quote else ")"
            brackets = ("[", "]") if isinstance(value, list) else ("(", closing)
            return _counted(
                brackets[0], (_brief(item, quote=quote) for item in value), brackets[1], len(value), length
            )
    return _cut(render_value(repr(value)), length)


def _counted(opening: str, items: Iterable[str], closing: str, n_items: int, length: int) -> str:
    """Join as many items as there is room for, and count them where that is not all."""
    kept: list[str] = []
    for item in items:
        if sum(map(len, kept)) + len(item) > length:
            return f"{opening}{', '.join(kept)}, ...{closing[-1]} of {n_items:,}"
        kept.append(item)
    return f"{opening}{', '.join(kept)}{closing}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _cell(text: str) -> str:
    return html.escape(_cut(text, _CELL), quote=False)


def _fit(lines: list[str], room: int) -> str:
    """Return a table of the first lines that there is room for."""
    kept: list[str] = []
    for line in lines:
        if len(line) > room - 60:
            break
        kept.append(line)
        room -= len(line)
    return f"<table>{''.join(kept)}</table>" if kept else ""


def _rows_html(rows: pa.Table, room: int) -> str:
    fields = [field for field in rows.schema if not pa.types.is_binary(field.type)][:_COLUMNS]
    names = [field.name for field in fields]
    heads = "".join(f"<th>{_cell(column_title(field.name, field))}</th>" for field in fields)
    lines = [f"<tr>{heads}</tr>"]
    for row in rows.slice(0, _ROWS).select(names).to_pylist():
        cells = [_cell(render_value(row[field.name], field, brief=True)) for field in fields]
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    table = _fit(lines, room - 60)
    n_shown = max(0, table.count("<tr>") - 1)
    more = rows.num_rows - n_shown
    return table + (f"... and {more:,} more rows" if more else "")
