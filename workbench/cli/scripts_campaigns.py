"""Campaigns: preview, explain, commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cli.data_ids import parse_data_id
from workbench.cli.place import Place
from workbench.cli.printing import print_facts, print_json, print_table, to_rows
from workbench.cli.terminal import reporting

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.campaigns import Campaign, Commit
    from workbench.graph import Preview
    from workbench.graph.explain import Explanation

__all__ = ["commit_campaign", "commit_facts", "preview_campaign", "print_commits"]


def preview_campaign(
    place: Place, path: str, *, explain: tuple[str, ...] = (), as_json: bool = False
) -> None:
    """Build the graph of a campaign file in memory and account for it.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    path : `str`
        Campaign file.
    explain : `tuple` [ `str`, ... ], optional
        Data IDs to explain, such as "visit=96954".
    as_json : `bool`, optional
        Print one object.
    """
    with place.look() as bench, reporting() as progress:
        campaign = bench.open_campaign(path)
        preview = campaign.preview(progress=progress)
        explained = [preview.explain(**parse_data_id(bench, [words])) for words in explain]
        if as_json:
            print_json(_preview_object(campaign, preview, explained))
            return
        _print_preview(campaign, preview)
        for explanation in explained:
            print()
            print(explanation)


def commit_campaign(place: Place, path: str, *, as_json: bool = False) -> None:
    """Build the graph of a campaign file and commit it.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler and our tables are written, all or nothing.
    path : `str`
        Campaign file.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench, reporting() as progress:
        campaign = bench.open_campaign(path)
        preview = campaign.preview(progress=progress)
        done = campaign.commit(preview, progress=progress)
        if as_json:
            names = {name.replace(" ", "_"): value for name, value in commit_facts(done).items()}
            print_json({**_preview_object(campaign, preview, []), **names})
            return
        _print_preview(campaign, preview)
    print()
    print_facts(commit_facts(done))


def commit_facts(commit: Commit) -> dict[str, object]:
    """Say what was committed in one line a fact.

    Parameters
    ----------
    commit : `~workbench.campaigns.Commit`
        The record.

    Returns
    -------
    facts : `dict`
        Identifier, state, RUN, graph file and its digest, script.
    """
    return {
        "commit": commit.commit_id,
        "state": commit.state,
        "run": commit.run,
        "graph": None if commit.graph_path is None else str(commit.graph_path),
        "graph digest": commit.graph_digest,
        "script": None if commit.script_path is None else str(commit.script_path),
    }


def print_commits(place: Place, *, pending: bool = False, as_json: bool = False) -> None:
    """Print the commits, oldest first.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository.
    pending : `bool`, optional
        Also those that are under way or were interrupted.
    as_json : `bool`, optional
        Print JSON.
    """
    with place.look() as bench:
        commits = bench.commits(pending=pending)
    without = ["intent", "fence", "graph_digest", "graph_path"]
    print_table(commits.drop_columns(["intent"]) if as_json else commits, as_json=as_json, without=without)


def _print_preview(campaign: Campaign, preview: Preview) -> None:
    print_facts(
        {
            "campaign": campaign.name,
            "pipeline": campaign.pipeline_name,
            "inputs": ", ".join(preview.inputs),
            "output run": preview.output_run,
            "partial inputs": preview.policy.value,
        }
    )
    by_quantum = [
        str(name).endswith(("_log", "_metadata")) for name in preview.datasets["dataset_type"].to_pylist()
    ]
    for title, table in (
        ("constraints", preview.constraints),
        ("quanta by task", preview.counts),
        (
            "datasets by type, but for the log and metadata of each quantum",
            _leave_out(preview.datasets, by_quantum),
        ),
        ("partial quanta", preview.conflicts),
    ):
        if table.num_rows:
            print(f"\n{title}")
            print_table(table, limit=None if title != "partial quanta" else 20)
    print()
    print_facts({"quanta": preview.n_quanta, "partial": preview.conflicts.num_rows})


def _leave_out(table: pa.Table, mask: list[bool]) -> pa.Table:
    return table.take([row for row, is_out in enumerate(mask) if not is_out])


def _preview_object(campaign: Campaign, preview: Preview, explained: list[Explanation]) -> dict[str, object]:
    return {
        "campaign": campaign.name,
        "pipeline": campaign.pipeline_name,
        "inputs": list(preview.inputs),
        "output_run": preview.output_run,
        "partial": preview.policy.value,
        "constraints": to_rows(preview.constraints),
        "counts": to_rows(preview.counts),
        "datasets": to_rows(preview.datasets),
        "conflicts": to_rows(preview.conflicts),
        "quanta": preview.n_quanta,
        "explanations": [
            {
                "data_id": dict(each.data_id),
                "included": each.included,
                "tasks": to_rows(each.table),
                "feeds": to_rows(each.feeds),
                "sentences": list(each.sentences),
            }
            for each in explained
        ],
    }
