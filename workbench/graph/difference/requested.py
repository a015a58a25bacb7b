"""What two graphs were asked for, compared by the statements in their headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from lsst.pipe.base.pipeline_graph import PipelineGraph
from lsst.pipe.base.quantum_graph import HeaderModel

from workbench.graph.columns.graph_columns import GraphColumns
from workbench.graph.columns.schemas import REQUEST_DIFFERENCE_SCHEMA
from workbench.snapshot.reads import Fence

__all__ = ["READ", "compare_requests", "describe_fence", "describe_unstated"]

READ = "read"
"""Key of what was read among the metadata of a graph."""

_ABSENT = "-"

_PACKAGES = "packages"
"""Key of what a graph was built with; previews do not have it before they are written."""


def describe_fence(fence: Fence) -> dict[str, object]:
    """Say what was read, as the header of a graph keeps it.

    Parameters
    ----------
    fence : `~workbench.snapshot.reads.Fence`
        The state of what was read.

    Returns
    -------
    description : `dict`
        JSON-friendly: children of the chains, and a digest of each part.
    """
    chains = {name: list(children) for name, children in fence.chains.items()}
    return {"chains": chains, "parts": dict(fence.parts)}


def describe_unstated(before: HeaderModel, after: HeaderModel) -> str:
    """Say which of two graphs does not say what it was asked for.

    Parameters
    ----------
    before, after : `lsst.pipe.base.quantum_graph.HeaderModel`
        Of any writer.

    Returns
    -------
    sentence : `str`
        Empty if both say it.
    """
    sides = (("before", before), ("after", after))
    without = [name for name, header in sides if not _has_statement(header)]
    if not without:
        unwritten = [name for name, header in sides if _PACKAGES not in header.metadata]
        if len(unwritten) != 1:
            return ""
        return f"The graph {unwritten[0]} is in no file yet, so that packages are not compared."
    which = "Neither graph says" if len(without) == 2 else f"The graph {without[0]} does not say"
    return (
        f"{which} what was asked for and what was read, as files of campaigns do: of sets, chains, "
        "calibrations, options and packages it is not known whether they differ."
    )


def _has_statement(header: HeaderModel) -> bool:
    """Tell whether a header holds the statement of a campaign and what was read."""
    return READ in header.metadata and "pipeline" in header.metadata


def compare_requests(before: GraphColumns, after: GraphColumns) -> pa.Table:
    """Say in what two graphs were asked for differently, or of another state of the repository.

    Parameters
    ----------
    before, after : `~workbench.graph.columns.graph_columns.GraphColumns`
        The two graphs, each with a statement where its header has one.

    Returns
    -------
    table : `pyarrow.Table`
        With `~workbench.graph.columns.schemas.REQUEST_DIFFERENCE_SCHEMA`; without
        rows where nothing differs.
    """
    sides = (before, after)
    have_packages = all(_PACKAGES in side.header.metadata for side in sides)
    rows = [*_compare(*(_flatten(side.header, packages=have_packages) for side in sides))]
    rows += _compare_pipelines(*(side.pipeline_graph for side in sides))
    return pa.Table.from_pylist(
        [{"what": what, "before": one, "after": other} for what, one, other in rows],
        schema=REQUEST_DIFFERENCE_SCHEMA,
    )


def _compare(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name, _ABSENT), second.get(name, _ABSENT)
        if one != other:
            yield name, one, other


def _flatten(header: HeaderModel, *, packages: bool) -> dict[str, str]:
    """Return each thing that was asked for in words, by what it is."""
    said: Mapping[str, Any] = header.metadata
    found = {"inputs": ", ".join(header.inputs)}
    if not _has_statement(header):
        return found
    for name in ("partial", "growth_limit"):
        found[name] = str(said.get(name, _ABSENT))
    for number, constraint in enumerate(said.get("constraints", ())):
        found |= _say_constraint(constraint, found, number)
    for group in said.get("groups", ()):
        name, _, version = str(group["by"]).partition("@")
        where = f" for {', '.join(group['tasks'])}" if group.get("tasks") else ""
        found[f"grouping {name} by {group['way']}{where}"] = f"@{version}, digest {group['digest'][:12]}"
    for name, value in said.get("options", {}).items():
        found[f"option {name}"] = str(value)
    found["pipeline"] = str(said["pipeline"]["name"])
    for name, children in said[READ]["chains"].items():
        found[f"chain {name}"] = ", ".join(children)
    for name, digest in said[READ]["parts"].items():
        if not name.startswith("the chains of "):
            found[name] = f"digest {digest[:12]}"
    if packages:
        found |= {f"package {name}": str(version) for name, version in said[_PACKAGES].items()}
    return found


def _say_constraint(constraint: Mapping[str, Any], known: Mapping[str, str], number: int) -> dict[str, str]:
    scope = ", ".join(constraint.get("tasks", ())) or constraint.get("dataset_type", "")
    what = f"{constraint['mode']}{f' for {scope}' if scope else ''}"
    if constraint.get("where"):
        name, value = f"{what}: {constraint['where']}", "given"
    else:
        label, _, version = str(constraint.get("set", "")).partition("@")
        name = f"{what}: set {label or '(unsaved)'}"
        value = f"{f'@{version}, ' if version else ''}key digest {constraint.get('key_digest', '')[:12]}"
    # The same set twice, in two versions, stays two.
    return {f"{name} (constraint {number + 1})" if name in known else name: value}


def _compare_pipelines(before: PipelineGraph, after: PipelineGraph) -> Iterator[tuple[str, str, str]]:
    first, second = (_tasks(graph) for graph in (before, after))
    for label in dict.fromkeys([*first, *second]):
        one, other = first.get(label), second.get(label)
        if one is None or other is None:
            yield f"task {label}", _ABSENT if one is None else one[0], _ABSENT if other is None else other[0]
        elif one[0] != other[0]:
            yield f"class of task {label}", one[0], other[0]
        elif one[1] != other[1]:
            lines = _changed_lines(one[1], other[1])
            yield f"configuration of task {label}", *lines


def _tasks(graph: PipelineGraph) -> dict[str, tuple[str, str]]:
    return {label: (task.task_class_name, task.get_config_str()) for label, task in graph.tasks.items()}


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    """Return the settings that only one of two configurations has."""

    def settings(text: str) -> Sequence[str]:
        return [line for line in text.splitlines() if line.startswith("config.")]

    one, other = settings(before), settings(after)
    left = [line for line in one if line not in set(other)]
    right = [line for line in other if line not in set(one)]
    return "; ".join(left) or _ABSENT, "; ".join(right) or _ABSENT
