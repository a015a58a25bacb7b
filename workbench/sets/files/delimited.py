"""CSV with a header line."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import pyarrow as pa

from workbench.errors import BadDataIdTableError
from workbench.sets.content.set_content import SetContent
from workbench.sets.content.tables import REASON_COLUMNS
from workbench.sets.files.set_file import SetFile, make_column, quote_field, read_text, replace_file

__all__ = ["read_csv", "write_csv"]


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
    text = read_text(path)
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    rows, places = [], []
    try:
        header = next(reader, None)
        if header is None:
            raise BadDataIdTableError(f"{path} is empty: a CSV file starts with a line of column names.")
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise BadDataIdTableError(
                    f"{path} line {reader.line_num} has {len(row)} fields, and the header has {len(header)}."
                )
            rows.append(row)
            places.append(reader.line_num)
    except csv.Error as error:
        raise BadDataIdTableError(f"{path} line {reader.line_num} is not readable CSV: {error}.") from error
    names = [name.strip() for name in header]
    if "" in names:
        raise BadDataIdTableError(
            f"{path} line 1: column {names.index('') + 1} has no name. The columns are {', '.join(names)}."
        )
    columns = [
        pa.array([row[i] or None for row in rows], pa.string())
        if name in REASON_COLUMNS
        else make_column(_parse([row[i] for row in rows]))
        for i, name in enumerate(names)
    ]
    return SetFile(table=pa.Table.from_arrays(columns, names=names), places=tuple(places))


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
        value = float(field)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _parse_bool(field: str) -> bool | None:
    return {"true": True, "false": False}.get(field.strip().lower())
