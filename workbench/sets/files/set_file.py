"""What a file of data IDs says, before it is held against a universe."""

from __future__ import annotations

import decimal
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from workbench.errors import BadDataIdTableError
from workbench.names import quote
from workbench.reading import MOST_VALUES
from workbench.reading import read_text as read_bounded_text
from workbench.registry import scratch
from workbench.sets.content.origin import iter_unnamed, to_reference
from workbench.sets.content.provenance import SetProvenance, current_author
from workbench.sets.content.set_content import SetContent
from workbench.sets.store.unnamed import find_lineage

__all__ = ["SetFile", "declare_content", "is_kept", "make_column", "quote_field", "read_text", "replace_file"]

_LONGEST_FIELD = 131_072
"""What Python's own reader of CSV takes, which is also astropy's."""


@dataclass(frozen=True, slots=True, eq=False)
class SetFile:
    """The content of a file.

    Attributes
    ----------
    table : `pyarrow.Table`
        Columns as the file has them, in its order of rows.
    places : `tuple` [ `int`, ... ] or `None`
        Line number of each row, where the format has lines.
    dimensions : `tuple` [ `str`, ... ] or `None`
        Dimensions, where the file names them.
    role : `str` or `None`
        Role, where the file names it.
    provenance : `SetProvenance` or `None`
        Provenance, where the file tells it.
    free_columns : `tuple` [ `str`, ... ]
        Columns that the file declares to be free.
    history : `tuple` [ `str`, ... ]
        Record digests of what the file held before, oldest first.
    steps : `list` or `None`
        The steps that made the set, as `workbench.sets.content.origin.Origin.to_json`
        gives them.
    parts : `dict` [ `str`, `SetFile` ]
        The sets in these steps that have no name of their own, by label.
    """

    table: pa.Table
    places: tuple[int, ...] | None = None
    dimensions: tuple[str, ...] | None = None
    role: str | None = None
    provenance: SetProvenance | None = None
    free_columns: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    steps: list[object] | None = None
    parts: Mapping[str, SetFile] = field(default_factory=dict)

    @classmethod
    def from_declaration(
        cls, declaration: object, table: pa.Table, places: Sequence[int] | None, source: str
    ) -> SetFile:
        """Read the part of a file that says what its rows are.

        Parameters
        ----------
        declaration : `object`
            Mapping with ``dimensions``, ``role``, ``freeColumns``,
            ``provenance``, ``history``, ``steps`` and ``parts``, all optional,
            as our own files have it.
        table : `pyarrow.Table`
            The rows.
        places : `~collections.abc.Sequence` [ `int` ] or `None`
            Line number of each row.
        source : `str`
            What is read, for messages.

        Returns
        -------
        content : `SetFile`
            The content.

        Raises
        ------
        workbench.errors.BadDataIdTableError
            Raised if a part has the wrong form.
        """
        if not isinstance(declaration, dict):
            raise BadDataIdTableError(f"{source}: expected a mapping with dimensions and role.")
        names = {}
        for part in ("dimensions", "freeColumns", "history"):
            value = declaration.get(part)
            if value is not None and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
                raise BadDataIdTableError(f"{source}: {part!r} is not a list of names: {quote(value)}.")
            names[part] = None if value is None else tuple(value)
        role = declaration.get("role")
        if role not in (None, "include", "exclude"):
            raise BadDataIdTableError(f"{source}: 'role' is {quote(role)}, not 'include' or 'exclude'.")
        told = declaration.get("provenance")
        if told is not None and not isinstance(told, dict):
            raise BadDataIdTableError(f"{source}: 'provenance' is not a mapping: {quote(told)}.")
        try:
            provenance = None if told is None else SetProvenance.from_dict(told)
        except TypeError as error:
            raise BadDataIdTableError(f"{source}: provenance {error}.") from error
        return cls(
            table=table,
            places=None if places is None else tuple(places),
            dimensions=names["dimensions"],
            role=role,
            provenance=provenance,
            free_columns=names["freeColumns"] or (),
            history=names["history"] or (),
            steps=declaration.get("steps"),
            parts=_read_parts(declaration.get("parts", {}), source),
        )


def declare_content(rows: SetContent) -> dict[str, object]:
    """Return what a file tells of a set beside its rows, for `SetFile.from_declaration`.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.

    Returns
    -------
    declaration : `dict`
        JSON-compatible values: the rows and reasons of what the set was made
        from, where that has no name, among them.

    Raises
    ------
    workbench.errors.TooManyStepsError
        Raised if there are more steps within steps than can be kept.
    """
    declaration = _declare(rows)
    if rows.origin is None:
        return declaration
    origin = find_lineage(rows, rows.provenance.author or current_author(), lambda _: True).origin
    if origin is not None:
        declaration["steps"] = origin.to_json(to_reference)
        parts = {one.label: one for one in iter_unnamed(origin)}
        if parts:
            declaration["parts"] = {label: _declare_part(one) for label, one in parts.items()}
    return declaration


