"""Sets of sets: united, intersected, subtracted, and several made of one file."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_objects, print_table, to_rows
from workbench.cli.scripts_browse import split_names
from workbench.cli.scripts_select import read_operand, set_facts
from workbench.cli.terminal import reporting
from workbench.errors import DeclarationError, ReasonRequiredError, UnknownNameError, WorkbenchError
from workbench.names import check_name, quote

if TYPE_CHECKING:
    from workbench.bench import Bench
    from workbench.sets import DataIdSet, Role

__all__ = ["OPERATIONS", "combine_sets", "make_sets"]

OPERATIONS: Mapping[str, Callable[[DataIdSet, DataIdSet], DataIdSet]] = {
    "union": operator.or_,
    "intersection": operator.and_,
    "difference": operator.sub,
    "xor": operator.xor,
}
"""What sets are combined by."""

_KEYS = (
    "name",
    "reason",
    "dimensions",
    "where",
    "file",
    *OPERATIONS,
    "exclude",
    "role",
    "instrument",
    "allow_empty",
)
_SOURCES = ("where", "file", *OPERATIONS)


def combine_sets(
    place: Place,
    operation: str,
    names: Sequence[str],
    *,
    instrument: str | None = None,
    name: str | None = None,
    reason: str = "",
    allow_empty: bool = False,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Combine saved sets and files, and save what comes out.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written if there is a name.
    operation : `str`
        One of `OPERATIONS`.
    names : `~collections.abc.Sequence` [ `str` ]
        Labels of saved sets, and files.
    instrument : `str`, optional
        Value of the instrument column of files that have none.
    name : `str`, optional
        Name to save under; without one, nothing is written.
    reason : `str`, optional
        Why it is saved.
    allow_empty : `bool`, optional
        Save also an empty set.
    limit : `int`, optional
        Print at most so many rows.
    as_json : `bool`, optional
        Print one object with all rows.
    """
    with place.work() if name else place.look() as bench:
        rows = _combine(bench, operation, names, instrument)
        if name:
            rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    if as_json:
        facts = {key.replace(" ", "_"): value for key, value in set_facts(rows).items()}
        print_json({**facts, "data_ids": to_rows(rows.table)})
        return
    print_table(rows.table, limit=limit)
    print()
    print_facts(set_facts(rows))


def make_sets(place: Place, path: str, *, dry_run: bool = False, as_json: bool = False) -> None:
    """Make and save the sets that a file describes, one after the other.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    path : `str`
        YAML file.
    dry_run : `bool`, optional
        Make them without saving; one that is made of an unsaved one fails.
    as_json : `bool`, optional
        Print a list.

    Raises
    ------
    workbench.errors.DeclarationError
        Raised if the file says something that it may not; nothing was saved.
    """
    families = _read_families(Path(path))
    made: list[dict[str, object]] = []
    with place.look() if dry_run else place.work() as bench, reporting() as progress:
        for number, family in enumerate(families):
            name = str(family["name"])
            progress(f"making {name}", number / len(families))
            try:
                rows = _make_family(bench, family, Path(path).parent)
                if not dry_run:
                    allowed = bool(family.get("allow_empty"))
                    rows = bench.save(rows, name, reason=str(family["reason"]), allow_empty=allowed)
            except WorkbenchError as error:
                saved = ", ".join(str(row["set"]) for row in made)
                error.add_note(f"This is {name!r} of {path}; saved before it: {saved or 'none'}.")
                raise
            made.append({**set_facts(rows), "set": name if dry_run else rows.label})
        progress("making sets", 1.0)
    print_objects(made, ["set", "role", "dimensions", "rows", "key digest", "rule"], as_json=as_json)


def _combine(bench: Bench, operation: str, names: Sequence[str], instrument: str | None) -> DataIdSet:
    if len(names) < 2:
        raise UnknownNameError(f"The {operation} is of two sets or more; there is one: {quote(names[0])}.")
    rows = [read_operand(bench, name, instrument) for name in names]
    return functools.reduce(OPERATIONS[operation], rows)


def _make_family(bench: Bench, family: Mapping[str, object], beside: Path) -> DataIdSet:
    instrument = family.get("instrument")
    given = None if instrument is None else str(instrument)

    def find(text: object) -> str:
        return str(beside / str(text)) if (beside / str(text)).is_file() else str(text)

    operation = next((one for one in OPERATIONS if one in family), None)
    role: Role = "exclude" if family.get("role") == "exclude" else "include"
    if operation is not None:
        rows = _combine(bench, operation, [find(one) for one in _as_list(family[operation])], given)
        rows = rows.with_role(role) if "role" in family and rows.role != role else rows
    elif "file" in family:
        rows = bench.read_set(find(family["file"]), instrument=given, role=role)
    else:
        dimensions = split_names(",".join(map(str, _as_list(family.get("dimensions", "visit")))))
        rows = bench.select(dimensions, str(family["where"]), role=role)
    for one in _as_list(family.get("exclude", [])):
        rows -= read_operand(bench, find(one), given, role="exclude")
    return rows


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _read_families(path: Path) -> list[Mapping[str, object]]:
    """Read the file and check all that can be checked before anything is saved."""
    from workbench.registry.yaml_text import YamlText

    try:
        content = YamlText(str(path), path.read_bytes()).content
    except ValueError as error:
        raise DeclarationError(f"The sets cannot be read. {error}") from error
    families = content.get("sets") if isinstance(content, dict) and set(content) == {"sets"} else content
    if not isinstance(families, list) or not families:
        raise DeclarationError(f"{path} is no list of sets: each begins with '- name: ...'.")
    names: set[object] = set()
    for number, family in enumerate(families, 1):
        where = f"set {number} of {path}"
        if not isinstance(family, dict):
            raise DeclarationError(f"{where} is no mapping; it may have {', '.join(_KEYS)}.")
        if stray := [key for key in family if key not in _KEYS]:
            raise DeclarationError(
                f"{where} has the unknown key {quote(stray[0])}; it may have {', '.join(_KEYS)}."
            )
        check_name(family.get("name"))
        if family["name"] in names:
            raise DeclarationError(f"{where} is called {family['name']!r}, as one before it.")
        names.add(family["name"])
        for key in ("where", "file", "instrument"):
            if not isinstance(family.get(key, ""), str):
                raise DeclarationError(f"{where}: {key!r} is a text, not {quote(family[key])}.")
        if not str(family.get("reason") or "").strip():
            raise ReasonRequiredError(f"{where} has no reason: say why it is saved.")
        sources = [key for key in _SOURCES if key in family]
        if len(sources) != 1:
            raise DeclarationError(
                f"{where} needs one of {', '.join(_SOURCES)}, and has {sources or 'none'}."
            )
        if family.get("role", "include") not in ("include", "exclude"):
            raise DeclarationError(f"{where}: 'role' is include or exclude, not {quote(family['role'])}.")
        if not isinstance(family.get("allow_empty", False), bool):
            raise DeclarationError(f"{where}: 'allow_empty' is true or false.")
    return families
