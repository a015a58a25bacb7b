"""Commands on quantum graphs: of campaign files, and of graph files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output.previews import (
    explanation_object,
    print_preview,
    print_tables,
    summarize_coverage,
    to_object,
)
from workbench.cli.output.printing import print_facts, print_json, to_keys, to_rows
from workbench.cli.output.terminal import ProgressLine, reporting
from workbench.cli.words.arguments import as_json, data_ids, limit, repository
from workbench.cli.words.data_ids import parse_data_ids
from workbench.cli.words.pairs import read_pairs
from workbench.cli.words.repository import Repository
from workbench.cli.words.shapes import Group
from workbench.errors import CampaignError, GraphFileError, UnknownNameError

if TYPE_CHECKING:
    from workbench.graph import Explanation, GraphColumns, Preview

__all__ = ["graph", "preview"]

_GRAPH_SUFFIX = ".qg"
_MOST_EXPLAINED = 20
"""Data IDs that are explained one by one."""
_WHOLE = ("request", "tasks", "inputs")
"""Tables of a difference that are printed whole, because they are short."""
_TITLES = {
    "request": "what was asked for, or was there, differently",
    "tasks": "quanta by task",
    "inputs": "inputs that quanta of both gained and lost",
    "coverage": "visits of a patch",
    "below": "patches that fall below {below} visits",
    "gained": "quanta of {task} that only the second has",
    "lost": "quanta of {task} that only the first has",
    "changed": "quanta of {task} with other inputs",
    "downstream": "quanta of {task} downstream of a change",
}


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
    repo: Repository, campaign_file: str, explain: tuple[str, ...], costs: tuple[str, ...], as_json: bool
) -> None:
    """Count quanta and datasets, and what was excluded and why.

    Builds the graph that 'campaign commit' would write, in memory. Writes nothing.
    Ctrl-C cancels.
    """
    seconds = _read_costs(costs)
    with repo.reading() as bench, reporting() as progress:
        campaign = bench.campaigns.read(campaign_file)
        parts = [*campaign.parts()]
        tasks = [label for part in parts[:1] for label in part.lowering.graph.tasks]
        if unknown := sorted(set(seconds) - set(tasks)):
            raise UnknownNameError(f"Costs are given for {unknown}, but the tasks of the graph are {tasks}.")
        asked = [one for word in explain for one in parse_data_ids(bench, [word])]
        shown = []
        for number, part in enumerate(parts):
            preview = part.preview(progress=progress)
            explained = _explain(preview, asked)
            if as_json:
                shown.append(to_object(part, preview, explained=explained, costs=seconds))
                continue
            if number:
                print()
            print_preview(part, preview, costs=seconds)
            if explained:
                print()
                print(_say_explanations(explained))
    if as_json:
        print_json(shown[0] if len(shown) == 1 else shown)


@graph.command()
@repository
@_CAMPAIGN
@click.argument("path", metavar="FILE.qg")
@click.option("--replace", is_flag=True, help="Write over a file that exists.")
@as_json
def build(repo: Repository, campaign_file: str, path: str, replace: bool, as_json: bool) -> None:
    """Write the graph file of a campaign file, and nothing else.

    'pipetask run-qbb' executes the file. No collection and no record is made: that is what
    'campaign commit' does. The file appears whole or not at all.
    """
    file = Path(path)
    if file.suffix != _GRAPH_SUFFIX:
        raise GraphFileError(
            f"{path} is no name of a graph file; the stock tools want one in {_GRAPH_SUFFIX}."
        )
    if file.exists() and not replace:
        raise GraphFileError(f"{path} exists already. Name another file, or give --replace.")
    with repo.reading() as bench, reporting() as progress:
        preview = bench.campaigns.read(campaign_file).preview(progress=progress)
        preview.require_quanta()
        preview.require_whole()
        progress("writing the graph file")
        preview.write(file)
    facts = {
        "graph": str(file),
        "quanta": preview.n_quanta,
        "output_run": preview.output_run,
        "logical_digest": preview.logical_digest,
    }
    if as_json:
        print_json({**facts, "quanta_by_task": preview.n_quanta_by_task})
        return
    print_facts({name.replace("_", " "): value for name, value in facts.items()})


@graph.command()
@repository
@_CAMPAIGN
@data_ids
@as_json
def explain(repo: Repository, campaign_file: str, data_ids: tuple[str, ...], as_json: bool) -> None:
    """Say why data IDs are in or out, and what restores them.

    DATA_ID is one or more of dimension=value, or a saved set: tract=9813 patch=40 band=i, visit=1,2,
    late@1. Those of the same dimensions are alternatives, others are joined. Up to twenty are
    explained one by one, more of them together. Writes nothing.
    """
    with repo.reading() as bench, reporting() as progress:
        asked = parse_data_ids(bench, data_ids)
        preview = bench.campaigns.read(campaign_file).preview(progress=progress)
        explained = _explain(preview, asked)
    if as_json:
        print_json([explanation_object(each) for each in explained])
        return
    print(_say_explanations(explained))


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
    differ = _compare(
        None if repo is None else Repository(repo, sidecar),
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
    page = (offset, limit)
    import uuid

    import pyarrow as pa

    from workbench.graph import read_graph
    from workbench.graph.columns.digest import compute_logical_digest
    from workbench.graph.columns.schemas import to_plain_arrow
    from workbench.graph.difference.statistics import count_coverage, count_inputs

    with reporting() as progress:
        progress(f"reading {path}")
        columns = read_graph(Path(path))
    header = columns.header
    facts = {
        "graph": path,
        "output run": header.output_run,
        "input collections": list(header.inputs),
        "user": header.user,
        "quanta": columns.n_quanta,
        "datasets": columns.n_datasets,
        "logical digest": compute_logical_digest(columns),
    }
    quanta = pa.table(
        {
            "task": list(columns.n_quanta_by_task),
            "quanta": pa.array(columns.n_quanta_by_task.values(), pa.int64()),
        }
    )
    tables = {"tasks": quanta, "inputs": count_inputs(columns), "coverage": count_coverage(columns)}
    if task is not None:
        if task not in columns.n_quanta_by_task:
            raise UnknownNameError(
                f"No task {task!r} in {path}; its tasks are {list(columns.n_quanta_by_task)}."
            )
        found = columns.quanta.get(task)
        rows = slice(page[0], page[0] + page[1])
        ids = [] if found is None else [str(uuid.UUID(bytes=one.tobytes())) for one in found.uuids[rows]]
        table = pa.table({}) if found is None else to_plain_arrow(found.data_ids[rows])
        tables["quanta_of_task"] = table.append_column("quantum_id", pa.array(ids, pa.string()))
    if as_json:
        print_json(to_keys(facts) | {name: to_rows(table) for name, table in tables.items()})
        return
    print_facts(facts)
    titles = _TITLES | {"inputs": "inputs of a quantum", "quanta_of_task": f"quanta of {task}"}
    tables["coverage"] = summarize_coverage(tables["coverage"])
    print_tables({titles[name]: table for name, table in tables.items()})


def _say_explanations(explained: Sequence[Explanation]) -> str:
    """Put explanations into words, each below what it is about where there are several."""
    if len(explained) == 1:
        return str(explained[0])
    from workbench.sets import describe_data_ids

    return "\n\n".join(f"{describe_data_ids(each.data_ids)}:\n{each}" for each in explained)


def _explain(preview: Preview, asked: Sequence[dict[str, int | str]]) -> list[Explanation]:
    """Explain a few data IDs one by one, and many together."""
    if len(asked) > _MOST_EXPLAINED:
        return [preview.explain(asked)]
    return [preview.explain(data_id) for data_id in asked]


def _compare(
    repo: Repository | None,
    before: str,
    after: str,
    *,
    below: int | None = None,
    task: str | None = None,
    page: tuple[int, int] = (0, 50),
    as_json: bool = False,
) -> bool:
    """Compare two graphs."""
    from workbench.graph import GraphDifference

    with reporting() as progress:
        difference = GraphDifference(_open(repo, before, progress), _open(repo, after, progress))
        tables = {
            "request": difference.request,
            "tasks": difference.tasks,
            "inputs": difference.inputs,
            "coverage": difference.coverage,
        }
    if below is not None:
        tables["below"] = difference.below(below)
    offset, limit = page
    if task is not None:
        for change in difference.totals:
            tables[change] = difference.quanta(task, change)
    paged = {name: table if name in _WHOLE else table.slice(offset) for name, table in tables.items()}
    if as_json:
        found = {
            name: to_rows(table.slice(0, None if name in _WHOLE else limit)) for name, table in paged.items()
        }
        print_json({"differ": not difference.is_empty, "unstated": difference.unstated or None, **found})
    else:
        if difference.is_empty and task is None:
            print("The graphs have the same quanta with the same inputs.")
            paged = {"request": tables["request"]}
        else:
            print_facts({"before": before, "after": after})
        for name, table in paged.items():
            title = _TITLES[name].format(below=below, task=task)
            print_tables({title: table}, limit=None if name in _WHOLE else limit)
        if difference.unstated:
            print(f"\n{difference.unstated}")
    return not difference.is_empty


def _read_costs(words: Iterable[str]) -> dict[str, float]:
    """Read CPU seconds of tasks, which are numbers that time can be measured in."""
    found = {}
    for task, value in read_pairs(words, "--cost coadd=600, a task and CPU seconds", last=True).items():
        try:
            found[task] = float(value)
        except ValueError:
            found[task] = math.nan
        if not 0 <= found[task] < math.inf:
            raise UnknownNameError(f"{value!r} are no CPU seconds of {task}; write a number, like coadd=600.")
    return found


def _open(repo: Repository | None, path: str, progress: ProgressLine) -> GraphColumns:
    from workbench.graph import read_graph

    progress(f"reading {path}")
    if Path(path).suffix == _GRAPH_SUFFIX:
        return read_graph(Path(path))
    if repo is None:
        raise CampaignError(
            f"{path!r} is taken for a campaign file, because graph files end in {_GRAPH_SUFFIX}; give its "
            "repository with --repo."
        )
    with repo.reading() as bench:
        return bench.campaigns.read(path).preview(progress=progress).columns
