"""Campaigns: commit, and what was committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.cli.place import Place
from workbench.cli.previews import print_preview, to_object
from workbench.cli.printing import print_facts, print_json, print_table
from workbench.cli.terminal import reporting

if TYPE_CHECKING:
    from workbench.campaigns import Commit

__all__ = ["commit_campaign", "commit_facts", "print_commits", "withdraw_commit"]


def commit_campaign(place: Place, path: str, *, as_json: bool = False) -> None:
    """Build the graph of a campaign file and commit it.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; the Butler and our tables are written, all or nothing.
    path : `str`
        Campaign file.
    as_json : `bool`, optional
        Print one object; a list of them where groups have a RUN each.
    """
    with place.work() as bench, reporting() as progress:
        shown = []
        for number, campaign in enumerate(bench.open_campaign(path).parts()):
            preview = campaign.preview(progress=progress)
            done = campaign.commit(preview, progress=progress)
            facts = commit_facts(done)
            if as_json:
                names = {name.replace(" ", "_"): value for name, value in facts.items()}
                shown.append({**to_object(campaign, preview), **names})
                continue
            if number:
                print()
            print_preview(campaign, preview)
            print()
            print_facts(facts)
    if as_json:
        print_json(shown[0] if len(shown) == 1 else shown)


def withdraw_commit(place: Place, commit: str, *, reason: str, as_json: bool = False) -> None:
    """Withdraw a commit whose script nobody has executed.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; our tables are written.
    commit : `str`
        Its identifier or its RUN.
    reason : `str`
        Why.
    as_json : `bool`, optional
        Print one object.
    """
    with place.work() as bench:
        facts = commit_facts(bench.withdraw(commit, reason=reason))
    if as_json:
        print_json({name.replace(" ", "_"): value for name, value in facts.items()})
    else:
        print_facts(facts)


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
        "logical digest": commit.record.get("logical_digest"),
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
