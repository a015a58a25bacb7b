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
from astropy.utils.exceptions import AstropyWarning

from workbench.errors import BadDataIdTableError
from workbench.names import quote
from workbench.reading import split_lines
from workbench.registry.tables.yaml_text import check_nodes
from workbench.sets.content.set_content import SetContent
from workbench.sets.content.tables import to_arrow, to_astropy
from workbench.sets.files.set_file import SetFile, declare_content, quote_field, read_text, replace_file

__all__ = ["check_lines", "parse_ecsv", "read_ecsv", "write_data_id_table", "write_ecsv"]

META_KEY = "workbench"
"""Where our own ECSV files keep dimensions, role and provenance."""

_MOST_HEADER = 32 * 2**20
_LONGEST_NUMBER = 40


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
    table = parse_ecsv(text, str(path), strict=True)
    if any(table[name].ndim != 1 for name in table.colnames):
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


def parse_ecsv(text: str, source: str, *, strict: bool) -> astropy.table.Table:
    """Read the text of an ECSV file.

    Parameters
    ----------
    text : `str`
        The text.
    source : `str`
        What is read, for messages.
    strict : `bool`
        Whether to refuse what astropy only warns of, such as data types that
        the standard does not name.

    Returns
    -------
    table : `astropy.table.Table`
        As astropy reads it.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised with the line if it is no ECSV, has a key twice in its header,
        or a quote that is not closed and would swallow the rows that follow.
    """
    if not text.strip():
        raise BadDataIdTableError(f"{source} is empty: an ECSV file begins with a header of lines with '# '.")
    try:
        _check_header(text)
        _check_quotes(text)
        with warnings.catch_warnings():
            if strict:
                # astropy only warns of data types that are none, and guesses on.
                warnings.simplefilter("error")
            else:
                warnings.simplefilter("ignore", AstropyWarning)
            # As lines: a single line of text would be taken for the name of a file.
            lines = [line.rstrip("\r\n") for line in split_lines(text)]
            table = astropy.io.ascii.read(lines, format="ecsv", guess=False)
        if not isinstance(table, astropy.table.Table):
            raise ValueError("it holds no plain table")
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
        raise BadDataIdTableError(f"{source} is not a readable ECSV table: {_place(error, text)}.") from error
    return table


def _check_header(text: str) -> None:
    """Read the header's YAML for what astropy does not say: where it is broken, and keys that stand twice."""
    lines = split_lines(text)
    last = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    # Lines keep their numbers; those of a comment, and the one with the version, are empty.
    header = "".join(f"{line[2:].rstrip()}\n" if line.startswith("# ") else "\n" for line in lines[1:last])
    if len(header) > _MOST_HEADER:
        raise ValueError(f"its header is larger than {_MOST_HEADER / 2**20:,.0f} MiB")
    try:
        root = yaml.compose(f"\n{header}", Loader=yaml.SafeLoader)
        if root is not None:
            check_nodes(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1} of its header" if mark else "its header"
        raise ValueError(f"{where} is no YAML: {error.problem or error.context}") from error


def _check_quotes(text: str) -> None:
    """Refuse a quote that nothing closes: the rows after it would be a part of its text."""
    if '"' not in text:
        return
    lines = _without_comments(text)
    first = _count_head(lines)
    reader = csv.reader(lines[first:], delimiter=_find_delimiter(lines, first), strict=True)
    begin = first + 1
    while True:
        try:
            if next(reader, None) is None:
                return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise ValueError(f"a quote is opened in line {begin} and never closed") from error
        begin = first + reader.line_num + 1


def _place(error: Exception, text: str) -> str:
    """Say an error of astropy's reader with the line of the file, where it counts rows from 0."""
    lines = [n for n, line in enumerate(split_lines(text), 1) if line.strip() and not line.startswith("#")]

    def to_line(found: re.Match[str]) -> str:
        number = int(found[1]) + 1  # the first is the line of names
        return f"line {lines[number]}" if number < len(lines) else found[0]

    said = re.sub(r"data line (\d+)", to_line, " ".join(str(error).split())).rstrip(".")
    if (found := re.match(r"column '(.*)' failed to convert", said)) is not None:
        said += _find_odd(found[1], text)
    return said or "it is damaged"


def _find_odd(name: str, text: str) -> str:
    """Say which line holds what is no number in a column that should hold numbers."""
    lines = split_lines(text)
    first = _count_head(lines)
    names = next(csv.reader(lines[first - 1 : first], delimiter=_find_delimiter(lines, first)), [])
    numbers, rows = _read_lines(text, names)
    if name not in names:
        return ""
    for number, row in zip(numbers, rows, strict=True):
        field = row[names.index(name)].strip()
        try:
            is_number = not field or -(2**63) <= float(field) < 2**64
        except ValueError:
            is_number = False
        if not is_number or len(field) > _LONGEST_NUMBER:
            return f", in line {number}: {quote(field)}"
    return ""


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
    lines = _without_comments(text)
    first = _count_head(lines)
    places, rows = [], []
    reader = csv.reader(lines[first:], delimiter=_find_delimiter(lines, first), skipinitialspace=True)
    try:
        for row in reader:
            if any(row):
                places.append(first + reader.line_num)
                rows.append(row)
    except csv.Error:
        return [], []
    return (places, rows) if all(len(row) == len(names) for row in rows) else ([], [])


def _without_comments(text: str) -> list[str]:
    """Split text into lines, of which comments are empty so that the others keep their numbers."""
    return ["\n" if line.startswith("#") else line for line in split_lines(text)]


def _count_head(lines: list[str]) -> int:
    """Count the lines up to that of the names, and with it."""
    heads = (i for i, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    return next(heads, len(lines)) + 1


def _find_delimiter(lines: list[str], first: int) -> str:
    """Find what parts the names; of one name nothing does."""
    names = "".join(lines[first - 1 : first])
    return "," if "," in names or len(names.split()) < 2 else " "
