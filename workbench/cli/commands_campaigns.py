"""Commands on campaigns and their commits."""

from __future__ import annotations

import click

from workbench.cli import scripts_campaigns, scripts_doctor
from workbench.cli.arguments import as_json, repository
from workbench.cli.commands_graph import preview
from workbench.cli.place import Place
from workbench.cli.shapes import Command, Group

__all__ = ["campaign", "commits", "doctor"]


CAMPAIGN_NOTES = """\b
A campaign file is YAML:
  campaign: u/ana/DM-1234                # output collection
  pipeline: resource://workbench/demo/demo.yaml
  inputs: [HSC/defaults]
  partial: complete                      # or drop, allow
  constraints:
    - {tasks: coadd, include: cosmos-i@1}
    - {tasks: [warp, sharpCoadd], where: "band = 'i'"}
    - {exclude: bad@1}                   # no tasks: the whole graph
Also known: output_run, growth_limit; in a constraint dataset_type, allow_empty.
\b
Tasks that work group by group:
  groups:
    - {by: halves@1, tasks: coaddHalf, way: extend}   # by a dynamic dimension
    - {by: couples@1, tasks: comparePair, way: group} # by 'group' and a data ID table
    - {by: seeing@1, tasks: coadd, way: suffix}       # a clone of the tasks a group
    - {by: years@1, way: run}                         # a graph and a RUN a group
\b
How the graph is built, with the names of the stock builder:
  options:
    mode: per-task                       # or all-dimensions, as the stock builder
    skip_existing_in: [u/ana/DM-1234/r1]
    clobber: false
    retained_dataset_types: [warp_stats]
    prune_unanchored_quanta: [warp, coadd]
    datastore_records: true
    dataset_query_constraint: [raw]
"""


@click.group(cls=Group, epilog=CAMPAIGN_NOTES)
def campaign() -> None:
    """Preview and commit the quantum graph of a campaign file."""


campaign.add_command(preview)


@campaign.command()
@repository
@click.argument("campaign_file", metavar="CAMPAIGN.YAML")
@as_json
def commit(place: Place, campaign_file: str, as_json: bool) -> None:
    """Write the graph file, the output RUN and the record, or nothing.

    Prints the preview, then the commit and the path of the graph file, which
    'pipetask run-qbb' executes. Writes to the Butler and to the workbench's tables. Where
    the Butler cannot be written from here, the path of a script is printed.
    """
    scripts_campaigns.commit_campaign(place, campaign_file, as_json=as_json)


@campaign.command()
@repository
@click.argument("commit_name", metavar="COMMIT")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the commit.")
@as_json
def withdraw(place: Place, commit_name: str, reason: str, as_json: bool) -> None:
    """Withdraw a commit whose script nobody has executed yet.

    COMMIT is its identifier or its RUN. Its names are free again, its record stays, and its script refuses
    from now on. Writes to the workbench's tables. What was executed is removed where it is.
    """
    scripts_campaigns.withdraw_commit(place, commit_name, reason=reason, as_json=as_json)


@click.command(cls=Command)
@repository
@click.option("--pending", is_flag=True, help="Show also commits that are under way or were interrupted.")
@as_json
def commits(place: Place, pending: bool, as_json: bool) -> None:
    """List the commits, oldest first.

    Writes nothing.
    """
    scripts_campaigns.print_commits(place, pending=pending, as_json=as_json)


@click.command(cls=Command)
@repository
@click.option(
    "--force",
    is_flag=True,
    help="Settle also commits of processes on other machines; only if you know that they have ended.",
)
@click.option(
    "--acknowledge",
    metavar="NAME",
    multiple=True,
    help="A RUN, another collection or a commit of which something was removed on purpose: it counts no "
    "more.",
)
@click.option(
    "--reason", default="on purpose", show_default=True, metavar="TEXT", help="Why; kept with --acknowledge."
)
@click.option("--recreate", is_flag=True, help="Make tables of the workbench that are gone again, empty.")
@as_json
def doctor(
    place: Place, force: bool, acknowledge: tuple[str, ...], reason: str, recreate: bool, as_json: bool
) -> None:
    """Settle interrupted commits; check all that was committed.

    A commit that a dead process left is completed if it had reached the Butler, and removed
    without a trace otherwise. Files that killed writers left are swept. Says which of the workbench's
    tables are gone, and what of commits was removed or changed: graph files, collections, their
    datasets, chains that were pointed elsewhere. Exit code 1 if there is such a thing that nobody
    acknowledged.
    """
    scripts_doctor.examine(
        place,
        force=force,
        recreate=recreate,
        acknowledge=acknowledge,
        reason=reason,
        as_json=as_json,
    )
