"""What constraints and the closure must know of tasks and dataset types."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from lsst.daf.butler import DimensionGroup
from lsst.pipe.base.pipeline_graph import PipelineGraph

__all__ = ["DatasetTypeShape", "TaskShape", "read_task_shapes"]


@dataclasses.dataclass(frozen=True, slots=True)
class TaskShape:
    """What the closure must know about a task of the pipeline.

    Parameters
    ----------
    label : `str`
        Task label.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the task's quanta.
    minimum : `~collections.abc.Mapping` [ `str`, `int` ]
        Least number of datasets of each regular input dataset type without
        which a quantum has no work to do.
    inputs : `frozenset` [ `str` ]
        Dataset types read, prerequisites included.
    upstream : `frozenset` [ `str` ]
        Labels of all tasks that this one depends on, however indirectly.
    downstream : `frozenset` [ `str` ]
        Labels of all tasks that depend on this one, however indirectly.
    """

    label: str
    dimensions: DimensionGroup
    minimum: Mapping[str, int]
    inputs: frozenset[str]
    upstream: frozenset[str]
    downstream: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class DatasetTypeShape:
    """What the binding must know about a dataset type of the pipeline.

    Parameters
    ----------
    name : `str`
        Dataset type name, never a component.
    dimensions : `lsst.daf.butler.DimensionGroup`
        Dimensions of the datasets.
    producer : `str` or `None`
        Label of the task that makes it; `None` for overall inputs.
    """

    name: str
    dimensions: DimensionGroup
    producer: str | None


def read_task_shapes(pipeline_graph: PipelineGraph) -> dict[str, TaskShape]:
    """Read what the closure needs from a resolved pipeline graph.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved and sorted.

    Returns
    -------
    shapes : `dict` [ `str`, `TaskShape` ]
        By task label, in topological order.
    """
    upstream: dict[str, set[str]] = {}
    shapes: dict[str, TaskShape] = {}
    for label, node in pipeline_graph.tasks.items():
        producers = (pipeline_graph.producer_of(name) for name in _input_types(node.inputs))
        parents = {producer.label for producer in producers if producer is not None}
        upstream[label] = parents.union(*(upstream[parent] for parent in parents))
    for label, node in pipeline_graph.tasks.items():
        connections = node.get_connections()
        minimum: dict[str, int] = {}
        for edge in node.inputs.values():
            name = edge.parent_dataset_type_name
            least = getattr(connections, edge.connection_name).minimum
            minimum[name] = max(least, minimum.get(name, 0))
        shapes[label] = TaskShape(
            label=label,
            dimensions=node.dimensions,
            minimum=minimum,
            inputs=_input_types(node.inputs) | _input_types(node.prerequisite_inputs),
            upstream=frozenset(upstream[label]),
            downstream=frozenset(other for other, above in upstream.items() if label in above),
        )
    return shapes


def _input_types(edges: Mapping[str, object]) -> frozenset[str]:
    return frozenset(edge.parent_dataset_type_name for edge in edges.values())  # type: ignore[attr-defined]
