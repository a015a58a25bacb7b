"""Ask which data IDs there are, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.cli.data_ids import parse_data_ids
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.scripts_browse import split_names
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.query import Selection

__all__ = ["print_account", "print_answer", "print_count", "print_notes", "print_reason", "print_waterfall"]


def print_answer(
    place: Place,
    dimensions: str,
    *,
    where: str = "",
    columns: tuple[str, ...] = (),
    sort: str | None = None,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Print data IDs with columns beside them.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    dimensions : `str`
        What to select, separated by commas.
    where : `str`, optional
        Condition.
    columns : `tuple` [ `str`, ... ], optional
        What to show beside the data IDs.
    sort : `str`, optional
        Column to sort by; after "-" the largest come first.
    limit : `int`, optional
        Print at most so many rows.
    as_json : `bool`, optional
        Print a list, all rows of it.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no column to sort by.
    """
    with place.look() as bench:
        found = bench.query(split_names(dimensions), where, columns)
    print_notes(json.loads((found.schema.metadata or {}).get(b"notes", b"[]")))
    if sort is not None:
        name = sort.removeprefix("-")
        if name not in found.column_names:
            raise UnknownNameError(
                f"There is no column {name!r} to sort by; there are {', '.join(found.column_names)}. "
                "Ask for others with --column."
            )
        found = found.sort_by([(name, "descending" if sort.startswith("-") else "ascending")])
    print_table(found, as_json=as_json, limit=limit)


def print_count(place: Place, dimensions: str, *, where: str = "", as_json: bool = False) -> None:
    """Print how many data IDs there are.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    dimensions : `str`
        What to select, separated by commas.
    where : `str`, optional
        Condition.
    as_json : `bool`, optional
        Print an object.
    """
    with place.look() as bench:
        found = bench.selection(split_names(dimensions), where)
    print_notes(found.notes)
    n_rows = len(found)
    if as_json:
        print_json({"n_rows": n_rows})
    else:
        print(n_rows)


def print_waterfall(place: Place, dimensions: str, *, where: str = "", as_json: bool = False) -> None:
    """Print what each part of a condition dropped.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    dimensions : `str`
        What to select, separated by commas.
    where : `str`, optional
        Condition.
    as_json : `bool`, optional
        Print an object.
    """
    with place.look() as bench:
        found = bench.selection(split_names(dimensions), where)
    if as_json:
        print_json({"waterfall": to_rows(found.waterfall), "notes": list(found.notes), "n_rows": len(found)})
        return
    print_account(found)
    print_facts({"rows": len(found)})


def print_account(found: Selection) -> None:
    """Print waterfall and notes of a selection.

    Parameters
    ----------
    found : `~workbench.query.Selection`
        The selection.
    """
    if found.waterfall.num_rows:
        print_table(found.waterfall)
        print()
    for note in found.notes:
        print(f"note: {note}")


def print_notes(notes: Iterable[str]) -> None:
    """Print the notes of a selection where they are not in the way of its rows: on standard error.

    Parameters
    ----------
    notes : `~collections.abc.Iterable` [ `str` ]
        A sentence each.
    """
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def print_reason(
    place: Place, dimensions: str, *, where: str = "", words: tuple[str, ...], as_json: bool = False
) -> None:
    """Print why a data ID is selected or not.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    dimensions : `str`
        What is selected, separated by commas.
    where : `str`, optional
        Condition.
    words : `tuple` [ `str`, ... ]
        As `~workbench.cli.data_ids.parse_data_ids` reads them.
    as_json : `bool`, optional
        Print an object.
    """
    with place.look() as bench:
        reason = bench.why_not(split_names(dimensions), where, parse_data_ids(bench, words))
    if as_json:
        print_json({"reason": reason})
    else:
        print(reason)
