"""ECSV: data ID tables, our own, and the reader of all."""

from __future__ import annotations

import csv
import io
import re
import warnings
from pathlib import Path

import astropy.io.ascii
import astropy.table
import numpy as np
import pyarrow as pa
import yaml

from workbench.errors import BadDataIdTableError
from workbench.sets.content.set_content import SetContent
from workbench.sets.content.tables import to_arrow, to_astropy
from workbench.sets.files.bounded import split_lines
from workbench.sets.files.set_file import SetFile, declare_content, quote_field, read_text, replace_file

__all__ = ["check_lines", "read_ecsv", "write_data_id_table", "write_ecsv"]

META_KEY = "workbench"
"""Where our own ECSV files keep dimensions, role and provenance."""


def read_ecsv(path: Path) -> SetFile:
    """Read an ECSV file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.

    Returns
    -------
    content : `SetFile`
        Its content, with line numbers.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is no ECSV.
    """
    text = read_text(path)
    try:
        with warnings.catch_warnings():
            # astropy only warns of data types that are none, and guesses on.
            warnings.simplefilter("error")
            # As lines: a single line of text would be taken for the name of a file.
            lines = [line.rstrip("\r\n") for line in split_lines(text)]
            table = astropy.io.ascii.read(lines, format="ecsv", guess=False)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
        yaml.YAMLError,
        csv.Error,
        Warning,
    ) as error:
        # astropy's reader raises what its YAML and its converters raise.
        raise BadDataIdTableError(f"{path} is not a readable ECSV table: {_place(error, text)}") from error
    if not isinstance(table, astropy.table.Table) or any(table[name].ndim != 1 for name in table.colnames):
        raise BadDataIdTableError(f"{path} has columns that are not plain numbers or text.")
    plain = astropy.table.Table([table[name] for name in table.colnames], copy=False)
    numbers, raw = _read_lines(text, table.colnames)
    places = numbers if len(numbers) == len(table) else None
    arrow = to_arrow(plain)
    if places is not None:
        for index, field in enumerate(arrow.schema):
            # astropy strips text; comments survive as they were written.
            if pa.types.is_string(field.type):
                arrow = arrow.set_column(index, field, pa.array([row[index] for row in raw], pa.string()))
    declaration = table.meta.get(META_KEY, {})
    return SetFile.from_declaration(declaration, arrow, places, str(path))


def _place(error: Exception, text: str) -> str:
    """Say an error of astropy's reader with the line of the file, where it counts rows from 0."""
    lines = [n for n, line in enumerate(split_lines(text), 1) if line.strip() and not line.startswith("#")]

    def to_line(found: re.Match[str]) -> str:
        number = int(found[1]) + 1  # the first is the line of names
        return f"line {lines[number]}" if number < len(lines) else found[0]

    return re.sub(r"data line (\d+)", to_line, " ".join(str(error).split()))


def write_ecsv(rows: SetContent, path: Path) -> None:
    """Write all that a set holds as ECSV; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file, which is replaced.
    """
    check_lines(rows, path)
    table = to_astropy(rows.table)
    table.meta[META_KEY] = declare_content(rows)
    _write_table(table, path)


def write_data_id_table(rows: SetContent, path: Path) -> None:
    """Write keys only, for ``pipetask --data-id-table``; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file, which is replaced.
    """
    _write_table(to_astropy(rows.keys), path)


def _write_table(table: astropy.table.Table, path: Path) -> None:
    head = io.StringIO()
    table[:0].write(head, format="ascii.ecsv", delimiter=",")
    columns = [
        [
            quote_field(value) if isinstance(value, str) else "" if value is np.ma.masked else _plain(value)
            for value in table[name]
        ]
        for name in table.colnames
    ]
    lines = [",".join(row) + "\n" for row in zip(*columns, strict=True)]
    replace_file(path, head.getvalue() + "".join(lines))


def _plain(value: object) -> str:
    return str(value.item() if isinstance(value, np.generic) else value)


def check_lines(rows: SetContent, path: Path) -> None:
    """Check that every text of a set fits into a line.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file that it is for, for the message.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if a text holds a line break; names the row.
    """
    for name in rows.table.schema.names:
        if pa.types.is_string(rows.table.schema.field(name).type):
            texts = rows.table[name].to_numpy()
            broken = np.flatnonzero([text is not None and bool(set(text) & set("\r\n")) for text in texts])
            if len(broken):
                raise BadDataIdTableError(
                    f"{path} cannot be written: {name!r} of row {broken[0] + 1} holds a line break, which "
                    "ECSV has no way to write.  Write JSON or Parquet instead."
                )


def _read_lines(text: str, names: list[str]) -> tuple[list[int], list[list[str]]]:
    """Return the line number and the raw fields of every row."""
    lines = split_lines(text)
    first = (
        next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines)) + 1
    )
    delimiter = "," if "," in "".join(lines[first - 1 : first]) or len(names) < 2 else " "
    places, rows = [], []
    reader = csv.reader(lines[first:], delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if any(row):
                places.append(first + reader.line_num)
                rows.append(row)
    except csv.Error:
        return [], []
    return (places, rows) if all(len(row) == len(names) for row in rows) else ([], [])