def _declare(rows: SetContent) -> dict[str, object]:
    return {
        "dimensions": list(rows.key_names),
        "role": rows.role,
        "freeColumns": list(rows.free_columns),
        "provenance": rows.provenance.to_dict(),
    }


def _declare_part(part: SetContent) -> dict[str, object]:
    steps = {} if part.origin is None else {"steps": part.origin.to_json(to_reference)}
    rows = [
        {name: value for name, value in row.items() if value is not None} for row in part.table.to_pylist()
    ]
    return {**_declare(part), **steps, "rows": rows}


def _read_parts(declaration: object, source: str) -> dict[str, SetFile]:
    if not isinstance(declaration, dict):
        raise BadDataIdTableError(f"{source}: 'parts' is not a mapping of sets: {quote(declaration)}.")
    parts = {}
    for label, told in declaration.items():
        where = f"{source}, part {str(label)[:100]!r}"
        rows = told.get("rows") if isinstance(told, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadDataIdTableError(f"{where}: expected a mapping with 'dimensions' and a list 'rows'.")
        names = [*dict.fromkeys(name for row in rows for name in row)] or list(told.get("dimensions") or ())
        table = pa.table({name: make_column([row.get(name) for row in rows]) for name in names})
        parts[str(label)] = SetFile.from_declaration(told, table, None, where)
    return parts


def make_column(values: Sequence[object]) -> pa.Array[Any]:
    """Make an Arrow column of values from a text format.

    Parameters
    ----------
    values : `~collections.abc.Sequence`
        Numbers, booleans, text and `None`.

    Returns
    -------
    column : `pyarrow.Array`
        Of their common type; text where they have none.
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float} and all(is_kept(str(value)) for value in values if isinstance(value, int)):
        return pa.array([None if value is None else float(str(value)) for value in values], pa.float64())
    if len(kinds) == 1 and kinds <= {bool, float, str}:
        return pa.array(values)
    if kinds == {int} and all(value is None or -(2**63) <= int(str(value)) < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if not kinds:
        return pa.nulls(len(values), pa.string())
    return pa.array([None if value is None else _to_text(value) for value in values], pa.string())


def is_kept(digits: str) -> bool:
    """Tell whether a number of 64 bits keeps what is written.

    Parameters
    ----------
    digits : `str`
        A number as people and programs write it.

    Returns
    -------
    kept : `bool`
        False for what is beyond range, and where a whole number comes of
        other digits: 9007199254740993, or 0.99999999999999999999.
    """
    value = float(digits)
    return math.isfinite(value) and (
        not value.is_integer() or decimal.Decimal(digits) == decimal.Decimal(repr(value))
    )


def _to_text(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        return "a number of thousands of digits"


def quote_field(text: str) -> str:
    """Quote a field of CSV or ECSV where it has to be.

    Parameters
    ----------
    text : `str`
        The field.

    Returns
    -------
    text : `str`
        In quotes if it is empty, begins with a space, a quote or ``#``, or
        holds a comma or a line break.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is longer than readers of such files take.
    """
    if len(text) > _LONGEST_FIELD:
        raise BadDataIdTableError(
            f"A text of {len(text)} characters does not fit into CSV or ECSV, whose readers take up to "
            f"{_LONGEST_FIELD}.  Write JSON or Parquet instead."
        )
    if text and text[0] not in '"# ' and not set(text) & set(",\r\n"):
        return text
    return '"' + text.replace('"', '""') + '"'


def read_text(path: Path, *, merging: bool = False) -> str:
    """Read a text file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file.
    merging : `bool`, optional
        Take the marks that git leaves of a merge for text.

    Returns
    -------
    text : `str`
        Its content.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is not UTF-8 text, is too large, or holds NUL or the
        marks of a merge.
    FileNotFoundError
        Raised if there is no such file.
    """
    try:
        return read_bounded_text(path, merging=merging, most_values=MOST_VALUES)
    except ValueError as error:
        raise BadDataIdTableError(str(error)) from error


def replace_file(path: Path, content: str | bytes) -> None:
    """Write a whole file, or leave what was there; writes.

    Parameters
    ----------
    path : `pathlib.Path`
        The file; directories that are missing are made.
    content : `str` or `bytes`
        Its new content.

    Raises
    ------
    workbench.errors.StorageError
        Raised if it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    # What a killed writer left would be taken into a repository by 'git add .'.
    scratch.sweep(path.parent, path.name)
    with scratch.replacing(path) as stream:
        stream.write(data)
