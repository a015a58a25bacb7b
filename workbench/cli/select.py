"""Commands that choose data IDs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.browse import split_names
from workbench.cli.output.printing import print_facts, print_json, print_rows, print_table, to_keys, to_rows
from workbench.cli.output.terminal import reporting
from workbench.cli.query import print_account
from workbench.cli.words.arguments import as_json, limit, repository, where, with_save
from workbench.cli.words.data_ids import is_set_name
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command
from workbench.errors import UnknownNameError
from workbench.names import quote

if TYPE_CHECKING:
    from workbench.bench import Bench
    from workbench.sets import DataIdSet, Role

__all__ = ["publish", "read_operand", "select", "set_facts"]


SELECT_NOTES = """\b
Example:
  workbench select demo-repo visit \\
    --where "instrument = 'HSC' AND band = 'i' AND metrics.psf_fwhm < 0.9" \\
    --exclude bad.ecsv --instrument HSC --save cosmos-i --reason "seeing cut"
"""


@click.command(cls=Command, epilog=SELECT_NOTES)
@repository
@click.argument("dimensions")
@where
@click.option(
    "--role",
    type=click.Choice(["include", "exclude"]),
    default="include",
    show_default=True,
    help="What the set is for.",
)
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    metavar="FILE_OR_SET",
    help="Subtract a file (ECSV, CSV, JSON, Parquet) or a saved set (name, name@3); may be repeated.",
)
@click.option("--instrument", metavar="NAME", help="Instrument of the rows of files without such a column.")
@click.option(
    "--save",
    "name",
    metavar="NAME",
    is_eager=True,
    help="Save the result as the next version of NAME, unless it is what the latest version is.",
)
@click.option("--reason", default="", callback=with_save, help="Why it is saved; needed with --save.")
@click.option("--allow-empty", is_flag=True, help="Save also an empty set.")
@limit(20)
@as_json
def select(
    repo: Repository,
    dimensions: str,
    where: str,
    role: Role,
    excluded: tuple[str, ...],
    instrument: str | None,
    name: str | None,
    reason: str,
    allow_empty: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Select data IDs, subtract others, save what is left.

    DIMENSIONS are separated by commas, such as visit,detector. Prints a waterfall (how many rows
    each part of the condition dropped, and how many had no value), the rows, and the set's
    digests. Writes to the workbench's tables with --save alone.
    """
    with repo.writing() if name else repo.reading() as bench:
        names = split_names(dimensions)
        found = bench.selection(names, where)
        rows = bench.sets.from_selection(found, role=role)
        steps: list[dict[str, str | int]] = []
        for one in excluded:
            before = len(rows)
            rows -= read_operand(bench, one, instrument, role="exclude")
            steps.append({"excluded": one, "rows_before": before, "rows_after": len(rows)})
        if name:
            rows = bench.save(rows, name, reason=reason, allow_empty=allow_empty)
    if as_json:
        print_json(
            {
                "waterfall": to_rows(found.waterfall),
                "notes": list(found.notes),
                "subtracted": steps,
                **to_keys(set_facts(rows)),
                "data_ids": to_rows(rows.table),
            }
        )
        return
    print_account(found)
    if steps:
        print_rows(list(steps[0]), [list(step.values()) for step in steps])
        print()
    print_table(rows.table, limit=limit)
    print()
    print_facts(set_facts(rows))


PUBLISH_NOTES = """\b
Example:
  workbench publish demo-repo cosmos-i@1 HSC/raw/DM-1234 --chain HSC/raw --reason "DM-1234"
"""


@click.command(cls=Command, epilog=PUBLISH_NOTES)
@repository
@click.argument("set_label", metavar="SET")
@click.argument("tagged")
@click.option(
    "--chain", required=True, metavar="NAME", help="CHAINED collection to point at TAGGED, such as HSC/raw."
)
@click.option("--reason", required=True, help="Why; goes into the collection's documentation.")
@click.option("--dataset-type", default="raw", show_default=True, help="What to tag.")
@click.option(
    "--source",
    multiple=True,
    metavar="COLLECTION",
    help="Search here, in this order; may be repeated. By default every RUN that has the type.",
)
@click.option("--allow-empty", is_flag=True, help="Publish also an empty set, which hides every one.")
@as_json
def publish(
    repo: Repository,
    set_label: str,
    tagged: str,
    chain: str,
    reason: str,
    dataset_type: str,
    source: tuple[str, ...],
    allow_empty: bool,
    as_json: bool,
) -> None:
    """Publish a saved SET as a TAGGED collection behind a chain.

    Writes to the Butler, all or nothing. TAGGED is a new collection: an existing one is refused; what the
    chain pointed at before stays. Where the Butler cannot be written from here, the path of
    a script to be reviewed and run is printed instead.
    """
    with repo.writing() as bench, reporting() as progress:
        rows = bench.load(set_label)
        done = bench.publish(
            rows,
            tagged,
            chain=chain,
            reason=reason,
            dataset_type=dataset_type,
            source=source or None,
            allow_empty=allow_empty,
            progress=progress,
        )
    facts: dict[str, object] = {
        "set": rows.label,
        "tagged": done.tagged,
        "chain": done.chain,
        "datasets": done.n_published,
        "commit": done.commit_id,
        "script": None if done.script_path is None else str(done.script_path),
    }
    print_facts(facts, as_json=as_json)


def set_facts(rows: DataIdSet) -> dict[str, object]:
    """Say what a set is in one line a fact.

    Parameters
    ----------
    rows : `~workbench.sets.DataIdSet`
        Any set.

    Returns
    -------
    facts : `dict`
        Name and version, role, dimensions, number of rows, digests, rule.
    """
    return {
        "set": rows.label,
        "role": rows.role,
        "dimensions": ", ".join(rows.key_names),
        "rows": len(rows),
        "key digest": rows.key_digest,
        "record digest": rows.record_digest,
        "rule": rows.provenance.rule or None,
    }


def read_operand(bench: Bench, text: str, instrument: str | None, *, role: Role | None = None) -> DataIdSet:
    """Read a saved set if the text can be the name of one, and otherwise a file.

    Parameters
    ----------
    bench : `~workbench.bench.Bench`
        The repository.
    text : `str`
        Label, or path.
    instrument : `str` or `None`
        Value of the instrument column of files that have none.
    role : `str`, optional
        What the rows of a file are for; by default what the file says.

    Returns
    -------
    rows : `~workbench.sets.DataIdSet`
        The set.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised if there is no such file, and sets have no such names.
    """
    if is_set_name(text) and not Path(text).exists():
        return bench.load(text)
    if not Path(text).is_file():
        raise UnknownNameError(f"There is no file {quote(text)}, and sets have no such names.")
    return bench.read_set(text, instrument=instrument, role=role)
