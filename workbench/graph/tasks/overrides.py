"""Which hooks tasks override."""

from __future__ import annotations

import dataclasses

from lsst.pipe.base import PipelineTaskConnections
from lsst.pipe.base.pipeline_graph import TaskNode

__all__ = ["Hooks", "overridden_hooks"]


@dataclasses.dataclass(frozen=True, slots=True)
class Hooks:
    """Which hooks a task overrides.

    Parameters
    ----------
    adjust_quantum, adjust_all_quanta : `bool`
        Methods of `lsst.pipe.base.PipelineTaskConnections`.
    """

    adjust_quantum: bool
    adjust_all_quanta: bool


def overridden_hooks(task: TaskNode) -> Hooks:
    """Tell which hooks a task overrides.

    Parameters
    ----------
    task : `lsst.pipe.base.pipeline_graph.TaskNode`
        A task whose class is imported.

    Returns
    -------
    hooks : `Hooks`
        Overridden by the class of its connections, or on the instance.
    """
    connections = task.get_connections()

    def overridden(name: str) -> bool:
        stock = getattr(PipelineTaskConnections, name)
        return getattr(type(connections), name) is not stock or name in vars(connections)

    return Hooks(overridden("adjustQuantum"), overridden("adjust_all_quanta"))
