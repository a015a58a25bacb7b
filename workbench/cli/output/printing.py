"""Tables, facts and JSON on standard output."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.rendering import column_title, is_time, render_value

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "cut",
    "print_facts",
    "print_json",
    "print_objects",
    "print_rows",
    "print_table",
    "to_keys",
    "to_rows",
]

_MISSING = "-"


def to_rows(table: pa.Table, *, without: Iterable[str] = ()) -> list[dict[str, object]]:
    """Turn a table into what JSON can say.

    Parameters
    ----------
    table : `pyarrow.Table`
        Any table.
    without : `~collections.abc.Iterable` [ `str` ], optional
        Columns to leave out.

    Returns
    -------
    rows : `list` [ `dict` ]
        Bytes as hexadecimal digits, values that are no number as `None`.
    """
    left_out = set(without)
    kept = [name for name in table.column_names if name not in left_out]
    return [{name: _plain(row[name]) for name in kept} for row in table.select(kept).to_pylist()]


def print_json(value: object) -> None:
    """Print JSON.

    Parameters
    ----------
    value : `object`
        What `json.dumps` takes.
    """
    knows_all = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    print(json.dumps(value, indent=2, ensure_ascii=not knows_all, default=str))


def to_keys(facts: Mapping[str, object]) -> dict[str, object]:
    """Name facts as keys of JSON: without spaces.

    Parameters
    ----------
    facts : `~collections.abc.Mapping` [ `str`, `object` ]
        By their names in words.

    Returns
    -------
    facts : `dict` [ `str`, `object` ]
        The same values.
    """
    return {name.replace(" ", "_"): value for name, value in facts.items()}


def print_facts(facts: Mapping[str, object], *, as_json: bool = False) -> None:
    """Print one line a fact, ``name: value``.

    Parameters
    ----------
    facts : `~collections.abc.Mapping` [ `str`, `object` ]
        Names and values; those that are `None` are left out of the lines.
    as_json : `bool`, optional
        Print one object, all of it.
    """
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        if value is not None:
            print(f"{name}: {render_value(value, missing=_MISSING)}")


def print_table(
    table: pa.Table, *, as_json: bool = False, limit: int | None = None, without: Iterable[str] = ()
) -> None:
    """Print a table, aligned or as JSON.

    Parameters
    ----------
    table : `pyarrow.Table`
        What to print.
    as_json : `bool`, optional
        Print a list of objects, all rows of it.
    limit : `int`, optional
        Print at most so many aligned rows, and say how many there are more.
    without : `~collections.abc.Iterable` [ `str` ], optional
        Columns to leave out of the aligned table.
    """
    if as_json:
        print_json(to_rows(table))
        return
    shown = table if limit is None else table.slice(0, limit)
    names = [name for name in table.column_names if name not in set(without)]
    rows = [[row[name] for name in names] for row in shown.select(names).to_pylist()]
    print_rows(names, rows, schema=table.schema)
    if shown.num_rows < table.num_rows:
        print(f"... and {table.num_rows - shown.num_rows} more rows")


def print_objects(
    rows: Sequence[Mapping[str, object]],
    shown: Sequence[str],
    *,
    as_json: bool,
    schema: pa.Schema | None = None,
) -> None:
    """Print rows that were made plain before.

    Parameters
    ----------
    rows : `~collections.abc.Sequence` [ `~collections.abc.Mapping` ]
        Values by name.
    shown : `~collections.abc.Sequence` [ `str` ]
        Columns of the aligned table.
    as_json : `bool`
        Print a list of objects, all of their values.
    schema : `pyarrow.Schema`, optional
        Schema of the table that the rows were made of: what their numbers
        mean.
    """
    if as_json:
        print_json(rows)
    else:
        print_rows(shown, [[row[name] for name in shown] for row in rows], schema=schema)


def print_rows(
    names: Sequence[str], rows: Sequence[Sequence[object]], *, schema: pa.Schema | None = None
) -> None:
    """Print aligned columns: text to the left, numbers to the right.

    Parameters
    ----------
    names : `~collections.abc.Sequence` [ `str` ]
        Column names.
    rows : `~collections.abc.Sequence`
        Values, a sequence a row.
    schema : `pyarrow.Schema`, optional
        Fields by name: their metadata tells times (printed as ISO 8601, TAI)
        and units.
    """
    fields: list[pa.Field[Any] | None] = [
        None if schema is None or name not in schema.names else schema.field(name) for name in names
    ]
    heads = [column_title(name, field) for name, field in zip(names, fields, strict=True)]
    cells = [
        [render_value(value, field, missing=_MISSING) for value, field in zip(row, fields, strict=True)]
        for row in rows
    ]
    columns = list(zip(*cells, strict=True)) if cells else [()] * len(heads)
    widths = [max([len(head), *map(len, column)]) for head, column in zip(heads, columns, strict=True)]
    right = [_is_numeric([row[i] for row in rows]) and not is_time(fields[i]) for i in range(len(heads))]
    for line in [heads, *cells]:
        padded = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        print("  ".join(padded).rstrip())


def cut(value: object, length: int = 100) -> object:
    """Shorten a text for a column.

    Parameters
    ----------
    value : `object`
        A text; anything else stays as it is.
    length : `int`, optional
        Most characters.

    Returns
    -------
    value : `object`
        The text, or its beginning and an ellipsis.
    """
    if not isinstance(value, str) or len(value) <= length:
        return value
    return value[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _is_numeric(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )
