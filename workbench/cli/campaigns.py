"""Commands on campaigns and their commits."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from workbench.cli.graph import preview
from workbench.cli.output.previews import print_preview, to_object
from workbench.cli.output.printing import print_facts, print_json, print_table, to_keys
from workbench.cli.output.terminal import reporting
from workbench.cli.words.arguments import as_json, repository
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command, Group
from workbench.errors import CommitError, MissingTableError

if TYPE_CHECKING:
    from workbench.bench import Examination
    from workbench.campaigns import Commit

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
def commit(repo: Repository, campaign_file: str, as_json: bool) -> None:
    """Write the graph file, the output RUN and the record, or nothing.

    Prints the preview, then the commit and the path of the graph file, which
    'pipetask run-qbb' executes. Writes to the Butler and to the workbench's tables. Where
    the Butler cannot be written from here, the path of a script is printed.
    """
    with repo.writing() as bench, reporting() as progress:
        shown = []
        for number, campaign in enumerate(bench.campaigns.read(campaign_file).parts()):
            preview = campaign.preview(progress=progress)
            done = campaign.commit(preview, progress=progress)
            facts = _commit_facts(done)
            if as_json:
                shown.append({**to_object(campaign, preview), **to_keys(facts)})
                continue
            if number:
                print()
            print_preview(campaign, preview)
            print()
            print_facts(facts)
    if as_json:
        print_json(shown[0] if len(shown) == 1 else shown)


@campaign.command()
@repository
@click.argument("commit_name", metavar="COMMIT")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the commit.")
@as_json
def withdraw(repo: Repository, commit_name: str, reason: str, as_json: bool) -> None:
    """Withdraw a commit whose script nobody has executed yet.

    COMMIT is its identifier or its RUN. Its names are free again, its record stays, and its script refuses
    from now on. Writes to the workbench's tables. What was executed is removed where it is.
    """
    with repo.writing() as bench:
        facts = _commit_facts(bench.campaigns.withdraw(commit_name, reason=reason))
    print_facts(to_keys(facts) if as_json else facts, as_json=as_json)


@click.command(cls=Command)
@repository
@click.option("--pending", is_flag=True, help="Show also commits that are under way or were interrupted.")
@as_json
def commits(repo: Repository, pending: bool, as_json: bool) -> None:
    """List the commits, oldest first.

    Writes nothing.
    """
    with repo.reading() as bench:
        commits = bench.campaigns.list(pending=pending)
    without = ["intent", "fence", "graph_digest", "graph_path"]
    print_table(commits.drop_columns(["intent"]) if as_json else commits, as_json=as_json, without=without)


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
    repo: Repository, force: bool, acknowledge: tuple[str, ...], reason: str, recreate: bool, as_json: bool
) -> None:
    """Settle interrupted commits; check all that was committed.

    A commit that a dead process left is completed if it had reached the Butler, and removed
    without a trace otherwise. Files that killed writers left are swept. Says which of the workbench's
    tables are gone, and what of commits was removed or changed: graph files, collections, their
    datasets, chains that were pointed elsewhere. Exit code 1 if there is such a thing that nobody
    acknowledged.
    """
    from workbench.bench import Bench
    from workbench.registry import open_registry
    from workbench.registry.tables.wholeness import advise_missing

    # Not through open_bench, which settles what it may in silence.
    with Bench(open_registry(repo.uri, sidecar=repo.sidecar)) as bench:
        made = bench.registry.wholeness.recreate() if recreate else []
        found = bench.campaigns.examine(force=force)
        if acknowledge:
            bench.campaigns.acknowledge(*acknowledge, reason=reason, found=found)
            # What was settled and swept is told of the first look.
            again = bench.campaigns.examine(force=force)
            found = dataclasses.replace(again, settled=found.settled, leftovers=found.leftovers)
    for one in made:
        if not as_json:
            print(f"{one.table} was made again, empty")
    if as_json:
        print_json(_to_object(found))
    else:
        _print(found)
    if found.missing_tables:
        raise MissingTableError(
            f"{len(found.missing_tables)} table(s) of the workbench are gone. "
            f"{advise_missing(found.missing_tables)}"
        )
    if found.damages:
        raise CommitError(
            f"{len(found.damages)} part(s) of what was committed are missing or changed. Restore them from a "
            "backup, or commit the campaigns again; what was removed on purpose is acknowledged by "
            "'workbench doctor --acknowledge COLLECTION --reason TEXT'."
        )


def _commit_facts(commit: Commit) -> dict[str, object]:
    """Say what was committed in one line a fact."""
    return {
        "commit": commit.commit_id,
        "state": commit.state,
        "run": commit.run,
        "graph": None if commit.graph_path is None else str(commit.graph_path),
        "graph digest": commit.graph_digest,
        "logical digest": commit.record.get("logical_digest"),
        "script": None if commit.script_path is None else str(commit.script_path),
    }


def _to_object(found: Examination) -> dict[str, object]:
    return {
        "settled": [{"commit": name, "action": action} for name, action in found.settled],
        "commits": found.n_commits,
        "missing_tables": [str(one) for one in found.missing_tables],
        "damages": [str(one) for one in found.damages],
        "acknowledged": [{"damage": str(one), "reason": reason} for one, reason in found.acknowledged],
        "swept": [str(one.path) for one in found.leftovers if not one.reason],
        "left": [{"file": str(one.path), "reason": one.reason} for one in found.leftovers if one.reason],
    }


def _print(found: Examination) -> None:
    for name, action in found.settled:
        print(f"commit {name}: {action}")
    for one in found.leftovers:
        print(f"{one.path}: {'left, ' + one.reason if one.reason else 'swept'}")
    for table in found.missing_tables:
        print(table)
    for damage in found.damages:
        print(damage)
    for damage, reason in found.acknowledged:
        print(f"{damage} (acknowledged: {reason})")
    print_facts(
        {
            "interrupted commits": len(found.settled),
            "commits": found.n_commits,
            "files swept": sum(not one.reason for one in found.leftovers),
            "acknowledged": len(found.acknowledged),
            "damages": found.n_damages,
        }
    )
