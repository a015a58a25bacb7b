"""CSV with a header line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa

from workbench.errors import BadDataIdTableError
from workbench.sets.content.set_content import SetContent
from workbench.sets.content.tables import REASON_COLUMNS
from workbench.sets.files.set_file import SetFile, is_kept, make_column, quote_field, read_text, replace_file

__all__ = ["read_csv", "split_fields", "write_csv"]


def read_csv(path: Path) -> SetFile:
    """Read a CSV file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    content : `SetFile`
        Its content, with line numbers.  Empty fields are null; a column
        whose fields are all numbers, or all true or false, is not text.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if a row has not as many fields as the header.
    """
    names, rows, places = split_fields(read_text(path), str(path))
    if "" in names:
        raise BadDataIdTableError(
            f"{path} line {places[0]}: column {names.index('') + 1} has no name. The columns are "
            f"{', '.join(names)}."
        )
    columns = [
        pa.array([row[i] or None for row in rows], pa.string())
        if name in REASON_COLUMNS
        else make_column(_parse([row[i] for row in rows]))
        for i, name in enumerate(names)
    ]
    return SetFile(table=pa.Table.from_arrays(columns, names=names), places=tuple(places[1:]))


def split_fields(text: str, source: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Split CSV into its fields, and refuse what would be read otherwise than it is meant.

    Parameters
    ----------
    text : `str`
        The text.
    source : `str`
        What is read, for messages.

    Returns
    -------
    names : `list` [ `str` ]
        Of the columns: the first line that is not empty.
    rows : `list` [ `list` [ `str` ] ]
        The fields of the others.
    places : `list` [ `int` ]
        The lines of the names and of each row.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised with the line if a row has not as many fields as the names, or
        a quote is not closed: it would swallow the rows that follow.
    """
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    places: list[int] = []
    begin = 1
    try:
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                raise BadDataIdTableError(
                    f"{source} is not readable CSV: line {begin} has {len(row)} fields, and the header has "
                    f"{len(rows[0])}. Are there commas in a text? Put it in quotes."
                )
            if row:
                rows.append(row)
                places.append(begin)
            begin = reader.line_num + 1
    except csv.Error as error:
        said = str(error).replace("unexpected end of data", "a quote is opened there and never closed")
        said = said.replace(
            "',' expected after '\"'", "text goes on after its quote; a quote within a text is doubled"
        )
        raise BadDataIdTableError(f"{source} is not readable CSV: line {begin}: {said}.") from error
    if not rows:
        raise BadDataIdTableError(f"{source} is empty: a CSV file starts with a line of column names.")
    return [name.strip() for name in rows[0]], rows[1:], places


def write_csv(rows: SetContent, path: Path) -> None:
    """Write keys, reasons and free columns as CSV; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file, which is replaced.
    """
    lines = [",".join(rows.table.schema.names)]
    for batch in rows.table.to_batches(max_chunksize=10_000):
        columns = ([_format(value) for value in column.to_pylist()] for column in batch.columns)
        lines += [",".join(row) for row in zip(*columns, strict=True)]
    replace_file(path, "\n".join([*lines, ""]))


def _format(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return quote_field(value) if isinstance(value, str) else repr(value)


def _parse(fields: list[str]) -> list[object]:
    """Read a column as integers, else as numbers, else as true and false."""
    present = [field for field in fields if field]
    for parse in (_parse_int, _parse_float, _parse_bool):
        values = [parse(field) for field in present]
        if all(value is not None for value in values):
            found = iter(values)
            return [next(found) if field else None for field in fields]
    return [field or None for field in fields]


def _parse_int(field: str) -> int | None:
    text = field.strip(" \t")
    digits = text.removeprefix("-")
    # A number with leading zeros is a name: group '007' is not group '7'.
    is_plain = digits.isascii() and digits.isdigit() and (digits == "0" or not digits.startswith("0"))
    return int(text) if is_plain and len(digits) < 20 and -(2**63) <= int(text) < 2**63 else None


def _parse_float(field: str) -> float | None:
    if not set(field.strip(" \t")) <= set("0123456789+-.eE") or field.strip().lstrip("+-0").isdigit():
        return None
    try:
        return float(field) if is_kept(field.strip()) else None
    except ValueError:
        return None


def _parse_bool(field: str) -> bool | None:
    return {"true": True, "false": False}.get(field.strip().lower())
