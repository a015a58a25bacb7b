"""Quantum graphs: preview, build, explain, compare, show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.data_ids import parse_data_ids
from workbench.cli.pairs import read_pairs
from workbench.cli.place import Place
from workbench.cli.previews import (
    explanation_object,
    print_preview,
    print_tables,
    summarize_coverage,
    to_object,
)
from workbench.cli.printing import print_facts, print_json, to_rows
from workbench.cli.terminal import ProgressLine, reporting
from workbench.errors import CampaignError, GraphFileError, UnknownNameError

if TYPE_CHECKING:
    from workbench.graph import Explanation, GraphColumns, Preview

__all__ = ["build_graph_file", "compare", "explain_data_ids", "preview_campaign", "show"]

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


def preview_campaign(
    place: Place,
    path: str,
    *,
    explain: tuple[str, ...] = (),
    costs: tuple[str, ...] = (),
    as_json: bool = False,
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
    costs : `tuple` [ `str`, ... ], optional
        CPU seconds of a quantum, such as "coadd=600".
    as_json : `bool`, optional
        Print one object; a list of them where groups have a RUN each.
    """
    seconds = _read_costs(costs)
    with place.look() as bench, reporting() as progress:
        campaign = bench.open_campaign(path)
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


def build_graph_file(
    place: Place, path: str, target: str, *, replace: bool = False, as_json: bool = False
) -> None:
    """Build the graph of a campaign file and write it to a file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written there.
    path : `str`
        Campaign file.
    target : `str`
        File to write, which ends in ``.qg``; whole or not at all.
    replace : `bool`, optional
        Write over a file that exists.
    as_json : `bool`, optional
        Print one object.
    """
    file = Path(target)
    if file.suffix != _GRAPH_SUFFIX:
        raise GraphFileError(
            f"{target} is no name of a graph file; the stock tools want one in {_GRAPH_SUFFIX}."
        )
    if file.exists() and not replace:
        raise GraphFileError(f"{target} exists already. Name another file, or give --replace.")
    with place.look() as bench, reporting() as progress:
        preview = bench.open_campaign(path).preview(progress=progress)
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


def explain_data_ids(place: Place, path: str, data_ids: tuple[str, ...], *, as_json: bool = False) -> None:
    """Explain what becomes of data IDs in the graph of a campaign file.

    Parameters
    ----------
    place : `~workbench.cli.place.Place`
        The repository; nothing is written.
    path : `str`
        Campaign file.
    data_ids : `tuple` [ `str`, ... ]
        As `~workbench.cli.data_ids.parse_data_ids` reads them.
    as_json : `bool`, optional
        Print a list of objects.
    """
    with place.look() as bench, reporting() as progress:
        asked = parse_data_ids(bench, data_ids)
        preview = bench.open_campaign(path).preview(progress=progress)
        explained = _explain(preview, asked)
    if as_json:
        print_json([explanation_object(each) for each in explained])
        return
    print(_say_explanations(explained))


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


def compare(
    place: Place | None,
    before: str,
    after: str,
    *,
    below: int | None = None,
    task: str | None = None,
    page: tuple[int, int] = (0, 50),
    as_json: bool = False,
) -> bool:
    """Compare two graphs.

    Parameters
    ----------
    place : `~workbench.cli.place.Place` or `None`
        The repository, for campaign files; nothing is written.
    before, after : `str`
        Graph files or campaign files.
    below : `int`, optional
        List patches that fall below so many visits.
    task : `str`, optional
        List the quanta of this task that changed.
    page : `tuple` [ `int`, `int` ], optional
        Offset and limit of these lists.
    as_json : `bool`, optional
        Print one object.

    Returns
    -------
    differ : `bool`
        Whether they do.
    """
    from workbench.graph import GraphDifference

    with reporting() as progress:
        difference = GraphDifference(_open(place, before, progress), _open(place, after, progress))
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


def show(
    path: str, *, task: str | None = None, page: tuple[int, int] = (0, 50), as_json: bool = False
) -> None:
    """Print what a graph file holds.

    Parameters
    ----------
    path : `str`
        Graph file; only read.
    task : `str`, optional
        List the quanta of this task.
    page : `tuple` [ `int`, `int` ], optional
        Offset and limit of that list.
    as_json : `bool`, optional
        Print one object.
    """
    import uuid

    import pyarrow as pa

    from workbench.graph import read_graph
    from workbench.graph.columns_digest import compute_logical_digest
    from workbench.graph.schemas import to_plain_arrow
    from workbench.graph.statistics import count_coverage, count_inputs

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
        print_json(
            {name.replace(" ", "_"): value for name, value in facts.items()}
            | {name: to_rows(table) for name, table in tables.items()}
        )
        return
    print_facts(facts)
    titles = _TITLES | {"inputs": "inputs of a quantum", "quanta_of_task": f"quanta of {task}"}
    tables["coverage"] = summarize_coverage(tables["coverage"])
    print_tables({titles[name]: table for name, table in tables.items()})


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


def _open(place: Place | None, path: str, progress: ProgressLine) -> GraphColumns:
    from workbench.graph import read_graph

    progress(f"reading {path}")
    if Path(path).suffix == _GRAPH_SUFFIX:
        return read_graph(Path(path))
    if place is None:
        raise CampaignError(
            f"{path!r} is taken for a campaign file, because graph files end in {_GRAPH_SUFFIX}; give its "
            "repository with --repo."
        )
    with place.look() as bench:
        return bench.open_campaign(path).preview(progress=progress).columns
