"""JSON with one data ID a line, so that a difference in git is readable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from workbench.errors import BadDataIdTableError
from workbench.names import quote
from workbench.reading import split_lines
from workbench.sets.content.set_content import SetContent
from workbench.sets.files.set_file import (
    SetFile,
    declare_content,
    is_kept,
    make_column,
    read_text,
    replace_file,
)

__all__ = ["load_json", "read_json", "write_json"]

_MOST_DIGITS = 100

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape that is half of a pair, or alone."""


def read_json(path: Path) -> SetFile:
    """Read a JSON file.

    Parameters
    ----------
    path : `pathlib.Path`
        The file: an object with ``dimensions``, ``dataIds``, and optionally
        ``role``, ``freeColumns``, ``provenance``, ``steps``, ``parts`` and
        ``history``.

    Returns
    -------
    content : `SetFile`
        Its content; with line numbers where there is one data ID a line.

    Raises
    ------
    workbench.errors.BadDataIdTableError
        Raised if it is no such file.
    """
    text = read_text(path)
    try:
        content = load_json(text)
    except ValueError as error:
        place = _find_fault(text) if "line" not in str(error) else ""
        raise BadDataIdTableError(f"{path} is not readable JSON{place}: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("dataIds"), list):
        raise BadDataIdTableError(
            f"{path} is not a set of data IDs: expected an object with 'dimensions' and a list 'dataIds'."
        )
    known = ("dimensions", "role", "freeColumns", "provenance", "steps", "parts", "history", "dataIds")
    stray = [name for name in content if name not in known]
    if stray:
        raise BadDataIdTableError(
            f"{path} has unknown parts {', '.join(map(repr, stray))}; there are: {', '.join(known)}."
        )
    rows = content["dataIds"]
    for number, row in enumerate(rows, 1):
        scalar = isinstance(row, dict) and all(isinstance(v, str | int | float | None) for v in row.values())
        if not scalar:
            raise BadDataIdTableError(
                f"{path}: data ID {number} is not an object of plain values: {quote(row)}."
            )
    dimensions = content.get("dimensions")
    if not isinstance(dimensions, list | None) or not all(isinstance(name, str) for name in dimensions or ()):
        raise BadDataIdTableError(f"{path}: 'dimensions' is not a list of names: {str(dimensions)[:100]!r}.")
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(dimensions or ())
    table = pa.table({name: make_column([row.get(name) for row in rows]) for name in names})
    return SetFile.from_declaration(content, table, _find_lines(text, len(rows)), str(path))


def write_json(rows: SetContent, path: Path, *, history: Sequence[str] = ()) -> None:
    """Write all that a set holds as JSON; writes.

    Parameters
    ----------
    rows : `DataIdSet`
        The set.
    path : `pathlib.Path`
        The file, which is replaced.  Nulls are left out of the data IDs.
    history : sequence of `str`, optional
        Record digests of what the file held before, oldest first.
    """
    head = declare_content(rows)
    parts: dict[str, dict[str, object]] = head.pop("parts", {})  # type: ignore[assignment]
    lines = [
        "{",
        *(f"{json.dumps(name)}: {_to_json(value)}," for name, value in head.items()),
        *_lay_out_parts(parts),
        # A digest a line, as the data IDs are, for git to merge.
        *(['"history": [', ",\n".join(map(json.dumps, history)), "],"] if history else []),
        '"dataIds": [',
    ]
    last = len(rows) - 1
    index = 0
    for batch in rows.table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            text = _to_json({name: value for name, value in row.items() if value is not None})
            lines.append(text + ("," if index < last else ""))
            index += 1
    replace_file(path, "\n".join([*lines, "]", "}", ""]))


def _lay_out_parts(parts: Mapping[str, dict[str, object]]) -> Iterator[str]:
    """Yield the lines of the sets that this one was made from, with one data ID a line."""
    if not parts:
        return
    yield '"parts": {'
    for number, (label, part) in enumerate(parts.items(), 1):
        rows: list[object] = part["rows"]  # type: ignore[assignment]
        head = {name: value for name, value in part.items() if name != "rows"}
        yield f'{json.dumps(label)}: {_to_json(head)[:-1]}, "rows": ['
        yield from (_to_json(row) + ("," if place < len(rows) else "") for place, row in enumerate(rows, 1))
        yield "]}" + ("," if number < len(parts) else "")
    yield "},"


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def load_json(text: str) -> object:
    """Read JSON as strictly as a record has to be.

    Parameters
    ----------
    text : `str`
        JSON.

    Returns
    -------
    content : `object`
        Every value that is written.

    Raises
    ------
    ValueError
        Raised if it is no JSON, or holds what would not be kept as it is
        written: a key twice, a number beyond any type, half a character.
    """
    try:
        content = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_read_int,
            parse_float=_read_float,
            object_pairs_hook=_refuse_repeats,
        )
    except RecursionError as error:
        raise ValueError("it has brackets within brackets, a thousand deep") from error
    if _HALF.search(text):  # none of UTF-8 has one but by such an escape
        try:
            json.dumps(content, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            near = error.object[max(0, error.start - 20) : error.end]
            raise ValueError(f"{near!a} holds half a character (a lone surrogate)") from error
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _read_int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits, {digits[:20]}..., is no value of a data ID")
    return int(digits)


def _read_float(digits: str) -> float:
    if not is_kept(digits):
        shown = digits if len(digits) <= _MOST_DIGITS else f"{digits[:20]}... ({len(digits):,} characters)"
        raise ValueError(f"the number {shown} is beyond what 64 bits hold")
    return float(digits)


def _refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object, in which a key that stands twice would silently lose its first value."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:50]!r} stands twice in one object")
    return made


def _find_fault(text: str) -> str:
    """Return the line of a fault, where data IDs have lines of their own."""
    for number, line in enumerate(split_lines(text), 1):
        stripped = line.strip().rstrip(",")
        if stripped.startswith("{") and stripped.endswith("}"):
            try:
                load_json(stripped)
            except ValueError:
                return f", line {number}"
    return ""


def _find_lines(text: str, n_rows: int) -> list[int] | None:
    """Return line numbers where every data ID has a line of its own."""
    lines = split_lines(text)
    starts = [i for i, line in enumerate(lines) if '"dataIds"' in line]
    if len(starts) != 1:
        return None
    found = [i + 1 for i, line in enumerate(lines) if i > starts[0] and line.lstrip().startswith("{")]
    return found if len(found) == n_rows else None
