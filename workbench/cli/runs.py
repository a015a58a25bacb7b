"""Commands that execute, bring back and trace."""

from __future__ import annotations

from collections import Counter

import click

from workbench.cli.output.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.output.terminal import reporting
from workbench.cli.words.arguments import as_json, data_ids, repository
from workbench.cli.words.data_ids import parse_data_ids
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Command

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
def run(repo: Repository, commit: str, jobs: int, as_json: bool) -> None:
    """Execute a committed graph with the stock pipetask.

    COMMIT is the identifier of a commit, or its RUN. Quanta that are done are skipped, so
    the same command resumes. Ctrl-C ends all processes. Writes to the datastore; the
    Butler's database learns of the outputs by 'workbench ingest'.
    """
    with repo.writing() as bench, reporting() as progress:
        result = bench.run(commit, jobs=jobs, progress=progress)
    if as_json:
        print_json(
            {
                "quanta": result.n_quanta,
                "counts": dict(result.counts),
                "wall_time": result.wall_time,
                "log": str(result.log_path),
            }
        )
        return
    print_facts(
        {
            "quanta": result.n_quanta,
            **result.counts,
            "wall time (s)": round(result.wall_time, 1),
            "log": str(result.log_path),
        }
    )


@click.command(cls=Command)
@repository
@click.argument("commit")
@click.option("--logs", is_flag=True, help="Print also the ends of the logs of failed quanta.")
@as_json
def status(repo: Repository, commit: str, logs: bool, as_json: bool) -> None:
    """Show how far the execution of a committed graph is, by task.

    COMMIT is the identifier of a commit, or its RUN. It does not matter who executes the
    graph: quanta are counted by what they have left in the datastore, and those of an
    ingested run by their provenance. Writes nothing.
    """
    with repo.reading() as bench:
        found = bench.campaigns.find(commit)
        status = bench.runs.read_status(found)
        failures = None
        # What was ingested took its single logs away.
        if logs and not status.ingested:
            watch = bench.runs.watch(found)
            watch.read()
            failures = watch.read_failures()
    log = None if status.note is None else str(status.note.log_path)
    rows = [] if failures is None else to_rows(failures)
    if as_json:
        facts = {
            "run": found.run,
            "collection": str(status.presence),
            "running": status.running,
            "ingested": status.ingested,
            "log": log,
        }
        print_json({**facts, "tasks": to_rows(status.table), **({"failures": rows} if logs else {})})
        return
    print_table(status.table)
    print()
    print_facts(
        {
            "run": found.run or "",
            "collection": str(status.presence),
            "running": "yes" if status.running else "no",
            "ingested": "yes" if status.ingested else "no",
            "quanta": status.n_quanta,
            **{state: n for state, n in status.counts.items() if n},
            **({} if log is None else {"log": log}),
        }
    )
    for row in rows:
        print(f"\n{row['task']} {row['data_id']}\n{row['log']}")


@click.command(cls=Command)
@repository
@click.argument("commit")
@as_json
def ingest(repo: Repository, commit: str, as_json: bool) -> None:
    """Bring back what ran: its outputs and its provenance.

    COMMIT is the identifier of a commit, or its RUN. Prints the quanta of each task by
    status. Uses the stock 'butler aggregate-graph' and 'ingest-graph'. Writes outputs to the Butler and
    provenance to the workbench's tables; done again, it adds nothing.
    """
    with repo.writing() as bench:
        with reporting() as progress:
            done = bench.ingest(commit, progress=progress)
        counts = bench.provenance.status_counts(bench.campaigns.find(commit).commit_id)
    if as_json:
        print_json({"run": done.run, "datasets": done.n_datasets, "quanta": to_rows(counts)})
        return
    print_table(counts, without=["commit_id"])
    print()
    print_facts(
        {"run": done.run, "quanta": sum(done.counts.values()), **done.counts, "datasets": done.n_datasets}
    )


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
def impact(repo: Repository, data_ids: tuple[str, ...], dataset_type: str | None, as_json: bool) -> None:
    """Find the outputs that contain DATA_ID, in all ingested runs.

    DATA_ID is one or more of dimension=value, or a saved set: instrument=HSC visit=96954, visit=1,2,
    late@1. Those of the same dimensions are alternatives, others are joined. 'produced' says whether
    the run made an output, 'exists' what the Butler has of it now: stored, registered (without its
    file) or gone. Writes nothing.
    """
    with repo.reading() as bench:
        asked = parse_data_ids(bench, data_ids, allow_empty=True)
        found = bench.impact(asked, dataset_type=dataset_type)
    print_table(found, as_json=as_json, without=["data_id", "commit"])
    if not as_json:
        counts = Counter(map(str, found["exists"].to_pylist()))
        print(f"\n{found.num_rows} outputs of {len(asked)} data ID(s)")
        for state in ("stored", "registered", "gone"):
            if counts[state]:
                print(f"{state}: {counts[state]}")
