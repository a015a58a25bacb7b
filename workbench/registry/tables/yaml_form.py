"""Declarations of extension tables as YAML, to be kept in files and reviewed."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import yaml

from workbench.errors import DeclarationError
from workbench.registry.tables.declaration import Column, TableDeclaration
from workbench.registry.tables.yaml_text import YamlText

__all__ = ["declaration_from_yaml", "declaration_to_yaml"]

TOMBSTONE = "deleted"
"""Column that tables from YAML get, so that their rows can be deleted."""

_FIELDS = {field.name for field in dataclasses.fields(TableDeclaration)} - {"visible", "tombstone"}
_COLUMN_FIELDS = {field.name for field in dataclasses.fields(Column)} - {"name"}


def declaration_from_yaml(text: str | bytes, source: str = "The YAML") -> TableDeclaration:
    """Read the declaration of a table.

    Parameters
    ----------
    text : `str` or `bytes`
        A mapping with ``name``, ``columns`` (a mapping from names to a type,
        or to ``type``, ``unit``, ``doc`` and ``nullable``) and optionally
        ``dimensions``, ``key``, ``current``, ``nullable_dimensions``,
        ``version`` and ``doc``.  ``current`` is ``latest`` unless it says
        otherwise or there is no key; such tables get a tombstone ``deleted``.
    source : `str`, optional
        What is read, for messages.

    Returns
    -------
    declaration : `~workbench.registry.TableDeclaration`
        The declaration.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if the text is no YAML, or declares no table.
    """
    try:
        fields = YamlText(source, text).content
    except ValueError as error:  # tags of Python objects end here too
        raise DeclarationError(f"{source} cannot be read as YAML: {error}") from error
    if faults := [*_iter_faults(fields)]:
        raise DeclarationError(f"{source} declares no table: {'; '.join(faults)}.")
    columns = tuple(_make_column(name, spec) for name, spec in fields.pop("columns").items())
    for name in ("dimensions", "key"):
        fields[name] = tuple(fields.get(name) or ())
    if "current" not in fields and (fields["key"] or fields["dimensions"]):
        fields["current"] = "latest"
    if fields.get("current") == "latest" and TOMBSTONE not in {column.name for column in columns}:
        columns += (Column(TOMBSTONE, "bool", doc="Whether the row was deleted."),)
        fields["tombstone"] = TOMBSTONE
    return TableDeclaration(columns=columns, **fields)


def declaration_to_yaml(declaration: TableDeclaration) -> str:
    """Write a declaration as `declaration_from_yaml` reads it.

    Parameters
    ----------
    declaration : `~workbench.registry.TableDeclaration`
        The declaration.

    Returns
    -------
    text : `str`
        YAML; what has its default is left out.
    """
    fields: dict[str, Any] = {"name": str(declaration.name), "version": declaration.version}
    if declaration.doc:
        fields["doc"] = declaration.doc
    if declaration.dimensions:
        fields["dimensions"] = [*declaration.dimensions]
    if declaration.nullable_dimensions:
        fields["nullable_dimensions"] = True
    if declaration.key != declaration.dimensions:
        fields["key"] = [*dict.fromkeys(_find_declared(declaration, name) for name in declaration.key)]
    fields["current"] = declaration.current
    fields["columns"] = {
        column.name: _describe_column(column)
        for column in declaration.columns
        if column.name != declaration.tombstone
    }
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)


def _iter_faults(fields: object) -> Iterator[str]:
    if not isinstance(fields, dict):
        yield f"it is no mapping, but {type(fields).__name__}"
        return
    yield from _iter_unknown(fields, _FIELDS, "it")
    for name in ("name", "columns"):
        if name not in fields:
            yield f"it has no {name!r}"
    for name, kind, words in _KINDS:
        if name in fields and (
            not isinstance(fields[name], kind) or isinstance(fields[name], bool) != (kind is bool)
        ):
            yield f"{name!r} is {fields[name]!r}, and not {words}"
    for name in ("dimensions", "key"):
        if not all(isinstance(item, str) for item in fields.get(name) or ()):
            yield f"{name!r} is {fields[name]!r}, and not a list of names"
    columns = fields.get("columns")
    for name, spec in columns.items() if isinstance(columns, dict) else ():
        yield from _iter_column_faults(name, spec)


_KINDS: tuple[tuple[str, type, str], ...] = (
    ("name", str, "a name"),
    ("columns", dict, "a mapping from names of columns"),
    ("dimensions", list, "a list of names"),
    ("key", list, "a list of names"),
    ("current", str, "'latest' or 'all'"),
    ("doc", str, "text"),
    ("version", int, "a number"),
    ("nullable_dimensions", bool, "true or false"),
)


def _iter_column_faults(name: object, spec: object) -> Iterator[str]:
    if not isinstance(name, str):
        yield f"the column {name!r} has no text for a name"
    elif isinstance(spec, dict):
        yield from _iter_unknown(spec, _COLUMN_FIELDS, f"column {name!r}")
        if not isinstance(spec.get("type"), str):
            yield f"column {name!r} has no type"
        if not all(isinstance(spec.get(field, ""), str) for field in ("unit", "doc")):
            yield f"unit and doc of column {name!r} are not text"
        if not isinstance(spec.get("nullable", True), bool):
            yield f"'nullable' of column {name!r} is neither true nor false"
    elif not isinstance(spec, str):
        yield f"column {name!r} is {spec!r}, and neither a type nor a mapping"


def _iter_unknown(fields: Mapping[object, object], known: Collection[str], what: str) -> Iterator[str]:
    for name in fields:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean {near[0]!r}" if near else f"there are {', '.join(sorted(known))}"
            yield f"{what} has an unknown field {name!r} ({hint})"


def _make_column(name: str, spec: str | Mapping[str, Any]) -> Column:
    return Column(name, spec) if isinstance(spec, str) else Column(name, **spec)  # type: ignore[arg-type]


def _find_declared(declaration: TableDeclaration, stored: str) -> str:
    """Return the name in a declaration of a column of the table."""
    for column in declaration.columns:
        if stored in {one.name for one in column.iter_stored()}:
            return column.name
    return stored


def _describe_column(column: Column) -> str | dict[str, object]:
    spec: dict[str, object] = {"type": column.type}
    if column.unit and column.type not in {"time", "timespan"}:
        spec["unit"] = column.unit
    if column.doc:
        spec["doc"] = column.doc
    if not column.nullable:
        spec["nullable"] = False
    return column.type if len(spec) == 1 else spec
