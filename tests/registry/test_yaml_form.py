"""Declarations in files, and what is no declaration."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.registry.conftest import SEEING
from workbench.errors import DeclarationError
from workbench.registry import Column, TableDeclaration, declaration_from_yaml, declaration_to_yaml

TEXT = """\
name: exposure_log
version: 2
doc: What observers wrote.
dimensions: [instrument, exposure]
key: [instrument, exposure, valid]
current: latest
columns:
  seeing: {type: float, unit: arcsec, doc: As guessed.}
  valid: timespan
  author: {type: str, nullable: false}
"""
LOG = TableDeclaration(
    "exposure_log",
    (
        Column("seeing", "float", "arcsec", "As guessed."),
        Column("valid", "timespan"),
        Column("author", "str", nullable=False),
        Column("deleted", "bool", doc="Whether the row was deleted."),
    ),
    dimensions=("instrument", "exposure"),
    key=("instrument", "exposure", "valid"),
    current="latest",
    tombstone="deleted",
    version=2,
    doc="What observers wrote.",
)


def test_read_and_written() -> None:
    assert declaration_from_yaml(TEXT) == LOG
    assert declaration_from_yaml(declaration_to_yaml(LOG)) == LOG


def test_rows_are_replaced_unless_all_count() -> None:
    assert declaration_from_yaml("{name: x, dimensions: [instrument], columns: {a: int}}").current == "latest"
    log = declaration_from_yaml("{name: x, dimensions: [instrument], current: all, columns: {a: int}}")
    assert (log.current, log.tombstone) == ("all", "")
    assert declaration_from_yaml("{name: x, columns: {a: int}}").current == "all"


def test_own_tables_can_be_written() -> None:
    again = declaration_from_yaml(declaration_to_yaml(SEEING))
    assert again.columns[:-1] == SEEING.columns


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: [x", r"(?s)cannot be read as YAML.*line 1"),
        ("!!python/object/apply:os.system ['touch owned']", "cannot be read as YAML"),
        ("[1, 2]", "it is no mapping, but list"),
        ("columns: {}", "it has no 'name'"),
        (
            "{name: x, colums: {a: int}}",
            "unknown field 'colums' .did you mean 'columns'.; it has no 'columns'",
        ),
        ("{name: x, columns: [a]}", "not a mapping from names"),
        (
            "{name: x, columns: {a: {tipe: int}}}",
            "column 'a' has an unknown field 'tipe' .did you mean 'type'",
        ),
        ("{name: x, columns: {a: {unit: m}}}", "column 'a' has no type"),
        ("{name: x, columns: {a: 5}}", "neither a type nor a mapping"),
        ("{name: x, columns: {1: int}}", "no text for a name"),
        ("{name: x, columns: {a: {type: int, unit: 5}}}", "are not text"),
        ("{name: x, columns: {a: {type: int, nullable: maybe}}}", "neither true nor false"),
        ("{name: x, version: yes, columns: {a: int}}", "'version' is True, and not a number"),
        ("{name: x, key: [1], columns: {a: int}}", "not a list of names"),
        ("{name: x, columns: {a: decimal}}", "unknown type 'decimal'"),
        ("{name: 'x; DROP', columns: {a: int}}", "does not match"),
    ],
)
def test_faults_are_named(text: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DeclarationError, match=fault):
        declaration_from_yaml(text)
    assert [*tmp_path.iterdir()] == []


_CUT = st.integers(0, len(TEXT)).map(lambda end: TEXT[:end])


@given(st.one_of(st.text(), st.text().map(lambda more: TEXT + more), _CUT))
def test_anything_is_a_declaration_or_a_sentence(text: str) -> None:
    try:
        declaration = declaration_from_yaml(text)
    except DeclarationError:
        return
    assert declaration_from_yaml(declaration_to_yaml(declaration)).columns == declaration.columns
