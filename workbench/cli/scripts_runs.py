"""Execute, bring back, and trace."""

from __future__ import annotations

from collections import Counter

from workbench.cli.data_ids import parse_data_ids
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
        status = bench.read_status(found)
        failures = None
        # What was ingested took its single logs away.
        if logs and not status.ingested:
            watch = bench.watch_run(found)
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
    """Print the outputs that contain a data ID, or one of several.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    words : `tuple` [ `str`, ... ]
        As `~workbench.cli.data_ids.parse_data_ids` reads them.
    dataset_type : `str`, optional
        Only outputs of this type.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        asked = parse_data_ids(bench, words, allow_empty=True)
        found = bench.impact(asked, dataset_type=dataset_type)
    print_table(found, as_json=as_json, without=["data_id", "commit"])
    if not as_json:
        counts = Counter(map(str, found["exists"].to_pylist()))
        print(f"\n{found.num_rows} outputs of {len(asked)} data ID(s)")
        for state in ("stored", "registered", "gone"):
            if counts[state]:
                print(f"{state}: {counts[state]}")
