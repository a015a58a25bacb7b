"""Clones of tasks, one a group, with labels and output dataset types that end in the group's key."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from lsst.pipe.base import Pipeline
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.errors import CampaignError

__all__ = ["Clones", "clone_tasks", "make_suffixes"]

_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_DIGITS = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Clones:
    """A pipeline in which tasks were cloned.

    Parameters
    ----------
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline; a subset of the name of each cloned task holds its clones.
    tasks : `~collections.abc.Mapping` [ `str`, `tuple` [ `str`, ... ] ]
        Labels of the clones of each cloned task, in the order of the suffixes.
    dataset_types : `~collections.abc.Mapping` [ `str`, `tuple` [ `str`, ... ] ]
        Likewise of what they make.
    """

    pipeline: Pipeline
    tasks: Mapping[str, tuple[str, ...]]
    dataset_types: Mapping[str, tuple[str, ...]]


def make_suffixes(keys: Sequence[str]) -> dict[str, str]:
    """Make the endings of labels, dataset types and collections from the keys of groups.

    Parameters
    ----------
    keys : `~collections.abc.Sequence` [ `str` ]
        Keys of groups.

    Returns
    -------
    suffixes : `dict` [ `str`, `str` ]
        Letters, digits and ``_``: the key itself, or where it has others, with
        digits of its SHA-256, so that no two keys have one ending.
    """
    suffixes = {}
    for key in keys:
        suffix = key
        if not _PLAIN.fullmatch(key) or re.fullmatch(rf"(.*_)?[0-9a-f]{{{_DIGITS}}}", key):
            digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]
            suffix = f"{re.sub(r'[^A-Za-z0-9]+', '_', key)}_{digest}".lstrip("_")
        suffixes[key] = suffix
    return suffixes


def clone_tasks(
    pipeline: Pipeline, graph: PipelineGraph, labels: Iterable[str], suffixes: Sequence[str]
) -> Clones:
    """Clone tasks and everything downstream of them.

    Parameters
    ----------
    pipeline : `lsst.pipe.base.Pipeline`
        The pipeline, which is left as it is.
    graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        The same, resolved.
    labels : `~collections.abc.Iterable` [ `str` ]
        Tasks to clone.
    suffixes : `~collections.abc.Sequence` [ `str` ]
        One a clone.

    Returns
    -------
    clones : `Clones`
        A new pipeline.

    Raises
    ------
    workbench.errors.CampaignError
        Raised if a clone would have the name of something else.
    """
    chosen = _downstream(graph, labels)
    made = {
        edge.parent_dataset_type_name: task.label for task in chosen.values() for edge in _outputs_of(task)
    }
    types = {
        name: tuple(_rename(name, label, graph.tasks[label], suffix) for suffix in suffixes)
        for name, label in made.items()
    }
    tasks = {label: tuple(f"{label}_{suffix}" for suffix in suffixes) for label in chosen}
    taken = {*graph.tasks, *graph.task_subsets, *graph.dataset_types}
    if there := sorted(
        taken.intersection(name for group in (tasks, types) for one in group.values() for name in one)
    ):
        raise CampaignError(
            f"Clones would be named {', '.join(there)}, which the pipeline has already. Rename these, or "
            "the groups."
        )
    text = yaml.safe_load(str(pipeline))
    cloned: dict[str, Any] = {}
    for label, body in text["tasks"].items():
        if label not in chosen:
            cloned[label] = body
            continue
        for place, clone in enumerate(tasks[label]):
            cloned[clone] = _clone_body(
                body, chosen[label], {name: new[place] for name, new in types.items()}
            )
    text["tasks"] = cloned
    _clone_subsets(text, tasks)
    text["contracts"] = list(_clone_contracts(text.get("contracts") or [], tasks, len(suffixes)))
    if not text["contracts"]:
        del text["contracts"]
    return Clones(Pipeline.fromString(yaml.safe_dump(text, sort_keys=False)), tasks, types)


def _downstream(graph: PipelineGraph, labels: Iterable[str]) -> dict[str, TaskNode]:
    chosen: dict[str, TaskNode] = {}
    wanted = set(labels)
    for label, task in graph.tasks.items():  # in the order of the pipeline
        read = {
            edge.parent_dataset_type_name for edge in (*task.iter_all_inputs(), *task.init.iter_all_inputs())
        }
        producers = {found.label for name in read if (found := graph.producer_of(name)) is not None}
        if label in wanted or producers & chosen.keys():
            chosen[label] = task
    return chosen


def _outputs_of(task: TaskNode) -> list[Any]:
    return [*task.iter_all_outputs(), *task.init.iter_all_outputs()]


def _rename(name: str, label: str, task: TaskNode, suffix: str) -> str:
    automatic = {edge.parent_dataset_type_name for edge in _outputs_of(task)} - {
        edge.parent_dataset_type_name for edge in (*task.outputs.values(), *task.init.outputs.values())
    }
    # Logs, metadata and configurations are named after the label.
    return f"{label}_{suffix}{name.removeprefix(label)}" if name in automatic else f"{name}_{suffix}"


def _clone_body(body: Any, task: TaskNode, renamed: Mapping[str, str]) -> dict[str, Any]:
    """Return the description of a task with the names of a clone's datasets."""
    if isinstance(body, str):
        body = {"class": body}
    clone = copy.deepcopy(body)
    given = clone.get("config") or []
    names: dict[str, str] = {}
    edges = (
        *task.inputs.values(),
        *task.prerequisite_inputs.values(),
        *task.outputs.values(),
        *task.init.inputs.values(),
        *task.init.outputs.values(),
    )
    for edge in edges:
        if (new := renamed.get(edge.parent_dataset_type_name)) is not None:
            component = edge.dataset_type_name.removeprefix(edge.parent_dataset_type_name)
            names[f"connections.{edge.connection_name}"] = f"{new}{component}"
    clone["config"] = [*(given if isinstance(given, list) else [given]), names]
    return dict(clone)


def _clone_subsets(text: dict[str, Any], tasks: Mapping[str, tuple[str, ...]]) -> None:
    subsets = {}
    for name, body in (text.get("subsets") or {}).items():
        described = body if isinstance(body, dict) else {"subset": body}
        members = [clone for label in described["subset"] for clone in tasks.get(label, (label,))]
        subsets[name] = {**described, "subset": members}
    for label, clones in tasks.items():
        subsets[label] = {"subset": list(clones), "description": f"{label}, once a group."}
    text["subsets"] = subsets


def _clone_contracts(
    contracts: Iterable[Any], tasks: Mapping[str, tuple[str, ...]], n_clones: int
) -> Iterable[Any]:
    for contract in contracts:
        described = contract if isinstance(contract, dict) else {"contract": contract}
        found = [label for label in tasks if re.search(rf"\b{re.escape(label)}\.", described["contract"])]
        for place in range(n_clones if found else 1):
            expression = described["contract"]
            for label in found:
                expression = re.sub(rf"\b{re.escape(label)}\.", f"{tasks[label][place]}.", expression)
            yield {**described, "contract": expression}
