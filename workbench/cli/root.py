"""The group of all commands, and the edge at which errors become exit codes."""

from __future__ import annotations

import io
import sys

import click

from workbench.cli.browse import collections, columns, dataset_types, info
from workbench.cli.campaigns import campaign, commits, doctor
from workbench.cli.demo import demo
from workbench.cli.dimensions import dimensions
from workbench.cli.export import export
from workbench.cli.graph import graph
from workbench.cli.groups import groups
from workbench.cli.metrics import metrics
from workbench.cli.notes import annotate
from workbench.cli.query import query
from workbench.cli.runs import impact, ingest, run, status
from workbench.cli.select import publish, select
from workbench.cli.serve import serve
from workbench.cli.sets import sets
from workbench.cli.tables import tables
from workbench.cli.words.shapes import Group
from workbench.errors import OperationCancelledError
from workbench.faults import describe_error

__all__ = ["main"]

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended: 128 + SIGINT, as shells have it."""


class EdgeGroup(Group):
    """A group that turns errors into messages and exit codes.

    Those that are not ours are faults; their tracebacks, which a report needs,
    are saved to a file that the message names.
    """

    def invoke(self, ctx: click.Context) -> object:
        """Run a command.

        Parameters
        ----------
        ctx : `click.Context`
            Context of the command line.

        Returns
        -------
        result : `object`
            What the command returned.
        """
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a terminal that knows ASCII alone
        try:
            return super().invoke(ctx)
        except (OperationCancelledError, KeyboardInterrupt) as error:
            click.echo(f"Cancelled. {error}".rstrip(), err=True)
            ctx.exit(INTERRUPTED)
        except click.Abort:  # Ctrl-C at a question, or nobody there to answer it
            click.echo(
                "\nCancelled. Nothing was changed. A script answers by an option: see --help.", err=True
            )
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise  # click's own, and a reader such as 'head' that has seen enough
        except Exception as error:  # noqa: BLE001 - the edge: nothing but a sentence passes
            kind = getattr(error, "error_type", "system" if isinstance(error, OSError) else "fault")
            click.echo(f"Error ({kind}): {describe_error(error)}", err=True)
            ctx.exit(1)


MAIN_NOTES = """\b
The main job, in order:
  info, dimensions, collections    look around
  query, select, sets, publish     ask, choose visits, keep the choice, publish it
  groups                           relate them
  dimensions extend, revert        give groups a data ID key of their own
  campaign preview, commit         see the graph, then write it
  graph explain, diff, show        ask a graph why; compare two; look into a file
  run, status, ingest              execute it, watch it, bring back what ran
  impact, annotate, export         trace, remark, hand on
  metrics, tables                  bring measured values in, and tables of your own
"""


@click.group(
    cls=EdgeGroup,
    epilog=MAIN_NOTES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="campaign-workbench", message="workbench %(version)s")
def main() -> None:
    """Decide, explain and commit what data a processing campaign uses.

    REPO is always a Butler repository: a directory, a butler.yaml, a label or a URL.
    Looking writes nothing; a command that writes says so in its help.
    """


for command in (
    annotate,
    campaign,
    collections,
    columns,
    commits,
    dataset_types,
    demo,
    dimensions,
    doctor,
    export,
    graph,
    groups,
    impact,
    info,
    ingest,
    metrics,
    publish,
    query,
    run,
    status,
    select,
    serve,
    sets,
    tables,
):
    main.add_command(command)
