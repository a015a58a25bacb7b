"""Commands on quantum graphs: of campaign files, and of graph files."""

from __future__ import annotations

import click

from workbench.cli import scripts_graph
from workbench.cli.arguments import as_json, data_ids, limit, repository
from workbench.cli.place import Place
from workbench.cli.shapes import Group

__all__ = ["graph", "preview"]


GRAPH_NOTES = """\b
Examples:
  workbench graph preview demo-repo campaign.yaml --cost warp=40 --cost coadd=600
  workbench graph explain demo-repo campaign.yaml visit=96954
  workbench graph build demo-repo campaign.yaml campaign.qg
  workbench graph show campaign.qg --task coadd
  workbench graph diff before.qg campaign.yaml --repo demo-repo --below 5
Campaign files are described by 'workbench campaign --help'.
"""

_CAMPAIGN = click.argument("campaign_file", metavar="CAMPAIGN.YAML")
_OFFSET = click.option(
    "--offset", type=click.IntRange(min=0), default=0, show_default=True, help="Leave out so many rows first."
)


@click.group(cls=Group, epilog=GRAPH_NOTES)
def graph() -> None:
    """Preview, build, explain, compare and show quantum graphs."""


@graph.command()
@repository
@_CAMPAIGN
@click.option(
    "--explain",
    multiple=True,
    metavar="DATA_ID",
    help="Say why a data ID such as visit=96954 is in or out, and what it feeds; may be repeated.",
)
@click.option(
    "--cost",
    "costs",
    multiple=True,
    metavar="TASK=SECONDS",
    help="CPU seconds of one quantum of a task, to estimate the cost of all; may be repeated.",
)
@as_json
def preview(
    place: Place, campaign_file: str, explain: tuple[str, ...], costs: tuple[str, ...], as_json: bool
) -> None:
    """Count quanta and datasets, and what was excluded and why.

    Builds the graph that 'campaign commit' would write, in memory. Writes nothing.
    Ctrl-C cancels.
    """
    scripts_graph.preview_campaign(place, campaign_file, explain=explain, costs=costs, as_json=as_json)


@graph.command()
@repository
@_CAMPAIGN
@click.argument("path", metavar="FILE.qg")
@click.option("--replace", is_flag=True, help="Write over a file that exists.")
@as_json
def build(place: Place, campaign_file: str, path: str, replace: bool, as_json: bool) -> None:
    """Write the graph file of a campaign file, and nothing else.

    'pipetask run-qbb' executes the file. No collection and no record is made: that is what
    'campaign commit' does. The file appears whole or not at all.
    """
    scripts_graph.build_graph_file(place, campaign_file, path, replace=replace, as_json=as_json)


@graph.command()
@repository
@_CAMPAIGN
@data_ids
@as_json
def explain(place: Place, campaign_file: str, data_ids: tuple[str, ...], as_json: bool) -> None:
    """Say why data IDs are in or out, and what restores them.

    DATA_ID is one or more of dimension=value, or a saved set: tract=9813 patch=40 band=i, visit=1,2,
    late@1. Those of the same dimensions are alternatives, others are joined. Up to twenty are
    explained one by one, more of them together. Writes nothing.
    """
    scripts_graph.explain_data_ids(place, campaign_file, data_ids, as_json=as_json)


@graph.command()
@click.argument("before")
@click.argument("after")
@click.option("--repo", metavar="REPO", help="Butler repository; needed for campaign files.")
@click.option("--sidecar", metavar="DATABASE", envvar="WORKBENCH_SIDECAR", help="As for the other commands.")
@click.option(
    "--below", type=click.IntRange(min=1), metavar="N", help="List patches that fall below N visits."
)
@click.option("--task", metavar="TASK", help="List the quanta of this task that changed.")
@limit(50)
@_OFFSET
@click.option("--exit-code", is_flag=True, help="Exit with 1 if the graphs differ.")
@as_json
def diff(
    before: str,
    after: str,
    repo: str | None,
    sidecar: str | None,
    below: int | None,
    task: str | None,
    limit: int,
    offset: int,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Compare two graphs: quanta, inputs and visits per patch.

    Each of BEFORE and AFTER is a graph file or a campaign file. Writes nothing.
    """
    differ = scripts_graph.compare(
        None if repo is None else Place(repo, sidecar),
        before,
        after,
        below=below,
        task=task,
        page=(offset, limit),
        as_json=as_json,
    )
    if differ and exit_code:
        click.get_current_context().exit(1)


@graph.command()
@click.argument("path", metavar="FILE.qg")
@click.option("--task", metavar="TASK", help="List the quanta of this task.")
@limit(50)
@_OFFSET
@as_json
def show(path: str, task: str | None, limit: int, offset: int, as_json: bool) -> None:
    """Show what a graph file holds, whoever wrote it.

    Writes nothing.
    """
    scripts_graph.show(path, task=task, page=(offset, limit), as_json=as_json)
