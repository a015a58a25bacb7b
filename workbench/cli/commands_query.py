"""The command that asks what there is, and why."""

from __future__ import annotations

import click

from workbench.cli import scripts_query
from workbench.cli.arguments import as_json, limit, repository, where
from workbench.cli.place import Place
from workbench.cli.shapes import Command

__all__ = ["query"]

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
    place: Place,
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
        scripts_query.print_reason(place, dimensions, where=where, words=why, as_json=as_json)
    elif explain:
        scripts_query.print_waterfall(place, dimensions, where=where, as_json=as_json)
    elif count:
        scripts_query.print_count(place, dimensions, where=where, as_json=as_json)
    else:
        scripts_query.print_answer(
            place, dimensions, where=where, columns=columns, sort=sort, limit=limit, as_json=as_json
        )
