"""The command that asks what there is, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from workbench.cli.browse import split_names
from workbench.cli.output.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.words.arguments import as_json, limit, repository, where
from workbench.cli.words.data_ids import parse_data_ids
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from workbench.query import Selection

__all__ = ["print_account", "query"]


QUERY_NOTES = """\b
Examples:
  workbench query demo-repo visit --where "instrument = 'HSC' AND metrics.psf_fwhm < 0.9" \\
    --column metrics.psf_fwhm --column visit.exposure_time --sort metrics.psf_fwhm
  workbench query demo-repo visit --where "band = 'i' AND NOT annotations.flag = 'bad'" --explain
  workbench query demo-repo visit --where "metrics.psf_fwhm < 0.9" --why instrument=HSC,visit=18202
"""


@click.command(cls=Command, epilog=QUERY_NOTES)
@repository
@click.argument("dimensions")
@where
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME",
    help="Show this beside the data IDs: metadata, a column of an extension table, or an aggregate such as "
    "'mean(chips.bias)'; may be repeated.",
)
@click.option("--sort", metavar="NAME", help="Sort by this column, -NAME for the largest first.")
@click.option("--explain", is_flag=True, help="Print the waterfall, what each part dropped, and no rows.")
@click.option(
    "--why",
    multiple=True,
    metavar="DIMENSION=VALUE",
    help="Say why this data ID is selected or not, and print no rows; may be repeated.",
)
@click.option("--count", is_flag=True, help="Print the number of rows alone.")
@limit(20)
@as_json
def query(
    repo: Repository,
    dimensions: str,
    where: str,
    columns: tuple[str, ...],
    sort: str | None,
    explain: bool,
    why: tuple[str, ...],
    count: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Ask which data IDs there are, and why.

    Shows what is known of them beside, or why one is left out. DIMENSIONS are separated by commas,
    such as visit,detector. Writes nothing; 'select' keeps what it finds.
    """
    if why:
        _print_reason(repo, dimensions, where=where, words=why, as_json=as_json)
    elif explain:
        _print_waterfall(repo, dimensions, where=where, as_json=as_json)
    elif count:
        _print_count(repo, dimensions, where=where, as_json=as_json)
    else:
        _print_answer(repo, dimensions, where=where, columns=columns, sort=sort, limit=limit, as_json=as_json)


def _print_answer(
    repo: Repository,
    dimensions: str,
    *,
    where: str = "",
    columns: tuple[str, ...] = (),
    sort: str | None = None,
    limit: int = 20,
    as_json: bool = False,
) -> None:
    """Print data IDs with columns beside them."""
    with repo.reading() as bench:
        found = bench.query(split_names(dimensions), where, columns)
    _print_notes(json.loads((found.schema.metadata or {}).get(b"notes", b"[]")))
    if sort is not None:
        name = sort.removeprefix("-")
        if name not in found.column_names:
            raise UnknownNameError(
                f"There is no column {name!r} to sort by; there are {', '.join(found.column_names)}. "
                "Ask for others with --column."
            )
        found = found.sort_by([(name, "descending" if sort.startswith("-") else "ascending")])
    print_table(found, as_json=as_json, limit=limit)


def _print_count(repo: Repository, dimensions: str, *, where: str = "", as_json: bool = False) -> None:
    """Print how many data IDs there are."""
    with repo.reading() as bench:
        found = bench.selection(split_names(dimensions), where)
    _print_notes(found.notes)
    n_rows = len(found)
    if as_json:
        print_json({"n_rows": n_rows})
    else:
        print(n_rows)


def _print_waterfall(repo: Repository, dimensions: str, *, where: str = "", as_json: bool = False) -> None:
    """Print what each part of a condition dropped."""
    with repo.reading() as bench:
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


def _print_notes(notes: Iterable[str]) -> None:
    """Print the notes of a selection where they are not in the way of its rows: on standard error."""
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def _print_reason(
    repo: Repository, dimensions: str, *, where: str = "", words: tuple[str, ...], as_json: bool = False
) -> None:
    """Print why a data ID is selected or not."""
    with repo.reading() as bench:
        reason = bench.why_not(split_names(dimensions), where, parse_data_ids(bench, words))
    if as_json:
        print_json({"reason": reason})
    else:
        print(reason)
