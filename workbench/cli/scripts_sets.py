"""Saved sets: list, show, compare, and carry to and from files."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_objects, print_table, to_rows
from workbench.cli.scripts_select import set_facts
from workbench.cli.terminal import reporting
from workbench.errors import SyncError
from workbench.rendering import render_time

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.sets import Role

__all__ = [
    "compare_sets",
    "export_set",
    "import_set",
    "print_history",
    "print_reasons",
    "print_set",
    "print_sets",
    "restore_set",
    "sync_directory",
]


def print_sets(place: Place, *, as_json: bool = False) -> None:
    """Print all versions of all saved sets.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        _print_versions(bench.sets(), as_json=as_json)


def print_history(place: Place, name: str, *, as_json: bool = False) -> None:
    """Print the versions of a set.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    name : `str`
        Name of the set.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        bench.load(name)  # an unknown name is an error, not an empty table
        _print_versions(bench.history(name), as_json=as_json)


def _print_versions(versions: pa.Table, *, as_json: bool) -> None:
    """Print the table of versions, in which lists and mappings are JSON texts."""
    rows = to_rows(versions)
    for row in rows:
        for name in ("dimensions", "parents", "free_columns", "operations"):
            row[name] = json.loads(str(row[name])) if row[name] is not None else None
    shown = ["name", "version", "role", "dimensions", "n_rows", "author", "time", "reason", "key_digest"]
    print_objects(rows, shown, as_json=as_json, schema=versions.schema)


def print_set(place: Place, label: str, *, limit: int = 20, as_json: bool = False) -> None:
    """Print one version of a set with its rows.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@3".
    limit : `int`, optional
        At most so many aligned rows.
    as_json : `bool`, optional
        Print one object, with all rows.
    """
    with place.look() as bench:
        rows = bench.load(label)
    made = rows.provenance
    facts = {
        **set_facts(rows),
        "author": made.author,
        "time (TAI)": made.time if as_json else render_time(made.time),
        "source": made.source or None,
        "parents": ", ".join(made.parents) or None,
        "note": made.note or None,
    }
    if as_json:
        named = {name.partition(" (")[0].replace(" ", "_"): value for name, value in facts.items()}
        print_json({**named, "data_ids": to_rows(rows.table)})
        return
    print_facts(facts)
    print()
    print_table(rows.table, limit=limit)


def compare_sets(place: Place, before: str, after: str, *, as_json: bool = False) -> None:
    """Print what a later version of a set changed.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    before, after : `str`
        Labels of two sets of the same dimensions.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        print_table(bench.diff(before, after), as_json=as_json)


def restore_set(place: Place, version: str, *, reason: str, as_json: bool = False) -> None:
    """Save an earlier version of a set as its latest.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    version : `str`
        "name@1".
    reason : `str`
        Why.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        rows = bench.restore(version, reason=reason)
    _print_facts({**set_facts(rows), "parents": ", ".join(rows.provenance.parents)}, as_json=as_json)


def print_reasons(
    place: Place,
    label: str,
    *,
    rule: tuple[str, str] | None = None,
    by_row: bool = False,
    as_json: bool = False,
) -> None:
    """Print what the reasons of a set are about, or who gave each of them.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written if there is a rule.
    label : `str`
        "name", for the latest version, or "name@3".
    rule : `tuple` [ `str`, `str` ], optional
        Word and pattern to add first.
    by_row : `bool`, optional
        Print the reasons of every data ID, those that were left out included.
    as_json : `bool`, optional
        Print a list.
    """
    with place.work() if rule else place.look() as bench:
        rows = bench.load(label)
        if rule:
            bench.extend_reasons(*rule)
        table = bench.reasons(rows) if by_row else bench.count_reasons(rows)
        print_table(table, as_json=as_json)


def sync_directory(
    place: Place, directory: str, names: tuple[str, ...], *, dry_run: bool = False, as_json: bool = False
) -> None:
    """Keep a directory of set files in step with the saved sets.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    directory : `str`
        Where the files are.
    names : `tuple` [ `str`, ... ]
        Only these sets; all, if there are none.
    dry_run : `bool`, optional
        Write nothing.
    as_json : `bool`, optional
        Print a list.

    Raises
    ------
    workbench.errors.SyncError
        Raised after all others were brought in step, if sets are left that
        need a decision.
    """
    with place.look() if dry_run else place.work() as bench, reporting() as progress:
        outcomes = bench.sync_sets(directory, names, dry_run=dry_run, progress=progress)
    rows = [dataclasses.asdict(outcome) for outcome in outcomes]
    print_objects(rows, ["name", "action", "detail"], as_json=as_json)
    if left := [outcome.name for outcome in outcomes if not outcome.is_settled]:
        raise SyncError(f"{len(left)} of {len(outcomes)} sets need a decision of yours: {', '.join(left)}.")


def _print_facts(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json({name.replace(" ", "_"): value for name, value in facts.items()})
    else:
        print_facts(facts)


def import_set(
    place: Place,
    path: str,
    *,
    name: str,
    reason: str,
    role: Role = "include",
    instrument: str | None = None,
    drop_unknown: bool = False,
    free_columns: tuple[str, ...] = (),
    allow_empty: bool = False,
    as_json: bool = False,
) -> None:
    """Read a set from a file and save it.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    path : `str`
        ECSV, CSV, JSON or Parquet file.
    name : `str`
        Name to save under.
    reason : `str`
        Why it is saved.
    role : `str`, optional
        "include" or "exclude".
    instrument : `str`, optional
        Value of the instrument column, where the file has none.
    drop_unknown : `bool`, optional
        Leave out rows that the repository does not have.
    free_columns : `tuple` [ `str`, ... ], optional
        Columns to keep beside the keys.
    allow_empty : `bool`, optional
        Save also an empty set.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        rows = bench.read_set(
            path,
            instrument=instrument,
            role=role,
            unknown="drop" if drop_unknown else "error",
            free_columns=free_columns,
        )
        rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    _print_facts({**set_facts(rows), "note": rows.provenance.note or None}, as_json=as_json)


def export_set(place: Place, label: str, path: str, *, form: str = "data_id_table") -> None:
    """Write a saved set to a file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    label : `str`
        "name", for the latest version, or "name@3".
    path : `str`
        File to write.
    form : `str`, optional
        As `~workbench.bench.Bench.export_set` knows it.
    """
    with place.look() as bench:
        rows = bench.load(label)
        written = bench.export_set(rows, path, form=form)
    print_facts({"set": rows.label, "rows": len(rows), "file": str(written)})
