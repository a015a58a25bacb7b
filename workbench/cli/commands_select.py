"""Commands that choose data IDs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli import scripts_select
from workbench.cli.arguments import as_json, limit, repository, where, with_save
from workbench.cli.place import Place
from workbench.cli.shapes import Command

if TYPE_CHECKING:
    from workbench.sets import Role

__all__ = ["publish", "select"]


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
    place: Place,
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
    scripts_select.print_selection(
        place,
        dimensions,
        where=where,
        role=role,
        excluded=excluded,
        instrument=instrument,
        name=name,
        reason=reason,
        allow_empty=allow_empty,
        limit=limit,
        as_json=as_json,
    )


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
    place: Place,
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
    scripts_select.publish_set(
        place,
        set_label,
        tagged,
        chain=chain,
        reason=reason,
        dataset_type=dataset_type,
        source=source,
        allow_empty=allow_empty,
        as_json=as_json,
    )
