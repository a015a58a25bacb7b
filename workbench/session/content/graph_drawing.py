"""What the drawings of a preview are given: its tasks, and what is around one quantum."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.graph import Neighbourhood, Preview
from workbench.session.content.cells import count_text
from workbench.session.content.layers import Layout, Place, lay_out
from workbench.session.content.wire import pack_message

__all__ = ["make_neighbourhood", "make_task_graph", "task_links"]

_LEGEND = {
    "kept": "quanta kept",
    "partial": "some with inputs missing",
    "none": "nothing kept",
}
_AROUND = {
    "kept": "in the graph",
    "partial": "with inputs missing",
    "excluded": "excluded by a constraint",
    "missing": "missing: fell as a consequence",
    "none": "not in the graph, or not in the collections",
}
_MANY = {"quantum": "quanta", "dataset": "datasets"}
_SHOWN_ALONE = 3
"""Quanta or datasets of one kind that get a box each; more share one."""

_BoxKey = tuple[str, int, str, str]
"""Quantum or dataset, layer, task or dataset type, and kind."""

_KINDS = {"kept": "kept", "excluded": "excluded", "missing": "missing", "constraint": "excluded"}


def task_links(preview: Preview) -> list[tuple[str, str]]:
    """Return which task reads what which other task makes.

    Parameters
    ----------
    preview : `~workbench.graph.Preview`
        The preview.

    Returns
    -------
    links : `list` [ `tuple` [ `str`, `str` ] ]
        Producer and consumer, without repetition.
    """
    graph = preview.graph
    makers = {name: shape.producer for name, shape in graph.dataset_types.items()}
    links: dict[tuple[str, str], None] = {}
    for label, task in graph.tasks.items():
        for name in sorted(task.inputs):
            if (maker := makers.get(name)) is not None:
                links[maker, label] = None
    return list(links)


def make_task_graph(preview: Preview, title: str = "Tasks", value: str = "") -> bytes:
    """Give the drawing the tasks of a preview, with counts and what binds them.

    Parameters
    ----------
    preview : `~workbench.graph.Preview`
        The preview.
    title : `str`, optional
        Heading.
    value : `str`, optional
        Task that is chosen.

    Returns
    -------
    message : `bytes`
        As ``layered.js`` reads it.
    """
    rows = preview.counts.to_pylist()
    layout = lay_out([row["task"] for row in rows], task_links(preview))
    bound = preview.bound_by
    most = max((len(names) for names in bound.values()), default=0)
    nodes = []
    for row in rows:
        label, kept, partial = row["task"], row["kept"], row["partial"]
        kind = "partial" if partial else "kept" if kept else "none"
        counted = f"{kept:,} of {row['candidates']:,} kept"
        lines = [label, counted]
        if partial:
            lines[1] = f"{kept:,} of {row['candidates']:,}, {partial:,} partial"
        names = bound[label]
        if most:
            # Two lines for names at most: the table has them all.
            more = [f"and {len(names) - 1} more"] if len(names) > 2 else names[1:2]
            lines += [*names[:1], *more]
        says = f"{label}: {counted}" + (f", {partial:,} with inputs missing" if partial else "")
        says += f"; bound by {', '.join(names)}" if names else ""
        nodes.append(_node(label, layout.positions[label], kind, lines, says))
    in_use = sum(1 for row in rows if row["kept"])
    told = {
        "title": title,
        "says": f"{count_text(len(rows), 'task')}, {in_use} with quanta in the graph. "
        "Arrow keys move, Enter shows the quanta of a task.",
        "nodes": nodes,
        "legend": [list(entry) for entry in _LEGEND.items()],
        "value": value,
        "keeps": True,
    }
    return _pack(told, layout)


def make_neighbourhood(around: Neighbourhood, title: str) -> bytes:
    """Give the drawing what is around a quantum.

    Parameters
    ----------
    around : `~workbench.graph.Neighbourhood`
        Quanta and datasets.
    title : `str`
        Heading.

    Returns
    -------
    message : `bytes`
        As ``layered.js`` reads it; a box for each quantum and dataset, or one
        for many of a kind.  The names of boxes of single quanta are their
        numbers.
    """
    quanta, datasets = around.quanta.to_pylist(), around.datasets.to_pylist()
    boxes: dict[_BoxKey, list[dict[str, Any]]] = collections.defaultdict(list)
    for row in quanta:
        kind = "partial" if row["partial"] else _KINDS.get(row["stage"], "none")
        boxes["quantum", row["layer"], row["task"], kind].append(row)
    seen: set[tuple[int, int]] = set()
    for row in datasets:
        if (row["layer"], row["dataset"]) not in seen:
            seen.add((row["layer"], row["dataset"]))
            kind = _KINDS.get(row["state"], "none")
            boxes["dataset", row["layer"], row["dataset_type"], kind].append(row)
    nodes: list[dict[str, Any]] = []
    homes: dict[tuple[str, int, int], str] = {}
    layers: dict[int, list[str]] = collections.defaultdict(list)
    for (what, layer, name, kind), rows in boxes.items():
        groups = [[row] for row in rows] if len(rows) <= _SHOWN_ALONE else [rows]
        for number, group in enumerate(groups):
            alone = len(group) == 1
            identifier = (
                str(group[0]["quantum"])
                if what == "quantum" and alone
                else f"{what} {layer} {name} {kind} {number}"
            )
            for row in group:
                homes[what, layer if what == "dataset" else 0, row[what]] = identifier
            text = _without_governors(group[0]["data_id"]) if alone else f"{len(group):,} {_MANY[what]}"
            reasons = dict.fromkeys(row["reason" if what == "quantum" else "because"] for row in group)
            why = "; ".join(reason for reason in reasons if reason and reason != "kept")
            lines = [name, text, *([why] if why else [])]
            acts = what == "quantum" and alone and layer != 0
            node = _node(identifier, (0.0, 0.0), kind, lines, ": ".join(lines), acts=acts)
            nodes.append(node)
            layers[layer].append(identifier)
    places = _place(layers)
    for node in nodes:
        node["place"] = places[node["id"]]
    links: dict[tuple[str, str], None] = {}
    for row in datasets:
        dataset, quantum = homes["dataset", row["layer"], row["dataset"]], homes["quantum", 0, row["quantum"]]
        links[(dataset, quantum) if row["direction"] == "input" else (quantum, dataset)] = None
    breadth = max(map(len, layers.values()))
    paths = {link: (places[link[0]], places[link[1]]) for link in links if places[link[0]] < places[link[1]]}
    used = {node["kind"] for node in nodes}
    told = {
        "title": title,
        "says": f"{around} Enter or a click on a quantum moves there.",
        "nodes": nodes,
        "legend": [[kind, words] for kind, words in _AROUND.items() if kind in used],
        "value": "",
        "keeps": False,
    }
    return _pack(told, Layout(places, paths, len(layers), breadth))


def _node(
    identifier: str, place: Place, kind: str, lines: Sequence[str], says: str, *, acts: bool = True
) -> dict[str, Any]:
    hint = "\n".join([*lines[:2], *([says] if len(lines) > 2 else [])])
    return {
        "id": identifier,
        "place": place,
        "kind": kind,
        "lines": list(lines),
        "says": says,
        "hint": hint,
        "acts": acts,
    }


def _without_governors(data_id: str) -> str:
    """Shorten a data ID for a box; the table has it whole."""
    parts = [part for part in data_id.split(", ") if not part.startswith(("instrument=", "skymap="))]
    return ", ".join(parts) or data_id


def _place(layers: Mapping[int, Sequence[str]]) -> dict[str, Place]:
    """Put layers below each other, without the empty ones."""
    places = {}
    for number, layer in enumerate(sorted(layers)):
        members = layers[layer]
        for at, name in enumerate(members):
            places[name] = (float(number), at - (len(members) - 1) / 2.0)
    return places


def _pack(told: Mapping[str, object], layout: Layout) -> bytes:
    arranged = {
        "paths": [list(path) for path in layout.paths.values()],
        "n_layers": layout.n_layers,
        "breadth": layout.breadth,
        "digest": "",
        "length": 0,
    }
    return pack_message({**told, **arranged})
