"""The neighbourhood of a quantum: what it reads and makes, who makes that, and who uses it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from workbench.errors import UnknownNameError
from workbench.graph.account.occurrences import match_rows
from workbench.graph.account.tables import PreviewTables
from workbench.graph.closure.binding import UNCUT
from workbench.graph.closure.closure import Stage
from workbench.graph.columns.graph_columns import Rows
from workbench.presentation import presented
from workbench.sets import describe_data_ids, list_data_ids

__all__ = ["NEIGHBOUR_DATASETS_SCHEMA", "NEIGHBOUR_QUANTA_SCHEMA", "Neighbourhood", "find_neighbourhood"]

_QUANTA: dict[str, pa.DataType] = {
    "quantum": pa.int64(),
    "layer": pa.int64(),
    "task": pa.string(),
    "data_id": pa.string(),
    "stage": pa.string(),
    "partial": pa.bool_(),
    "reason": pa.string(),
}
NEIGHBOUR_QUANTA_SCHEMA = pa.schema(_QUANTA)
"""Columns of `Neighbourhood.quanta`: the number that `Neighbourhood.data_ids` has, and the layer:
0 for the quantum itself, even numbers below for what it depends on and above for what depends on it."""

_DATASETS: dict[str, pa.DataType] = {
    "quantum": pa.int64(),
    "direction": pa.string(),
    "dataset": pa.int64(),
    "layer": pa.int64(),
    "dataset_type": pa.string(),
    "data_id": pa.string(),
    "state": pa.string(),
    "because": pa.string(),
}
NEIGHBOUR_DATASETS_SCHEMA = pa.schema(_DATASETS)
"""Columns of `Neighbourhood.datasets`: one row for each dataset of each quantum, its ``direction``
"input" or "output", its ``state`` "kept", "excluded", "missing", "absent" or "unused", and why."""


@presented
@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """What is around one quantum.

    Parameters
    ----------
    task : `str`
        Its task.
    data_id : `~collections.abc.Mapping`
        Its data ID, required dimensions.
    quanta : `pyarrow.Table`
        With `NEIGHBOUR_QUANTA_SCHEMA`, by layer.
    datasets : `pyarrow.Table`
        With `NEIGHBOUR_DATASETS_SCHEMA`, by layer.
    data_ids : `~collections.abc.Mapping` [ `int`, `~collections.abc.Mapping` ]
        Data IDs of the quanta by their number.
    left_out : `int`
        Inputs, outputs and users that were too many to list.
    """

    task: str
    data_id: Mapping[str, object]
    quanta: pa.Table
    datasets: pa.Table
    data_ids: Mapping[int, Mapping[str, object]]
    left_out: int

    def __str__(self) -> str:
        rows = self.datasets.to_pylist()
        inputs = [row for row in rows if row["direction"] == "input" and row["layer"] == -1]
        kept = sum(row["state"] == "kept" for row in inputs)
        outputs = [row for row in rows if row["direction"] == "output" and row["layer"] == 1]
        excluded = sum(row["state"] == "excluded" for row in outputs)
        made = f"{len(outputs) - excluded} of {len(outputs)}" if excluded else f"{len(outputs)}"
        users = sum(row["layer"] == 2 for row in self.quanta.to_pylist())
        more = f", and {self.left_out:,} more that are not listed" if self.left_out else ""
        return (
            f"{self.task} ({describe_data_ids([self.data_id])}): {kept} of {len(inputs)} inputs kept, "
            f"{made} outputs, used by {users} {'quantum' if users == 1 else 'quanta'}{more}."
        )


def find_neighbourhood(
    preview: PreviewTables, task: str, data_id: Mapping[str, object], depth: int, limit: int
) -> Neighbourhood:
    """Find what is around a quantum.

    Parameters
    ----------
    preview : `~workbench.graph.account.tables.PreviewTables`
        The preview.
    task : `str`
        Task label.
    data_id : `~collections.abc.Mapping`
        Values that tell one quantum of the task.
    depth : `int`
        How many quanta to follow to either side.
    limit : `int`
        Most datasets of a type to list for a quantum, and most users of a
        type by one task.

    Returns
    -------
    neighbourhood : `Neighbourhood`
        Objects are made for what is listed alone.

    Raises
    ------
    workbench.errors.UnknownNameError
        Raised for an unknown task or dimension, or if the data ID tells not
        just one quantum.
    """
    graph = preview.graph
    if task not in graph.tasks:
        raise UnknownNameError(f"No task {task!r} in this graph; its tasks are {graph.labels}.")
    names = graph.quantum_ids[task].group.names
    if stray := set(data_id) - set(names):
        raise UnknownNameError(f"No dimensions {sorted(stray)} in {task}; it has {sorted(names)}.")
    universe = graph.quantum_ids[task].group.universe
    # A task without dimensions has one quantum, of the empty data ID.
    asked = list_data_ids(universe, [data_id]) if data_id else [{}]
    rows, _ = match_rows(graph.quantum_ids[task].relation, asked)
    if len(rows) != 1:
        raise UnknownNameError(
            f"{len(rows)} candidate quanta of {task} have {describe_data_ids(asked) or 'an empty data ID'}; "
            f"give the values of {list(graph.tasks[task].dimensions.required)} of one."
        )
    walk = _Walk(preview, limit)
    start = int(rows[0]) + graph.quantum_start[task]
    walk.visit([start], 0)
    upstream = downstream = {start}
    for step in range(1, depth + 1):
        upstream = walk.visit(walk.follow_inputs(upstream, 1 - 2 * step), -2 * step)
        downstream = walk.visit(walk.follow_outputs(downstream, 2 * step - 1), 2 * step)
    return walk.finish(task, start)


class _Walk:
    """What was met so far, on the way out from a quantum."""

    def __init__(self, preview: PreviewTables, limit: int):
        self._preview = preview
        self._limit = limit
        self._quanta: dict[int, int] = {}
        self._rows: dict[tuple[int, str, int], dict[str, object]] = {}
        self._n_found = 0
        self.left_out = 0

    def visit(self, quanta: Iterable[int], layer: int) -> set[int]:
        """Note quanta that were not met before, and return them."""
        fresh = {quantum for quantum in quanta if quantum not in self._quanta}
        self._quanta.update(dict.fromkeys(sorted(fresh), layer))
        return fresh

    def follow_inputs(self, quanta: Iterable[int], layer: int) -> set[int]:
        """List the inputs of quanta; return who makes them."""
        graph = self._preview.graph
        makers: set[int] = set()
        for quantum in sorted(quanta):
            label = graph.task_of(quantum)
            for (task, name), block in graph.blocks.items():
                if task != label:
                    continue
                first, last = np.searchsorted(graph.edge_quantum[block], [quantum, quantum + 1]).tolist()
                edges = self._cut(np.arange(first, last) + block.start)
                for edge, text in zip(
                    edges.tolist(), self._names(name, graph.edge_dataset[edges]), strict=True
                ):
                    dataset = int(graph.edge_dataset[edge])
                    self._add(quantum, "input", dataset, layer, name, text, *self._state_of(edge))
                    if (maker := int(graph.producer[dataset])) >= 0:
                        self._add(maker, "output", dataset, layer, name, text, *self._state_made(dataset))
                        makers.add(maker)
            self._add_found(quantum, label, layer)
        return makers

    def follow_outputs(self, quanta: Iterable[int], layer: int) -> set[int]:
        """List the outputs of quanta; return who uses them."""
        graph = self._preview.graph
        users: set[int] = set()
        for quantum in sorted(quanta):
            label = graph.task_of(quantum)
            for name, shape in graph.dataset_types.items():
                if shape.producer != label or name not in graph.dataset_ids:
                    continue
                span = graph.dataset_span(name)
                datasets = self._cut(np.flatnonzero(graph.producer[span] == quantum) + span.start)
                for dataset, text in zip(datasets.tolist(), self._names(name, datasets), strict=True):
                    self._add(quantum, "output", dataset, layer, name, text, *self._state_made(dataset))
                users |= self._use(name, datasets, layer)
        return users

    def _use(self, name: str, datasets: Rows, layer: int) -> set[int]:
        graph = self._preview.graph
        users: set[int] = set()
        for (_, read), block in graph.blocks.items():
            if read != name or not len(datasets):
                continue
            edges = self._cut(np.flatnonzero(np.isin(graph.edge_dataset[block], datasets)) + block.start)
            for edge, text in zip(edges.tolist(), self._names(name, graph.edge_dataset[edges]), strict=True):
                user, dataset = int(graph.edge_quantum[edge]), int(graph.edge_dataset[edge])
                self._add(user, "input", dataset, layer, name, text, *self._state_of(edge))
                users.add(user)
        return users

    def _cut(self, numbers: Rows) -> Rows:
        self.left_out += max(0, len(numbers) - self._limit)
        return numbers[: self._limit]

    def _names(self, name: str, datasets: Rows) -> list[str]:
        graph = self._preview.graph
        ids = graph.dataset_ids[name].take(datasets - graph.dataset_start[name])
        if not ids.frame.width:
            return [""] * len(datasets)
        return [describe_data_ids([row]) for row in ids.frame.select(list(ids.group.required)).to_dicts()]

    def _state_of(self, edge: int) -> tuple[str, str]:
        preview, graph = self._preview, self._preview.graph
        if preview.finished.edge[edge]:
            return "kept", ""
        if (position := int(preview.binding.edge_cut[edge])) != UNCUT:
            return "excluded", preview.causes.name_constraint(position)
        dataset = int(graph.edge_dataset[edge])
        producer = int(graph.producer[dataset])
        if producer >= 0 and preview.stage[producer] != Stage.KEPT:
            return self._state_without(producer)
        if producer < 0 and not graph.exists[dataset]:
            return "absent", "it is not in the input collections"
        return "unused", preview.causes.of_quantum(int(graph.edge_quantum[edge]))

    def _state_made(self, dataset: int) -> tuple[str, str]:
        preview = self._preview
        if preview.finished.made[dataset]:
            return "kept", ""
        cut = preview.binding.dataset_cut
        if cut is not None and (position := int(cut[dataset])) != UNCUT:
            return "excluded", preview.causes.name_constraint(position)
        return self._state_without(int(preview.graph.producer[dataset]))

    def _state_without(self, producer: int) -> tuple[str, str]:
        """Say what a dataset is whose producer is not in the graph, by the cause."""
        match Stage(int(self._preview.stage[producer])):
            case Stage.CONSTRAINT | Stage.STARVED:
                state = "excluded"
            case Stage.NO_INPUTS:
                state = "absent"
            case _:
                state = "missing"
        return state, self._preview.causes.of_quantum(producer)

    def _add_found(self, quantum: int, label: str, layer: int) -> None:
        """Add inputs that lookups found for this quantum alone."""
        for (task, name), (numbers, refs) in self._preview.finished.found.items():
            if task != label:
                continue
            for row in self._cut(np.flatnonzero(numbers == quantum)).tolist():
                text = describe_data_ids([dict(refs[row].dataId.required)])
                same = [
                    known
                    for known in self._rows.values()
                    if (known["quantum"], known["direction"]) == (quantum, "input")
                    and (known["dataset_type"], known["data_id"]) == (name, text)
                ]
                if same:  # it was a candidate before the lookup
                    same[0].update(state="kept", because="")
                    continue
                self._n_found += 1
                self._add(quantum, "input", -self._n_found, layer, name, text, "kept", "")

    def _add(
        self,
        quantum: int,
        direction: str,
        dataset: int,
        layer: int,
        name: str,
        text: str,
        state: str,
        because: str,
    ) -> None:
        row: dict[str, object] = {
            "quantum": quantum,
            "direction": direction,
            "dataset": dataset,
            "layer": layer,
            "dataset_type": name,
            "data_id": text,
            "state": state,
            "because": because,
        }
        self._rows.setdefault((quantum, direction, dataset), row)

    def finish(self, task: str, start: int) -> Neighbourhood:
        """Make tables of what was met."""
        preview, graph = self._preview, self._preview.graph
        data_ids: dict[int, dict[str, object]] = {}
        rows = []
        for quantum, layer in self._quanta.items():
            label = graph.task_of(quantum)
            values = graph.data_id(quantum)
            data_ids[quantum] = {name: values[name] for name in graph.tasks[label].dimensions.required}
            rows.append(
                {
                    "quantum": quantum,
                    "layer": layer,
                    "task": label,
                    "data_id": describe_data_ids([data_ids[quantum]]),
                    "stage": Stage(int(preview.stage[quantum])).name.lower(),
                    "partial": bool(preview.closure.partial[quantum]),
                    "reason": preview.causes.of_quantum(quantum),
                }
            )
        # Uses by quanta beyond the listed ones would hang in the air.
        listed = [row for row in self._rows.values() if row["quantum"] in self._quanta]
        listed.sort(key=lambda row: int(str(row["layer"])))
        rows.sort(key=lambda row: int(str(row["layer"])))
        return Neighbourhood(
            task,
            data_ids[start],
            pa.Table.from_pylist(rows, schema=NEIGHBOUR_QUANTA_SCHEMA),
            pa.Table.from_pylist(listed, schema=NEIGHBOUR_DATASETS_SCHEMA),
            data_ids,
            self.left_out,
        )
