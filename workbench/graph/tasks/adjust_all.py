"""One task's ``adjust_all_quanta``, called on a skeleton of that task alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from lsst.daf.butler import Butler, DataCoordinate, DatasetRef
from lsst.pipe.base import QuantaAdjuster
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode
from lsst.pipe.base.quantum_graph_skeleton import (
    DatasetKey,
    PrerequisiteDatasetKey,
    QuantumGraphSkeleton,
    QuantumKey,
)

from workbench.errors import GraphBuildError, WorkbenchError
from workbench.graph.tasks.adjust_call import HOOK_ERRORS

__all__ = ["Ends", "Rearranged", "rearrange_quanta"]

Ends = Mapping[str, Mapping[int, Sequence[DatasetRef]]]
"""Datasets at one end of quanta: by dataset type and number of the quantum."""


@dataclasses.dataclass(frozen=True, eq=False)
class Rearranged:
    """What ``adjust_all_quanta`` made of the quanta of a task.

    Parameters
    ----------
    removed : `~collections.abc.Collection` [ `int` ]
        Quanta that are no more.
    added : `~collections.abc.Mapping`
        By dataset type, quanta and the inputs that they were given.
    makers : `~collections.abc.Mapping`
        By dataset type and ref, the quantum that makes it now, or `None`
        where nothing does; only what has changed.
    """

    removed: Collection[int]
    added: Mapping[str, Sequence[tuple[int, DatasetRef]]]
    makers: Mapping[tuple[str, DatasetRef], int | None]


def rearrange_quanta(
    pipeline_graph: PipelineGraph,
    task: TaskNode,
    butler: Butler,
    quanta: Mapping[int, DataCoordinate],
    inputs: Ends,
    outputs: Ends,
) -> Rearranged:
    """Call the hook, and read back what it did.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    task : `lsst.pipe.base.pipeline_graph.TaskNode`
        The task.
    butler : `lsst.daf.butler.Butler`
        Client whose defaults are the input collections.
    quanta : `~collections.abc.Mapping` [ `int`, `lsst.daf.butler.DataCoordinate` ]
        Data IDs with records, by number.
    inputs, outputs : `~collections.abc.Mapping`
        Datasets that the quanta have.

    Returns
    -------
    rearranged : `Rearranged`
        What has changed.

    Raises
    ------
    workbench.errors.GraphBuildError
        Raised with the words of the hook, where it raises anything.

    Notes
    -----
    The hook sees its own task, which is all that
    `lsst.pipe.base.QuantaAdjuster` promises: what it adds must be "an input to
    a different quantum of this task" already.
    """
    skeleton = QuantumGraphSkeleton([task.label])
    keys = {number: skeleton.add_quantum_node(task.label, data_id) for number, data_id in quanta.items()}
    prerequisites = {edge.parent_dataset_type_name for edge in task.prerequisite_inputs.values()}
    refs: dict[DatasetKey | PrerequisiteDatasetKey, DatasetRef] = {}
    before: dict[QuantumKey, set[DatasetKey | PrerequisiteDatasetKey]] = {}
    maker: dict[DatasetKey, int] = {}
    for name, by_quantum in inputs.items():
        for number, found in by_quantum.items():
            for ref in found:
                key = (
                    skeleton.add_prerequisite_node(ref)
                    if name in prerequisites
                    else skeleton.add_dataset_node(name, ref.dataId)
                )
                refs[key] = ref
                skeleton.add_input_edge(keys[number], key)
                before.setdefault(keys[number], set()).add(key)
    for name, by_quantum in outputs.items():
        for number, found in by_quantum.items():
            for ref in found:
                made = skeleton.add_dataset_node(name, ref.dataId)
                refs[made] = ref
                maker[made] = number
                skeleton.add_output_edge(keys[number], made)
    try:
        adjuster = QuantaAdjuster(task.label, pipeline_graph, skeleton, butler)
        task.get_connections().adjust_all_quanta(adjuster)
    except WorkbenchError:
        raise
    except HOOK_ERRORS as error:
        raise GraphBuildError(f"adjust_all_quanta of {task.label} failed: {error}") from error
    left = skeleton.get_quanta(task.label)
    added: dict[str, list[tuple[int, DatasetRef]]] = {}
    makers: dict[tuple[str, DatasetRef], int | None] = {}
    now: dict[DatasetKey, int] = {}
    for number, quantum in keys.items():
        if quantum not in left:
            continue
        for read in set(skeleton.iter_inputs_of(quantum)) - before.get(quantum, set()):
            added.setdefault(read.parent_dataset_type_name, []).append((number, refs[read]))
        now.update(dict.fromkeys(skeleton.iter_outputs_of(quantum), number))
    for made, number in maker.items():
        if now.get(made) != number:
            makers[made.parent_dataset_type_name, refs[made]] = now.get(made)
    return Rearranged([number for number, quantum in keys.items() if quantum not in left], added, makers)
