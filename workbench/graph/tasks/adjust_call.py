"""One task's ``adjustQuantum``, called as the stock builder calls it."""

from __future__ import annotations

import collections
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from lsst.daf.butler import DataCoordinate, DatasetRef, DatasetType
from lsst.pipe.base import NoWorkFound
from lsst.pipe.base.pipeline_graph import PipelineGraph, TaskNode

from workbench.errors import GraphBuildError, MissingInputsError, WorkbenchError

__all__ = ["HOOK_ERRORS", "AdjustCall"]

HOOK_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the code of a task may raise for its own reasons."""


class AdjustCall:
    """Calls ``adjustQuantum`` of one task.

    Parameters
    ----------
    pipeline_graph : `lsst.pipe.base.pipeline_graph.PipelineGraph`
        Resolved.
    task : `lsst.pipe.base.pipeline_graph.TaskNode`
        The task.
    label : `str`
        Its label.
    """

    def __init__(self, pipeline_graph: PipelineGraph, task: TaskNode, label: str):
        self._label = label
        self._connections = task.get_connections()
        # Regular inputs first, as in the stock builder: what has no work to do misses no prerequisite.
        self._inputs = [
            (edge, getattr(self._connections, edge.connection_name))
            for edge in (*task.inputs.values(), *task.prerequisite_inputs.values())
        ]
        self._outputs = [
            (edge, getattr(self._connections, edge.connection_name))
            for edge in task.iter_all_outputs()
            if edge.connection_name in self._connections.outputs
        ]
        self._extra = [
            edge.parent_dataset_type_name
            for edge in task.iter_all_outputs()
            if edge.connection_name not in self._connections.outputs
        ]
        self._adapt: dict[str, bool] = {}
        for edge, _ in (*self._inputs, *self._outputs):
            node = pipeline_graph.dataset_types[edge.parent_dataset_type_name].dataset_type
            adapted: DatasetType = edge.adapt_dataset_type(node)
            self._adapt[edge.connection_name] = adapted != node

    def __call__(
        self,
        data_id: DataCoordinate,
        inputs: Mapping[str, list[DatasetRef]],
        outputs: Mapping[str, list[DatasetRef]],
    ) -> tuple[dict[str, set[uuid.UUID]], dict[str, set[uuid.UUID]]] | None:
        """Call the hook for one quantum.

        Parameters
        ----------
        data_id : `lsst.daf.butler.DataCoordinate`
            Data ID of the quantum, with records.
        inputs, outputs : `~collections.abc.Mapping`
            Refs by dataset type, sorted.

        Returns
        -------
        left : `tuple` or `None`
            IDs of the inputs and of the outputs that are left, by dataset
            type, each empty where the hook changed nothing; `None` where
            there is no work to do.
        """
        given = {edge.connection_name: (c, self._refs(edge, inputs)) for edge, c in self._inputs}
        makes = {edge.connection_name: (c, self._refs(edge, outputs)) for edge, c in self._outputs}
        try:
            kept, made = self._connections.adjustQuantum(dict(given), dict(makes), self._label, data_id)
        except NoWorkFound:
            return None
        except WorkbenchError:
            raise
        except FileNotFoundError as error:
            raise MissingInputsError(
                f"A prerequisite is missing: {error} Add a collection that holds it, or constrain the task "
                "to data IDs that have it."
            ) from error
        except HOOK_ERRORS as error:
            raise GraphBuildError(
                f"adjustQuantum of {self._label} failed for {dict(data_id.required)}: {error}"
            ) from error
        left_outputs = self._left(self._outputs, makes, made, data_id)
        # Metadata and log are outputs too, and are never adjusted away.
        if made and not any(left_outputs.values()) and not any(outputs[name] for name in self._extra):
            return None
        left_inputs = self._left(self._inputs, given, kept, data_id)
        if kept and not any(left_inputs.values()):
            raise GraphBuildError(
                f"adjustQuantum of {self._label} left outputs but no inputs for {dict(data_id.required)}."
            )
        return (left_inputs if kept else {}), (left_outputs if made else {})

    def _refs(self, edge: Any, refs: Mapping[str, list[DatasetRef]]) -> tuple[DatasetRef, ...]:
        found = refs[edge.parent_dataset_type_name]
        if self._adapt[edge.connection_name]:
            return tuple(edge.adapt_dataset_ref(ref) for ref in found)
        return tuple(found)

    def _left(
        self,
        edges: Sequence[tuple[Any, Any]],
        given: Mapping[str, tuple[Any, tuple[DatasetRef, ...]]],
        adjusted: Mapping[str, tuple[Any, Any]],
        data_id: DataCoordinate,
    ) -> dict[str, set[uuid.UUID]]:
        """Return what is left by parent dataset type; connections of one type agree on the last word."""
        by_name: dict[tuple[str, str], set[uuid.UUID]] = {}
        for edge, connection in edges:
            name = (edge.parent_dataset_type_name, connection.name)
            by_name.setdefault(name, {ref.id for ref in given[edge.connection_name][1]})
        for edge, connection in edges:
            if edge.connection_name not in adjusted:
                continue
            found = {ref.id for ref in adjusted[edge.connection_name][1]}
            if not found <= {ref.id for ref in given[edge.connection_name][1]}:
                raise GraphBuildError(
                    f"adjustQuantum of {self._label} returned datasets for {edge.connection_name} that it "
                    f"was not given, for {dict(data_id.required)}."
                )
            by_name[edge.parent_dataset_type_name, connection.name] = found
        left: dict[str, set[uuid.UUID]] = collections.defaultdict(set)
        for (parent, _), ids in by_name.items():
            left[parent] |= ids
        return dict(left)
