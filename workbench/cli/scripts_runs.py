"""Execute, bring back, and trace."""

from __future__ import annotations

from workbench.cli.data_ids import parse_data_id
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.terminal import reporting

__all__ = ["ingest_commit", "print_impact", "print_status", "run_commit"]


def run_commit(place: Place, commit: str, *, jobs: int = 1, as_json: bool = False) -> None:
    """Execute a committed graph.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; its datastore is written.
    commit : `str`
        Identifier of the commit, or its RUN.
    jobs : `int`, optional
        Number of processes.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
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


def print_status(place: Place, commit: str, *, logs: bool = False, as_json: bool = False) -> None:
    """Print how far the execution of a commit is.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    commit : `str`
        Identifier of the commit, or its RUN.
    logs : `bool`, optional
        Print the ends of the logs of failed quanta.
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() as bench:
        found = bench.find_commit(commit)
        ingested = bench.ingested_status(found)
        watch = bench.watch_run(found)
        status = watch.read() if ingested is None else ingested
        # What was ingested took its single logs away.
        failures = watch.read_failures() if logs and ingested is None else None
    log = None if status.note is None else str(status.note.log_path)
    rows = [] if failures is None else to_rows(failures)
    if as_json:
        facts = {"run": found.run, "running": status.running, "ingested": status.ingested, "log": log}
        print_json({**facts, "tasks": to_rows(status.table), **({"failures": rows} if logs else {})})
        return
    print_table(status.table)
    print()
    print_facts(
        {
            "run": found.run or "",
            "running": "yes" if status.running else "no",
            "ingested": "yes" if status.ingested else "no",
            "quanta": status.n_quanta,
            **{state: n for state, n in status.counts.items() if n},
            **({} if log is None else {"log": log}),
        }
    )
    for row in rows:
        print(f"\n{row['task']} {row['data_id']}\n{row['log']}")


def ingest_commit(place: Place, commit: str, *, as_json: bool = False) -> None:
    """Bring back what ran.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler and our tables are written.
    commit : `str`
        Identifier of the commit, or its RUN.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.work() as bench:
        with reporting() as progress:
            done = bench.ingest(commit, progress=progress)
        counts = bench.provenance.status_counts(bench.find_commit(commit).commit_id)
    if as_json:
        print_json({"run": done.run, "datasets": done.n_datasets, "quanta": to_rows(counts)})
        return
    print_table(counts, without=["commit_id"])
    print()
    print_facts(
        {"run": done.run, "quanta": sum(done.counts.values()), **done.counts, "datasets": done.n_datasets}
    )


def print_impact(
    place: Place, words: tuple[str, ...], *, dataset_type: str | None = None, as_json: bool = False
) -> None:
    """Print the outputs that contain a data ID.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    words : `tuple` [ `str`, ... ]
        The data ID, such as "visit=96954".
    dataset_type : `str`, optional
        Only outputs of this type.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        found = bench.impact(dataset_type=dataset_type, **parse_data_id(bench, words))
    print_table(found, as_json=as_json, without=["data_id", "commit"])
    if not as_json:
        print(f"\n{found.num_rows} outputs")
