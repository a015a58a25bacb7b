"""Commands that execute, bring back and trace."""

from __future__ import annotations

import click

from workbench.cli import scripts_runs
from workbench.cli.arguments import as_json, data_ids, repository
from workbench.cli.place import Place
from workbench.cli.shapes import Command

__all__ = ["impact", "ingest", "run", "status"]


@click.command(cls=Command)
@repository
@click.argument("commit")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of processes; more than one starts a process a quantum, which pays for long quanta.",
)
@as_json
def run(place: Place, commit: str, jobs: int, as_json: bool) -> None:
    """Execute a committed graph with the stock pipetask.

    COMMIT is the identifier of a commit, or its RUN. Quanta that are done are skipped, so
    the same command resumes. Ctrl-C ends all processes. Writes to the datastore; the
    Butler's database learns of the outputs by 'workbench ingest'.
    """
    scripts_runs.run_commit(place, commit, jobs=jobs, as_json=as_json)


@click.command(cls=Command)
@repository
@click.argument("commit")
@click.option("--logs", is_flag=True, help="Print also the ends of the logs of failed quanta.")
@as_json
def status(place: Place, commit: str, logs: bool, as_json: bool) -> None:
    """Show how far the execution of a committed graph is, by task.

    COMMIT is the identifier of a commit, or its RUN. It does not matter who executes the
    graph: quanta are counted by what they have left in the datastore, and those of an
    ingested run by their provenance. Writes nothing.
    """
    scripts_runs.print_status(place, commit, logs=logs, as_json=as_json)


@click.command(cls=Command)
@repository
@click.argument("commit")
@as_json
def ingest(place: Place, commit: str, as_json: bool) -> None:
    """Bring back what ran: its outputs and its provenance.

    COMMIT is the identifier of a commit, or its RUN. Prints the quanta of each task by
    status. Uses the stock 'butler aggregate-graph' and 'ingest-graph'. Writes outputs to the Butler and
    provenance to the workbench's tables; done again, it adds nothing.
    """
    scripts_runs.ingest_commit(place, commit, as_json=as_json)


IMPACT_NOTES = """\b
Example:
  workbench impact demo-repo visit=96954 --dataset-type deep_coadd
  workbench impact demo-repo instrument=HSC visit=96954,58260
"""


@click.command(cls=Command, epilog=IMPACT_NOTES)
@repository
@data_ids
@click.option("--dataset-type", metavar="NAME", help="Only outputs of this type, such as deep_coadd.")
@as_json
def impact(place: Place, data_ids: tuple[str, ...], dataset_type: str | None, as_json: bool) -> None:
    """Find the outputs that contain DATA_ID, in all ingested runs.

    DATA_ID is one or more of dimension=value, or a saved set: instrument=HSC visit=96954, visit=1,2,
    late@1. Those of the same dimensions are alternatives, others are joined. 'produced' says whether
    the run made an output, 'exists' what the Butler has of it now: stored, registered (without its
    file) or gone. Writes nothing.
    """
    scripts_runs.print_impact(place, data_ids, dataset_type=dataset_type, as_json=as_json)
