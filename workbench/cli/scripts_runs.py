"""Execute, bring back, and trace."""

from __future__ import annotations

from workbench.cli.data_ids import parse_data_id
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.terminal import reporting

__all__ = ["ingest_commit", "print_impact", "run_commit"]


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
    from workbench.campaigns import load_commit

    with place.work() as bench:
        with reporting() as progress:
            done = bench.ingest(commit, progress=progress)
        counts = bench.provenance.status_counts(load_commit(bench.registry, commit).commit_id)
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
